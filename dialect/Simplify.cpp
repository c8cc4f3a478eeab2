#include "dialect/Simplify.h"
#include "dialect/SimplifyPatterns.h"
#include "dialect/TdsBuilder.h"
#include "lib/Shape/Dim.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tds {

bool isPermutedRead(AccessOp op) {
  if (!op || op.getOutside() != Outside::none || op.getMap().getNumSymbols() != 0 || !op.getMap().isProjectedPermutation())
    return false;
  for (auto [k, expr] : llvm::enumerate(op.getMap().getResults()))
    if (dimText(typeOf(op.getX()), unsigned(k)) != dimText(op.getType(), cast<AffineDimExpr>(expr).getPosition()))
      return false;
  return true;
}

namespace {

//===--- Access ---------------------------------------------------------------------------------------------------===//

// access(access x at m) at n  =>  access x at m(n)
struct ComposeAccesses : OpRewritePattern<AccessOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccessOp op, PatternRewriter &r) const override {
    auto inner = op.getX().getDefiningOp<AccessOp>();
    if (!inner || op.getOutside() != Outside::none)
      return failure();
    if (inner.getOtherwise() && typeOf(inner.getOtherwise()).getRank() != 0)
      return failure();
    SmallVector<std::string> symbols; // compose puts the outer map's symbols behind the inner one's
    for (AccessOp from : {inner, op})
      for (Attribute s : from.getSymbols())
        symbols.push_back(cast<StringAttr>(s).getValue().str());
    AffineMap map = simplifyAffineMap(inner.getMap().compose(op.getMap()));
    r.replaceOp(op, AccessOp::create(r, op.getLoc(), op.getType(), inner.getX(), map, symbols, inner.getOutside(), inner.getOtherwise()));
    return success();
  }
};

/// The least and the greatest value of a sum of indices and numbers over a space; none for what else there is.
std::optional<std::pair<int64_t, int64_t>> rangeOf(AffineExpr e, RankedTensorType space) {
  if (auto number = dyn_cast<AffineConstantExpr>(e))
    return std::pair(number.getValue(), number.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(e)) {
    if (space.isDynamicDim(dim.getPosition()) || space.getDimSize(dim.getPosition()) == 0)
      return std::nullopt;
    return std::pair(int64_t(0), space.getDimSize(dim.getPosition()) - 1);
  }
  auto sum = dyn_cast<AffineBinaryOpExpr>(e);
  if (!sum || sum.getKind() != AffineExprKind::Add)
    return std::nullopt;
  auto x = rangeOf(sum.getLHS(), space), y = rangeOf(sum.getRHS(), space);
  return x && y ? std::optional(std::pair(x->first + y->first, x->second + y->second)) : std::nullopt;
}

// access(access x at m else y) at n  =>  access x at m(n) where that is always inside of x;  access y at n where never
struct ReadThroughElse : OpRewritePattern<AccessOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccessOp op, PatternRewriter &r) const override {
    auto inner = op.getX().getDefiningOp<AccessOp>();
    if (!inner || op.getOutside() != Outside::none || inner.getOutside() != Outside::otherwise || inner.getMap().getNumSymbols() || op.getMap().getNumSymbols())
      return failure();
    AffineMap map = simplifyAffineMap(inner.getMap().compose(op.getMap()));
    bool inside = true, outside = false;
    for (auto [k, e] : llvm::enumerate(map.getResults())) {
      auto range = rangeOf(e, op.getType());
      auto from = typeOf(inner.getX());
      if (!range || from.isDynamicDim(unsigned(k))) {
        inside = false;
        continue;
      }
      inside &= range->first >= 0 && range->second < from.getDimSize(unsigned(k));
      outside |= range->second < 0 || range->first >= from.getDimSize(unsigned(k));
    }
    if (inside)
      r.replaceOp(op, AccessOp::create(r, op.getLoc(), op.getType(), inner.getX(), map));
    else if (outside && typeOf(inner.getOtherwise()).getRank() != 0)
      r.replaceOp(op, AccessOp::create(r, op.getLoc(), op.getType(), inner.getOtherwise(), op.getMap()));
    else
      return failure();
    return success();
  }
};

