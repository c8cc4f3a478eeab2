//===- LowerCalls.cpp - primitives, which the runtime computes ------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Calls/Calls.h"
#include "lib/Conversion/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "runtime/abi/abi.h"

using namespace mlir;

namespace tds {
namespace {

/// An element as runtime/abi numbers it.
int64_t elementCode(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return complex.getElementType().isF32() ? TDS_C64 : TDS_C128;
  if (isa<FloatType>(element))
    return element.isF64() ? TDS_F64 : element.isF32() ? TDS_F32 : element.isBF16() ? TDS_BF16 : TDS_F16;
  switch (element.getIntOrFloatBitWidth()) {
  case 1:
    return TDS_BOOL;
  case 8:
    return element.isUnsignedInteger() ? TDS_U8 : TDS_I8;
  case 16:
    return TDS_I16;
  case 32:
    return TDS_I32;
  default:
    return element.isUnsignedInteger() ? TDS_KEY : TDS_I64;
  }
}

/// The number of rows: the product of the dimensions before the last `own`.
int64_t rowsOf(RankedTensorType type, int64_t own) {
  int64_t rows = 1;
  for (int64_t size : type.getShape().drop_back(size_t(own)))
    rows *= size;
  return rows;
}

/// Tensors of these types that a call fills; of those without elements nothing is asked. `reports`: a check of it may
/// fail.
SmallVector<Value> callRuntime(OpBuilder &b, Location loc, StringRef symbol, ValueRange inputs,
                               ArrayRef<RankedTensorType> types, SmallVector<int64_t> numbers, bool reports = false) {
  SmallVector<Value> outs;
  int64_t elements = 0;
  for (RankedTensorType type : types) {
    outs.push_back(tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType()));
    elements += type.getNumElements();
  }
  if (elements == 0)
    return outs;
  SmallVector<Type> results(types.begin(), types.end());
  auto call = RuntimeCallOp::create(b, loc, results, symbol, inputs, outs, Value(), numbers);
  if (reports)
    call->setAttr(checked, b.getUnitAttr());
  return llvm::to_vector_of<Value>(call.getResults());
}

/// Results that nobody reads have no elements: the runtime leaves them out.
struct LowerSort : OpConversionPattern<SortOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(SortOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType x = typeOf(op.getX()), values = storedType(typeOf(op.getValues())), ids = typeOf(op.getIds());
    auto wanted = [](Value result, RankedTensorType type) {
      return result.use_empty() ? RankedTensorType::get({0}, type.getElementType()) : type;
    };
    int64_t rows = rowsOf(x, 1), size = x.getShape().back(), count = values.getShape().back();
    RankedTensorType whole[] = {values, ids};
    RankedTensorType types[] = {wanted(op.getValues(), values), wanted(op.getIds(), ids)};
    SmallVector<Value> results =
        callRuntime(r, op.getLoc(), "tds_sort", adaptor.getX(), types,
                    {rows, size, count, elementCode(x.getElementType()), int64_t(op.getDescending()),
                     int64_t(!op.getValues().use_empty()), int64_t(!op.getIds().use_empty())});
    for (auto [result, type] : llvm::zip_equal(results, whole))
      if (result.getType() != type)
        result = tensor::EmptyOp::create(r, op.getLoc(), type.getShape(), type.getElementType());
    r.replaceOp(op, results);
    return success();
  }
};

struct LowerFft : OpConversionPattern<FftOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(FftOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType x = typeOf(op.getX()), y = typeOf(op.getResult());
    bool realTo = op.getKind() == FftKind::irfft;
    RankedTensorType real = realTo ? y : x, complex = realTo ? x : y;
    r.replaceOp(op, callRuntime(r, op.getLoc(), "tds_fft", adaptor.getX(), y,
                                {rowsOf(x, 1), real.getShape().back(), elementCode(complex.getElementType()),
                                 int64_t(op.getKind())}));
    return success();
  }
};

/// Calls of linear algebra: a matrix may fail, where it is checked, and there may be no LAPACK.
template <class Op> struct LinearPattern : OpConversionPattern<Op> {
  LinearPattern(const TypeConverter &types, MLIRContext *context, Places &places)
      : OpConversionPattern<Op>(types, context), places(places) {}

  /// The number of this op's place.
  int64_t placeNumber(Operation *op) const {
    places.push_back(placeOf(op->getLoc()));
    return int64_t(places.size()) - 1;
  }
  Places &places;
};

struct LowerCholesky : LinearPattern<CholeskyOp> {
  using LinearPattern::LinearPattern;
  LogicalResult matchAndRewrite(CholeskyOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType x = typeOf(op.getX());
    r.replaceOp(op, callRuntime(r, op.getLoc(), "tds_cholesky", adaptor.getX(), x,
                                {rowsOf(x, 2), x.getShape().back(), elementCode(x.getElementType()),
                                 int64_t(!op.getUnchecked()), placeNumber(op)},
                                /*reports=*/true));
    return success();
  }
};

