// Calls: arguments are bound to a signature and the body is elaborated anew for each use.
#include "lib/Sema/Elaborator.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;
using llvm::cast;
using llvm::dyn_cast;

const Value *CallArguments::find(std::string_view name) const {
  for (auto &[n, value] : named)
    if (n == name)
      return &value;
  return nullptr;
}

CallArguments Elaborator::evaluate(const std::vector<ast::Argument> &arguments, Range range) {
  CallArguments result;
  result.range = range;
  for (const ast::Argument &a : arguments) {
    Value v = expr(*a.value);
    if (a.name) {
      result.named.emplace_back(a.name->text, std::move(v));
    } else {
      result.positional.push_back(std::move(v));
      result.exprs.push_back(a.value.get());
    }
  }
  return result;
}

/// `init` and `load` take a type, which is no expression.
static bool takesType(const ast::Expr &callee) {
  auto *n = dyn_cast<ast::Name>(&callee);
  return n && n->text == "init";
}

Value Elaborator::call(const ast::Call &e) {
  if (takesType(*e.callee) && !lookup("init", e.callee->range)) {
    CallArguments a;
    a.range = e.range;
    for (size_t i = 0; i < e.arguments.size(); ++i) {
      a.exprs.push_back(e.arguments[i].value.get());
      a.positional.push_back(i == 0 ? Value{} : expr(*e.arguments[i].value));
    }
    return builtinInit("init", a);
  }
  // `x.sum()` is what people bring from NumPy.
  if (auto *f = dyn_cast<ast::FieldAccess>(e.callee.get())) {
    auto *base = dyn_cast<ast::Name>(f->base.get());
    bool isModule = base && !lookup(base->text, base->range) && module->imports.contains(base->text);
    if (!isModule && foreignPath(*f, &e))
      return {};
    if (!isModule) {
      Value v = expr(*f->base);
      if (v.kind == Value::none)
        return {};
      if (v.kind == Value::string)
        return error(Code::E0216, e.range, "there are no methods; " + quoted(*f->base) + " is a string").help("a value stands in the string: `\"{x:.3f}\"`"), Value{};
      auto field = std::find(v.names.begin(), v.names.end(), f->name.text);
      if (field != v.names.end())
        return fail(Code::E0202, f->range, quoted(*f) + " is " + describe(v.parts[size_t(field - v.names.begin())]) + " and can't be called");
      foreignMethod(e, *f, v);
      return {};
    }
  }
  auto *callee = dyn_cast<ast::Name>(e.callee.get());
  if (callee && !isKnown(callee->text, callee->range))
    return unknownName(callee->text, callee->range, &e), Value{};
  if (callee && callee->text == "checkpoint" && e.arguments.size() == 1 && !e.arguments[0].name)
    if (Value f = expr(*callee); f.kind == Value::function && f.callee->builtin == callee->text)
      return checkpoint(*e.arguments[0].value, e.range);
  bool stop = callee && callee->text == "stop_gradient";
  bool saved = std::exchange(stopped, stopped || stop);
  CallArguments arguments = evaluate(e.arguments, e.range);
  stopped = saved;
  return callNamed(*e.callee, std::move(arguments));
}

/// What stands in `checkpoint(..)`, as a region that a reverse pass runs again.
Value Elaborator::checkpoint(const ast::Expr &e, Range range) {
  Node *owner = node(Op::composite, Element::f32, {}, {}, range);
  owner->name = "checkpoint";
  graph::Scope *inner = function.newScope(scope);
  inner->owner = owner;
  owner->scopes.push_back(inner);
  graph::Scope *saved = std::exchange(scope, inner);
  Value value = expr(e);
  auto isComputed = [](const Value &leaf) { return leaf.kind == Value::tensor && leaf.node; };
  forEachLeaf(value, [&](Value &leaf) {
    if (isComputed(leaf))
      inner->results.push_back(materialize(leaf));
  });
  scope = saved;
  if (value.kind == Value::none || inner->results.empty())
    return value;
  for (Node *r : inner->results) {
    owner->resultElements.push_back(r->element);
    owner->resultShapes.push_back(r->shape);
  }
  size_t next = 0;
  forEachLeaf(value, [&](Value &leaf) {
    if (!isComputed(leaf))
      return;
    Node *r = node(Op::result, owner->resultElements[next], owner->resultShapes[next], {owner}, range);
    r->index = int64_t(next++);
    leaf = Value::ofNode(r, leaf.weak);
  });
  return value;
}

