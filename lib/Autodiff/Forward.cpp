//===- Forward.cpp - tangents, from the first op to the last --------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Adjoints.h"
#include "dialect/TdsBuilder.h"
#include "lib/Autodiff/Derivatives.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tds;

Value Forward::getOrZero(Location loc, Value v) {
  Value tangent = get(v);
  return tangent ? tangent : constant(b, loc, 0.0, typeOf(v));
}

LogicalResult Forward::walk(Block &block) {
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : ops) {
    b.setInsertionPointAfter(op);
    if (failed(step(op)))
      return failure();
  }
  b.setInsertionPoint(block.getTerminator());
  return success();
}

LogicalResult Forward::step(Operation *op) {
  if (llvm::none_of(op->getResults(), [&](Value v) { return activity.varies(v); }))
    return success();
  if (auto branch = dyn_cast<WhereOp>(op))
    return where(branch);
  if (auto call = dyn_cast<CompositeOp>(op))
    return composite(call);
  if (auto counted = dyn_cast<scf::ForOp>(op))
    return loop(counted);
  if (auto conditional = dyn_cast<scf::WhileOp>(op))
    return loop(conditional);
  if (op->getNumRegions())
    return refuse(op);
  SmallVector<Value> given, found;
  for (Value operand : op->getOperands())
    given.push_back(get(operand));
  if (failed(pushforward(b, op, given, found)))
    return failure();
  for (auto [result, tangent] : llvm::zip_equal(op->getResults(), found))
    if (tangent) {
      made.name(tangent, result);
      set(result, tangent);
    }
  return success();
}

/// Each side yields the tangents of its results as well.
LogicalResult Forward::where(WhereOp op) {
  SmallVector<unsigned> varying;
  SmallVector<Type> types(op.getResultTypes());
  for (OpResult result : op.getResults())
    if (activity.varies(result)) {
      varying.push_back(result.getResultNumber());
      types.push_back(result.getType());
    }
  for (Region *side : {&op.getThenRegion(), &op.getElseRegion()}) {
    if (failed(walk(side->front())))
      return failure();
    auto yield = cast<YieldOp>(side->front().getTerminator());
    SmallVector<Value> values(yield.getValues());
    for (unsigned result : varying)
      values.push_back(getOrZero(op.getLoc(), values[result]));
    yield->setOperands(values);
  }
  b.setInsertionPointAfter(op);
  auto both = WhereOp::create(b, op.getLoc(), types, op.getCond());
  both->setLoc(op.getLoc()); // it takes the place of the op, and its name
  both.getThenRegion().takeBody(op.getThenRegion());
  both.getElseRegion().takeBody(op.getElseRegion());
  unsigned count = op.getNumResults();
  for (auto [old, result] : llvm::zip(op.getResults(), both.getResults())) {
    if (activity.varies(old))
      activity.add(result);
    old.replaceAllUsesWith(result);
  }
  for (auto [k, result] : llvm::enumerate(varying))
    set(both.getResult(result), both.getResult(count + k));
  op.erase();
  return success();
}

/// What a loop carries along for tangents: zeros where what it begins with does not vary.
SmallVector<Value> Forward::tangentsOf(Location loc, ValueRange values, ArrayRef<unsigned> which) {
  SmallVector<Value> found;
  for (unsigned k : which)
    found.push_back(getOrZero(loc, values[k]));
  return found;
}

/// Arguments for the tangents of a block's arguments.
void Forward::addTangentArguments(Block *block, Block::BlockArgListType of, ArrayRef<unsigned> which) {
  SmallVector<Value> arguments(of.begin(), of.end()); // the list moves
  for (unsigned k : which)
    set(arguments[k], block->addArgument(arguments[k].getType(), arguments[k].getLoc()));
}

/// The loop with tangents takes the place of the one without, and its name.
void Forward::replaceLoop(Operation *loop, Operation *longer, ArrayRef<unsigned> which) {
  longer->setLoc(loop->getLoc());
  unsigned count = loop->getNumResults();
  for (auto [k, result] : llvm::enumerate(which)) {
    activity.add(longer->getResult(result));
    set(longer->getResult(result), longer->getResult(unsigned(count + k)));
  }
  loop->replaceAllUsesWith(longer->getResults().take_front(count));
  loop->erase();
}

/// for x { x' }  =>  for x, dx { x', dx' }
LogicalResult Forward::loop(scf::ForOp op) {
  Location loc = op.getLoc();
  SmallVector<unsigned> which;
  for (auto [k, argument] : llvm::enumerate(op.getRegionIterArgs()))
    if (activity.varies(argument))
      which.push_back(unsigned(k));
  b.setInsertionPoint(op);
  SmallVector<Value> inits(op.getInitArgs());
  inits.append(tangentsOf(loc, op.getInitArgs(), which));
  addTangentArguments(op.getBody(), op.getRegionIterArgs(), which);
  if (failed(walk(*op.getBody())))
    return failure();
  auto yield = cast<scf::YieldOp>(op.getBody()->getTerminator());
  SmallVector<Value> yields(yield.getOperands());
  yields.append(tangentsOf(loc, yield.getOperands(), which));
  yield->setOperands(yields);
  b.setInsertionPointAfter(op);
  auto longer = scf::ForOp::create(b, loc, op.getLowerBound(), op.getUpperBound(), op.getStep(), inits);
  longer.getRegion().takeBody(op.getRegion());
  replaceLoop(op, longer, which);
  return success();
}

