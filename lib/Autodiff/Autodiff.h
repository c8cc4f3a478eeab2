//===- Autodiff.h - derivatives of tds functions ----------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Pass/Pass.h"
#include <memory>

namespace tds {

/// Replaces every tds.vjp and tds.jvp of a module by ops that compute it. With `keep`, a loop (and straight code) keeps
/// no more bytes for its reverse pass and computes the rest again, where that can be done; negative: no bound.
std::unique_ptr<mlir::Pass> createTdsAutodiffPass(int64_t keep = -1);

/// Lets functions compute in f64 and c128.
std::unique_ptr<mlir::Pass> createTdsWidenPass();
/// Gives functions a result more for each derivative: `GradientNumbers`.
std::unique_ptr<mlir::Pass> createTdsCheckGradientsPass();

#define GEN_PASS_REGISTRATION
#include "lib/Autodiff/Passes.h.inc"

} // namespace tds
