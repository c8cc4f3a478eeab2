//===- Saved.h - what a loop keeps of a round -------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Tds.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tds {

/// The bytes of a value; a guess where sizes are open.
int64_t bytesOf(mlir::Value v);

/// Which values of a round to keep, so that what the reversed round needs of it can be computed from them: of all such
/// sets one of the fewest bytes, and of those the one with the least to compute. What costs more than a pass over its
/// result (a contraction, a sum, a loop) is not computed again. What depends on no state is free.
///
/// \param states what a round begins with
/// \param round its ops, in order
/// \param isNeeded whether the reversed round reads a value
/// \param mustRepeat an op whose results can't be kept
/// \param anything computes again what is expensive too
llvm::SmallVector<mlir::Value> chooseSaved(mlir::ValueRange states, llvm::ArrayRef<mlir::Operation *> round,
                                           llvm::function_ref<bool(mlir::Value)> isNeeded,
                                           llvm::function_ref<bool(mlir::Operation *)> mustRepeat, bool anything);

} // namespace tds
