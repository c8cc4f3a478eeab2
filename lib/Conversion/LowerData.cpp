//===- LowerData.cpp - reads and writes at places that are data -----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dimensions that every id is constant along, and that a coordinate runs over whole, are a slice: a row of an embedding
// is read, added or written at once, and a scalar id moves one slice. The others are walked point by point. Reads are
// clamped; the check looks at all ids first.
//
//===----------------------------------------------------------------------===//
#include "lib/Conversion/Conversion.h"
#include "lib/Conversion/Lowering.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace tds {

Attribute placeOf(Location loc) {
  if (auto named = dyn_cast<NameLoc>(loc))
    return placeOf(named.getChildLoc());
  return LocationAttr(loc);
}

namespace {

/// The ids of an op as they are read: the tensor and its map from the op's points.
SmallVector<Input> idsOf(Builder &b, ValueRange ids, unsigned rank) {
  SmallVector<Input> inputs;
  for (Value id : ids)
    inputs.push_back(readThrough({id, b.getMultiDimIdentityMap(rank)}));
  return inputs;
}

Value idAsIndex(OpBuilder &b, Location loc, Value id, bool isUnsigned) {
  if (isUnsigned)
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), id);
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), id);
}

bool usesIds(AffineExpr expr, unsigned numIds) {
  for (unsigned i = 0; i < numIds; ++i)
    if (expr.isFunctionOfSymbol(i))
      return true;
  return false;
}

/// One access at data: everything that reads and writes share.
struct DataAccess {
  Location loc;
  AffineMap map; // symbols: ids
  SmallVector<Input> ids;
  SmallVector<bool> unsignedIds;
  SmallVector<int64_t> space; // of the points
  SmallVector<int64_t> shape; // of what the coordinates index
  Outside outside;

  /// Values of the ids at a point of the space.
  SmallVector<Value> idsAt(OpBuilder &b, ValueRange point) const {
    SmallVector<Value> values;
    for (auto [id, isUnsigned] : llvm::zip_equal(ids, unsignedIds)) {
      SmallVector<Value> at;
      for (AffineExpr expr : id.map.getResults())
        at.push_back(point[cast<AffineDimExpr>(expr).getPosition()]);
      Value read =
          at.empty() ? extractScalar(b, loc, id.tensor) : tensor::ExtractOp::create(b, loc, id.tensor, at).getResult();
      values.push_back(idAsIndex(b, loc, read, isUnsigned));
    }
    return values;
  }

  /// Which dimensions of the space stay a slice: a coordinate is this dimension and runs over all of its size, and
  /// neither another coordinate nor an id moves along it.
  llvm::SmallBitVector sliceDims() const {
    llvm::SmallBitVector free(unsigned(space.size()));
    for (unsigned d = 0; d < space.size(); ++d) {
      unsigned uses = 0;
      bool whole = false;
      for (auto [expr, size] : llvm::zip_equal(map.getResults(), shape)) {
        uses += expr.isFunctionOfDim(d);
        auto dim = dyn_cast<AffineDimExpr>(expr);
        whole |= dim && dim.getPosition() == d && size == space[d];
      }
      bool moved = llvm::any_of(ids, [&](const Input &id) { return id.map.isFunctionOfDim(d); });
      if (uses == 1 && whole && !moved)
        free.set(d);
    }
    return free;
  }

