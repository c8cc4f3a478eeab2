//===- Adjoints.cpp - every derivative that is not a scalar function's ----===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Adjoints.h"
#include "dialect/TdsBuilder.h"

using namespace mlir;
using namespace tds;

static Value zero(OpBuilder &b, Location loc, Type type) { return constant(b, loc, 0.0, cast<RankedTensorType>(type)); }
static Value orZero(OpBuilder &b, Location loc, Value v, Type type) { return v ? v : zero(b, loc, type); }

/// The op on other operands of the same types.
static Value cloneOn(OpBuilder &b, Location loc, Operation *op, ValueRange operands) {
  Operation *copy = op->clone();
  copy->setLoc(loc); // before a listener sees it
  copy->setOperands(operands);
  return b.insert(copy)->getResult(0);
}

/// What a read of dy takes for places that a sum drops.
static Value otherwiseZero(OpBuilder &b, Location loc, Outside outside, Value dy) {
  return outside == Outside::otherwise ? zero(b, loc, scalarType(elementOf(dy))) : Value();
}

static Value conjugate(OpBuilder &b, Location loc, Value v) {
  return isa<ComplexType>(elementOf(v)) ? ConjOp::create(b, loc, v).getResult() : v;
}

//===----------------------------------------------------------------------===//
// convert, reshape, barrier
//===----------------------------------------------------------------------===//

bool BarrierOp::isLinearIn(unsigned) { return isDifferentiable(elementOf(getX())); }

/// dx = dy
Value BarrierOp::adjoint(OpBuilder &, Location, unsigned, Value dy) { return dy; }

Value BarrierOp::tangent(OpBuilder &, Location, ArrayRef<Value> t) { return t[0]; }

bool ConvertOp::isLinearIn(unsigned) { return isDifferentiable(elementOf(getX())) && isDifferentiable(elementOf(getResult())); }

// dx = convert(dy); of a real number made complex the real part
Value ConvertOp::adjoint(OpBuilder &b, Location loc, unsigned, Value dy) {
  Type element = elementOf(getX());
  if (isa<ComplexType>(elementOf(dy)) && !isa<ComplexType>(element))
    dy = RealOp::create(b, loc, dy);
  return convertTo(b, loc, dy, element);
}
Value ConvertOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) { return convertTo(b, loc, t[0], elementOf(getResult())); }

bool ReshapeOp::isLinearIn(unsigned) { return true; }
// dx = reshape(dy)
Value ReshapeOp::adjoint(OpBuilder &b, Location loc, unsigned, Value dy) {
  return ReshapeOp::create(b, loc, getX().getType(), dy);
}
Value ReshapeOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) { return cloneOn(b, loc, *this, t); }

//===----------------------------------------------------------------------===//
// access, accumulate
//===----------------------------------------------------------------------===//

/// The result's dimension that each dimension of x is read along whole, -1 for a unit dimension read at 0; none if the access is
/// anything else than a permutation and broadcast.
static std::optional<SmallVector<int64_t>> wholeDims(AccessOp op) {
  auto x = typeOf(op.getX()), y = op.getType();
  SmallVector<int64_t> dims;
  for (auto [k, expr] : llvm::enumerate(op.getMap().getResults())) {
    if (auto at = dyn_cast<AffineConstantExpr>(expr); at && at.getValue() == 0 && dimConstant(x, k) == 1) {
      dims.push_back(-1);
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || llvm::is_contained(dims, int64_t(dim.getPosition())) || dimText(x, k) != dimText(y, dim.getPosition()) ||
        dimText(x, k) == "?")
      return std::nullopt;
    dims.push_back(dim.getPosition());
  }
  return dims;
}

bool AccessOp::isLinearIn(unsigned) { return true; }

