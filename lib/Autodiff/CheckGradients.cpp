//===- CheckGradients.cpp - the pass tds-check-gradients ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Behind each request stands what it takes to judge it: the derivative along random directions, and the values of the
// body a little before and behind the point. Where requests are in loops, branches and other requests, these numbers
// are handed on to the function's results.
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Autodiff/Autodiff.h"
#include "lib/Autodiff/Derivatives.h"
#include "lib/Autodiff/GradientNumbers.h"
#include "lib/Autodiff/Lockstep.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tds;

namespace tds {
#define GEN_PASS_DEF_TDSCHECKGRADIENTS
#include "lib/Autodiff/Passes.h.inc"
} // namespace tds

namespace {

/// Ops at a place, on f64.
struct Numbers {
  OpBuilder &b;
  Location loc;

  RankedTensorType type(ArrayRef<int64_t> shape = {}) const { return RankedTensorType::get(shape, b.getF64Type()); }
  Value number(double value) { return constant(b, loc, value, type()); }
  Value integer(int64_t value) { return constant(b, loc, HostValue(host::Int(value)), scalarType(b.getI64Type())); }
  Value call(StringRef function, ValueRange operands) { return pointwise(b, loc, function, operands); }
  Value add(Value x, Value y) { return call("add", {x, y}); }
  Value mul(Value x, Value y) { return call("mul", {x, y}); }

  bool isComplex(Value v) const { return isa<ComplexType>(elementOf(v)); }
  Value sum(Value v) { return sumOver(b, loc, v, llvm::to_vector(llvm::seq<int64_t>(0, typeOf(v).getRank()))); }
  /// Of a real or complex tensor: the real part of sum(conj(x) * y).
  Value dot(Value x, Value y) { return sum(isComplex(x) ? call("real", mul(call("conj", x), y)) : mul(x, y)); }
  Value squares(Value x) { return isComplex(x) ? call("real", mul(call("conj", x), x)) : mul(x, x); }
  Value scaled(Value x, Value factor) {
    return mul(x, fill(b, loc, isComplex(x) ? convertTo(b, loc, factor, elementOf(x)) : factor, typeOf(x)));
  }
  Value derive(Value key, Value i) { return DeriveKeyOp::create(b, loc, key.getType(), key, i, 1); }

  /// Numbers between -1 and 1, of a complex type in both parts.
  Value random(Value key, RankedTensorType type) {
    auto words = [&](int64_t part) {
      Value bits = RandomBitsOp::create(b, loc, withElement(type, b.getI32Type()), derive(key, integer(part)));
      return scaled(convertTo(b, loc, bits, b.getF64Type()), number(0x1p-31));
    };
    return isa<ComplexType>(type.getElementType()) ? call("complex", {words(0), words(1)}) : words(0);
  }
  /// The square root of the mean of squares, 1 where that is 0.
  Value size(ValueRange values) {
    Value all = number(0);
    int64_t count = 0;
    for (Value v : values) {
      all = add(all, sum(squares(v)));
      count += typeOf(v).getNumElements();
    }
    Value mean = call("sqrt", mul(all, number(1.0 / double(std::max<int64_t>(count, 1)))));
    return call("select", {call("gt", {mean, number(0)}), mean, number(1)});
  }
  /// A step for each element: its own size, and a bit of the others'.
  Value stepOf(Value x) {
    Value others = fill(b, loc, mul(size(x), number(0.1)), withElement(typeOf(x), b.getF64Type()));
    Value own = add(call("abs", x), others);
    return isComplex(x) ? convertTo(b, loc, own, elementOf(x)) : own;
  }
  /// x with v at the place i of its first dimension.
  Value put(Value x, Value v, Value i) {
    auto rank = unsigned(typeOf(v).getRank());
    SmallVector<AffineExpr> map{b.getAffineSymbolExpr(0)};
    for (unsigned d = 0; d < rank; ++d)
      map.push_back(b.getAffineDimExpr(d));
    Value ids = fill(b, loc, i, withElement(typeOf(v), b.getI64Type()));
    return ScatterOp::create(b, loc, x.getType(), ScatterKind::set, x, v, ids,
                             AffineMap::get(rank, 1, map, b.getContext()), b.getStrArrayAttr({}), Outside::clamp);
  }
  /// for i in 0..n { x = body(i, x) }, i an i64.
  Value loop(int64_t n, Value x, function_ref<Value(Numbers &, Value, Value)> body) {
    auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); };
    auto op = scf::ForOp::create(b, loc, index(0), index(n), index(1), ValueRange(x),
                                 [&](OpBuilder &inside, Location loc, Value i, ValueRange carried) {
                                   Numbers inner{inside, loc};
                                   Type i64 = inside.getI64Type();
                                   Value number = arith::IndexCastOp::create(inside, loc, i64, i);
                                   Value round = tensor::FromElementsOp::create(inside, loc, scalarType(i64), number);
                                   scf::YieldOp::create(inside, loc, body(inner, round, carried[0]));
                                 });
    return op.getResult(0);
  }
};

