// Names, literals, fields, `if`, operators: what an expression is apart from calls, subscripts and index notation.
#include "lib/Sema/Elaborator.h"
#include "lib/Sema/Habits.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;
using llvm::cast;
using llvm::dyn_cast;

Elaborator::Elaborator(Program &program, graph::Function &function, const Module &module)
    : env(std::make_shared<Env>()), program(program), function(function), module(&module),
      diags(program.diagnostics()) {
  if (!function.body)
    function.body = function.newScope(nullptr);
  scope = function.body;
}

//===--- Nodes ---------------------------------------------------------------------------------------------------===//

Node *Elaborator::node(Op op, Element element, Dims shape, std::vector<Node *> operands, Range range) {
  Node *n = function.newNode(op);
  n->element = element;
  n->shape = std::move(shape);
  n->operands = std::move(operands);
  n->scope = scope;
  n->range = range;
  return n;
}

Node *Elaborator::constant(double number, Element element, Range range) {
  Node *n = node(Op::constant, element, {}, {}, range);
  if (isFloating(element) || isComplex(element) || element == Element::boolean)
    n->numbers = {number};
  else
    n->integers = {int64_t(number)};
  return n;
}

Node *Elaborator::integer(int64_t number, Element element, Range range) {
  if (isFloating(element) || isComplex(element) || element == Element::boolean)
    return constant(double(number), element, range);
  Node *n = node(Op::constant, element, {}, {}, range);
  n->integers = {number}; // past 2^53 a double is another number
  return n;
}

/// NumPy's rule: dims align at the right; a new dim, or one of constant 1, repeats.
Node *Elaborator::broadcast(Node *x, const Dims &shape) {
  if (x->shape == shape)
    return x;
  Node *n = node(Op::access, x->element, shape, {x}, x->range);
  size_t lead = shape.size() - x->shape.size();
  for (size_t i = 0; i < x->shape.size(); ++i)
    n->coordinates.push_back(x->shape[i] == shape[lead + i] ? Dim::name("#" + std::to_string(lead + i)) : Dim(0));
  return n;
}

Node *Elaborator::convertNode(Node *x, Element element, Range range) {
  return x->element == element ? x : node(Op::convert, element, x->shape, {x}, range);
}

Node *Elaborator::point(std::string_view name, std::vector<Node *> operands, Range range) {
  const FunctionInfo *info = scalarFunction(name);
  Element element = operands.back()->element;
  if (info && info->result == FunctionInfo::Bool)
    element = Element::boolean;
  else if (info && info->result == FunctionInfo::RealOf)
    element = element == Element::c64 ? Element::f32 : element == Element::c128 ? Element::f64 : element;
  else if (info && info->result == FunctionInfo::ComplexOf)
    element = element == Element::f64 ? Element::c128 : Element::c64;
  Node *n = node(Op::point, element, operands.back()->shape, std::move(operands), range);
  n->name = name;
  return n;
}

Node *Elaborator::materialize(Value &value) {
  if (value.node)
    return value.node;
  if (value.number)
    value.node = constant(*value.number, value.element, value.range);
  else if (value.truth)
    value.node = constant(*value.truth, Element::boolean, value.range);
  else if (value.size)
    value.node = nodeOfDim(*value.size, value.range);
  return value.node;
}

bool Elaborator::isSize(const Dim &dim) {
  for (const std::string &name : dim.names())
    if (name[0] == '$' || name[0] == '%')
      return false;
  return true;
}

static bool isWithoutData(const Dim &dim) {
  for (const std::string &name : dim.names())
    if (name[0] == '%')
      return false;
  return true;
}

