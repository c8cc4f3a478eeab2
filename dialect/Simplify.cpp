#include "dialect/Simplify.h"
#include "dialect/TdsBuilder.h"
#include "lib/Shape/Dim.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tds {
namespace {

//===--- Access ---------------------------------------------------------------------------------------------------===//

/// A read that only permutes, drops and repeats dimensions: each coordinate is one index, none twice, and runs over its
/// whole dimension: a slice from the front has the same map.
bool isPermutedRead(AccessOp op) {
  if (!op || op.getOutside() != Outside::none || op.getMap().getNumSymbols() != 0 || !op.getMap().isProjectedPermutation())
    return false;
  for (auto [k, expr] : llvm::enumerate(op.getMap().getResults()))
    if (dimText(typeOf(op.getX()), unsigned(k)) != dimText(op.getType(), cast<AffineDimExpr>(expr).getPosition()))
      return false;
  return true;
}

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

//===--- Contractions ---------------------------------------------------------------------------------------------===//

/// An operand of a product as a permuted read of what lies behind it.
std::pair<Value, AffineMap> readOf(Value v) {
  auto access = v.getDefiningOp<AccessOp>();
  if (isPermutedRead(access))
    return {access.getX(), access.getMap()};
  return {v, AffineMap::getMultiDimIdentityMap(unsigned(typeOf(v).getRank()), v.getContext())};
}

bool coversAll(AffineMap a, AffineMap b) {
  llvm::SmallBitVector seen(a.getNumDims());
  for (AffineMap map : {a, b})
    for (AffineExpr e : map.getResults())
      seen.set(cast<AffineDimExpr>(e).getPosition());
  return seen.all();
}

Value contract(PatternRewriter &r, Location loc, Value a, Value b, AffineMap ma, AffineMap mb, ArrayRef<int64_t> reduce) {
  return ContractOp::create(r, loc, a, b, r.getAffineMapArrayAttr({ma, mb}), r.getDenseI64ArrayAttr(reduce));
}

// reduce sum (a at ma * b at mb)  =>  contract a, b maps [ma, mb]
struct RecogniseContract : OpRewritePattern<ReduceOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &r) const override {
    auto mul = op.getX().getDefiningOp<MulOp>();
    if (op.getKind() != ReduceKind::sum || !mul || op.getDims().empty() || !isa<FloatType>(elementOf(op.getX())))
      return failure();
    auto [a, ma] = readOf(mul.getX());
    auto [b, mb] = readOf(mul.getY());
    // Both whole: a sum over elements, which fuses with what is around it.
    if ((ma.isIdentity() && mb.isIdentity()) || !coversAll(ma, mb) || ma.getNumResults() == 0 || mb.getNumResults() == 0)
      return r.notifyMatchFailure(op, "not a product of two tensors over different indices");
    // A factor that does not depend on what is reduced is taken out of the sum elsewhere.
    SmallVector<int64_t> reduce(op.getDims());
    llvm::sort(reduce);
    for (AffineMap map : {ma, mb})
      if (llvm::none_of(reduce, [&](int64_t d) { return map.isFunctionOfDim(unsigned(d)); }))
        return r.notifyMatchFailure(op, "a factor is constant under the sum");
    r.replaceOp(op, contract(r, op.getLoc(), a, b, ma, mb, reduce));
    return success();
  }
};

// reduce sum (a * b at mb), mb without what is reduced  =>  reduce sum a * b
struct FactorOutOfSum : OpRewritePattern<ReduceOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &r) const override {
    auto mul = op.getX().getDefiningOp<MulOp>();
    if (op.getKind() != ReduceKind::sum || !mul || !mul->hasOneUse() || !isa<FloatType>(elementOf(op.getX())))
      return failure();
    for (auto [factor, rest] : {std::pair(mul.getY(), mul.getX()), std::pair(mul.getX(), mul.getY())}) {
      auto access = factor.getDefiningOp<AccessOp>();
      if (!isPermutedRead(access) || llvm::any_of(op.getDims(), [&](int64_t d) { return access.getMap().isFunctionOfDim(unsigned(d)); }))
        continue;
      Value sum = ReduceOp::create(r, op.getLoc(), op.getKind(), rest, op.getDims());
      // The index space without the reduced dims.
      SmallVector<AffineExpr> kept(access.getMap().getNumDims(), r.getAffineConstantExpr(0));
      unsigned next = 0;
      for (unsigned d = 0; d < kept.size(); ++d)
        if (!llvm::is_contained(op.getDims(), int64_t(d)))
          kept[d] = r.getAffineDimExpr(next++);
      AffineMap map = access.getMap().replaceDimsAndSymbols(kept, {}, next, 0);
      Value outside = AccessOp::create(r, access.getLoc(), typeOf(sum), access.getX(), map);
      r.replaceOp(op, pointwise(r, op.getLoc(), "mul", {sum, outside}));
      return success();
    }
    return failure();
  }
};

