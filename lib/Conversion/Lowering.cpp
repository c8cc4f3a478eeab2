//===- Lowering.cpp -------------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Conversion/Lowering.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace tds {

Type storedElement(Type element) {
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  if (element.isUnsignedInteger())
    return IntegerType::get(element.getContext(), element.getIntOrFloatBitWidth());
  return element;
}

RankedTensorType storedType(RankedTensorType type) {
  return RankedTensorType::get(type.getShape(), storedElement(type.getElementType()));
}

Value loadScalar(OpBuilder &b, Location loc, Value stored, Type element) {
  return element.isInteger(1) ? arith::TruncIOp::create(b, loc, element, stored).getResult() : stored;
}

Value storeScalar(OpBuilder &b, Location loc, Value scalar, Type element) {
  return element.isInteger(1) ? arith::ExtUIOp::create(b, loc, b.getI8Type(), scalar).getResult() : scalar;
}

Value extractScalar(OpBuilder &b, Location loc, Value tensor) {
  DenseElementsAttr value;
  if (auto constant = tensor.getDefiningOp<arith::ConstantOp>())
    value = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (value && value.isSplat() && !isa<ComplexType>(value.getElementType()))
    return arith::ConstantOp::create(b, loc, value.getSplatValue<TypedAttr>());
  return tensor::ExtractOp::create(b, loc, tensor, ValueRange());
}

Value scalarConstant(OpBuilder &b, Location loc, Type element, double value) {
  if (auto complex = dyn_cast<ComplexType>(element)) {
    Type part = complex.getElementType();
    auto parts = b.getArrayAttr({b.getFloatAttr(part, value), b.getFloatAttr(part, 0.0)});
    return complex::ConstantOp::create(b, loc, element, parts);
  }
  if (isa<FloatType>(element))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(element, value));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(element, int64_t(value)));
}