/// The value of a form: what is made of sizes and indices alone is one node, data join it by arithmetic.
Node *Elaborator::nodeOfDim(const Dim &dim, Range range) {
  if (isWithoutData(dim)) {
    Node *n = node(Op::size, Element::i64, {}, {}, range);
    n->size = dim;
    return n;
  }
  auto join = [&](const char *name, Node *a, Node *b) { return a ? point(name, {a, b}, range) : b; };
  Node *sum = nullptr;
  Dim rest;
  for (auto &[atoms, coefficient] : dim.getTerms()) {
    Node *product = nullptr;
    Dim factor = coefficient;
    for (const Atom &a : atoms)
      if (isWithoutData(Dim::atom(a)))
        factor = factor * Dim::atom(a);
      else if (a.kind == Atom::name)
        product = join("mul", product, convertNode(dataAtoms[std::stoul(a.text.substr(1))], Element::i64, range));
      else
        product = join("mul", product,
                       point(a.kind == Atom::mod ? "mod" : "floordiv",
                             {nodeOfDim(*a.lhs, range), nodeOfDim(*a.rhs, range)}, range));
    if (!product)
      rest = rest + factor;
    else
      sum = join("add", sum, factor.isConstant(1) ? product : join("mul", product, nodeOfDim(factor, range)));
  }
  return rest.isConstant(0) ? sum : join("add", sum, nodeOfDim(rest, range));
}

Dim Elaborator::linearForm(Value &value) {
  if (value.size)
    return *value.size;
  auto [it, isNew] = dataAtomOf.try_emplace(materialize(value), dataAtoms.size());
  if (isNew)
    dataAtoms.push_back(value.node);
  return Dim::name("%" + std::to_string(it->second));
}

/// A number of the script that instantiates this function: as a last resort it can be compiled for that very number.
bool Elaborator::isScriptNumber(Node *n) const {
  return n->op == Op::param && n->scope == function.body && !n->label.empty() && n->shape.empty() && n->element == Element::i64;
}

std::optional<Dim> Elaborator::asSize(Value value, Range range, const char *what) {
  if (value.kind == Value::none)
    return std::nullopt;
  if (value.isScalar() && value.size && isSize(*value.size))
    return *value.size;
  if (value.isScalar() && isInteger(value.element)) {
    if (Node *n = materialize(value); isScriptNumber(n) && value.weak) {
      wanted.insert(n->label);
      error(Code::E0211, range, std::string(what) + " must be known when compiled");
      return std::nullopt;
    }
    auto &d = error(Code::E0211, range, std::string(what) + " must be known when compiled; " + quoted(range) + " is data");
    if (value.node->op == Op::param && !value.node->label.empty())
      d.help("declare the parameter as `" + value.node->label + ": dim`");
    return std::nullopt;
  }
  error(Code::E0211, range, std::string(what) + " is an integer known when compiled; " + quoted(range) + " is " + describe(value));
  return std::nullopt;
}

std::optional<Dim> Elaborator::sizeOf(const ast::Expr &e, const char *what) { return asSize(expr(e), e.range, what); }

/// A size that is the length of something.
std::optional<Dim> Elaborator::lengthArgument(const Value &value, Range range, const char *what) {
  Range where = value.range.file ? value.range : range;
  auto dim = asSize(value, where, what);
  if (dim && dim->constant().value_or(0) < 0) {
    error(Code::E0211, where, std::string(what) + " can't be negative; this is " + dim->str());
    return std::nullopt;
  }
  return dim;
}

std::optional<Dims> Elaborator::shapeArgument(const Value &value, Range range) {
  Dims shape;
  std::vector<Value> parts = value.kind == Value::tuple ? value.parts : std::vector<Value>{value};
  for (Value &part : parts) {
    auto dim = lengthArgument(part, range, "a size");
    if (!dim)
      return std::nullopt;
    shape.push_back(*dim);
  }
  return shape;
}

//===--- Names ---------------------------------------------------------------------------------------------------===//

const Value *Elaborator::lookup(const std::string &text, Range range) {
  std::vector<Env *> crossed;
  for (Env *e = env.get(); e; e = e->parent.get()) {
    auto it = e->names.find(text);
    if (it == e->names.end()) {
      if (!e->variables.empty() && !stopped)
        crossed.push_back(e);
      continue;
    }
    const Env *def = root(e);
    for (Env *d : crossed) {
      bool depends = false;
      forEachLeaf(it->second, [&](const Value &leaf) { depends |= leaf.node && dependsOn(leaf.node, d->variables, def->arguments); });
      if (depends) {
        error(Code::E0403, range, "`" + text + "` was computed from `" + d->variableNames + "` outside the parentheses")
            .help("move it in, or write `stop_gradient(" + text + ")`");
        static const Value failed{};
        return &failed;
      }
    }
    return &it->second;
  }
  return nullptr;
}