// dx[map(d)] += dy[d];  de = sum of dy[d] over the d outside
Value AccessOp::adjoint(OpBuilder &b, Location loc, unsigned operand, Value dy) {
  auto x = typeOf(getX());
  if (operand == 1) {
    Value outside = AccessOp::create(b, loc, getType(), zero(b, loc, x), dy, getMap(), getSymbols(), getOutside());
    return typeOf(getOtherwise()).getRank() ? outside
                                            : sumOver(b, loc, outside, llvm::to_vector(llvm::seq<int64_t>(0, getType().getRank())));
  }
  std::optional<SmallVector<int64_t>> dims = wholeDims(*this);
  if (!dims)
    return AccumulateOp::create(b, loc, x, dy, getMap(), getSymbols(), getOutside());
  // A permutation and broadcast: sum what was spread, permute the rest.
  SmallVector<int64_t> spread, rest;
  for (int64_t dim = 0; dim < getType().getRank(); ++dim) {
    auto *at = llvm::find(*dims, dim);
    if (at == dims->end())
      spread.push_back(dim);
    else
      rest.push_back(at - dims->begin());
  }
  return broadcast(b, loc, sumOver(b, loc, dy, spread), x, rest);
}

Value AccessOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) {
  SmallVector<Value> operands{orZero(b, loc, t[0], getX().getType())};
  if (getOtherwise())
    operands.push_back(orZero(b, loc, t[1], getOtherwise().getType()));
  return cloneOn(b, loc, *this, operands);
}

bool AccumulateOp::isLinearIn(unsigned) { return true; }
// dx[d] = dy[map(d)], 0 for what was dropped
Value AccumulateOp::adjoint(OpBuilder &b, Location loc, unsigned, Value dy) {
  Value otherwise = otherwiseZero(b, loc, getOutside(), dy);
  return AccessOp::create(b, loc, getX().getType(), dy, otherwise, getMap(), getSymbols(), getOutside());
}
Value AccumulateOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) { return cloneOn(b, loc, *this, t); }

//===----------------------------------------------------------------------===//
// gather, scatter
//===----------------------------------------------------------------------===//

bool GatherOp::isLinearIn(unsigned operand) { return operand == 0 || operand > getIds().size(); }

// dx[map(d)[ids[d]]] += dy[d];  de = sum of dy[d] over the d outside
Value GatherOp::adjoint(OpBuilder &b, Location loc, unsigned operand, Value dy) {
  Value base = zero(b, loc, getX().getType());
  if (operand == 0)
    return ScatterOp::create(b, loc, base.getType(), ScatterKind::add, base, dy, getIds(), getMap(), getSymbols(),
                             getOutside());
  Value outside = GatherOp::create(b, loc, getType(), base, getIds(), dy, getMap(), getSymbols(), getOutside());
  if (typeOf(getOtherwise()).getRank())
    return outside;
  return sumOver(b, loc, outside, llvm::to_vector(llvm::seq<int64_t>(0, typeOf(dy).getRank())));
}

Value GatherOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) {
  SmallVector<Value> operands(getOperands());
  operands[0] = orZero(b, loc, t[0], getX().getType());
  if (getOtherwise())
    operands.back() = orZero(b, loc, t.back(), getOtherwise().getType());
  return cloneOn(b, loc, *this, operands);
}

/// The number of each place in row-major order, i64.
static Value rowMajorPlaces(OpBuilder &b, Location loc, RankedTensorType space) {
  auto type = withElement(space, b.getI64Type());
  Value places;
  for (unsigned dim = 0; dim < type.getRank(); ++dim) {
    Value along = IotaOp::create(b, loc, type, int64_t(dim));
    if (places) {
      Value size = SizeOp::create(b, loc, dimText(type, dim));
      along = AddOp::create(b, loc, MulOp::create(b, loc, places, fill(b, loc, size, type)), along);
    }
    places = along;
  }
  return places ? places : zero(b, loc, type);
}

/// Whether ids are the same all along a dimension, as a scalar's that was spread are.
static bool isSameAlong(Value ids, unsigned dim) {
  if (auto read = ids.getDefiningOp<AccessOp>())
    return read.getOutside() == Outside::none && !read.getMap().isFunctionOfDim(dim);
  return splatValue(ids).has_value();
}

