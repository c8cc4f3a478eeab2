// Built-in functions that are neither scalar functions nor written in the prelude: shape, making, and the table of all.
#include "lib/Sema/Elaborator.h"
#include "llvm/Support/Casting.h"
#include <set>

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;

static Dim local(size_t i) { return Dim::name("#" + std::to_string(i)); }

const std::map<std::string, Elaborator::Builtin> &Elaborator::builtins() {
  using E = Elaborator;
  static const std::map<std::string, Builtin> table = [] {
    std::map<std::string, Builtin> t;
    auto add = [&](Builtin f, std::initializer_list<const char *> names) {
      for (const char *name : names)
        t[name] = f;
    };
    add(&E::builtinWhere, {"where"});
    add(&E::builtinReshape, {"reshape"});
    add(&E::builtinTranspose, {"transpose"});
    add(&E::builtinBroadcastTo, {"broadcast_to"});
    add(&E::builtinConcat, {"concat"});
    add(&E::builtinPad, {"pad"});
    add(&E::builtinRearrange, {"flip", "roll", "repeat", "diag", "tril", "triu"});
    add(&E::builtinSize, {"size", "shape"});
    add(&E::builtinMake, {"zeros", "ones", "full", "zeros_like", "eye", "arange", "linspace", "one_hot"});
    add(&E::builtinReduce, {"sum", "prod", "mean", "max", "min", "any", "all", "argmax", "argmin", "logsumexp", "var", "std"});
    add(&E::builtinScan, {"cumsum", "cumprod"});
    add(&E::builtinIdentity, {"stop_gradient", "checkpoint"});
    add(&E::builtinClose, {"close"});
    add(&E::builtinRandom, {"key", "split", "fold_in", "uniform", "normal", "bernoulli", "randint", "categorical", "glorot", "he"});
    add(&E::builtinInit, {"init"});
    add(&E::builtinScatterAdd, {"scatter_add"});
    add(&E::builtinSort, {"sort", "argsort", "topk"});
    add(&E::builtinFft, {"fft", "ifft", "rfft", "irfft"});
    add(&E::builtinLinear, {"cholesky", "triangular_solve", "solve", "inv", "det"});
    add(&E::builtinScriptOnly, {"print", "load", "save", "batches", "nonzero", "devices", "time"});
    return t;
  }();
  return table;
}

bool Elaborator::isBuiltin(const std::string &name) const {
  // What an operator says has no name.
  static const std::set<std::string_view> operators = {"add", "sub", "mul", "div", "floordiv", "mod", "pow", "neg", "eq", "ne", "lt",
                                                       "le", "gt", "ge", "and", "or", "not", "select", "derive_key"};
  return builtins().contains(name) || (scalarFunction(name) && !operators.contains(name));
}

bool Elaborator::arity(const std::string &name, const CallArguments &a, size_t least, size_t most, std::initializer_list<std::string_view> named) {
  if (a.positional.size() < least || a.positional.size() > most) {
    std::string count = std::to_string(least) + (most > least ? " to " + std::to_string(most) : "");
    auto &d = error(Code::E0209, a.range, "`" + name + "` takes " + count + " argument" + (most == 1 ? "" : "s") + ", this call gives " + std::to_string(a.positional.size()));
    // A shape whose sizes stand side by side.
    static const std::map<std::string_view, size_t> shapeAt = {{"reshape", 1}, {"broadcast_to", 1}, {"transpose", 1}, {"zeros", 0}, {"ones", 0}, {"uniform", 1}, {"normal", 1}};
    if (auto it = shapeAt.find(name); it != shapeAt.end() && a.positional.size() > it->second + 1 && a.exprs.size() == a.positional.size()) {
      std::string before, shape;
      for (size_t i = 0; i < a.exprs.size(); ++i)
        (i < it->second ? before : shape) += (i > it->second ? ", " : "") + sourceOf(a.exprs[i]->range) + (i < it->second ? ", " : "");
      d.help("several sizes stand in brackets: `" + name + "(" + before + "(" + shape + "))`");
    }
    return false;
  }
  for (auto &[given, v] : a.named)
    if (std::find(named.begin(), named.end(), given) == named.end()) {
      noParameter(name, given, v, a.range, std::vector<std::string>(named.begin(), named.end()));
      return false;
    }
  return true;
}

