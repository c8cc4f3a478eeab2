//===- Adjoints.h - derivatives of single ops -------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Tds.h"

namespace tds {

/// Reverse mode of one op without regions, whatever its interface: the cotangents of its operands from those of its results.
/// Null is zero, on both sides; operands that are not floating or complex get null. The complex convention is
/// dL/dre + i dL/dim. Fails with a diagnostic where the op has no derivative.
llvm::LogicalResult pullback(mlir::OpBuilder &b, mlir::Operation *op, llvm::ArrayRef<mlir::Value> cotangents,
                             llvm::SmallVectorImpl<mlir::Value> &operandCotangents);

/// Forward mode of one op without regions: the tangents of its results from those of its operands. Null is zero.
llvm::LogicalResult pushforward(mlir::OpBuilder &b, mlir::Operation *op, llvm::ArrayRef<mlir::Value> tangents,
                                llvm::SmallVectorImpl<mlir::Value> &resultTangents);

} // namespace tds