/// Whether no two elements of v go to one place, whatever the ids are: each of its dimensions moves a coordinate that no
/// other one moves, by steps of one length.
static bool writesApart(ScatterOp op) {
  RankedTensorType init = typeOf(op.getInit()), v = typeOf(op.getV());
  AffineMap map = op.getMap();
  auto apart = [&](unsigned dim) {
    for (auto [k, expr] : llvm::enumerate(map.getResults())) {
      bool alone = expr.isFunctionOfDim(dim);
      for (unsigned other = 0; other < map.getNumDims(); ++other)
        alone &= other == dim || !expr.isFunctionOfDim(other);
      for (auto [id, ids] : llvm::enumerate(op.getIds()))
        alone &= !expr.isFunctionOfSymbol(unsigned(id)) || isSameAlong(ids, dim);
      if (!alone)
        continue;
      if (isa<AffineDimExpr>(expr) && dimText(init, k) == dimText(v, dim))
        return true;
      AffineExpr next = expr.replace(getAffineDimExpr(dim, op.getContext()), getAffineDimExpr(dim, op.getContext()) + 1);
      auto step = dyn_cast<AffineConstantExpr>(simplifyAffineExpr(next - expr, map.getNumDims(), map.getNumSymbols()));
      if (step && step.getValue() != 0 && op.getOutside() != Outside::clamp)
        return true;
    }
    return false;
  };
  return llvm::all_of(llvm::seq(0u, unsigned(v.getRank())), apart);
}

bool ScatterOp::isLinearIn(unsigned operand) { return operand < 2; }

// add: dinit = dy,  dv[d] = dy[map(d)[ids[d]]]
// set: dinit = dy, 0 where something was written;  dv[d] = the same read where d was the last to write there, else 0
Value ScatterOp::adjoint(OpBuilder &b, Location loc, unsigned operand, Value dy) {
  RankedTensorType init = typeOf(getInit()), v = typeOf(getV());
  bool set = getKind() == ScatterKind::set;
  if (operand == 0)
    return !set ? dy
                : ScatterOp::create(b, loc, init, ScatterKind::set, dy, zero(b, loc, v), getIds(), getMap(),
                                    getSymbols(), getOutside()).getResult();
  auto read = [&](Value from, RankedTensorType type, Value otherwise) -> Value {
    if (getIds().empty() && getOutside() != Outside::clamp)
      return AccessOp::create(b, loc, type, from, otherwise, getMap(), getSymbols(), getOutside());
    return GatherOp::create(b, loc, type, from, getIds(), otherwise, getMap(), getSymbols(), getOutside());
  };
  Value dv = read(dy, v, otherwiseZero(b, loc, getOutside(), dy));
  if (!set || writesApart(*this))
    return dv;
  Value places = rowMajorPlaces(b, loc, v);
  Value none = constant(b, loc, -1.0, withElement(init, b.getI64Type()));
  Value writers = ScatterOp::create(b, loc, none.getType(), ScatterKind::set, none, places, getIds(), getMap(),
                                    getSymbols(), getOutside());
  Value otherwise = getOutside() == Outside::otherwise ? constant(b, loc, -1.0, scalarType(b.getI64Type())) : Value();
  Value last = EqOp::create(b, loc, read(writers, typeOf(places), otherwise), places);
  return SelectOp::create(b, loc, last, dv, zero(b, loc, v));
}

Value ScatterOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) {
  SmallVector<Value> operands(getOperands());
  operands[0] = orZero(b, loc, t[0], getInit().getType());
  operands[1] = orZero(b, loc, t[1], getV().getType());
  return cloneOn(b, loc, *this, operands);
}

//===----------------------------------------------------------------------===//
// reduce
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> keptDims(int64_t rank, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> keep;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(dims, dim))
      keep.push_back(dim);
  return keep;
}

/// A value of the result's type in each place of x that went into it.
static Value spread(OpBuilder &b, Location loc, Value v, RankedTensorType x, ArrayRef<int64_t> dims) {
  return broadcast(b, loc, v, x, keptDims(x.getRank(), dims));
}

/// left[i] = x[i - by], `edge` outside.
static Value shifted(OpBuilder &b, Location loc, Value x, int64_t dim, int64_t by, double edge) {
  auto type = typeOf(x);
  AffineMap map = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineExpr> at(map.getResults());
  at[dim] = at[dim] - by;
  Value otherwise = constant(b, loc, edge, scalarType(type.getElementType()));
  return AccessOp::create(b, loc, type, x, AffineMap::get(type.getRank(), 0, at, b.getContext()), {}, Outside::otherwise,
                          otherwise);
}

/// The product of the others along a dimension, right with zeros: what is before times what is behind.
static Value productOfOthers(OpBuilder &b, Location loc, Value x, int64_t dim) {
  Value before = ScanOp::create(b, loc, x.getType(), ScanKind::prod, x, dim, false);
  Value behind = ScanOp::create(b, loc, x.getType(), ScanKind::prod, x, dim, true);
  return MulOp::create(b, loc, shifted(b, loc, before, dim, 1, 1), shifted(b, loc, behind, dim, -1, 1));
}

