// Random numbers and initial values: counter-based (Philox4x32-10; runtime/Random.h has the definitions), by path for records.
#include "lib/Sema/Elaborator.h"
#include "llvm/Support/Casting.h"
#include <cmath>

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;

static Dim local(size_t i) { return Dim::name("#" + std::to_string(i)); }

/// Random functions of other languages take no key, or a number.
Value Elaborator::noKey(const Value &given, Range range) {
  auto &d = error(Code::E0202, given.range.file ? given.range : range, "a key is expected; this is " + describe(given));
  if (given.isScalar() && isInteger(given.element) && given.range.file)
    d.help("write `key(" + sourceOf(given.range) + ")`, or the key before the shape: `normal(key(0), (2, 3))`");
  else
    d.help("the key comes first: `normal(key(0), (2, 3))`");
  return {};
}

Value Elaborator::randomBits(Value key, const Dims &shape, Range range) {
  if (!key.isScalar() || key.element != Element::key || !materialize(key))
    return noKey(key, range);
  return Value::ofNode(node(Op::randomBits, Element::i32, shape, {key.node}, range));
}

Value Elaborator::deriveKey(Value key, Value counter, int64_t domain, Range range) {
  if (!key.isScalar() || key.element != Element::key)
    return noKey(key, range);
  if (!counter.isScalar() || !isInteger(counter.element))
    return fail(Code::E0202, range, "a key is derived by an integer; this is " + describe(counter));
  Node *n = node(Op::deriveKey, Element::key, {}, {materialize(key), convertNode(materialize(counter), Element::i64, range)}, range);
  n->dims = {domain};
  return Value::ofNode(n);
}

/// In [0, 1): 24 bits of one word (f32), 53 bits of two (f64); f16 and bf16 take as many as they have, so that none rounds to 1.
Value Elaborator::uniform(Value key, const Dims &shape, Element element, Range range) {
  if (element != Element::f64) {
    Value bits = randomBits(key, shape, range);
    if (bits.kind == Value::none)
      return {};
    int taken = element == Element::f16 ? 11 : element == Element::bf16 ? 8 : 24;
    Value high = pointwise("bitand", {pointwise("shr", {bits, Value::ofSize(32 - taken)}, range), Value::ofSize((1 << taken) - 1)}, range);
    Value u = pointwise("mul", {convert(high, Element::f32, range), Value::ofNumber(std::ldexp(1.0, -taken))}, range);
    return element == Element::f32 ? u : convert(u, element, range);
  }
  Dims pairs = shape;
  pairs.push_back(2);
  Value bits = randomBits(key, pairs, range);
  if (bits.kind == Value::none)
    return {};
  auto word = [&](int64_t which, int64_t shift, int64_t mask) {
    Node *n = node(Op::access, Element::i32, shape, {bits.node}, range);
    for (size_t i = 0; i < shape.size(); ++i)
      n->coordinates.push_back(local(i));
    n->coordinates.push_back(which);
    Value v = pointwise("bitand", {pointwise("shr", {Value::ofNode(n), Value::ofSize(shift)}, range), Value::ofSize(mask)}, range);
    return convert(v, Element::f64, range);
  };
  Value sum = pointwise("add", {pointwise("mul", {word(0, 5, 0x7ffffff), Value::ofNumber(0x1p26)}, range), word(1, 6, 0x3ffffff)}, range);
  return pointwise("mul", {sum, Value::ofNumber(0x1p-53)}, range);
}

