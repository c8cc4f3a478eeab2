//===- Primitives.cpp - checks and derivatives of what the runtime computes -===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"

using namespace mlir;
using namespace tds;

static Value zero(OpBuilder &b, Location loc, Type type) { return constant(b, loc, 0.0, cast<RankedTensorType>(type)); }

/// Whether two sizes may be one: open sizes that are written differently may be.
static bool mayEqual(RankedTensorType a, int64_t i, RankedTensorType b, int64_t j) {
  return a.isDynamicDim(unsigned(i)) || b.isDynamicDim(unsigned(j)) ||
         a.getDimSize(unsigned(i)) == b.getDimSize(unsigned(j));
}

/// Dimensions before the last `own` ones agree.
static LogicalResult verifyBatch(Operation *op, RankedTensorType a, RankedTensorType b, int64_t own) {
  bool same = a.getRank() == b.getRank() && a.getRank() >= own;
  for (int64_t d = 0; same && d < a.getRank() - own; ++d)
    same = mayEqual(a, d, b, d);
  return same ? success()
              : op->emitOpError() << "of " << a << " and " << b << ": the dimensions before the last differ";
}

//===----------------------------------------------------------------------===//
// sort
//===----------------------------------------------------------------------===//

LogicalResult SortOp::verify() {
  RankedTensorType x = typeOf(getX()), values = typeOf(getValues()), ids = typeOf(getIds());
  if (x.getRank() == 0)
    return emitOpError("of a scalar, expected one dimension or more");
  if (!isa<FloatType>(x.getElementType()) &&
      (!x.getElementType().isInteger() || x.getElementType().isUnsignedInteger(64)))
    return emitOpError() << "of elements " << x.getElementType();
  if (values.getElementType() != x.getElementType())
    return emitOpError() << "elements differ: " << x.getElementType() << " and " << values.getElementType();
  if (ids != withElement(values, ids.getElementType()))
    return emitOpError() << "places have type " << ids << ", expected the shape of " << values;
  if (failed(verifyBatch(*this, x, values, 1)))
    return failure();
  unsigned last = unsigned(x.getRank()) - 1;
  std::optional<int64_t> size = dimConstant(x, last), count = dimConstant(values, last);
  if (size && count && *count > *size)
    return emitOpError() << "gives " << *count << " of " << *size;
  return success();
}

/// (d0, .., dk)[s0] -> (d0, .., s0): a read at places along the last dimension.
static AffineMap alongLast(MLIRContext *context, int64_t rank) {
  SmallVector<AffineExpr> at;
  for (int64_t d = 0; d + 1 < rank; ++d)
    at.push_back(getAffineDimExpr(unsigned(d), context));
  at.push_back(getAffineSymbolExpr(0, context));
  return AffineMap::get(unsigned(rank), 1, at, context);
}

/// Places of a sort are inside: nothing is to be checked (lib/Conversion/Lowering.h).
static Value withoutCheck(Operation *op) {
  op->setAttr("tds.unchecked", UnitAttr::get(op->getContext()));
  return op->getResult(0);
}

// dx = 0, dx[.., ids[.., i]] += dvalues[.., i]
LogicalResult SortOp::vjp(OpBuilder &b, ValueRange cotangents, SmallVectorImpl<Value> &operandCotangents) {
  Value &dx = operandCotangents.emplace_back();
  if (!cotangents[0])
    return success();
  Value base = zero(b, getLoc(), getX().getType());
  auto scatter =
      ScatterOp::create(b, getLoc(), base.getType(), ScatterKind::add, base, cotangents[0], getIds(),
                        alongLast(b.getContext(), typeOf(base).getRank()), b.getStrArrayAttr({}), Outside::none);
  dx = withoutCheck(scatter);
  return success();
}

// dvalues[.., i] = dx[.., ids[.., i]]
LogicalResult SortOp::jvp(OpBuilder &b, ValueRange tangents, SmallVectorImpl<Value> &resultTangents) {
  Value dx = tangents[0];
  auto gather = GatherOp::create(b, getLoc(), getValues().getType(), dx, getIds(), Value(),
                                 alongLast(b.getContext(), typeOf(dx).getRank()), b.getStrArrayAttr({}), Outside::none);
  resultTangents.push_back(withoutCheck(gather));
  resultTangents.emplace_back();
  return success();
}

//===----------------------------------------------------------------------===//
// fft
//===----------------------------------------------------------------------===//

