//===- Derivatives.h - the two walks ----------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "lib/Autodiff/Activity.h"
#include "lib/Calls/Origin.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace tds {

/// Of a loop that another one was split into: the bytes that it may keep.
inline constexpr llvm::StringLiteral keepAttribute = "tds.keep";

/// What the derivatives of a module have in common.
struct Shared {
  int64_t keep; ///< bytes that a loop, and straight code, may keep for its reverse pass; negative: what they like
  int64_t barriers = 0; ///< the largest number of a barrier
};

/// Replaces a request whose body holds no other by its body and its derivative.
llvm::LogicalResult expand(VjpOp request, Origin origin, Shared &shared);
llvm::LogicalResult expand(JvpOp request, Origin origin, Shared &shared);

/// Puts checkpoints around what a block computes, so that not much more than so many bytes of it are kept at a time.
void checkpointSegments(mlir::Block &block, int64_t keep);

/// Moves the ops of a request's body before it, and gives its results the values that the body yields.
void inlineRequest(mlir::Operation *request, mlir::ValueRange wrt);

/// A composite  =>  its body; gives the first of its ops.
mlir::Block::iterator inlineBody(CompositeOp op);

/// Ops that a walk made. They leave the names of the ops that they come from behind: a walk names what it found.
class Made : public mlir::OpBuilder::Listener {
public:
  Made(Origin origin, Shared &shared) : origin(origin), shared(shared) {}
  void notifyOperationInserted(mlir::Operation *op, mlir::OpBuilder::InsertPoint previous) override;
  /// Calls the value `d_NAME` if `of` has a name and the walk made it.
  void name(mlir::Value value, mlir::Value of);

  const Origin origin;
  Shared &shared;

private:
  llvm::SmallPtrSet<mlir::Operation *, 32> ops;
};

/// Reverse mode over a list of ops. A null value is a zero that nobody computes.
class Reverse {
public:
  Reverse(mlir::OpBuilder &b, Made &made, Activity &activity) : b(b), made(made), activity(activity) {}

  /// A cotangent. Inside of a branch an element, it is zero where `live` is false, whatever it is multiplied with;
  /// null: live everywhere.
  struct Cotangent {
    mlir::Value d, live;
  };
  /// Adds to the cotangent of a value; drops it if the value does not vary.
  void add(mlir::Value v, Cotangent contribution);
  /// The sum of what was added.
  Cotangent take(mlir::Value v);
  /// From the last op to the first.
  llvm::LogicalResult walk(llvm::ArrayRef<mlir::Operation *> ops);

private:
  /// A branch: a tds.where, or an scf.if.
  struct Branch {
    mlir::Value cond; ///< tensor of i1
    mlir::Block *sides[2];
    mlir::ValueRange results;
    mlir::ValueRange yields(int side) const { return sides[side]->getTerminator()->getOperands(); }
  };

  llvm::LogicalResult step(mlir::Operation *op);
  void contractUnder(ContractOp op, mlir::Value live, mlir::Value dy);
  llvm::LogicalResult composite(CompositeOp op, llvm::ArrayRef<Cotangent> cotangents);
  llvm::LogicalResult checkpoint(CompositeOp op, llvm::ArrayRef<Cotangent> cotangents);
  llvm::LogicalResult branchOfAll(mlir::Location loc, const Branch &branch, llvm::ArrayRef<Cotangent> cotangents);
  llvm::LogicalResult branchOfEach(mlir::Location loc, const Branch &branch, llvm::ArrayRef<Cotangent> cotangents);
  llvm::LogicalResult pointwiseUnder(mlir::Location loc, mlir::Value live, llvm::ArrayRef<mlir::Operation *> ops,
                                     llvm::ArrayRef<std::pair<mlir::Value, mlir::Value>> seeds);
  llvm::LogicalResult loop(mlir::Operation *op, llvm::ArrayRef<Cotangent> cotangents); ///< Loops.cpp
  mlir::Value liveOperand(mlir::Operation *op, unsigned operand, mlir::Value live, mlir::Type cotangent);
  llvm::SmallVector<mlir::Operation *> copy(mlir::Block *side, mlir::IRMapping &map);
  mlir::Value zero(mlir::Location loc, mlir::Type type);
  mlir::Value sumOf(mlir::Location loc, mlir::Value x, mlir::Value y, bool carried);
  bool isCarried(mlir::Value v) const;
  mlir::Value start(mlir::Location loc, mlir::Value v);
  mlir::Value behind(mlir::Value v) const;
  mlir::Value mask(mlir::Location loc, mlir::Value live, mlir::Value d);

  friend class Checkpoints;
  friend class LoopReversal;
  mlir::OpBuilder &b;
  Made &made;
  Activity &activity;
  llvm::MapVector<mlir::Value, Cotangent> cotangents;
  mlir::Block *round = nullptr; ///< of the loop that is walked back
  /// Barriers, by what they are the same as: what is added to one is added to the other, at once, so that sums have the
  /// same order as without it.
  llvm::DenseMap<mlir::Value, mlir::Value> same;
  /// Of values from outside of it: stand-ins for what the round is given of their cotangents.
  llvm::DenseMap<mlir::Value, mlir::Value> seeds;
  /// Loops, by those that keep something: several where one was split, the last with its results.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Operation *, 1>> replaced;
};

/// Forward mode: puts the tangents of each op behind it.
class Forward {
public:
  Forward(mlir::OpBuilder &b, Made &made, Activity &activity) : b(b), made(made), activity(activity) {}

  void set(mlir::Value v, mlir::Value tangent) { tangents[v] = tangent; }
  mlir::Value get(mlir::Value v) const { return tangents.lookup(v); }
  /// The tangent, or zeros.
  mlir::Value getOrZero(mlir::Location loc, mlir::Value v);
  llvm::LogicalResult walk(mlir::Block &block);

private:
  llvm::LogicalResult step(mlir::Operation *op);
  llvm::LogicalResult where(WhereOp op);
  llvm::LogicalResult composite(CompositeOp op);
  llvm::LogicalResult loop(mlir::scf::ForOp op);
  llvm::LogicalResult loop(mlir::scf::WhileOp op);
  llvm::SmallVector<mlir::Value> tangentsOf(mlir::Location loc, mlir::ValueRange values,
                                            llvm::ArrayRef<unsigned> which);
  void addTangentArguments(mlir::Block *block, mlir::Block::BlockArgListType of, llvm::ArrayRef<unsigned> which);
  void replaceLoop(mlir::Operation *loop, mlir::Operation *longer, llvm::ArrayRef<unsigned> which);

  mlir::OpBuilder &b;
  Made &made;
  Activity &activity;
  llvm::DenseMap<mlir::Value, mlir::Value> tangents;
};

/// Adds to the wanted states of a loop those that they are computed from, in the same round or one before.
void addReadStates(mlir::Block *body, mlir::Block::BlockArgListType states, mlir::OperandRange yielded,
                   llvm::SmallVectorImpl<bool> &wanted);

/// Whether a value is defined in the block or in a region within. Walks build blocks that belong to no op yet, where
/// Region::isAncestor may not be asked.
bool isWithin(mlir::Value v, mlir::Block *block);

/// Reports that an op can't be differentiated yet, in the words of the source.
llvm::LogicalResult refuse(mlir::Operation *op);

} // namespace tds
