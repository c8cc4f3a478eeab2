//===- Pointwise.cpp - what the scalar functions share --------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Expr.h"
#include "dialect/TdsBuilder.h"

using namespace mlir;

namespace tds {

unsigned elementKind(Type element) {
  if (element.isF16() || element.isBF16() || element.isF32() || element.isF64())
    return elements::Floating;
  if (auto complex = dyn_cast<ComplexType>(element))
    return elementKind(complex.getElementType()) == elements::Floating ? elements::Complex : 0;
  if (element.isInteger(1))
    return elements::Boolean;
  if (element.isUnsignedInteger(64))
    return elements::Key;
  bool integer = element.isUnsignedInteger(8) || element.isSignlessInteger(8) || element.isSignlessInteger(16) ||
                 element.isSignlessInteger(32) || element.isSignlessInteger(64);
  return integer ? elements::Integer : 0;
}

ScalarKind scalarKind(Type element) {
  if (isa<FloatType>(element))
    return ScalarKind::Float;
  if (isa<ComplexType>(element))
    return ScalarKind::Complex;
  if (element.isInteger(1))
    return ScalarKind::Bool;
  return element.isUnsignedInteger() ? ScalarKind::Unsigned : ScalarKind::Signed;
}

ScalarBuilder::ScalarBuilder(OpBuilder &b, Operation *op)
    : b(b), loc(op->getLoc()), kind(scalarKind(elementOf(op->getOperands().back()))) {}

Type resultElement(const FunctionInfo &info, Type element) {
  switch (info.result) {
  case ResultRule::Same: return element;
  case ResultRule::Bool: return IntegerType::get(element.getContext(), 1);
  case ResultRule::ComplexOf: return ComplexType::get(element);
  case ResultRule::RealOf: break;
  }
  auto complex = dyn_cast<ComplexType>(element);
  return complex ? complex.getElementType() : element;
}

//===----------------------------------------------------------------------===//
// Types, text, checks
//===----------------------------------------------------------------------===//

LogicalResult inferPointwise(const FunctionInfo &info, std::optional<Location> loc, ValueRange operands,
                             SmallVectorImpl<Type> &types) {
  if (operands.size() != info.arity)
    return emitOptionalError(loc, "`", info.name, "` has ", operands.size(), " operands, expected ", info.arity);
  auto type = dyn_cast<RankedTensorType>(operands.back().getType());
  if (!type)
    return emitOptionalError(loc, "`", info.name, "` of what is no tensor");
  if (!(elementKind(type.getElementType()) & info.elements))
    return emitOptionalError(loc, "`", info.name, "` of elements ", type.getElementType(), ", expected ",
                             info.elementsName);
  for (auto [k, operand] : llvm::enumerate(operands)) {
    bool condition = info.condition && k == 0;
    Type expected = condition ? withElement(type, IntegerType::get(type.getContext(), 1)) : type;
    if (operand.getType() != expected)
      return emitOptionalError(loc, "`", info.name, "` has an operand of type ", operand.getType(), ", expected ",
                               expected);
  }
  Type element = type.getElementType();
  if (info.result == ResultRule::ComplexOf && !element.isF32() && !element.isF64())
    return emitOptionalError(loc, "`", info.name, "` of elements ", element, ", expected f32 or f64");
  types.push_back(withElement(type, resultElement(info, element)));
  return success();
}

LogicalResult verifyPointwise(Operation *op) {
  const FunctionInfo &info = cast<Pointwise>(op).info();
  if (!info.elements)
    return success(); // the op has a rule of its own
  SmallVector<Type> types;
  if (failed(inferPointwise(info, op->getLoc(), op->getOperands(), types)))
    return failure();
  Type seen = op->getResult(0).getType();
  return seen == types[0] ? success() : op->emitOpError() << "result has type " << seen << ", expected " << types[0];
}

/// %x, %y : T, the type of the last operand
ParseResult parsePointwise(const FunctionInfo &info, OpAsmParser &p, OperationState &state) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SMLoc place = p.getCurrentLocation();
  Type parsed;
  if (p.parseOperandList(operands, info.arity) || p.parseOptionalAttrDict(state.attributes) || p.parseColonType(parsed))
    return failure();
  auto type = dyn_cast<RankedTensorType>(parsed);
  if (!type)
    return p.emitError(place) << "expected a tensor type";
  SmallVector<Type> types(info.arity, type);
  if (info.condition)
    types[0] = withElement(type, p.getBuilder().getI1Type());
  if (info.result == ResultRule::ComplexOf && !isa<FloatType>(type.getElementType()))
    return p.emitError(place) << "`" << info.name << "` of elements " << type.getElementType() << ", expected Floating";
  state.addTypes(withElement(type, resultElement(info, type.getElementType())));
  return p.resolveOperands(operands, types, place, state.operands);
}