Value indexConstant(OpBuilder &b, Location loc, int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

Value i64Constant(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
}

Type accumulator(Type element) {
  bool narrow = isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32;
  return narrow ? Float32Type::get(element.getContext()) : element;
}

Value addScalars(OpBuilder &b, Location loc, Value x, Value y) {
  if (isa<ComplexType>(x.getType()))
    return complex::AddOp::create(b, loc, x, y);
  if (isa<FloatType>(x.getType()))
    return arith::AddFOp::create(b, loc, x, y);
  return arith::AddIOp::create(b, loc, x, y);
}

Value mulScalars(OpBuilder &b, Location loc, Value x, Value y) {
  if (isa<ComplexType>(x.getType()))
    return complex::MulOp::create(b, loc, x, y);
  if (isa<FloatType>(x.getType()))
    return arith::MulFOp::create(b, loc, x, y);
  return arith::MulIOp::create(b, loc, x, y);
}

//===----------------------------------------------------------------------===//
// Generics
//===----------------------------------------------------------------------===//

Input readThrough(Input input) {
  while (auto generic = input.tensor.getDefiningOp<linalg::GenericOp>()) {
    Block &body = *generic.getBody();
    auto yield = cast<linalg::YieldOp>(body.getTerminator());
    bool copies = generic.getNumDpsInputs() == 1 && generic.getNumDpsInits() == 1 && &body.front() == yield &&
                  yield.getOperand(0) == body.getArgument(0);
    AffineMap from = generic.getIndexingMapsArray().front(), to = generic.getIndexingMapsArray().back();
    if (!copies || !to.isIdentity() || !from.isProjectedPermutation())
      break;
    input = {generic.getDpsInputs()[0], from.compose(input.map)};
  }
  return input;
}

/// The number that a constant tensor is filled with, or null.
static Attribute splatOf(Value tensor) {
  auto constant = tensor.getDefiningOp<arith::ConstantOp>();
  auto value = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return value && value.isSplat() ? value.getSplatValue<Attribute>() : Attribute();
}

static Value splatScalar(OpBuilder &b, Location loc, Type type, Attribute number) {
  if (isa<ComplexType>(type))
    return complex::ConstantOp::create(b, loc, type, cast<ArrayAttr>(number));
  return arith::ConstantOp::create(b, loc, cast<TypedAttr>(number));
}

/// Inputs that are read, with what each operand of a body becomes.
struct Operands {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  SmallVector<Attribute> splats; // an operand each: a number, or null for a tensor

  explicit Operands(ArrayRef<Input> inputs, bool through = true) {
    for (Input input : inputs) {
      input = through ? readThrough(input) : input;
      splats.push_back(through ? splatOf(input.tensor) : Attribute());
      if (splats.back())
        continue;
      tensors.push_back(input.tensor);
      maps.push_back(input.map);
    }
  }

  SmallVector<Value> scalars(OpBuilder &b, Location loc, ArrayRef<Input> inputs, ValueRange arguments) const {
    SmallVector<Value> all;
    unsigned next = 0;
    for (auto [splat, input] : llvm::zip_equal(splats, inputs))
      all.push_back(splat ? splatScalar(b, loc, cast<RankedTensorType>(input.tensor.getType()).getElementType(), splat)
                          : Value(arguments[next++]));
    return all;
  }
};

Value parallelGeneric(OpBuilder &b, Location loc, RankedTensorType result, ArrayRef<Input> inputs, ScalarBody body) {
  Operands operands(inputs);
  operands.maps.push_back(b.getMultiDimIdentityMap(unsigned(result.getRank())));
  SmallVector<utils::IteratorType> iterators(size_t(result.getRank()), utils::IteratorType::parallel);
  Value init = tensor::EmptyOp::create(b, loc, result.getShape(), result.getElementType());
  auto generic = linalg::GenericOp::create(b, loc, TypeRange(result), operands.tensors, init, operands.maps, iterators,
                                           [&](OpBuilder &b, Location loc, ValueRange arguments) {
                                             linalg::YieldOp::create(
                                                 b, loc, body(b, loc, operands.scalars(b, loc, inputs, arguments)));
                                           });
  return generic.getResult(0);
}

/// The tensors alone say how far reduced dimensions run: whether some map names each dimension.
static bool coversSpace(ArrayRef<AffineMap> maps) {
  llvm::SmallBitVector named(maps.front().getNumDims());
  for (AffineMap map : maps)
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        named.set(dim.getPosition());
  return named.all();
}

linalg::GenericOp reducingGeneric(OpBuilder &b, Location loc, ArrayRef<Input> inputs, Value init, AffineMap result,
                                  ScalarBody body) {
  Operands operands(inputs);
  operands.maps.push_back(result);
  if (!coversSpace(operands.maps)) {
    operands = Operands(inputs, /*through=*/false);
    operands.maps.push_back(result);
  }
  SmallVector<utils::IteratorType> iterators(result.getNumDims(), utils::IteratorType::reduction);
  for (AffineExpr expr : result.getResults())
    iterators[cast<AffineDimExpr>(expr).getPosition()] = utils::IteratorType::parallel;
  return linalg::GenericOp::create(b, loc, TypeRange(init.getType()), operands.tensors, init, operands.maps, iterators,
                                   [&](OpBuilder &b, Location loc, ValueRange arguments) {
                                     SmallVector<Value> scalars =
                                         operands.scalars(b, loc, inputs, arguments.drop_back());
                                     scalars.push_back(arguments.back());
                                     linalg::YieldOp::create(b, loc, body(b, loc, scalars));
                                   });
}

Value filled(OpBuilder &b, Location loc, RankedTensorType type, Value scalar) {
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
}

Value walkPoints(OpBuilder &b, Location loc, ArrayRef<int64_t> sizes, Value carried, PointBody body) {
  SmallVector<Value> lower, upper, steps;
  for (int64_t size : sizes) {
    lower.push_back(indexConstant(b, loc, 0));
    upper.push_back(indexConstant(b, loc, size));
    steps.push_back(indexConstant(b, loc, 1));
  }
  scf::LoopNest nest = scf::buildLoopNest(b, loc, lower, upper, steps, carried,
                                          [&](OpBuilder &b, Location loc, ValueRange at, ValueRange values) {
                                            return scf::ValueVector{body(b, loc, at, values[0])};
                                          });
  return nest.results[0];
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

static int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

std::optional<Interval> intervalOf(AffineExpr expr, ArrayRef<int64_t> sizes) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return Interval{constant.getValue(), constant.getValue()};
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    int64_t size = sizes[dim.getPosition()];
    return size > 0 ? std::optional(Interval{0, size - 1}) : std::nullopt;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<Interval> x = intervalOf(binary.getLHS(), sizes), y = intervalOf(binary.getRHS(), sizes);
  if (!x || !y)
    return std::nullopt;
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return Interval{x->least + y->least, x->greatest + y->greatest};
  case AffineExprKind::Mul: {
    auto [least, greatest] =
        std::minmax({x->least * y->least, x->least * y->greatest, x->greatest * y->least, x->greatest * y->greatest});
    return Interval{least, greatest};
  }
  case AffineExprKind::FloorDiv:
  case AffineExprKind::Mod: {
    if (y->least != y->greatest || y->least <= 0)
      return std::nullopt;
    int64_t by = y->least, least = floorDivide(x->least, by), greatest = floorDivide(x->greatest, by);
    if (expr.getKind() == AffineExprKind::FloorDiv)
      return Interval{least, greatest};
    return least == greatest ? Interval{x->least - least * by, x->greatest - least * by} : Interval{0, by - 1};
  }
  default:
    return std::nullopt;
  }
}

