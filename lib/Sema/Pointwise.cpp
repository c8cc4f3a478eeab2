// Scalar functions on tensors and records: weak numbers, element types, broadcasting, lifting.
#include "lib/Sema/Elaborator.h"
#include <cmath>

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;

static const std::vector<FunctionInfo> table = {
#define TDS_FUNCTION(name, params, elements, result, differentiable, summary, example)                                  \
  {#name, params, ElementKinds::elements, FunctionInfo::result, differentiable, summary, example},
#include "lib/Sema/Functions.inc"
#undef TDS_FUNCTION
};

const std::vector<FunctionInfo> &sema::scalarFunctions() { return table; }

const FunctionInfo *sema::scalarFunction(std::string_view name) {
  static const auto *byName = [] {
    auto *map = new std::map<std::string_view, const FunctionInfo *>;
    for (const FunctionInfo &f : table)
      (*map)[f.name] = &f;
    return map;
  }();
  auto it = byName->find(name);
  return it == byName->end() ? nullptr : it->second;
}

unsigned FunctionInfo::arity() const { return unsigned(1 + std::count(params.begin(), params.end(), ',')); }

/// How a function is written in a program, for messages.
static std::string spelling(const std::string &name) {
  static const std::map<std::string_view, const char *> operators = {
      {"add", "+"}, {"sub", "-"}, {"mul", "*"}, {"div", "/"}, {"floordiv", "//"}, {"mod", "%"}, {"pow", "**"}, {"neg", "-"},
      {"eq", "=="}, {"ne", "!="}, {"lt", "<"}, {"le", "<="}, {"gt", ">"}, {"ge", ">="}, {"and", "and"}, {"or", "or"}, {"not", "not"}, {"select", "where"}};
  auto it = operators.find(name);
  return it == operators.end() ? name : it->second;
}

Value Elaborator::mapLeaves(const Value &value, const std::function<Value(const Value &)> &f) {
  if (value.kind != Value::record && value.kind != Value::tuple)
    return f(value);
  Value result = value;
  for (Value &part : result.parts) {
    part = mapLeaves(part, f);
    if (part.kind == Value::none)
      return {};
  }
  return result;
}

Value Elaborator::pointwise(const std::string &name, std::vector<Value> operands, Range range) {
  const Value *record = nullptr;
  for (const Value &v : operands) {
    if (v.kind == Value::none)
      return {};
    if (v.kind == Value::record) {
      if (record && record->names != v.names)
        return fail(Code::E0203, range, "records with different fields: " + describe(*record) + " and " + describe(v));
      record = record ? record : &v;
    } else if (v.kind != Value::tensor) {
      return fail(Code::E0202, range, "`" + spelling(name) + "` takes tensors and records; " + quoted(v.range) + " is " + describe(v));
    }
  }
  if (!record)
    return pointwiseLeaves(name, std::move(operands), range);
  Value result = *record;
  for (size_t i = 0; i < result.parts.size(); ++i) {
    std::vector<Value> leafOperands;
    for (const Value &v : operands) {
      leafOperands.push_back(v.kind == Value::record ? v.parts[i] : v);
      if (v.kind == Value::record)
        leafOperands.back().range = v.range;
    }
    result.parts[i] = pointwise(name, std::move(leafOperands), range);
    if (result.parts[i].kind == Value::none)
      return {};
  }
  return result;
}

/// Sizes and weak numbers that are known are computed here: sizes stay sizes, and `if` can choose by them.
std::optional<Value> Elaborator::foldWeak(const std::string &name, std::vector<Value> &v) {
  static const std::set<std::string_view> comparisons = {"eq", "ne", "lt", "le", "gt", "ge"};
  for (const Value &x : v)
    if (!x.isScalar())
      return std::nullopt;
  bool ints = true, sizes = true;
  for (const Value &x : v) {
    ints &= isInteger(x.element);
    sizes &= x.size.has_value() && x.weak;
  }
  auto truth = [&](auto a, auto b) {
    return Value::ofTruth(name == "eq" ? a == b : name == "ne" ? a != b : name == "lt" ? a < b : name == "le" ? a <= b : name == "gt" ? a > b : a >= b);
  };
  if (ints && sizes) {
    if (name == "neg")
      return Value::ofSize(-*v[0].size);
    if (v.size() == 2) {
      const Dim &a = *v[0].size, &b = *v[1].size;
      auto x = a.constant(), y = b.constant();
      if (name == "add")
        return Value::ofSize(a + b);
      if (name == "sub")
        return Value::ofSize(a - b);
      if (name == "mul")
        return Value::ofSize(a * b);
      // A form in indices or data keeps its floor division when the divisor is a size.
      if (isSize(b) && (name == "floordiv" || name == "mod"))
        return Value::ofSize(name == "mod" ? Dim::mod(a, b) : Dim::floorDiv(a, b));
      if (comparisons.contains(name)) {
        if (x && y)
          return truth(*x, *y);
        if (auto d = (a - b).constant())
          return truth(*d, int64_t(0));
        return std::nullopt;
      }
      if (name == "maximum" && x && y)
        return Value::ofSize(std::max(*x, *y));
      if (name == "minimum" && x && y)
        return Value::ofSize(std::min(*x, *y));
      if (name == "div" && x && y)
        return Value::ofNumber(double(*x) / double(*y));
    }
  }
  if (name == "not" && v[0].truth)
    return Value::ofTruth(!*v[0].truth);
  if ((name == "eq" || name == "ne") && v.size() == 2 && v[0].truth && v[1].truth)
    return Value::ofTruth((*v[0].truth == *v[1].truth) == (name == "eq"));
  std::vector<double> numbers;
  for (const Value &x : v) {
    if (x.number && x.weak)
      numbers.push_back(*x.number);
    else if (x.weak && x.size && x.size->constant())
      numbers.push_back(double(*x.size->constant()));
    else
      return std::nullopt;
  }
  if (ints)
    return std::nullopt;
  double a = numbers[0], b = numbers.back();
  if (name == "neg")
    return Value::ofNumber(-a);
  if (v.size() == 2) {
    if (name == "add")
      return Value::ofNumber(a + b);
    if (name == "sub")
      return Value::ofNumber(a - b);
    if (name == "mul")
      return Value::ofNumber(a * b);
    if (name == "div")
      return Value::ofNumber(a / b);
    if (comparisons.contains(name))
      return truth(a, b);
  }
  return std::nullopt;
}

/// Bools, integers, floats, complex numbers: what converts to the right without loss.
static int rank(Element e) { return isComplex(e) ? 3 : isFloating(e) ? 2 : e == Element::boolean ? 0 : 1; }

/// Brings operands to one element type: a typed one decides, weak numbers follow it if they fit.
bool Elaborator::unifyElements(std::vector<Value *> operands, const std::string &name, Range range) {
  const Value *typed = nullptr;
  bool weakFloat = false;
  for (Value *v : operands) {
    weakFloat |= v->weak && isFloating(v->element);
    if (v->weak)
      continue;
    if (typed && typed->element != v->element) {
      std::string a(elementName(typed->element)), b(elementName(v->element));
      auto &d = error(Code::E0217, range, "element types differ: " + a + " and " + b);
      noteOperand(d, *typed, typed->range);
      noteOperand(d, *v, v->range);
      const Value *from = rank(v->element) <= rank(typed->element) ? v : typed;
      if (from->range.file && typed->range.file && v->range.file && from->element != Element::key && (from == v ? typed : v)->element != Element::key)
        d.help("convert one: `" + (from == v ? a : b) + "(" + std::string(program.sources().text(from->range)) + ")`");
      return false;
    }
    typed = typed ? typed : v;
  }
  Element element = typed ? typed->element : weakFloat ? Element::f64 : Element::i64;
  for (Value *v : operands) {
    if (!v->weak)
      continue;
    if (typed && isFloating(v->element) && !isFloating(element) && !isComplex(element)) {
      std::string e(elementName(element)), text = v->range.file ? quoted(v->range) : "this";
      auto &d = error(Code::E0207, v->range.file ? v->range : range, text + " is a float and does not fit " + e);
      if (typed->range.file && v->range.file) {
        std::string other(program.sources().text(typed->range));
        noteOperand(d, *typed, typed->range);
        d.help("convert the other operand: `f32(" + other + ")`");
      }
      return false;
    }
    if (typed && v->size && v->size->constant() && isInteger(element) && element != Element::i64) {
      int64_t x = *v->size->constant();
      int bits = int(elementSize(element)) * 8;
      int64_t low = element == Element::u8 ? 0 : -(int64_t(1) << (bits - 1));
      int64_t high = element == Element::u8 ? 255 : (int64_t(1) << (bits - 1)) - 1;
      if (x < low || x > high) {
        error(Code::E0207, v->range.file ? v->range : range, std::to_string(x) + " does not fit " + std::string(elementName(element)));
        return false;
      }
    }
    if (typed && (element == Element::boolean || element == Element::key)) {
      auto &d = error(Code::E0217, range, "`" + name + "` of " + std::string(elementName(element)) + " and a number");
      if (element == Element::boolean && v->range.file && typed->range.file)
        d.help(name == "and" || name == "or" ? "compare: `" + sourceOf(v->range) + " != 0`" : "count bools as numbers: `i32(" + sourceOf(typed->range) + ")`");
      return false;
    }
    bool stays = !typed;
    if (v->element == element && stays)
      continue;
    Node *n = v->node;
    if (v->number || (v->size && v->size->constant())) // a constant is written in the type it meets
      n = v->number ? constant(*v->number, element, v->range) : integer(*v->size->constant(), element, v->range);
    else
      n = convertNode(materialize(*v), element, v->range);
    Range where = v->range;
    auto number = v->number;
    auto size = v->size;
    *v = Value::ofNode(n, stays);
    v->range = where;
    if (stays && size && size->constant())
      v->number = double(*size->constant());
    else if (stays)
      v->number = number;
  }
  return true;
}

/// NumPy's broadcasting; only the constant 1 stretches.
bool Elaborator::unifyShapes(std::vector<Value *> operands, const std::string &name, Range range) {
  size_t rank = 0;
  for (Value *v : operands)
    rank = std::max(rank, v->shape.size());
  Dims shape(rank, Dim(1));
  std::vector<const Value *> from(rank, nullptr);
  for (Value *v : operands)
    for (size_t i = 0; i < v->shape.size(); ++i) {
      size_t at = rank - v->shape.size() + i;
      const Dim &dim = v->shape[i];
      if (shape[at] == dim)
        from[at] = from[at] ? from[at] : v;
      else if (shape[at].isConstant(1) && (!from[at] || true))
        shape[at] = dim, from[at] = v;
      else if (!dim.isConstant(1)) {
        bool may = !shape[at].constant() || !dim.constant();
        std::string a = shape[at].str(), b = dim.str();
        const Value &first = from[at] ? *from[at] : *operands[0];
        std::string word = spelling(name), both = std::isalpha(word[0]) && word != "and" && word != "or"
                                                     ? "`" + word + "` of " + describe(first) + " and " + describe(*v)
                                                     : describe(first) + " " + word + " " + describe(*v);
        auto &d = error(Code::E0203, range, both + ": " + a + " and " + b + (may ? " may differ" : " differ") +
                            " in dimension " + std::to_string(int64_t(i) - int64_t(v->shape.size())));
        noteOperand(d, first, first.range, at - (rank - first.shape.size()));
        noteOperand(d, *v, v->range, i);
        helpShapes(d, first, *v, shape[at], dim);
        return false;
      }
    }
  for (Value *v : operands) {
    Node *n = broadcast(materialize(*v), shape);
    bool weak = v->weak;
    Range where = v->range;
    *v = Value::ofNode(n, weak);
    v->range = where;
  }
  return true;
}

Value Elaborator::pointwiseLeaves(const std::string &name, std::vector<Value> operands, Range range) {
  const FunctionInfo *info = scalarFunction(name);
  if (!info)
    return fail(Code::E0902, range, "no scalar function `" + name + "`");
  if (auto folded = foldWeak(name, operands))
    return folded->range = range, *folded;

  if (name == "pow" && isInteger(operands[1].element) && operands[0].element != Element::boolean) {
    // a ** k has a's type; small constant powers are products, which differentiate without a logarithm.
    Value base = operands[0];
    auto k = operands[1].size && operands[1].weak ? operands[1].size->constant() : std::nullopt;
    if (k && *k >= 1 && *k <= 4) {
      Value square = *k > 1 ? pointwiseLeaves("mul", {base, base}, range) : base;
      return *k <= 2 ? square : pointwiseLeaves("mul", {square, *k == 3 ? base : square}, range);
    }
    if (isFloating(base.element) || isComplex(base.element)) {
      Element element = base.element;
      Node *exponent = k ? constant(double(*k), element, range) : convertNode(materialize(operands[1]), element, range);
      operands[1] = Value::ofNode(exponent, base.weak);
    }
  }

  // The first operand of `select` is a condition, apart from the rest.
  bool select = name == "select";
  std::vector<Value *> data;
  for (size_t i = select; i < operands.size(); ++i)
    data.push_back(&operands[i]);
  if (select && operands[0].element != Element::boolean)
    return fail(Code::E0202, operands[0].range, "the condition of `where` is bool; this is " + describe(operands[0]));
  if (info->elements == ElementKinds::Floating || info->elements == ElementKinds::Analytic || name == "div") {
    bool anyTyped = false;
    for (Value *v : data)
      anyTyped |= !v->weak;
    for (Value *v : data)
      if (v->weak && isInteger(v->element) && !anyTyped) {
        Range where = v->range;
        *v = v->size && v->size->constant() ? Value::ofNumber(double(*v->size->constant()))
                                            : Value::ofNode(convertNode(materialize(*v), Element::f64, where), true);
        v->range = where;
      }
  }
  // An integer of indices, sizes and data stays known as such: a slice `x[t:t+4]` and a subscript `x[i + at]` read it.
  std::optional<Dim> form;
  if ((name == "add" || name == "sub" || name == "mul") && isInteger(data[0]->element) && isInteger(data[1]->element) && data[0]->isScalar() && data[1]->isScalar()) {
    Dim a = linearForm(*data[0]), b = linearForm(*data[1]);
    form = name == "add" ? a + b : name == "sub" ? a - b : a * b;
  }
  if (!unifyElements(data, spelling(name), range))
    return {};
  if (info->result == FunctionInfo::ComplexOf) // there are no weak complex numbers
    for (Value *v : data)
      if ((*v = settle(*v)).kind == Value::none)
        return {};
  Element element = data[0]->element;
  unsigned bit = element == Element::boolean ? ElementKinds::Bool : isInteger(element) ? ElementKinds::Integer : element == Element::key ? ElementKinds::Key
                 : isFloating(element) ? ElementKinds::Floating : ElementKinds::Complex;
  if (!select && !(info->elements & bit)) {
    auto &d = error(Code::E0202, range, "`" + spelling(name) + "` is not defined on " + (data[0]->weak ? describe(*data[0]) : std::string(elementName(element))));
    if (name == "and" || name == "or" || name == "not") {
      if (data[0]->range.file)
        d.help("compare: `" + sourceOf(data[0]->range) + " != 0`");
    } else if (data[0]->range.file && (isInteger(element) || element == Element::boolean))
      d.help("convert: `f32(" + std::string(program.sources().text(data[0]->range)) + ")`");
    return {};
  }
  bool weak = info->result != FunctionInfo::Bool;
  for (Value *v : data)
    weak &= v->weak;

  std::vector<Value *> all;
  for (Value &v : operands)
    all.push_back(&v);
  if (!unifyShapes(all, name, range))
    return {};
  std::vector<Node *> nodes;
  for (Value &v : operands)
    nodes.push_back(v.node);
  Value result = Value::ofNode(point(name, std::move(nodes), range), weak);
  result.size = form;
  result.range = range;
  return result;
}

Value Elaborator::convert(Value value, Element element, Range range) {
  return mapLeaves(value, [&](const Value &leaf) -> Value {
    Value v = leaf;
    if (v.kind != Value::tensor)
      return fail(Code::E0202, range, "a conversion takes numbers; this is " + describe(v));
    if (v.element == Element::key || element == Element::key)
      return fail(Code::E0202, range, "a key is made by `key(seed)`");
    if (isComplex(v.element) && !isComplex(element))
      return fail(Code::E0202, range, "a complex number has no order on the line; write `real(z)` or `abs(z)`");
    Value result;
    if (v.number && !isComplex(element) && isFloating(element))
      result = Value::ofNode(constant(*v.number, element, range));
    else if (v.size && v.weak && v.size->constant() && (isFloating(element) || isInteger(element)))
      result = Value::ofNode(convertNode(integer(*v.size->constant(), isFloating(element) ? element : Element::i64, range), element, range));
    else
      result = Value::ofNode(convertNode(materialize(v), element, range));
    result.range = range;
    return result;
  });
}

Value Elaborator::settle(Value value) {
  if (value.kind != Value::tensor && value.kind != Value::record && value.kind != Value::tuple)
    return value;
  return mapLeaves(value, [&](const Value &leaf) -> Value {
    if (!leaf.weak)
      return leaf;
    std::vector<int64_t> numbers = leaf.node && leaf.node->op == Op::constant ? leaf.node->integers : std::vector<int64_t>{};
    if (auto k = leaf.size ? leaf.size->constant() : std::nullopt)
      numbers = {*k};
    for (int64_t k : numbers)
      if (k != int32_t(k))
        return error(Code::E0207, leaf.range, std::to_string(k) + " does not fit i32").help("write `i64(" + std::string(program.sources().text(leaf.range)) + ")`"), Value{};
    return convert(leaf, isFloating(leaf.element) ? Element::f32 : Element::i32, leaf.range);
  });
}

Value Elaborator::settleTensors(Value value) {
  if (value.kind != Value::tensor && value.kind != Value::record && value.kind != Value::tuple)
    return value;
  if (value.kind == Value::record)
    return settle(std::move(value));
  if (value.kind == Value::tuple) {
    for (Value &part : value.parts)
      if ((part = settleTensors(std::move(part))).kind == Value::none)
        return {};
    return value;
  }
  return mapLeaves(value, [&](const Value &leaf) { return leaf.weak && !leaf.shape.empty() ? settle(leaf) : leaf; });
}

/// A new leading dimension over values of one type.
Value Elaborator::stack(std::vector<Value> values, Range range) {
  for (Value &v : values)
    if (v.kind == Value::none)
      return {};
  if (values[0].kind == Value::record) {
    Value result = values[0];
    for (size_t i = 0; i < result.parts.size(); ++i) {
      std::vector<Value> parts;
      for (Value &v : values) {
        if (v.names != result.names)
          return fail(Code::E0202, range, "a list of values of different types: " + describe(values[0]) + " and " + describe(v));
        parts.push_back(v.parts[i]);
      }
      result.parts[i] = stack(std::move(parts), range);
      if (result.parts[i].kind == Value::none)
        return {};
    }
    return result;
  }
  std::vector<Value *> all;
  for (Value &v : values) {
    if (!v.isTensor())
      return fail(Code::E0202, range, "a list holds numbers, tensors or records; this is " + describe(v));
    all.push_back(&v);
  }
  if (!unifyElements(all, "[..]", range))
    return {};
  bool weak = true, constants = true;
  for (Value &v : values) {
    if (!(v.shape == values[0].shape)) {
      auto &d = error(Code::E0203, range, "a list of tensors of different shapes: " + describe(values[0]) + " and " + describe(v));
      noteDiffering(d, values[0], v);
      return {};
    }
    weak &= v.weak;
  }
  // A literal of numbers is one constant.
  std::vector<Node *> nodes;
  for (Value &v : values) {
    nodes.push_back(materialize(v));
    constants &= nodes.back()->op == Op::constant;
    int64_t count = 1;
    for (const Dim &d : v.shape)
      count *= d.constant().value_or(-1);
    constants &= int64_t(nodes.back()->numbers.size() + nodes.back()->integers.size()) == count;
  }
  Dims shape = values[0].shape;
  shape.insert(shape.begin(), Dim(int64_t(values.size())));
  if (nodes[0]->op == Op::size && nodes[0]->size.constant()) {
    constants = true;
    for (Node *&n : nodes) {
      constants &= n->op == Op::size && n->size.constant().has_value();
      if (n->op == Op::size && n->size.constant())
        n = integer(*n->size.constant(), Element::i64, n->range);
    }
  }
  Value result;
  if (constants) {
    Node *n = node(Op::constant, nodes[0]->element, shape, {}, range);
    for (Node *part : nodes) {
      n->numbers.insert(n->numbers.end(), part->numbers.begin(), part->numbers.end());
      n->integers.insert(n->integers.end(), part->integers.begin(), part->integers.end());
    }
    result = Value::ofNode(n, weak);
  } else {
    std::vector<Value> rows;
    for (Node *n : nodes) {
      Dims rowShape = n->shape;
      rowShape.insert(rowShape.begin(), Dim(1));
      Node *row = node(Op::access, n->element, rowShape, {n}, range);
      for (size_t i = 0; i < n->shape.size(); ++i)
        row->coordinates.push_back(Dim::name("#" + std::to_string(i + 1)));
      rows.push_back(Value::ofNode(row, weak));
    }
    result = concat(std::move(rows), 0, range);
  }
  // A list alone takes the default type; inside a list literal the outer one decides.
  result.range = range;
  return result;
}

/// Each part is read where it lies and 0 elsewhere, and the parts are chosen by position.
Value Elaborator::concat(std::vector<Value> values, int64_t axis, Range range) {
  std::vector<Value *> all;
  for (Value &v : values)
    all.push_back(&v);
  if (!unifyElements(all, "concat", range))
    return {};
  Dims shape = values[0].shape;
  bool weak = values[0].weak;
  for (size_t i = 1; i < values.size(); ++i) {
    const Dims &other = values[i].shape;
    bool same = other.size() == shape.size();
    for (size_t d = 0; same && d < shape.size(); ++d)
      same = int64_t(d) == axis || other[d] == shape[d];
    if (!same) {
      auto &d = error(Code::E0203, range, "`concat` of tensors that differ apart from axis " + std::to_string(axis) + ": " + describe(values[0]) + " and " + describe(values[i]));
      noteDiffering(d, values[0], values[i], axis);
      return {};
    }
    shape[size_t(axis)] = shape[size_t(axis)] + other[size_t(axis)];
  }
  auto dimName = [](size_t i) { return Dim::name("#" + std::to_string(i)); };
  Node *result = nullptr;
  Dim offset = 0;
  for (Value &v : values) {
    Node *part = node(Op::access, v.element, shape, {materialize(v)}, range);
    for (size_t d = 0; d < shape.size(); ++d)
      part->coordinates.push_back(int64_t(d) == axis ? dimName(d) - offset : dimName(d));
    if (values.size() > 1) {
      part->outside = graph::Outside::otherwise;
      part->operands.push_back(result ? result : constant(0, v.element, range));
    }
    result = part;
    offset = offset + v.shape[size_t(axis)];
  }
  return Value::ofNode(result, weak);
}
