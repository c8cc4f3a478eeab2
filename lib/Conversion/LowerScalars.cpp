//===- LowerScalars.cpp - constants, functions of scalars, random bits ----===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Conversion/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tds {

//===----------------------------------------------------------------------===//
// Conversion of scalars
//===----------------------------------------------------------------------===//

static bool isUnsigned(Type element) { return element.isInteger(1) || element.isUnsignedInteger(); }

static Value convertFloat(OpBuilder &b, Location loc, Value x, Type to) {
  unsigned from = x.getType().getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  if (x.getType() == to)
    return x;
  if (from == width) // f16 and bf16
    return arith::TruncFOp::create(b, loc, to, arith::ExtFOp::create(b, loc, b.getF32Type(), x));
  if (from < width)
    return arith::ExtFOp::create(b, loc, to, x);
  return arith::TruncFOp::create(b, loc, to, x);
}

/// Truncates and saturates, nan gives 0: the conversion itself only meets numbers that fit.
static Value floatToInteger(OpBuilder &b, Location loc, Value x, Type to) {
  if (x.getType().getIntOrFloatBitWidth() < 32)
    x = arith::ExtFOp::create(b, loc, b.getF32Type(), x);
  auto type = cast<FloatType>(x.getType());
  Type stored = storedElement(to);
  unsigned width = stored.getIntOrFloatBitWidth();
  bool isSigned = !to.isUnsignedInteger();
  APInt least = isSigned ? APInt::getSignedMinValue(width) : APInt::getZero(width);
  APInt greatest = isSigned ? APInt::getSignedMaxValue(width) : APInt::getMaxValue(width);
  // x fits iff least - 1 < trunc(x) < greatest + 1; both ends are powers of two, or 0, which are exact.
  APFloat low(type.getFloatSemantics()), high(type.getFloatSemantics());
  (void)low.convertFromAPInt(least, isSigned, APFloat::rmTowardZero);
  (void)high.convertFromAPInt((greatest.zext(width + 1) + 1), /*IsSigned=*/false, APFloat::rmTowardZero);
  Value lowest = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, low));
  Value beyond = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, high));
  Value zero = scalarConstant(b, loc, type, 0);
  using arith::CmpFPredicate;
  Value above = arith::CmpFOp::create(b, loc, CmpFPredicate::OGE, x, beyond);
  Value below = arith::CmpFOp::create(b, loc, CmpFPredicate::OLT, x, lowest);
  Value real = arith::CmpFOp::create(b, loc, CmpFPredicate::ORD, x, x);
  Value outside = arith::OrIOp::create(b, loc, above, below);
  Value safe = arith::SelectOp::create(b, loc, outside, zero, x);
  safe = arith::SelectOp::create(b, loc, real, safe, zero);
  Value number = isSigned ? arith::FPToSIOp::create(b, loc, stored, safe).getResult()
                          : arith::FPToUIOp::create(b, loc, stored, safe).getResult();
  Value most = arith::ConstantOp::create(b, loc, b.getIntegerAttr(stored, greatest));
  Value fewest = arith::ConstantOp::create(b, loc, b.getIntegerAttr(stored, least));
  number = arith::SelectOp::create(b, loc, above, most, number);
  return arith::SelectOp::create(b, loc, below, fewest, number);
}

Value convertScalar(OpBuilder &b, Location loc, Value x, Type from, Type to) {
  if (from == to)
    return x;
  if (auto complex = dyn_cast<ComplexType>(to)) {
    Type part = complex.getElementType();
    if (auto source = dyn_cast<ComplexType>(from)) {
      Value re = convertFloat(b, loc, complex::ReOp::create(b, loc, source.getElementType(), x), part);
      Value im = convertFloat(b, loc, complex::ImOp::create(b, loc, source.getElementType(), x), part);
      return complex::CreateOp::create(b, loc, to, re, im);
    }
    Value re = convertScalar(b, loc, x, from, part);
    return complex::CreateOp::create(b, loc, to, re, scalarConstant(b, loc, part, 0));
  }
  if (auto complex = dyn_cast<ComplexType>(from)) // the adjoint of real to complex
    return convertScalar(b, loc, complex::ReOp::create(b, loc, complex.getElementType(), x), complex.getElementType(),
                         to);
  if (isa<FloatType>(from)) {
    if (isa<FloatType>(to))
      return convertFloat(b, loc, x, to);
    if (to.isInteger(1))
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, scalarConstant(b, loc, from, 0));
    return floatToInteger(b, loc, x, to);
  }
  if (isa<FloatType>(to)) {
    // A narrow float is rounded once from f32, which holds what it can reach.
    Type through = to.getIntOrFloatBitWidth() < 32 && from.getIntOrFloatBitWidth() <= 16 ? b.getF32Type() : to;
    Value number = isUnsigned(from) ? arith::UIToFPOp::create(b, loc, through, x).getResult()
                                    : arith::SIToFPOp::create(b, loc, through, x).getResult();
    return convertFloat(b, loc, number, to);
  }
  if (to.isInteger(1))
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, scalarConstant(b, loc, x.getType(), 0));
  Type stored = storedElement(to);
  unsigned have = x.getType().getIntOrFloatBitWidth(), want = stored.getIntOrFloatBitWidth();
  if (have == want)
    return x;
  if (have > want)
    return arith::TruncIOp::create(b, loc, stored, x);
  if (isUnsigned(from))
    return arith::ExtUIOp::create(b, loc, stored, x);
  return arith::ExtSIOp::create(b, loc, stored, x);
}

