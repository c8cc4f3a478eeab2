//===- Checkpoints.cpp - reverse mode where rounds are not counted --------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory is planned before anything runs, so a loop whose number of rounds n is data keeps a fixed number of rows: what
// the reversed loop reads of its first `rows` rounds, and whole states now and then. Chunks of `rows` rounds are walked
// back, the last first. If all rounds fit into one chunk, what it reads is there; else the chunk is run again from the
// state before it:
//
//   for c in chunks reversed {
//     start = c * rows;  stop = min(n, start + rows);  x = states[start // stride]
//     for i in (start // stride) * stride .. stop { kept[i - start] = what is read;  x = f(i, x) }   # nothing if n <=
//     rows for i in start .. stop reversed { dx = (df/dx)^T dx }
//   }
//
// States are kept every `stride` rounds, a multiple of `rows`. Where n is known when the loop begins it follows from
// n; a `while` begins with `rows`, and drops every other state when there is no room, and doubles it. So up to rows *
// slots rounds the loop is run once more, whatever its length, and beyond that memory stays and work grows.
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Autodiff/Loops.h"
#include "lib/Autodiff/Saved.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tds;

namespace {
/// Arithmetic on tensors of one i64.
struct Numbers {
  OpBuilder &b;
  Location loc;

  Value operator()(int64_t number) { return constant(b, loc, host::Int(number), scalarType(b.getI64Type())); }
  Value operator()(StringRef name, Value x, Value y) { return pointwise(b, loc, name, {x, y}); }
  Value operator()(StringRef name, Value x, int64_t y) { return (*this)(name, x, (*this)(y)); }
  Value select(Value c, Value x, Value y) { return SelectOp::create(b, loc, c, x, y); }
  Value index(Value number) {
    Value scalar = tensor::ExtractOp::create(b, loc, number, ValueRange());
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), scalar);
  }
};
} // namespace

/// How many rows of so many bytes a loop keeps: 16 MiB of them or as much as it may, but not fewer than 16 nor more
/// than 4096.
static int64_t rowsOf(ValueRange values, int64_t keep) {
  constexpr int64_t usual = int64_t(16) << 20, fewest = 16, most = 4096;
  int64_t budget = keep < 0 ? usual : std::min(usual, keep / 3); // twice the rows, once the states
  int64_t bytes = 1;
  for (Value v : values)
    bytes += bytesOf(v);
  return std::clamp<int64_t>(int64_t(llvm::bit_floor(uint64_t(budget / bytes))), fewest, most);
}

namespace tds {
class Checkpoints {
public:
  explicit Checkpoints(LoopReversal &r)
      : r(r), b(r.b), loc(r.loc), slice(sliceFor(r.body, r.states, r.yielded, r.saved)) {
    for (unsigned k : slice.states)
      starts.push_back(r.states[k]);
    rows = rowsOf(r.saved, r.keep);
    slots = rowsOf(starts, r.keep);
  }

  void copyRound();
  void keepInFor(scf::ForOp loop);
  void keepInWhile(scf::WhileOp loop);
  void walkBack();

private:
  SmallVector<Value> emptyStacks(OpBuilder &at) const;
  SmallVector<Value> keep(OpBuilder &top, Value number, ValueRange stacks);
  SmallVector<Value> thin(OpBuilder &top, Value full, ValueRange stacks);
  SmallVector<Value> runAgain(Value start, Value stop, Value fits);
  Value placed(OpBuilder &top, Value v, Value stack, Value row);

  LoopReversal &r;
  OpBuilder &b;
  Location loc;
  Slice slice;
  SmallVector<Value> starts; // states of a round that is run again
  int64_t rows, slots;

  mlir::Region again; // that round; its argument is the number
  SmallVector<Value> againStates, againSaved;
  Value againCounter; // a stand-in, as is the reversed round's

  Value lower;         // of a `for`, an index
  Value count, stride; // of rounds
  SmallVector<Value> keptRows, keptStates;
};
} // namespace tds

/// The round once more, before the loop's own keeps anything.
void Checkpoints::copyRound() {
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(&again);
  block->addArgument(b.getIndexType(), loc);
  IRMapping map;
  if (auto counted = dyn_cast<scf::ForOp>(r.loop)) {
    againCounter = UnrealizedConversionCastOp::create(b, loc, b.getIndexType(), ValueRange()).getResult(0);
    map.map(counted.getInductionVar(), againCounter);
  }
  for (Value state : starts)
    map.map(state, block->addArgument(state.getType(), state.getLoc()));
  for (Operation &op : *r.body)
    if (slice.ops.contains(&op))
      b.clone(op, map);
  for (unsigned k : slice.states)
    againStates.push_back(map.lookupOrDefault(r.yielded[k]));
  for (Value v : r.saved)
    againSaved.push_back(map.lookupOrDefault(v));
}

SmallVector<Value> Checkpoints::emptyStacks(OpBuilder &at) const {
  SmallVector<Value> stacks;
  for (Value v : r.saved)
    stacks.push_back(emptyStack(at, loc, std::to_string(rows), typeOf(v)));
  for (Value v : starts)
    stacks.push_back(emptyStack(at, loc, std::to_string(slots), typeOf(v)));
  return stacks;
}

