//===- TdsFolds.cpp - folds of the structural ops -------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"

using namespace mlir;
using namespace tds;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

// size "12"  =>  12
OpFoldResult SizeOp::fold(FoldAdaptor) {
  std::optional<int64_t> size = sizeConstant(getSize());
  return size ? OpFoldResult(splatOf(typeOf(getResult()), host::Int(*size))) : OpFoldResult();
}

/// The value as another element; none where the language rounds in a way that is left to the compiled code.
static std::optional<HostValue> convertHost(HostValue value, Type to) {
  unsigned kind = elementKind(to);
  if (auto *integer = std::get_if<host::Int>(&value)) {
    if (kind & elements::Boolean)
      return host::Int(integer->v != 0);
    if (kind & (elements::Floating | elements::Complex))
      return double(integer->v);
    return value;
  }
  if (auto *number = std::get_if<double>(&value)) {
    if (kind & elements::Boolean)
      return host::Int(*number != 0);
    if (kind & (elements::Floating | elements::Complex))
      return value;
    if (std::isnan(*number))
      return host::Int(0);
    // Truncated, and held to what the element can be.
    unsigned bits = to.getIntOrFloatBitWidth();
    bool isUnsigned = to.isUnsignedInteger();
    double low = isUnsigned ? 0 : -std::ldexp(1.0, bits - 1), high = std::ldexp(1.0, isUnsigned ? bits : bits - 1);
    if (*number <= low)
      return host::Int(isUnsigned ? 0 : int64_t(low));
    if (*number >= high)
      return host::Int(int64_t(llvm::maskTrailingOnes<uint64_t>(isUnsigned ? bits : bits - 1)));
    return isUnsigned ? host::Int(int64_t(uint64_t(*number))) : host::Int(int64_t(*number));
  }
  return kind & elements::Complex ? std::optional(value) : std::nullopt;
}

// convert x : T -> T  =>  x;  convert constant  =>  constant
OpFoldResult ConvertOp::fold(FoldAdaptor a) {
  if (getX().getType() == getType())
    return getX();
  std::optional<HostValue> value = splatValue(a.getX());
  std::optional<HostValue> result = value ? convertHost(*value, elementOf(getResult())) : std::nullopt;
  return result ? OpFoldResult(splatOf(getType(), *result)) : OpFoldResult();
}

// access x at (d0, d1) -> (d0, d1) : T -> T  =>  x;  access of a splat  =>  the splat
OpFoldResult AccessOp::fold(FoldAdaptor a) {
  if (getMap().isIdentity() && getX().getType() == getType() && !llvm::is_contained(dimTexts(getType()), "?"))
    return getX();
  std::optional<HostValue> value = splatValue(a.getX());
  if (!value)
    return {};
  if (getOtherwise()) {
    std::optional<HostValue> outside = splatValue(a.getOtherwise());
    if (!outside || splatOf(scalarType(elementOf(getX())), *outside) != splatOf(scalarType(elementOf(getX())), *value))
      return {};
  }
  return splatOf(getType(), *value);
}

// reduce over []  =>  x;  any, all, max, min of a splat over dimensions that are not empty  =>  the splat
OpFoldResult ReduceOp::fold(FoldAdaptor a) {
  if (getX().getType() == getType() && getDims().empty())
    return getX();
  std::optional<HostValue> value = splatValue(a.getX());
  if (!value)
    return {};
  auto x = typeOf(getX());
  for (int64_t dim : getDims())
    if (dimConstant(x, dim).value_or(0) < 1)
      return {};
  switch (getKind()) {
  case ReduceKind::max:
  case ReduceKind::min:
  case ReduceKind::any:
  case ReduceKind::all: return splatOf(typeOf(getResult()), *value);
  default: return {};
  }
}

// reshape x : T -> T  =>  x;  reshape of a splat  =>  the splat;  reshape(reshape x)  =>  reshape x
OpFoldResult ReshapeOp::fold(FoldAdaptor a) {
  if (getX().getType() == getType())
    return getX();
  if (std::optional<HostValue> value = splatValue(a.getX()))
    return splatOf(typeOf(getResult()), *value);
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    setOperand(inner.getX());
    return getResult();
  }
  return {};
}