// reduce sum (a * b * c ..), read over different indices  =>  reduce sum (t * c ..), t the product of two, summed where no other looks.
// Of all pairs the one of least work; a product that would be kept over the whole index space is what it saves.
struct PairFactors : OpRewritePattern<ReduceOp> {
  PairFactors(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  struct Factor {
    Value value;
    SmallVector<int64_t> dims; ///< of the index space, one a dimension of the value
  };
  using Dims = llvm::SmallBitVector;

  static void collect(Value v, SmallVectorImpl<Factor> &factors) {
    if (auto mul = v.getDefiningOp<MulOp>(); mul && mul->hasOneUse()) {
      collect(mul.getX(), factors);
      collect(mul.getY(), factors);
      return;
    }
    auto [value, map] = readOf(v);
    SmallVector<int64_t> dims;
    for (AffineExpr e : map.getResults())
      dims.push_back(cast<AffineDimExpr>(e).getPosition());
    factors.push_back({value, dims});
  }

  /// A value of some dimensions of the index space, over more of them.
  static Value over(PatternRewriter &r, Location loc, RankedTensorType space, const Factor &factor, const Dims &dims) {
    SmallVector<int64_t> kept, at;
    for (unsigned d : dims.set_bits())
      kept.push_back(d);
    for (int64_t d : factor.dims)
      at.push_back(llvm::find(kept, d) - kept.begin());
    return broadcast(r, loc, factor.value, pickDims(space, kept), at);
  }
  static Value sum(PatternRewriter &r, Location loc, Value v, const Dims &dims, const Dims &reduced) {
    SmallVector<int64_t> at;
    int64_t k = 0;
    for (unsigned d : dims.set_bits()) {
      if (reduced[d])
        at.push_back(k);
      ++k;
    }
    return at.empty() ? v : ReduceOp::create(r, loc, ReduceKind::sum, v, r.getDenseI64ArrayAttr(at));
  }

  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &r) const override {
    auto product = op.getX().getDefiningOp<MulOp>();
    if (op.getKind() != ReduceKind::sum || !product || !product->hasOneUse() || !isa<FloatType>(elementOf(op.getX())))
      return failure();
    auto space = typeOf(op.getX());
    unsigned rank = unsigned(space.getRank());
    auto whole = [&](Value v) { return readOf(v).second.isIdentity(); };
    SmallVector<Factor> factors;
    collect(op.getX(), factors);
    if (factors.size() < 3 || factors.size() > 6 || (whole(product.getX()) && whole(product.getY())))
      return r.notifyMatchFailure(op, "a sum over elements, or two factors");

    auto volume = [&](const Dims &dims) {
      double v = 1;
      for (unsigned d : dims.set_bits())
        v *= space.isDynamicDim(d) ? 64 : double(space.getDimSize(d));
      return v;
    };
    Dims all(rank), reduced(rank);
    SmallVector<Dims> read;
    for (const Factor &f : factors) {
      read.emplace_back(rank);
      for (int64_t d : f.dims)
        read.back().set(unsigned(d));
      all |= read.back();
    }
    for (int64_t d : op.getDims())
      reduced.set(unsigned(d));
    if (!all.all())
      return r.notifyMatchFailure(op, "an index that no factor reads");

    double best = 2 * volume(all);
    std::pair<unsigned, unsigned> pair;
    Dims together, gone; // the indices of the pair, and those summed at once
    for (unsigned i = 0; i < factors.size(); ++i)
      for (unsigned j = i + 1; j < factors.size(); ++j) {
        Dims both = read[i], others(rank);
        both |= read[j];
        for (unsigned k = 0; k < factors.size(); ++k)
          if (k != i && k != j)
            others |= read[k];
        Dims summed = reduced, made = both, rest = all;
        summed &= both;
        summed.reset(others);
        made.reset(summed);
        rest.reset(summed);
        double cost = volume(both) + 2 * volume(made) + volume(rest);
        if (volume(made) < volume(all) && cost < best) {
          best = cost;
          pair = {i, j};
          together = both;
          gone = summed;
        }
      }
    if (pair.second == 0)
      return r.notifyMatchFailure(op, "no pair saves work");

    Location loc = op.getLoc();
    Value made = pointwise(r, loc, "mul", {over(r, loc, space, factors[pair.first], together), over(r, loc, space, factors[pair.second], together)});
    made = sum(r, loc, made, together, gone);
    Dims kept = together, rest = all;
    kept.reset(gone);
    rest.reset(gone);
    Factor first{made, {}};
    for (unsigned d : kept.set_bits())
      first.dims.push_back(d);
    Value result = over(r, loc, space, first, rest);
    for (unsigned k = 0; k < factors.size(); ++k)
      if (k != pair.first && k != pair.second)
        result = pointwise(r, loc, "mul", {result, over(r, loc, space, factors[k], rest)});
    r.replaceOp(op, sum(r, loc, result, rest, reduced));
    return success();
  }
};

