//===- Loops.cpp - reverse mode of counted loops --------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x' = f(i, x, c) for i in lo .. hi, with x carried and c from outside. The loop is made to keep the x of each round in
// one stack a value; the reversed loop takes them from there, computes a round again and walks it back:
//
//   for r in lo .. hi { i = lo + hi - 1 - r;  dx = (df/dx)^T dx;  dc += (df/dc)^T dx }
//
// Only values that the walk reads are kept: what is carried but enters linearly costs nothing.
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Autodiff/Derivatives.h"
#include "lib/Shape/Dim.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

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

/// stack[round, ...] as a map over the dims of what is kept, the round being the symbol.
static AffineMap roundMap(OpBuilder &b, unsigned rank) {
  SmallVector<AffineExpr> exprs{b.getAffineSymbolExpr(0)};
  for (unsigned d = 0; d < rank; ++d)
    exprs.push_back(b.getAffineDimExpr(d));
  return AffineMap::get(rank, 1, exprs, b.getContext());
}

/// `i - lo` in every place of a kept value's type.
static Value roundIds(OpBuilder &b, Location loc, Value i, Value lo, RankedTensorType type) {
  Value round = arith::IndexCastOp::create(b, loc, b.getI64Type(), arith::SubIOp::create(b, loc, i, lo));
  Value scalar = tensor::FromElementsOp::create(b, loc, scalarType(b.getI64Type()), round);
  return fill(b, loc, scalar, withElement(type, b.getI64Type()));
}

void Activity::mark(scf::ForOp loop) {
  for (bool again = true; again;) { // what one round makes vary, the next one reads
    again = false;
    for (auto [argument, init] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getInitArgs()))
      if (varies(init) && varying.insert(argument).second)
        again = true;
    mark(*loop.getBody());
    for (auto [argument, yielded] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getYieldedValues()))
      if (varies(yielded) && carriesDerivatives(argument) && varying.insert(argument).second)
        again = true;
  }
  for (auto [result, argument] : llvm::zip_equal(loop.getResults(), loop.getRegionIterArgs()))
    if (varies(argument))
      varying.insert(result);
}

/// A mask that is true, or false, in all places.
static Value everywhere(OpBuilder &b, Location loc, Type type, bool value) {
  return constant(b, loc, value ? 1.0 : 0.0, withElement(cast<RankedTensorType>(type), b.getI1Type()));
}