/// Writes v to its stack as soon as it is there: a state may be overwritten later.
Value Checkpoints::placed(OpBuilder &top, Value v, Value stack, Value row) {
  if (isa<BlockArgument>(v))
    return writeRow(top, loc, stack, v, row, Outside::otherwise);
  OpBuilder behind(v.getContext());
  behind.setInsertionPointAfterValue(v);
  return writeRow(behind, loc, stack, v, row, Outside::otherwise);
}

/// A round of the loop keeps what is read of it while there are rows, and what it begins with now and then.
SmallVector<Value> Checkpoints::keep(OpBuilder &top, Value number, ValueRange stacks) {
  Numbers n{top, loc};
  SmallVector<Value> kept;
  Value due = n("eq", n("mod", number, stride), n(0));
  Value slot = n.select(due, n("floordiv", number, stride), n(-1));
  for (auto [v, stack] : llvm::zip(r.saved, stacks))
    kept.push_back(placed(top, v, stack, number));
  for (auto [v, stack] : llvm::zip_equal(starts, stacks.drop_front(r.saved.size())))
    kept.push_back(writeRow(top, loc, stack, v, slot, Outside::otherwise));
  return kept;
}

void Checkpoints::keepInFor(scf::ForOp loop) {
  OpBuilder before(loop);
  Numbers n{before, loc};
  lower = loop.getLowerBound();
  Value low = numberOf(before, loc, lower);
  count = n("maximum", n("sub", numberOf(before, loc, loop.getUpperBound()), low), 0);
  if (r.saved.empty())
    return;
  Value times = n("floordiv", n("add", count, rows * slots - 1), rows * slots);
  stride = n("mul", n("maximum", times, 1), rows);
  SmallVector<Value> stacks = emptyStacks(before);
  scf::ForOp longer = lengthen(loop, stacks);
  OpBuilder top = OpBuilder::atBlockBegin(longer.getBody());
  Value number = Numbers{top, loc}("sub", numberOf(top, loc, longer.getInductionVar()), low);
  SmallVector<Value> yields(longer.getYieldedValues());
  yields.append(keep(top, number, longer.getRegionIterArgs().take_back(stacks.size())));
  longer.getBody()->getTerminator()->setOperands(yields);
  ValueRange results = longer.getResults().take_back(stacks.size());
  keptRows = SmallVector<Value>(results.take_front(r.saved.size()));
  keptStates = SmallVector<Value>(results.drop_front(r.saved.size()));
  r.outer.replaced[loop] = {longer};
  loop.erase();
}

/// Every other state goes where there is no room.
SmallVector<Value> Checkpoints::thin(OpBuilder &top, Value full, ValueRange stacks) {
  Numbers n{top, loc};
  Value half = n.index(n.select(full, n(slots / 2), n(0)));
  Value zero = arith::ConstantIndexOp::create(top, loc, 0), one = arith::ConstantIndexOp::create(top, loc, 1);
  auto loop = scf::ForOp::create(top, loc, zero, half, one, stacks);
  OpBuilder inside = OpBuilder::atBlockBegin(loop.getBody());
  Numbers m{inside, loc};
  Value to = numberOf(inside, loc, loop.getInductionVar()), from = m("mul", to, 2);
  SmallVector<Value> thinner;
  for (auto [v, stack] : llvm::zip_equal(starts, loop.getRegionIterArgs())) {
    Value state = readRow(inside, loc, stack, typeOf(v), from);
    thinner.push_back(writeRow(inside, loc, stack, state, to, Outside::clamp));
  }
  scf::YieldOp::create(inside, loc, thinner);
  return SmallVector<Value>(loop.getResults());
}

/// A `while` also carries the number of the round and how far states are apart.
void Checkpoints::keepInWhile(scf::WhileOp loop) {
  OpBuilder before(loop);
  Numbers n{before, loc};
  size_t first = r.inits.size();
  SmallVector<Value> inits(r.inits);
  inits.push_back(n(0));
  if (!r.saved.empty()) {
    inits.push_back(n(rows));
    inits.append(emptyStacks(before));
  }
  auto longer = scf::WhileOp::create(before, loc, ValueRange(inits).getTypes(), inits);
  longer.getBefore().takeBody(loop.getBefore());
  longer.getAfter().takeBody(loop.getAfter());
  Block *round = longer.getAfterBody();
  for (Value init : ArrayRef(inits).drop_front(first)) {
    longer.getBeforeBody()->addArgument(init.getType(), loc);
    round->addArgument(init.getType(), loc);
  }
  longer.getConditionOp().getArgsMutable().assign(longer.getBeforeArguments());
  OpBuilder top = OpBuilder::atBlockBegin(round);
  Numbers m{top, loc};
  Value number = round->getArgument(unsigned(first));
  SmallVector<Value> yields(longer.getYieldOp().getOperands());
  yields.push_back(m("add", number, 1));
  if (!r.saved.empty()) {
    stride = round->getArgument(unsigned(first + 1));
    SmallVector<Value> stacks(round->getArguments().drop_front(first + 2));
    Value full = m("eq", number, m("mul", stride, slots));
    if (!starts.empty())
      llvm::copy(thin(top, full, ArrayRef(stacks).drop_front(r.saved.size())), stacks.begin() + r.saved.size());
    stride = m.select(full, m("mul", stride, 2), stride);
    yields.push_back(stride);
    yields.append(keep(top, number, stacks));
    stride = longer.getResult(unsigned(first + 1));
    ValueRange results = longer.getResults().drop_front(first + 2);
    keptRows = SmallVector<Value>(results.take_front(r.saved.size()));
    keptStates = SmallVector<Value>(results.drop_front(r.saved.size()));
  }
  longer.getYieldOp()->setOperands(yields);
  count = longer.getResult(unsigned(first));
  loop.replaceAllUsesWith(longer.getResults().take_front(first));
  r.outer.replaced[loop] = {longer};
  loop.erase();
}

