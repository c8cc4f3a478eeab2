//===- BlockLoops.h - loops that one block of threads runs ------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_GPU_BLOCKLOOPS_H
#define TDS_LIB_CODEGEN_GPU_BLOCKLOOPS_H
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace tds {

/// Whether a loop is worth one block of threads rather than a launch for each of its ops: they are small, and nothing
/// in it needs the host.
bool isSmallLoop(mlir::scf::ForOp loop);

/// Writes such a loop for the threads of one block. They take the same way through it; what one of them reads another
/// has written before the last barrier.
mlir::LogicalResult emitInBlock(mlir::OpBuilder &b, mlir::scf::ForOp loop, mlir::IRMapping &map,
                                mlir::ModuleOp kernels);

} // namespace tds

#endif