/// while c(x) { x' }  =>  while x, dx { x', dx' } with the same condition.
LogicalResult Forward::loop(scf::WhileOp op) {
  Location loc = op.getLoc();
  SmallVector<unsigned> before, after; // what the condition takes, and what it passes on
  for (auto [k, argument] : llvm::enumerate(op.getBeforeArguments()))
    if (activity.varies(argument))
      before.push_back(unsigned(k));
  for (auto [k, argument] : llvm::enumerate(op.getAfterArguments()))
    if (activity.varies(argument))
      after.push_back(unsigned(k));
  b.setInsertionPoint(op);
  SmallVector<Value> inits(op.getInits());
  inits.append(tangentsOf(loc, op.getInits(), before));
  addTangentArguments(op.getBeforeBody(), op.getBeforeArguments(), before);
  if (failed(walk(*op.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = op.getConditionOp();
  SmallVector<Value> passed(condition.getArgs());
  passed.append(tangentsOf(loc, condition.getArgs(), after));
  condition.getArgsMutable().assign(passed);
  addTangentArguments(op.getAfterBody(), op.getAfterArguments(), after);
  if (failed(walk(*op.getAfterBody())))
    return failure();
  scf::YieldOp yield = op.getYieldOp();
  SmallVector<Value> yields(yield.getOperands());
  yields.append(tangentsOf(loc, yield.getOperands(), before));
  yield->setOperands(yields);
  b.setInsertionPointAfter(op);
  auto longer = scf::WhileOp::create(b, loc, ValueRange(passed).getTypes(), inits);
  longer.getBefore().takeBody(op.getBefore());
  longer.getAfter().takeBody(op.getAfter());
  replaceLoop(op, longer, after);
  return success();
}

/// A derivative of one's own is reverse: the cotangents of the arguments are a linear function R of those of the
/// results. The tangents of the results are its transpose at those of the arguments, which is a reverse derivative
/// again.
LogicalResult Forward::composite(CompositeOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> wrt, seeds;
  SmallVector<OpResult> results;
  for (OpResult result : op.getResults())
    if (carriesDerivatives(result)) {
      wrt.push_back(constant(b, loc, 0.0, typeOf(result)));
      results.push_back(result);
    }
  for (Value argument : op.getArgs())
    if (carriesDerivatives(argument))
      seeds.push_back(getOrZero(loc, argument));

  Block &rule = op.getRule().front();
  Region region;
  {
    OpBuilder::InsertionGuard guard(b);
    Block *block = b.createBlock(&region);
    IRMapping map;
    unsigned next = 0;
    for (Value argument : op.getArgs())
      map.map(rule.getArgument(next++), argument);
    for (Value result : op.getResults())
      map.map(rule.getArgument(next++), carriesDerivatives(result) ? block->addArgument(result.getType(), loc)
                                                                   : constant(b, loc, 0.0, typeOf(result)));
    for (Operation &inner : rule)
      b.clone(inner, map);
  }
  SmallVector<Type> types(region.front().getTerminator()->getOperandTypes());
  size_t rest = types.size();
  llvm::append_range(types, ValueRange(wrt).getTypes());
  auto transpose = VjpOp::create(b, loc, types, wrt, seeds);
  transpose.getBody().takeBody(region);
  // The request disappears with its results: a copy of each stands for it until then.
  SmallVector<Value> tangents;
  for (auto [k, result] : llvm::enumerate(results)) {
    tangents.push_back(StopGradientOp::create(b, loc, transpose.getResult(rest + k)));
  }
  if (failed(expand(transpose, made.origin, made.shared)))
    return failure();
  for (auto [result, holder] : llvm::zip_equal(results, tangents)) {
    Value tangent = holder.getDefiningOp()->getOperand(0);
    holder.getDefiningOp()->erase();
    set(result, tangent);
  }
  return success();
}

LogicalResult tds::expand(JvpOp request, Origin origin, Shared &shared) {
  Block &body = request.getBody().front();
  Activity activity(body.getArguments(), /*keepsCheckpoints=*/false);
  activity.mark(body);
  Made made(origin, shared);
  OpBuilder b(request.getContext(), &made);
  Forward forward(b, made, activity);
  for (auto [argument, tangent] : llvm::zip_equal(body.getArguments(), request.getTangents()))
    forward.set(argument, tangent);
  if (failed(forward.walk(body)))
    return failure();
  YieldOp yield = request.bodyYield();
  SmallVector<Value> results(yield.getValues());
  for (Value v : yield.getValues())
    results.push_back(forward.getOrZero(request.getLoc(), v));
  yield->setOperands(results);
  inlineRequest(request, request.getWrt());
  return success();
}
