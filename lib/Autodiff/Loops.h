//===- Loops.h - reverse mode of loops --------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "lib/Autodiff/Derivatives.h"
#include "llvm/ADT/DenseMap.h"

namespace tds {

/// A mask that is true, or false, in all places.
mlir::Value everywhere(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, bool value);
/// An index as a tensor of one i64.
mlir::Value numberOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value index);
/// Rows of a type, with nothing in them.
mlir::Value emptyStack(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef rows, mlir::RankedTensorType type);
/// The stack with v as a row; `row` is a tensor of one i64.
mlir::Value writeRow(mlir::OpBuilder &b, mlir::Location loc, mlir::Value stack, mlir::Value v, mlir::Value row,
                     Outside outside);
mlir::Value readRow(mlir::OpBuilder &b, mlir::Location loc, mlir::Value stack, mlir::RankedTensorType type,
                    mlir::Value row);
/// The loop with more carried values, which the caller has to yield; the old one is left without a body.
mlir::scf::ForOp lengthen(mlir::scf::ForOp loop, mlir::ValueRange inits);

/// What has to be computed again for the values that are kept: ops of a round, and the states that it begins with.
struct Slice {
  llvm::SmallPtrSet<mlir::Operation *, 32> ops;
  llvm::SmallVector<unsigned> states;
};
Slice sliceFor(mlir::Block *body, mlir::ValueRange states, mlir::ValueRange yielded, mlir::ValueRange saved);

/// Walks one loop back.
class LoopReversal {
public:
  LoopReversal(Reverse &outer, mlir::Operation *loop, llvm::ArrayRef<Reverse::Cotangent> given);
  llvm::LogicalResult run();

private:
  friend class Checkpoints;
  llvm::LogicalResult reverseRound();
  /// How a loop stays below the bytes that it may keep.
  struct Choice {
    llvm::SmallVector<mlir::Value> saved; ///< of a round, copies
    int64_t bytes = 0;                    ///< of them
    int64_t inner = 0;                    ///< rounds of an inner loop to split off; 0: none
    int64_t rest = 0;                     ///< bytes for the outer one then
  };
  void clean();
  Choice choose(std::optional<int64_t> rounds);
  Choice cut(bool anything);
  mlir::Value written(mlir::Value copy) const;
  void keepOnly(llvm::ArrayRef<mlir::Value> chosen);
  llvm::LogicalResult split(int64_t rounds, const Choice &choice, mlir::OpBuilder::InsertPoint after);
  void become(mlir::Value standIn, mlir::Value v);
  llvm::SmallVector<mlir::Value> begin();
  void finish(mlir::ValueRange results);
  mlir::scf::ForOp reversed(mlir::Value lower, mlir::Value upper, mlir::ValueRange begin);
  mlir::OpBuilder behind(mlir::Value v);
  void keepAll(mlir::scf::ForOp forward, llvm::StringRef rounds, mlir::OpBuilder::InsertPoint after);
  void keepSome(mlir::OpBuilder::InsertPoint after);

  Reverse &outer;
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Operation *loop;
  llvm::ArrayRef<Reverse::Cotangent> given;

  // The loop's round.
  mlir::Block *body;
  llvm::SmallVector<mlir::Value> states, yielded, inits;

  // The reversed one. Stand-ins are what is only known when the loop around it is made.
  mlir::Region region;
  mlir::Block *round = nullptr;
  mlir::Value counter;                    ///< a stand-in: i of a counted loop
  llvm::SmallVector<mlir::Value> begun;   ///< stand-ins for the states
  llvm::SmallVector<mlir::Value> saved;   ///< values of the loop's round to keep, ...
  llvm::SmallVector<mlir::Value> reads;   ///< ... and a stand-in for each
  llvm::SmallVector<unsigned> varying;    ///< which states have a cotangent
  llvm::SmallVector<mlir::Value> outside; ///< what a round adds to, and what of it is masked
  llvm::SmallVector<mlir::Value> outsideMasked;
  bool masked = false;
  int64_t keep;                               ///< bytes that the loop may keep; negative: what it likes
  llvm::SmallVector<mlir::Operation *> spent; ///< stand-ins that nobody uses any more
  llvm::SmallVector<mlir::Operation *> copies;
  llvm::SmallPtrSet<mlir::Operation *, 4> repeated; ///< copies that keep something themselves
  llvm::DenseMap<mlir::Value, mlir::Value> original;
};

} // namespace tds
