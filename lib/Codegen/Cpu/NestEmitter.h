//===- NestEmitter.h - writes the loops of a nest ---------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_CPU_NESTEMITTER_H
#define TDS_LIB_CODEGEN_CPU_NESTEMITTER_H
#include "lib/Codegen/Cpu/LoopNest.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace tds {

/// Below the first, threads cost more than they save; the second is worth one chunk. In ns.
inline constexpr double parallelTime = 30000, chunkTime = 15000;

using Values = llvm::SmallVector<mlir::Value>;

/// Writes one nest as its plan says, at the builder's position.
class NestEmitter {
public:
  NestEmitter(mlir::OpBuilder &builder, const LoopNest &nest, const LoopPlan &plan, bool parallel);
  void emit();

private:
  // A scope is a block in which constants and one-dimensional views of the operands stand first: the function's, or a
  // parallel loop's, so that such a loop captures whole buffers only.
  void beginScope();
  mlir::Value constant(int64_t value);
  mlir::Value size(unsigned loop);

  using Step = llvm::function_ref<Values(mlir::Value counter, mlir::ArrayRef<mlir::Value> carried)>;
  Values loop(mlir::Value from, mlir::Value to, mlir::Value step, mlir::ArrayRef<mlir::Value> carried, Step body);
  Values loop(int64_t from, int64_t to, int64_t step, mlir::ArrayRef<mlir::Value> carried, Step body);
  Values loops(mlir::ArrayRef<unsigned> which, mlir::ArrayRef<mlir::Value> carried,
               llvm::function_ref<Values(mlir::ArrayRef<mlir::Value>)> body);
  void serially(mlir::ArrayRef<unsigned> which, llvm::function_ref<void()> body);

  void emitOuter();
  bool emitParallelOuter(mlir::ArrayRef<unsigned> outer);
  bool emitParallelStrips(mlir::ArrayRef<unsigned> outer);
  void parallelTiles(int64_t count, int64_t tile, llvm::function_ref<void(mlir::Value from, mlir::Value to)> body);

  void emitInner();
  void emitScalars();
  void emitStrips(mlir::Value from, mlir::Value to, bool full, bool rest);
  void emitStrip(mlir::Value start, int64_t length);
  void emitRows();

  void enterInner();
  Values addresses(mlir::ArrayRef<unsigned> moved, mlir::ArrayRef<mlir::Value> bases);
  Values evaluate(unsigned lanes, unsigned active, mlir::ArrayRef<mlir::Value> sums);
  void clone(mlir::Operation &op, mlir::IRMapping &map);
  mlir::Value widen(mlir::Value original, mlir::IRMapping &map);
  mlir::Operation *inLanes(mlir::Operation *op, mlir::ArrayRef<mlir::Value> operands, unsigned lanes);
  mlir::Value load(unsigned operand, mlir::Value address, unsigned lanes, unsigned active);
  void store(unsigned operand, mlir::Value value, mlir::Value address, unsigned lanes, unsigned active);
  mlir::Value loadEach(mlir::memref::LoadOp load, mlir::ArrayRef<mlir::Value> indices, unsigned lanes, unsigned active);
  mlir::Value mask(unsigned lanes, unsigned active);
  mlir::Value counter(unsigned dim);
  Values indices(const NestOperand &operand);

  bool isOuter(unsigned loop) const { return !llvm::is_contained(inner, loop); }
  int64_t unit() const { return int64_t(plan.lanes) * (plan.form == LoopPlan::columns ? plan.unroll : 1); }

  mlir::OpBuilder &b;
  mlir::Location loc;
  const LoopNest &nest;
  const LoopPlan &plan;
  bool parallel;
  llvm::SmallVector<unsigned> inner;      // loops that emitInner makes
  llvm::SmallVector<unsigned> reductions; // the vector loop last
  llvm::SmallVector<unsigned> sumOperands;
  llvm::DenseSet<mlir::Value> laneValues; // of the body: differ along the vector loop
  LoopNest::Steps steps;                  // along the vector loop

  mlir::Operation *anchor = nullptr;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  Values views;

  Values counters; // one a loop, null outside of it
  Values bases;    // addresses as far as the outer loops move them
  mlir::IRMapping hoisted;
  llvm::DenseMap<mlir::Value, mlir::Value> splats; // of hoisted values
};

} // namespace tds

#endif