std::optional<Element> Elaborator::elementArgument(const CallArguments &a, size_t position, Element otherwise) {
  if (a.positional.size() <= position)
    return otherwise;
  const Value &v = a.positional[position];
  if (v.kind == Value::type)
    return v.element;
  auto &d = error(Code::E0202, v.range.file ? v.range : a.range, "an element type is expected, `f32`; this is " + describe(v));
  if (v.isScalar() && isInteger(v.element) && position == 1 && a.exprs.size() == 2)
    d.help("several sizes stand in brackets: `(" + sourceOf(a.exprs[0]->range) + ", " + sourceOf(a.exprs[1]->range) + ")`");
  return std::nullopt;
}

Value Elaborator::builtinWhere(const std::string &name, CallArguments &a) {
  return arity(name, a, 3, 3) ? pointwise("select", a.positional, a.range) : Value{};
}

Value Elaborator::builtinIdentity(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 1, 1))
    return {};
  if (name == "checkpoint") // given as a function: its argument is there already; else Elaborator::checkpoint
    return a.positional[0];
  return mapLeaves(a.positional[0], [&](const Value &leaf) -> Value {
    Value v = leaf;
    if (v.kind != Value::tensor)
      return fail(Code::E0202, a.range, "`stop_gradient` takes tensors; this is " + describe(v));
    return isFloating(v.element) || isComplex(v.element) ? Value::ofNode(point("stop_gradient", {materialize(v)}, a.range), v.weak) : v;
  });
}

Value Elaborator::builtinReshape(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 2, 2))
    return {};
  Value x = a.positional[0];
  if (!x.isTensor())
    return fail(Code::E0202, a.range, "`reshape` takes a tensor; this is " + describe(x));
  const Value &target = a.positional[1];
  Dims shape;
  std::optional<size_t> open;
  Dim total = 1, known = 1;
  for (const Dim &d : x.shape)
    total = total * d;
  for (const Value &part : target.kind == Value::tuple ? target.parts : std::vector<Value>{target}) {
    auto dim = asSize(part, part.range.file ? part.range : a.range, "a size");
    if (!dim)
      return {};
    if (dim->isConstant(-1)) {
      if (open)
        return fail(Code::E0203, a.range, "one -1 at most in a shape");
      open = shape.size();
    } else if (dim->constant().value_or(0) < 0) {
      return fail(Code::E0211, part.range.file ? part.range : a.range, "a size can't be negative; this is " + dim->str());
    } else {
      known = known * *dim;
    }
    shape.push_back(*dim);
  }
  if (open) {
    shape[*open] = Dim::floorDiv(total, known);
    known = known * shape[*open];
  }
  // Open sizes that may agree are compared again when they are numbers.
  if (!(known == total) && ((known - total).constant() || (known.constant() && total.constant())))
    return error(Code::E0203, a.range, "`reshape` of " + describe(x) + ", " + total.str() + " elements, to " + tds::str(shape) + ", " + known.str() + " elements")
               .note(x.range, describe(x)),
           Value{};
  return Value::ofNode(node(Op::reshape, x.element, shape, {materialize(x)}, a.range), x.weak);
}

