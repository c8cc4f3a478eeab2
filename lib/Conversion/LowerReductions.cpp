//===- LowerReductions.cpp - reduce, scan, contract -----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Conversion/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tds {
namespace {

/// What a reduction starts from: the answer over nothing. `element` is the dialect's.
Value startOf(OpBuilder &b, Location loc, ReduceKind kind, Type element) {
  Type stored = storedElement(element);
  bool greatest = kind == ReduceKind::min;
  switch (kind) {
  case ReduceKind::sum:
  case ReduceKind::any:
    return scalarConstant(b, loc, stored, 0);
  case ReduceKind::prod:
  case ReduceKind::all:
    return scalarConstant(b, loc, stored, 1);
  default:
    break;
  }
  if (auto type = dyn_cast<FloatType>(stored))
    return arith::ConstantOp::create(b, loc,
                                     b.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), !greatest)));
  if (element.isInteger(1))
    return scalarConstant(b, loc, stored, greatest);
  unsigned width = stored.getIntOrFloatBitWidth();
  APInt value = element.isUnsignedInteger()
                    ? (greatest ? APInt::getMaxValue(width) : APInt::getMinValue(width))
                    : (greatest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(stored, value));
}

Value combine(OpBuilder &b, Location loc, ReduceKind kind, Type element, Value acc, Value x) {
  bool isFloat = isa<FloatType>(x.getType()), isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  switch (kind) {
  case ReduceKind::sum:
    return addScalars(b, loc, acc, x);
  case ReduceKind::prod:
    return mulScalars(b, loc, acc, x);
  case ReduceKind::max:
    return isFloat      ? arith::MaximumFOp::create(b, loc, acc, x).getResult()
           : isUnsigned ? arith::MaxUIOp::create(b, loc, acc, x).getResult()
                        : arith::MaxSIOp::create(b, loc, acc, x).getResult();
  case ReduceKind::min:
    return isFloat      ? arith::MinimumFOp::create(b, loc, acc, x).getResult()
           : isUnsigned ? arith::MinUIOp::create(b, loc, acc, x).getResult()
                        : arith::MinSIOp::create(b, loc, acc, x).getResult();
  case ReduceKind::any:
    return arith::OrIOp::create(b, loc, acc, x);
  case ReduceKind::all:
    return arith::AndIOp::create(b, loc, acc, x);
  default:
    llvm_unreachable("argmax and argmin have a generic of their own");
  }
}

/// A generic whose sums are wider than what is stored, narrowed after.
Value narrowed(OpBuilder &b, Location loc, Value wide, RankedTensorType type) {
  if (wide.getType() == type)
    return wide;
  Input input{wide, b.getMultiDimIdentityMap(unsigned(type.getRank()))};
  return parallelGeneric(b, loc, type, input, [&](OpBuilder &b, Location loc, ArrayRef<Value> v) -> Value {
    return arith::TruncFOp::create(b, loc, type.getElementType(), v[0]);
  });
}