namespace {

//===----------------------------------------------------------------------===//
// Making values
//===----------------------------------------------------------------------===//

/// A constant's numbers in stored elements: bools become bytes.
DenseElementsAttr storedConstant(DenseElementsAttr value, RankedTensorType type) {
  Type element = value.getElementType(), stored = type.getElementType();
  auto shape = value.isSplat() ? RankedTensorType::get(type.getShape(), element) : type;
  if (element.isInteger(1)) {
    if (value.isSplat())
      return DenseElementsAttr::get(type, APInt(8, value.getSplatValue<bool>()));
    SmallVector<APInt> bytes;
    for (bool bit : value.getValues<bool>())
      bytes.push_back(APInt(8, bit));
    return DenseElementsAttr::get(type, bytes);
  }
  if (element != stored) { // unsigned: the same bits
    if (value.isSplat())
      return DenseElementsAttr::get(type, value.getSplatValue<APInt>());
    return DenseElementsAttr::get(type, llvm::to_vector(value.getValues<APInt>()));
  }
  return value.isSplat() ? value.resizeSplat(shape) : value;
}

struct LowerConstant : OpConversionPattern<ConstantOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ConstantOp op, OpAdaptor, ConversionPatternRewriter &r) const override {
    auto value = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!value)
      return r.notifyMatchFailure(op, "a constant that is not dense");
    RankedTensorType type = storedType(typeOf(op));
    r.replaceOpWithNewOp<arith::ConstantOp>(op, type, storedConstant(value, type));
    return success();
  }
};

struct LowerSize : OpConversionPattern<SizeOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(SizeOp op, OpAdaptor, ConversionPatternRewriter &r) const override {
    std::optional<int64_t> size = sizeConstant(op.getSize());
    if (!size)
      return r.notifyMatchFailure(op, "an open size");
    auto type = storedType(typeOf(op));
    r.replaceOpWithNewOp<arith::ConstantOp>(op, type, DenseElementsAttr::get(type, APInt(64, uint64_t(*size))));
    return success();
  }
};

struct LowerIota : OpConversionPattern<IotaOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(IotaOp op, OpAdaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType type = storedType(typeOf(op));
    r.replaceOp(op, parallelGeneric(r, op.getLoc(), type, {}, [&](OpBuilder &b, Location loc, ArrayRef<Value>) {
                  Value at = linalg::IndexOp::create(b, loc, uint64_t(op.getDim()));
                  return arith::IndexCastOp::create(b, loc, type.getElementType(), at);
                }));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Functions of scalars
//===----------------------------------------------------------------------===//

Type widened(Type element) { return accumulator(element); }

/// f(x, ...)  =>  linalg.generic { scalar(x, ...) }; 16-bit floats compute in f32.
struct LowerPointwise : OpInterfaceConversionPattern<Pointwise> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;
  LogicalResult matchAndRewrite(Pointwise fn, ArrayRef<Value> operands, ConversionPatternRewriter &r) const override {
    Value result = fn->getResult(0);
    RankedTensorType type = storedType(typeOf(result));
    Type element = elementOf(result);
    SmallVector<Input> inputs;
    for (Value operand : operands)
      inputs.push_back({operand, r.getMultiDimIdentityMap(unsigned(type.getRank()))});
    Value lowered =
        parallelGeneric(r, fn.getLoc(), type, inputs, [&](OpBuilder &b, Location loc, ArrayRef<Value> stored) {
          ScalarBuilder scalars(b, fn);
          SmallVector<Value> values;
          for (auto [value, original] : llvm::zip_equal(stored, fn->getOperands())) {
            Value scalar = loadScalar(b, loc, value, elementOf(original));
            Type wide = widened(elementOf(original));
            values.push_back(isa<FloatType>(wide) ? convertFloat(b, loc, scalar, wide) : scalar);
          }
          Value value = fn.scalar(scalars, values);
          if (isa<FloatType>(element))
            value = convertFloat(b, loc, value, element);
          return storeScalar(b, loc, value, element);
        });
    r.replaceOp(fn, lowered);
    return success();
  }
};

struct LowerStopGradient : OpConversionPattern<StopGradientOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(StopGradientOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    r.replaceOp(op, adaptor.getOperands());
    return success();
  }
};

struct LowerConvert : OpConversionPattern<ConvertOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ConvertOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType type = storedType(typeOf(op));
    Type from = elementOf(op.getX()), to = elementOf(op);
    Input input{adaptor.getX(), r.getMultiDimIdentityMap(unsigned(type.getRank()))};
    r.replaceOp(op, parallelGeneric(r, op.getLoc(), type, input, [&](OpBuilder &b, Location loc, ArrayRef<Value> v) {
                  return storeScalar(b, loc, convertScalar(b, loc, loadScalar(b, loc, v[0], from), from, to), to);
                }));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// reshape  =>  expand_shape or collapse_shape, or through one dimension.