// accumulate x at (d0) -> (d0 + c)  =>  access x at (d0) -> (d0 - c) else 0: every place gets one element or none. Without the
// else where x reaches every place.
struct AccumulateOfShift : OpRewritePattern<AccumulateOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccumulateOp op, PatternRewriter &r) const override {
    AffineMap map = op.getMap();
    bool drops = op.getOutside() == Outside::otherwise;
    if ((op.getOutside() != Outside::none && !drops) || map.getNumResults() != map.getNumDims())
      return failure();
    auto from = typeOf(op.getX()), to = typeOf(op.getResult());
    SmallVector<AffineExpr> back(map.getNumDims());
    bool covers = true;
    for (auto [k, expr] : llvm::enumerate(map.getResults())) {
      AffineExpr here = r.getAffineDimExpr(unsigned(k));
      for (unsigned d = 0; d < map.getNumDims(); ++d) {
        AffineExpr shift = expr - r.getAffineDimExpr(d);
        if (!expr.isFunctionOfDim(d) || !shift.isSymbolicOrConstant() || back[d])
          continue;
        back[d] = here - shift;
        auto range = rangeOf(back[d], to);
        bool whole = shift == 0 && dimText(from, d) == dimText(to, unsigned(k));
        covers &= whole || (range && !from.isDynamicDim(d) && range->first >= 0 && range->second < from.getDimSize(d));
      }
    }
    if (llvm::any_of(back, [](AffineExpr e) { return !e; }))
      return failure();
    SmallVector<std::string> symbols;
    for (auto symbol : op.getSymbols().getAsValueRange<StringAttr>())
      symbols.push_back(symbol.str());
    AffineMap inverse = AffineMap::get(map.getNumDims(), map.getNumSymbols(), back, r.getContext());
    Value zero = covers ? Value() : constant(r, op.getLoc(), 0.0, scalarType(to.getElementType()));
    r.replaceOpWithNewOp<AccessOp>(op, to, op.getX(), inverse, symbols, covers ? Outside::none : Outside::otherwise, zero);
    return success();
  }
};

//===--- Broadcasts -----------------------------------------------------------------------------------------------===//

// f(broadcast a, broadcast b, number)  =>  broadcast f(a, b, number)
struct BroadcastLast : OpInterfaceRewritePattern<Pointwise> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(Pointwise op, PatternRewriter &r) const override {
    if (isa<DeriveKeyOp>(op) || op->getNumResults() != 1)
      return failure();
    AccessOp model;
    for (Value v : op->getOperands()) {
      auto access = v.getDefiningOp<AccessOp>();
      if (splatValue(v))
        continue;
      if (!isPermutedRead(access) || access.getMap().getNumResults() == access.getMap().getNumDims())
        return failure();
      if (model && (access.getMap() != model.getMap() || dimTexts(typeOf(access.getX())) != dimTexts(typeOf(model.getX()))))
        return failure();
      model = access;
    }
    if (!model)
      return failure();
    SmallVector<Value> small;
    for (Value v : op->getOperands()) {
      if (auto number = splatValue(v))
        small.push_back(constant(r, v.getLoc(), *number, withElement(typeOf(model.getX()), elementOf(v))));
      else
        small.push_back(v.getDefiningOp<AccessOp>().getX());
    }
    Value result = pointwise(r, op->getLoc(), op->getName().stripDialect(), small);
    if (!result)
      return failure();
    r.replaceOp(op, AccessOp::create(r, op->getLoc(), op->getResult(0).getType(), result, model.getMap()));
    return success();
  }
};

// convert(broadcast x)  =>  broadcast(convert x)
struct ConvertBeforeBroadcast : OpRewritePattern<ConvertOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ConvertOp op, PatternRewriter &r) const override {
    auto access = op.getX().getDefiningOp<AccessOp>();
    if (!isPermutedRead(access) || access.getMap().getNumResults() == access.getMap().getNumDims())
      return failure();
    Value small = convertTo(r, op.getLoc(), access.getX(), elementOf(op.getResult()));
    r.replaceOp(op, AccessOp::create(r, access.getLoc(), op.getType(), small, access.getMap()));
    return success();
  }
};