bool ReduceOp::isLinearIn(unsigned) { return getKind() == ReduceKind::sum; }
// dx[d] = dy[rest]
Value ReduceOp::adjoint(OpBuilder &b, Location loc, unsigned, Value dy) {
  return spread(b, loc, dy, typeOf(getX()), getDims());
}
Value ReduceOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) { return cloneOn(b, loc, *this, t); }

/// Where x is the extremum, and how many such places share a result.
static std::pair<Value, Value> extremes(OpBuilder &b, Location loc, ReduceOp op) {
  Value x = op.getX();
  Value equal = EqOp::create(b, loc, x, spread(b, loc, op.getResult(), typeOf(x), op.getDims()));
  return {equal, sumOver(b, loc, convertTo(b, loc, equal, elementOf(x)), op.getDims())};
}

// sum: the adjoint.  max, min: dx = (x == y) * dy / count(x == y).  prod: dx = dy * product of the others, a dimension at a time.
LogicalResult ReduceOp::vjp(OpBuilder &b, ValueRange cotangents, SmallVectorImpl<Value> &operandCotangents) {
  Location loc = getLoc();
  RankedTensorType x = typeOf(getX());
  Value dy = cotangents[0], &dx = operandCotangents.emplace_back();
  switch (getKind()) {
  case ReduceKind::sum: dx = adjoint(b, loc, 0, dy); break;
  case ReduceKind::max:
  case ReduceKind::min: {
    auto [equal, count] = extremes(b, loc, *this);
    Value share = spread(b, loc, DivOp::create(b, loc, dy, count), x, getDims());
    dx = SelectOp::create(b, loc, equal, share, zero(b, loc, x));
    break;
  }
  case ReduceKind::prod: {
    // partial[k]: the product over the last k dimensions; dims rise, so that those that are left keep their numbers.
    SmallVector<Value> partial{getX()};
    for (int64_t dim : llvm::reverse(getDims()))
      partial.push_back(ReduceOp::create(b, loc, ReduceKind::prod, partial.back(), ArrayRef<int64_t>(dim)));
    dx = dy;
    for (auto [k, dim] : llvm::enumerate(getDims())) {
      Value from = partial[getDims().size() - 1 - k];
      Value others = conjugate(b, loc, productOfOthers(b, loc, from, dim));
      dx = MulOp::create(b, loc, spread(b, loc, dx, typeOf(from), dim), others);
    }
    break;
  }
  default: break; // bools and integers
  }
  return success();
}

