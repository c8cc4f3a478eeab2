//===- Reverse.cpp - cotangents, from the last op to the first ------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Adjoints.h"
#include "dialect/TdsBuilder.h"
#include "lib/Autodiff/Derivatives.h"
#include "lib/Autodiff/Saved.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tds;

Value Reverse::zero(Location loc, Type type) { return constant(b, loc, 0.0, cast<RankedTensorType>(type)); }

Value Reverse::mask(Location loc, Value live, Value d) {
  return live && d ? SelectOp::create(b, loc, live, d, zero(loc, d.getType())).getResult() : d;
}

/// The sums into places, the last first, that make a value out of zeros; empty if it is made otherwise, or used.
static SmallVector<Operation *> sumsIntoZeros(Value d) {
  SmallVector<Operation *> sums;
  while (Operation *op = d ? d.getDefiningOp() : nullptr) {
    if (!(sums.empty() ? d.use_empty() : d.hasOneUse()))
      return {};
    sums.push_back(op);
    if (isa<AccumulateOp>(op))
      return sums;
    auto scatter = dyn_cast<ScatterOp>(op);
    if (!scatter || scatter.getKind() != ScatterKind::add)
      return {};
    d = scatter.getInit();
    if (isSplat(d, 0))
      return sums;
  }
  return {};
}

/// x + (v summed into places of zeros)  =>  v summed into x, which costs what v has and not what x has. Places that are
/// known fuse with what is added, so that they come as sums into zeros too: those are taken apart where x is a
/// cotangent that a loop carries, and v is small.
Value Reverse::sumOf(Location loc, Value x, Value y, bool carried) {
  auto canMove = [&](Value d) {
    SmallVector<Operation *> sums = sumsIntoZeros(d);
    return !sums.empty() && llvm::all_of(sums, [&](Operation *op) {
      auto known = dyn_cast<AccumulateOp>(op);
      return !known || (carried && bytesOf(known.getX()) * 4 <= bytesOf(d));
    });
  };
  if (!canMove(y))
    std::swap(x, y);
  if (!x || !canMove(y))
    return addTo(b, loc, y, x);
  for (Operation *op : llvm::reverse(sumsIntoZeros(y))) {
    if (auto known = dyn_cast<AccumulateOp>(op)) {
      x = ScatterOp::create(b, op->getLoc(), x.getType(), ScatterKind::add, x, known.getX(), ValueRange(),
                            known.getMap(), known.getSymbols(), known.getOutside());
      continue;
    }
    auto scatter = cast<ScatterOp>(b.clone(*op));
    scatter.getInitMutable().assign(x);
    x = scatter;
  }
  return x;
}

/// Whether the cotangent of a value is one that a loop carries: the value is from outside of the round, or begins it, or
/// is that with some places written.
bool Reverse::isCarried(Value v) const {
  while (auto update = v.getDefiningOp<ScatterOp>())
    v = update.getInit();
  return round && (!isWithin(v, round) || v.getDefiningOp<UnrealizedConversionCastOp>());
}

/// What a loop goes on adding to for a value from outside of it: what there is of the cotangent, in a round what the
/// round is given of it. So nothing of the value's size is made for each round of a loop around this one, and the sum
/// is the same in whichever way a loop is split.
Value Reverse::start(Location loc, Value v) {
  v = behind(v);
  auto known = cotangents.find(v);
  if (known != cotangents.end() && known->second.d) {
    Cotangent sum = known->second;
    if (sum.live)
      return zero(loc, v.getType());
    cotangents.erase(known);
    return sum.d;
  }
  if (!round || isWithin(v, round))
    return zero(loc, v.getType());
  Value &seed = seeds[v];
  if (!seed)
    seed = UnrealizedConversionCastOp::create(b, loc, v.getType(), ValueRange()).getResult(0);
  return seed;
}

Value Reverse::behind(Value v) const {
  for (auto it = same.find(v); it != same.end(); it = same.find(v))
    v = it->second;
  return v;
}

void Reverse::add(Value v, Cotangent contribution) {
  v = behind(v);
  if (!contribution.d || !activity.varies(v))
    return;
  Location loc = v.getLoc();
  Cotangent &sum = cotangents[v];
  if (!sum.d)
    sum.live = contribution.live;
  else if (sum.live && contribution.live && sum.live != contribution.live)
    sum.live = OrOp::create(b, loc, sum.live, contribution.live);
  else if (!contribution.live)
    sum.live = nullptr;
  sum.d = sumOf(loc, sum.d, contribution.d, isCarried(v));
}

