//===- Cpu.h - kernels for the CPU ------------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_CPU_CPU_H
#define TDS_LIB_CODEGEN_CPU_CPU_H
#include "mlir/Pass/Pass.h"
#include <memory>

namespace tds {

struct LoopsOptions {
  unsigned vectorBits = 256; // of a register
  bool vectorize = true;
  bool parallel = true; // mark loops worth more than a few threads' start as scf.parallel
};

/// Linalg ops and strided copies on memrefs => scf loops over vector bodies; a long outer loop is a one-dimensional
/// scf.parallel without results, its iterations worth some 15 us each. The order of a reduction depends on shapes and the
/// vector width alone. Runs on functions; leaves no linalg op.
std::unique_ptr<mlir::Pass> createTdsLoopsPass(const LoopsOptions &options = {});

/// Math ops on floats and vectors of them => arith polynomials, or calls of libm functions that runtime/abi/Symbols.def lists;
/// ops that are instructions (sqrt, fma, floor, ...) stay. Runs on modules: it declares the functions.
std::unique_ptr<mlir::Pass> createTdsMathPass();

/// For tds-opt: `tds-loops`, `tds-math`.
void registerTdsLoopsPasses();

} // namespace tds

#endif