/// A request, whichever way it goes.
struct Request {
  VjpOp reverse;
  JvpOp forward;
  explicit Request(Operation *op) : reverse(dyn_cast<VjpOp>(op)), forward(dyn_cast<JvpOp>(op)) {}

  Operation *op() { return reverse ? reverse.getOperation() : forward.getOperation(); }
  ValueRange wrt() { return reverse ? ValueRange(reverse.getWrt()) : ValueRange(forward.getWrt()); }
  Block &body() { return op()->getRegion(0).front(); }
  /// Yields that are differentiated.
  SmallVector<unsigned> outputs() {
    SmallVector<unsigned> all;
    auto yields = body().getTerminator()->getOperands();
    for (unsigned k = 0; k < (reverse ? reverse.getCotangents().size() : yields.size()); ++k)
      if (carriesDerivatives(yields[k]))
        all.push_back(k);
    return all;
  }
  Value gradient(unsigned k) { return op()->getResult(unsigned(op()->getNumResults() - wrt().size()) + k); }
  Value tangent(unsigned k) { return op()->getResult(unsigned(op()->getNumResults() / 2) + k); }
};

/// What is measured of one evaluation; `GradientNumbers` says what stands where.
Value measure(Numbers at, Request request, int64_t seed) {
  using C = GradientNumbers;
  SmallVector<unsigned> outputs = request.outputs();
  SmallVector<Value> steps;
  Value alongTangent; // how long a step along it is
  if (request.reverse)
    for (Value x : request.wrt())
      steps.push_back(at.stepOf(x));
  else
    alongTangent = at.call("div", {at.size(request.wrt()), at.size(request.forward.getTangents())});
  double distances[2 * C::steps];
  double step = C::firstStep;
  for (int64_t k = 0; k < C::steps; ++k, step *= C::stepRatio) {
    distances[2 * k] = step;
    distances[2 * k + 1] = -step;
  }
  Value table = ConstantOp::create(at.b, at.loc, at.type({2 * C::steps}),
                                   DenseElementsAttr::get(at.type({2 * C::steps}), ArrayRef<double>(distances)));
  Value key = constant(at.b, at.loc, HostValue(host::Int(seed)), scalarType(at.b.getIntegerType(64, false)));
  Value none = constant(at.b, at.loc, 0.0, at.type({C::directions, C::numbers}));

  return at.loop(C::directions, none, [&](Numbers &at, Value direction, Value all) {
    Value ownKey = at.derive(key, direction);
    SmallVector<Value> moves, weights;
    Value derivative = at.number(0), squares = at.number(0), middle = at.number(0);
    for (auto [k, x] : llvm::enumerate(request.wrt())) {
      if (request.forward) {
        moves.push_back(at.scaled(request.forward.getTangents()[k], alongTangent));
        continue;
      }
      Value own = at.derive(ownKey, at.integer(int64_t(k)));
      moves.push_back(at.mul(at.random(own, typeOf(x)), steps[k]));
      Value gradient = request.gradient(unsigned(k));
      derivative = at.add(derivative, at.dot(gradient, moves[k]));
      squares = at.add(squares, at.sum(at.mul(at.squares(gradient), at.squares(moves[k]))));
    }
    for (unsigned k : outputs) {
      Value y = request.op()->getResult(k);
      weights.push_back(request.reverse ? request.reverse.getCotangents()[k]
                                        : at.random(at.derive(ownKey, at.integer(k)), typeOf(y)));
      middle = at.add(middle, at.dot(weights.back(), y));
      if (request.reverse)
        continue;
      Value tangent = at.scaled(request.tangent(k), alongTangent);
      derivative = at.add(derivative, at.dot(weights.back(), tangent));
      squares = at.add(squares, at.sum(at.mul(at.squares(weights.back()), at.squares(tangent))));
    }
    Value row = constant(at.b, at.loc, 0.0, at.type({C::numbers}));
    Value first[] = {at.number(1), middle, derivative, at.call("sqrt", squares)};
    for (auto [k, value] : llvm::enumerate(first))
      row = at.put(row, value, at.integer(int64_t(k)));
    row = at.loop(2 * C::steps, row, [&](Numbers &at, Value point, Value row) {
      Value distance =
          GatherOp::create(at.b, at.loc, at.type(), table, point, Value(),
                           AffineMap::get(0, 1, at.b.getAffineSymbolExpr(0)), at.b.getStrArrayAttr({}), Outside::clamp);
      SmallVector<Value> moved;
      for (auto [x, move] : llvm::zip_equal(request.wrt(), moves))
        moved.push_back(at.add(x, at.scaled(move, distance)));
      SmallVector<Value> values = evaluateMoved(at.b, request.op(), request.wrt(), moved);
      Value sum = at.number(0);
      for (auto [k, weight] : llvm::zip_equal(outputs, weights))
        sum = at.add(sum, at.dot(weight, values[k]));
      return at.put(row, sum, at.add(point, at.integer(C::firstValue)));
    });
    return at.put(all, row, direction);
  });
}