Reverse::Cotangent Reverse::take(Value v) {
  Cotangent sum = cotangents.lookup(v);
  if (sum.d)
    made.name(sum.d, v);
  return sum;
}

LogicalResult Reverse::walk(ArrayRef<Operation *> ops) {
  for (Operation *op : llvm::reverse(ops))
    if (failed(step(op)))
      return failure();
  return success();
}

LogicalResult Reverse::step(Operation *op) {
  SmallVector<Cotangent> given;
  SmallVector<Value> cotangents;
  Value live;
  bool any = false;
  for (Value result : op->getResults()) {
    given.push_back(take(result));
    cotangents.push_back(given.back().d);
    any |= bool(given.back().d);
    if (given.back().d)
      live = given.back().live;
  }
  if (!any)
    return success();
  Location loc = op->getLoc();
  if (auto where = dyn_cast<WhereOp>(op)) {
    Branch branch{where.getCond(), {&where.getThenRegion().front(), &where.getElseRegion().front()}, op->getResults()};
    bool each =
        typeOf(where.getCond()).getRank() || llvm::any_of(given, [](const Cotangent &c) { return bool(c.live); });
    return each ? branchOfEach(loc, branch, given) : branchOfAll(loc, branch, given);
  }
  if (auto choice = dyn_cast<scf::IfOp>(op)) {
    Value cond = tensor::FromElementsOp::create(b, loc, scalarType(b.getI1Type()), choice.getCondition());
    Branch branch{cond, {choice.thenBlock(), choice.elseBlock()}, op->getResults()};
    bool each = llvm::any_of(given, [](const Cotangent &c) { return bool(c.live); });
    return each ? branchOfEach(loc, branch, given) : branchOfAll(loc, branch, given);
  }
  if (auto call = dyn_cast<CompositeOp>(op))
    return isCheckpoint(op) ? checkpoint(call, given) : composite(call, given);
  if (isa<scf::ForOp, scf::WhileOp>(op))
    return loop(op, given);
  if (op->getNumRegions() || isa<HostOp>(op))
    return refuse(op);

  bool pointwise = isa<Pointwise>(op);
  // Adding and choosing keeps zeros; a product with what is infinite or nan there would not.
  if (live && pointwise && !isa<AddOp, SubOp, NegOp, SelectOp, ConjOp, RealOp, ImagOp, ComplexOp>(op)) {
    Operation *ops[] = {op};
    return pointwiseUnder(loc, live, ops, {{op->getResult(0), cotangents[0]}});
  }
  if (auto product = dyn_cast<ContractOp>(op); product && live) {
    contractUnder(product, live, cotangents[0]);
    return success();
  }
  SmallVector<Value> contributions;
  if (failed(pullback(b, op, cotangents, contributions)))
    return failure();
  auto linear = dyn_cast<Linear>(op);
  for (auto [k, operand] : llvm::enumerate(op->getOperands())) {
    Value d = contributions[k];
    if (!d || !activity.varies(operand))
      continue;
    Value liveThere = !live || pointwise ? live : liveOperand(op, k, live, cotangents[0].getType());
    bool keepsZeros = pointwise || (linear && linear.isLinearIn(k));
    add(operand, {keepsZeros ? d : mask(loc, liveThere, d), liveThere});
  }
  return success();
}

/// Where the cotangent of an operand may be other than zero, from where the result's may be.
Value Reverse::liveOperand(Operation *op, unsigned operand, Value live, Type cotangent) {
  Location loc = op->getLoc();
  auto type = withElement(typeOf(op->getOperand(operand)), b.getI1Type());
  if (isa<ConvertOp>(op))
    return live;
  if (isa<ReshapeOp>(op))
    return ReshapeOp::create(b, loc, type, live);
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    SmallVector<int64_t> kept;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (!llvm::is_contained(reduce.getDims(), dim))
        kept.push_back(dim);
    return broadcast(b, loc, live, type, kept);
  }
  // A primitive mixes what is in its last dimensions.
  int64_t own = isa<SortOp, FftOp>(op)                            ? 1
                : isa<CholeskyOp, TriangularSolveOp, SolveOp>(op) ? 2
                : isa<DetOp>(op)                                  ? 0
                                                                  : -1;
  if (own >= 0) {
    int64_t rank = typeOf(live).getRank();
    if (own)
      live = ReduceOp::create(b, loc, ReduceKind::any, live, llvm::to_vector(llvm::seq(rank - own, rank)));
    return broadcast(b, loc, live, type, llvm::to_vector(llvm::seq<int64_t>(0, rank - own)));
  }
  // Reads and sums have no negative coefficients: a place gets something if a one comes back to it.
  if (!isa<AccessOp, AccumulateOp, GatherOp, ScatterOp, ScanOp>(op))
    return nullptr;
  Value ones = convertTo(b, loc, live, cast<RankedTensorType>(cotangent).getElementType());
  Value back = cast<Linear>(op).isLinearIn(operand) ? cast<Linear>(op).adjoint(b, loc, operand, ones) : Value();
  return back ? NeOp::create(b, loc, back, zero(loc, back.getType())).getResult() : Value();
}

