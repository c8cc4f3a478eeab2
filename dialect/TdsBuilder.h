//===- TdsBuilder.h - making tds ops ----------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Tds.h"

namespace tds {

/// The value in the elements of a type, rounded or cut to them.
mlir::DenseElementsAttr splatOf(mlir::RankedTensorType type, HostValue value);
/// The number that fills a constant.
std::optional<HostValue> splatValue(mlir::Attribute value);
/// The number that fills a constant; none if the value is not one.
std::optional<HostValue> splatValue(mlir::Value v);
/// Whether the value is a constant filled with this number.
bool isSplat(mlir::Value v, double number);

/// A constant of the type, any element and open sizes too.
mlir::Value constant(mlir::OpBuilder &b, mlir::Location loc, double value, mlir::RankedTensorType type);
mlir::Value constant(mlir::OpBuilder &b, mlir::Location loc, HostValue value, mlir::RankedTensorType type);

/// A pointwise op by its name: "add", "select". The result's type follows from the operands; what does not fit is reported at
/// the location and gives null.
mlir::Value pointwise(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef name, mlir::ValueRange operands);

/// y[d] = v[d[dims[0]], d[dims[1]], ...]: dimension k of v is dimension dims[k] of the type. Gives v where nothing changes.
mlir::Value broadcast(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::RankedTensorType type,
                      llvm::ArrayRef<int64_t> dims);
/// A scalar in every place of the type.
mlir::Value fill(mlir::OpBuilder &b, mlir::Location loc, mlir::Value scalar, mlir::RankedTensorType type);
/// Dimension k of the result is dimension order[k] of v.
mlir::Value transpose(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, llvm::ArrayRef<int64_t> order);
/// The sum over dimensions, in any order.
mlir::Value sumOver(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, llvm::ArrayRef<int64_t> dims);
/// The sum of two cotangents or tangents of one type; null is zero.
mlir::Value addTo(mlir::OpBuilder &b, mlir::Location loc, mlir::Value sum, mlir::Value v);
/// The same numbers in these elements.
mlir::Value convertTo(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element);

} // namespace tds