// reduce sum (broadcast x) over dims that x does not have  =>  broadcast x without them * their sizes
struct SumOfBroadcast : OpRewritePattern<ReduceOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &r) const override {
    auto access = op.getX().getDefiningOp<AccessOp>();
    if (op.getKind() != ReduceKind::sum || !isPermutedRead(access) || !isa<FloatType>(elementOf(op.getX())))
      return failure();
    SmallVector<int64_t> repeated, rest;
    for (int64_t d : op.getDims())
      (access.getMap().isFunctionOfDim(unsigned(d)) ? rest : repeated).push_back(d);
    if (repeated.empty())
      return failure();
    std::string count;
    SmallVector<int64_t> kept;
    auto type = typeOf(op.getX());
    SmallVector<AffineExpr> dims(access.getMap().getNumDims(), r.getAffineConstantExpr(0));
    SmallVector<int64_t> restMoved;
    for (int64_t d = 0; d < type.getRank(); ++d) {
      if (llvm::is_contained(repeated, d)) {
        count += (count.empty() ? "(" : " * (") + dimText(type, unsigned(d)) + ")";
        continue;
      }
      dims[d] = r.getAffineDimExpr(unsigned(kept.size()));
      if (llvm::is_contained(rest, d))
        restMoved.push_back(int64_t(kept.size()));
      kept.push_back(d);
    }
    Location loc = op.getLoc();
    AffineMap map = access.getMap().replaceDimsAndSymbols(dims, {}, unsigned(kept.size()), 0);
    Value small = AccessOp::create(r, loc, pickDims(type, kept), access.getX(), map);
    if (!restMoved.empty())
      small = ReduceOp::create(r, loc, ReduceKind::sum, small, r.getDenseI64ArrayAttr(restMoved));
    auto size = Dim::parse(count);
    if (!size)
      return failure();
    Value times = SizeOp::create(r, loc, scalarType(r.getI64Type()), size->str());
    times = fill(r, loc, convertTo(r, loc, times, elementOf(small)), typeOf(small));
    r.replaceOp(op, pointwise(r, loc, "mul", {small, times}));
    return success();
  }
};

//===--- Arithmetic -----------------------------------------------------------------------------------------------===//

// x + 0, 0 + x, x - 0, x * 1, 1 * x, x / 1  =>  x.  Adding 0.0 makes -0.0 of nothing but -0.0, which a zero cotangent may lose.
template <class Op> struct DropNeutral : OpRewritePattern<Op> {
  DropNeutral(MLIRContext *context, double neutral, bool both) : OpRewritePattern<Op>(context), neutral(neutral), both(both) {}
  LogicalResult matchAndRewrite(Op op, PatternRewriter &r) const override {
    if (isSplat(op.getY(), neutral))
      return r.replaceOp(op, op.getX()), success();
    if (both && isSplat(op.getX(), neutral))
      return r.replaceOp(op, op.getY()), success();
    return failure();
  }
  double neutral;
  bool both;
};

// -(-x)  =>  x
struct NegOfNeg : OpRewritePattern<NegOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(NegOp op, PatternRewriter &r) const override {
    auto inner = op.getX().getDefiningOp<NegOp>();
    return inner ? (r.replaceOp(op, inner.getX()), success()) : failure();
  }
};

// conj(conj(x))  =>  x
struct ConjOfConj : OpRewritePattern<ConjOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ConjOp op, PatternRewriter &r) const override {
    auto inner = op.getX().getDefiningOp<ConjOp>();
    return inner ? (r.replaceOp(op, inner.getX()), success()) : failure();
  }
};

// x + (-y)  =>  x - y;  (-x) + y  =>  y - x
struct AddOfNeg : OpRewritePattern<AddOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &r) const override {
    for (auto [x, y] : {std::pair(op.getX(), op.getY()), std::pair(op.getY(), op.getX())})
      if (auto neg = y.getDefiningOp<NegOp>())
        return r.replaceOp(op, pointwise(r, op.getLoc(), "sub", {x, neg.getX()})), success();
    return failure();
  }
};

// x + x  =>  2 * x, exactly
struct AddOfSame : OpRewritePattern<AddOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &r) const override {
    if (op.getX() != op.getY() || !isa<FloatType>(elementOf(op.getX())))
      return failure();
    Value two = constant(r, op.getLoc(), 2.0, typeOf(op.getX()));
    return r.replaceOp(op, pointwise(r, op.getLoc(), "mul", {two, op.getX()})), success();
  }
};

// x * -1, -1 * x  =>  -x
struct MulByMinusOne : OpRewritePattern<MulOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &r) const override {
    for (auto [x, y] : {std::pair(op.getX(), op.getY()), std::pair(op.getY(), op.getX())})
      if (isSplat(y, -1))
        return r.replaceOp(op, pointwise(r, op.getLoc(), "neg", {x})), success();
    return failure();
  }
};

