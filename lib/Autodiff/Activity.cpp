//===- Activity.cpp -------------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Autodiff/Activity.h"
#include "lib/Autodiff/Derivatives.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tds;

bool tds::carriesDerivatives(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && isDifferentiable(type.getElementType());
}

bool Activity::usesVarying(Operation *op) const {
  return op
      ->walk([&](Operation *inner) {
        return llvm::any_of(inner->getOperands(), [&](Value v) { return varies(v); }) ? WalkResult::interrupt()
                                                                                      : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether all partial derivatives of a function are zero, as those of `floor` and `stop_gradient`.
static bool isFlat(Operation *op) {
  auto function = dyn_cast<Pointwise>(op);
  if (!function)
    return false;
  Block scratch; // the rules write ops for what is not a number
  OpBuilder b(op->getContext());
  b.setInsertionPointToEnd(&scratch);
  ExprBuilder e(b, op);
  SmallVector<Expr> partials = function.partials(e);
  return !partials.empty() && llvm::all_of(partials, [](const Expr &p) { return p.is(0); });
}

bool Activity::pass(ValueRange from, ValueRange to) {
  bool any = false;
  for (auto [source, target] : llvm::zip_equal(from, to))
    if (varies(source) && carriesDerivatives(target))
      any |= varying.insert(target).second;
  return any;
}

void Activity::mark(scf::ForOp loop) {
  pass(loop.getInitArgs(), loop.getRegionIterArgs());
  do // what one round makes vary, the next one reads
    mark(*loop.getBody());
  while (pass(loop.getYieldedValues(), loop.getRegionIterArgs()));
  pass(loop.getRegionIterArgs(), loop.getResults());
}

void Activity::mark(scf::WhileOp loop) {
  pass(loop.getInits(), loop.getBeforeArguments());
  do {
    mark(*loop.getBeforeBody());
    pass(loop.getConditionOp().getArgs(), loop.getAfterArguments());
    mark(*loop.getAfterBody());
  } while (pass(loop.getYieldOp().getOperands(), loop.getBeforeArguments()));
  pass(loop.getConditionOp().getArgs(), loop.getResults());
}

void Activity::mark(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return mark(loop);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return mark(loop);
  if (isa<WhereOp, scf::IfOp>(op) || isCheckpoint(op)) {
    for (Region &side : op->getRegions())
      for (Block &block : side) {
        mark(block);
        for (auto [result, yielded] : llvm::zip(op->getResults(), block.getTerminator()->getOperands()))
          if (varies(yielded))
            varying.insert(result);
      }
    return;
  }
  if (!usesVarying(op) || isFlat(op))
    return;
  for (Value result : op->getResults())
    if (carriesDerivatives(result))
      varying.insert(result);
}

bool tds::isCheckpoint(Operation *op) {
  auto call = dyn_cast<CompositeOp>(op);
  return call && call.getName() == "checkpoint" && call.getArgs().empty() && !call.hasRule();
}

Block::iterator tds::inlineBody(CompositeOp op) {
  Block &body = op.getBody().front();
  YieldOp yield = op.bodyYield();
  for (auto [argument, value] : llvm::zip_equal(body.getArguments(), op.getArgs()))
    argument.replaceAllUsesWith(value);
  SmallVector<Value> results(yield.getValues());
  Block *block = op->getBlock();
  bool first = op->getIterator() == block->begin();
  Block::iterator before = first ? Block::iterator() : std::prev(op->getIterator());
  block->getOperations().splice(op->getIterator(), body.getOperations(), body.begin(), yield->getIterator());
  op.replaceAllUsesWith(results);
  op.erase();
  return first ? block->begin() : std::next(before);
}

void Activity::mark(Block &block) {
  for (auto it = block.begin(); it != block.end();) {
    if (auto composite = dyn_cast<CompositeOp>(*it); composite && !composite.hasRule() &&
        !(keepsCheckpoints && isCheckpoint(composite)) && usesVarying(composite)) {
      it = inlineBody(composite);
      continue;
    }
    mark(&*it++);
  }
}
