//===- LowerAccess.cpp - reads and sums at affine places ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An access whose places are proved inside is a slice of its operand, then a generic that reads the slice at an
// indexing map. One that can leave reads a padded copy where that is small, so that loops stay free of branches, else
// it clamps and selects.
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Conversion/Lowering.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace tds {
namespace {

/// `step * dim + offset`, or a number when there is no dim.
struct Stride {
  std::optional<unsigned> dim;
  int64_t step = 0, offset = 0;
};

std::optional<Stride> strideOf(AffineExpr expr) {
  if (auto number = dyn_cast<AffineConstantExpr>(expr))
    return Stride{std::nullopt, 0, number.getValue()};
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return Stride{dim.getPosition(), 1, 0};
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  // Simplified maps have the number on the right.
  auto number = dyn_cast<AffineConstantExpr>(binary.getRHS());
  std::optional<Stride> left = number ? strideOf(binary.getLHS()) : std::nullopt;
  if (!left)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return Stride{left->dim, left->step, left->offset + number.getValue()};
  if (expr.getKind() == AffineExprKind::Mul)
    return Stride{left->dim, left->step * number.getValue(), left->offset * number.getValue()};
  return std::nullopt;
}

/// The slice that an access is, if each coordinate is a number or runs forward along a dimension of its own.
std::optional<SmallVector<Stride>> slicesOf(AffineMap map) {
  SmallVector<Stride> strides;
  llvm::SmallBitVector used(map.getNumDims());
  for (AffineExpr expr : map.getResults()) {
    std::optional<Stride> stride = strideOf(expr);
    if (!stride || (stride->dim && (stride->step <= 0 || used.test(*stride->dim))))
      return std::nullopt;
    if (stride->dim)
      used.set(*stride->dim);
    strides.push_back(*stride);
  }
  return strides;
}

bool isInside(AffineMap map, ArrayRef<int64_t> space, ArrayRef<int64_t> shape) {
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), shape)) {
    std::optional<Interval> interval = intervalOf(expr, space);
    if (!interval || interval->least < 0 || interval->greatest >= size)
      return false;
  }
  return true;
}

struct Slice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  SmallVector<int64_t> shape;   // without the dimensions that numbers took
  SmallVector<AffineExpr> dims; // of the index space, one for each of `shape`
  bool whole = true;
};

Slice sliceOf(Builder &b, ArrayRef<Stride> strides, ArrayRef<int64_t> space, ArrayRef<int64_t> shape) {
  Slice slice;
  for (auto [stride, size] : llvm::zip_equal(strides, shape)) {
    int64_t extent = stride.dim ? space[*stride.dim] : 1;
    slice.offsets.push_back(b.getIndexAttr(stride.offset));
    slice.sizes.push_back(b.getIndexAttr(extent));
    // One element has no step; MLIR mistakes one with a step where it drops dimensions.
    slice.strides.push_back(b.getIndexAttr(stride.dim && extent > 1 ? stride.step : 1));
    slice.whole &= stride.dim && stride.offset == 0 && stride.step == 1 && extent == size;
    if (!stride.dim)
      continue;
    slice.shape.push_back(extent);
    slice.dims.push_back(b.getAffineDimExpr(*stride.dim));
  }
  return slice;
}

/// A read whose places are inside.
Value readInside(OpBuilder &b, Location loc, Value x, AffineMap map, RankedTensorType result) {
  auto type = cast<RankedTensorType>(x.getType());
  ArrayRef<int64_t> space = result.getShape();
  if (std::optional<SmallVector<Stride>> runs = slicesOf(map)) {
    Slice slice = sliceOf(b, *runs, space, type.getShape());
    if (!slice.whole) {
      type = RankedTensorType::get(slice.shape, type.getElementType());
      x = tensor::ExtractSliceOp::create(b, loc, type, x, slice.offsets, slice.sizes, slice.strides);
    }
    map = AffineMap::get(map.getNumDims(), 0, slice.dims, b.getContext());
  } else {
    // An indexing map names a dimension only where it runs over all of the operand's.
    SmallVector<OpFoldResult> offsets, sizes, strides;
    SmallVector<int64_t> shape;
    for (auto [expr, size] : llvm::zip_equal(map.getResults(), type.getShape())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      shape.push_back(dim ? space[dim.getPosition()] : size);
      offsets.push_back(b.getIndexAttr(0));
      sizes.push_back(b.getIndexAttr(shape.back()));
      strides.push_back(b.getIndexAttr(1));
    }
    if (ArrayRef(shape) != type.getShape()) {
      type = RankedTensorType::get(shape, type.getElementType());
      x = tensor::ExtractSliceOp::create(b, loc, type, x, offsets, sizes, strides);
    }
  }
  if (map.isIdentity() && type == result)
    return x;
  return parallelGeneric(b, loc, result, Input{x, map}, [](OpBuilder &, Location, ArrayRef<Value> v) { return v[0]; });
}