LogicalResult FftOp::verify() {
  RankedTensorType x = typeOf(getX()), y = typeOf(getResult());
  if (x.getRank() == 0)
    return emitOpError("of a scalar, expected one dimension or more");
  bool realFrom = getKind() == FftKind::rfft, realTo = getKind() == FftKind::irfft;
  auto part = [&](RankedTensorType type, bool real) -> Type {
    auto complex = dyn_cast<ComplexType>(type.getElementType());
    Type element = real ? type.getElementType() : complex ? complex.getElementType() : Type();
    return element && (element.isF32() || element.isF64()) ? element : Type();
  };
  if (!part(x, realFrom) || part(x, realFrom) != part(y, realTo))
    return emitOpError() << stringifyEnum(getKind()) << " of elements " << x.getElementType() << " to "
                         << y.getElementType();
  if (failed(verifyBatch(*this, x, y, 1)))
    return failure();
  unsigned last = unsigned(x.getRank()) - 1;
  std::optional<int64_t> from = dimConstant(x, last), to = dimConstant(y, last);
  if (!from || !to)
    return success();
  int64_t n = realTo ? *to : *from, half = realTo ? *from : *to;
  if (half != (realFrom || realTo ? n / 2 + 1 : n))
    return emitOpError() << stringifyEnum(getKind()) << " of " << *from << " elements gives " << *to;
  return success();
}

/// The size of a dimension as a number in every place of a type.
static Value sizeIn(OpBuilder &b, Location loc, RankedTensorType of, int64_t dim, RankedTensorType type) {
  Value size = SizeOp::create(b, loc, dimText(of, unsigned(dim)));
  if (auto complex = dyn_cast<ComplexType>(type.getElementType()))
    size = convertTo(b, loc, size, complex.getElementType());
  return fill(b, loc, convertTo(b, loc, size, type.getElementType()), type);
}

/// For how many frequencies of n each of the n // 2 + 1 stands: 1 at 0 and, n even, at n / 2; 2 elsewhere.
static Value multiplicity(OpBuilder &b, Location loc, RankedTensorType half, RankedTensorType whole) {
  int64_t last = half.getRank() - 1;
  auto places = withElement(half, b.getI64Type());
  Value k = IotaOp::create(b, loc, places, last), n = sizeIn(b, loc, whole, last, places);
  Value twice = MulOp::create(b, loc, k, constant(b, loc, 2.0, places));
  Value single =
      OrOp::create(b, loc, EqOp::create(b, loc, k, constant(b, loc, 0.0, places)), EqOp::create(b, loc, twice, n));
  return SelectOp::create(b, loc, single, constant(b, loc, 1.0, half), constant(b, loc, 2.0, half));
}

bool FftOp::isLinearIn(unsigned) { return true; }

// fft: dx = n ifft(dy);  ifft: dx = fft(dy) / n;  rfft: dx = n irfft(dy / m);  irfft: dx = m rfft(dy) / n, m the
// multiplicity
Value FftOp::adjoint(OpBuilder &b, Location loc, unsigned, Value dy) {
  RankedTensorType x = typeOf(getX()), y = typeOf(dy);
  int64_t last = x.getRank() - 1;
  switch (getKind()) {
  case FftKind::fft:
    return MulOp::create(b, loc, FftOp::create(b, loc, x, FftKind::ifft, dy), sizeIn(b, loc, x, last, x));
  case FftKind::ifft:
    return DivOp::create(b, loc, FftOp::create(b, loc, x, FftKind::fft, dy), sizeIn(b, loc, x, last, x));
  case FftKind::rfft: {
    Value once = DivOp::create(b, loc, dy, multiplicity(b, loc, y, x));
    return MulOp::create(b, loc, FftOp::create(b, loc, x, FftKind::irfft, once), sizeIn(b, loc, x, last, x));
  }
  case FftKind::irfft: {
    Value half = FftOp::create(b, loc, x, FftKind::rfft, dy);
    return DivOp::create(b, loc, MulOp::create(b, loc, half, multiplicity(b, loc, x, y)), sizeIn(b, loc, y, last, x));
  }
  }
  llvm_unreachable("a transform of another version");
}

Value FftOp::tangent(OpBuilder &b, Location loc, ArrayRef<Value> t) {
  return FftOp::create(b, loc, getResult().getType(), getKind(), t[0]);
}

//===----------------------------------------------------------------------===//
// Linear algebra
//===----------------------------------------------------------------------===//

static LogicalResult verifySquare(Operation *op, RankedTensorType a) {
  int64_t rank = a.getRank();
  if (rank < 2 || !mayEqual(a, rank - 2, a, rank - 1))
    return op->emitOpError() << "of " << a << ", expected square matrices";
  return success();
}