struct LowerReduce : OpConversionPattern<ReduceOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ReduceOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Location loc = op.getLoc();
    RankedTensorType result = storedType(typeOf(op));
    ReduceKind kind = op.getKind();
    unsigned rank = unsigned(typeOf(op.getX()).getRank());
    Input input{adaptor.getX(), r.getMultiDimIdentityMap(rank)};
    if (kind == ReduceKind::argmax || kind == ReduceKind::argmin) {
      r.replaceOp(op, position(r, op, input, result));
      return success();
    }
    SmallVector<AffineExpr> kept;
    for (unsigned d = 0; d < rank; ++d)
      if (!llvm::is_contained(op.getDims(), int64_t(d)))
        kept.push_back(r.getAffineDimExpr(d));
    AffineMap places = AffineMap::get(rank, 0, kept, r.getContext());
    if (op.getDims().empty() && kind != ReduceKind::sum && kind != ReduceKind::prod) {
      r.replaceOp(op, input.tensor);
      return success();
    }
    Type from = elementOf(op.getX()), to = elementOf(op);
    bool sums = kind == ReduceKind::sum || kind == ReduceKind::prod;
    Type element = sums ? accumulator(to) : to;
    auto wide = RankedTensorType::get(result.getShape(), storedElement(element));
    Value init = filled(r, loc, wide, startOf(r, loc, kind, element));
    linalg::GenericOp generic =
        reducingGeneric(r, loc, input, init, places, [&](OpBuilder &b, Location loc, ArrayRef<Value> v) -> Value {
          // any, all, max and min of bools work on bytes; sums widen.
          Value x = sums ? convertScalar(b, loc, loadScalar(b, loc, v[0], from), from, element) : v[0];
          return combine(b, loc, kind, element, v[1], x);
        });
    r.replaceOp(op, narrowed(r, loc, generic.getResult(0), result));
    return success();
  }

  /// argmax x  =>  a generic that carries the best value and where it was; a nan beats all but an earlier one.
  static Value position(OpBuilder &b, ReduceOp op, Input input, RankedTensorType result) {
    Location loc = op.getLoc();
    bool greatest = op.getKind() == ReduceKind::argmax;
    Type element = elementOf(op.getX()), stored = storedElement(element);
    unsigned rank = input.map.getNumDims(), reduced = unsigned(op.getDims()[0]);
    SmallVector<AffineExpr> kept;
    SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
    iterators[reduced] = utils::IteratorType::reduction;
    for (unsigned d = 0; d < rank; ++d)
      if (d != reduced)
        kept.push_back(b.getAffineDimExpr(d));
    AffineMap places = AffineMap::get(rank, 0, kept, b.getContext());
    Value start = startOf(b, loc, greatest ? ReduceKind::max : ReduceKind::min, element);
    auto values = RankedTensorType::get(result.getShape(), stored);
    Value best = filled(b, loc, values, start);
    Value where = filled(b, loc, result, scalarConstant(b, loc, b.getI32Type(), 0));
    auto generic = linalg::GenericOp::create(
        b, loc, TypeRange{values, result}, input.tensor, ValueRange{best, where},
        ArrayRef<AffineMap>{input.map, places, places}, iterators, [&](OpBuilder &b, Location loc, ValueRange v) {
          Value x = v[0], better;
          bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
          if (isa<FloatType>(stored)) {
            using arith::CmpFPredicate;
            better = arith::CmpFOp::create(b, loc, greatest ? CmpFPredicate::OGT : CmpFPredicate::OLT, x, v[1]);
            Value nan = arith::CmpFOp::create(b, loc, CmpFPredicate::UNO, x, x);
            Value number = arith::CmpFOp::create(b, loc, CmpFPredicate::ORD, v[1], v[1]);
            better = arith::OrIOp::create(b, loc, better, arith::AndIOp::create(b, loc, nan, number));
          } else {
            using arith::CmpIPredicate;
            CmpIPredicate how = greatest ? (isUnsigned ? CmpIPredicate::ugt : CmpIPredicate::sgt)
                                         : (isUnsigned ? CmpIPredicate::ult : CmpIPredicate::slt);
            better = arith::CmpIOp::create(b, loc, how, x, v[1]);
          }
          Value at = arith::IndexCastOp::create(b, loc, b.getI32Type(), linalg::IndexOp::create(b, loc, reduced));
          Value value = arith::SelectOp::create(b, loc, better, x, v[1]);
          Value place = arith::SelectOp::create(b, loc, better, at, v[2]);
          linalg::YieldOp::create(b, loc, ValueRange{value, place});
        });
    return generic.getResult(1);
  }
};