  /// Reports the worst id if it is outside: the greatest, read as unsigned, of each coordinate that uses ids.
  void check(OpBuilder &b, Places &places) const {
    if (outside != Outside::none || ids.empty() || llvm::is_contained(space, 0))
      return;
    int32_t number = int32_t(places.size());
    bool reported = false;
    for (auto [expr, size] : llvm::zip_equal(map.getResults(), shape)) {
      if (!usesIds(expr, unsigned(ids.size())))
        continue;
      Value worst = worstPlace(b, expr);
      Value bound = i64Constant(b, loc, size);
      Value fails = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, worst, bound);
      scf::IfOp::create(b, loc, fails, [&](OpBuilder &b, Location loc) {
        Value place = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(number));
        func::CallOp::create(b, loc, conversion::report, TypeRange(), ValueRange{place, worst, bound});
        scf::YieldOp::create(b, loc);
      });
      reported = true;
    }
    if (reported)
      places.push_back(placeOf(loc));
  }

  Value worstPlace(OpBuilder &b, AffineExpr expr) const {
    // Only the dimensions that move the coordinate are looked at.
    llvm::SmallBitVector moves(unsigned(space.size()));
    SmallVector<unsigned> used;
    for (unsigned i = 0; i < ids.size(); ++i)
      if (expr.isFunctionOfSymbol(i))
        used.push_back(i);
    for (unsigned d = 0; d < space.size(); ++d)
      if (expr.isFunctionOfDim(d) || llvm::any_of(used, [&](unsigned i) { return ids[i].map.isFunctionOfDim(d); }))
        moves.set(d);
    SmallVector<AffineExpr> packed(space.size(), b.getAffineConstantExpr(0));
    SmallVector<int64_t> sizes;
    for (unsigned d : moves.set_bits()) {
      packed[d] = b.getAffineDimExpr(unsigned(sizes.size()));
      sizes.push_back(space[d]);
    }
    unsigned rank = unsigned(sizes.size());
    Type i64 = b.getI64Type();
    auto compute = [&](OpBuilder &b, ValueRange dims, ArrayRef<Value> read) -> Value {
      SmallVector<Value> at, values(ids.size());
      for (unsigned d = 0; d < space.size(); ++d)
        at.push_back(moves.test(d) ? dims[cast<AffineDimExpr>(packed[d]).getPosition()] : indexConstant(b, loc, 0));
      for (auto [i, value] : llvm::zip_equal(used, read))
        values[i] = idAsIndex(b, loc, value, unsignedIds[i]);
      for (Value &value : values)
        if (!value)
          value = indexConstant(b, loc, 0);
      return arith::IndexCastOp::create(b, loc, i64, affine::expandAffineExpr(b, loc, expr, at, values));
    };
    if (rank == 0) {
      SmallVector<Value> read;
      for (unsigned i : used)
        read.push_back(extractScalar(b, loc, ids[i].tensor));
      return compute(b, {}, read);
    }
    SmallVector<Input> inputs;
    for (unsigned i : used)
      inputs.push_back({ids[i].tensor, ids[i].map.replaceDimsAndSymbols(packed, {}, rank, 0)});
    Value start = filled(b, loc, RankedTensorType::get({}, i64), i64Constant(b, loc, 0));
    // A dimension that only the coordinate names has no tensor to say how far it runs.
    bool named = true;
    for (unsigned d = 0; d < rank; ++d)
      named &= llvm::any_of(inputs, [&](const Input &input) { return input.map.isFunctionOfDim(d); });
    if (!named) {
      Value extent = tensor::EmptyOp::create(b, loc, sizes, b.getI8Type());
      inputs.push_back({extent, b.getMultiDimIdentityMap(rank)});
    }
    Value worst = reducingGeneric(b, loc, inputs, start, AffineMap::get(rank, 0, b.getContext()),
                                  [&](OpBuilder &b, Location loc, ArrayRef<Value> v) -> Value {
                                    SmallVector<Value> dims;
                                    for (unsigned d = 0; d < rank; ++d)
                                      dims.push_back(linalg::IndexOp::create(b, loc, d));
                                    Value at = compute(b, dims, v.take_front(used.size()));
                                    return arith::MaxUIOp::create(b, loc, at, v.back());
                                  })
                      .getResult(0);
    return tensor::ExtractOp::create(b, loc, worst, ValueRange());
  }
};

DataAccess accessOf(Operation *op, ValueRange ids, ValueRange originalIds, AffineMap map, ArrayAttr symbols,
                    Outside outside, Type points, Type indexed) {
  Builder b(op->getContext());
  DataAccess access{op->getLoc(), closeMap(map, symbols, unsigned(ids.size())), {}, {}, {}, {}, outside};
  access.space.assign(cast<RankedTensorType>(points).getShape().begin(),
                      cast<RankedTensorType>(points).getShape().end());
  access.shape.assign(cast<RankedTensorType>(indexed).getShape().begin(),
                      cast<RankedTensorType>(indexed).getShape().end());
  access.ids = idsOf(b, ids, unsigned(access.space.size()));
  for (Value id : originalIds)
    access.unsignedIds.push_back(elementOf(id).isUnsignedInteger());
  return access;
}

/// A slice of the indexed tensor at a point of the walked dimensions. Its dimensions are those of the space that stay,
/// in the order in which coordinates name them.
struct DataSlice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  SmallVector<int64_t> shape;
  SmallVector<unsigned> dims; // of the space
  Value inside;
};

DataSlice sliceAt(OpBuilder &b, const DataAccess &access, const llvm::SmallBitVector &free, ArrayRef<Value> point) {
  DataSlice slice;
  SmallVector<AffineExpr> walked;
  SmallVector<int64_t> walkedShape;
  for (auto [expr, size] : llvm::zip_equal(access.map.getResults(), access.shape)) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (dim && free.test(dim.getPosition()))
      continue;
    walked.push_back(expr);
    walkedShape.push_back(size);
  }
  AffineMap map = AffineMap::get(unsigned(access.space.size()), unsigned(access.ids.size()), walked, b.getContext());
  SmallVector<Value> dims(point);
  for (Value &dim : dims)
    if (!dim)
      dim = indexConstant(b, access.loc, 0);
  Place place = placeAt(b, access.loc, map, access.space, dims, access.idsAt(b, dims), walkedShape, access.outside);
  slice.inside = place.inside;
  unsigned next = 0;
  for (auto [expr, size] : llvm::zip_equal(access.map.getResults(), access.shape)) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    bool stays = dim && free.test(dim.getPosition());
    slice.offsets.push_back(stays ? OpFoldResult(b.getIndexAttr(0)) : OpFoldResult(place.at[next++]));
    slice.sizes.push_back(b.getIndexAttr(stays ? size : 1));
    slice.strides.push_back(b.getIndexAttr(1));
    if (!stays)
      continue;
    slice.shape.push_back(size);
    slice.dims.push_back(dim.getPosition());
  }
  return slice;
}

