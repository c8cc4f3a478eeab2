//===- Split.cpp - loops that may not keep a row a round ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// n rounds that keep s bytes each, below a bound. First what is expensive is computed again too, if that is enough.
// Else the loop becomes two, one in the other,
//
//   for o in 0 .. n / r { for j in 0 .. r { i = lo + o * r + j;  x = f(i, x) } };  for the n % r rounds that are left
//
// which are walked back as any loops are: the outer one keeps the state before each of its rounds, of c bytes, and the
// inner one is run again and keeps a row a round. That is r * s + n / r * c bytes and one run more. Where it is not
// enough the outer loop is split again: with k levels of equal bytes a bound of (k + 1) * (n s c^k)^(1 / (k + 1)) bytes
// takes k more runs, which is optimal up to a constant (Griewank and Walther, Revolve, 2000).
//
//===----------------------------------------------------------------------===//
#include "lib/Autodiff/Loops.h"
#include "lib/Autodiff/Saved.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include <cmath>

using namespace mlir;
using namespace tds;

Slice tds::sliceFor(Block *body, ValueRange states, ValueRange yielded, ValueRange saved) {
  Slice slice;
  llvm::SmallPtrSet<Value, 32> seen;
  llvm::SmallSetVector<unsigned, 8> needed;
  SmallVector<Value> open(saved);
  while (!open.empty()) {
    Value v = open.pop_back_val();
    if (!isWithin(v, body) || !seen.insert(v).second)
      continue;
    for (auto [k, state] : llvm::enumerate(states))
      if (v == state && needed.insert(unsigned(k)))
        open.push_back(yielded[k]);
    if (Operation *op = v.getDefiningOp()) {
      slice.ops.insert(op);
      op->walk([&](Operation *inner) { llvm::append_range(open, inner->getOperands()); });
    }
  }
  slice.states = needed.takeVector();
  llvm::sort(slice.states);
  return slice;
}

/// Rounds of the innermost loop of so many levels, or 0 if they do not fit.
static int64_t innerRounds(int64_t rounds, int64_t levels, int64_t share, int64_t row, int64_t state) {
  int64_t rows = share / std::max<int64_t>(row, 1), states = share / std::max<int64_t>(state, 1);
  if (rows < 2 || states < 2)
    return 0;
  double reach = double(rows) * std::pow(double(states), double(levels));
  return reach < double(rounds) ? 0 : std::min(rows, rounds);
}

LoopReversal::Choice LoopReversal::choose(std::optional<int64_t> rounds) {
  constexpr int64_t mostLevels = 4;
  Choice usual = cut(false);
  if (keep < 0 || !rounds || *rounds * usual.bytes <= keep)
    return usual;
  Choice least = cut(true);
  if (*rounds * least.bytes <= keep || *rounds < 4)
    return least;
  auto stateBytes = [&](const Choice &choice) {
    SmallVector<Value> values;
    for (Value v : choice.saved)
      values.push_back(written(v));
    int64_t bytes = 0;
    for (unsigned k : sliceFor(body, states, yielded, values).states)
      bytes += bytesOf(states[k]);
    return bytes;
  };
  // All of about the same number of rounds, so that what is left over is little.
  auto even = [&](int64_t most) {
    int64_t times = std::max<int64_t>(*rounds / most + (*rounds % most != 0), 2);
    return *rounds / times + (*rounds % times != 0);
  };
  int64_t usualState = stateBytes(usual), leastState = stateBytes(least);
  for (int64_t levels = 1; levels <= mostLevels; ++levels)
    for (auto [choice, state] : {std::pair(&usual, usualState), {&least, leastState}})
      if (int64_t rows = innerRounds(*rounds, levels, keep / (levels + 1), choice->bytes, state)) {
        choice->inner = even(rows);
        choice->rest = std::max<int64_t>(0, keep - choice->inner * choice->bytes);
        return *choice;
      }
  // More than it may, but little.
  double share = std::pow(double(*rounds) * double(std::max<int64_t>(least.bytes, 1)) *
                              std::pow(double(std::max<int64_t>(leastState, 1)), double(mostLevels)),
                          1.0 / double(mostLevels + 1));
  int64_t rows = int64_t(std::ceil(share / double(std::max<int64_t>(least.bytes, 1))));
  least.inner = even(std::clamp<int64_t>(rows, 2, *rounds / 2));
  least.rest = int64_t(share * double(mostLevels) * 1.1);
  return least;
}

