//===- TdsTypes.h - tensor types with open sizes ----------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/BuiltinTypes.h"
#include <optional>
#include <string>

namespace tds {

/// The size of a dimension as text: "64", "n", "2 * m + 1". A `?` without a text is "?".
std::string dimText(mlir::RankedTensorType type, unsigned dim);
/// The texts of all dimensions.
llvm::SmallVector<std::string> dimTexts(mlir::RankedTensorType type);
/// The size of a dimension that is a number.
std::optional<int64_t> dimConstant(mlir::RankedTensorType type, unsigned dim);
/// The number that the text of a size is.
std::optional<int64_t> sizeConstant(llvm::StringRef text);

/// A tensor type from the texts of its sizes. Without open sizes it has no encoding.
mlir::RankedTensorType tensorType(llvm::ArrayRef<std::string> sizes, mlir::Type element);
/// The type of a scalar.
mlir::RankedTensorType scalarType(mlir::Type element);
/// The same shape with other elements.
mlir::RankedTensorType withElement(mlir::RankedTensorType type, mlir::Type element);
/// The dimensions of `type` that `keep` names, in its order.
mlir::RankedTensorType pickDims(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> keep);

/// The value's type; every value of the dialect is a ranked tensor.
inline mlir::RankedTensorType typeOf(mlir::Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()); }
inline mlir::Type elementOf(mlir::Value v) { return typeOf(v).getElementType(); }
/// Whether derivatives flow through such elements: floating and complex ones.
bool isDifferentiable(mlir::Type element);

} // namespace tds
