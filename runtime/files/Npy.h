//===- runtime/files/Npy.h - NumPy's array format -------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <string>

#include <tds/tensor.h>

#include "runtime/files/Reader.h"

namespace tds::rt {

/// Reads all that is left of the stream as one array. `what` names it in messages: the file, or a member of an archive.
Result<Tensor> readArray(Stream &stream, const std::string &what);

/// What stands in an npy file before the elements of the tensor, row-major.
Result<std::string> arrayHeader(const Tensor &tensor, const std::string &what);

/// Makes each byte of bools 0 or 1: a C++ bool has no other.
void normaliseBools(Tensor &tensor);

} // namespace tds::rt