Value Elaborator::builtinTranspose(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 1, 2, {"axes"}))
    return {};
  Value x = a.positional[0];
  if (!x.isTensor())
    return fail(Code::E0202, a.range, "`transpose` takes a tensor; this is " + describe(x));
  size_t rank = x.shape.size();
  std::vector<size_t> from(rank);
  const Value *axes = a.positional.size() > 1 ? &a.positional[1] : a.find("axes");
  if (!axes) {
    for (size_t i = 0; i < rank; ++i)
      from[i] = rank - 1 - i;
  } else {
    std::vector<bool> seen(rank);
    std::vector<Value> parts = axes->kind == Value::tuple ? axes->parts : std::vector<Value>{*axes};
    if (parts.size() != rank)
      return fail(Code::E0218, a.range, "`transpose` of " + std::to_string(rank) + " dimensions takes as many axes; this gives " + std::to_string(parts.size()));
    for (size_t i = 0; i < rank; ++i) {
      auto dim = asSize(parts[i], parts[i].range.file ? parts[i].range : a.range, "an axis");
      if (!dim)
        return {};
      int64_t k = dim->constant().value_or(-1);
      k = k < 0 ? k + int64_t(rank) : k;
      if (k < 0 || k >= int64_t(rank) || seen[size_t(k)])
        return fail(Code::E0218, a.range, "the axes of `transpose` are the numbers 0 to " + std::to_string(rank - 1) + ", each once");
      seen[size_t(k)] = true;
      from[i] = size_t(k);
    }
  }
  Dims shape;
  std::vector<Dim> coordinates(rank);
  for (size_t i = 0; i < rank; ++i) {
    shape.push_back(x.shape[from[i]]);
    coordinates[from[i]] = local(i);
  }
  Node *n = node(Op::access, x.element, shape, {materialize(x)}, a.range);
  n->coordinates = coordinates;
  return Value::ofNode(n, x.weak);
}

Value Elaborator::builtinBroadcastTo(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 2, 2))
    return {};
  Value x = a.positional[0];
  auto shape = shapeArgument(a.positional[1], a.range);
  if (!shape)
    return {};
  if (!x.isTensor() || x.shape.size() > shape->size())
    return fail(Code::E0203, a.range, describe(x) + " does not broadcast to " + tds::str(*shape));
  for (size_t i = 0; i < x.shape.size(); ++i) {
    const Dim &from = x.shape[i], &to = (*shape)[shape->size() - x.shape.size() + i];
    if (!(from == to) && !from.isConstant(1))
      return fail(Code::E0203, a.range, describe(x) + " does not broadcast to " + tds::str(*shape));
  }
  return Value::ofNode(broadcast(materialize(x), *shape), x.weak);
}

Value Elaborator::builtinConcat(const std::string &name, CallArguments &a) {
  if (a.positional.size() > 1)
    return error(Code::E0209, a.range, "`concat` takes the parts in one pair of parentheses").help("write `concat((a, b), axis=0)`"), Value{};
  if (!arity(name, a, 1, 1, {"axis"}))
    return {};
  const Value &list = a.positional[0];
  if (list.kind != Value::tuple || list.parts.empty())
    return fail(Code::E0202, a.range, "`concat` takes a tuple of tensors: `concat((a, b), axis=0)`");
  for (const Value &part : list.parts)
    if (!part.isTensor() || part.shape.empty())
      return fail(Code::E0202, a.range, "`concat` takes tensors of one dimension or more; this is " + describe(part));
  Value zero = Value::ofSize(0);
  auto axes = axesOf(a.find("axis") ? a.find("axis") : &zero, list.parts[0].shape.size(), a.range);
  return axes && axes->size() == 1 ? concat(list.parts, (*axes)[0], a.range) : Value{};
}

Value Elaborator::builtinPad(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 2, 2, {"value"}))
    return {};
  Value x = a.positional[0];
  const Value &widths = a.positional[1];
  if (!x.isTensor() || widths.kind != Value::tuple || widths.parts.size() != x.shape.size())
    return fail(Code::E0209, a.range, "`pad` takes a tensor and a pair (before, after) for each of its dimensions");
  Dims shape;
  Node *n = node(Op::access, x.element, {}, {materialize(x)}, a.range);
  for (size_t i = 0; i < x.shape.size(); ++i) {
    auto pair = shapeArgument(widths.parts[i], a.range);
    if (!pair)
      return {};
    if (pair->size() != 2)
      return fail(Code::E0209, a.range, "`pad` takes a pair (before, after) for each dimension");
    n->coordinates.push_back(local(i) - (*pair)[0]);
    shape.push_back(x.shape[i] + (*pair)[0] + (*pair)[1]);
  }
  n->shape = shape;
  n->outside = graph::Outside::otherwise;
  Value like = Value::ofNode(constant(0, x.element, a.range), x.weak);
  Value value = a.find("value") ? *a.find("value") : Value::ofSize(0);
  if (!value.isScalar())
    return fail(Code::E0202, a.range, "`pad` fills with one number; this is " + describe(value));
  if (!unifyElements({&like, &value}, name, a.range))
    return {};
  n->operands.push_back(convertNode(materialize(value), x.element, a.range));
  return Value::ofNode(n, x.weak);
}