/// A constant's expression sees its own module's constants only; it is made anew in each function that reads it.
Value Elaborator::moduleConstant(const Module &owner, const ast::ConstItem &item, Range range) {
  const ast::Expr *value = program.constantExpr(owner, item);
  if (!value)
    return {};
  if (!open.insert(&item).second)
    return fail(Code::E0210, range, "the constant `" + item.name.text + "` is made of itself");
  auto saved = std::exchange(env, std::make_shared<Env>());
  const Module *savedModule = std::exchange(module, &owner);
  Value v = expr(*value);
  open.erase(&item);
  env = saved;
  module = savedModule;
  v.range = range;
  return v;
}

Value Elaborator::name(const ast::Name &e) {
  if (const Value *v = lookup(e.text, e.range)) {
    Value value = *v;
    value.range = e.range;
    return value;
  }
  for (const OpenIndex &index : indices)
    if (index.name == e.text) {
      Value v = Value::ofSize(Dim::name("$" + std::to_string(index.id)));
      v.range = e.range;
      return v;
    }
  for (const Module *m : {module, program.prelude()}) {
    if (!m)
      continue;
    if (auto it = m->consts.find(e.text); it != m->consts.end()) {
      return moduleConstant(*m, *it->second, e.range);
    }
    if (auto it = m->defs.find(e.text); it != m->defs.end()) {
      Value v;
      v.kind = Value::function;
      v.callee = std::make_shared<Function>(Function{it->second, m, nullptr, nullptr, ""});
      v.range = e.range;
      return v;
    }
  }
  if (e.text == "pi" || e.text == "inf" || e.text == "nan") {
    Value v = Value::ofNumber(e.text == "pi" ? 3.14159265358979323846 : e.text == "inf" ? HUGE_VAL : NAN);
    v.range = e.range;
    return v;
  }
  if (auto element = elementNamed(e.text); (element && element != Element::key) || e.text == "float" || e.text == "int") {
    Value v;
    v.kind = Value::type;
    v.element = element ? *element : e.text == "float" ? Element::f32 : Element::i32;
    v.range = e.range;
    return v;
  }
  if (isBuiltin(e.text)) {
    Value v;
    v.kind = Value::function;
    v.callee = std::make_shared<Function>();
    v.callee->builtin = e.text;
    v.range = e.range;
    return v;
  }
  if (module->types.contains(e.text))
    return fail(Code::E0202, e.range, "`" + e.text + "` is a type; a value is made by `init(" + e.text + "[..], key(0))`");
  if (module->imports.contains(e.text))
    return fail(Code::E0202, e.range, "`" + e.text + "` is a module; write `" + e.text + ".name`");
  if (auto it = boundInside.find(e.text); it != boundInside.end())
    return error(Code::E0223, e.range, "`" + e.text + "` is bound in the loop or branch alone").note(it->second, "here").help("bind it before: `" + e.text + " = ..`"), Value{};
  unknownName(e.text, e.range);
  return {};
}

Value Elaborator::field(const ast::FieldAccess &e) {
  if (auto *base = dyn_cast<ast::Name>(e.base.get()); base && !lookup(base->text, base->range))
    if (auto it = module->imports.find(base->text); it != module->imports.end()) {
      const Module *other = it->second;
      if (auto def = other->defs.find(e.name.text); def != other->defs.end()) {
        Value v;
        v.kind = Value::function;
        v.callee = std::make_shared<Function>(Function{def->second, other, nullptr, nullptr, ""});
        v.range = e.range;
        return v;
      }
      if (auto constant = other->consts.find(e.name.text); constant != other->consts.end())
        return moduleConstant(*other, *constant->second, e.range);
      std::vector<std::string> names;
      for (auto &[name, d] : other->defs)
        names.push_back(name);
      auto &d = error(Code::E0201, e.name.range, "module `" + base->text + "` has no `" + e.name.text + "`");
      if (std::string near = nearest(e.name.text, names); !near.empty())
        d.help("did you mean `" + base->text + "." + near + "`?");
      return {};
    }
  if (foreignPath(e))
    return {};
  Value base = expr(*e.base);
  if (base.kind == Value::none)
    return {};
  if (base.kind == Value::record)
    for (size_t i = 0; i < base.names.size(); ++i)
      if (base.names[i] == e.name.text) {
        Value v = base.parts[i];
        v.range = e.range;
        return v;
      }
  if (base.kind == Value::tensor)
    return foreignTensorField(e, base), Value{};
  if (base.kind == Value::record) {
    auto &d = error(Code::E0208, e.name.range, quoted(*e.base) + " has no field `" + e.name.text + "`; it is " + describe(base));
    if (std::string near = nearest(e.name.text, base.names); !near.empty())
      d.help("did you mean `" + near + "`?");
    return {};
  }
  return fail(Code::E0208, e.name.range, quoted(*e.base) + " is " + describe(base) + ", which has no fields" +
                                             (base.kind == Value::tuple ? "; a tuple is taken apart by targets: `a, b = t`" : ""));
}

