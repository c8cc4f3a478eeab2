//===- Loops.cpp - reverse mode of loops ----------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x' = f(i, x, c) for i in lo .. hi, with x carried and c from outside. The reversed loop takes what the loop has kept
// of round i, computes from it what it needs, and walks the round back:
//
//   for r in lo .. hi { i = lo + hi - 1 - r;  dx = (df/dx)^T dx;  dc += (df/dc)^T dx }
//
// What is kept is chosen by Saved.h; where it is kept, by whether the number of rounds is known (keepAll) or not
// (keepSome, Checkpoints.cpp).
//
//===----------------------------------------------------------------------===//
#include "lib/Autodiff/Loops.h"
#include "dialect/TdsBuilder.h"
#include "lib/Autodiff/Saved.h"
#include "lib/Shape/Dim.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tds;

/// A loop's bound as a size: a number, or what IRGen makes of a size expression. Empty when it is data.
static std::optional<Dim> sizeOf(Value bound) {
  APInt number;
  if (matchPattern(bound, m_ConstantInt(&number)))
    return Dim(number.getSExtValue());
  if (auto cast = bound.getDefiningOp<arith::IndexCastOp>())
    if (auto extract = cast.getIn().getDefiningOp<tensor::ExtractOp>()) {
      if (auto size = extract.getTensor().getDefiningOp<SizeOp>())
        return Dim::parse(size.getSize());
      if (auto constant = extract.getTensor().getDefiningOp<ConstantOp>())
        if (auto value = dyn_cast<DenseIntElementsAttr>(constant.getValue()); value && value.isSplat())
          return Dim(value.getSplatValue<APInt>().getSExtValue());
    }
  return std::nullopt;
}

Value tds::everywhere(OpBuilder &b, Location loc, Type type, bool value) {
  return constant(b, loc, value ? 1.0 : 0.0, withElement(cast<RankedTensorType>(type), b.getI1Type()));
}