Value Elaborator::builtinRearrange(const std::string &name, CallArguments &a) {
  bool counted = name == "roll" || name == "repeat";
  if (!arity(name, a, counted ? 2 : 1, counted ? 2 : 1, {"axis"}))
    return {};
  Value x = a.positional[0];
  if (!x.isTensor())
    return fail(Code::E0202, a.range, "`" + name + "` takes a tensor; this is " + describe(x));
  size_t rank = x.shape.size();
  Node *in = materialize(x);
  if (name == "tril" || name == "triu") {
    if (rank < 2)
      return fail(Code::E0202, a.range, "`" + name + "` takes a matrix; this is " + describe(x));
    int i = int(indices.size());
    indices.push_back({i, "", a.range, x.shape[rank - 2]});
    indices.push_back({i + 1, "", a.range, x.shape[rank - 1]});
    Value row = Value::ofSize(Dim::name("$" + std::to_string(i))), column = Value::ofSize(Dim::name("$" + std::to_string(i + 1)));
    Value inside = pointwise(name == "tril" ? "le" : "ge", {column, row}, a.range);
    Value mask = buildLeaves(inside, {{i, x.shape[rank - 2], "i"}, {i + 1, x.shape[rank - 1], "j"}}, a.range);
    return pointwise("select", {mask, x, Value::ofSize(0)}, a.range);
  }
  if (name == "diag") {
    if (rank == 2) {
      Node *n = node(Op::access, x.element, {x.shape[0]}, {in}, a.range);
      if (!(x.shape[0] == x.shape[1]))
        return fail(Code::E0203, a.range, "`diag` takes a vector or a square matrix; this is " + describe(x));
      n->coordinates = {local(0), local(0)};
      return Value::ofNode(n, x.weak);
    }
    if (rank != 1)
      return fail(Code::E0202, a.range, "`diag` takes a vector or a square matrix; this is " + describe(x));
    CallArguments eye;
    eye.range = a.range;
    eye.positional = {Value::ofSize(x.shape[0])};
    Value mask = pointwise("ne", {builtinMake("eye", eye), Value::ofSize(0)}, a.range);
    return pointwise("select", {mask, x, Value::ofSize(0)}, a.range);
  }
  auto axes = axesOf(a.find("axis"), rank, a.range);
  if (!axes)
    return {};
  if (counted && axes->size() != 1)
    return fail(Code::E0218, a.range, "`" + name + "` of " + describe(x) + " needs `axis=`");
  auto count = !counted ? std::optional(Dim(0)) : name == "repeat" ? lengthArgument(a.positional[1], a.range, "the count")
                        : asSize(a.positional[1], a.positional[1].range.file ? a.positional[1].range : a.range, "the count");
  if (!count)
    return {};
  Dims shape = x.shape;
  Node *n = node(Op::access, x.element, shape, {in}, a.range);
  for (size_t i = 0; i < rank; ++i) {
    bool on = std::find(axes->begin(), axes->end(), int64_t(i)) != axes->end();
    n->coordinates.push_back(!on ? local(i) : name == "flip" ? x.shape[i] - Dim(1) - local(i) : name == "roll" ? local(i) - *count : Dim::floorDiv(local(i), *count));
    if (on && name == "repeat")
      n->shape[i] = shape[i] * *count;
  }
  if (name == "roll")
    n->outside = graph::Outside::wrap;
  return Value::ofNode(n, x.weak);
}