//===--- Expressions ---------------------------------------------------------------------------------------------===//

Value Elaborator::expr(const ast::Expr &e) {
  Value v;
  switch (e.kind) {
  case ast::Expr::NumberK: v = number(cast<ast::Number>(e)); break;
  case ast::Expr::StringK: {
    auto &s = cast<ast::String>(e);
    if (s.parts.size() > 1 || (s.parts.size() == 1 && s.parts[0].value))
      return fail(Code::E0215, e.range, "a string with values in it is for printing and file names, in a script");
    v.kind = Value::string;
    v.text = s.parts.empty() ? "" : s.parts[0].text;
    break;
  }
  case ast::Expr::BoolK: v = Value::ofTruth(cast<ast::Bool>(e).value); break;
  case ast::Expr::NameK: v = name(cast<ast::Name>(e)); break;
  case ast::Expr::UnaryK: {
    auto &u = cast<ast::Unary>(e);
    v = pointwise(u.op == ast::UnaryOp::neg ? "neg" : "not", {expr(*u.operand)}, e.range);
    break;
  }
  case ast::Expr::BinaryK: v = binary(cast<ast::Binary>(e)); break;
  case ast::Expr::PipeK: v = pipe(cast<ast::Pipe>(e)); break;
  case ast::Expr::CallK: v = call(cast<ast::Call>(e)); break;
  case ast::Expr::FieldK: v = field(cast<ast::FieldAccess>(e)); break;
  case ast::Expr::SubscriptK: v = subscript(cast<ast::Subscript>(e)); break;
  case ast::Expr::IfK: v = ifExpr(cast<ast::If>(e)); break;
  case ast::Expr::LambdaK:
    v.kind = Value::function;
    v.callee = std::make_shared<Function>();
    v.callee->lambda = &cast<ast::Lambda>(e);
    v.callee->module = module;
    v.callee->env = env;
    v.callee->calls = frames.size();
    break;
  case ast::Expr::IndexLambdaK: {
    auto &l = cast<ast::IndexLambda>(e);
    indexBody = l.body.get();
    v = overIndices(l.indices, e.range, [&] { return expr(*l.body); }, nullptr);
    break;
  }
  case ast::Expr::BlockK: v = block(cast<ast::Block>(e)); break;
  case ast::Expr::ListK: v = list(cast<ast::List>(e)); break;
  case ast::Expr::TupleK: {
    v.kind = Value::tuple;
    for (auto &element : cast<ast::Tuple>(e).elements) {
      v.parts.push_back(expr(*element));
      if (v.parts.back().kind == Value::none)
        return {};
    }
    break;
  }
  case ast::Expr::RecordK: {
    v.kind = Value::record;
    for (auto &[field, value] : cast<ast::Record>(e).fields) {
      if (std::find(v.names.begin(), v.names.end(), field.text) != v.names.end())
        return fail(Code::E0221, field.range, "the field `" + field.text + "` is given twice");
      v.names.push_back(field.text);
      v.parts.push_back(expr(*value)); // weak until it meets a type or a name
      if (v.parts.back().kind == Value::none)
        return {};
    }
    v.fileNames = v.names;
    break;
  }
  case ast::Expr::ReduceK: {
    auto &r = cast<ast::Reduce>(e);
    indexBody = r.body.get();
    v = overIndices(r.indices, e.range, [&] { return expr(*r.body); }, &r.op);
    break;
  }
  case ast::Expr::DerivativeK: v = derivative(cast<ast::Derivative>(e)); break;
  }
  if (v.kind != Value::none)
    v.range = e.range;
  return v;
}