/// Hands a state that a request's checks add to through what the request is in.
class Threads {
public:
  using Values = SmallVector<Value, 2>;
  /// Why the state can't come out; empty if it can.
  static std::string obstacle(Operation *request) {
    for (Type type : llvm::to_vector(llvm::concat<const Type>(SmallVector<Type>(request->getOperandTypes()),
                                                              SmallVector<Type>(request->getResultTypes()))))
      if (!cast<RankedTensorType>(type).hasStaticShape())
        return "its sizes are open";
    for (Operation *op = request; !isa<func::FuncOp>(op->getParentOp()); op = op->getParentOp()) {
      Operation *parent = op->getParentOp();
      if (auto where = dyn_cast<WhereOp>(parent)) {
        if (typeOf(where.getCond()).getRank())
          return "it is in a branch of each element";
      } else if (auto call = dyn_cast<CompositeOp>(parent)) {
        return "it is in the function `" + call.getName().str() + "`, which has a vjp of its own";
      } else if (!isa<scf::ForOp, scf::WhileOp, VjpOp, JvpOp>(parent)) {
        return "it is in `" + parent->getName().getStringRef().str() + "`";
      }
    }
    return "";
  }
  static bool isInLoop(Operation *request) {
    return request->getParentOfType<scf::ForOp>() || request->getParentOfType<scf::WhileOp>();
  }

  /// Gives `step` the state where the request is, and `out` what it makes of it, at the end of the function.
  Threads(Operation *request, function_ref<Values(OpBuilder &)> begin,
          function_ref<Values(OpBuilder &, ValueRange)> step) {
    SmallVector<Operation *> around; // innermost first
    for (Operation *op = request->getParentOp(); !isa<func::FuncOp>(op); op = op->getParentOp())
      around.push_back(op);
    OpBuilder b(around.empty() ? request : around.back());
    Values state = begin(b);
    SmallVector<Values> entered; // before each of `around`, outermost first
    for (Operation *&op : llvm::reverse(around)) {
      entered.push_back(state);
      state = enter(op, state, request);
    }
    b.setInsertionPointAfter(request);
    state = step(b, state);
    for (Operation *op : around) {
      state = leave(op, entered.pop_back_val(), state, request);
    }
    out = state;
  }
  Values out;

private:
  static Values addArguments(Block *block, ValueRange like) {
    Values arguments;
    for (Value v : like)
      arguments.push_back(block->addArgument(v.getType(), v.getLoc()));
    return arguments;
  }
  static void append(Operation *terminator, ValueRange values) {
    terminator->insertOperands(terminator->getNumOperands(), values);
  }
  static void replace(Operation *old, Operation *now, size_t count) {
    now->setLoc(old->getLoc());
    old->replaceAllUsesWith(now->getResults().take_front(count));
    old->erase();
  }

