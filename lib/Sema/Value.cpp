#include "lib/Sema/Value.h"

using namespace tds;
using namespace tds::sema;

Dim sema::anyDims() { return Dim::name("..."); }
Dim sema::anyDim() { return Dim::name("_"); }

std::string Type::str() const {
  std::string text;
  if (kind == tensor) {
    if (family == anyFloat)
      text = "float";
    else if (family == anyInt)
      text = "int";
    else if (weak)
      text = isFloating(element) ? "a weak float" : "a weak int";
    else
      text = elementName(element);
    return shape.empty() ? text : text + tds::str(shape);
  }
  text = kind == record ? "{" : "(";
  for (size_t i = 0; i < parts.size(); ++i) {
    text += i ? ", " : "";
    if (kind == record)
      text += names[i] + ": ";
    text += parts[i].str();
  }
  if (kind == tuple && parts.size() == 1)
    text += ",";
  return text + (kind == record ? "}" : ")");
}

static void collectLeaves(const Type &type, const std::string &path, const std::string &filePath,
                          std::vector<TypeLeaf> &out) {
  if (type.kind == Type::tensor) {
    out.push_back({path, filePath, &type});
    return;
  }
  for (size_t i = 0; i < type.parts.size(); ++i) {
    std::string name = type.kind == Type::record ? type.names[i] : std::to_string(i);
    std::string fileName = type.kind == Type::record && i < type.fileNames.size() ? type.fileNames[i] : name;
    collectLeaves(type.parts[i], path.empty() ? name : path + "." + name,
                  filePath.empty() ? fileName : filePath + "." + fileName, out);
  }
}

std::vector<TypeLeaf> sema::leaves(const Type &type, const std::string &path) {
  std::vector<TypeLeaf> out;
  collectLeaves(type, path, "", out);
  return out;
}

Value Value::ofSize(Dim size) {
  Value v;
  v.kind = tensor;
  v.element = Element::i64;
  v.weak = true;
  v.size = std::move(size);
  return v;
}

Value Value::ofNumber(double number) {
  Value v;
  v.kind = tensor;
  v.element = Element::f64;
  v.weak = true;
  v.number = number;
  return v;
}

Value Value::ofTruth(bool truth) {
  Value v;
  v.kind = tensor;
  v.element = Element::boolean;
  v.truth = truth;
  return v;
}

Value Value::ofNode(graph::Node *node, bool weak) {
  Value v;
  v.kind = tensor;
  v.element = node->element;
  v.weak = weak;
  v.shape = node->shape;
  v.node = node;
  v.range = node->range;
  return v;
}

Value Value::ofParts(Kind kind, std::vector<Value> parts, std::vector<std::string> names,
                     std::vector<std::string> fileNames) {
  Value v;
  v.kind = kind;
  v.parts = std::move(parts);
  v.fileNames = fileNames.empty() ? names : std::move(fileNames);
  v.names = std::move(names);
  return v;
}

Type sema::typeOf(const Value &value) {
  Type type;
  if (value.kind == Value::record || value.kind == Value::tuple) {
    type.kind = value.kind == Value::record ? Type::record : Type::tuple;
    type.names = value.names;
    type.fileNames = value.fileNames;
    for (const Value &part : value.parts)
      type.parts.push_back(typeOf(part));
    return type;
  }
  type.element = value.element;
  type.weak = value.weak;
  type.shape = value.shape;
  return type;
}

void sema::forEachLeaf(Value &value, const std::function<void(Value &)> &f) {
  if (value.kind == Value::tensor)
    f(value);
  for (Value &part : value.parts)
    forEachLeaf(part, f);
}

void sema::forEachLeaf(const Value &value, const std::function<void(const Value &)> &f) {
  if (value.kind == Value::tensor)
    f(value);
  for (const Value &part : value.parts)
    forEachLeaf(part, f);
}