/// What is read of the rounds start .. stop, by running them again; nothing is run where the loop kept it.
SmallVector<Value> Checkpoints::runAgain(Value start, Value stop, Value fits) {
  Numbers n{b, loc};
  Value slot = n("floordiv", start, stride);
  Value from = n.select(fits, stop, n("mul", slot, stride));
  SmallVector<Value> inits, yields(againStates);
  for (auto [v, stack] : llvm::zip_equal(starts, keptStates))
    inits.push_back(readRow(b, loc, stack, typeOf(v), slot));
  for (Value v : r.saved)
    inits.push_back(emptyStack(b, loc, std::to_string(rows), typeOf(v)));
  Block &block = again.front();
  Value number = block.getArgument(0);
  OpBuilder top(b.getContext(), b.getListener()); // the region is of no op yet
  top.setInsertionPointToStart(&block);
  Value row = Numbers{top, loc}("sub", numberOf(top, loc, number), start);
  if (againCounter)
    r.become(againCounter, arith::AddIOp::create(top, loc, number, lower));
  for (auto [v, init] : llvm::zip_equal(againSaved, ArrayRef(inits).drop_front(starts.size())))
    yields.push_back(placed(top, v, block.addArgument(init.getType(), loc), row));
  top.setInsertionPointToEnd(&block);
  scf::YieldOp::create(top, loc, yields);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, n.index(from), n.index(stop), one, inits);
  loop.getRegion().takeBody(again);
  return SmallVector<Value>(loop.getResults().drop_front(starts.size()));
}

void Checkpoints::walkBack() {
  Numbers n{b, loc};
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  // The reversed round is number `last - r`.
  auto place = [&](Value last) {
    OpBuilder top(b.getContext(), b.getListener());
    top.setInsertionPointToStart(r.round);
    Value number = arith::SubIOp::create(top, loc, last, r.round->getArgument(0));
    if (r.counter)
      r.become(r.counter, arith::AddIOp::create(top, loc, number, lower));
    return std::pair(top, numberOf(top, loc, number));
  };
  if (r.saved.empty()) { // nothing is read
    place(n.index(n("sub", count, 1)));
    return r.finish(r.reversed(zero, n.index(count), r.begin()).getResults());
  }
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value chunks = n("floordiv", n("add", count, rows - 1), rows), fits = n("le", count, n(rows));
  auto loop = scf::ForOp::create(b, loc, zero, n.index(chunks), one, r.begin());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value chunk = n("sub", n("sub", chunks, 1), numberOf(b, loc, loop.getInductionVar()));
    Value start = n("mul", chunk, rows), stop = n("minimum", count, n("add", start, rows));
    SmallVector<Value> ranAgain = runAgain(start, stop, fits);
    auto [top, number] = place(n.index(n("sub", stop, 1)));
    Value row = Numbers{top, loc}("sub", number, start);
    for (auto [k, read] : llvm::enumerate(r.reads)) {
      RankedTensorType type = typeOf(read);
      Value kept = readRow(top, loc, keptRows[k], type, row), ran = readRow(top, loc, ranAgain[k], type, row);
      Value mask = fill(top, loc, fits, withElement(type, b.getI1Type()));
      r.become(read, SelectOp::create(top, loc, mask, kept, ran));
    }
    scf::ForOp rounds = r.reversed(zero, n.index(n("sub", stop, start)), loop.getRegionIterArgs());
    if (loop.getBody()->empty() || !loop.getBody()->back().hasTrait<OpTrait::IsTerminator>())
      scf::YieldOp::create(b, loc, rounds.getResults());
  }
  r.finish(loop.getResults());
}

void LoopReversal::keepSome(OpBuilder::InsertPoint after) {
  for (Value result : loop->getResults())
    outer.cotangents.erase(result); // taken; the loop becomes a new op
  Checkpoints checkpoints(*this);
  checkpoints.copyRound();
  if (auto counted = dyn_cast<scf::ForOp>(loop))
    checkpoints.keepInFor(counted);
  else
    checkpoints.keepInWhile(cast<scf::WhileOp>(loop));
  b.restoreInsertionPoint(after);
  checkpoints.walkBack();
}
