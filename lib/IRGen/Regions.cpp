//===- Regions.cpp - nodes with scopes ------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scope is filled in a block of its own before the op that will hold it: which indices its results depend on decides
// the op's types. Where a body feeds itself (loops) or its arguments must carry what the results depend on
// (derivatives), it is filled again with wider arguments until nothing changes; there are no more rounds than indices.
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/IRGen/Generator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tds;
using graph::Node;
using graph::Scope;

/// Moves a filled block into an op's region in place of what stands there.
static void moveInto(mlir::Region &region, mlir::Region &filled) {
  region.getBlocks().clear();
  region.takeBody(filled);
}

static Indices uniteAll(ArrayRef<IndexedValue> values, Indices all = {}) {
  for (const IndexedValue &value : values)
    all = unite(all, value.indices);
  return all;
}

/// Ends a block: the values over these indices, and their types.
void Generator::yield(Enter &scope, Location loc, ArrayRef<IndexedValue> values, ArrayRef<Indices> indices,
                      SmallVectorImpl<Type> &types) {
  SmallVector<Value> yielded;
  types.clear();
  for (auto [value, wanted] : llvm::zip_equal(values, indices)) {
    yielded.push_back(align(scope.builder, loc, value, wanted));
    types.push_back(yielded.back().getType());
  }
  YieldOp::create(scope.builder, loc, yielded);
}

/// A scalar condition runs one side. One under indices becomes an elementwise branch for each shape of results: its
/// yields have the shape of the condition.
IndexedValues Generator::where(const Node *node) {
  IndexedValue condition = evaluate(node->operands[0]);
  if (!condition)
    return {};
  Location loc = locationOf(node);
  OpBuilder &b = builderOf(node);
  size_t count = node->scopes[0]->results.size();
  bool scalar = condition.indices.empty() && typeOf(condition.v).getRank() == 0;

  struct Group {
    SmallVector<size_t> members;
    Indices indices;
    Dims shape;
  };
  // Fills both sides with the results at `members`; the indices of each come from both sides.
  auto fillSides = [&](ArrayRef<size_t> members, mlir::Region(&sides)[2], SmallVectorImpl<Indices> &indices,
                       bool decide, SmallVectorImpl<Type> &types) -> bool {
    Block *blocks[2] = {new Block, new Block};
    for (int side : {0, 1})
      sides[side].push_back(blocks[side]);
    SmallVector<IndexedValue> values[2];
    for (int side : {0, 1}) {
      SmallVector<Node *> wanted;
      for (size_t member : members)
        wanted.push_back(node->scopes[side]->results[member]);
      Enter scope(*this, node->scopes[side], blocks[side]);
      if (!scalar) {
        frames.back().guard = condition;
        frames.back().negated = side == 1;
      }
      if (!evaluateAll(wanted, values[side]))
        return false;
    }
    if (decide)
      for (auto [x, y] : llvm::zip_equal(values[0], values[1]))
        indices.push_back(unite(unite(x.indices, y.indices), condition.indices));
    for (int side : {0, 1}) {
      Enter scope(*this, node->scopes[side], blocks[side]);
      yield(scope, loc, values[side], indices, types);
    }
    return true;
  };

  SmallVector<size_t> all = llvm::to_vector(llvm::seq(size_t(0), count));
  SmallVector<Indices> indices;
  SmallVector<Type> types;
  mlir::Region sides[2];
  if (!fillSides(all, sides, indices, /*decide=*/true, types))
    return {};
  auto resultShape = [&](size_t i) -> const Dims & {
    return node->resultShapes.empty() ? node->shape : node->resultShapes[i];
  };
  SmallVector<Group> groups;
  for (size_t i : all) {
    auto same = llvm::find_if(groups, [&](const Group &group) {
      return scalar || (group.indices == indices[i] && group.shape == resultShape(i));
    });
    if (same == groups.end())
      groups.push_back({{i}, indices[i], resultShape(i)});
    else
      same->members.push_back(i);
  }
  IndexedValues results(count);
  for (const Group &group : groups) {
    if (groups.size() > 1) {
      for (mlir::Region &side : sides) {
        mlir::Region dropped;
        dropped.takeBody(side);
      }
      SmallVector<Indices> own(group.members.size(), group.indices);
      if (!fillSides(group.members, sides, own, /*decide=*/false, types))
        return {};
    }
    Value c = scalar ? condition.v : align(b, loc, condition, group.indices, &group.shape);
    auto op = WhereOp::create(b, loc, types, c);
    moveInto(op.getThenRegion(), sides[0]);
    moveInto(op.getElseRegion(), sides[1]);
    for (auto [member, value] : llvm::zip_equal(group.members, op.getResults()))
      results[member] = {value, indices[member]};
  }
  return results;
}