/// A tensor with dimensions `from` of a space, with dimensions `to` instead.
Value reordered(OpBuilder &b, Location loc, Value v, ArrayRef<unsigned> from, ArrayRef<unsigned> to) {
  if (from == to)
    return v;
  auto type = cast<RankedTensorType>(v.getType());
  SmallVector<AffineExpr> map;
  SmallVector<int64_t> shape(to.size());
  for (auto [k, dim] : llvm::enumerate(from)) {
    unsigned position = unsigned(llvm::find(to, dim) - to.begin());
    map.push_back(b.getAffineDimExpr(position));
    shape[position] = type.getDimSize(unsigned(k));
  }
  return parallelGeneric(b, loc, RankedTensorType::get(shape, type.getElementType()),
                         Input{v, AffineMap::get(unsigned(to.size()), 0, map, b.getContext())},
                         [](OpBuilder &, Location, ArrayRef<Value> v) { return v[0]; });
}

struct LowerGather : OpConversionPattern<GatherOp> {
  LowerGather(const TypeConverter &types, MLIRContext *context, Places &places)
      : OpConversionPattern(types, context), places(places) {}

  LogicalResult matchAndRewrite(GatherOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Location loc = op.getLoc();
    RankedTensorType result = storedType(typeOf(op));
    Value x = adaptor.getX();
    auto type = cast<RankedTensorType>(x.getType());
    unsigned rank = unsigned(result.getRank());
    DataAccess access =
        accessOf(op, adaptor.getIds(), op.getIds(), op.getMap(), op.getSymbols(), op.getOutside(), result, type);
    if (!op->hasAttr(unchecked))
      access.check(r, places);
    Value otherwise = adaptor.getOtherwise();
    AffineMap same = r.getMultiDimIdentityMap(rank);
    Input other{otherwise, same};
    if (otherwise && cast<RankedTensorType>(otherwise.getType()).getRank() == 0)
      other.map = AffineMap::get(rank, 0, r.getContext());
    if (type.getNumElements() == 0 || result.getNumElements() == 0) {
      // Nothing can be read: what is outside, or zeros after a report.
      if (otherwise)
        r.replaceOp(
            op, parallelGeneric(r, loc, result, other, [](OpBuilder &, Location, ArrayRef<Value> v) { return v[0]; }));
      else
        r.replaceOp(op, filled(r, loc, result, scalarConstant(r, loc, result.getElementType(), 0)));
      return success();
    }
    llvm::SmallBitVector free = access.sliceDims();
    if (free.all() && !otherwise) {
      SmallVector<Value> point(rank);
      DataSlice slice = sliceAt(r, access, free, point);
      Value read = tensor::ExtractSliceOp::create(r, loc, RankedTensorType::get(slice.shape, type.getElementType()), x,
                                                  slice.offsets, slice.sizes, slice.strides);
      r.replaceOp(op, reordered(r, loc, read, slice.dims, llvm::to_vector(llvm::seq(0u, rank))));
      return success();
    }
    SmallVector<Input> inputs = access.ids;
    if (otherwise)
      inputs.push_back(other);
    r.replaceOp(
        op, parallelGeneric(r, loc, result, inputs, [&](OpBuilder &b, Location loc, ArrayRef<Value> v) -> Value {
          SmallVector<Value> dims, ids;
          for (unsigned d = 0; d < rank; ++d)
            dims.push_back(linalg::IndexOp::create(b, loc, d));
          for (auto [i, isUnsigned] : llvm::enumerate(access.unsignedIds))
            ids.push_back(idAsIndex(b, loc, v[i], isUnsigned));
          Place place = placeAt(b, loc, access.map, access.space, dims, ids, access.shape, access.outside);
          Value read = tensor::ExtractOp::create(b, loc, x, place.at);
          return place.inside ? arith::SelectOp::create(b, loc, place.inside, read, v.back()).getResult() : read;
        }));
    return success();
  }

  Places &places;
};

struct LowerScatter : OpConversionPattern<ScatterOp> {
  LowerScatter(const TypeConverter &types, MLIRContext *context, Places &places)
      : OpConversionPattern(types, context), places(places) {}