/// Reads anywhere, element by element.
Value readChecked(OpBuilder &b, Location loc, Value x, AffineMap map, RankedTensorType result, Outside outside,
                  Value otherwise) {
  auto type = cast<RankedTensorType>(x.getType());
  unsigned rank = unsigned(result.getRank());
  SmallVector<Input> inputs;
  if (otherwise) {
    bool scalar = cast<RankedTensorType>(otherwise.getType()).getRank() == 0;
    inputs.push_back({otherwise, scalar ? AffineMap::get(rank, 0, b.getContext()) : b.getMultiDimIdentityMap(rank)});
  }
  return parallelGeneric(b, loc, result, inputs, [&](OpBuilder &b, Location loc, ArrayRef<Value> v) -> Value {
    SmallVector<Value> dims;
    for (unsigned d = 0; d < rank; ++d)
      dims.push_back(linalg::IndexOp::create(b, loc, d));
    Place place = placeAt(b, loc, map, result.getShape(), dims, {}, type.getShape(), outside);
    Value read = tensor::ExtractOp::create(b, loc, x, place.at);
    return place.inside ? arith::SelectOp::create(b, loc, place.inside, read, v[0]).getResult() : read;
  });
}

struct LowerAccess : OpConversionPattern<AccessOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccessOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Location loc = op.getLoc();
    RankedTensorType result = storedType(typeOf(op));
    Value x = adaptor.getX();
    auto type = cast<RankedTensorType>(x.getType());
    AffineMap map = closeMap(op.getMap(), op.getSymbols());
    ArrayRef<int64_t> space = result.getShape();
    Outside outside = op.getOutside();
    if (result.getNumElements() == 0) {
      r.replaceOpWithNewOp<tensor::EmptyOp>(op, result.getShape(), result.getElementType());
      return success();
    }
    if (outside == Outside::none || isInside(map, space, type.getShape())) {
      r.replaceOp(op, readInside(r, loc, x, map, result));
      return success();
    }
    Value otherwise = adaptor.getOtherwise();
    if (outside == Outside::otherwise && type.getNumElements() == 0) {
      auto otherType = cast<RankedTensorType>(otherwise.getType());
      AffineMap other = otherType.getRank() == 0 ? AffineMap::get(map.getNumDims(), 0, r.getContext())
                                                 : r.getMultiDimIdentityMap(map.getNumDims());
      r.replaceOp(op, parallelGeneric(r, loc, result, Input{otherwise, other},
                                      [](OpBuilder &, Location, ArrayRef<Value> v) { return v[0]; }));
      return success();
    }
    if (type.getNumElements() == 0)
      return op.emitOpError("has nothing to move its places to: the tensor that it reads is empty");
    if (Value padded = readPadded(r, loc, x, map, result, outside, otherwise)) {
      r.replaceOp(op, padded);
      return success();
    }
    r.replaceOp(op, readChecked(r, loc, x, map, result, outside, otherwise));
    return success();
  }

  /// x[d + r - 1 else 0]  =>  a copy of x between margins of the other value, read at d + r.
  static Value readPadded(OpBuilder &b, Location loc, Value x, AffineMap map, RankedTensorType result, Outside outside,
                          Value otherwise) {
    auto type = cast<RankedTensorType>(x.getType());
    if (outside != Outside::otherwise || cast<RankedTensorType>(otherwise.getType()).getRank() != 0)
      return nullptr;
    SmallVector<int64_t> shape;
    SmallVector<OpFoldResult> offsets, sizes, strides;
    SmallVector<AffineExpr> coordinates;
    for (auto [expr, size] : llvm::zip_equal(map.getResults(), type.getShape())) {
      std::optional<Interval> interval = intervalOf(expr, result.getShape());
      if (!interval)
        return nullptr;
      int64_t low = std::max<int64_t>(0, -interval->least);
      int64_t high = std::max<int64_t>(0, interval->greatest - size + 1);
      // A margin wider than the tensor is mostly margin.
      if (low > size || high > size)
        return nullptr;
      shape.push_back(low + size + high);
      offsets.push_back(b.getIndexAttr(low));
      sizes.push_back(b.getIndexAttr(size));
      strides.push_back(b.getIndexAttr(1));
      coordinates.push_back(expr + low);
    }
    auto padded = RankedTensorType::get(shape, type.getElementType());
    if (padded.getNumElements() > 2 * std::max(type.getNumElements(), result.getNumElements()))
      return nullptr;
    Value margins = filled(b, loc, padded, extractScalar(b, loc, otherwise));
    Value copy = tensor::InsertSliceOp::create(b, loc, x, margins, offsets, sizes, strides);
    return readInside(b, loc, copy, AffineMap::get(map.getNumDims(), 0, coordinates, b.getContext()), result);
  }
};