/// Box and Muller (1958): sqrt(-2 log(1 - u)) cos(2 pi v).
Value Elaborator::normal(Value key, const Dims &shape, Element element, Range range) {
  Element wide = element == Element::f64 ? Element::f64 : Element::f32;
  Dims pairs = shape;
  pairs.push_back(2);
  Value u = uniform(key, pairs, wide, range);
  if (u.kind == Value::none)
    return {};
  auto part = [&](int64_t which) {
    Node *n = node(Op::access, wide, shape, {u.node}, range);
    for (size_t i = 0; i < shape.size(); ++i)
      n->coordinates.push_back(local(i));
    n->coordinates.push_back(which);
    return Value::ofNode(n);
  };
  Value radius = pointwise("sqrt", {pointwise("mul", {Value::ofNumber(-2), pointwise("log", {pointwise("sub", {Value::ofSize(1), part(0)}, range)}, range)}, range)}, range);
  Value angle = pointwise("cos", {pointwise("mul", {Value::ofNumber(6.283185307179586), part(1)}, range)}, range);
  Value z = pointwise("mul", {radius, angle}, range);
  return element == wide ? z : convert(z, element, range);
}

Value Elaborator::builtinRandom(const std::string &name, CallArguments &a) {
  Range range = a.range;
  if (name == "key") {
    if (!arity(name, a, 1, 1))
      return {};
    Value &seed = a.positional[0];
    if (!seed.isScalar() || !isInteger(seed.element))
      return fail(Code::E0202, range, "`key` takes an integer; this is " + describe(seed));
    if (seed.weak && seed.size && seed.size->constant()) {
      Node *n = node(Op::constant, Element::key, {}, {}, range);
      n->integers = {*seed.size->constant()};
      return Value::ofNode(n);
    }
    return Value::ofNode(convertNode(convertNode(materialize(seed), Element::i64, range), Element::key, range));
  }
  if (name == "fold_in")
    return arity(name, a, 2, 2) ? deriveKey(a.positional[0], a.positional[1], 1, range) : Value{};
  if (name == "split") {
    if (!arity(name, a, 2, 2))
      return {};
    auto n = lengthArgument(a.positional[1], range, "the number of keys");
    if (!n)
      return {};
    int id = int(indices.size());
    indices.push_back({id, "", range, *n});
    Value one = deriveKey(a.positional[0], Value::ofSize(Dim::name("$" + std::to_string(id))), 2, range);
    return one.kind == Value::none ? one : buildLeaves(one, {{id, *n, "k"}}, range);
  }
  auto shapeAt = [&](size_t position) -> std::optional<Dims> {
    const Value *named = a.find("shape");
    if (!named && position >= a.positional.size())
      return Dims{};
    return shapeArgument(named ? *named : a.positional[position], range);
  };
  if (name == "uniform" || name == "normal") {
    if (!arity(name, a, 1, 3, {"shape"}))
      return {};
    auto shape = shapeAt(1);
    auto element = elementArgument(a, 2, Element::f32);
    if (!shape || !element)
      return {};
    if (!isFloating(*element))
      return fail(Code::E0202, range, "`" + name + "` makes floats; this asks for " + std::string(elementName(*element)));
    return name == "uniform" ? uniform(a.positional[0], *shape, *element, range) : normal(a.positional[0], *shape, *element, range);
  }
  if (name == "glorot" || name == "he") {
    if (!arity(name, a, 2, 2))
      return {};
    auto shape = shapeAt(1);
    if (!shape)
      return {};
    if (shape->size() < 2)
      return fail(Code::E0219, range, "`" + name + "` is for weights of two dimensions or more; this has " + std::to_string(shape->size()));
    // A matrix is [in, out]; a convolution's weight is [out, in, ...].
    Dim in = (*shape)[0], out = (*shape)[1], window = 1;
    if (shape->size() > 2) {
      std::swap(in, out);
      for (size_t i = 2; i < shape->size(); ++i)
        window = window * (*shape)[i];
    }
    if (name == "he") // He et al. 2015: normal, variance 2 / fan in
      return pointwise("mul", {normal(a.positional[0], *shape, Element::f32, range), pointwise("sqrt", {pointwise("div", {Value::ofNumber(2), Value::ofSize(in * window)}, range)}, range)}, range);
    // Glorot and Bengio 2010: uniform, limit sqrt(6 / (fan in + fan out))
    Value limit = pointwise("sqrt", {pointwise("div", {Value::ofNumber(6), Value::ofSize((in + out) * window)}, range)}, range);
    Value u = pointwise("sub", {pointwise("mul", {Value::ofNumber(2), uniform(a.positional[0], *shape, Element::f32, range)}, range), Value::ofNumber(1)}, range);
    return pointwise("mul", {u, limit}, range);
  }
  if (name == "bernoulli") {
    if (!arity(name, a, 2, 3, {"shape"}))
      return {};
    auto shape = shapeAt(2);
    if (Value &p = a.positional[1]; p.isTensor() && !p.weak && isFloating(p.element))
      p = convert(p, Element::f32, range);
    return shape ? pointwise("lt", {uniform(a.positional[0], *shape, Element::f32, range), a.positional[1]}, range) : Value{};
  }
  if (name == "randint") { // lo + floor(word * (hi - lo) / 2^32)
    if (!arity(name, a, 4, 4))
      return {};
    auto shape = shapeAt(1);
    if (!shape)
      return {};
    Value word = convert(randomBits(a.positional[0], *shape, range), Element::i64, range);
    if (word.kind == Value::none)
      return {};
    word = pointwise("bitand", {word, Value::ofSize(0xffffffff)}, range);
    for (size_t i : {2, 3})
      if (!a.positional[i].isTensor() || !isInteger(a.positional[i].element))
        return fail(Code::E0202, range, "`randint` takes integer bounds; this is " + describe(a.positional[i]));
    auto least = a.positional[2].size, most = a.positional[3].size;
    if (least && most && least->constant() && most->constant() && (*least->constant() >= *most->constant() || *least->constant() < INT32_MIN || *most->constant() > int64_t(INT32_MAX) + 1))
      return fail(Code::E0202, range, "`randint` gives i32 from lo to below hi; these are " + least->str() + " and " + most->str());
    Value lo = convert(a.positional[2], Element::i64, range), hi = convert(a.positional[3], Element::i64, range);
    Value scaled = pointwise("shr", {pointwise("mul", {word, pointwise("sub", {hi, lo}, range)}, range), Value::ofSize(32)}, range);
    return convert(pointwise("add", {scaled, lo}, range), Element::i32, range);
  }
  // categorical: the greatest of logits + Gumbel noise, over the last dimension.
  if (!arity(name, a, 2, 2))
    return {};
  Value &logits = a.positional[1];
  if (!logits.isTensor() || logits.shape.empty() || !isFloating(logits.element))
    return fail(Code::E0202, range, "`categorical` takes logits, floats over the last dimension; this is " + describe(logits));
  if (isHalf(logits.element)) // near 1 a half has too few numbers for the noise
    logits = convert(logits, Element::f32, range);
  Value u = uniform(a.positional[0], logits.shape, logits.element, range);
  if (u.kind == Value::none)
    return {};
  auto neglog = [&](Value v) { return pointwise("neg", {pointwise("log", {v}, range)}, range); };
  Value positive = pointwise("sub", {Value::ofSize(1), u}, range); // (0, 1]
  Value noise = pointwise("neg", {pointwise("log", {pointwise("maximum", {neglog(positive), Value::ofNumber(1e-30)}, range)}, range)}, range);
  return reduceAxes(ast::ReduceOp::argmax, pointwise("add", {logits, noise}, range), {int64_t(logits.shape.size()) - 1}, false, range);
}