Value tds::numberOf(OpBuilder &b, Location loc, Value index) {
  if (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    if (auto extract = cast.getIn().getDefiningOp<tensor::ExtractOp>())
      if (extract.getTensor().getType() == scalarType(b.getI64Type()))
        return extract.getTensor();
  APInt known;
  if (matchPattern(index, m_ConstantInt(&known)))
    return constant(b, loc, host::Int(known.getSExtValue()), scalarType(b.getI64Type()));
  Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  return tensor::FromElementsOp::create(b, loc, scalarType(b.getI64Type()), number);
}

/// stack[row, ...] as a map over the dims of what is kept, the row being the symbol.
static AffineMap rowMap(OpBuilder &b, unsigned rank) {
  SmallVector<AffineExpr> exprs{b.getAffineSymbolExpr(0)};
  for (unsigned d = 0; d < rank; ++d)
    exprs.push_back(b.getAffineDimExpr(d));
  return AffineMap::get(rank, 1, exprs, b.getContext());
}

Value tds::emptyStack(OpBuilder &b, Location loc, StringRef rows, RankedTensorType type) {
  SmallVector<std::string> sizes = dimTexts(type);
  sizes.insert(sizes.begin(), rows.str());
  RankedTensorType stack = tensorType(sizes, type.getElementType());
  if (stack.hasStaticShape()) // nobody reads a row before it is written
    return tensor::EmptyOp::create(b, loc, stack.getShape(), stack.getElementType());
  return constant(b, loc, 0.0, stack);
}

Value tds::writeRow(OpBuilder &b, Location loc, Value stack, Value v, Value row, Outside outside) {
  Value ids = fill(b, loc, row, withElement(typeOf(v), b.getI64Type()));
  return ScatterOp::create(b, loc, stack.getType(), ScatterKind::set, stack, v, ids,
                           rowMap(b, unsigned(typeOf(v).getRank())), b.getStrArrayAttr({}), outside);
}

Value tds::readRow(OpBuilder &b, Location loc, Value stack, RankedTensorType type, Value row) {
  Value ids = fill(b, loc, row, withElement(type, b.getI64Type()));
  return GatherOp::create(b, loc, type, stack, ValueRange{ids}, Value(), rowMap(b, unsigned(type.getRank())),
                          b.getStrArrayAttr({}), Outside::clamp);
}

/// The location of what a loop carries because of a value: `d_h` for its cotangent, `kept_h` for its stack.
static Location named(Location loc, StringRef prefix, Value of) {
  auto name = dyn_cast<NameLoc>(of.getLoc());
  if (!name && prefix == "d_")
    return loc;
  std::string text = name ? (prefix + name.getName().getValue()).str() : prefix.drop_back().str();
  return NameLoc::get(StringAttr::get(loc.getContext(), text), loc);
}

scf::ForOp tds::lengthen(scf::ForOp loop, ValueRange inits) {
  OpBuilder b(loop);
  SmallVector<Value> all(loop.getInitArgs());
  llvm::append_range(all, inits);
  auto longer = scf::ForOp::create(b, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(), all);
  longer.getRegion().takeBody(loop.getRegion());
  for (Value init : inits)
    longer.getBody()->addArgument(init.getType(), init.getLoc());
  loop.replaceAllUsesWith(longer.getResults().take_front(loop.getNumResults()));
  return longer;
}

//===----------------------------------------------------------------------===//
// A loop, counted or not
//===----------------------------------------------------------------------===//

LoopReversal::LoopReversal(Reverse &outer, Operation *loop, ArrayRef<Reverse::Cotangent> given)
    : outer(outer), b(outer.b), loc(loop->getLoc()), loop(loop), given(given) {
  if (auto counted = dyn_cast<scf::ForOp>(loop)) {
    body = counted.getBody();
    states = SmallVector<Value>(counted.getRegionIterArgs());
    yielded = SmallVector<Value>(counted.getYieldedValues());
    inits = SmallVector<Value>(counted.getInitArgs());
  } else {
    auto conditional = cast<scf::WhileOp>(loop);
    body = conditional.getAfterBody();
    states = SmallVector<Value>(body->getArguments());
    yielded = SmallVector<Value>(conditional.getYieldOp().getOperands());
    inits = SmallVector<Value>(conditional.getInits());
  }
  auto own = loop->getAttrOfType<IntegerAttr>(keepAttribute);
  keep = own ? own.getInt() : outer.made.shared.keep;
}

LogicalResult LoopReversal::run() {
  auto counted = dyn_cast<scf::ForOp>(loop);
  std::optional<Dim> lo, hi;
  if (counted) {
    if (APInt step; !matchPattern(counted.getStep(), m_ConstantInt(&step)) || step != 1)
      return loop->emitError("the derivative of a loop whose step is not 1 is not there yet");
    lo = sizeOf(counted.getLowerBound());
    hi = sizeOf(counted.getUpperBound());
  } else if (auto conditional = cast<scf::WhileOp>(loop);
             !llvm::equal(conditional.getConditionOp().getArgs(), conditional.getBeforeArguments())) {
    return loop->emitError("the derivative of a loop whose condition computes what it ends with is not there yet");
  }
  OpBuilder::InsertionGuard guard(b);
  auto after = b.saveInsertionPoint();
  if (failed(reverseRound()))
    return failure();
  clean();
  std::optional<int64_t> number;
  std::string rounds;
  if (lo && hi) {
    rounds = (*hi - *lo).str();
    number = sizeConstant(rounds);
    if (number && *number < 0)
      rounds = "0";
  }
  Choice choice = choose(number);
  if (choice.inner)
    return split(*number, choice, after);
  keepOnly(choice.saved);
  if (lo && hi) {
    keepAll(counted, rounds, after);
  } else {
    keepSome(after);
  }
  for (Operation *standIn : spent)
    standIn->erase();
  return success();
}

/// The reversed round, in a region of no op yet. Its arguments: the round, dx of what varies, in a branch an element
/// where each dx is live; then what is added to, and where that is live.
LogicalResult LoopReversal::reverseRound() {
  masked = llvm::any_of(given, [](const Reverse::Cotangent &c) { return bool(c.live); });
  round = b.createBlock(&region);
  auto standIn = [&](Type type) { return UnrealizedConversionCastOp::create(b, loc, type, ValueRange()).getResult(0); };
  round->addArgument(b.getIndexType(), loc);
  IRMapping map;
  if (auto counted = dyn_cast<scf::ForOp>(loop))
    map.map(counted.getInductionVar(), counter = standIn(b.getIndexType()));
  // A state that leads to no result with a cotangent has none itself.
  SmallVector<bool> wanted;
  for (const Reverse::Cotangent &c : given)
    wanted.push_back(bool(c.d));
  bool isCounted = isa<scf::ForOp>(loop);
  addReadStates(body, body->getArguments().drop_front(isCounted ? 1 : 0), body->getTerminator()->getOperands(), wanted);
  SmallVector<Value> dx, live;
  for (auto [k, state] : llvm::enumerate(states)) {
    begun.push_back(standIn(state.getType()));
    map.map(state, begun.back());
    if (!outer.activity.varies(state) || !wanted[k])
      continue;
    outer.activity.add(begun.back());
    varying.push_back(unsigned(k));
    dx.push_back(round->addArgument(state.getType(), named(loc, "d_", state)));
  }
  live.resize(varying.size());
  for (auto [d, there] : llvm::zip_equal(dx, live))
    if (masked)
      there = round->addArgument(withElement(typeOf(d), b.getI1Type()), loc);

  SmallVector<Operation *> ops = outer.copy(body, map);
  Reverse inner(b, outer.made, outer.activity);
  inner.round = round;
  for (auto [k, d, there] : llvm::zip_equal(varying, dx, live))
    inner.add(map.lookupOrDefault(yielded[k]), {d, there});
  if (failed(inner.walk(ops)))
    return failure();

  // What a round adds to: the carried values' cotangents are new, those from outside are sums.
  SmallVector<Value> yields, lives;
  for (unsigned k : varying) {
    Reverse::Cotangent c = inner.take(begun[k]);
    yields.push_back(c.d ? c.d : outer.zero(loc, begun[k].getType()));
    if (masked)
      lives.push_back(c.live ? c.live : everywhere(b, loc, begun[k].getType(), bool(c.d)));
  }
  yields.append(lives);
  for (auto &[v, cotangent] : inner.cotangents)
    if (cotangent.d && !isWithin(v, round))
      outside.push_back(v);
  for (Value v : outside) {
    Value argument = round->addArgument(v.getType(), named(loc, "d_", v)), d = inner.cotangents[v].d;
    if (Value seed = inner.seeds.lookup(v)) {
      yields.push_back(d == seed ? argument : d);
      seed.replaceAllUsesWith(argument);
      seed.getDefiningOp()->erase();
    } else {
      yields.push_back(inner.sumOf(loc, argument, d, true));
    }
    if (inner.cotangents[v].live)
      outsideMasked.push_back(v);
  }
  for (Value v : outsideMasked) {
    Value there = inner.cotangents[v].live;
    yields.push_back(OrOp::create(b, loc, round->addArgument(there.getType(), loc), there));
  }
  scf::YieldOp::create(b, loc, yields);

  // The copy of each op, and the other way round.
  for (auto [op, copy] : llvm::zip_equal(body->without_terminator(), ops)) {
    SmallVector<Operation *, 1> now{copy};
    if (auto longer = inner.replaced.find(copy); longer != inner.replaced.end()) {
      now = longer->second;
      repeated.insert(now.begin(), now.end());
    }
    copies.append(now.begin(), now.end());
    for (auto [v, w] : llvm::zip(op.getResults(), now.back()->getResults()))
      original[w] = v;
  }
  return success();
}

/// Ops of the round that nobody reads go.
void LoopReversal::clean() {
  llvm::SmallPtrSet<Operation *, 32> live(copies.begin(), copies.end());
  auto eraseDead = [&](Block &block, auto &self) -> void {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
      if (isOpTriviallyDead(&op) && !isa<UnrealizedConversionCastOp>(op)) {
        live.erase(&op);
        op.erase();
        continue;
      }
      for (Region &inner : op.getRegions())
        for (Block &block : inner)
          self(block, self);
    }
  };
  eraseDead(*round, eraseDead);
  llvm::erase_if(copies, [&](Operation *op) { return !live.contains(op); });
}