// max, min: dy = sum((x == y) * dx) / count(x == y).  prod: dy = sum(dx * product of the others), a dimension at a time.
LogicalResult ReduceOp::jvp(OpBuilder &b, ValueRange tangents, SmallVectorImpl<Value> &resultTangents) {
  Location loc = getLoc();
  Value dx = tangents[0], &dy = resultTangents.emplace_back();
  switch (getKind()) {
  case ReduceKind::sum: dy = tangent(b, loc, {dx}); break;
  case ReduceKind::max:
  case ReduceKind::min: {
    auto [equal, count] = extremes(b, loc, *this);
    Value taken = SelectOp::create(b, loc, equal, dx, zero(b, loc, dx.getType()));
    dy = DivOp::create(b, loc, sumOver(b, loc, taken, getDims()), count);
    break;
  }
  case ReduceKind::prod: {
    Value x = getX();
    dy = dx;
    for (int64_t dim : llvm::reverse(getDims())) {
      dy = sumOver(b, loc, MulOp::create(b, loc, dy, productOfOthers(b, loc, x, dim)), dim);
      x = ReduceOp::create(b, loc, ReduceKind::prod, x, ArrayRef<int64_t>(dim));
    }
    break;
  }
  default: break;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// scan
//===----------------------------------------------------------------------===//

bool ScanOp::isLinearIn(unsigned) { return getKind() == ScanKind::sum; }
// dx = the scan of dy the other way
Value ScanOp::adjoint(OpBuilder &b, Location loc, unsigned, Value dy) {
  return ScanOp::create(b, loc, dy.getType(), ScanKind::sum, dy, getDim(), !getReverse());
}
Value ScanOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) { return cloneOn(b, loc, *this, t); }

/// The jacobian of a running product, right with zeros. In the space with (k, i) in place of i:
/// J[k, i] = d y[i] / d x[k] = product of x[j] over j <= i without k, 0 for i < k.
static Value runningProductJacobian(OpBuilder &b, Location loc, ScanOp op) {
  RankedTensorType type = typeOf(op.getX());
  int64_t dim = op.getDim(), rank = type.getRank();
  SmallVector<std::string> sizes = dimTexts(type);
  sizes.insert(sizes.begin() + dim, sizes[dim]);
  RankedTensorType space = tensorType(sizes, type.getElementType());
  SmallVector<int64_t> alongK, alongI; // x's dimensions in the space
  for (int64_t d = 0; d < rank; ++d) {
    alongK.push_back(d <= dim ? d : d + 1);
    alongI.push_back(d < dim ? d : d + 1);
  }
  Value k = IotaOp::create(b, loc, withElement(space, b.getI64Type()), dim);
  Value i = IotaOp::create(b, loc, withElement(space, b.getI64Type()), dim + 1);
  if (op.getReverse())
    std::swap(k, i);
  Value x = broadcast(b, loc, op.getX(), space, alongI), one = constant(b, loc, 1.0, space);
  // The product over j <= i without k: one at k, x elsewhere.
  Value factors = SelectOp::create(b, loc, EqOp::create(b, loc, i, k), one, x);
  Value products = ScanOp::create(b, loc, space, ScanKind::prod, factors, dim + 1, op.getReverse());
  return SelectOp::create(b, loc, GeOp::create(b, loc, i, k), products, zero(b, loc, space));
}

// prod: dx[k] = sum over i of dy[i] * J[k, i]
LogicalResult ScanOp::vjp(OpBuilder &b, ValueRange cotangents, SmallVectorImpl<Value> &operandCotangents) {
  Location loc = getLoc();
  Value dy = cotangents[0];
  if (isLinearIn(0)) {
    operandCotangents.push_back(adjoint(b, loc, 0, dy));
    return success();
  }
  Value jacobian = conjugate(b, loc, runningProductJacobian(b, loc, *this));
  SmallVector<int64_t> dims; // of i
  for (int64_t d = 0; d < typeOf(dy).getRank(); ++d)
    dims.push_back(d < int64_t(getDim()) ? d : d + 1);
  Value product = MulOp::create(b, loc, broadcast(b, loc, dy, typeOf(jacobian), dims), jacobian);
  operandCotangents.push_back(sumOver(b, loc, product, int64_t(getDim()) + 1));
  return success();
}

// prod: dy[i] = sum over k of dx[k] * J[k, i]
LogicalResult ScanOp::jvp(OpBuilder &b, ValueRange tangents, SmallVectorImpl<Value> &resultTangents) {
  Location loc = getLoc();
  Value dx = tangents[0];
  if (isLinearIn(0)) {
    resultTangents.push_back(tangent(b, loc, {dx}));
    return success();
  }
  Value jacobian = runningProductJacobian(b, loc, *this);
  SmallVector<int64_t> dims; // of k
  for (int64_t d = 0; d < typeOf(dx).getRank(); ++d)
    dims.push_back(d <= int64_t(getDim()) ? d : d + 1);
  Value product = MulOp::create(b, loc, broadcast(b, loc, dx, typeOf(jacobian), dims), jacobian);
  resultTangents.push_back(sumOver(b, loc, product, int64_t(getDim())));
  return success();
}

//===----------------------------------------------------------------------===//
// contract
//===----------------------------------------------------------------------===//

bool ContractOp::isLinearIn(unsigned) { return true; }

// da[ma(d)] = sum over what a lacks of dy[rest] * conj(b[mb(d)]), permuted to a's order; spread over what a alone has
Value ContractOp::adjoint(OpBuilder &b, Location loc, unsigned operand, Value dy) {
  AffineMap own = mapOf(operand), other = mapOf(1 - operand), result = resultMap();
  RankedTensorType type = typeOf(getOperand(operand));
  Value factor = conjugate(b, loc, getOperand(1 - operand));
  // The index space of dy and the other operand, without the indices that only a has.
  SmallVector<AffineExpr> renumbered(getIterationRank(), b.getAffineConstantExpr(0));
  SmallVector<int64_t> reduce, order; // order: a's dimension of each index that stays
  unsigned rank = 0;
  for (unsigned dim = 0; dim < getIterationRank(); ++dim) {
    if (!result.isFunctionOfDim(dim) && !other.isFunctionOfDim(dim))
      continue;
    std::optional<unsigned> at = own.getResultPosition(b.getAffineDimExpr(dim));
    if (at)
      order.push_back(*at);
    else
      reduce.push_back(rank);
    renumbered[dim] = b.getAffineDimExpr(rank++);
  }
  AffineMap maps[] = {result.replaceDimsAndSymbols(renumbered, {}, rank, 0),
                      other.replaceDimsAndSymbols(renumbered, {}, rank, 0)};
  if (!reduce.empty())
    return broadcast(b, loc, ContractOp::create(b, loc, dy, factor, b.getAffineMapArrayAttr(maps), reduce), type, order);
  auto spreadTo = [&](Value v, AffineMap map) {
    SmallVector<int64_t> dims;
    for (AffineExpr expr : map.getResults())
      dims.push_back(order[cast<AffineDimExpr>(expr).getPosition()]);
    return broadcast(b, loc, v, type, dims);
  };
  return MulOp::create(b, loc, spreadTo(dy, maps[0]), spreadTo(factor, maps[1]));
}

// dy = contract(da, b) + contract(a, db)
Value ContractOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) {
  Value sum;
  if (t[0])
    sum = cloneOn(b, loc, *this, {t[0], getB()});
  return t[1] ? addTo(b, loc, sum, cloneOn(b, loc, *this, {getA(), t[1]})) : sum;
}

