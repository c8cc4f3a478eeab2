//===- TdsBuilder.cpp -----------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tds {

static APFloat roundTo(FloatType type, double value) {
  APFloat number(value);
  bool inexact;
  number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  return number;
}

static double asDouble(const HostValue &value) {
  if (auto *number = std::get_if<double>(&value))
    return *number;
  if (auto *integer = std::get_if<host::Int>(&value))
    return double(integer->v);
  return std::get<host::Complex>(value).real();
}

DenseElementsAttr splatOf(RankedTensorType type, HostValue value) {
  // An open type has no dense constant: the value is a scalar then.
  RankedTensorType dense = type.hasStaticShape() ? type : scalarType(type.getElementType());
  Type element = type.getElementType();
  if (auto real = dyn_cast<FloatType>(element))
    return DenseElementsAttr::get(dense, roundTo(real, asDouble(value)));
  if (auto complex = dyn_cast<ComplexType>(element)) {
    auto part = cast<FloatType>(complex.getElementType());
    auto *number = std::get_if<host::Complex>(&value);
    return DenseElementsAttr::get(dense, std::complex<APFloat>(roundTo(part, number ? number->real() : asDouble(value)),
                                                               roundTo(part, number ? number->imag() : 0.0)));
  }
  auto *integer = std::get_if<host::Int>(&value);
  int64_t bits = integer ? integer->v : int64_t(asDouble(value));
  return DenseElementsAttr::get(dense, APInt(element.getIntOrFloatBitWidth(), uint64_t(bits), false, true));
}

std::optional<HostValue> splatValue(Attribute value) {
  auto dense = dyn_cast_or_null<DenseElementsAttr>(value);
  if (!dense || !dense.isSplat())
    return std::nullopt;
  Type element = dense.getElementType();
  auto asNumber = [](APFloat number) {
    bool inexact;
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    return number.convertToDouble();
  };
  if (isa<FloatType>(element))
    return HostValue(asNumber(dense.getSplatValue<APFloat>()));
  if (isa<ComplexType>(element)) {
    auto number = dense.getSplatValue<std::complex<APFloat>>();
    return HostValue(host::Complex(asNumber(number.real()), asNumber(number.imag())));
  }
  APInt bits = dense.getSplatValue<APInt>();
  bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  return HostValue(host::Int(isUnsigned ? int64_t(bits.getZExtValue()) : bits.getSExtValue()));
}

std::optional<HostValue> splatValue(Value v) {
  auto op = v.getDefiningOp<ConstantOp>();
  return op ? splatValue(op.getValue()) : std::nullopt;
}

bool isSplat(Value v, double number) {
  std::optional<HostValue> value = splatValue(v);
  if (!value)
    return false;
  if (auto *complex = std::get_if<host::Complex>(&*value))
    return *complex == number;
  return asDouble(*value) == number;
}

Value constant(OpBuilder &b, Location loc, HostValue value, RankedTensorType type) {
  return ConstantOp::create(b, loc, type, splatOf(type, value));
}

Value constant(OpBuilder &b, Location loc, double value, RankedTensorType type) {
  return constant(b, loc, HostValue(value), type);
}

Value pointwise(OpBuilder &b, Location loc, StringRef name, ValueRange operands) {
  std::optional<RegisteredOperationName> op = RegisteredOperationName::lookup(("tds." + name).str(), b.getContext());
  auto *interface = op ? op->getInterface<Pointwise>() : nullptr;
  if (!interface) {
    emitError(loc) << "no scalar function is called `" << name << "`";
    return {};
  }
  SmallVector<Type> types;
  const FunctionInfo &info = interface->info();
  if (failed(inferPointwise(info, loc, operands, types)))
    return {};
  OperationState state(loc, *op);
  state.addOperands(operands);
  state.addTypes(types);
  return b.create(state)->getResult(0);
}

Value broadcast(OpBuilder &b, Location loc, Value v, RankedTensorType type, ArrayRef<int64_t> dims) {
  type = withElement(type, elementOf(v));
  if (typeOf(v) == type && llvm::equal(dims, llvm::seq<int64_t>(0, type.getRank())))
    return v;
  SmallVector<AffineExpr> coordinates;
  for (int64_t dim : dims)
    coordinates.push_back(b.getAffineDimExpr(dim));
  return AccessOp::create(b, loc, type, v, AffineMap::get(type.getRank(), 0, coordinates, b.getContext()));
}

Value fill(OpBuilder &b, Location loc, Value scalar, RankedTensorType type) { return broadcast(b, loc, scalar, type, {}); }

Value transpose(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> order) {
  SmallVector<int64_t> inverse(order.size());
  for (auto [k, dim] : llvm::enumerate(order))
    inverse[dim] = k;
  return broadcast(b, loc, v, pickDims(typeOf(v), order), inverse);
}

Value sumOver(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> dims) {
  if (dims.empty())
    return v;
  SmallVector<int64_t> sorted(dims);
  llvm::sort(sorted);
  return ReduceOp::create(b, loc, ReduceKind::sum, v, sorted);
}

Value addTo(OpBuilder &b, Location loc, Value sum, Value v) {
  if (!sum || !v)
    return sum ? sum : v;
  return AddOp::create(b, loc, sum, v);
}

Value convertTo(OpBuilder &b, Location loc, Value v, Type element) {
  return elementOf(v) == element ? v : ConvertOp::create(b, loc, withElement(typeOf(v), element), v).getResult();
}

} // namespace tds