Value Elaborator::pipe(const ast::Pipe &e) {
  if (auto *callee = dyn_cast<ast::Name>(e.callee.get()); callee && callee->text == "checkpoint" && e.arguments.empty())
    if (Value f = expr(*callee); f.kind == Value::function && f.callee->builtin == callee->text)
      return checkpoint(*e.value, e.range);
  CallArguments a;
  a.range = e.range;
  a.positional.push_back(expr(*e.value));
  a.exprs.push_back(e.value.get());
  CallArguments rest = evaluate(e.arguments, e.range);
  a.positional.insert(a.positional.end(), rest.positional.begin(), rest.positional.end());
  a.exprs.insert(a.exprs.end(), rest.exprs.begin(), rest.exprs.end());
  a.named = std::move(rest.named);
  return callNamed(*e.callee, std::move(a));
}

Value Elaborator::callNamed(const ast::Expr &callee, CallArguments arguments) {
  for (const Value &v : arguments.positional)
    if (v.kind == Value::none)
      return {};
  for (auto &[name, v] : arguments.named)
    if (v.kind == Value::none)
      return {};
  Value f = expr(callee);
  if (f.kind == Value::none)
    return {};
  if (f.kind == Value::type) {
    if (arguments.positional.size() != 1 || !arguments.named.empty())
      return fail(Code::E0209, arguments.range, "a conversion takes one argument: `" + std::string(elementName(f.element)) + "(x)`");
    return convert(arguments.positional[0], f.element, arguments.range);
  }
  if (f.kind != Value::function)
    return fail(Code::E0202, callee.range, quoted(callee) + " is " + describe(f) + " and can't be called");
  return callFunction(*f.callee, std::move(arguments));
}

/// Lambdas that are given each other can call without end, and twice as often at each depth: the first report ends it all.
bool Elaborator::nestsTooDeep(Range range) {
  if (!tooDeep && frames.size() + openLambdas > 200) {
    tooDeep = true;
    error(Code::E0210, range, "calls are nested more than 200 deep");
  }
  return tooDeep;
}

Value Elaborator::callFunction(const Function &f, CallArguments arguments) {
  if (f.def)
    return callDef(*f.module, *f.def, std::move(arguments));
  if (f.lambda) {
    if (arguments.positional.size() != f.lambda->params.size() || !arguments.named.empty())
      return fail(Code::E0209, arguments.range, "the lambda takes " + std::to_string(f.lambda->params.size()) + " arguments, this call gives " + std::to_string(arguments.positional.size()));
    if (nestsTooDeep(arguments.range))
      return {};
    auto inner = std::make_shared<Env>();
    inner->parent = f.env;
    for (size_t i = 0; i < arguments.positional.size(); ++i)
      inner->names[f.lambda->params[i].text] = arguments.positional[i];
    auto saved = std::exchange(env, inner);
    const Module *savedModule = std::exchange(module, f.module);
    std::vector<size_t> beside;
    for (size_t i = f.calls; i < frames.size(); ++i)
      if (!std::exchange(frames[i].beside, true))
        beside.push_back(i);
    ++openLambdas;
    Value v = expr(*f.lambda->body);
    --openLambdas;
    for (size_t i : beside)
      frames[i].beside = false;
    env = saved;
    module = savedModule;
    return v;
  }
  auto it = builtins().find(f.builtin);
  if (it != builtins().end())
    return (this->*it->second)(f.builtin, arguments);
  const FunctionInfo *info = scalarFunction(f.builtin);
  if (!info)
    return fail(Code::E0902, arguments.range, "no function `" + f.builtin + "`");
  std::vector<Value> operands = arguments.positional;
  for (auto &[name, v] : arguments.named)
    return noParameter(f.builtin, name, v, arguments.range, {}), Value{};
  if (operands.size() != info->arity())
    return fail(Code::E0209, arguments.range, "`" + f.builtin + "` takes " + std::to_string(info->arity()) + " argument" + (info->arity() == 1 ? "" : "s") + ", this call gives " + std::to_string(operands.size()));
  return pointwise(f.builtin, std::move(operands), arguments.range);
}