struct LowerTriangularSolve : LinearPattern<TriangularSolveOp> {
  using LinearPattern::LinearPattern;
  LogicalResult matchAndRewrite(TriangularSolveOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType x = typeOf(op.getB());
    r.replaceOp(op, callRuntime(r, op.getLoc(), "tds_triangular_solve", {adaptor.getA(), adaptor.getB()}, x,
                                {rowsOf(x, 2), x.getShape()[size_t(x.getRank()) - 2], x.getShape().back(),
                                 elementCode(x.getElementType()), int64_t(op.getUpper()), int64_t(!op.getUnchecked()),
                                 placeNumber(op)},
                                /*reports=*/true));
    return success();
  }
};

struct LowerSolve : LinearPattern<SolveOp> {
  using LinearPattern::LinearPattern;
  LogicalResult matchAndRewrite(SolveOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType x = typeOf(op.getB());
    r.replaceOp(op, callRuntime(r, op.getLoc(), "tds_solve", {adaptor.getA(), adaptor.getB()}, x,
                                {rowsOf(x, 2), x.getShape()[size_t(x.getRank()) - 2], x.getShape().back(),
                                 elementCode(x.getElementType()), int64_t(!op.getUnchecked()), placeNumber(op)},
                                /*reports=*/true));
    return success();
  }
};

struct LowerDet : LinearPattern<DetOp> {
  using LinearPattern::LinearPattern;
  LogicalResult matchAndRewrite(DetOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType a = typeOf(op.getA());
    r.replaceOp(op, callRuntime(r, op.getLoc(), "tds_det", adaptor.getA(), typeOf(op.getResult()),
                                {rowsOf(a, 2), a.getShape().back(), elementCode(a.getElementType()), placeNumber(op)},
                                /*reports=*/true));
    return success();
  }
};

/// The first operand says what the others are: runtime/abi has its layout.
struct LowerHost : OpConversionPattern<HostOp> {
  LowerHost(const TypeConverter &types, MLIRContext *context, Places &places, Hosts &hosts)
      : OpConversionPattern<HostOp>(types, context), places(places), hosts(hosts) {}
  Places &places;
  Hosts &hosts;

  LogicalResult matchAndRewrite(HostOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    auto place = int64_t(places.size());
    places.push_back(placeOf(op.getLoc()));
    auto known = llvm::find_if(hosts, [&](const Host &host) { return host.name == op.getName(); });
    int64_t number = known - hosts.begin();
    if (known == hosts.end())
      hosts.push_back({op.getName().str(), place});
    auto batch = int64_t(op.getBatch());
    bool masked = op->hasAttr(guarded);
    TypeRange arguments = op.getArgs().getTypes();
    int64_t rows = 1;
    for (Type type : llvm::concat<const Type>(op.getResultTypes(), arguments))
      rows = rowsOf(cast<RankedTensorType>(type), cast<RankedTensorType>(type).getRank() - batch); // all have one batch
    arguments = arguments.drop_front(masked);
    SmallVector<int64_t> description = {number, place, rows, int64_t(masked), int64_t(arguments.size()), int64_t(op.getNumResults())};
    for (Type type : llvm::concat<const Type>(arguments, op.getResultTypes())) {
      auto tensor = cast<RankedTensorType>(type);
      description.push_back(elementCode(tensor.getElementType()));
      description.push_back(tensor.getRank() - batch);
      llvm::append_range(description, tensor.getShape().drop_front(size_t(batch)));
    }
    auto type = RankedTensorType::get({int64_t(description.size())}, r.getI64Type());
    SmallVector<Value> inputs = {
        arith::ConstantOp::create(r, op.getLoc(), type, DenseElementsAttr::get(type, ArrayRef(description)))};
    llvm::append_range(inputs, adaptor.getArgs());
    SmallVector<RankedTensorType> results;
    for (Type result : op.getResultTypes())
      results.push_back(storedType(cast<RankedTensorType>(result)));
    r.replaceOp(op, callRuntime(r, op.getLoc(), "tds_host_call", inputs, results, {place}, /*checks=*/true));
    return success();
  }
};

} // namespace

/// On elements as they are stored.
struct LowerBarrier : OpConversionPattern<BarrierOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(BarrierOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    r.replaceOpWithNewOp<RuntimeBarrierOp>(op, adaptor.getX().getType(), adaptor.getX(), op.getNumber());
    return success();
  }
};

void addCallPatterns(const TypeConverter &types, RewritePatternSet &patterns, Places &places, Hosts &hosts) {
  MLIRContext *context = patterns.getContext();
  patterns.add<LowerHost>(types, context, places, hosts);
  patterns.add<LowerBarrier, LowerSort, LowerFft>(types, context);
  patterns.add<LowerCholesky, LowerTriangularSolve, LowerSolve, LowerDet>(types, context, places);
}

} // namespace tds