LogicalResult Reverse::loop(scf::ForOp forward, ArrayRef<Cotangent> given) {
  Location loc = forward.getLoc();
  std::optional<Dim> lo = sizeOf(forward.getLowerBound()), hi = sizeOf(forward.getUpperBound());
  if (!lo || !hi)
    return forward.emitError() << "a `for` whose number of rounds is data, in a differentiated def, is not there yet";
  std::string rounds = (*hi - *lo).str();
  if (std::optional<int64_t> number = sizeConstant(rounds); number && *number < 0)
    rounds = "0";
  for (Value result : forward.getResults())
    cotangents.erase(result); // taken; the loop becomes a new op below
  Block *body = forward.getBody();
  unsigned carried = unsigned(forward.getRegionIterArgs().size());

  // The reversed round, in a region of no op yet. Its arguments: the round, dx of what varies, in a branch an element
  // where each dx is live; then what is added to, and where that is live.
  mlir::Region region;
  OpBuilder::InsertionGuard guard(b);
  auto after = b.saveInsertionPoint();
  Block *round = b.createBlock(&region);
  Value r = round->addArgument(b.getIndexType(), loc);
  Value sum = arith::AddIOp::create(b, loc, forward.getLowerBound(), forward.getUpperBound());
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value i = arith::SubIOp::create(b, loc, arith::SubIOp::create(b, loc, sum, one), r);
  SmallVector<Value> inits;
  bool masked = llvm::any_of(given, [](const Cotangent &c) { return bool(c.live); });
  SmallVector<unsigned> varying; // which carried values have a cotangent
  SmallVector<Value> dx, live;
  IRMapping map;
  map.map(forward.getInductionVar(), i);
  SmallVector<Value> kept(carried); // stand-ins for what the stacks hold
  for (unsigned k = 0; k < carried; ++k) {
    Value argument = forward.getRegionIterArgs()[k];
    kept[k] = UnrealizedConversionCastOp::create(b, loc, argument.getType(), ValueRange()).getResult(0);
    map.map(argument, kept[k]);
    if (!activity.varies(argument))
      continue;
    activity.add(kept[k]);
    varying.push_back(k);
    dx.push_back(round->addArgument(argument.getType(), loc));
  }
  live.resize(varying.size());
  for (auto [d, there] : llvm::zip_equal(dx, live))
    if (masked)
      there = round->addArgument(withElement(typeOf(d), b.getI1Type()), loc);
  SmallVector<Operation *> ops = copy(body, map);
  Reverse inner(b, made, activity);
  for (auto [k, d, there] : llvm::zip_equal(varying, dx, live))
    inner.add(map.lookupOrDefault(forward.getYieldedValues()[k]), {d, there});
  if (failed(inner.walk(ops)))
    return failure();

  // What a round adds to: the carried values' cotangents are new, those from outside are sums.
  SmallVector<Value> yields, lives, outside, outsideMasked;
  for (unsigned k : varying) {
    Cotangent c = inner.take(kept[k]);
    yields.push_back(c.d ? c.d : zero(loc, kept[k].getType()));
    if (masked)
      lives.push_back(c.live ? c.live : everywhere(b, loc, kept[k].getType(), bool(c.d)));
  }
  yields.append(lives);
  for (auto &[v, cotangent] : inner.cotangents)
    if (cotangent.d && !isWithin(v, round))
      outside.push_back(v);
  for (Value v : outside) {
    Value argument = round->addArgument(v.getType(), loc);
    yields.push_back(inner.sumOf(loc, argument, inner.cotangents[v].d));
    if (inner.cotangents[v].live)
      outsideMasked.push_back(v);
  }
  for (Value v : outsideMasked) {
    Value there = inner.cotangents[v].live;
    yields.push_back(OrOp::create(b, loc, round->addArgument(there.getType(), loc), there));
  }
  scf::YieldOp::create(b, loc, yields);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*round)))
    if (isOpTriviallyDead(&op) && &op != i.getDefiningOp() &&
        !isa<UnrealizedConversionCastOp>(op)) // i and stand-ins: below
      op.erase();

  // Stacks for the values that the walk reads.
  SmallVector<unsigned> needed;
  for (unsigned k = 0; k < carried; ++k)
    if (!kept[k].use_empty())
      needed.push_back(k);
  SmallVector<Value> stacks;
  if (!needed.empty()) {
    IRRewriter rewriter(b.getContext());
    rewriter.setInsertionPoint(forward);
    SmallVector<Value> empty;
    for (unsigned k : needed) {
      auto type = cast<RankedTensorType>(forward.getRegionIterArgs()[k].getType());
      SmallVector<std::string> sizes = dimTexts(type);
      sizes.insert(sizes.begin(), rounds);
      empty.push_back(constant(rewriter, loc, 0.0, tensorType(sizes, type.getElementType())));
    }
    Value lower = forward.getLowerBound();
    auto keep = [&](OpBuilder &inside, Location at, ArrayRef<BlockArgument> arguments) {
      auto loop = cast<scf::ForOp>(inside.getInsertionBlock()->getParentOp());
      SmallVector<Value> updated;
      for (auto [k, stack] : llvm::zip_equal(needed, arguments)) {
        Value x = loop.getRegionIterArgs()[k];
        auto type = typeOf(x);
        Value id = roundIds(inside, at, loop.getInductionVar(), lower, type);
        updated.push_back(ScatterOp::create(inside, at, stack.getType(), ScatterKind::set, stack, x, id,
                                            roundMap(inside, unsigned(type.getRank())), inside.getStrArrayAttr({}),
                                            Outside::clamp));
      }
      return updated;
    };
    FailureOr<LoopLikeOpInterface> longer =
        forward.replaceWithAdditionalYields(rewriter, empty, /*replaceInitOperandUsesInLoop=*/false, keep);
    if (failed(longer))
      return failure();
    forward = cast<scf::ForOp>(longer->getOperation());
    for (Value stack : forward.getResults().take_back(needed.size()))
      stacks.push_back(stack);
  }
  for (auto [k, stack] : llvm::zip_equal(needed, stacks)) {
    OpBuilder at(b.getContext());
    at.setInsertionPointAfterValue(kept[k]);
    auto type = cast<RankedTensorType>(kept[k].getType());
    Value id = roundIds(at, loc, i, forward.getLowerBound(), type);
    Value read = GatherOp::create(at, loc, type, stack, ValueRange{id}, Value(), roundMap(at, unsigned(type.getRank())),
                                  at.getStrArrayAttr({}), Outside::clamp);
    kept[k].replaceAllUsesWith(read);
  }
  for (Operation &op : llvm::make_early_inc_range(*round))
    if (isa<UnrealizedConversionCastOp>(op) && op.use_empty())
      op.erase();

  b.restoreInsertionPoint(after);
  for (unsigned k : varying) {
    Value d = mask(loc, given[k].live, given[k].d);
    inits.push_back(d ? d : zero(loc, forward.getRegionIterArgs()[k].getType()));
  }
  for (unsigned k : varying)
    if (masked)
      inits.push_back(given[k].live ? given[k].live
                                    : everywhere(b, loc, forward.getRegionIterArgs()[k].getType(), bool(given[k].d)));
  for (Value v : outside)
    inits.push_back(zero(loc, v.getType()));
  for (Value v : outsideMasked)
    inits.push_back(everywhere(b, loc, v.getType(), false));
  auto backward =
      scf::ForOp::create(b, loc, forward.getLowerBound(), forward.getUpperBound(), forward.getStep(), inits);
  backward.getRegion().getBlocks().clear();
  backward.getRegion().takeBody(region);
  ValueRange results = backward.getResults();
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
    add(forward.getInitArgs()[k], {d, there});
  for (auto [v, d] : llvm::zip_equal(outside, ofOutside))
    add(v, {d, whereOutside.lookup(v)});
  return success();
}