/// An end of a counted loop as an index; a number stays one for who asks how often the loop runs.
Value Generator::asIndex(const Node *node, Value number) {
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  DenseIntElementsAttr known;
  if (auto constant = number.getDefiningOp<ConstantOp>())
    known = dyn_cast<DenseIntElementsAttr>(constant.getValue());
  if (known && known.getNumElements() == 1)
    return arith::ConstantIndexOp::create(b, loc, (*known.begin()).getSExtValue());
  Value scalar = tensor::ExtractOp::create(b, loc, number, ValueRange());
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), scalar);
}

/// A counted loop is scf.for. What rounds yield is written into tensors that the loop carries along. A range that
/// depends on indices is counted from 0 to the longest; an element that is through keeps its values.
IndexedValues Generator::loop(const Node *node) {
  const Scope *body = node->scopes[0];
  size_t carried = body->params.size() - 1, stacked = body->results.size() - carried;
  SmallVector<IndexedValue> values;
  IndexedValue first = evaluate(node->operands[0]), last = evaluate(node->operands[1]);
  if (!first || !last || !evaluateAll(ArrayRef(node->operands).drop_front(2), values))
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Type i64 = b.getI64Type();
  Indices ranged = unite(first.indices, last.indices);
  Value length; // over `ranged`, where rounds differ
  Value begin, end;
  if (ranged.empty()) {
    begin = asIndex(node, first.v);
    end = asIndex(node, last.v);
  } else {
    begin = arith::ConstantIndexOp::create(b, loc, 0);
    if (stacked) { // as many rounds for all
      IndexedValue rounds = polynomial(node, resolve(node->resultShapes[carried][0]), {}, {});
      end = asIndex(node, rounds.v);
    } else {
      length = pointwise(b, loc, "sub", {align(b, loc, last, ranged), align(b, loc, first, ranged)});
      SmallVector<int64_t> dims = llvm::to_vector(llvm::seq(int64_t(0), int64_t(ranged.size())));
      end = asIndex(node, ReduceOp::create(b, loc, scalarType(i64), ReduceKind::max, length, dims));
    }
  }

  SmallVector<Indices> indices;
  for (const IndexedValue &value : values)
    indices.push_back(value.indices);
  SmallVector<Value> inits;
  mlir::Region region;
  for (bool again = true; again;) {
    again = false;
    region.getBlocks().clear();
    Block *block = new Block;
    region.push_back(block);
    inits.clear();
    OpBuilder inside(&context); // the block is of no op yet
    inside.setInsertionPointToEnd(block);
    Value induction = block->addArgument(b.getIndexType(), loc);
    Value number = arith::IndexCastOp::create(inside, loc, i64, induction);
    Value count = tensor::FromElementsOp::create(inside, loc, scalarType(i64), number);
    IndexedValue counter = {count, {}};
    if (!ranged.empty())
      counter = {pointwise(inside, loc, "add", {align(inside, loc, {count, {}}, first.indices), first.v}),
                 first.indices};
    SmallVector<IndexedValue> params = {counter};
    for (size_t i = 0; i < carried; ++i) {
      inits.push_back(align(b, loc, values[i], indices[i]));
      params.push_back({block->addArgument(inits[i].getType(), locationOf(body->params[i + 1])), indices[i]});
    }
    SmallVector<IndexedValue> results;
    if (length) {
      IndexedValue active = {pointwise(inside, loc, "lt", {align(inside, loc, {count, {}}, ranged), length}), ranged};
      if (!maskedRound(node, active, params, inside, results))
        return {};
    } else {
      Enter scope(*this, body, block, params);
      if (!evaluateAll(body->results, results))
        return {};
    }
    for (size_t i = 0; i < carried; ++i)
      if (Indices wider = unite(indices[i], results[i].indices); wider != indices[i]) {
        indices[i] = wider;
        again = true;
      }
    if (again)
      continue;

    inside.setInsertionPointToEnd(block);
    SmallVector<Value> yielded;
    for (size_t i = 0; i < carried; ++i)
      yielded.push_back(align(inside, loc, results[i], indices[i]));
    indices.truncate(carried);
    for (size_t i = carried; i < carried + stacked; ++i) {
      // stack[.., round, ..] = value
      IndexedValue &value = results[i];
      auto lead = unsigned(value.indices.size()), rank = unsigned(typeOf(value.v).getRank());
      auto type = typeFor(value.indices, node->resultShapes[i], elementOf(value.v));
      inits.push_back(zero(b, loc, type));
      indices.push_back(value.indices);
      Value stack = block->addArgument(type, loc);
      Value round = ranged.empty() ? pointwise(inside, loc, "sub", {count, first.v}) : count;
      Value id =
          AccessOp::create(inside, loc, withElement(typeOf(value.v), i64), round, AffineMap::get(rank, 0, &context));
      SmallVector<AffineExpr> map;
      for (unsigned d = 0; d < rank; ++d)
        map.push_back(b.getAffineDimExpr(d));
      map.insert(map.begin() + lead, b.getAffineSymbolExpr(0));
      yielded.push_back(ScatterOp::create(inside, loc, type, ScatterKind::set, stack, value.v, id,
                                          AffineMap::get(rank, 1, map, &context), b.getStrArrayAttr({}),
                                          Outside::clamp));
    }
    scf::YieldOp::create(inside, loc, yielded);
  }
  Value step = arith::ConstantIndexOp::create(b, loc, 1);
  auto op = scf::ForOp::create(b, loc, begin, end, step, inits);
  moveInto(op.getRegion(), region);
  IndexedValues out;
  for (auto [value, own] : llvm::zip_equal(op.getResults(), indices))
    out.push_back({value, own});
  return out;
}