/// Which elements of an operand of a contract meet a live result.
static Value liveOf(OpBuilder &b, ContractOp op, unsigned operand, Value live) {
  Location loc = op.getLoc();
  AffineMap map = op.mapOf(operand);
  SmallVector<int64_t> dims, lacking;
  for (auto [k, expr] : llvm::enumerate(op.resultMap().getResults())) {
    std::optional<unsigned> position = map.getResultPosition(expr);
    if (position)
      dims.push_back(*position);
    else
      lacking.push_back(int64_t(k));
  }
  if (!lacking.empty())
    live = ReduceOp::create(b, loc, ReduceKind::any, live, lacking);
  return broadcast(b, loc, live, typeOf(op.getOperand(operand)), dims);
}

/// A sum of products keeps its form, and so its kernels: elements of the other operand that no live result uses are set
/// to 0.
void Reverse::contractUnder(ContractOp op, Value live, Value dy) {
  Value lives[] = {liveOf(b, op, 0, live), liveOf(b, op, 1, live)};
  Value masked[] = {mask(op.getLoc(), lives[0], op.getA()), mask(op.getLoc(), lives[1], op.getB())};
  for (unsigned k : {0, 1}) {
    if (!activity.varies(op.getOperand(k)))
      continue;
    auto copy = cast<ContractOp>(b.clone(*op));
    copy->setOperand(1 - k, masked[1 - k]);
    add(op.getOperand(k), {copy.adjoint(b, op.getLoc(), k, dy), lives[k]});
  }
}

//===----------------------------------------------------------------------===//
// Composites with a derivative of their own
//===----------------------------------------------------------------------===//