//===----------------------------------------------------------------------===//
// One op, whatever its interface
//===----------------------------------------------------------------------===//

/// dr * p. A partial that is a choice becomes a choice between products, so that the side not taken adds no 0 * inf.
static Value scale(OpBuilder &b, Location loc, Value dr, Value p) {
  if (isSplat(p, 1))
    return dr;
  if (isSplat(p, 0))
    return zero(b, loc, dr.getType());
  if (auto choice = p.getDefiningOp<SelectOp>())
    return SelectOp::create(b, loc, choice.getC(), scale(b, loc, dr, choice.getX()), scale(b, loc, dr, choice.getY()));
  if (auto minus = p.getDefiningOp<NegOp>())
    return NegOp::create(b, loc, scale(b, loc, dr, minus.getX()));
  return MulOp::create(b, loc, dr, p);
}

static Value makeComplex(OpBuilder &b, Location loc, Value v) {
  return isa<ComplexType>(elementOf(v)) ? v : convertTo(b, loc, v, ComplexType::get(elementOf(v)));
}

/// The product with a partial derivative of an op, brought to the elements of `like`; null for zero.
static Value product(OpBuilder &b, Location loc, ExprBuilder &e, Value v, Expr p, bool conjugated, Value like) {
  if (p.is(0))
    return {};
  bool minus = p.is(-1);
  if (!p.is(1) && !minus) {
    Type partial = p.isNumber() ? (p.number.imag() != 0 ? makeComplex(b, loc, v) : v).getType() : p.v.getType();
    if (isa<ComplexType>(cast<RankedTensorType>(partial).getElementType()))
      v = makeComplex(b, loc, v);
    Expr factor = conjugated && p.isNumber() ? Expr(std::conj(p.number)) : p;
    Value w = e.value(factor, v);
    v = scale(b, loc, v, conjugated && !p.isNumber() ? conjugate(b, loc, w) : w);
  }
  if (isa<ComplexType>(elementOf(v)) && !isa<ComplexType>(elementOf(like)))
    v = RealOp::create(b, loc, v);
  else if (isa<ComplexType>(elementOf(like)))
    v = makeComplex(b, loc, v);
  return minus ? NegOp::create(b, loc, v).getResult() : v;
}

static LogicalResult noDerivative(Operation *op) {
  if (isa<DigammaOp>(op)) // nobody wrote it: it comes of lgamma
    return op->emitError() << "`digamma` has no derivative: a second one of `lgamma` is not there yet";
  return op->emitError() << "`" << op->getName().stripDialect() << "` has no derivative";
}

static bool anyDifferentiable(ValueRange values) {
  return llvm::any_of(values, [](Value v) { return isDifferentiable(elementOf(v)); });
}

