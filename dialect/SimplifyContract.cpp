// Contractions: how `tds-simplify` recognises them, and what they take in.
#include "dialect/SimplifyPatterns.h"
#include "dialect/TdsBuilder.h"

using namespace mlir;

namespace tds {
namespace {

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

} // namespace

void addContractionPatterns(RewritePatternSet &patterns) {
  patterns.add<PairFactors, ReduceOfOne, RecogniseContract, FactorOutOfSum, AbsorbReads, SumOfContract, TransposeOfContract>(patterns.getContext());
}

} // namespace tds