LogicalResult Reverse::composite(CompositeOp op, ArrayRef<Cotangent> given) {
  Location loc = op.getLoc();
  Operation *captures = nullptr;
  op.getBody().walk([&](Operation *inner) {
    for (Value v : inner->getOperands())
      if (activity.varies(v) && !isWithin(v, &op.getBody().front()))
        captures = inner;
  });
  if (captures)
    return op.emitError() << "`" << op.getName()
                          << "` has a derivative of its own, and uses a variable of this derivative "
                          << "that is no argument, which is not there yet";
  IRMapping map;
  Block &rule = op.getRule().front();
  unsigned next = 0;
  for (Value argument : op.getArgs())
    map.map(rule.getArgument(next++), argument);
  Value live;
  for (auto [cotangent, result] : llvm::zip_equal(given, op.getResults())) {
    map.map(rule.getArgument(next++), cotangent.d ? cotangent.d : zero(loc, result.getType()));
    live = cotangent.live;
  }
  for (Operation &inner : rule.without_terminator())
    b.clone(inner, map);
  auto yield = cast<YieldOp>(rule.getTerminator());
  unsigned at = 0;
  for (Value argument : op.getArgs()) {
    if (!carriesDerivatives(argument))
      continue;
    Value d = map.lookupOrDefault(yield.getValues()[at++]);
    bool sameShape = live && withElement(typeOf(d), b.getI1Type()) == live.getType();
    add(argument, sameShape ? Cotangent{mask(loc, live, d), live} : Cotangent{d, nullptr});
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Checkpoints: what is inside is computed again, and then walked back
//===----------------------------------------------------------------------===//

LogicalResult Reverse::checkpoint(CompositeOp op, ArrayRef<Cotangent> given) {
  Block &body = op.getBody().front();
  llvm::SmallSetVector<Value, 8> captured;
  op->walk([&](Operation *inner) {
    for (Value v : inner->getOperands())
      if (isa<RankedTensorType>(v.getType()) && !isWithin(v, &body) &&
          !(v.getDefiningOp() && isa<ConstantOp, SizeOp, IotaOp>(v.getDefiningOp())))
        captured.insert(v);
  });
  // Behind barriers: otherwise the values of the first time would be kept for the second.
  IRMapping map;
  for (Value v : captured) {
    auto barrier = BarrierOp::create(b, op.getLoc(), v, ++made.shared.barriers);
    activity.mark(barrier);
    map.map(v, barrier.getResult());
    same[barrier.getResult()] = v;
  }
  SmallVector<Operation *> ops = copy(&body, map);
  for (auto [yielded, cotangent] : llvm::zip_equal(op.bodyYield().getValues(), given))
    add(map.lookupOrDefault(yielded), cotangent);
  return walk(ops);
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

/// Copies a side to where the builder stands.
SmallVector<Operation *> Reverse::copy(Block *side, IRMapping &map) {
  SmallVector<Operation *> ops;
  for (Operation &inner : side->without_terminator()) {
    ops.push_back(b.clone(inner, map));
    activity.mark(ops.back());
  }
  return ops;
}

/// A branch of all: a tds.where that computes each side again and walks it back; it yields the cotangents of what the
/// sides use.
LogicalResult Reverse::branchOfAll(Location loc, const Branch &branch, ArrayRef<Cotangent> given) {
  Region regions[2];
  llvm::MapVector<Value, std::array<Value, 2>> used;
  for (int side : {0, 1}) {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&regions[side]);
    IRMapping map;
    SmallVector<Operation *> ops = copy(branch.sides[side], map);
    Reverse inner(b, made, activity);
    for (auto [yielded, cotangent] : llvm::zip_equal(branch.yields(side), given))
      inner.add(map.lookupOrDefault(yielded), cotangent);
    if (failed(inner.walk(ops)))
      return failure();
    for (auto &[v, cotangent] : inner.cotangents)
      if (v.getParentBlock() != b.getInsertionBlock())
        used[v][side] = cotangent.d;
  }
  SmallVector<Type> types;
  for (auto &[v, sides] : used)
    types.push_back(v.getType());
  for (int side : {0, 1}) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&regions[side].front());
    SmallVector<Value> yields;
    for (auto &[v, sides] : used)
      yields.push_back(sides[side] ? sides[side] : zero(loc, v.getType()));
    YieldOp::create(b, loc, yields);
  }
  if (used.empty())
    return success();
  auto adjoint = WhereOp::create(b, loc, types, branch.cond);
  adjoint.getThenRegion().takeBody(regions[0]);
  adjoint.getElseRegion().takeBody(regions[1]);
  for (auto [entry, d] : llvm::zip_equal(used, adjoint.getResults()))
    add(entry.first, {d, nullptr});
  return success();
}

/// A copy outside of its branch must not complain about elements that do not take the side. Where the ids of those were
/// replaced (`tds.guarded`), the others are still checked: nothing else may read there once the value is not asked for.
static void dropChecks(Operation *op) {
  op->walk([](Operation *inner) {
    if (inner->hasAttr("tds.guarded"))
      return;
    if (auto gather = dyn_cast<GatherOp>(inner); gather && gather.getOutside() == Outside::none)
      gather.setOutside(Outside::clamp);
    if (auto scatter = dyn_cast<ScatterOp>(inner); scatter && scatter.getOutside() == Outside::none)
      scatter.setOutside(Outside::clamp);
    llvm::TypeSwitch<Operation *>(inner).Case<CholeskyOp, TriangularSolveOp, SolveOp>(
        [](auto op) { op.setUnchecked(true); });
  });
}

