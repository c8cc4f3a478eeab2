//===- Whole.cpp - functions of whole tensors -----------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Source/SourcePrinter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <charconv>
#include <cmath>

using namespace mlir;
using namespace tds;
using namespace tds::source;

Sizes source::sizesOf(RankedTensorType type) {
  SmallVector<std::string> texts = dimTexts(type);
  return {texts.begin(), texts.end()};
}

std::string source::tuple(ArrayRef<std::string> parts) {
  return parts.size() == 1 ? parts[0] : "(" + llvm::join(parts, ", ") + ")";
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// The shortest text that is read as the number again; 2.0 is written 2 unless it must be seen to be floating.
static std::string real(double value, bool single, bool asFloat) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[40];
  bool whole = value == std::floor(value) && std::abs(value) < 1e7 && !(value == 0 && std::signbit(value));
  if (whole)
    return std::to_string(int64_t(value)) + (asFloat ? ".0" : "");
  auto end = single ? std::to_chars(buffer, buffer + sizeof buffer, float(value)).ptr
                    : std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (size_t e = text.find('e'); e != std::string::npos) {
    std::string exponent = text.substr(e + 1);
    bool minus = exponent[0] == '-';
    exponent.erase(0, exponent.find_first_not_of("+-0"));
    return text.substr(0, e) + (minus ? "e-" : "e") + exponent;
  }
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string source::number(const HostValue &value, Type element, bool asFloat) {
  if (auto *integer = std::get_if<host::Int>(&value))
    return element.isInteger(1) ? (integer->v ? "true" : "false") : std::to_string(integer->v);
  if (auto *floating = std::get_if<double>(&value))
    return real(*floating, !element.isF64(), asFloat);
  auto part = cast<ComplexType>(element).getElementType();
  auto &complex = std::get<host::Complex>(value);
  if (complex.imag() == 0)
    return real(complex.real(), part.isF32(), asFloat);
  std::string type = elementName(part);
  return "complex(" + type + "(" + real(complex.real(), part.isF32(), false) + "), " + type + "(" +
         real(complex.imag(), part.isF32(), false) + "))";
}

Text SourcePrinter::literal(ConstantOp op) {
  Type element = elementOf(op.getResult());
  if (element.isUnsignedInteger(64))
    return refuse(op, "a key has no literal");
  if (std::optional<HostValue> value = splatValue(op.getResult())) {
    std::string text = number(*value, element, /*asFloat=*/false);
    bool weak = !element.isInteger(1) && !StringRef(text).starts_with("complex");
    return {text[0] == '-' ? "(" + text + ")" : text, {}, weak, true};
  }
  auto values = dyn_cast<DenseElementsAttr>(op.getValue());
  auto type = typeOf(op.getResult());
  if (!values || type.getNumElements() > 256)
    return refuse(op, "the literal is too long");
  // Nested brackets of one element type, which the first number names.
  std::string text;
  int64_t position = 0;
  for (Attribute value : values.getValues<Attribute>()) {
    std::string opened, closed;
    int64_t stride = 1;
    for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
      stride *= type.getDimSize(dim);
      opened += position % stride == 0 ? "[" : "";
      closed += (position + 1) % stride == 0 ? "]" : "";
    }
    auto scalar = DenseElementsAttr::get(scalarType(element), value);
    std::string one = number(*splatValue(Attribute(scalar)), element, /*asFloat=*/false);
    if (position == 0 && !element.isInteger(1))
      one = elementName(element) + "(" + one + ")";
    text += (position ? ", " : "") + opened + one + closed;
    ++position;
  }
  return {text, sizesOf(type), false, false};
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Text SourcePrinter::whole(Value v) {
  if (auto known = values.find(v); known != values.end())
    return known->second;
  Operation *op = v.getDefiningOp();
  if (auto constant = dyn_cast_or_null<ConstantOp>(op))
    return literal(constant);
  if (auto size = dyn_cast_or_null<SizeOp>(op)) {
    std::string text = sizeOf(size.getSize()).str();
    bool simple = llvm::all_of(text, llvm::isAlnum);
    return {simple ? text : "(" + text + ")", {}, true, true};
  }
  if (auto made = dyn_cast_or_null<tensor::FromElementsOp>(op);
      made && made.getElements().size() == 1 && made.getType().getRank() == 0)
    return scalar(made.getElements()[0]);
  if (auto empty = dyn_cast_or_null<tensor::EmptyOp>(op)) { // nobody reads a row before it is written
    Sizes shape = sizesOf(empty.getType());
    return call("zeros", {tuple(shape), elementName(empty.getType().getElementType())}, shape);
  }
  if (auto iota = dyn_cast_or_null<IotaOp>(op)) {
    auto type = iota.getResult().getType();
    auto tensor = cast<RankedTensorType>(type);
    std::string element = elementName(tensor.getElementType());
    Sizes shape{dimText(tensor, iota.getDim())};
    Text text = call("arange", element == "i32" ? Sizes{shape[0]} : Sizes{shape[0], element}, shape);
    for (int64_t dim = iota.getDim() + 1; dim < tensor.getRank(); ++dim)
      text.shape.push_back("1");
    if (text.shape.size() > 1) {
      text.text += "[:";
      for (size_t dim = 1; dim < text.shape.size(); ++dim)
        text.text += ", new";
      text.text += "]";
    }
    return text;
  }
  if (ok)
    return op ? refuse(op, "its value is used before it is written")
              : refuse(function, "an argument of a body has no text");
  return {};
}

Text SourcePrinter::typed(Text text, Type element) {
  if (!text.weak)
    return text;
  std::string inner = text.text;
  if (StringRef(inner).starts_with("(") && StringRef(inner).ends_with(")"))
    inner = inner.substr(1, inner.size() - 2);
  return {elementName(element) + "(" + inner + ")", text.shape, false, false};
}

Text SourcePrinter::exact(Value v) {
  Text text = whole(v);
  Sizes shape = sizesOf(typeOf(v));
  if (!ok || text.shape == shape)
    return text;
  Type element = elementOf(v);
  if (text.weak && isSplat(v, 0) && text.text == "0")
    return call("zeros", element.isF32() ? Sizes{tuple(shape)} : Sizes{tuple(shape), elementName(element)}, shape);
  if (text.shape.empty() && !values.count(v))
    return call("full", {tuple(shape), typed(text, element).text}, shape);
  return call("broadcast_to", {typed(text, element).text, tuple(shape)}, shape);
}

Text SourcePrinter::typed(Value v) {
  // A loose name is not read at its own shape: one that was bound is.
  return typed(exact(v), elementOf(v));
}

Text SourcePrinter::call(StringRef function, ArrayRef<std::string> arguments, Sizes shape) {
  return {function.str() + "(" + llvm::join(arguments, ", ") + ")", std::move(shape), false, false};
}

//===----------------------------------------------------------------------===//
// Functions of elements
//===----------------------------------------------------------------------===//

/// NumPy's: aligned at the end, ones stretch.
static Sizes broadcastShapes(ArrayRef<Text> operands) {
  Sizes shape;
  for (const Text &operand : operands) {
    if (operand.shape.size() > shape.size())
      shape.insert(shape.begin(), operand.shape.size() - shape.size(), "1");
    size_t lead = shape.size() - operand.shape.size();
    for (auto [k, size] : llvm::enumerate(operand.shape))
      if (size != "1")
        shape[lead + k] = size;
  }
  return shape;
}

/// The text of a scalar function on texts. At least one of them gets a type of its own: numbers alone would make a
/// number.
Text SourcePrinter::apply(Operation *op, ArrayRef<Text> operands) {
  StringRef name = op->getName().stripDialect();
  SmallVector<Text> x(operands);
  unsigned first = isa<SelectOp>(op) ? 1 : 0;
  Type element = elementOf(op->getOperands().back());
  bool weak = llvm::all_of(llvm::drop_begin(x, first), [](const Text &t) { return t.weak; });
  bool compares = isa<EqOp, NeOp, LtOp, LeOp, GtOp, GeOp>(op);
  // Sizes and indices are i64 as they are.
  if (weak && !(element.isInteger(64) && (compares || isa<AddOp, SubOp, MulOp, NegOp, FloorDivOp, ModOp>(op)))) {
    x[first] = typed(x[first], elementOf(op->getOperand(first)));
    weak = false;
  }
  weak &= !compares;
  if (isa<ShlOp, ShrOp>(op))
    x[1] = typed(x[1], element);
  // `x ** 2` would be a product: an exponent is seen to be floating.
  if (isa<PowOp>(op) && isa<FloatType>(element) && x[1].weak)
    if (std::optional<HostValue> value = splatValue(op->getOperand(1)))
      x[1].text = "(" + number(*value, element, /*asFloat=*/true) + ")";
  Sizes shape = broadcastShapes(x);

  StringRef sign = llvm::StringSwitch<StringRef>(name)
                       .Case("add", "+")
                       .Case("sub", "-")
                       .Case("mul", "*")
                       .Case("div", "/")
                       .Case("floordiv", "//")
                       .Case("mod", "%")
                       .Case("pow", "**")
                       .Case("eq", "==")
                       .Case("ne", "!=")
                       .Case("lt", "<")
                       .Case("le", "<=")
                       .Case("gt", ">")
                       .Case("ge", ">=")
                       .Case("and", "and")
                       .Case("or", "or")
                       .Default("");
  if (!sign.empty())
    return {"(" + x[0].text + " " + sign.str() + " " + x[1].text + ")", shape, weak, false};
  if (isa<NegOp>(op))
    return {"(-" + x[0].text + ")", shape, weak, false};
  if (isa<NotOp>(op))
    return {"(not " + x[0].text + ")", shape, false, false};
  Sizes arguments;
  for (const Text &operand : x)
    arguments.push_back(operand.text);
  return call(isa<SelectOp>(op) ? "where" : name, arguments, shape);
}

Text SourcePrinter::pointwise(Operation *op) {
  SmallVector<Text> operands;
  for (Value v : op->getOperands())
    operands.push_back(whole(v));
  return apply(op, operands);
}

Text SourcePrinter::convert(Operation *op, Text x, Type to) {
  Type from = elementOf(op->getOperand(0));
  if (to.isUnsignedInteger(64) || from.isUnsignedInteger(64))
    return refuse(op, "keys and numbers are not converted");
  if (to.isInteger(1)) {
    x = typed(x, from);
    return {"(" + x.text + " != 0)", x.shape, false, false};
  }
  return call(elementName(to), {x.text}, x.shape);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Text SourcePrinter::reduce(ReduceOp op) {
  auto x = typeOf(op.getX());
  Sizes shape = sizesOf(typeOf(op.getResult()));
  if (whole(op.getX()).shape != sizesOf(x))
    return build(shape, [&](const Place &at) { return compose(op, op.getResult(), at); });
  Sizes arguments{exact(op.getX()).text}, axes;
  for (int64_t dim : op.getDims())
    axes.push_back(std::to_string(dim));
  if (int64_t(axes.size()) < x.getRank() || op.getKind() == ReduceKind::argmax || op.getKind() == ReduceKind::argmin)
    arguments.push_back("axis=" + tuple(axes));
  Text text = call(stringifyEnum(op.getKind()), arguments, shape);
  // Sums of small integers are wider in TDS.
  Type element = x.getElementType();
  bool narrow = isa<IntegerType>(element) && element.getIntOrFloatBitWidth() < 32 && !element.isInteger(1);
  bool widens = op.getKind() == ReduceKind::sum || op.getKind() == ReduceKind::prod;
  return narrow && widens ? call(elementName(element), {text.text}, shape) : text;
}

Text SourcePrinter::scan(ScanOp op) {
  std::string axis = "axis=" + std::to_string(op.getDim());
  Sizes shape = sizesOf(typeOf(op.getResult()));
  StringRef name = op.getKind() == ScanKind::sum ? "cumsum" : "cumprod";
  Text x = exact(op.getX());
  if (!op.getReverse())
    return call(name, {x.text, axis}, shape);
  Text inner = call(name, {call("flip", {x.text, axis}, shape).text, axis}, shape);
  return call("flip", {inner.text, axis}, shape);
}

/// The operand with its last two dimensions in the order (first, second), or nothing if it has others than the batch's.
static std::optional<bool> isTransposed(AffineMap map, unsigned batch, AffineExpr first, AffineExpr second) {
  if (map.getNumResults() != batch + 2)
    return std::nullopt;
  for (unsigned d = 0; d < batch; ++d)
    if (map.getResult(d) != getAffineDimExpr(d, map.getContext()))
      return std::nullopt;
  if (map.getResult(batch) == first && map.getResult(batch + 1) == second)
    return false;
  if (map.getResult(batch) == second && map.getResult(batch + 1) == first)
    return true;
  return std::nullopt;
}

Text SourcePrinter::contract(ContractOp op) {
  Sizes shape = sizesOf(typeOf(op.getResult()));
  AffineMap maps[] = {op.mapOf(0), op.mapOf(1)};
  MLIRContext *context = op.getContext();
  auto transposed = [&](Value v, bool yes) {
    std::string text = exact(v).text;
    return yes ? "transpose(" + text + ")" : text;
  };
  if (op.getReduce().size() == 1 && shape.size() >= 2) {
    // One sum, and the last two dimensions of the result each of one operand: a product of matrices.
    unsigned batch = unsigned(shape.size()) - 2;
    AffineExpr k = getAffineDimExpr(unsigned(op.getReduce()[0]), context), rest[2];
    AffineMap result = op.resultMap();
    rest[0] = result.getResult(batch);
    rest[1] = result.getResult(batch + 1);
    bool leading = true;
    for (unsigned d = 0; d < batch; ++d)
      leading &= result.getResult(d) == getAffineDimExpr(d, context);
    for (unsigned first : {0, 1}) {
      std::optional<bool> a = isTransposed(maps[first], batch, rest[0], k),
                          b = isTransposed(maps[1 - first], batch, k, rest[1]);
      if (leading && a && b && (batch == 0 || (!*a && !*b)))
        return {"(" + transposed(op.getOperand(first), *a) + " @ " + transposed(op.getOperand(1 - first), *b) + ")",
                shape, false, false};
    }
  }
  if (op.getReduce().size() == 1 && shape.size() > 2) {
    // A stack of matrices by one matrix.
    unsigned rank = unsigned(shape.size()), each = rank - 1;
    AffineExpr k = getAffineDimExpr(unsigned(op.getReduce()[0]), context);
    AffineMap result = op.resultMap();
    for (unsigned first : {0, 1}) {
      AffineMap a = maps[first], m = maps[1 - first];
      bool stacked = a.getNumResults() == rank && a.getResult(each) == k && m.getNumResults() == 2;
      for (unsigned d = 0; stacked && d < each; ++d)
        stacked = a.getResult(d) == result.getResult(d);
      if (!stacked)
        continue;
      bool plain = m.getResult(0) == k && m.getResult(1) == result.getResult(each);
      bool turned = m.getResult(1) == k && m.getResult(0) == result.getResult(each);
      if (plain || turned)
        return {"(" + exact(op.getOperand(first)).text + " @ " + transposed(op.getOperand(1 - first), turned) + ")",
                shape, false, false};
    }
  }
  if (op.getReduce().size() == 1 && shape.size() == 1) {
    AffineExpr k = getAffineDimExpr(unsigned(op.getReduce()[0]), context), i = op.resultMap().getResult(0);
    for (unsigned vector : {0, 1}) {
      AffineMap other = maps[1 - vector];
      if (maps[vector].getNumResults() != 1 || maps[vector].getResult(0) != k || other.getNumResults() != 2)
        continue;
      std::string v = exact(op.getOperand(vector)).text, m = exact(op.getOperand(1 - vector)).text;
      bool left = other.getResult(0) == k && other.getResult(1) == i; // v @ m, or m @ v
      return {left ? "(" + v + " @ " + m + ")" : "(" + m + " @ " + v + ")", shape, false, false};
    }
  }
  bool same = maps[0] == maps[1] && maps[0].isIdentity();
  if (same) {
    std::string product = exact(op.getA()).text + " * " + exact(op.getB()).text;
    Sizes axes;
    for (int64_t dim : op.getReduce())
      axes.push_back(std::to_string(dim));
    return call("sum", shape.empty() ? Sizes{product} : Sizes{product, "axis=" + tuple(axes)}, shape);
  }
  return build(shape, [&](const Place &at) { return compose(op, op.getResult(), at); });
}