/// y = 0, y[map(d)] += x[d]. A slice is put into zeros. Where each coordinate moves with a dimension of its own, a
/// place of y asks which d reach it: its own dimensions follow from the place, the others are summed over. Else d walks
/// in order.
struct LowerAccumulate : OpConversionPattern<AccumulateOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(AccumulateOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Location loc = op.getLoc();
    RankedTensorType result = storedType(typeOf(op));
    Value x = adaptor.getX();
    auto type = cast<RankedTensorType>(x.getType());
    AffineMap map = closeMap(op.getMap(), op.getSymbols());
    Value zero = scalarConstant(r, loc, result.getElementType(), 0);
    if (type.getNumElements() == 0 || result.getNumElements() == 0) {
      r.replaceOp(op, filled(r, loc, result, zero));
      return success();
    }
    if (Value put = putSlice(r, loc, x, filled(r, loc, result, zero), map, /*adds=*/false)) {
      r.replaceOp(op, put);
      return success();
    }
    bool inside = op.getOutside() == Outside::none || isInside(map, type.getShape(), result.getShape());
    if (Value asked = collect(r, loc, x, map, result, op.getOutside(), inside)) {
      r.replaceOp(op, asked);
      return success();
    }
    r.replaceOp(op, walk(r, loc, x, map, result, op.getOutside(), filled(r, loc, result, zero)));
    return success();
  }

  static Value collect(OpBuilder &b, Location loc, Value x, AffineMap map, RankedTensorType result, Outside outside,
                       bool inside) {
    auto type = cast<RankedTensorType>(x.getType());
    if (!inside && outside != Outside::otherwise)
      return nullptr;
    // For each coordinate: the dimension that follows from the place, its factor and the rest of the expression.
    struct Solved {
      unsigned dim;
      int64_t factor;
      AffineExpr rest;
    };
    SmallVector<std::optional<Solved>> solved;
    llvm::SmallBitVector taken(map.getNumDims());
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      std::optional<Solved> found;
      for (unsigned d = 0; d < map.getNumDims(); ++d) {
        bool alone = llvm::all_of(llvm::enumerate(map.getResults()),
                                  [&](auto other) { return other.index() == i || !other.value().isFunctionOfDim(d); });
        if (!alone || taken.test(d) || !expr.isFunctionOfDim(d))
          continue;
        std::optional<int64_t> factor = factorOf(expr, d);
        // The longest dimension leaves the least to sum over.
        if (factor && (!found || type.getDimSize(d) > type.getDimSize(found->dim)))
          found = Solved{d, *factor, expr.replace(b.getAffineDimExpr(d), b.getAffineConstantExpr(0))};
      }
      if (!found && !isa<AffineConstantExpr>(expr))
        return nullptr;
      if (found)
        taken.set(found->dim);
      solved.push_back(found);
    }
    // The iteration space: the dimensions of y, then those of x that are summed over.
    unsigned rank = unsigned(result.getRank());
    SmallVector<AffineExpr> spaceOf(map.getNumDims());
    SmallVector<int64_t> summed;
    for (unsigned d = 0; d < map.getNumDims(); ++d)
      if (!taken.test(d)) {
        spaceOf[d] = b.getAffineDimExpr(rank + unsigned(summed.size()));
        summed.push_back(type.getDimSize(d));
      }
    unsigned all = rank + unsigned(summed.size());
    auto body = [&](OpBuilder &b, Location loc) -> std::pair<Value, Value> {
      SmallVector<Value> at;
      for (unsigned d = 0; d < all; ++d)
        at.push_back(linalg::IndexOp::create(b, loc, d));
      SmallVector<Value> ofX(map.getNumDims());
      for (unsigned d = 0; d < map.getNumDims(); ++d)
        if (spaceOf[d])
          ofX[d] = at[cast<AffineDimExpr>(spaceOf[d]).getPosition()];
      Value reached;
      auto require = [&](Value condition) {
        reached = reached ? arith::AndIOp::create(b, loc, reached, condition).getResult() : condition;
      };
      for (auto [i, one] : llvm::enumerate(solved)) {
        if (!one) {
          int64_t place = cast<AffineConstantExpr>(map.getResult(i)).getValue();
          require(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, at[i], indexConstant(b, loc, place)));
          continue;
        }
        Value left = arith::SubIOp::create(b, loc, at[i], expand(b, loc, one->rest, ofX));
        if (one->factor < 0)
          left = arith::SubIOp::create(b, loc, indexConstant(b, loc, 0), left);
        Value step = indexConstant(b, loc, std::abs(one->factor));
        Value quotient = left;
        if (std::abs(one->factor) != 1) {
          // Negative numbers fail the range check below whatever their quotient.
          quotient = arith::DivSIOp::create(b, loc, left, step);
          Value back = arith::MulIOp::create(b, loc, quotient, step);
          require(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, back, left));
        }
        int64_t size = type.getDimSize(one->dim);
        require(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, quotient, indexConstant(b, loc, size)));
        quotient = arith::MaxSIOp::create(b, loc, quotient, indexConstant(b, loc, 0));
        ofX[one->dim] = arith::MinSIOp::create(b, loc, quotient, indexConstant(b, loc, size - 1));
      }
      Value read = tensor::ExtractOp::create(b, loc, x, ofX);
      return {read, reached};
    };
    Value zero = scalarConstant(b, loc, result.getElementType(), 0);
    auto guarded = [&](OpBuilder &b, Location loc) -> Value {
      auto [read, reached] = body(b, loc);
      return reached ? arith::SelectOp::create(b, loc, reached, read, zero).getResult() : read;
    };
    if (summed.empty())
      return parallelGeneric(b, loc, result, {},
                             [&](OpBuilder &b, Location loc, ArrayRef<Value>) { return guarded(b, loc); });
    // A tensor of the summed dimensions says how far they run; nothing reads it.
    Value extent = tensor::EmptyOp::create(b, loc, summed, result.getElementType());
    SmallVector<AffineExpr> extentDims;
    for (unsigned i = 0; i < summed.size(); ++i)
      extentDims.push_back(b.getAffineDimExpr(rank + i));
    Input shape{extent, AffineMap::get(all, 0, extentDims, b.getContext())};
    AffineMap places = AffineMap::getMultiDimIdentityMap(all, b.getContext()).getMajorSubMap(rank);
    if (rank == 0)
      places = AffineMap::get(all, 0, b.getContext());
    return reducingGeneric(b, loc, shape, filled(b, loc, result, zero), places,
                           [&](OpBuilder &b, Location loc, ArrayRef<Value> v) {
                             return addScalars(b, loc, v.back(), guarded(b, loc));
                           })
        .getResult(0);
  }

  /// c, if the expression is c * d + what has no d.
  static std::optional<int64_t> factorOf(AffineExpr expr, unsigned d) {
    if (!expr.isFunctionOfDim(d))
      return 0;
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return 1;
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary)
      return std::nullopt;
    std::optional<int64_t> x = factorOf(binary.getLHS(), d), y = factorOf(binary.getRHS(), d);
    if (!x || !y)
      return std::nullopt;
    if (expr.getKind() == AffineExprKind::Add)
      return *x + *y == 0 ? std::nullopt : std::optional(*x + *y);
    auto number = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (expr.getKind() == AffineExprKind::Mul && number)
      return *x * number.getValue();
    return std::nullopt;
  }

  static Value expand(OpBuilder &b, Location loc, AffineExpr expr, ArrayRef<Value> dims) {
    SmallVector<Value> known(dims);
    // Dimensions that are solved for do not occur in the rest.
    for (Value &dim : known)
      if (!dim)
        dim = indexConstant(b, loc, 0);
    return affine::expandAffineExpr(b, loc, expr, known, {});
  }

  static Value walk(OpBuilder &b, Location loc, Value x, AffineMap map, RankedTensorType result, Outside outside,
                    Value y) {
    auto type = cast<RankedTensorType>(x.getType());
    return walkPoints(b, loc, type.getShape(), y, [&](OpBuilder &b, Location loc, ValueRange dims, Value y) -> Value {
      Place place = placeAt(b, loc, map, type.getShape(), dims, {}, result.getShape(), outside);
      Value old = tensor::ExtractOp::create(b, loc, y, place.at);
      Value sum = addScalars(b, loc, old, tensor::ExtractOp::create(b, loc, x, dims));
      if (place.inside)
        sum = arith::SelectOp::create(b, loc, place.inside, sum, old);
      return tensor::InsertOp::create(b, loc, sum, y, place.at);
    });
  }
};

} // namespace