namespace {
/// The size names of a signature, each where it stands first: `alone` are those that a parameter's type binds.
struct SizeNames {
  std::map<std::string, Range> all;
  std::set<std::string> alone;

  void expr(const ast::Expr &e) {
    if (auto *n = dyn_cast<ast::Name>(&e)) {
      all.try_emplace(n->text, n->range);
    } else if (auto *b = dyn_cast<ast::Binary>(&e)) {
      expr(*b->lhs);
      expr(*b->rhs);
    } else if (auto *u = dyn_cast<ast::Unary>(&e)) {
      expr(*u->operand);
    }
  }
  void type(const ast::Type &t, bool binds) {
    for (const std::vector<ast::Dim> &dims : t.suffixes)
      for (const ast::Dim &dim : dims)
        if (dim.value) {
          expr(*dim.value);
          if (auto *n = dyn_cast<ast::Name>(dim.value.get()); n && binds)
            alone.insert(n->text);
        }
    for (const ast::Field &f : t.fields)
      type(*f.type, binds);
    for (auto &element : t.elements)
      type(*element, binds);
  }
};
} // namespace

/// Whether each size of a signature is one that a call gives.
bool Elaborator::bindsItsSizes(const ast::DefItem &def) {
  SizeNames names;
  for (const ast::Param &p : def.params) {
    if (p.type)
      names.type(*p.type, true);
    names.alone.insert(p.name.text); // `n: dim`
  }
  if (def.result)
    names.type(*def.result, false);
  for (auto &[name, range] : names.all)
    if (!names.alone.contains(name) && !module->consts.contains(name)) {
      error(Code::E0201, range, "no parameter binds the size `" + name + "`")
          .help("a size is bound where it stands alone in a parameter's type, as in `x: f32[" + name + "]`, or by a parameter `" + name + ": dim`");
      return false;
    }
  return true;
}

