//===- Activity.h - which values depend on the variables --------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Tds.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"

namespace tds {

/// Whether derivatives flow through such a value: a tensor of floating or complex elements.
bool carriesDerivatives(mlir::Value v);

/// Whether an op is what a program wrote `checkpoint(..)` around: a composite of that name without arguments.
bool isCheckpoint(mlir::Operation *op);

/// The values that depend on the variables of one request through ops with a derivative. The others get no cotangent
/// and no tangent, so that nothing is computed for them.
class Activity {
public:
  /// With `keepsCheckpoints` the composites of `checkpoint(..)` stay.
  explicit Activity(mlir::ValueRange variables, bool keepsCheckpoints)
      : varying(variables.begin(), variables.end()), keepsCheckpoints(keepsCheckpoints) {}

  /// Marks what a block computes from varying values. A composite that uses one and has no derivative of its own is
  /// replaced by its body on the way.
  void mark(mlir::Block &block);
  /// Marks the results of one op, and what is inside of it.
  void mark(mlir::Operation *op);
  /// A loop's carried values, its body and results.
  void mark(mlir::scf::ForOp loop);
  void mark(mlir::scf::WhileOp loop);

  void add(mlir::Value v) { varying.insert(v); }
  bool varies(mlir::Value v) const { return varying.contains(v); }
  /// Whether an operand varies, or a value that the op's regions use.
  bool usesVarying(mlir::Operation *op) const;

private:
  /// `to` varies where `from` does; whether any is new.
  bool pass(mlir::ValueRange from, mlir::ValueRange to);

  llvm::DenseSet<mlir::Value> varying;
  const bool keepsCheckpoints;
};

} // namespace tds