// reduce over dimensions of one element  =>  access at 0
struct ReduceOfOne : OpRewritePattern<ReduceOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &r) const override {
    auto from = typeOf(op.getX()), to = typeOf(op.getResult());
    if (op.getDims().empty() || elementOf(op.getX()) != elementOf(op.getResult()) || llvm::any_of(op.getDims(), [&](int64_t d) { return from.getDimSize(d) != 1; }))
      return failure();
    SmallVector<AffineExpr> at;
    unsigned next = 0;
    for (int64_t d = 0; d < from.getRank(); ++d)
      at.push_back(llvm::is_contained(op.getDims(), d) ? r.getAffineConstantExpr(0) : r.getAffineDimExpr(next++));
    r.replaceOp(op, AccessOp::create(r, op.getLoc(), to, op.getX(), AffineMap::get(unsigned(to.getRank()), 0, at, r.getContext())));
    return success();
  }
};

// accumulate x at (d + c), which covers all it gives  =>  access x at (d - c)
struct AccumulateAsAccess : OpRewritePattern<AccumulateOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccumulateOp op, PatternRewriter &r) const override {
    AffineMap map = op.getMap();
    auto from = typeOf(op.getX()), to = typeOf(op.getResult());
    if ((op.getOutside() != Outside::none && op.getOutside() != Outside::otherwise) || map.getNumSymbols() != 0 || map.getNumResults() != map.getNumDims())
      return failure();
    SmallVector<AffineExpr> at(map.getNumDims());
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      int64_t shift = 0;
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (auto sum = dyn_cast<AffineBinaryOpExpr>(expr); sum && sum.getKind() == AffineExprKind::Add)
        if (auto number = dyn_cast<AffineConstantExpr>(sum.getRHS())) {
          dim = dyn_cast<AffineDimExpr>(sum.getLHS());
          shift = number.getValue();
        }
      if (!dim || at[dim.getPosition()])
        return failure();
      unsigned d = dim.getPosition();
      bool known = !from.isDynamicDim(d) && !to.isDynamicDim(unsigned(i));
      if (shift == 0 && dimText(from, d) == dimText(to, unsigned(i))) {
        at[d] = r.getAffineDimExpr(unsigned(i));
        continue;
      }
      if (!known || -shift < 0 || to.getDimSize(unsigned(i)) - shift > from.getDimSize(d))
        return r.notifyMatchFailure(op, "places that nothing reaches");
      at[d] = r.getAffineDimExpr(unsigned(i)) - shift;
    }
    r.replaceOp(op, AccessOp::create(r, op.getLoc(), to, op.getX(), AffineMap::get(unsigned(to.getRank()), 0, at, r.getContext())));
    return success();
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

// contract (access a), b  =>  contract a, b
struct AbsorbReads : OpRewritePattern<ContractOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &r) const override {
    Value operands[] = {op.getA(), op.getB()};
    for (unsigned k = 0; k < 2; ++k) {
      auto access = operands[k].getDefiningOp<AccessOp>();
      if (!isPermutedRead(access) || access.getMap().getNumResults() == 0)
        continue;
      AffineMap map = access.getMap().compose(op.mapOf(k)), other = op.mapOf(1 - k);
      if (!map.isProjectedPermutation() || !coversAll(map, other))
        continue;
      operands[k] = access.getX();
      r.replaceOp(op, contract(r, op.getLoc(), operands[0], operands[1], k ? other : map, k ? map : other, op.getReduce()));
      return success();
    }
    return failure();
  }
};

