// Reductions, scans and what is made of them.
#include "lib/Sema/Elaborator.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;

static Dim local(size_t i) { return Dim::name("#" + std::to_string(i)); }

/// `axis=1`, `axis=(0, 2)`; without it all.
std::optional<std::vector<int64_t>> Elaborator::axesOf(const Value *axis, size_t rank, Range range) {
  std::vector<int64_t> axes;
  if (!axis) {
    for (size_t i = 0; i < rank; ++i)
      axes.push_back(int64_t(i));
    return axes;
  }
  for (const Value &v : axis->kind == Value::tuple ? axis->parts : std::vector<Value>{*axis}) {
    auto size = asSize(v, v.range.file ? v.range : range, "an axis");
    if (!size)
      return std::nullopt;
    auto k = size->constant();
    if (!k || *k >= int64_t(rank) || *k < -int64_t(rank)) {
      error(Code::E0218, v.range.file ? v.range : range, "axis " + size->str() + " of a tensor with " + std::to_string(rank) + " dimension" + (rank == 1 ? "" : "s"));
      return std::nullopt;
    }
    axes.push_back(*k < 0 ? *k + int64_t(rank) : *k);
  }
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) {
    error(Code::E0218, range, "an axis is given twice");
    return std::nullopt;
  }
  return axes;
}

/// The greatest of bools is whether one is true; places are found among their numbers.
ast::ReduceOp Elaborator::ofBools(ast::ReduceOp op, Value &x, Range range) {
  using R = ast::ReduceOp;
  if (op == R::argmax || op == R::argmin)
    x = convert(x, Element::i32, range);
  return op == R::max ? R::any : op == R::min ? R::all : op;
}

Value Elaborator::reduceAxes(ast::ReduceOp op, Value x, std::vector<int64_t> axes, bool keep, Range range) {
  using R = ast::ReduceOp;
  static constexpr const char *names[] = {"sum", "prod", "mean", "max", "min", "any", "all", "argmax", "argmin", "logsumexp"};
  std::string name = names[size_t(op)];
  if (x.kind == Value::none)
    return {};
  if (x.element == Element::key)
    return fail(Code::E0202, range, "`" + name + "` takes numbers; this is " + describe(x));
  if (isHalf(x.element) && (op == R::mean || op == R::logsumexp)) // the total may be more than a half holds
    return convert(reduceAxes(op, convert(x, Element::f32, range), std::move(axes), keep, range), x.element, range);
  if (x.element == Element::boolean)
    name = names[size_t(op = ofBools(op, x, range))];
  if ((op == R::any || op == R::all) && x.element != Element::boolean)
    return fail(Code::E0202, range, "`" + name + "` takes bools; this is " + describe(x));
  if (isComplex(x.element) && op != R::sum && op != R::prod && op != R::mean)
    return fail(Code::E0202, range, "complex numbers have no order: `" + name + "` of " + describe(x));
  bool small = x.element == Element::boolean || x.element == Element::i8 || x.element == Element::u8 || x.element == Element::i16;
  if ((op == R::sum || op == R::prod) && small)
    x = convert(x, Element::i32, range);
  if ((op == R::mean || op == R::logsumexp) && !isFloating(x.element) && !isComplex(x.element)) {
    bool weak = x.weak;
    x = Value::ofNode(convertNode(materialize(x), weak ? Element::f64 : Element::f32, range), weak);
  }
  Node *in = materialize(x);
  Dims kept, wide = in->shape;
  Dim count = 1;
  for (size_t i = 0; i < in->shape.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), int64_t(i)) == axes.end()) {
      kept.push_back(in->shape[i]);
    } else {
      count = count * in->shape[i];
      wide[i] = 1;
    }
  }
  if ((op == R::argmax || op == R::argmin) && count.isConstant(0))
    return fail(Code::E0202, range, "`" + name + "` over nothing");
  auto reduce = [&](const std::string &kind, Node *of, Element element) -> Node * {
    if (axes.empty())
      return of;
    Node *n = node(Op::reduce, element, kept, {of}, range);
    n->name = kind;
    n->dims = axes;
    return n;
  };
  // Puts the reduced dims back with length 1.
  auto widen = [&](Node *n) {
    if (axes.empty())
      return n;
    Node *w = node(Op::access, n->element, wide, {n}, range);
    for (size_t i = 0; i < wide.size(); ++i)
      if (std::find(axes.begin(), axes.end(), int64_t(i)) == axes.end())
        w->coordinates.push_back(local(i));
    return w;
  };
  Node *result;
  if (op == R::mean) {
    Node *total = reduce("sum", in, in->element);
    Node *n = node(Op::size, Element::i64, {}, {}, range);
    n->size = count;
    result = point("div", {total, broadcast(convertNode(n, in->element, range), total->shape)}, range);
  } else if (op == R::logsumexp) {
    Node *top = point("stop_gradient", {reduce("max", in, in->element)}, range);
    Node *zero = broadcast(constant(0, in->element, range), top->shape);
    Node *m = point("select", {point("isfinite", {top}, range), top, zero}, range);
    Node *shifted = point("sub", {in, broadcast(widen(m), in->shape)}, range);
    result = point("add", {point("log", {reduce("sum", point("exp", {shifted}, range), in->element)}, range), m}, range);
  } else if (op == R::argmax || op == R::argmin) {
    if (axes.size() != 1) { // flat
      Dim all = 1;
      for (const Dim &d : in->shape)
        all = all * d;
      Node *flat = node(Op::reshape, in->element, {all}, {in}, range);
      Node *n = node(Op::reduce, Element::i32, {}, {flat}, range);
      n->name = name;
      n->dims = {0};
      result = n;
    } else {
      result = reduce(name, in, Element::i32);
    }
  } else {
    result = reduce(name, in, in->element);
  }
  if (keep)
    result = widen(result);
  Value v = Value::ofNode(result, x.weak && op != R::argmax && op != R::argmin);
  v.range = range;
  return v;
}