/// Every dimension of x must be in the slice, or places repeat.
static std::optional<SmallVector<Stride>> slicesFor(AffineMap map, RankedTensorType x, RankedTensorType y) {
  if (x.getNumElements() == 0 || !isInside(map, x.getShape(), y.getShape()))
    return std::nullopt;
  std::optional<SmallVector<Stride>> strides = slicesOf(map);
  bool each = strides && llvm::count_if(*strides, [](const Stride &s) { return s.dim.has_value(); }) == x.getRank();
  return each ? strides : std::nullopt;
}

bool isSlice(AffineMap map, RankedTensorType x, RankedTensorType y) { return slicesFor(map, x, y).has_value(); }

Value putSlice(OpBuilder &b, Location loc, Value x, Value y, AffineMap map, bool adds) {
  auto type = cast<RankedTensorType>(x.getType()), result = cast<RankedTensorType>(y.getType());
  std::optional<SmallVector<Stride>> strides = slicesFor(map, type, result);
  if (!strides)
    return nullptr;
  Slice slice = sliceOf(b, *strides, type.getShape(), result.getShape());
  // The slice's dimensions in the order of y's.
  AffineMap order = AffineMap::get(unsigned(type.getRank()), 0, slice.dims, b.getContext());
  auto there = RankedTensorType::get(slice.shape, type.getElementType());
  if (!order.isIdentity())
    x = parallelGeneric(b, loc, there, Input{x, inversePermutation(order)},
                        [](OpBuilder &, Location, ArrayRef<Value> v) { return v[0]; });
  if (slice.whole && !adds)
    return x;
  if (adds) {
    Value old =
        slice.whole
            ? y
            : tensor::ExtractSliceOp::create(b, loc, there, y, slice.offsets, slice.sizes, slice.strides).getResult();
    AffineMap same = b.getMultiDimIdentityMap(unsigned(there.getRank()));
    x = parallelGeneric(b, loc, there, {{old, same}, {x, same}},
                        [](OpBuilder &b, Location loc, ArrayRef<Value> v) { return addScalars(b, loc, v[0], v[1]); });
    if (slice.whole)
      return x;
  }
  return tensor::InsertSliceOp::create(b, loc, x, y, slice.offsets, slice.sizes, slice.strides);
}

void addAccessPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerAccess, LowerAccumulate>(types, patterns.getContext());
}

} // namespace tds