/// What to keep of a round; with `anything` what is expensive is computed again as well.
LoopReversal::Choice LoopReversal::cut(bool anything) {
  llvm::SmallPtrSet<Operation *, 32> live(copies.begin(), copies.end());
  auto isNeeded = [&](Value v) {
    return llvm::any_of(v.getUsers(), [&](Operation *user) {
      while (user->getBlock() != round)
        user = user->getParentOp();
      return !live.contains(user);
    });
  };
  auto mustRepeat = [&](Operation *op) { return repeated.contains(op); };
  Choice choice{chooseSaved(begun, copies, isNeeded, mustRepeat, anything)};
  for (Value v : choice.saved)
    choice.bytes += bytesOf(v);
  return choice;
}

/// The value of the loop's round that a copy is one of.
Value LoopReversal::written(Value copy) const {
  auto *state = llvm::find(begun, copy);
  return state != begun.end() ? states[state - begun.begin()] : original.lookup(copy);
}

/// What a round reads of itself, and what it computes that from, is read from stacks.
void LoopReversal::keepOnly(ArrayRef<Value> chosen) {
  for (Value v : chosen) {
    saved.push_back(written(v));
    reads.push_back(UnrealizedConversionCastOp::create(b, loc, v.getType(), ValueRange()).getResult(0));
    reads.back().getDefiningOp()->moveBefore(round, round->begin());
    v.replaceAllUsesWith(reads.back());
  }
  clean();
  for (Value state : begun)
    if (state.use_empty())
      state.getDefiningOp()->erase();
}

/// A stand-in  =>  what it stood for.
void LoopReversal::become(Value standIn, Value v) {
  standIn.replaceAllUsesWith(v);
  spent.push_back(standIn.getDefiningOp()); // not erased yet: a builder may stand before it
}