Value Elaborator::builtinReduce(const std::string &name, CallArguments &a) {
  using R = ast::ReduceOp;
  static const std::map<std::string, R> ops = {{"sum", R::sum}, {"prod", R::prod}, {"mean", R::mean}, {"max", R::max}, {"min", R::min},
                                               {"any", R::any}, {"all", R::all}, {"argmax", R::argmax}, {"argmin", R::argmin}, {"logsumexp", R::logsumexp}};
  if (a.positional.size() > 1 && (name == "max" || name == "min")) {
    std::string x = quoted(a.positional[0].range), y(program.sources().text(a.positional[1].range));
    x = x.size() > 2 && x[0] == '`' ? x.substr(1, x.size() - 2) : "x";
    return error(Code::E0218, a.range, "an axis is given by name: `" + name + "(" + x + ", axis=" + y + ")`")
               .help(std::string("the ") + (name == "max" ? "larger" : "smaller") + " of two is `" + name + "imum(" + x + ", " + y + ")`"),
           Value{};
  }
  if (a.positional.size() > 1)
    return fail(Code::E0218, a.range, "an axis is given by name: `" + name + "(" + (a.positional[0].range.file ? sourceOf(a.positional[0].range) : "x") + ", axis=" + std::string(program.sources().text(a.positional[1].range)) + ")`");
  if (!arity(name, a, 1, 1, {"axis", "keep"}))
    return {};
  bool keep = false;
  if (const Value *k = a.find("keep")) {
    if (!k->truth)
      return fail(Code::E0202, k->range, "`keep` is `true` or `false`");
    keep = *k->truth;
  }
  const Value *axis = a.find("axis");
  auto one = [&](const Value &leaf) -> Value {
    if (leaf.kind != Value::tensor)
      return fail(Code::E0202, a.range, "`" + name + "` takes a tensor; this is " + describe(leaf));
    auto axes = axesOf(axis, leaf.shape.size(), a.range);
    if (!axes)
      return {};
    if (auto it = ops.find(name); it != ops.end())
      return reduceAxes(it->second, leaf, *axes, keep, a.range);
    // The variance is the mean of the squared distance to the mean (no correction, as NumPy's).
    if (leaf.element == Element::key || isComplex(leaf.element))
      return fail(Code::E0202, a.range, "`" + name + "` takes real numbers; this is " + describe(leaf));
    bool wide = isHalf(leaf.element) || (!leaf.weak && !isFloating(leaf.element));
    Value x = wide ? convert(leaf, Element::f32, a.range) : leaf;
    Value mean = reduceAxes(R::mean, x, *axes, true, a.range);
    Value distance = pointwise("sub", {x, mean}, a.range);
    Value spread = reduceAxes(R::mean, pointwise("mul", {distance, distance}, a.range), *axes, keep, a.range);
    if (name == "std")
      spread = pointwise("sqrt", {spread}, a.range);
    return isHalf(leaf.element) && spread.kind != Value::none ? convert(spread, leaf.element, a.range) : spread;
  };
  const Value &x = a.positional[0];
  if (x.kind != Value::record)
    return one(x);
  if (axis)
    return mapLeaves(x, one);
  // Without an axis a record is one long vector.
  if (name != "sum" && name != "prod" && name != "max" && name != "min" && name != "any" && name != "all" && name != "mean")
    return fail(Code::E0202, a.range, "`" + name + "` over all leaves of a record has no meaning here; give an axis, or a leaf");
  Value total;
  Dim count = 0;
  bool fine = true;
  forEachLeaf(x, [&](const Value &leaf) {
    if (!fine)
      return;
    Dim size = 1;
    for (const Dim &d : leaf.shape)
      size = size * d;
    count = count + size;
    auto axes = axesOf(nullptr, leaf.shape.size(), a.range);
    Value part = reduceAxes(name == "mean" ? R::sum : ops.at(name), leaf, *axes, false, a.range);
    const char *combine = name == "prod" ? "mul" : name == "max" ? "maximum" : name == "min" ? "minimum" : name == "any" ? "or" : name == "all" ? "and" : "add";
    // Leaves of different floating elements meet in the wider one.
    if (total.kind == Value::tensor && part.kind == Value::tensor && isFloating(total.element) && isFloating(part.element) && total.element != part.element) {
      Element wider = elementSize(total.element) >= elementSize(part.element) ? total.element : part.element;
      total = convert(total, wider, a.range);
      part = convert(part, wider, a.range);
    }
    total = total.kind == Value::none ? part : pointwise(combine, {total, part}, a.range);
    fine = total.kind != Value::none;
  });
  return name == "mean" && fine ? pointwise("div", {total, Value::ofSize(count)}, a.range) : total;
}