Value Elaborator::callDef(const Module &owner, const ast::DefItem &def, CallArguments arguments) {
  const std::string &name = def.name.text;
  for (const Frame &frame : frames)
    if (frame.def == &def && !frame.beside && !insideVjp.contains(&def))
      return error(Code::E0210, arguments.range, "`" + name + "` calls itself; recursion is not in the language").help("use a loop"), Value{};
  if (nestsTooDeep(arguments.range))
    return {};
  if (def.cuda)
    return error(Code::E0901, arguments.range, "`extern cuda def` is not there yet: `" + name + "` needs a GPU")
               .note(def.name.range, "defined here"),
           Value{};

  // Arguments to parameters.
  std::vector<std::optional<Value>> given(def.params.size());
  if (arguments.positional.size() > def.params.size())
    return error(Code::E0209, arguments.range, "`" + name + "` takes " + std::to_string(def.params.size()) + " arguments, this call gives " + std::to_string(arguments.positional.size()))
               .note(def.name.range, "defined here"),
           Value{};
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    if (i > 0 && owner.library && module != &owner && def.params[i].name.text == "axis")
      return error(Code::E0218, arguments.range, "an axis is given by name: `" + name + "(" + (i == 1 && arguments.exprs.size() > 1 ? sourceOf(arguments.exprs[0]->range) : "x") +
                                                     ", axis=" + sourceOf(arguments.positional[i].range) + ")`"),
             Value{};
    given[i] = arguments.positional[i];
  }
  for (auto &[argument, value] : arguments.named) {
    size_t at = 0;
    while (at < def.params.size() && def.params[at].name.text != argument)
      ++at;
    if (at == def.params.size()) {
      std::vector<std::string> names;
      for (const ast::Param &p : def.params)
        names.push_back(p.name.text);
      noParameter(name, argument, value, arguments.range, names);
      return {};
    }
    if (given[at])
      return fail(Code::E0209, arguments.range, "`" + argument + "` is given twice");
    given[at] = value;
  }

  if (&def == program.watched && !program.firstCall && !collecting) {
    program.firstCall.emplace();
    for (size_t i = 0; i < given.size(); ++i)
      if (given[i])
        program.firstCall->emplace_back(def.params[i].name.text, *given[i]);
  }
  auto savedEnv = env;
  const Module *savedModule = std::exchange(module, &owner);
  auto inner = std::make_shared<Env>();
  struct Restore { // every way out leaves the caller's names in place
    Elaborator &e;
    std::shared_ptr<Env> env;
    const Module *module;
    ~Restore() {
      e.env = std::move(env);
      e.module = module;
      e.frames.pop_back();
      e.ellipsisIndices.pop_back();
    }
  } restore{*this, savedEnv, savedModule};
  Binding binding;
  frames.push_back({&def, arguments.range, &binding});
  ellipsisIndices.push_back({}); // an index list's `...` is not the callee's
  env = inner;

  if (!bindsItsSizes(def))
    return {};
  std::vector<std::optional<Type>> patterns(def.params.size());
  auto isDim = [](const ast::Param &p) { return p.type && p.type->kind == ast::Type::named && p.type->name.text == "dim" && p.type->module.empty(); };
  auto bindElements = [&] { // what `float` and `int` are, for defaults and the body
    for (auto [word, element] : {std::pair("float", binding.anyFloat.value_or(Element::f32)), std::pair("int", binding.anyInt.value_or(Element::i32))}) {
      Value v;
      v.kind = Value::type;
      v.element = element;
      inner->names[word] = v;
    }
  };
  // Typed arguments bind names first, then sizes (`dim`), then numbers that are still weak.
  for (int round = 0; round < 2; ++round)
    for (size_t i = 0; i < def.params.size(); ++i) {
      const ast::Param &p = def.params[i];
      if (!given[i]) {
        if (round == 0)
          continue;
        if (!p.initial)
          return error(Code::E0209, arguments.range, "`" + name + "` needs `" + p.name.text + "`").note(p.name.range, "this parameter has no default"), Value{};
        bindElements();
        given[i] = expr(*p.initial);
        if (given[i]->kind == Value::none)
          return {};
      }
      Value &v = *given[i];
      if (v.kind == Value::none)
        return {};
      if (isDim(p)) {
        auto size = asSize(v, v.range.file ? v.range : arguments.range, "a `dim`");
        if (!size)
          return {};
        binding.sizes[p.name.text] = *size;
        inner->names[p.name.text] = v;
        continue;
      }
      if (p.type) {
        if (!patterns[i]) {
          patterns[i] = resolveType(*p.type, &binding);
          if (!patterns[i])
            return {};
        }
        if (!bindPattern(*patterns[i], v, binding, v.range.file ? v.range : arguments.range, "`" + p.name.text + "`"))
          return {};
      }
      if (!p.type && (v.kind == Value::record || v.kind == Value::tuple) && (v = settleTensors(std::move(v))).kind == Value::none)
        return {};
      inner->names[p.name.text] = v;
      for (auto &[size, dim] : binding.sizes)
        if (!inner->names.contains(size))
          inner->names[size] = Value::ofSize(dim);
    }
  for (auto &[parameter, value] : inner->names)
    forEachLeaf(value, [&](Value &leaf) {
      if (leaf.node && !inner->arguments.insert(leaf.node).second) { // given for two parameters, which a derivative tells apart
        leaf.node = again(leaf.node);
        inner->arguments.insert(leaf.node);
      }
    });
  bindElements();
  for (auto &[size, dim] : binding.sizes)
    if (!inner->names.contains(size))
      inner->names[size] = Value::ofSize(dim);
  // Weak numbers take the declared type; equations are checked now that all is bound.
  for (size_t i = 0; i < def.params.size(); ++i) {
    if (!patterns[i])
      continue;
    auto coerce = [&](auto &self, const Type &pattern, Value &v) -> bool {
      for (size_t k = 0; k < v.parts.size(); ++k)
        if (!self(self, pattern.parts[k], v.parts[k]))
          return false;
      if (!v.isTensor() || !v.weak)
        return true;
      Element element = pattern.family == Type::anyFloat ? binding.anyFloat.value_or(Element::f32)
                        : pattern.family == Type::anyInt ? binding.anyInt.value_or(Element::i32) : pattern.element;
      if (element == Element::key || element == Element::boolean)
        return error(Code::E0205, v.range.file ? v.range : arguments.range, "`" + def.params[i].name.text + "` is " + describe(v) + ", expected " + pattern.str()), false;
      Value like = Value::ofNode(constant(0, element, arguments.range));
      like.range = {}; // the argument is what to mend
      Range where = v.range;
      if (!unifyElements({&like, &v}, def.params[i].name.text, arguments.range))
        return false;
      v.range = where;
      return true;
    };
    Value &v = inner->names[def.params[i].name.text];
    if (!coerce(coerce, *patterns[i], v) || !bindPattern(*patterns[i], v, binding, v.range.file ? v.range : arguments.range, "`" + def.params[i].name.text + "`"))
      return {};
    v = equated(*patterns[i], std::move(v), binding);
    forEachLeaf(v, [&](Value &leaf) { inner->arguments.insert(leaf.node); });
  }

  std::vector<Value> parameters;
  for (const ast::Param &p : def.params)
    parameters.push_back(inner->names[p.name.text]);
  auto body = [&] { return def.isExtern ? hostCall(def, binding, arguments.range) : expr(*def.body); };
  auto vjp = insideVjp.contains(&def) ? owner.vjps.end() : owner.vjps.find(name);
  bool smooth = false; // a derivative of one's own is of floating arguments
  for (const Value &v : parameters)
    forEachLeaf(v, [&](const Value &leaf) { smooth |= isFloating(leaf.element) || isComplex(leaf.element); });
  if (!smooth)
    vjp = owner.vjps.end();
  Value value = vjp != owner.vjps.end() ? composite(name, parameters, arguments.range, body, vjp->second, def)
                : def.library           ? composite(name, parameters, arguments.range, body, nullptr, def)
                                        : body();
  if (value.kind == Value::none)
    return {};
  if (def.result) {
    auto pattern = resolveType(*def.result, &binding);
    if (!pattern)
      return {};
    auto coerce = [&](auto &self, const Type &t, Value &v) -> void {
      for (size_t k = 0; k < v.parts.size() && k < t.parts.size(); ++k)
        self(self, t.parts[k], v.parts[k]);
      if (v.isTensor() && v.weak && t.kind == Type::tensor && !(isFloating(v.element) && isInteger(t.element)))
        v = convert(v, t.element, v.range);
    };
    coerce(coerce, *pattern, value);
    if (!bindPattern(*pattern, value, binding, def.result->range, "the result of `" + name + "`"))
      return {};
    value = equated(*pattern, std::move(value), binding);
  }
  return value;
}