/// y[i] = y[i - 1] + x[i], a slice at a time.
struct LowerScan : OpConversionPattern<ScanOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ScanOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Location loc = op.getLoc();
    RankedTensorType type = storedType(typeOf(op));
    Type element = elementOf(op), wide = accumulator(element);
    unsigned dim = unsigned(op.getDim()), rank = unsigned(type.getRank());
    ReduceKind kind = op.getKind() == ScanKind::sum ? ReduceKind::sum : ReduceKind::prod;
    int64_t length = type.getDimSize(dim);
    if (length == 1) { // also: canonicalisation mistakes slices of a single round, where other dimensions are 1 too
      r.replaceOp(op, adaptor.getX());
      return success();
    }
    SmallVector<int64_t> shape;
    SmallVector<OpFoldResult> sizes, strides(rank, r.getIndexAttr(1));
    for (unsigned d = 0; d < rank; ++d) {
      sizes.push_back(r.getIndexAttr(d == dim ? 1 : type.getDimSize(d)));
      if (d != dim)
        shape.push_back(type.getDimSize(d));
    }
    auto slice = RankedTensorType::get(shape, type.getElementType());
    auto wideSlice = RankedTensorType::get(shape, wide);
    Value x = adaptor.getX();
    Value result = tensor::EmptyOp::create(r, loc, type.getShape(), type.getElementType());
    Value sums = filled(r, loc, wideSlice, startOf(r, loc, kind, wide));
    AffineMap same = r.getMultiDimIdentityMap(rank - 1);
    Value zero = indexConstant(r, loc, 0), one = indexConstant(r, loc, 1), end = indexConstant(r, loc, length);
    auto loop =
        scf::ForOp::create(r, loc, zero, end, one, ValueRange{result, sums},
                           [&](OpBuilder &b, Location loc, Value at, ValueRange carried) {
                             if (op.getReverse())
                               at = arith::SubIOp::create(b, loc, indexConstant(b, loc, length - 1), at);
                             SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
                             offsets[dim] = at;
                             Value next = tensor::ExtractSliceOp::create(b, loc, slice, x, offsets, sizes, strides);
                             Value sum = parallelGeneric(b, loc, wideSlice, {{carried[1], same}, {next, same}},
                                                         [&](OpBuilder &b, Location loc, ArrayRef<Value> v) {
                                                           Value wider = convertScalar(b, loc, v[1], element, wide);
                                                           return combine(b, loc, kind, wide, v[0], wider);
                                                         });
                             Value stored = narrowed(b, loc, sum, slice);
                             Value put =
                                 tensor::InsertSliceOp::create(b, loc, stored, carried[0], offsets, sizes, strides);
                             scf::YieldOp::create(b, loc, ValueRange{put, sum});
                           });
    r.replaceOp(op, loop.getResult(0));
    return success();
  }
};

/// sum of a[ma] * b[mb]  =>  a generic marked `tds.contract` over zeros; 16-bit floats add in f32.
struct LowerContract : OpConversionPattern<ContractOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ContractOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Location loc = op.getLoc();
    RankedTensorType result = storedType(typeOf(op));
    Type from = elementOf(op.getA()), to = accumulator(elementOf(op));
    auto wide = RankedTensorType::get(result.getShape(), storedElement(to));
    Value init = filled(r, loc, wide, scalarConstant(r, loc, wide.getElementType(), 0));
    Input inputs[] = {{adaptor.getA(), op.mapOf(0)}, {adaptor.getB(), op.mapOf(1)}};
    linalg::GenericOp generic =
        reducingGeneric(r, loc, inputs, init, op.resultMap(), [&](OpBuilder &b, Location loc, ArrayRef<Value> v) {
          Value x = convertScalar(b, loc, loadScalar(b, loc, v[0], from), from, to);
          Value y = convertScalar(b, loc, loadScalar(b, loc, v[1], from), from, to);
          return addScalars(b, loc, v[2], mulScalars(b, loc, x, y));
        });
    if (isa<FloatType>(to) && generic.getNumDpsInputs() == 2)
      generic->setAttr("tds.contract", r.getUnitAttr());
    r.replaceOp(op, narrowed(r, loc, generic.getResult(0), result));
    return success();
  }
};

} // namespace

void addReductionPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerReduce, LowerScan, LowerContract>(types, patterns.getContext());
}

} // namespace tds