Value Elaborator::builtinSize(const std::string &name, CallArguments &a) {
  if (!arity(name, a, name == "size" ? 2 : 1, name == "size" ? 2 : 1))
    return {};
  const Value &x = a.positional[0];
  // A shape has one dimension, whose size is the rank.
  if (name == "size" && x.kind == Value::tuple && std::all_of(x.parts.begin(), x.parts.end(), [](const Value &d) { return d.size.has_value(); })) {
    auto axes = axesOf(&a.positional[1], 1, a.range);
    return axes ? Value::ofSize(Dim(int64_t(x.parts.size()))) : Value{};
  }
  if (!x.isTensor())
    return fail(Code::E0202, a.range, "`" + name + "` takes a tensor; this is " + describe(x));
  if (name == "size") {
    auto axes = axesOf(&a.positional[1], x.shape.size(), a.range);
    return axes ? Value::ofSize(x.shape[size_t(axes->front())]) : Value{};
  }
  Value shape;
  shape.kind = Value::tuple;
  for (const Dim &d : x.shape)
    shape.parts.push_back(Value::ofSize(d));
  return shape;
}

Value Elaborator::builtinMake(const std::string &name, CallArguments &a) {
  Range range = a.range;
  auto filled = [&](Value v, const Dims &shape) { return Value::ofNode(broadcast(materialize(v), shape), v.weak); };
  if (name == "zeros_like") {
    if (!arity(name, a, 1, 1))
      return {};
    return mapLeaves(a.positional[0], [&](const Value &leaf) {
      if (leaf.kind != Value::tensor || leaf.element == Element::key)
        return fail(Code::E0202, range, leaf.kind == Value::tensor ? "a key has no zero" : "`zeros_like` takes tensors; this is " + describe(leaf));
      return filled(Value::ofNode(constant(0, leaf.element, range), leaf.weak), leaf.shape);
    });
  }
  if (name == "zeros" || name == "ones" || name == "full") {
    bool full = name == "full";
    if (!arity(name, a, full ? 2 : 1, 2))
      return {};
    auto shape = shapeArgument(a.positional[0], range);
    if (!shape)
      return {};
    if (full)
    {
      CallArguments spread = a;
      spread.positional = {settle(a.positional[1]), a.positional[0]};
      return spread.positional[0].kind == Value::none ? Value{} : builtinBroadcastTo("full", spread);
    }
    auto element = elementArgument(a, 1, Element::f32);
    return element ? filled(Value::ofNode(constant(name == "ones", *element, range)), *shape) : Value{};
  }
  auto index = [&](Dim bound) {
    int id = int(indices.size());
    indices.push_back({id, "", range, bound});
    return graph::IndexVar{id, bound, "i"};
  };
  auto atom = [](const graph::IndexVar &v) { return Dim::name("$" + std::to_string(v.id)); };
  if (name == "eye") {
    if (!arity(name, a, 1, 2))
      return {};
    auto n = lengthArgument(a.positional[0], range, "a size");
    auto element = elementArgument(a, 1, Element::f32);
    if (!n || !element)
      return {};
    auto i = index(*n), j = index(*n);
    return convert(buildLeaves(pointwise("eq", {Value::ofSize(atom(i)), Value::ofSize(atom(j))}, range), {i, j}, range), *element, range);
  }
  if (name == "arange") {
    if (!arity(name, a, 1, 3))
      return {};
    if (a.positional.size() == 3 && a.positional[2].kind == Value::tensor && a.exprs.size() == 3)
      return error(Code::E0209, a.positional[2].range, "`arange` counts by 1")
                 .help("write `arange(" + sourceOf(a.exprs[0]->range) + ", " + sourceOf(a.exprs[1]->range) + ")[::" + sourceOf(a.exprs[2]->range) + "]`"),
             Value{};
    bool two = a.positional.size() > 1 && a.positional[1].kind != Value::type;
    auto from = two ? asSize(a.positional[0], range, "a size") : std::optional(Dim(0));
    auto to = asSize(a.positional[two], range, "a size");
    auto element = elementArgument(a, two ? 2 : 1, Element::i32);
    if (!from || !to || !element)
      return {};
    Dim length = (*to - *from).constant().value_or(0) < 0 ? Dim(0) : *to - *from;
    auto i = index(length);
    return convert(buildLeaves(Value::ofSize(*from + atom(i)), {i}, range), *element, range);
  }
  if (name == "linspace") {
    if (!arity(name, a, 3, 4))
      return {};
    auto n = lengthArgument(a.positional[2], range, "a size");
    auto element = elementArgument(a, 3, Element::f32);
    if (!n || !element)
      return {};
    auto i = index(*n);
    Value step = pointwise("div", {pointwise("sub", {a.positional[1], a.positional[0]}, range), Value::ofSize(n->isConstant(1) ? Dim(1) : *n - Dim(1))}, range);
    Value point = pointwise("add", {a.positional[0], pointwise("mul", {step, Value::ofSize(atom(i))}, range)}, range);
    return point.kind == Value::none ? point : convert(buildLeaves(point, {i}, range), *element, range);
  }
  // one_hot
  if (!arity(name, a, 2, 3))
    return {};
  auto n = lengthArgument(a.positional[1], range, "the number of classes");
  auto element = elementArgument(a, 2, Element::f32);
  Value ids = a.positional[0];
  if (!n || !element)
    return {};
  if (!ids.isTensor() || !isInteger(ids.element))
    return fail(Code::E0202, range, "`one_hot` takes integers; this is " + describe(ids));
  auto i = index(*n);
  Value classes = buildLeaves(Value::ofSize(atom(i)), {i}, range);
  Dims wide = ids.shape;
  wide.push_back(1);
  Node *column = node(Op::access, ids.element, wide, {materialize(ids)}, range);
  for (size_t k = 0; k < ids.shape.size(); ++k)
    column->coordinates.push_back(local(k));
  return convert(pointwise("eq", {Value::ofNode(column, ids.weak), classes}, range), *element, range);
}