/// A round that only the active elements make: branches of each element, one for each shape, between the body and what
/// is carried.
bool Generator::maskedRound(const Node *node, const IndexedValue &active, ArrayRef<IndexedValue> params, OpBuilder &b,
                            SmallVectorImpl<IndexedValue> &results) {
  const Scope *body = node->scopes[0];
  Location loc = locationOf(node);
  auto fill = [&](mlir::Region &region, ArrayRef<Node *> wanted, SmallVectorImpl<IndexedValue> &values,
                  ArrayRef<Indices> indices, SmallVectorImpl<Type> &types) {
    region.push_back(new Block);
    Enter scope(*this, body, &region.front(), params);
    frames.back().guard = active;
    if (!evaluateAll(wanted, values))
      return false;
    if (!indices.empty())
      yield(scope, loc, values, indices, types);
    return true;
  };
  SmallVector<Type> types;
  {
    mlir::Region trial; // for the indices alone
    if (!fill(trial, body->results, results, {}, types))
      return false;
  }
  auto carried = params.drop_front();
  for (auto [result, old] : llvm::zip_equal(results, carried))
    result = {Value(), unite(unite(result.indices, old.indices), active.indices)};
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].v)
      continue;
    SmallVector<size_t> group;
    SmallVector<Node *> wanted;
    SmallVector<IndexedValue> kept, values;
    const Dims &shape = body->params[i + 1]->shape;
    for (size_t k = i; k < results.size(); ++k)
      if (results[k].indices == results[i].indices && body->params[k + 1]->shape == shape) {
        group.push_back(k);
        wanted.push_back(body->results[k]);
        kept.push_back(carried[k]);
      }
    SmallVector<Indices> indices(group.size(), results[i].indices);
    mlir::Region goes, stays;
    if (!fill(goes, wanted, values, indices, types))
      return false;
    stays.push_back(new Block);
    Enter other(*this, body, &stays.front(), params);
    yield(other, loc, kept, indices, types);
    auto op = WhereOp::create(b, loc, types, align(b, loc, active, results[i].indices, &shape));
    moveInto(op.getThenRegion(), goes);
    moveInto(op.getElseRegion(), stays);
    for (auto [k, value] : llvm::zip_equal(group, op.getResults()))
      results[k].v = value;
  }
  return true;
}

