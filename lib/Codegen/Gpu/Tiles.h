//===- Tiles.h - contractions in tiles of shared memory ---------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_GPU_TILES_H
#define TDS_LIB_CODEGEN_GPU_TILES_H
#include "lib/Codegen/Cpu/ContractionPlan.h"
#include "mlir/IR/IRMapping.h"
#include <optional>

namespace tds {

/// The contraction that an op is, if tiles serve it better than a thread a point does.
std::optional<Contraction> tiledContraction(mlir::linalg::LinalgOp op);

/// Blocks of a launch.
int64_t numTiles(const Contraction &contraction);

/// c[m, n] += sum over k of a[m, k] * b[k, n] for one block of `blockSize` threads in a grid of `numTiles`: it takes 64
/// by 64 of c, a thread 4 by 4 of these, 16 steps of k at a time through shared memory. Sums are in the order of k,
/// whatever the machine.
void emitTile(mlir::OpBuilder &b, mlir::linalg::LinalgOp op, const Contraction &contraction, const mlir::IRMapping &map,
              mlir::ModuleOp kernels);

} // namespace tds

#endif