  /// Makes place for the state; it is handed out by `leave`. Ops with more operands take the place of `op`.
  Values enter(Operation *&op, const Values &state, Operation *request) {
    OpBuilder b(op);
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      SmallVector<Value> inits(loop.getInitArgs());
      llvm::append_range(inits, state);
      Values inside = addArguments(loop.getBody(), state);
      auto longer =
          scf::ForOp::create(b, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(), inits);
      longer.getRegion().takeBody(loop.getRegion());
      size_t count = loop.getNumResults();
      replace(op, longer, count);
      op = longer;
      return inside;
    }
    if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      SmallVector<Value> inits(loop.getInits());
      llvm::append_range(inits, state);
      SmallVector<Type> types(loop.getResultTypes());
      llvm::append_range(types, ValueRange(state).getTypes());
      bool inCondition = loop.getBefore().isAncestor(request->getParentRegion());
      Values before = addArguments(loop.getBeforeBody(), state), after = addArguments(loop.getAfterBody(), state);
      if (!inCondition)
        append(loop.getConditionOp(), before);
      else
        append(loop.getYieldOp(), after);
      auto longer = scf::WhileOp::create(b, loop.getLoc(), types, inits);
      longer.getBefore().takeBody(loop.getBefore());
      longer.getAfter().takeBody(loop.getAfter());
      size_t count = loop.getNumResults();
      replace(op, longer, count);
      op = longer;
      return inCondition ? before : after;
    }
    return state;
  }

  Values leave(Operation *op, const Values &before, const Values &state, Operation *request) {
    OpBuilder b(op);
    Region *region = request->getParentRegion();
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      append(loop.getBody()->getTerminator(), state);
      return Values(loop.getResults().take_back(state.size()));
    }
    if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      bool inCondition = loop.getBefore().isAncestor(region);
      append(inCondition ? loop.getConditionOp().getOperation() : loop.getYieldOp().getOperation(), state);
      return Values(loop.getResults().take_back(state.size()));
    }
    SmallVector<Type> types(op->getResultTypes());
    if (auto where = dyn_cast<WhereOp>(op)) {
      for (Region *side : {&where.getThenRegion(), &where.getElseRegion()})
        append(side->front().getTerminator(), side->isAncestor(region) ? state : before);
      llvm::append_range(types, ValueRange(state).getTypes());
      auto longer = WhereOp::create(b, op->getLoc(), types, where.getCond());
      longer.getThenRegion().takeBody(where.getThenRegion());
      longer.getElseRegion().takeBody(where.getElseRegion());
      replace(op, longer, op->getNumResults());
      return Values(longer.getResults().take_back(state.size()));
    }
    // A request: what it passes on stands before its derivatives, and a jvp has tangents of all.
    Operation *yield = op->getRegion(0).front().getTerminator();
    unsigned count = yield->getNumOperands();
    append(yield, state);
    bool reverse = isa<VjpOp>(op);
    SmallVector<Type> longerTypes(types.begin(), types.begin() + count);
    llvm::append_range(longerTypes, ValueRange(state).getTypes());
    longerTypes.append(types.begin() + count, types.end());
    if (!reverse)
      llvm::append_range(longerTypes, ValueRange(state).getTypes());
    Operation *longer = nullptr;
    if (reverse)
      longer = VjpOp::create(b, op->getLoc(), longerTypes, cast<VjpOp>(op).getWrt(), cast<VjpOp>(op).getCotangents());
    else
      longer = JvpOp::create(b, op->getLoc(), longerTypes, cast<JvpOp>(op).getWrt(), cast<JvpOp>(op).getTangents());
    longer->getRegion(0).takeBody(op->getRegion(0));
    for (unsigned k = 0; k < op->getNumResults(); ++k)
      op->getResult(k).replaceAllUsesWith(longer->getResult(k < count ? k : k + unsigned(state.size())));
    op->erase();
    return Values(longer->getResults().slice(count, state.size()));
  }
};