static LogicalResult verifySystem(Operation *op, RankedTensorType a, RankedTensorType b) {
  if (failed(verifySquare(op, a)) || failed(verifyBatch(op, a, b, 2)))
    return failure();
  if (a.getElementType() != b.getElementType())
    return op->emitOpError() << "elements differ: " << a.getElementType() << " and " << b.getElementType();
  if (!mayEqual(a, a.getRank() - 1, b, b.getRank() - 2))
    return op->emitOpError() << "of " << a << " and " << b << ": the rows differ";
  return success();
}

LogicalResult CholeskyOp::verify() { return verifySquare(*this, typeOf(getX())); }
LogicalResult TriangularSolveOp::verify() { return verifySystem(*this, typeOf(getA()), typeOf(getB())); }
LogicalResult SolveOp::verify() { return verifySystem(*this, typeOf(getA()), typeOf(getB())); }
LogicalResult DetOp::verify() { return verifySquare(*this, typeOf(getA())); }

LogicalResult DetOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a,
                                      SmallVectorImpl<Type> &types) {
  auto type = dyn_cast<RankedTensorType>(a.getA().getType());
  if (!type || type.getRank() < 2)
    return emitOptionalError(loc, "`tds.det` of what is no matrix");
  types.push_back(pickDims(type, llvm::to_vector(llvm::seq<int64_t>(0, type.getRank() - 2))));
  return success();
}

namespace {
/// Matrices over the last two dimensions, as rules write them.
struct Algebra {
  OpBuilder &b;
  Location loc;

  /// The conjugate transpose.
  Value adjoint(Value m) {
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(m).getRank()));
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    Value turned = transpose(b, loc, m, order);
    return isa<ComplexType>(elementOf(m)) ? ConjOp::create(b, loc, turned).getResult() : turned;
  }

  Value product(Value x, Value y) {
    unsigned rank = unsigned(typeOf(x).getRank()), m = rank - 2, k = rank - 1, n = rank;
    SmallVector<AffineExpr> left, right;
    for (unsigned d = 0; d < m; ++d) {
      left.push_back(b.getAffineDimExpr(d));
      right.push_back(b.getAffineDimExpr(d));
    }
    llvm::append_values(left, b.getAffineDimExpr(m), b.getAffineDimExpr(k));
    llvm::append_values(right, b.getAffineDimExpr(k), b.getAffineDimExpr(n));
    AffineMap maps[] = {AffineMap::get(rank + 1, 0, left, b.getContext()),
                        AffineMap::get(rank + 1, 0, right, b.getContext())};
    return ContractOp::create(b, loc, x, y, b.getAffineMapArrayAttr(maps), ArrayRef<int64_t>{int64_t(k)});
  }

  Value minus(Value x) { return NegOp::create(b, loc, x); }
  Value sub(Value x, Value y) { return SubOp::create(b, loc, x, y); }
  Value add(Value x, Value y) { return AddOp::create(b, loc, x, y); }

  /// Zero outside of a triangle; what is on the diagonal is multiplied by `diagonal`.
  Value triangle(Value m, bool upper, double diagonal = 1) {
    RankedTensorType type = typeOf(m), places = withElement(type, b.getI64Type());
    Value row = IotaOp::create(b, loc, places, type.getRank() - 2),
          column = IotaOp::create(b, loc, places, type.getRank() - 1);
    Value inside =
        upper ? LeOp::create(b, loc, row, column).getResult() : GeOp::create(b, loc, row, column).getResult();
    if (diagonal != 1) {
      Value scaled = MulOp::create(b, loc, m, constant(b, loc, diagonal, type));
      m = SelectOp::create(b, loc, EqOp::create(b, loc, row, column), scaled, m);
    }
    return SelectOp::create(b, loc, inside, m, zero(b, loc, type));
  }

  Value identity(RankedTensorType type) {
    auto places = withElement(type, b.getI64Type());
    Value row = IotaOp::create(b, loc, places, type.getRank() - 2),
          column = IotaOp::create(b, loc, places, type.getRank() - 1);
    return SelectOp::create(b, loc, EqOp::create(b, loc, row, column), constant(b, loc, 1.0, type), zero(b, loc, type));
  }

  Value triangularSolve(Value a, Value v, bool upper, bool unchecked) {
    return TriangularSolveOp::create(b, loc, v.getType(), a, v, upper, unchecked);
  }
  Value solve(Value a, Value v, bool unchecked) { return SolveOp::create(b, loc, v.getType(), a, v, unchecked); }

  /// Numbers of a batch in every place of its matrices.
  Value spread(Value numbers, RankedTensorType type) {
    return broadcast(b, loc, numbers, type, llvm::to_vector(llvm::seq<int64_t>(0, typeOf(numbers).getRank())));
  }
};
} // namespace