void printPointwise(Operation *op, OpAsmPrinter &p) {
  p << ' ';
  p.printOperands(op->getOperands());
  p.printOptionalAttrDict(op->getAttrs());
  p << " : " << op->getOperands().back().getType();
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

/// Constants of more elements are left to be computed when run.
static constexpr int64_t foldLimit = 1024;

OpFoldResult foldPointwise(Operation *op, ArrayRef<Attribute> operands) {
  SmallVector<DenseElementsAttr> values;
  bool splat = true;
  for (Attribute operand : operands) {
    auto dense = dyn_cast_or_null<DenseElementsAttr>(operand);
    if (!dense)
      return {};
    splat &= dense.isSplat();
    values.push_back(dense);
  }
  auto fn = cast<Pointwise>(op);
  auto type = typeOf(op->getResult(0));
  SmallVector<HostValue> scalars;
  if (splat) {
    for (DenseElementsAttr value : values)
      scalars.push_back(*splatValue(Attribute(value)));
    std::optional<HostValue> result = fn.host(scalars);
    return result ? OpFoldResult(splatOf(type, *result)) : OpFoldResult();
  }
  if (!type.hasStaticShape() || type.getNumElements() > foldLimit)
    return {};
  SmallVector<Attribute> results;
  for (int64_t k = 0; k < type.getNumElements(); ++k) {
    scalars.clear();
    for (DenseElementsAttr value : values) {
      Attribute element = value.isSplat() ? value.getSplatValue<Attribute>() : value.getValues<Attribute>()[k];
      auto scalar = DenseElementsAttr::get(scalarType(value.getElementType()), element);
      scalars.push_back(*splatValue(Attribute(scalar)));
    }
    std::optional<HostValue> result = fn.host(scalars);
    if (!result)
      return {};
    results.push_back(splatOf(scalarType(type.getElementType()), *result).getSplatValue<Attribute>());
  }
  return DenseElementsAttr::get(type, results);
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

static HostValue numberOf(const Expr &x) {
  return x.number.imag() != 0 ? HostValue(x.number) : HostValue(x.number.real());
}

Value ExprBuilder::value(Expr x) { return value(x, op->getOperands().back()); }

Value ExprBuilder::value(Expr x, Value like) {
  return x.isNumber() ? constant(b, op->getLoc(), numberOf(x), typeOf(like)) : x.v;
}

Expr ExprBuilder::apply(StringRef name, ArrayRef<Expr> operands) {
  // Numbers take the type of an operand that is a value (not of a condition).
  Value like = op->getOperands().back();
  for (const Expr &operand : operands)
    if (!operand.isNumber() && !elementOf(operand.v).isInteger(1))
      like = operand.v;
  SmallVector<Value> values;
  for (const Expr &operand : operands)
    values.push_back(value(operand, like));
  return {this, pointwise(b, op->getLoc(), name, values)};
}

namespace expr {

static ExprBuilder &of(const Expr &a, const Expr &b) { return a.e ? *a.e : *b.e; }

Expr operator+(Expr a, Expr b) {
  if (a.isNumber() && b.isNumber())
    return a.number + b.number;
  return a.is(0) ? b : b.is(0) ? a : of(a, b).apply("add", {a, b});
}
Expr operator-(Expr a, Expr b) {
  if (a.isNumber() && b.isNumber())
    return a.number - b.number;
  return a.is(0) ? -b : b.is(0) ? a : of(a, b).apply("sub", {a, b});
}
Expr operator*(Expr a, Expr b) {
  if (a.isNumber() && b.isNumber())
    return a.number * b.number;
  if (a.is(-1))
    return -b;
  if (b.is(-1))
    return -a;
  return a.is(1) ? b : b.is(1) ? a : of(a, b).apply("mul", {a, b});
}
Expr operator/(Expr a, Expr b) {
  if (a.isNumber() && b.isNumber())
    return a.number / b.number;
  return b.is(1) ? a : of(a, b).apply("div", {a, b});
}
Expr operator-(Expr a) { return a.isNumber() ? Expr(-a.number) : a.e->apply("neg", {a}); }
Expr operator==(Expr a, Expr b) { return of(a, b).apply("eq", {a, b}); }
Expr operator<(Expr a, Expr b) { return of(a, b).apply("lt", {a, b}); }
Expr operator<=(Expr a, Expr b) { return of(a, b).apply("le", {a, b}); }
Expr operator>(Expr a, Expr b) { return of(a, b).apply("gt", {a, b}); }
Expr operator>=(Expr a, Expr b) { return of(a, b).apply("ge", {a, b}); }
Expr where(Expr c, Expr a, Expr b) { return c.e->apply("select", {c, a, b}); }
Expr conj(Expr a) {
  if (a.isNumber())
    return std::conj(a.number);
  return isa<ComplexType>(elementOf(a.v)) ? a.e->apply("conj", {a}) : a;
}
Expr sign(Expr a) {
  if (!isa<ComplexType>(elementOf(a.v)))
    return a.e->apply("sign", {a});
  Expr r = a.e->apply("abs", {a});
  return a / a.e->apply("complex", {where(r == 0.0, 1.0, r), 0.0});
}

} // namespace expr
} // namespace tds