struct TdsCheckGradientsPass : tds::impl::TdsCheckGradientsBase<TdsCheckGradientsPass> {
  using Base::Base;

  /// Measures a request, and gives the number of the function's result that tells.
  int64_t check(Operation *op, int64_t seed) {
    using C = GradientNumbers;
    auto function = op->getParentOfType<func::FuncOp>();
    bool repeated = Threads::isInLoop(op);
    int64_t rows = repeated ? C::evaluations + 1 : 1; // the last row takes what is not looked at
    Location loc = op->getLoc();
    if (auto named = dyn_cast<NameLoc>(loc))
      loc = named.getChildLoc();
    Threads threads(
        op,
        [&](OpBuilder &b) -> Threads::Values {
          Numbers at{b, loc};
          return {constant(b, loc, 0.0, at.type({rows, C::directions, C::numbers})), at.integer(0)};
        },
        [&](OpBuilder &b, ValueRange state) -> Threads::Values {
          Numbers at{b, loc};
          auto written = [&](Numbers at) {
            Value numbers = measure(at, Request(op), seed);
            return at.put(state[0], StopGradientOp::create(at.b, loc, numbers), state[1]);
          };
          if (!repeated)
            return {written(at), state[1]};
          Value wanted = at.call("lt", {state[1], at.integer(C::evaluations)});
          auto guarded = WhereOp::create(b, loc, TypeRange(state[0].getType()), wanted);
          for (Region *side : {&guarded.getThenRegion(), &guarded.getElseRegion()}) {
            OpBuilder inside(b.getContext());
            inside.createBlock(side);
            YieldOp::create(inside, loc, side == &guarded.getThenRegion() ? written({inside, loc}) : state[0]);
          }
          return {guarded.getResult(0), at.add(state[1], at.integer(1))};
        });
    Operation *exit = function.front().getTerminator();
    exit->insertOperands(exit->getNumOperands(), threads.out[0]);
    unsigned result = function.getNumResults();
    (void)function.insertResult(result, threads.out[0].getType(), nullptr);
    function.setResultAttr(result, "tds.name", StringAttr::get(&getContext(), "$" + Twine(result)));
    return result;
  }

  void runOnOperation() override {
    SmallVector<CompositeOp> inlined;
    getOperation().walk([&](CompositeOp call) {
      bool asks = call.getBody()
                      .walk([](Operation *op) {
                        return isa<VjpOp, JvpOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
                      })
                      .wasInterrupted();
      if (asks && !call.hasRule())
        inlined.push_back(call);
    });
    for (CompositeOp call : inlined)
      inlineBody(call);
    SmallVector<Operation *> requests; // outermost first: their bodies are copied as they were
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<VjpOp, JvpOp>(op))
        requests.push_back(op);
    });
    if (requests.empty())
      return;
    Builder b(&getContext());
    SmallVector<Attribute> checks;
    // A request in another one is moved when the outer one is replaced by a longer one, and stays itself.
    for (auto [k, op] : llvm::enumerate(requests)) {
      std::string obstacle = Threads::obstacle(op);
      SmallVector<Attribute> rules;
      op->walk([&](CompositeOp call) {
        if (call.hasRule())
          rules.push_back(call.getNameAttr());
      });
      Location loc = op->getLoc();
      int64_t result = obstacle.empty() ? check(op, int64_t(k) + 1) : -1;
      checks.push_back(b.getArrayAttr(
          {LocationAttr(loc), b.getI64IntegerAttr(result), b.getStringAttr(obstacle), b.getArrayAttr(rules)}));
    }
    getOperation()->setAttr(GradientNumbers::attribute, b.getArrayAttr(checks));
  }
};

} // namespace

std::unique_ptr<Pass> tds::createTdsCheckGradientsPass() { return std::make_unique<TdsCheckGradientsPass>(); }