Value Elaborator::number(const ast::Number &e) {
  if (e.isFloat)
    return Value::ofNumber(e.real);
  if (e.integer > uint64_t(INT64_MAX))
    return fail(Code::E0207, e.range, "`" + e.text + "` does not fit 64 bits; write `" + e.text + ".0` for a float");
  return Value::ofSize(int64_t(e.integer));
}

Value Elaborator::ifExpr(const ast::If &e) {
  return branch(expr(*e.condition), e.condition->range, [&] { return expr(*e.then); }, [&] { return expr(*e.otherwise); });
}

/// Whether a scalar is made of sizes and constants alone.
bool Elaborator::isOfSizes(const Node *n) {
  if (n->op == Op::size || n->op == Op::constant)
    return n->op == Op::constant || isSize(n->size);
  return (n->op == Op::point || n->op == Op::convert) && std::all_of(n->operands.begin(), n->operands.end(), isOfSizes);
}

/// One side runs. What is made of sizes and constants is decided here, and the other side is not even looked at.
Value Elaborator::branch(Value condition, Range range, const std::function<Value()> &then,
                         const std::function<Value()> &otherwise, const std::vector<std::string> &carried) {
  if (condition.kind == Value::none)
    return {};
  if (condition.truth)
    return *condition.truth ? then() : otherwise();
  if (!condition.isScalar() || condition.element != Element::boolean) {
    auto &d = error(Code::E0212, range, "the condition of `if` is one bool; " + quoted(range) + " is " + describe(condition));
    if (condition.isTensor() && condition.element == Element::boolean)
      d.help("write `where(" + std::string(program.sources().text(range)) + ", a, b)`, or `[i] => if .. then ..`");
    return {};
  }
  Node *where = node(Op::where, Element::f32, {}, {materialize(condition)}, range);
  // Where sizes are open, a use with numbers decides, and may take one side alone.
  bool undecided = openSizes && isOfSizes(where->operands[0]);
  size_t reported = diags.all().size();
  auto giveUp = [&] { return diags.truncate(reported), Value{}; };
  Value sides[2];
  for (int side = 0; side < 2; ++side) {
    graph::Scope *inner = function.newScope(scope);
    inner->owner = where;
    where->scopes.push_back(inner);
    graph::Scope *saved = std::exchange(scope, inner);
    sides[side] = side == 0 ? then() : otherwise();
    scope = saved;
    if (sides[side].kind == Value::none)
      return undecided ? giveUp() : Value{};
  }
  std::string sideTypes[2], carriedTypes; // as written, before weak numbers meet
  for (int side = 0; side < 2; ++side)
    sideTypes[side] = describe(sides[side]);
  for (size_t i = 0; i < carried.size() && carriedTypes.empty(); ++i) {
    const Value &a = sides[0].parts[i], &b = sides[1].parts[i];
    if (!(typeOf(a) == typeOf(b)) && !(a.isScalar() && b.isScalar() && a.weak && b.weak))
      carriedTypes = "`" + carried[i] + "` is " + describe(a) + " after one side of `if` and " + describe(b) + " after the other";
  }
  std::vector<Value *> leavesOf[2];
  for (int side = 0; side < 2; ++side)
    forEachLeaf(sides[side], [&](Value &leaf) { leavesOf[side].push_back(&leaf); });
  bool same = sides[0].kind == sides[1].kind && sides[0].names == sides[1].names && leavesOf[0].size() == leavesOf[1].size();
  for (size_t i = 0; same && i < leavesOf[0].size(); ++i) {
    Value &a = *leavesOf[0][i], &b = *leavesOf[1][i];
    graph::Scope *saved = std::exchange(scope, where->scopes[0]);
    Element element = a.element;
    bool weak = a.weak && b.weak;
    if (a.weak && b.weak)
      element = isFloating(a.element) || isFloating(b.element) ? Element::f64 : Element::i64;
    else if (a.weak)
      element = b.element;
    Node *x = convertNode(materialize(a), element, range);
    scope = where->scopes[1];
    Node *y = convertNode(materialize(b), b.weak || weak ? element : b.element, range);
    same = x->element == y->element && x->shape == y->shape && (!a.weak || weak || !(isFloating(a.element) && isInteger(element))) &&
           (!b.weak || weak || !(isFloating(b.element) && isInteger(element)));
    scope = saved;
    where->scopes[0]->results.push_back(x);
    where->scopes[1]->results.push_back(y);
    where->resultElements.push_back(element);
    where->resultShapes.push_back(x->shape);
    a.weak = weak;
  }
  if (!same && undecided)
    return giveUp();
  if (!same)
    return fail(Code::E0213, range, carriedTypes.empty() ? "the two sides of `if` differ: " + sideTypes[0] + " and " + sideTypes[1] : carriedTypes);
  size_t next = 0;
  Value result = sides[0];
  forEachLeaf(result, [&](Value &leaf) {
    Node *n = node(Op::result, where->resultElements[next], where->resultShapes[next], {where}, range);
    n->index = int64_t(next++);
    leaf = Value::ofNode(n, leaf.weak);
  });
  return result;
}