/// Conditions of the branches around a node and of the rounds that it is in, not of those that merely asked for it first.
SmallVector<IndexedValue> Generator::guardsOf(const Node *node) {
  SmallVector<IndexedValue> guards;
  Frame &own = frameOf(node);
  auto isAround = [&](const Scope *scope) {
    for (const Scope *s = node->scope; s; s = s->parent)
      if (s == scope)
        return true;
    return false;
  };
  for (Frame &frame : frames) {
    if (frame.guard && isAround(frame.scope)) {
      IndexedValue guard = frame.guard;
      if (frame.negated)
        guard.v = pointwise(own.builder, locationOf(node), "not", guard.v);
      guards.push_back(guard);
    }
    if (&frame == &own)
      break;
  }
  return guards;
}

/// A `while` is scf.while. Under indices it runs while any element wants it, and an element that does not keeps its
/// values: who wants is part of the state, computed once a round. (Computed twice, fused differently, it might differ
/// in the last bit, and an element would wait forever.) In a branch an element does not take it wants nothing: there it
/// might never end.
IndexedValues Generator::whileLoop(const Node *node) {
  const Scope *conditionScope = node->scopes[0], *body = node->scopes[1];
  SmallVector<IndexedValue> values;
  if (!evaluateAll(node->operands, values))
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  SmallVector<Indices> indices;
  for (const IndexedValue &value : values)
    indices.push_back(value.indices);
  SmallVector<IndexedValue> guards = guardsOf(node);
  auto condition = [&](Block *block, ArrayRef<IndexedValue> state, IndexedValue guard = {}) {
    Enter scope(*this, conditionScope, block, state);
    frames.back().guard = guard;
    return evaluate(conditionScope->results[0]);
  };
  auto freshBlock = [](mlir::Region &region) {
    region.getBlocks().clear();
    region.push_back(new Block);
    return &region.front();
  };
  mlir::Region before, after;
  SmallVector<Value> inits;
  SmallVector<Type> types;
  Indices wants;
  for (bool again = true; again;) { // until the state carries all indices that a round gives it
    again = false;
    Block *beforeBlock = freshBlock(before), *afterBlock = freshBlock(after);
    inits.clear();
    types.clear();
    SmallVector<IndexedValue> beforeParams, afterParams;
    for (size_t i = 0; i < values.size(); ++i) {
      inits.push_back(align(b, loc, values[i], indices[i]));
      types.push_back(inits[i].getType());
      Location place = locationOf(body->params[i]);
      beforeParams.push_back({beforeBlock->addArgument(types[i], place), indices[i]});
      afterParams.push_back({afterBlock->addArgument(types[i], place), indices[i]});
    }
    IndexedValue asked = condition(beforeBlock, beforeParams);
    if (!asked)
      return {};
    wants = uniteAll(guards, asked.indices);
    Value want, any = asked.v;
    if (!wants.empty()) {
      types.push_back(typeFor(wants, {}, b.getI1Type()));
      beforeBlock = freshBlock(before);
      for (Type type : types)
        beforeBlock->addArgument(type, loc);
      want = afterBlock->addArgument(types.back(), loc);
      any = beforeBlock->getArguments().back();
    }
    OpBuilder inside(&context);
    inside.setInsertionPointToEnd(beforeBlock);
    if (!wants.empty()) {
      SmallVector<int64_t> dims = llvm::to_vector(llvm::seq(int64_t(0), int64_t(wants.size())));
      any = ReduceOp::create(inside, loc, scalarType(b.getI1Type()), ReduceKind::any, any, dims);
    }
    Value go = tensor::ExtractOp::create(inside, loc, any, ValueRange());
    scf::ConditionOp::create(inside, loc, go, beforeBlock->getArguments());

    SmallVector<IndexedValue> next;
    SmallVector<Value> yielded;
    {
      Enter scope(*this, body, afterBlock, afterParams);
      if (want)
        frames.back().guard = {want, wants};
      SmallVector<IndexedValue> results;
      if (!evaluateAll(body->results, results))
        return {};
      for (size_t i = 0; i < values.size(); ++i) {
        Indices wider = unite(unite(indices[i], results[i].indices), wants);
        if (wider != indices[i]) {
          indices[i] = wider;
          again = true;
          continue;
        }
        Value value = align(scope.builder, loc, results[i], wider);
        if (want) {
          Dims shape = body->params[i]->shape;
          Value c = align(scope.builder, loc, {want, wants}, wider, &shape);
          value = pointwise(scope.builder, loc, "select", {c, value, afterParams[i].v});
        }
        next.push_back({value, wider});
        yielded.push_back(value);
      }
    }
    if (again)
      continue;
    inside.setInsertionPointToEnd(afterBlock);
    if (want) {
      IndexedValue later = condition(afterBlock, next, {want, wants});
      inside.setInsertionPointToEnd(afterBlock);
      yielded.push_back(pointwise(inside, loc, "and", {want, align(inside, loc, later, wants)}));
      SmallVector<IndexedValue> first;
      for (size_t i = 0; i < values.size(); ++i)
        first.push_back({inits[i], indices[i]});
      IndexedValue now = condition(b.getInsertionBlock(), first);
      Value go = align(b, loc, now, wants);
      for (const IndexedValue &guard : guards)
        go = pointwise(b, loc, "and", {go, align(b, loc, guard, wants)});
      inits.push_back(go);
    }
    scf::YieldOp::create(inside, loc, yielded);
  }
  auto op = scf::WhileOp::create(b, loc, types, inits);
  moveInto(op.getBefore(), before);
  moveInto(op.getAfter(), after);
  IndexedValues out;
  for (size_t i = 0; i < values.size(); ++i)
    out.push_back({op.getResult(unsigned(i)), indices[i]});
  return out;
}