// number(condition) * n != 0, n not 0, also read elsewhere  =>  condition
struct ConditionOfNumber : OpRewritePattern<NeOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(NeOp op, PatternRewriter &r) const override {
    if (!isSplat(op.getY(), 0))
      return failure();
    SmallVector<AccessOp> reads;
    Value v = op.getX();
    for (;;) {
      if (auto access = v.getDefiningOp<AccessOp>(); access && access.getOutside() == Outside::none && !access.getOtherwise()) {
        reads.push_back(access);
        v = access.getX();
      } else if (auto mul = v.getDefiningOp<MulOp>(); mul && isCount(mul.getX())) {
        v = mul.getY();
      } else if (mul && isCount(mul.getY())) {
        v = mul.getX();
      } else {
        break;
      }
    }
    auto number = v.getDefiningOp<ConvertOp>();
    if (!number || !elementOf(number.getX()).isInteger(1))
      return failure();
    Value condition = number.getX();
    for (AccessOp read : llvm::reverse(reads)) {
      SmallVector<std::string> symbols;
      for (Attribute s : read.getSymbols())
        symbols.push_back(cast<StringAttr>(s).getValue().str());
      condition = AccessOp::create(r, read.getLoc(), withElement(read.getType(), r.getI1Type()), condition, read.getMap(), symbols, Outside::none, Value());
    }
    r.replaceOp(op, condition);
    return success();
  }
  /// A number of elements, which keeps 1 from becoming 0.
  static bool isCount(Value v) {
    auto number = splatValue(v);
    return number && std::holds_alternative<double>(*number) && std::get<double>(*number) >= 1 && std::isfinite(std::get<double>(*number));
  }
};

// x * (1 / y), 1 / y used here alone  =>  x / y
struct MulByInverse : OpRewritePattern<MulOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &r) const override {
    for (auto [x, y] : {std::pair(op.getX(), op.getY()), std::pair(op.getY(), op.getX())})
      if (auto inverse = y.getDefiningOp<DivOp>(); inverse && inverse->hasOneUse() && isSplat(inverse.getX(), 1))
        return r.replaceOp(op, pointwise(r, op.getLoc(), "div", {x, inverse.getY()})), success();
    return failure();
  }
};

// select(true, x, y)  =>  x;  select(c, x, x)  =>  x
struct SelectKnown : OpRewritePattern<SelectOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(SelectOp op, PatternRewriter &r) const override {
    Value c = op->getOperand(0), x = op->getOperand(1), y = op->getOperand(2);
    if (x == y || isSplat(c, 1))
      return r.replaceOp(op, x), success();
    if (isSplat(c, 0))
      return r.replaceOp(op, y), success();
    return failure();
  }
};

struct SimplifyPass : PassWrapper<SimplifyPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SimplifyPass)
  StringRef getArgument() const final { return "tds-simplify"; }
  StringRef getDescription() const final { return "fewer and larger tds ops"; }
  void getDependentDialects(DialectRegistry &registry) const override { registry.insert<TdsDialect>(); }

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<AccumulateOfShift, ReadThroughElse, ComposeAccesses, ConditionOfNumber>(context);
    addContractionPatterns(set);
    set.add<BroadcastLast, ConvertBeforeBroadcast, SumOfBroadcast, NegOfNeg, ConjOfConj, AddOfNeg, AddOfSame, MulByInverse, MulByMinusOne,
            SelectKnown>(context);
    set.add<DropNeutral<AddOp>>(context, 0.0, true);
    set.add<DropNeutral<SubOp>>(context, 0.0, false);
    set.add<DropNeutral<MulOp>>(context, 1.0, true);
    set.add<DropNeutral<DivOp>>(context, 1.0, false);
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }
  void runOnOperation() override {
    // Whether it got to the end or to the bound on rounds, what it left is right.
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      getOperation()->emitRemark("simplification stopped at its bound");
  }
  FrozenRewritePatternSet patterns;
};

} // namespace

std::unique_ptr<Pass> createTdsSimplifyPass() { return std::make_unique<SimplifyPass>(); }
void registerTdsSimplifyPass() { PassRegistration<SimplifyPass>(); }

} // namespace tds