Value Elaborator::builtinScatterAdd(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 3, 3))
    return {};
  Value x = a.positional[0], ids = a.positional[1], v = a.positional[2];
  if (!x.isTensor() || x.shape.empty() || !ids.isTensor() || !isInteger(ids.element) || !v.isTensor())
    return fail(Code::E0202, a.range, "`scatter_add` takes a tensor, integer ids and values; these are " + describe(x) + ", " + describe(ids) + ", " + describe(v));
  Dims shape = ids.shape;
  shape.insert(shape.end(), x.shape.begin() + 1, x.shape.end());
  Value like = Value::ofNode(constant(0, x.element, a.range), x.weak);
  if (!unifyElements({&like, &v}, name, a.range))
    return {};
  if (!(v.shape == shape))
    return fail(Code::E0203, a.range, "the values of `scatter_add` are " + describe(v) + ", expected " + tds::str(shape));
  Node *n = node(Op::scatter, x.element, x.shape, {materialize(x), materialize(v)}, a.range);
  n->name = "add";
  n->coordinates.push_back(Dim::name("@0"));
  for (size_t d = 1; d < x.shape.size(); ++d)
    n->coordinates.push_back(local(ids.shape.size() + d - 1));
  Node *spread = materialize(ids);
  if (!(spread->shape == shape)) {
    spread = node(Op::access, ids.element, shape, {ids.node}, a.range);
    for (size_t d = 0; d < ids.shape.size(); ++d)
      spread->coordinates.push_back(local(d));
  }
  n->operands.push_back(spread);
  n->numIds = 1;
  return Value::ofNode(n, x.weak);
}

Value Elaborator::builtinScriptOnly(const std::string &name, CallArguments &a) {
  return fail(Code::E0215, a.range, "`" + name + "` is for scripts; a def is pure: " + (name == "print" || name == "save" ? "return the value" : "take the value as a parameter"));
}
