//===- Lockstep.h - a body at another point ---------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/Builders.h"

namespace tds {

/// The yields of a request's body with `moved` for its arguments. What `stop_gradient` stands around is computed at
/// `base` all the same, as a derivative sees it: the two are computed side by side then, and branches and numbers of
/// rounds that depend on it are those of `base`.
llvm::SmallVector<mlir::Value> evaluateMoved(mlir::OpBuilder &b, mlir::Operation *request, mlir::ValueRange base,
                                             mlir::ValueRange moved);

} // namespace tds
