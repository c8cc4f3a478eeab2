//===- runtime/Format.h - values as text ----------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <complex>
#include <cstdint>
#include <string>
#include <string_view>

#include <tds/tensor.h>

namespace tds::rt {

/// The shortest decimals that read back as the same number of its type, laid out as Python does: f32 0.1 is "0.1", 1 is
/// "1.0", 1e-5 is "1e-05"; also "nan", "inf", "-inf".
std::string formatNumber(float value);
std::string formatNumber(double value);
/// "1.0+2.0j".
std::string formatNumber(std::complex<float> value);
std::string formatNumber(std::complex<double> value);
std::string formatNumber(int64_t value);

/// A number under the format that follows the colon of `{expr:.4f}`: `[0][width][.precision][d|f|e|g|%|c]`, which
/// means what it means in Python. No type stands for the shortest digits and takes no precision. An Error names what cannot
/// be used.
Result<std::string> formatScalar(double value, std::string_view spec);
Result<std::string> formatScalar(int64_t value, std::string_view spec);
/// The same for a number of another type, whose shortest digits are `plain`.
Result<std::string> formatScalar(double value, const std::string &plain, std::string_view spec);

/// Element `index`, in row-major order, of a tensor that `status()` says is fine.
std::string formatElement(const Tensor &tensor, int64_t index);

/// A tensor as nested brackets, elements under each other; a scalar as its element. Above 1000 elements the middle of
/// each dimension of more than six is left out, as "..."; without elements "[]". The message of the error for a tensor
/// that failed.
std::string formatTensor(const Tensor &tensor);

/// A scalar tensor under a format: `formatScalar` of its element, bool as an integer. Integers of one dimension under `c`
/// are a text, a character each. An Error for other tensors.
Result<std::string> formatTensor(const Tensor &tensor, std::string_view spec);

} // namespace tds::rt