LogicalResult LoopReversal::split(int64_t rounds, const Choice &choice, OpBuilder::InsertPoint after) {
  auto whole = cast<scf::ForOp>(loop);
  for (Value result : whole.getResults())
    outer.cotangents.erase(result); // taken; the loop becomes new ones
  OpBuilder at(whole);
  auto index = [&](int64_t number) -> Value { return arith::ConstantIndexOp::create(at, loc, number); };
  int64_t times = rounds / choice.inner, rest = rounds % choice.inner, rows = choice.inner * choice.bytes;
  Value zero = index(0), one = index(1), length = index(choice.inner);
  auto bound = [&](scf::ForOp of, int64_t bytes) { of->setAttr(keepAttribute, at.getI64IntegerAttr(bytes)); };
  // for j in 0 .. count, of the rounds from `start` on
  auto part = [&](OpBuilder &b, int64_t count, Value start, ValueRange inits, bool last) {
    Value stop = arith::ConstantIndexOp::create(b, loc, count);
    auto loop = scf::ForOp::create(b, loc, zero, stop, one, inits);
    if (last) {
      loop.getRegion().takeBody(whole.getRegion());
    } else {
      IRMapping map;
      loop.getRegion().getBlocks().clear();
      whole.getRegion().cloneInto(&loop.getRegion(), map);
    }
    OpBuilder top = OpBuilder::atBlockBegin(loop.getBody());
    auto round = arith::AddIOp::create(top, loc, start, loop.getInductionVar());
    loop.getInductionVar().replaceAllUsesExcept(round, round);
    bound(loop, rows);
    return loop;
  };
  auto nest = scf::ForOp::create(at, loc, zero, index(times), one, whole.getInitArgs());
  bound(nest, choice.rest);
  {
    OpBuilder inside = OpBuilder::atBlockBegin(nest.getBody());
    Value done = arith::MulIOp::create(inside, loc, nest.getInductionVar(), length);
    Value start = arith::AddIOp::create(inside, loc, whole.getLowerBound(), done);
    auto inner = part(inside, choice.inner, start, nest.getRegionIterArgs(), rest == 0);
    inside.setInsertionPointToEnd(nest.getBody());
    scf::YieldOp::create(inside, loc, inner.getResults());
  }
  scf::ForOp last = nest;
  if (rest) {
    Value start = arith::AddIOp::create(at, loc, whole.getLowerBound(), index(times * choice.inner));
    last = part(at, rest, start, nest.getResults(), true);
  }
  whole.replaceAllUsesWith(last.getResults());
  outer.activity.mark(nest);
  outer.replaced.erase(nest); // of another op that was there
  if (rest) {
    outer.activity.mark(last);
    outer.replaced.erase(last);
  }

  b.restoreInsertionPoint(after);
  Operation *split = loop; // a key only: it goes
  whole.erase();
  SmallVector<Operation *, 1> parts;
  auto now = [&](Operation *part) -> SmallVector<Operation *, 1> {
    auto longer = outer.replaced.find(part);
    return longer == outer.replaced.end() ? SmallVector<Operation *, 1>{part} : longer->second;
  };
  if (failed(outer.loop(last, given)) || (rest && failed(outer.step(nest))))
    return failure();
  if (rest)
    parts = now(nest);
  llvm::append_range(parts, now(last));
  outer.replaced[split] = parts;
  return success();
}