/// What the loop gives for its cotangents before the first reversed round.
SmallVector<Value> LoopReversal::begin() {
  SmallVector<Value> all;
  for (unsigned k : varying) {
    Value d = outer.mask(loc, given[k].live, given[k].d);
    all.push_back(d ? d : outer.zero(loc, states[k].getType()));
  }
  for (unsigned k : varying)
    if (masked)
      all.push_back(given[k].live ? given[k].live : everywhere(b, loc, states[k].getType(), bool(given[k].d)));
  for (Value v : outside)
    all.push_back(masked ? outer.zero(loc, v.getType()) : outer.start(loc, v));
  for (Value v : outsideMasked)
    all.push_back(everywhere(b, loc, v.getType(), false));
  return all;
}

/// What is left after the last reversed round.
void LoopReversal::finish(ValueRange results) {
  auto next = [&](size_t count) {
    ValueRange taken = results.take_front(count);
    results = results.drop_front(count);
    return SmallVector<Value>(taken);
  };
  SmallVector<Value> ofInits = next(varying.size());
  SmallVector<Value> whereInits = masked ? next(varying.size()) : SmallVector<Value>(varying.size());
  SmallVector<Value> ofOutside = next(outside.size());
  llvm::SmallDenseMap<Value, Value> whereOutside;
  for (auto [v, there] : llvm::zip_equal(outsideMasked, next(outsideMasked.size())))
    whereOutside[v] = there;
  for (auto [k, d, there] : llvm::zip_equal(varying, ofInits, whereInits))
    outer.add(inits[k], {d, there});
  for (auto [v, d] : llvm::zip_equal(outside, ofOutside))
    outer.add(v, {d, whereOutside.lookup(v)});
}

/// A loop of this many rounds on the reversed round; results are the cotangents after it.
scf::ForOp LoopReversal::reversed(Value lower, Value upper, ValueRange begin) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto backward = scf::ForOp::create(b, loc, lower, upper, one, begin);
  backward.getRegion().takeBody(region);
  return backward;
}

/// Where a value of a round is written to its stack: at once, because a state may be overwritten later.
OpBuilder LoopReversal::behind(Value v) {
  OpBuilder at(b.getContext());
  at.setInsertionPointAfterValue(v);
  return at;
}

/// As many rows as rounds.
void LoopReversal::keepAll(scf::ForOp forward, StringRef rounds, OpBuilder::InsertPoint after) {
  for (Value result : forward.getResults())
    outer.cotangents.erase(result); // taken; the loop becomes a new op
  Value lower = forward.getLowerBound(), upper = forward.getUpperBound();
  SmallVector<Value> stacks;
  if (!saved.empty()) {
    OpBuilder before(forward);
    SmallVector<Value> empty;
    for (Value v : saved)
      empty.push_back(emptyStack(before, loc, rounds, typeOf(v)));
    scf::ForOp longer = lengthen(forward, empty);
    outer.replaced[forward] = {longer};
    forward.erase();
    for (auto [v, stack] : llvm::zip_equal(saved, longer.getRegionIterArgs().take_back(saved.size())))
      stack.setLoc(named(loc, "kept_", v));
    SmallVector<Value> yields(longer.getYieldedValues());
    OpBuilder top = OpBuilder::atBlockBegin(longer.getBody());
    Value id = numberOf(top, loc, arith::SubIOp::create(top, loc, longer.getInductionVar(), lower));
    for (auto [v, stack] : llvm::zip_equal(saved, longer.getRegionIterArgs().take_back(saved.size()))) {
      OpBuilder at = isa<BlockArgument>(v) ? OpBuilder(id.getContext()) : behind(v);
      if (isa<BlockArgument>(v))
        at.setInsertionPoint(top.getInsertionBlock(), top.getInsertionPoint());
      yields.push_back(writeRow(at, loc, stack, v, id, Outside::clamp));
    }
    longer.getBody()->getTerminator()->setOperands(yields);
    stacks = SmallVector<Value>(longer.getResults().take_back(saved.size()));
  }
  b.setInsertionPointToStart(round);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value last = arith::SubIOp::create(b, loc, arith::AddIOp::create(b, loc, lower, upper), one);
  Value i = arith::SubIOp::create(b, loc, last, round->getArgument(0));
  become(counter, i);
  Value id = numberOf(b, loc, arith::SubIOp::create(b, loc, i, lower));
  for (auto [read, stack] : llvm::zip_equal(reads, stacks))
    become(read, readRow(b, loc, stack, typeOf(read), id));
  b.restoreInsertionPoint(after);
  finish(reversed(lower, upper, begin()).getResults());
}

LogicalResult Reverse::loop(Operation *op, ArrayRef<Cotangent> given) { return LoopReversal(*this, op, given).run(); }
