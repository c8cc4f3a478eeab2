//===- Threads.h - a linalg op over the threads of a GPU --------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_GPU_THREADS_H
#define TDS_LIB_CODEGEN_GPU_THREADS_H
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

namespace tds {

inline constexpr int64_t warpSize = 32, blockSize = 256;

/// How an op's points are shared out.
enum class Sharing {
  points, // a thread computes whole points of the parallel dimensions
  rows    // a block reduces one point: its threads take parts of the reduction
};

/// Points of the parallel dimensions, and elements that each of them reduces.
struct Extent {
  int64_t points = 1, reduced = 1;
};
Extent extentOf(mlir::linalg::LinalgOp op);

/// What suits an op best. `rows` needs reductions by ops that have a neutral element.
Sharing sharingOf(mlir::linalg::LinalgOp op);

/// Where an op is computed.
struct Threads {
  mlir::Value id;    // index: this thread's number, or this block's for `rows` in a grid
  int64_t count = 0; // of all that share; they go on to the points beyond it
  bool inGrid;       // each takes at most one point
};

mlir::Value threadInBlock(mlir::OpBuilder &b, mlir::Location loc); // index
mlir::Value blockInGrid(mlir::OpBuilder &b, mlir::Location loc);   // index
void barrier(mlir::OpBuilder &b, mlir::Location loc);              // of a block

/// The coordinates of a row-major number.
llvm::SmallVector<mlir::Value> delinearized(mlir::OpBuilder &b, mlir::Location loc, mlir::Value number,
                                            llvm::ArrayRef<int64_t> sizes);

/// A block's array; kernels of a module share those of one name and element.
mlir::Value sharedMemory(mlir::OpBuilder &b, mlir::Location loc, mlir::ModuleOp kernels, llvm::StringRef name,
                         llvm::ArrayRef<int64_t> shape, mlir::Type element);

/// Writes the op for the threads; `map` gives the kernel's values for what the op uses. For `rows` all threads of a
/// block must come here together.
mlir::LogicalResult emit(mlir::OpBuilder &b, mlir::linalg::LinalgOp op, Sharing sharing, const Threads &threads,
                         mlir::IRMapping &map, mlir::ModuleOp kernels);

} // namespace tds

#endif
