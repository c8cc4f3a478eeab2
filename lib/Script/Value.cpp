#include "lib/Script/Value.h"
#include "runtime/Format.h"
#include <algorithm>
#include <iterator>

using namespace tds;
using namespace tds::script;
using sema::Type;

Origins script::merged(const Origins &a, const Origins &b) {
  if (!a || !b || a == b)
    return a ? a : b;
  std::vector<uint64_t> both;
  std::set_union(a->begin(), a->end(), b->begin(), b->end(), std::back_inserter(both));
  return std::make_shared<const std::vector<uint64_t>>(std::move(both));
}

static TypePtr scalarType(Element element, bool weak) {
  auto type = std::make_shared<Type>();
  type->element = element;
  type->weak = weak;
  return type;
}

Value Value::ofInteger(int64_t value) {
  static const TypePtr weak = scalarType(Element::i64, true);
  Value v;
  v.kind = integer;
  v.number = value;
  v.type = weak;
  return v;
}

Value Value::ofReal(double value) {
  static const TypePtr weak = scalarType(Element::f64, true);
  Value v;
  v.kind = real;
  v.fraction = value;
  v.type = weak;
  return v;
}

Value Value::ofTruth(bool value) {
  static const TypePtr boolean = scalarType(Element::boolean, false);
  Value v;
  v.kind = truth;
  v.number = value;
  v.type = boolean;
  return v;
}

Value Value::ofText(std::string value) {
  Value v;
  v.kind = text;
  v.string = std::move(value);
  return v;
}

Value Value::ofTensor(Tensor tensor) {
  auto type = std::make_shared<Type>();
  type->element = tensor.element();
  type->shape.assign(tensor.shape().begin(), tensor.shape().end());
  Value v;
  v.kind = tensors;
  v.type = std::move(type);
  v.leaves.push_back(std::move(tensor));
  return v;
}

Value Value::of(TypePtr type, std::vector<Tensor> leaves, std::vector<Origins> origins) {
  if (type->kind == Type::tensor && type->weak && type->shape.empty()) {
    if (type->element == Element::i64)
      return ofInteger(*static_cast<const int64_t *>(leaves[0].data()));
    if (type->element == Element::f64) {
      Value v = ofReal(*static_cast<const double *>(leaves[0].data()));
      v.origins = std::move(origins);
      return v;
    }
  }
  Value v;
  v.kind = tensors;
  v.type = std::move(type);
  v.leaves = std::move(leaves);
  v.origins = std::move(origins);
  return v;
}

Value Value::ofBatches(std::shared_ptr<BatchSource> source) {
  Value v;
  v.kind = batches;
  v.source = std::move(source);
  return v;
}

Value Value::group(Type::Kind kind, std::vector<Value> parts, std::vector<std::string> names) {
  auto type = std::make_shared<Type>();
  type->kind = kind;
  type->names = names;
  type->fileNames = std::move(names);
  Value v;
  v.kind = tensors;
  for (Value &part : parts) {
    type->parts.push_back(*part.type);
    for (Tensor &leaf : part.asTensors())
      v.leaves.push_back(std::move(leaf));
    for (size_t leaf = 0; v.origins.size() < v.leaves.size(); ++leaf)
      v.origins.push_back(part.originsOf(leaf));
  }
  v.type = std::move(type);
  return v;
}

size_t script::numLeaves(const Type &type) {
  if (type.kind == Type::tensor)
    return 1;
  size_t count = 0;
  for (const Type &part : type.parts)
    count += numLeaves(part);
  return count;
}

Type script::withFront(const Type &type, size_t index, const Dims &front) {
  Type out = type;
  if (type.kind == Type::tensor) {
    out.shape.erase(out.shape.begin(), out.shape.begin() + ptrdiff_t(index));
    out.shape.insert(out.shape.begin(), front.begin(), front.end());
    out.stacked = 0;
  }
  for (Type &part : out.parts)
    part = withFront(part, index, front);
  return out;
}