/// A request for a derivative. Reverse mode under indices wants a gradient for each of their values: the variables are
/// broadcast over all indices that the differentiated results depend on.
IndexedValues Generator::derivative(const Node *node) {
  const Scope *body = node->scopes[0];
  bool reverse = node->name == "vjp";
  size_t numWrt = body->params.size();
  SmallVector<IndexedValue> values;
  if (!evaluateAll(node->operands, values))
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  size_t numSeeds = values.size() - numWrt;
  auto wrt = ArrayRef(values).take_front(numWrt), seeds = ArrayRef(values).drop_front(numWrt);
  // Forward mode pairs each variable with its tangent; reverse mode needs one set for all.
  Indices common = reverse ? uniteAll(values) : Indices();
  SmallVector<Value> points;
  SmallVector<Indices> pointIndices, resultIndices;
  SmallVector<Type> types;
  mlir::Region region;
  for (bool again = true; again;) {
    again = false;
    region.getBlocks().clear();
    Block *block = new Block;
    region.push_back(block);
    points.clear();
    pointIndices.clear();
    SmallVector<IndexedValue> params;
    for (size_t i = 0; i < numWrt; ++i) {
      pointIndices.push_back(reverse ? common : unite(wrt[i].indices, seeds[i].indices));
      points.push_back(align(b, loc, wrt[i], pointIndices[i]));
      params.push_back({block->addArgument(points[i].getType(), locationOf(body->params[i])), pointIndices[i]});
    }
    Enter scope(*this, body, block, params);
    SmallVector<IndexedValue> results;
    if (!evaluateAll(body->results, results))
      return {};
    resultIndices.clear();
    for (auto [i, result] : llvm::enumerate(results)) {
      bool seeded = reverse && i < numSeeds;
      if (seeded && unite(common, result.indices) != common) {
        common = unite(common, result.indices);
        again = true;
      }
      resultIndices.push_back(seeded ? common : result.indices);
    }
    if (!again)
      yield(scope, loc, results, resultIndices, types);
  }
  SmallVector<Value> seeded;
  for (size_t i = 0; i < numSeeds; ++i)
    seeded.push_back(align(b, loc, seeds[i], reverse ? common : pointIndices[i]));
  if (reverse) {
    for (size_t i = 0; i < numWrt; ++i) {
      types.push_back(points[i].getType());
      resultIndices.push_back(pointIndices[i]);
    }
    auto op = VjpOp::create(b, loc, types, points, seeded);
    moveInto(op.getBody(), region);
    IndexedValues out;
    for (auto [value, own] : llvm::zip_equal(op.getResults(), resultIndices))
      out.push_back({value, own});
    return out;
  }
  llvm::append_range(types, SmallVector<Type>(types));
  llvm::append_range(resultIndices, SmallVector<Indices>(resultIndices));
  auto op = JvpOp::create(b, loc, types, points, seeded);
  moveInto(op.getBody(), region);
  IndexedValues out;
  for (auto [value, own] : llvm::zip_equal(op.getResults(), resultIndices))
    out.push_back({value, own});
  return out;
}