  LogicalResult matchAndRewrite(ScatterOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Location loc = op.getLoc();
    Value init = adaptor.getInit(), v = adaptor.getV();
    auto type = cast<RankedTensorType>(init.getType()), points = cast<RankedTensorType>(v.getType());
    DataAccess access =
        accessOf(op, adaptor.getIds(), op.getIds(), op.getMap(), op.getSymbols(), op.getOutside(), points, type);
    if (!op->hasAttr(unchecked))
      access.check(r, places);
    if (type.getNumElements() == 0 || points.getNumElements() == 0) {
      r.replaceOp(op, init);
      return success();
    }
    bool adds = op.getKind() == ScatterKind::add, isBool = elementOf(op.getV()).isInteger(1);
    if (adds && isBool)
      return op.emitOpError("adds bools");
    if (Value put = access.ids.empty() ? putSlice(r, loc, v, init, access.map, adds) : Value()) {
      r.replaceOp(op, put);
      return success();
    }
    llvm::SmallBitVector free = access.sliceDims();
    SmallVector<int64_t> walked;
    SmallVector<unsigned> walkedDims;
    for (unsigned d = 0; d < access.space.size(); ++d)
      if (!free.test(d)) {
        walked.push_back(access.space[d]);
        walkedDims.push_back(d);
      }
    r.replaceOp(op, walkPoints(r, loc, walked, init, [&](OpBuilder &b, Location loc, ValueRange at, Value y) -> Value {
                  SmallVector<Value> point(access.space.size());
                  for (auto [dim, value] : llvm::zip_equal(walkedDims, at))
                    point[dim] = value;
                  DataSlice slice = sliceAt(b, access, free, point);
                  return slice.shape.empty() ? writePoint(b, loc, v, y, point, slice, adds)
                                             : writeSlice(b, loc, v, y, point, slice, adds);
                }));
    return success();
  }

  static Value writePoint(OpBuilder &b, Location loc, Value v, Value y, ArrayRef<Value> point, const DataSlice &slice,
                          bool adds) {
    SmallVector<Value> at = getValueOrCreateConstantIndexOp(b, loc, slice.offsets);
    Value value = tensor::ExtractOp::create(b, loc, v, point);
    if (adds || slice.inside) {
      Value old = tensor::ExtractOp::create(b, loc, y, at);
      value = adds ? addScalars(b, loc, old, value) : value;
      if (slice.inside)
        value = arith::SelectOp::create(b, loc, slice.inside, value, old);
    }
    return tensor::InsertOp::create(b, loc, value, y, at);
  }

  static Value writeSlice(OpBuilder &b, Location loc, Value v, Value y, ArrayRef<Value> point, const DataSlice &slice,
                          bool adds) {
    auto type = RankedTensorType::get(slice.shape, cast<RankedTensorType>(y.getType()).getElementType());
    SmallVector<OpFoldResult> offsets, sizes, strides;
    SmallVector<int64_t> shape;
    SmallVector<unsigned> dims;
    for (auto [d, value] : llvm::enumerate(point)) {
      int64_t size = cast<RankedTensorType>(v.getType()).getDimSize(unsigned(d));
      offsets.push_back(value ? OpFoldResult(value) : OpFoldResult(b.getIndexAttr(0)));
      sizes.push_back(b.getIndexAttr(value ? 1 : size));
      strides.push_back(b.getIndexAttr(1));
      if (value)
        continue;
      shape.push_back(size);
      dims.push_back(unsigned(d));
    }
    Value value = v;
    if (shape.size() != point.size())
      value = tensor::ExtractSliceOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()), v, offsets,
                                             sizes, strides);
    value = reordered(b, loc, value, dims, slice.dims);
    if (adds || slice.inside) {
      Value old = tensor::ExtractSliceOp::create(b, loc, type, y, slice.offsets, slice.sizes, slice.strides);
      AffineMap same = b.getMultiDimIdentityMap(unsigned(type.getRank()));
      value = parallelGeneric(
          b, loc, type, {{old, same}, {value, same}}, [&](OpBuilder &b, Location loc, ArrayRef<Value> v) -> Value {
            Value next = adds ? addScalars(b, loc, v[0], v[1]) : v[1];
            return slice.inside ? arith::SelectOp::create(b, loc, slice.inside, next, v[0]).getResult() : next;
          });
    }
    return tensor::InsertSliceOp::create(b, loc, value, y, slice.offsets, slice.sizes, slice.strides);
  }

  Places &places;
};

} // namespace

void addDataPatterns(const TypeConverter &types, RewritePatternSet &patterns, Places &places) {
  patterns.add<LowerGather, LowerScatter>(types, patterns.getContext(), places);
}

} // namespace tds