Value Value::part(size_t index) const {
  size_t first = 0;
  for (size_t i = 0; i < index; ++i)
    first += numLeaves(type->parts[i]);
  size_t count = numLeaves(type->parts[index]);
  // The part's type shares its owner, so that a part of one type is known again by its address.
  std::vector<Origins> from;
  for (size_t i = first; i < first + count; ++i)
    from.push_back(originsOf(i));
  return of(TypePtr(type, &type->parts[index]),
            {leaves.begin() + ptrdiff_t(first), leaves.begin() + ptrdiff_t(first + count)}, std::move(from));
}

Value Value::field(std::string_view name) const {
  if (kind == tensors && type->kind == Type::record)
    for (size_t i = 0; i < type->names.size(); ++i)
      if (type->names[i] == name)
        return part(i);
  return {};
}

std::optional<int64_t> Value::length() const {
  std::optional<int64_t> length;
  if (kind != tensors)
    return std::nullopt;
  for (const Tensor &leaf : leaves) {
    if (leaf.rank() == 0 || (length && *length != leaf.shape()[0]))
      return std::nullopt;
    length = leaf.shape()[0];
  }
  return length;
}

Value Value::row(int64_t index) const {
  std::vector<Tensor> rows;
  for (const Tensor &leaf : leaves) {
    Result<Tensor> row = leaf.row(index);
    if (!row)
      return {};
    rows.push_back(row.take());
  }
  return of(std::make_shared<Type>(withFront(*type, 1, {})), std::move(rows), origins);
}

std::optional<int64_t> Value::asInteger() const {
  if (kind == integer)
    return number;
  if (!isTensor() || !isScalar())
    return std::nullopt;
  const void *data = leaves[0].data();
  switch (leaves[0].element()) {
  case Element::i8:
    return *static_cast<const int8_t *>(data);
  case Element::u8:
    return *static_cast<const uint8_t *>(data);
  case Element::i16:
    return *static_cast<const int16_t *>(data);
  case Element::i32:
    return *static_cast<const int32_t *>(data);
  case Element::i64:
    return *static_cast<const int64_t *>(data);
  default:
    return std::nullopt;
  }
}

std::optional<bool> Value::asTruth() const {
  if (kind == truth)
    return number != 0;
  if (isTensor() && isScalar() && leaves[0].element() == Element::boolean)
    return *static_cast<const uint8_t *>(leaves[0].data()) != 0;
  return std::nullopt;
}

std::vector<Tensor> Value::asTensors() const {
  switch (kind) {
  case integer:
    return {Tensor::scalar(number)};
  case real:
    return {Tensor::scalar(fraction)};
  case truth:
    return {Tensor::scalar(number != 0)};
  default:
    return leaves;
  }
}

Value Value::settled() const {
  if (kind == integer)
    return ofTensor(Tensor::scalar(int32_t(number)));
  if (kind == real) {
    Value v = ofTensor(Tensor::scalar(float(fraction)));
    v.origins = origins;
    return v;
  }
  if (kind == truth)
    return ofTensor(Tensor::scalar(number != 0));
  return *this;
}

std::string Value::str() const {
  switch (kind) {
  case none:
    return "";
  case integer:
    return rt::formatNumber(number);
  case real:
    return rt::formatNumber(fraction);
  case truth:
    return number ? "true" : "false";
  case text:
    return string;
  case batches:
    return "batches";
  case tensors:
    break;
  }
  if (type->kind == Type::tensor)
    return rt::formatTensor(leaves[0]);
  std::string out = "(";
  for (size_t i = 0; i < type->parts.size(); ++i)
    out += (i ? ", " : "") + (type->kind == Type::record ? type->names[i] + "=" : "") + part(i).str();
  return out + (type->kind == Type::tuple && type->parts.size() == 1 ? ",)" : ")");
}

std::string Value::describe() const {
  switch (kind) {
  case none:
    return "nothing";
  case text:
    return "a string";
  case batches:
    return "batches";
  default:
    return type->kind == Type::tensor && type->weak ? type->str() : "`" + type->str() + "`";
  }
}