Value Elaborator::builtinScan(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 1, 1, {"axis"}))
    return {};
  return mapLeaves(a.positional[0], [&](const Value &leaf) -> Value {
    if (leaf.kind != Value::tensor || leaf.shape.empty())
      return fail(Code::E0202, a.range, "`" + name + "` takes a tensor of one dimension or more; this is " + describe(leaf));
    const Value *axis = a.find("axis");
    if (!axis && leaf.shape.size() > 1)
      return fail(Code::E0218, a.range, "`" + name + "` of " + describe(leaf) + " needs `axis=`");
    auto axes = axesOf(axis, leaf.shape.size(), a.range);
    if (!axes)
      return {};
    if (axes->size() != 1)
      return fail(Code::E0218, a.range, "`" + name + "` runs along one axis");
    Value x = leaf;
    if (x.element == Element::boolean || x.element == Element::i8 || x.element == Element::u8 || x.element == Element::i16)
      x = convert(x, Element::i32, a.range);
    Node *n = node(Op::scan, x.element, x.shape, {materialize(x)}, a.range);
    n->name = name == "cumsum" ? "sum" : "prod";
    n->dims = *axes;
    return Value::ofNode(n, x.weak);
  });
}

Value Elaborator::builtinClose(const std::string &name, CallArguments &a) {
  if (!arity(name, a, 2, 2, {"rtol", "atol"}))
    return {};
  Value rtol = a.find("rtol") ? *a.find("rtol") : Value::ofNumber(1e-5), atol = a.find("atol") ? *a.find("atol") : Value::ofNumber(1e-8);
  Value x = a.positional[0], y = a.positional[1];
  for (Value *v : {&x, &y}) // integers are compared as the floats that the tolerances are
    if (v->isTensor() && !v->weak && (isInteger(v->element) || v->element == Element::boolean))
      *v = convert(*v, Element::f64, a.range);
  Value distance = pointwise("abs", {pointwise("sub", {x, y}, a.range)}, a.range);
  Value bound = pointwise("add", {atol, pointwise("mul", {rtol, pointwise("abs", {y}, a.range)}, a.range)}, a.range);
  Value inside = pointwise("or", {pointwise("le", {distance, bound}, a.range), pointwise("eq", {x, y}, a.range)}, a.range);
  if (inside.kind == Value::none)
    return {};
  CallArguments all;
  all.range = a.range;
  all.positional = {inside};
  return builtinReduce("all", all);
}