/// `[a, b]` stacks; brackets in brackets are one literal of one element type.
Value Elaborator::list(const ast::List &e) {
  std::vector<Value> values;
  for (auto &element : e.elements) {
    values.push_back(expr(*element));
    if (values.back().kind == Value::none)
      return {};
  }
  if (values.empty())
    return fail(Code::E0202, e.range, "an empty list has no element type; write `zeros(0, f32)`");
  return stack(std::move(values), e.range);
}

Value Elaborator::binary(const ast::Binary &e) {
  Value a = expr(*e.lhs), b = expr(*e.rhs);
  if (a.kind == Value::none || b.kind == Value::none)
    return {};
  if (a.kind == Value::string || b.kind == Value::string)
    return fail(Code::E0202, e.range, "strings are for printing and file names: \"{a}{b}\"");
  static constexpr const char *names[] = {"add", "sub", "mul", "div", "floordiv", "mod", "matmul", "pow",
                                          "eq",  "ne",  "lt",  "le",  "gt",       "ge",  "and",    "or"};
  if (e.op == ast::BinaryOp::matmul)
    return matmul(std::move(a), std::move(b), e, *e.lhs, *e.rhs);
  if (e.op == ast::BinaryOp::logicalAnd && a.truth)
    return *a.truth ? b : a;
  if (e.op == ast::BinaryOp::logicalOr && a.truth)
    return *a.truth ? a : b;
  if (e.op == ast::BinaryOp::div && a.isTensor() && b.isTensor() && ((!a.weak && isInteger(a.element)) || (!b.weak && isInteger(b.element)))) {
    bool left = !a.weak && isInteger(a.element), right = !b.weak && isInteger(b.element);
    std::string x = sourceOf(e.lhs->range), y = sourceOf(e.rhs->range);
    auto &d = error(Code::E0202, e.opRange, "`/` on " + std::string(elementName(left ? a.element : b.element)));
    if (left && (right || b.weak))
      d.help("write `" + operand(x) + " // " + operand(y) + "` or `f32(" + x + ") / " + operand(y) + "`");
    else
      d.help("write `" + (left ? "f32(" + x + ") / " + operand(y) : operand(x) + " / f32(" + y + ")") + "`");
    return {};
  }
  return pointwise(names[size_t(e.op)], {std::move(a), std::move(b)}, e.range);
}

