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
/// scf.parallel without results, its iterations worth some 15 us each. The order of a reduction depends on shapes and
/// the vector width alone. Runs on functions; leaves no linalg op.
std::unique_ptr<mlir::Pass> createTdsLoopsPass(const LoopsOptions &options = {});

/// Math ops on floats and vectors of them => arith polynomials, or calls of libm functions that runtime/abi/Symbols.def
/// lists; ops that are instructions (sqrt, fma, floor, ...) stay, and so do conversions from f32 to bf16 if `roundsToBf16`.
/// Runs on modules: it declares the functions.
std::unique_ptr<mlir::Pass> createTdsMathPass(bool roundsToBf16 = false);

/// For tds-opt: `tds-loops`, `tds-math`.
void registerTdsLoopsPasses();

struct ContractionOptions {
  unsigned vectorBits = 256; // of a register
  bool parallel = true;      // cut long ones into tasks
  bool explain = false;      // a remark for each: what it became and why
};

/// linalg.generics with `tds.contract`, a linalg.fill with zero before them absorbed => calls of functions of scf
/// loops, and scf.parallel for long ones, around kernels of vector.fma. Scratch is memref.alloc before the call: run
/// this before memory is planned. Parallel only in functions whose argument 0 is the tds_call, which those functions
/// then take as theirs. What has no kernel stays for the loops pass. Runs on modules.
std::unique_ptr<mlir::Pass> createTdsContractionsPass(const ContractionOptions &options = {});

/// scf.parallel => a function of its body and a call of tds_parallel_for, a chunk for each step, with the pool of the
/// tds_call that is argument 0 of the enclosing function (no such argument: a plain loop). Nested ones, those of more
/// dimensions than one, and those with results, become scf.for. To run on modules, after memory is planned, before the
/// llvm dialect; leaves unrealized casts between memrefs and their descriptors, so reconcile casts once these are in
/// the llvm dialect.
std::unique_ptr<mlir::Pass> createTdsParallelPass();

/// For tds-opt: `tds-contractions`, `tds-parallel`.
void registerTdsContractionPasses();

} // namespace tds

#endif
