// Built-in functions that are primitives of the dialect: what the runtime computes, over the last dimensions.
#include "lib/Sema/Elaborator.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;

static Dim local(size_t i) { return Dim::name("#" + std::to_string(i)); }

/// Refuses an axis.
bool Elaborator::alongLast(const std::string &name, const CallArguments &a) {
  if (!a.find("axis"))
    return true;
  error(Code::E0218, a.range, "`" + name + "` goes along the last dimension")
      .help("bring another one there with `transpose`");
  return false;
}

Node *Elaborator::primitive(const std::string &name, Element element, Dims shape, std::vector<Node *> operands,
                            Range range) {
  Node *n = node(Op::primitive, element, std::move(shape), std::move(operands), range);
  n->name = name;
  return n;
}

/// x read at coordinates over the result's dimensions.
Node *Elaborator::reindexed(Node *x, Dims shape, std::vector<Dim> coordinates, Range range) {
  Node *n = node(Op::access, x->element, std::move(shape), {x}, range);
  n->coordinates = std::move(coordinates);
  return n;
}

/// The type rule of `sort`: values and their places, the first `count` of them.
Value Elaborator::builtinSort(const std::string &name, CallArguments &a) {
  bool top = name == "topk";
  if (!alongLast(name, a) || !arity(name, a, top ? 2 : 1, top ? 2 : 1))
    return {};
  Value x = a.positional[0];
  if (!x.isTensor() || x.shape.empty() || isComplex(x.element) || x.element == Element::key)
    return fail(Code::E0202, a.range,
                "`" + name + "` takes real numbers of one dimension or more; this is " + describe(x));
  Dims shape = x.shape;
  if (top) {
    Range range = a.positional[1].range.file ? a.positional[1].range : a.range;
    auto count = lengthArgument(a.positional[1], range, "the count");
    if (!count)
      return {};
    if ((*count - shape.back()).constant().value_or(0) > 0)
      return fail(Code::E0203, range,
                  "`topk` takes " + count->str() + " of the " + shape.back().str() +
                      " elements that the last dimension of " + describe(x) + " has");
    shape.back() = *count;
  }
  Node *owner = node(Op::sort, x.element, {}, {materialize(x)}, a.range);
  owner->dims = {top};
  owner->resultElements = {x.element, Element::i32};
  owner->resultShapes = {shape, shape};
  auto result = [&](size_t index, bool weak) {
    Node *n = node(Op::result, owner->resultElements[index], shape, {owner}, a.range);
    n->index = int64_t(index);
    return Value::ofNode(n, weak);
  };
  if (!top)
    return name == "sort" ? result(0, x.weak) : result(1, false);
  Value both;
  both.kind = Value::tuple;
  both.parts = {result(0, x.weak), result(1, false)};
  return both;
}

Value Elaborator::builtinFft(const std::string &name, CallArguments &a) {
  bool realFrom = name == "rfft", realTo = name == "irfft";
  if (!alongLast(name, a) || !arity(name, a, 1 + realTo, 1 + realTo))
    return {};
  Value x = a.positional[0];
  if (!x.isTensor() || x.shape.empty() || x.element == Element::key || x.element == Element::boolean)
    return fail(Code::E0202, a.range, "`" + name + "` takes numbers of one dimension or more; this is " + describe(x));
  if (realFrom && isComplex(x.element))
    return error(Code::E0202, a.range, "`rfft` takes real numbers; this is " + describe(x))
               .help("of complex numbers: `fft(x)`"),
           Value{};
  x = settle(x);
  bool twice = x.element == Element::f64 || x.element == Element::c128;
  Element real = twice ? Element::f64 : Element::f32, complex = twice ? Element::c128 : Element::c64;
  if (!isComplex(x.element))
    x = convert(x, real, a.range);
  if (!realFrom)
    x = convert(x, complex, a.range);
  if (x.kind == Value::none)
    return {};
  Node *in = materialize(x);
  Dims shape = in->shape;
  if (realTo) {
    Range range = a.positional[1].range.file ? a.positional[1].range : a.range;
    auto length = lengthArgument(a.positional[1], range, "the length");
    if (!length)
      return {};
    // As NumPy's: what is more than the length needs is left out, what lacks is 0.
    Dim half = Dim::floorDiv(*length, 2) + Dim(1);
    if (!(shape.back() == half)) {
      Dims wanted = shape;
      wanted.back() = half;
      std::vector<Dim> same;
      for (size_t i = 0; i < wanted.size(); ++i)
        same.push_back(local(i));
      in = reindexed(in, wanted, same, a.range);
      in->outside = graph::Outside::otherwise;
      in->operands.push_back(constant(0, in->element, a.range));
    }
    shape.back() = *length;
  } else if (realFrom) {
    shape.back() = Dim::floorDiv(shape.back(), 2) + Dim(1);
  }
  const Dim &points = realFrom ? x.shape.back() : shape.back();
  if (points.isConstant(0))
    return fail(Code::E0203, a.range, "`" + name + "` over nothing");
  return Value::ofNode(primitive(name, realTo ? real : complex, shape, {in}, a.range));
}