/// A branch an element. The sides are computed again, all elements of each. Of a side, the functions of single elements
/// that lead to its results are walked back within a tds.where, which drops what comes of elements that do not take the
/// side. What is left (reads, sums) mixes elements: it is walked back outside, where every cotangent comes with the
/// elements it is live at.
LogicalResult Reverse::branchOfEach(Location loc, const Branch &branch, ArrayRef<Cotangent> given) {
  for (int side : {0, 1}) {
    if (llvm::none_of(llvm::zip_equal(branch.yields(side), given),
                      [&](auto pair) { return std::get<1>(pair).d && activity.varies(std::get<0>(pair)); }))
      continue;
    Value taken = side == 0 ? branch.cond : NotOp::create(b, loc, branch.cond).getResult();
    IRMapping map;
    SmallVector<Operation *> ops = copy(branch.sides[side], map);
    llvm::for_each(ops, dropChecks);

    // Results of one shape and with the same live elements are walked together.
    llvm::MapVector<Value, SmallVector<std::pair<Value, Value>>> seeds;
    llvm::MapVector<std::pair<Type, Value>, Value> masks;
    for (auto [yielded, cotangent] : llvm::zip_equal(branch.yields(side), given)) {
      Value v = map.lookupOrDefault(yielded);
      if (!cotangent.d || !activity.varies(v))
        continue;
      auto shape = withElement(typeOf(v), b.getI1Type());
      Value &live = masks[{shape, cotangent.live}];
      if (!live) {
        live = shape == taken.getType() ? taken : fill(b, loc, taken, shape);
        if (cotangent.live)
          live = AndOp::create(b, loc, live, cotangent.live);
      }
      seeds[live].push_back({v, cotangent.d});
    }
    llvm::SmallPtrSet<Operation *, 8> inside;
    for (auto &[live, group] : seeds) {
      // From the last: a function whose readers that vary are all in the group already.
      SmallVector<Operation *> chain;
      auto belongs = [&](Operation *op) {
        if (!isa<Pointwise>(op) || !activity.varies(op->getResult(0)) ||
            withElement(typeOf(op->getResult(0)), b.getI1Type()) != live.getType())
          return false;
        bool yieldedElsewhere = llvm::any_of(seeds, [&](auto &other) {
          return other.first != live && llvm::is_contained(llvm::make_first_range(other.second), op->getResult(0));
        });
        return !yieldedElsewhere && llvm::all_of(op->getUsers(), [&](Operation *user) {
          bool counts = llvm::any_of(user->getResults(), [&](Value v) { return activity.varies(v); });
          return !counts || llvm::is_contained(chain, user);
        });
      };
      for (Operation *op : llvm::reverse(ops))
        if (!inside.contains(op) && belongs(op)) {
          chain.push_back(op);
          inside.insert(op);
        }
      std::reverse(chain.begin(), chain.end());
      if (failed(pointwiseUnder(loc, live, chain, group)))
        return failure();
    }
    llvm::erase_if(ops, [&](Operation *op) { return inside.contains(op); });
    if (failed(walk(ops)))
      return failure();
  }
  return success();
}

/// Walks functions of single elements back within a tds.where on `live`: what they add is zero elsewhere.
LogicalResult Reverse::pointwiseUnder(Location loc, Value live, ArrayRef<Operation *> ops,
                                      ArrayRef<std::pair<Value, Value>> seeds) {
  Region regions[2];
  Reverse inner(b, made, activity);
  SmallVector<Value> reached, yields, zeros;
  SmallVector<Type> types;
  {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&regions[0]);
    for (auto [v, d] : seeds)
      inner.add(v, {d, nullptr});
    if (failed(inner.walk(ops)))
      return failure();
    for (auto &[v, cotangent] : inner.cotangents)
      if (!llvm::is_contained(ops, v.getDefiningOp())) {
        reached.push_back(v);
        types.push_back(v.getType());
        yields.push_back(cotangent.d);
      }
    YieldOp::create(b, loc, yields);
    b.createBlock(&regions[1]);
    for (Type type : types)
      zeros.push_back(zero(loc, type));
    YieldOp::create(b, loc, zeros);
  }
  if (reached.empty())
    return success();
  auto where = WhereOp::create(b, loc, types, live);
  where.getThenRegion().takeBody(regions[0]);
  where.getElseRegion().takeBody(regions[1]);
  for (auto [v, d] : llvm::zip_equal(reached, where.getResults()))
    add(v, {d, live});
  return success();
}

//===----------------------------------------------------------------------===//
// The request
//===----------------------------------------------------------------------===//

LogicalResult tds::expand(VjpOp request, Origin origin, Shared &shared) {
  Block &body = request.getBody().front();
  if (shared.keep >= 0) {
    Activity(body.getArguments(), /*keepsCheckpoints=*/true).mark(body); // composites that are in the way go
    checkpointSegments(body, shared.keep);
  }
  Activity activity(body.getArguments(), /*keepsCheckpoints=*/true);
  activity.mark(body);
  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator())
    ops.push_back(&op);

  Made made(origin, shared);
  OpBuilder b(body.getTerminator(), &made);
  Reverse reverse(b, made, activity);
  YieldOp yield = request.bodyYield();
  for (auto [v, cotangent] : llvm::zip(yield.getValues(), request.getCotangents()))
    reverse.add(v, {cotangent, nullptr});
  if (failed(reverse.walk(ops)))
    return failure();
  SmallVector<Value> results(yield.getValues()); // now: a loop that keeps its rounds is a new op
  for (Value argument : body.getArguments()) {
    Value gradient = reverse.take(argument).d;
    results.push_back(gradient ? gradient : constant(b, request.getLoc(), 0.0, typeOf(argument)));
  }
  yield->setOperands(results);
  inlineRequest(request, request.getWrt());
  return success();
}