AffineMap closeMap(AffineMap map, ArrayAttr symbols, unsigned first) {
  SmallVector<AffineExpr> numbers;
  for (unsigned i = 0; i < first; ++i)
    numbers.push_back(getAffineSymbolExpr(i, map.getContext()));
  // The pass has refused open sizes, so that each text is a number.
  for (Attribute text : symbols)
    numbers.push_back(
        getAffineConstantExpr(sizeConstant(cast<StringAttr>(text).getValue()).value_or(0), map.getContext()));
  return simplifyAffineMap(map.replaceDimsAndSymbols({}, numbers, map.getNumDims(), first));
}

Place placeAt(OpBuilder &b, Location loc, AffineMap map, ArrayRef<int64_t> space, ValueRange dims, ValueRange ids,
              ArrayRef<int64_t> shape, Outside outside) {
  Place place;
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), shape)) {
    Value at = affine::expandAffineExpr(b, loc, expr, dims, ids);
    std::optional<Interval> interval = intervalOf(expr, space);
    bool inside = interval && interval->least >= 0 && interval->greatest < size;
    bool usesId = false;
    for (unsigned i = 0; i < ids.size(); ++i)
      usesId |= expr.isFunctionOfSymbol(i);
    // Where only ids are checked the front end has proved the rest.
    if (inside || (outside == Outside::none && !usesId)) {
      place.at.push_back(at);
      continue;
    }
    if (outside == Outside::wrap) {
      // ((at rem size) + size) rem size, the sum taken where the remainder is negative
      Value n = indexConstant(b, loc, size), zero = indexConstant(b, loc, 0);
      Value remainder = arith::RemSIOp::create(b, loc, at, n);
      Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, remainder, zero);
      Value moved = arith::AddIOp::create(b, loc, remainder, n);
      place.at.push_back(arith::SelectOp::create(b, loc, negative, moved, remainder));
      continue;
    }
    if (outside == Outside::otherwise) {
      Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, indexConstant(b, loc, size));
      place.inside = place.inside ? arith::AndIOp::create(b, loc, place.inside, here).getResult() : here;
    }
    at = arith::MaxSIOp::create(b, loc, at, indexConstant(b, loc, 0));
    place.at.push_back(arith::MinSIOp::create(b, loc, at, indexConstant(b, loc, size - 1)));
  }
  return place;
}

} // namespace tds
