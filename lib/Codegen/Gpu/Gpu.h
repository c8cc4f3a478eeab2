//===- Gpu.h - kernels for NVIDIA GPUs --------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An entry function on buffers becomes a host function that launches kernels. Kernels are functions of arith, scf and
// memref in a nested module, with intrinsics for what only a GPU has: the passes that lower the CPU's code lower
// theirs, and NVPTX makes PTX of it. No gpu or nvvm dialect: each op of theirs that we would use is one call of an
// intrinsic, and the two dialects with their conversions would be 1 MB of the compiler.
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_GPU_GPU_H
#define TDS_LIB_CODEGEN_GPU_GPU_H
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace tds {

/// Names that the GPU's stages leave for each other.
namespace attribute {
inline constexpr llvm::StringLiteral kernels = "tds.kernels"; // nested module: a target's kernels
inline constexpr llvm::StringLiteral grid = "tds.grid";       // kernel: blocks of a launch
inline constexpr llvm::StringLiteral block = "tds.block";     // kernel: threads of a block
} // namespace attribute

/// Constant tensors that more than kernels read get buffers of their own, filled from them: on the host they are in its
/// memory. To run before memory is planned.
std::unique_ptr<mlir::Pass> createTdsDeviceConstantsPass();

/// Linalg ops and loops over small ones, on static memrefs in `tds.entry` functions => functions of the nested module
/// `@kernels`, in the order of their numbers, and calls of `tds_device_launch(call, number, arguments)`. Buffers are
/// then in the device's memory: what is left of the host's reads and writes goes through `tds_device_read` and
/// `_write`, and runtime calls work on copies. To run after memory is planned.
std::unique_ptr<mlir::Pass> createTdsKernelsPass();

/// For tds-opt: `tds-kernels`.
void registerTdsKernelsPass();

} // namespace tds

#endif