/// A call that keeps its name. With a derivative of its own, arguments and results go over one set of indices, so that
/// the cotangents do; the broadcasts outside have their own adjoints.
IndexedValues Generator::composite(const Node *node) {
  const Scope *body = node->scopes[0];
  const Scope *rule = node->scopes.size() > 1 ? node->scopes[1] : nullptr;
  SmallVector<IndexedValue> values;
  if (!evaluateAll(node->operands, values))
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Indices common = rule ? uniteAll(values) : Indices();
  SmallVector<Value> arguments;
  SmallVector<Indices> resultIndices;
  SmallVector<Type> types;
  mlir::Region bodyRegion, ruleRegion;
  for (bool again = true; again;) {
    again = false;
    bodyRegion.getBlocks().clear();
    ruleRegion.getBlocks().clear();
    arguments.clear();
    resultIndices.clear();
    Block *block = new Block;
    bodyRegion.push_back(block);
    SmallVector<IndexedValue> params;
    for (auto [param, value] : llvm::zip_equal(body->params, values)) {
      Indices own = rule ? common : value.indices;
      arguments.push_back(align(b, loc, value, own));
      params.push_back({block->addArgument(arguments.back().getType(), locationOf(param)), own});
    }
    Enter scope(*this, body, block, params);
    SmallVector<IndexedValue> results;
    if (!evaluateAll(body->results, results))
      return {};
    for (const IndexedValue &result : results) {
      Indices wider = unite(common, result.indices);
      again |= rule && wider != common;
      if (rule)
        common = wider;
      resultIndices.push_back(rule ? common : result.indices);
    }
    if (again)
      continue;
    yield(scope, loc, results, resultIndices, types);
    if (!rule)
      continue;

    Block *ruleBlock = new Block;
    ruleRegion.push_back(ruleBlock);
    SmallVector<IndexedValue> ruleParams;
    for (Value argument : arguments)
      ruleParams.push_back({ruleBlock->addArgument(argument.getType(), loc), common});
    for (Type type : types)
      ruleParams.push_back({ruleBlock->addArgument(type, loc), common});
    Enter inRule(*this, rule, ruleBlock, ruleParams);
    SmallVector<Value> cotangents;
    for (auto [argument, result] : llvm::zip_equal(arguments, rule->results)) {
      if (!isDifferentiable(elementOf(argument)))
        continue;
      if (!result) {
        cotangents.push_back(zero(inRule.builder, loc, typeOf(argument)));
        continue;
      }
      IndexedValue cotangent = evaluate(result);
      if (!cotangent)
        return {};
      if (unite(common, cotangent.indices) != common)
        return error(node, "a cotangent of `" + node->name + "` depends on an index that its results do not depend on");
      cotangents.push_back(align(inRule.builder, loc, cotangent, common));
    }
    YieldOp::create(inRule.builder, loc, cotangents);
  }
  auto op = CompositeOp::create(b, loc, types, b.getStringAttr(node->name), arguments);
  moveInto(op.getBody(), bodyRegion);
  if (rule)
    moveInto(op.getRule(), ruleRegion);
  IndexedValues out;
  for (auto [value, own] : llvm::zip_equal(op.getResults(), resultIndices))
    out.push_back({value, own});
  return out;
}
