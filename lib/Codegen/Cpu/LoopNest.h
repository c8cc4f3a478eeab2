//===- LoopNest.h - a linalg op as strided loops ----------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_CPU_LOOPNEST_H
#define TDS_LIB_CODEGEN_CPU_LOOPNEST_H
#include "lib/Codegen/Cpu/Cpu.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace tds {

/// What a linalg op reads or writes.
struct NestOperand {
  mlir::Value value;                  // a memref, or a scalar that all points read
  mlir::BlockArgument argument;       // of the body; null if the body does not read it
  mlir::AffineMap map;                // of the op's dimensions
  llvm::SmallVector<int64_t> strides; // in elements, one a loop; flat nests only
  int64_t offset = 0;                 // in elements, from the memref's first one
  bool output = false;
  bool accumulates = false;            // an output that no reduction loop moves
  bool fresh = false;                  // holds no value yet: the first one is stored, not added
  mlir::Operation *combiner = nullptr; // of an accumulating output, if known: its value is combiner(argument, x)

  bool isMemref() const { return mlir::isa<mlir::MemRefType>(value.getType()); }
  mlir::Type element() const { return mlir::getElementTypeOrSelf(value.getType()); }
};

/// The iteration space of a linalg op and what its body touches.
///
/// In a flat nest every address is linear in the loop counters, whatever the shapes: loops of one step are gone and
/// neighbours that walk memory as one loop does are one. Any other nest keeps the op's dimensions and maps.
struct LoopNest {
  struct Loop {
    int64_t size; // kDynamic if open; then bound holds it
    bool reduction;
    mlir::Value bound;
  };

  mlir::linalg::GenericOp op;
  bool flat = false;
  llvm::SmallVector<Loop> loops;
  llvm::SmallVector<int> loopOfDim; // for linalg.index: the loop of a dimension, -1 if it is always 0
  llvm::SmallVector<NestOperand> operands;

  /// Bounds of open sizes are made by the builder.
  static LoopNest of(mlir::linalg::GenericOp op, mlir::OpBuilder &builder);

  mlir::Block *body() const { return mlir::linalg::GenericOp(op).getBody(); }
  bool empty() const;
  /// Whether the body asks for the counter of this loop.
  bool counts(unsigned loop) const;
  mlir::Value yielded(const NestOperand &output) const;
  /// How far values of the body move in a step of the loop, where that is known.
  using Steps = llvm::DenseMap<mlir::Value, int64_t>;
  Steps stepsAlong(unsigned loop) const;
  /// 0 for what the body does not compute.
  std::optional<int64_t> stepOf(mlir::Value value, const Steps &steps) const;
  /// Whether a load in the body reads neighbours in steps of the loop.
  bool isContiguous(mlir::memref::LoadOp load, const Steps &steps) const;
};

/// How a nest is emitted. Loops outside `inner` are parallel ones.
struct LoopPlan {
  enum Form {
    scalars,   // for outer: for reductions: body
    pointwise, // for outer: for strip of v: [for second:] body on lanes
    columns,   // for outer: for strip of v: for reductions: body, sums kept a lane
    rows       // for outer: for reductions, v innermost: body on lanes; the lanes' sums are added up last
  };
  Form form = scalars;
  int vectorLoop = -1;
  int secondLoop = -1; // pointwise: the loop inside strips, along which what is gathered has stride 1
  unsigned lanes = 1;
  unsigned unroll = 1;
  double nanoseconds = 0; // estimate for the whole nest on one core
};

LoopPlan planLoops(const LoopNest &nest, const LoopsOptions &options);

} // namespace tds

#endif