/// A call that keeps its body as one region: `@library` defs, and those with a `vjp` of their own.
Value Elaborator::composite(const std::string &name, std::vector<Value> &parameters, Range range, const std::function<Value()> &body,
                            const ast::VjpItem *vjp, const ast::DefItem &def) {
  Node *owner = node(Op::composite, Element::f32, {}, {}, range);
  owner->name = name;
  graph::Scope *inner = function.newScope(scope);
  inner->owner = owner;
  owner->scopes.push_back(inner);
  auto enter = [&](graph::Scope *into, Value &v) { // a parameter node of the region for each leaf
    forEachLeaf(v, [&](Value &leaf) {
      if (!leaf.node && (leaf.size || leaf.truth))
        return; // a constant is known inside as well
      Node *outer = materialize(leaf);
      Node *param = node(Op::param, leaf.element, leaf.shape, {}, range);
      param->scope = into;
      param->index = int64_t(into->params.size());
      param->label = outer->label;
      into->params.push_back(param);
      bool weak = leaf.weak;
      leaf = Value::ofNode(param, weak);
    });
  };
  std::vector<Value> inside = parameters;
  std::vector<bool> floating;
  for (size_t i = 0; i < inside.size(); ++i) {
    forEachLeaf(parameters[i], [&](Value &leaf) {
      if (!leaf.node && (leaf.size || leaf.truth))
        return;
      owner->operands.push_back(materialize(leaf));
      floating.push_back(isFloating(leaf.element) || isComplex(leaf.element));
    });
    enter(inner, inside[i]);
    env->names[def.params[i].name.text] = inside[i];
  }
  graph::Scope *saved = std::exchange(scope, inner);
  Value value = body();
  if (value.kind != Value::none)
    forEachLeaf(value, [&](Value &leaf) { inner->results.push_back(materialize(leaf)); });
  scope = saved;
  if (value.kind == Value::none)
    return {};
  for (Node *r : inner->results) {
    owner->resultElements.push_back(r->element);
    owner->resultShapes.push_back(r->shape);
  }
  if (vjp) {
    graph::Scope *back = function.newScope(scope);
    back->owner = owner;
    owner->scopes.push_back(back);
    if (vjp->params.size() != def.params.size() + 1)
      return fail(Code::E0209, vjp->name.range, "`vjp " + name + "` takes the parameters of `" + name + "` and the cotangent of its result");
    auto savedEnv = std::exchange(env, std::make_shared<Env>(Env{nullptr, env->names, {}, ""}));
    std::vector<Value> again = parameters;
    for (size_t i = 0; i < again.size(); ++i) {
      enter(back, again[i]);
      env->names[vjp->params[i].name.text] = again[i];
    }
    Value cotangent = value;
    enter(back, cotangent);
    env->names[vjp->params.back().name.text] = cotangent;
    saved = std::exchange(scope, back);
    insideVjp.insert(&def);
    Value gradients = expr(*vjp->body);
    insideVjp.erase(&def);
    std::vector<Node *> found;
    if (gradients.kind != Value::none)
      forEachLeaf(gradients, [&](Value &leaf) { found.push_back(materialize(leaf)); });
    scope = saved;
    env = savedEnv;
    if (gradients.kind == Value::none)
      return {};
    size_t next = 0;
    for (size_t i = 0; i < owner->operands.size(); ++i) {
      Node *operand = owner->operands[i], *g = floating[i] ? next < found.size() ? found[next++] : nullptr : nullptr;
      if (floating[i] && (!g || g->shape != operand->shape || g->element != operand->element))
        return error(Code::E0205, vjp->range, "`vjp " + name + "` gives a cotangent for each floating parameter, of its type").note(def.name.range, "defined here"), Value{};
      back->results.push_back(g);
    }
    if (next != found.size())
      return fail(Code::E0205, vjp->range, "`vjp " + name + "` gives " + std::to_string(found.size()) + " cotangents for " + std::to_string(next) + " floating parameters");
  }
  size_t next = 0;
  forEachLeaf(value, [&](Value &leaf) {
    Node *r = node(Op::result, owner->resultElements[next], owner->resultShapes[next], {owner}, range);
    r->index = int64_t(next++);
    leaf = Value::ofNode(r, leaf.weak);
  });
  return value;
}