/// FNV-1a: a leaf's numbers depend on its path alone.
static int64_t hashOf(const std::string &path) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char c : path)
    hash = (hash ^ c) * 0x100000001b3u;
  return int64_t(hash);
}

Value Elaborator::initialise(const Type &type, Value key, std::optional<Element> floating, const std::string &path, Range range) {
  if (type.kind == Type::tuple)
    return fail(Code::E0219, range, "`init` makes records");
  if (type.kind == Type::tensor)
    return fail(Code::E0219, range, "`init` makes records whose fields say how they begin");
  Value result;
  result.kind = Value::record;
  result.names = type.names;
  result.fileNames = type.fileNames;
  for (size_t i = 0; i < type.parts.size(); ++i) {
    const Type &part = type.parts[i];
    std::string name = path.empty() ? type.names[i] : path + "." + type.names[i];
    const ast::Expr *initial = i < type.initials.size() ? type.initials[i] : nullptr;
    if (part.kind != Type::tensor && !initial) {
      result.parts.push_back(initialise(part, key, floating, name, range));
    } else if (!initial) {
      return fail(Code::E0219, range, "the field `" + name + "` does not say how it begins: write `" + type.names[i] + ": " + part.str() + " = 0`");
    } else {
      auto savedEnv = std::exchange(env, type.initialEnv ? type.initialEnv : std::make_shared<Env>());
      const Module *savedModule = std::exchange(module, type.initialModule);
      Value v = expr(*initial);
      if (v.kind == Value::function) {
        CallArguments call;
        call.range = initial->range;
        Dims own(part.shape.begin() + part.stacked, part.shape.end());
        Value shape;
        shape.kind = Value::tuple;
        Value leafKey = deriveKey(key, Value::ofSize(hashOf(name)), 1, range);
        // Each layer of a stack has a key of its own.
        std::vector<graph::IndexVar> vars;
        for (size_t k = 0; k < part.stacked; ++k) {
          int id = int(indices.size());
          indices.push_back({id, "", range, part.shape[k]});
          vars.push_back({id, part.shape[k], "k"});
          leafKey = deriveKey(leafKey, Value::ofSize(Dim::name("$" + std::to_string(id))), 1, range);
        }
        for (const Dim &d : own)
          shape.parts.push_back(Value::ofSize(d));
        call.positional = {leafKey, shape};
        v = callFunction(*v.callee, std::move(call));
        if (v.kind == Value::tensor && !vars.empty())
          v = buildLeaves(v, vars, range);
      }
      env = savedEnv;
      module = savedModule;
      if (v.kind == Value::none)
        return {};
      if (v.kind != Value::tensor)
        return fail(Code::E0219, initial->range, "a field begins as a number, a tensor or a function of (key, shape); this is " + describe(v));
      Element element = part.family == Type::anyFloat ? floating.value_or(Element::f32) : part.element;
      if (v.weak && isFloating(v.element) && isInteger(element))
        return fail(Code::E0207, initial->range, quoted(initial->range) + " is a float and does not fit " + std::string(elementName(element)));
      v = element == Element::key ? v : convert(v, element, initial->range);
      if (v.kind == Value::none)
        return {};
      Value like = Value::ofNode(constant(0, element, range));
      if (v.shape.size() > part.shape.size())
        return fail(Code::E0203, initial->range, "the initial value is " + describe(v) + ", the field " + part.str());
      for (size_t k = 0; k < v.shape.size(); ++k) {
        const Dim &from = v.shape[v.shape.size() - 1 - k], &to = part.shape[part.shape.size() - 1 - k];
        if (!(from == to) && !from.isConstant(1))
          return fail(Code::E0203, initial->range, "the initial value is " + describe(v) + ", the field " + part.str());
      }
      result.parts.push_back(Value::ofNode(broadcast(materialize(v), part.shape)));
    }
    if (result.parts.back().kind == Value::none)
      return {};
  }
  return result;
}

Value Elaborator::builtinInit(const std::string &, CallArguments &a) {
  if (a.positional.size() < 2 || a.positional.size() > 3)
    return fail(Code::E0209, a.range, "`init` takes a type and a key: `init(Mlp[64, 128, 10], key(0))`");
  for (size_t i = 1; i < a.positional.size(); ++i)
    if (a.positional[i].kind == Value::none)
      return {};
  auto type = typeFromExpr(*a.exprs[0]);
  auto element = elementArgument(a, 2, Element::f32);
  if (!type || !element)
    return {};
  if (!a.positional[1].isScalar() || a.positional[1].element != Element::key)
    return fail(Code::E0202, a.range, "`init` takes a key, `key(0)`; this is " + describe(a.positional[1]));
  return initialise(*type, a.positional[1], element, "", a.range);
}