// reduce sum (contract a, b over r)  =>  contract a, b over more
struct SumOfContract : OpRewritePattern<ReduceOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &r) const override {
    auto inner = op.getX().getDefiningOp<ContractOp>();
    if (op.getKind() != ReduceKind::sum || !inner || !inner->hasOneUse())
      return failure();
    SmallVector<int64_t> reduce(inner.getReduce());
    AffineMap results = inner.resultMap();
    for (int64_t d : op.getDims())
      reduce.push_back(cast<AffineDimExpr>(results.getResult(unsigned(d))).getPosition());
    llvm::sort(reduce);
    r.replaceOp(op, contract(r, op.getLoc(), inner.getA(), inner.getB(), inner.mapOf(0), inner.mapOf(1), reduce));
    return success();
  }
};

// transpose(contract a, b)  =>  contract with its indices in another order
struct TransposeOfContract : OpRewritePattern<AccessOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccessOp op, PatternRewriter &r) const override {
    auto inner = op.getX().getDefiningOp<ContractOp>();
    if (!inner || !inner->hasOneUse() || !isPermutedRead(op) || !op.getMap().isPermutation() || op.getMap().isIdentity())
      return failure();
    // New index k of the result was index `order[k]`; reduced ones follow.
    AffineMap results = inner.resultMap(), inverse = inversePermutation(op.getMap());
    SmallVector<AffineExpr> renamed(inner.getIterationRank());
    unsigned next = 0;
    for (AffineExpr e : inverse.getResults())
      renamed[cast<AffineDimExpr>(results.getResult(cast<AffineDimExpr>(e).getPosition())).getPosition()] = r.getAffineDimExpr(next++);
    SmallVector<int64_t> reduce;
    for (int64_t d : inner.getReduce()) {
      reduce.push_back(next);
      renamed[d] = r.getAffineDimExpr(next++);
    }
    auto rename = [&](AffineMap map) { return map.replaceDimsAndSymbols(renamed, {}, next, 0); };
    r.replaceOp(op, contract(r, op.getLoc(), inner.getA(), inner.getB(), rename(inner.mapOf(0)), rename(inner.mapOf(1)), reduce));
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

// accumulate x at (d0) -> (d0 + c)  =>  access x at (d0) -> (d0 - c) else 0: every place gets one element or none
struct AccumulateOfShift : OpRewritePattern<AccumulateOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccumulateOp op, PatternRewriter &r) const override {
    AffineMap map = op.getMap();
    if (op.getOutside() != Outside::none || map.getNumResults() != map.getNumDims())
      return failure();
    SmallVector<AffineExpr> back(map.getNumDims());
    for (auto [k, expr] : llvm::enumerate(map.getResults())) {
      AffineExpr here = r.getAffineDimExpr(unsigned(k));
      for (unsigned d = 0; d < map.getNumDims(); ++d) {
        AffineExpr rest = expr - r.getAffineDimExpr(d);
        if (expr.isFunctionOfDim(d) && rest.isSymbolicOrConstant() && !back[d])
          back[d] = here - rest;
      }
    }
    if (llvm::any_of(back, [](AffineExpr e) { return !e; }))
      return failure();
    SmallVector<std::string> symbols;
    for (auto symbol : op.getSymbols().getAsValueRange<StringAttr>())
      symbols.push_back(symbol.str());
    auto type = typeOf(op.getResult());
    Value zero = constant(r, op.getLoc(), 0.0, scalarType(type.getElementType()));
    AffineMap inverse = AffineMap::get(map.getNumDims(), map.getNumSymbols(), back, r.getContext());
    r.replaceOpWithNewOp<AccessOp>(op, type, op.getX(), inverse, symbols, Outside::otherwise, zero);
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
    set.add<AccumulateAsAccess, AccumulateOfShift, ReadThroughElse, ComposeAccesses, PairFactors, ReduceOfOne, ConditionOfNumber, RecogniseContract,
            FactorOutOfSum, AbsorbReads, SumOfContract, TransposeOfContract, BroadcastLast, ConvertBeforeBroadcast, SumOfBroadcast, NegOfNeg, ConjOfConj,
            AddOfNeg, AddOfSame, MulByInverse, MulByMinusOne, SelectKnown>(context);
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