/// A call of what a C++ host has bound to an `extern def`: arguments leaf by leaf, a `dim` as an integer; results as the signature says.
Value Elaborator::hostCall(const ast::DefItem &def, Binding &binding, Range range) {
  auto type = resolveType(*def.result, &binding);
  if (!type)
    return {};
  Node *owner = node(Op::host, Element::f32, {}, {}, range);
  owner->name = def.name.text;
  for (const ast::Param &p : def.params) {
    if (!p.type)
      return fail(Code::E0219, p.name.range, "a parameter of an `extern def` has a type");
    Value argument = env->names[p.name.text]; // within a composite: its region's parameter
    forEachLeaf(argument, [&](Value &leaf) {
      if (leaf.weak && isInteger(leaf.element)) // a `dim`
        leaf = convert(leaf, Element::i64, range);
      owner->operands.push_back(materialize(leaf));
    });
  }
  bool fine = true;
  auto make = [&](auto &self, const Type &t) -> Value {
    if (t.kind == Type::tensor) {
      Element element = t.family == Type::anyFloat ? binding.anyFloat.value_or(Element::f32) : t.family == Type::anyInt ? binding.anyInt.value_or(Element::i32) : t.element;
      Dims shape;
      for (const Dim &dim : t.shape) {
        bool open = dim == anyDims();
        if (open && binding.anyDims)
          shape.insert(shape.end(), binding.anyDims->begin(), binding.anyDims->end());
        else if (open || dim == anyDim())
          fine = false;
        else
          shape.push_back(dim.substitute(binding.sizes));
      }
      Node *n = node(Op::result, element, shape, {owner}, range);
      n->index = int64_t(owner->resultElements.size());
      owner->resultElements.push_back(element);
      owner->resultShapes.push_back(shape);
      return Value::ofNode(n);
    }
    std::vector<Value> parts;
    for (const Type &part : t.parts)
      parts.push_back(self(self, part));
    return Value::ofParts(t.kind == Type::record ? Value::record : Value::tuple, std::move(parts), t.names, t.fileNames);
  };
  Value value = make(make, *type);
  if (!fine)
    return fail(Code::E0219, def.result->range, "the result of an `extern def` has sizes that its parameters give");
  return value;
}
