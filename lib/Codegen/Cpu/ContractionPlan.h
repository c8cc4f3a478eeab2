//===- ContractionPlan.h - loops and tiles of a contraction -----*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A contraction c[batch, m, n] (+)= sum over k of a[batch, m, k] * b[batch, k, n], each of batch, m, n, k any number of
// loops with any strides, and how to run it on a machine: sizes and strides are numbers here, no IR is made.
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_CPU_CONTRACTIONPLAN_H
#define TDS_LIB_CODEGEN_CPU_CONTRACTIONPLAN_H
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <array>
#include <string>

namespace tds {

/// Which operand, in arrays of three.
enum Side { lhs, rhs, out };

/// One loop, and how many elements a step of it moves in each operand.
struct ContractionLoop {
  int64_t size = 1;
  std::array<int64_t, 3> stride = {0, 0, 0};
};

using ContractionLoops = llvm::SmallVector<ContractionLoop, 2>;

struct Contraction {
  ContractionLoops batch, m, n, k; // without loops of size 1, neighbours merged where they are one loop in memory
  std::array<mlir::Type, 3> element;
  std::array<unsigned, 3> operand = {0, 1, 2}; // of the op: m is the side of c whose columns are apart

  /// What the op computes, if it is one that kernels are made for; else `reason` says what it lacks.
  static mlir::FailureOr<Contraction> match(mlir::linalg::GenericOp op, std::string *reason = nullptr);

  /// Products of sizes.
  static int64_t count(const ContractionLoops &loops);
  int64_t work() const { return count(batch) * count(m) * count(n) * count(k); }
  /// a and b, m and n change places.
  void swapSides();
};

/// Five loops around a register tile (BLIS): blocks of k; panels of a and b packed for a block; tasks of panels by
/// panels.
struct ContractionPlan {
  enum Strategy {
    leave, // no kernel is better than plain loops
    tiles, // register tiles of c
    dots   // few rows, a and b contiguous along k: vectors run along k
  };
  Strategy strategy = leave;

  ContractionLoops batch;         // with the loops of m and n that no panel takes
  ContractionLoops outerK;        // with the loops of k that no block takes
  ContractionLoop m1, m0, n1, n0; // panels cut m0 and n0; m1 and n1 number them too
  ContractionLoop blockK, innerK; // a block takes `block` steps of blockK and all of innerK

  int64_t rows = 1, extra = 0;      // of a panel of a; the first `extra` panels have one more
  int64_t vectors = 1, width = 1;   // of a panel of b
  int64_t mPanels = 1, nPanels = 1; // of m0, of n0
  int64_t block = 1;
  bool packLhs = false, packRhs = false;
  int64_t packedRows = 1; // the stride of a packed panel of a

  int64_t batchGroup = 1, mGroup = 1, nGroup = 1; // batches and panels that are packed at one time
  int64_t mTask = 1, nTask = 1;                   // panels of a task
  int64_t tasksAtOnce = 1, packsAtOnce = 1;       // of a parallel loop's round
  bool parallel = false;

  /// For registers of so many bits.
  static ContractionPlan make(Contraction &contraction, unsigned vectorBits, bool parallel);

  /// The least steps of a block along the inner loop of k, of which a packed panel has vectors.
  int64_t shortestK() const {
    return innerK.size > 1 ? innerK.size : blockK.size - (llvm::divideCeil(blockK.size, block) - 1) * block;
  }
  bool severalBlocks() const { return block < blockK.size || !outerK.empty(); }

  /// For people: "512 x 256 x 64 in f32: tiles of 14 x 32, …". The contraction as it was before the plan was made.
  std::string describe(const Contraction &contraction) const;

  /// Elements of the buffers for packed panels.
  int64_t lhsScratch() const { return packLhs ? batchGroup * mGroup * lhsPanel() : 0; }
  int64_t rhsScratch() const { return packRhs ? batchGroup * nGroup * rhsPanel() : 0; }
  int64_t lhsPanel() const { return packedRows * block * innerK.size; }
  int64_t rhsPanel() const { return width * block * innerK.size; }
};

} // namespace tds

#endif
