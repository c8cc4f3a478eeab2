//===- Lockstep.cpp -------------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Autodiff/Lockstep.h"
#include "lib/Autodiff/Derivatives.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tds;

static bool holdsBack(Operation *op) {
  return op->walk([](StopGradientOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

namespace {
struct Lockstep {
  OpBuilder &b;
  IRMapping base, moved;

  SmallVector<Value> both(ValueRange values) {
    SmallVector<Value> out;
    for (IRMapping *map : {&base, &moved})
      for (Value v : values)
        out.push_back(map->lookupOrDefault(v));
    return out;
  }
  void setBoth(ValueRange old, ValueRange now) {
    base.map(old, now.take_front(old.size()));
    moved.map(old, now.drop_front(old.size()));
  }
  /// Arguments of a new block for those of an old one, each twice; and what the block computes.
  void block(Block &old, Block *now, unsigned shared = 0) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(now);
    for (BlockArgument argument : old.getArguments().take_front(shared)) {
      base.map(argument, now->addArgument(argument.getType(), argument.getLoc()));
      moved.map(argument, base.lookup(argument));
    }
    for (IRMapping *map : {&base, &moved})
      for (BlockArgument argument : old.getArguments().drop_front(shared))
        map->map(argument, now->addArgument(argument.getType(), argument.getLoc()));
    ops(old);
    Operation *end = old.getTerminator();
    if (auto condition = dyn_cast<scf::ConditionOp>(end))
      scf::ConditionOp::create(b, end->getLoc(), base.lookupOrDefault(condition.getCondition()),
                               both(condition.getArgs()));
    else if (isa<scf::YieldOp>(end))
      scf::YieldOp::create(b, end->getLoc(), both(end->getOperands()));
    else
      YieldOp::create(b, end->getLoc(), both(end->getOperands()));
  }
  static SmallVector<Type> twice(TypeRange types) {
    SmallVector<Type> out(types);
    llvm::append_range(out, types);
    return out;
  }

  void ops(Block &block) {
    for (Operation &op : block.without_terminator())
      step(&op);
  }

  void step(Operation *op) {
    if (isa<StopGradientOp>(op)) {
      Value still = b.clone(*op, base)->getResult(0);
      moved.map(op->getResult(0), still);
    } else if (auto loop = dyn_cast<scf::ForOp>(op); loop && holdsBack(op)) {
      auto at = [&](Value v) { return base.lookupOrDefault(v); };
      auto pair = scf::ForOp::create(b, op->getLoc(), at(loop.getLowerBound()), at(loop.getUpperBound()),
                                     at(loop.getStep()), both(loop.getInitArgs()));
      Region region;
      region.push_back(new Block);
      this->block(*loop.getBody(), &region.front(), 1);
      pair.getRegion().takeBody(region);
      setBoth(op->getResults(), pair.getResults());
    } else if (auto loop = dyn_cast<scf::WhileOp>(op); loop && holdsBack(op)) {
      auto pair = scf::WhileOp::create(b, op->getLoc(), twice(op->getResultTypes()), both(loop.getInits()));
      for (auto [from, to] : {std::pair(&loop.getBefore(), &pair.getBefore()), {&loop.getAfter(), &pair.getAfter()}}) {
        to->push_back(new Block);
        this->block(from->front(), &to->front());
      }
      setBoth(op->getResults(), pair.getResults());
    } else if (auto where = dyn_cast<WhereOp>(op); where && holdsBack(op)) {
      auto pair = WhereOp::create(b, op->getLoc(), twice(op->getResultTypes()), base.lookupOrDefault(where.getCond()));
      for (auto [from, to] : {std::pair(&where.getThenRegion(), &pair.getThenRegion()),
                              {&where.getElseRegion(), &pair.getElseRegion()}}) {
        to->push_back(new Block);
        this->block(from->front(), &to->front());
      }
      setBoth(op->getResults(), pair.getResults());
    } else { // a function with a vjp of its own is what its body says
      b.clone(*op, base);
      b.clone(*op, moved);
    }
  }
};
} // namespace

SmallVector<Value> tds::evaluateMoved(OpBuilder &b, Operation *request, ValueRange base, ValueRange moved) {
  Lockstep lockstep{b, {}, {}};
  if (!holdsBack(request)) {
    Block &body = request->getRegion(0).front();
    lockstep.moved.map(body.getArguments(), moved);
    for (Operation &op : body.without_terminator())
      b.clone(op, lockstep.moved);
    SmallVector<Value> values;
    for (Value v : body.getTerminator()->getOperands())
      values.push_back(lockstep.moved.lookupOrDefault(v));
    return values;
  }
  // Requests within are written out first: then all that holds back is in loops and branches.
  Operation *copy = b.clone(*request);
  Block &body = copy->getRegion(0).front();
  SmallVector<CompositeOp> calls;
  copy->walk([&](CompositeOp call) {
    if (!call.hasRule())
      calls.push_back(call);
  });
  for (CompositeOp call : calls)
    inlineBody(call);
  SmallVector<Operation *> inner;
  body.walk([&](Operation *op) {
    if (isa<VjpOp, JvpOp>(op))
      inner.push_back(op);
  });
  Shared shared{-1};
  for (Operation *op : inner)
    if (auto reverse = dyn_cast<VjpOp>(op); failed(reverse ? expand(reverse, {}, shared) : expand(cast<JvpOp>(op), {}, shared)))
      break; // the request itself meets the same, and reports it
  lockstep.base.map(body.getArguments(), base);
  lockstep.moved.map(body.getArguments(), moved);
  lockstep.ops(body);
  SmallVector<Value> values;
  for (Value v : body.getTerminator()->getOperands())
    values.push_back(lockstep.moved.lookupOrDefault(v));
  copy->erase();
  return values;
}