/// Makes x a matrix of the elements that linear algebra computes in; gives the element of the result, none after an
/// error.
std::optional<Element> Elaborator::matrixElement(const std::string &name, Value &x, Range range) {
  if (!x.isTensor() || x.shape.size() < 2 || !(x.shape.back() == x.shape[x.shape.size() - 2]) ||
      x.element == Element::boolean || x.element == Element::key) {
    error(Code::E0203, range, "`" + name + "` takes square matrices; this is " + describe(x));
    return std::nullopt;
  }
  x = settle(x);
  if (isInteger(x.element))
    x = convert(x, Element::f32, range);
  Element result = x.element;
  if (isHalf(x.element))
    x = convert(x, Element::f32, range);
  return result;
}

Value Elaborator::builtinLinear(const std::string &name, CallArguments &a) {
  Range range = a.range;
  bool system = name == "solve" || name == "triangular_solve";
  if (!(name == "triangular_solve" ? arity(name, a, 2, 3, {"upper"}) : arity(name, a, 1 + system, 1 + system)))
    return {};
  Value x = a.positional[0];
  Value b = system ? a.positional[1] : Value{};
  if (system && b.isTensor() && x.isTensor()) {
    // Integers are computed as f32; a typed operand gives its element.
    for (Value *v : {&x, &b})
      if (!v->weak && isInteger(v->element))
        *v = convert(*v, Element::f32, range);
    if (!unifyElements({&x, &b}, name, range))
      return {};
  }
  auto element = matrixElement(name, x, range);
  if (!element)
    return {};
  Node *matrix = materialize(x);
  Dims batch(matrix->shape.begin(), matrix->shape.end() - 2);
  size_t rank = matrix->shape.size();
  Dim n = matrix->shape.back();
  auto finish = [&](Node *result) { return convert(Value::ofNode(result), *element, range); };
  if (name == "det")
    return finish(primitive(name, matrix->element, batch, {matrix}, range));
  if (name == "cholesky") { // of the Hermitian part, so that its derivative is that of all elements
    std::vector<Dim> turned;
    for (size_t i = 0; i < rank; ++i)
      turned.push_back(local(i));
    std::swap(turned[rank - 1], turned[rank - 2]);
    Value other = Value::ofNode(reindexed(matrix, matrix->shape, turned, range));
    if (isComplex(x.element))
      other = pointwise("conj", {other}, range);
    Value whole =
        pointwise("mul", {pointwise("add", {Value::ofNode(matrix), other}, range), Value::ofNumber(0.5)}, range);
    if (whole.kind == Value::none)
      return {};
    return finish(primitive(name, matrix->element, matrix->shape, {materialize(whole)}, range));
  }
  if (name == "inv") {
    CallArguments eye;
    eye.range = range;
    Value type;
    type.kind = Value::type;
    type.element = matrix->element;
    eye.positional = {Value::ofSize(n), type};
    Value unit = builtinMake("eye", eye);
    if (unit.kind == Value::none)
      return {};
    return finish(primitive("solve", matrix->element, matrix->shape,
                            {matrix, broadcast(materialize(unit), matrix->shape)}, range));
  }

  bool upper = false;
  if (const Value *given = a.positional.size() > 2 ? &a.positional[2] : a.find("upper")) {
    if (!given->truth)
      return fail(Code::E0202, given->range.file ? given->range : range, "`upper` is `true` or `false`");
    upper = *given->truth;
  }
  if (!b.isTensor() || b.shape.empty())
    return fail(Code::E0202, range, "`" + name + "` takes a matrix and a right side; this is " + describe(b));
  b = convert(settle(b), matrix->element, range);
  if (b.kind == Value::none)
    return {};
  Node *right = materialize(b);
  bool vector = right->shape.size() == 1;
  if (vector) {
    Dims column{right->shape[0], 1};
    right = reindexed(right, column, {local(0)}, range);
  }
  Dims other(right->shape.begin(), right->shape.end() - 2), all = batch.empty() ? other : batch;
  auto wrong = [&]() -> Value {
    auto &d = error(Code::E0203, range, "`" + name + "` of " + describe(x) + " and " + describe(b));
    d.note(a.positional[0].range, describe(x)).note(a.positional[1].range, describe(b));
    if (b.shape.size() > 1 && b.shape.back() == n)
      d.help("a row for each matrix: `[i] => " + name + "(a[i], b[i])`");
    return {};
  };
  if (!(right->shape[right->shape.size() - 2] == n) || (!batch.empty() && !other.empty() && !(batch == other)))
    return wrong();
  auto whole = [&](Node *v) {
    Dims shape = all;
    shape.insert(shape.end(), v->shape.end() - 2, v->shape.end());
    return broadcast(v, shape);
  };
  right = whole(right);
  Node *result = primitive(name, matrix->element, right->shape, {whole(matrix), right}, range);
  result->dims = {upper};
  if (vector) {
    Dims flat(result->shape.begin(), result->shape.end() - 1);
    std::vector<Dim> at;
    for (size_t i = 0; i < flat.size(); ++i)
      at.push_back(local(i));
    at.push_back(0);
    result = reindexed(result, flat, at, range);
  }
  return finish(result);
}