// dx_i += dr * conj(dr/dx_i)
static LogicalResult pullbackPointwise(OpBuilder &b, Pointwise fn, Value dr, SmallVectorImpl<Value> &dx) {
  Operation *op = fn;
  Location loc = op->getLoc();
  dx.assign(op->getNumOperands(), Value());
  if (auto select = dyn_cast<SelectOp>(op)) {
    Value none = zero(b, loc, dr.getType());
    dx[1] = SelectOp::create(b, loc, select.getC(), dr, none);
    dx[2] = SelectOp::create(b, loc, select.getC(), none, dr);
    return success();
  }
  if (isa<ConjOp>(op)) {
    dx[0] = ConjOp::create(b, loc, dr);
    return success();
  }
  ExprBuilder e(b, op);
  SmallVector<Expr> partials = fn.partials(e);
  if (partials.empty())
    return noDerivative(op);
  for (auto [k, p] : llvm::enumerate(partials))
    if (isDifferentiable(elementOf(op->getOperand(k))))
      dx[k] = product(b, loc, e, dr, p, true, op->getOperand(k));
  return success();
}

// dr = sum of dr/dx_i * dx_i
static LogicalResult pushforwardPointwise(OpBuilder &b, Pointwise fn, ArrayRef<Value> dx, Value &dr) {
  Operation *op = fn;
  Location loc = op->getLoc();
  Value r = op->getResult(0);
  if (auto select = dyn_cast<SelectOp>(op)) {
    dr = SelectOp::create(b, loc, select.getC(), orZero(b, loc, dx[1], r.getType()), orZero(b, loc, dx[2], r.getType()));
    return success();
  }
  if (isa<ConjOp>(op)) {
    dr = ConjOp::create(b, loc, dx[0]);
    return success();
  }
  ExprBuilder e(b, op);
  SmallVector<Expr> partials = fn.partials(e);
  if (partials.empty())
    return noDerivative(op);
  for (auto [p, v] : llvm::zip(partials, dx))
    if (v)
      dr = addTo(b, loc, dr, product(b, loc, e, v, p, false, r));
  return success();
}

LogicalResult tds::pullback(OpBuilder &b, Operation *op, ArrayRef<Value> cotangents,
                            SmallVectorImpl<Value> &operandCotangents) {
  operandCotangents.assign(op->getNumOperands(), Value());
  if (llvm::none_of(cotangents, [](Value v) { return bool(v); }) || !anyDifferentiable(op->getOperands()))
    return success();
  if (auto fn = dyn_cast<Pointwise>(op))
    return pullbackPointwise(b, fn, cotangents[0], operandCotangents);
  auto linear = dyn_cast<Linear>(op);
  auto ruled = dyn_cast<Differentiable>(op);
  if (ruled && !(linear && linear.isLinearIn(0))) {
    operandCotangents.clear();
    return ruled.vjp(b, cotangents, operandCotangents);
  }
  if (!linear)
    return noDerivative(op);
  // The last operand first: a scatter's values are read of dy before zeros are written in their place.
  for (unsigned k = op->getNumOperands(); k-- > 0;)
    if (isDifferentiable(elementOf(op->getOperand(k))) && linear.isLinearIn(k))
      operandCotangents[k] = linear.adjoint(b, op->getLoc(), k, cotangents[0]);
  return success();
}

LogicalResult tds::pushforward(OpBuilder &b, Operation *op, ArrayRef<Value> tangents,
                               SmallVectorImpl<Value> &resultTangents) {
  resultTangents.assign(op->getNumResults(), Value());
  if (llvm::none_of(tangents, [](Value v) { return bool(v); }) || !anyDifferentiable(op->getResults()))
    return success();
  if (auto fn = dyn_cast<Pointwise>(op))
    return pushforwardPointwise(b, fn, tangents, resultTangents[0]);
  auto linear = dyn_cast<Linear>(op);
  auto ruled = dyn_cast<Differentiable>(op);
  if (ruled && !(linear && linear.isLinearIn(0))) {
    resultTangents.clear();
    return ruled.jvp(b, tangents, resultTangents);
  }
  if (!linear)
    return noDerivative(op);
  resultTangents[0] = linear.tangent(b, op->getLoc(), tangents);
  return success();
}