// With p(m) the lower triangle of m, half of its diagonal (Murray 2016):  s = l^-H p(l^H dl) l^-1,  dx = (s + s^H) / 2
LogicalResult CholeskyOp::vjp(OpBuilder &b, ValueRange cotangents, SmallVectorImpl<Value> &operandCotangents) {
  Algebra m{b, getLoc()};
  Value l = getResult(), lh = m.adjoint(l);
  Value inner = m.triangle(m.product(lh, m.triangle(cotangents[0], false)), false, 0.5);
  Value left = m.triangularSolve(lh, inner, true, getUnchecked());                   // l^-H p
  Value s = m.adjoint(m.triangularSolve(lh, m.adjoint(left), true, getUnchecked())); // .. l^-1
  Value half = constant(b, getLoc(), 0.5, typeOf(s));
  operandCotangents.push_back(MulOp::create(b, getLoc(), m.add(s, m.adjoint(s)), half));
  return success();
}

// dl = l p(l^-1 dx l^-H)
LogicalResult CholeskyOp::jvp(OpBuilder &b, ValueRange tangents, SmallVectorImpl<Value> &resultTangents) {
  Algebra m{b, getLoc()};
  Value l = getResult();
  Value left = m.triangularSolve(l, tangents[0], false, getUnchecked());
  Value both = m.adjoint(m.triangularSolve(l, m.adjoint(left), false, getUnchecked()));
  resultTangents.push_back(m.product(l, m.triangle(both, false, 0.5)));
  return success();
}

// db = a^-H dx;  da = -db x^H, its triangle
LogicalResult TriangularSolveOp::vjp(OpBuilder &b, ValueRange cotangents, SmallVectorImpl<Value> &operandCotangents) {
  Algebra m{b, getLoc()};
  Value db = m.triangularSolve(m.adjoint(getA()), cotangents[0], !getUpper(), getUnchecked());
  Value da = m.minus(m.product(db, m.adjoint(getResult())));
  operandCotangents.assign({m.triangle(da, getUpper()), db});
  return success();
}

// dx = a^-1 (db - triangle(da) x)
LogicalResult TriangularSolveOp::jvp(OpBuilder &b, ValueRange tangents, SmallVectorImpl<Value> &resultTangents) {
  Algebra m{b, getLoc()};
  Value right = tangents[1];
  if (Value da = tangents[0]) {
    Value moved = m.product(m.triangle(da, getUpper()), getResult());
    right = right ? m.sub(right, moved) : m.minus(moved);
  }
  resultTangents.push_back(m.triangularSolve(getA(), right, getUpper(), getUnchecked()));
  return success();
}

// db = a^-H dx;  da = -db x^H
LogicalResult SolveOp::vjp(OpBuilder &b, ValueRange cotangents, SmallVectorImpl<Value> &operandCotangents) {
  Algebra m{b, getLoc()};
  Value db = m.solve(m.adjoint(getA()), cotangents[0], getUnchecked());
  operandCotangents.assign({m.minus(m.product(db, m.adjoint(getResult()))), db});
  return success();
}

// dx = a^-1 (db - da x)
LogicalResult SolveOp::jvp(OpBuilder &b, ValueRange tangents, SmallVectorImpl<Value> &resultTangents) {
  Algebra m{b, getLoc()};
  Value right = tangents[1];
  if (Value da = tangents[0]) {
    Value moved = m.product(da, getResult());
    right = right ? m.sub(right, moved) : m.minus(moved);
  }
  resultTangents.push_back(m.solve(getA(), right, getUnchecked()));
  return success();
}

// da = conj(y) dy a^-H
LogicalResult DetOp::vjp(OpBuilder &b, ValueRange cotangents, SmallVectorImpl<Value> &operandCotangents) {
  Algebra m{b, getLoc()};
  RankedTensorType type = typeOf(getA());
  Value y =
      isa<ComplexType>(type.getElementType()) ? ConjOp::create(b, getLoc(), getResult()).getResult() : getResult();
  Value scale = m.spread(MulOp::create(b, getLoc(), y, cotangents[0]), type);
  operandCotangents.push_back(m.solve(m.adjoint(getA()), MulOp::create(b, getLoc(), scale, m.identity(type)), false));
  return success();
}

// dy = y trace(a^-1 da)
LogicalResult DetOp::jvp(OpBuilder &b, ValueRange tangents, SmallVectorImpl<Value> &resultTangents) {
  Algebra m{b, getLoc()};
  RankedTensorType type = typeOf(getA());
  Value ratio = MulOp::create(b, getLoc(), m.solve(getA(), tangents[0], false), m.identity(type));
  Value trace = sumOver(b, getLoc(), ratio, {type.getRank() - 2, type.getRank() - 1});
  resultTangents.push_back(MulOp::create(b, getLoc(), getResult(), trace));
  return success();
}