struct LowerReshape : OpConversionPattern<ReshapeOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(ReshapeOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Value x = adaptor.getX();
    auto from = cast<RankedTensorType>(x.getType());
    RankedTensorType to = storedType(typeOf(op));
    if (from == to) {
      r.replaceOp(op, x);
      return success();
    }
    if (std::optional<SmallVector<ReassociationIndices>> groups = getReassociationIndicesForReshape(from, to)) {
      r.replaceOp(op, reshaped(r, op.getLoc(), x, to, *groups));
      return success();
    }
    auto flat = RankedTensorType::get({from.getNumElements()}, from.getElementType());
    x = reshaped(r, op.getLoc(), x, flat, everyDim(from.getRank()));
    r.replaceOp(op, reshaped(r, op.getLoc(), x, to, everyDim(to.getRank())));
    return success();
  }

  static SmallVector<ReassociationIndices> everyDim(int64_t rank) {
    if (rank == 0)
      return {};
    return {ReassociationIndices(llvm::to_vector<2>(llvm::seq(int64_t(0), rank)))};
  }

  static Value reshaped(OpBuilder &b, Location loc, Value x, RankedTensorType to,
                        ArrayRef<ReassociationIndices> groups) {
    auto from = cast<RankedTensorType>(x.getType());
    if (from.getRank() == to.getRank())
      return x;
    if (from.getRank() > to.getRank())
      return tensor::CollapseShapeOp::create(b, loc, to, x, groups);
    return tensor::ExpandShapeOp::create(b, loc, to, x, groups);
  }
};

//===----------------------------------------------------------------------===//
// Random bits
//===----------------------------------------------------------------------===//

/// Word i of a key is word i % 4 of Philox's block i / 4, i row-major over the dimensions that the key does not have.
struct LowerRandomBits : OpConversionPattern<RandomBitsOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(RandomBitsOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    RankedTensorType type = storedType(typeOf(op));
    unsigned rank = unsigned(type.getRank()), own = unsigned(typeOf(op.getKey()).getRank());
    Input key{adaptor.getKey(), AffineMap::getMultiDimIdentityMap(rank, r.getContext()).getMajorSubMap(own)};
    if (own == 0)
      key.map = AffineMap::get(rank, 0, r.getContext());
    r.replaceOp(op,
                parallelGeneric(r, op.getLoc(), type, key, [&](OpBuilder &b, Location loc, ArrayRef<Value> v) -> Value {
                  Value position = i64Constant(b, loc, 0);
                  for (unsigned d = own; d < rank; ++d) {
                    Value index = linalg::IndexOp::create(b, loc, d);
                    Value step = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
                    position = arith::MulIOp::create(b, loc, position, i64Constant(b, loc, type.getDimSize(d)));
                    position = arith::AddIOp::create(b, loc, position, step);
                  }
                  Value block = arith::ShRUIOp::create(b, loc, position, i64Constant(b, loc, 2));
                  Value low = arith::TruncIOp::create(b, loc, b.getI32Type(), block);
                  Value high = arith::TruncIOp::create(b, loc, b.getI32Type(),
                                                       arith::ShRUIOp::create(b, loc, block, i64Constant(b, loc, 32)));
                  Value zero = scalarConstant(b, loc, b.getI32Type(), 0);
                  std::array<Value, 4> words = philox(b, loc, {low, high, zero, zero}, v[0]);
                  Value which = arith::AndIOp::create(b, loc, position, i64Constant(b, loc, 3));
                  Value word = words[0];
                  for (int i = 1; i < 4; ++i) {
                    Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, which, i64Constant(b, loc, i));
                    word = arith::SelectOp::create(b, loc, here, words[i], word);
                  }
                  return word;
                }));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Scalars of loops
//===----------------------------------------------------------------------===//

/// What loops read of tensors of rank 0, where the element changes.
struct LowerExtract : OpConversionPattern<tensor::ExtractOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(tensor::ExtractOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    Value stored = tensor::ExtractOp::create(r, op.getLoc(), adaptor.getTensor(), adaptor.getIndices());
    r.replaceOp(op, loadScalar(r, op.getLoc(), stored, op.getTensor().getType().getElementType()));
    return success();
  }
};

/// What loops keep their rounds in, where the element changes.
struct LowerEmpty : OpConversionPattern<tensor::EmptyOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(tensor::EmptyOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    r.replaceOpWithNewOp<tensor::EmptyOp>(op, storedType(op.getType()), ValueRange());
    return success();
  }
};

} // namespace

void addScalarPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<LowerConstant, LowerSize, LowerIota, LowerConvert, LowerReshape, LowerRandomBits, LowerExtract,
               LowerEmpty, LowerPointwise>(types, context);
  patterns.add<LowerStopGradient>(types, context, /*benefit=*/2);
}

} // namespace tds