/// NumPy's matmul: vectors are rows on the left and columns on the right, leading dimensions broadcast.
Value Elaborator::matmul(Value a, Value b, const ast::Expr &e, const ast::Expr &lhs, const ast::Expr &rhs) {
  if (!a.isTensor() || !b.isTensor() || a.shape.empty() || b.shape.empty())
    return fail(Code::E0202, e.range, "`@` takes tensors of one dimension or more; these are " + describe(a) + " and " + describe(b));
  if (!unifyElements({&a, &b}, "`@`", e.range))
    return {};
  if (a.element == Element::boolean || a.element == Element::key)
    return fail(Code::E0202, e.range, "`@` takes numbers; this is " + std::string(elementName(a.element)));
  Node *x = materialize(a), *y = materialize(b);
  const Dim &k = a.shape.back(), &l = b.shape.size() == 1 ? b.shape[0] : b.shape[b.shape.size() - 2];
  if (!(k == l)) {
    bool may = !k.constant() || !l.constant();
    auto &d = error(Code::E0204, e.range, std::string("inner dimensions of `@` ") + (may ? "may differ: " : "differ: ") + k.str() + " and " + l.str());
    noteOperand(d, a, lhs.range, a.shape.size() - 1);
    noteOperand(d, b, rhs.range, b.shape.size() == 1 ? 0 : b.shape.size() - 2);
    std::string left = sourceOf(lhs.range), right = sourceOf(rhs.range);
    if (b.shape.size() == 2 && k == b.shape[1])
      d.help("write `" + left + " @ transpose(" + right + ")`");
    else if (a.shape.size() == 2 && a.shape[0] == l)
      d.help("write `transpose(" + left + ") @ " + right + "`");
    else if (a.shape.size() > 1 && b.shape.back() == a.shape[a.shape.size() - 2])
      d.help("write `" + operand(right) + " @ " + operand(left) + "`");
    else if (auto m = k.asName(), n = l.asName(); m && n)
      d.help("if they are always equal, the signature says so by one name: `" + *m + "` for both");
    return {};
  }
  auto name = [](size_t i) { return Dim::name("#" + std::to_string(i)); };
  // With a vector, the sum of products over the one index space: batch, row or column, inner dim.
  bool row = a.shape.size() == 1, column = b.shape.size() == 1;
  if (row || column) {
    Dims space = column ? a.shape : Dims(b.shape.begin(), b.shape.end() - 2);
    if (!column) {
      space.push_back(b.shape.back());
      space.push_back(k);
    }
    size_t last = space.size() - 1;
    auto spread = [&](Node *n, bool vector) {
      if (n->shape == space && (vector || column))
        return n;
      Node *wide = node(Op::access, n->element, space, {n}, e.range);
      for (size_t i = 0; !vector && i + 1 < last; ++i)
        wide->coordinates.push_back(name(i));
      wide->coordinates.push_back(name(last));
      if (!vector)
        wide->coordinates.push_back(name(last - 1));
      return wide;
    };
    Node *product = point("mul", {spread(x, row), spread(y, column)}, e.range);
    Node *sum = node(Op::reduce, x->element, Dims(space.begin(), space.end() - 1), {product}, e.range);
    sum->name = "sum";
    sum->dims = {int64_t(space.size()) - 1};
    return Value::ofNode(sum, a.weak && b.weak);
  }
  Dims batchA(x->shape.begin(), x->shape.end() - 2), batchB(y->shape.begin(), y->shape.end() - 2), batch;
  size_t rank = std::max(batchA.size(), batchB.size());
  for (size_t i = 0; i < rank; ++i) {
    Dim p = i + batchA.size() < rank ? Dim(1) : batchA[i + batchA.size() - rank];
    Dim q = i + batchB.size() < rank ? Dim(1) : batchB[i + batchB.size() - rank];
    if (!(p == q) && !p.isConstant(1) && !q.isConstant(1)) {
      auto &d = error(Code::E0203, e.range, "leading dimensions of `@` differ: " + p.str() + " and " + q.str());
      noteOperand(d, a, lhs.range, i + batchA.size() - rank);
      noteOperand(d, b, rhs.range, i + batchB.size() - rank);
      return {};
    }
    batch.push_back(p.isConstant(1) ? q : p);
  }
  auto full = [&](Node *n) {
    Dims shape = batch;
    shape.insert(shape.end(), n->shape.end() - 2, n->shape.end());
    return broadcast(n, shape);
  };
  x = full(x);
  y = full(y);
  Dims shape = batch;
  shape.push_back(x->shape[rank]);
  shape.push_back(y->shape[rank + 1]);
  Node *product = node(Op::contraction, x->element, shape, {x, y}, e.range);
  return Value::ofNode(product, a.weak && b.weak);
}
