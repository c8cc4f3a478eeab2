#include "lib/Sema/Sema.h"
#include "lib/Sema/Elaborator.h"
#include "lib/Syntax/Parser.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using llvm::cast;
using llvm::dyn_cast;

//===--- Parameters and results ----------------------------------------------------------------------------------===//

static void collectSizes(const Dims &shape, std::vector<std::string> &sizes) {
  for (const Dim &d : shape)
    for (const std::string &name : d.names())
      if (std::find(sizes.begin(), sizes.end(), name) == sizes.end())
        sizes.push_back(name);
}

Value Elaborator::declareParam(const std::string &name, const Type &type) {
  auto make = [&](auto &self, const Type &t, const std::string &path) -> Value {
    if (t.kind == Type::tensor) {
      Node *n = node(graph::Op::param, t.element, t.shape, {}, {});
      n->index = int64_t(function.body->params.size());
      n->label = path;
      function.body->params.push_back(n);
      function.params.push_back({path, t.element, t.shape});
      collectSizes(t.shape, function.sizes);
      return Value::ofNode(n, t.weak);
    }
    Value v;
    v.kind = t.kind == Type::record ? Value::record : Value::tuple;
    v.names = t.names;
    v.fileNames = t.fileNames;
    for (size_t i = 0; i < t.parts.size(); ++i)
      v.parts.push_back(self(self, t.parts[i], path + "." + (t.kind == Type::record ? t.names[i] : std::to_string(i))));
    return v;
  };
  return make(make, type, name);
}

void Elaborator::setResults(const Value &value) {
  Value v = value;
  auto paths = leaves(typeOf(v), "");
  size_t next = 0;
  forEachLeaf(v, [&](Value &leaf) {
    Node *n = materialize(leaf);
    function.body->results.push_back(n);
    function.results.push_back({paths[next++].path, n->element, n->shape});
    collectSizes(n->shape, function.sizes);
  });
}

/// The part of a result that no memory can hold: a string, a function, a type.
static const Value *abstractPart(const Value &v) {
  if (v.kind != Value::tensor && v.kind != Value::record && v.kind != Value::tuple)
    return &v;
  for (const Value &part : v.parts)
    if (const Value *found = abstractPart(part))
      return found;
  return nullptr;
}

/// A result as memory holds it.
static Value held(Program &program, Elaborator &elaborator, Value value, Range range) {
  const Value *part = value.kind == Value::none ? nullptr : abstractPart(value);
  if (!part)
    return elaborator.settleTensors(std::move(value));
  auto &d = program.diagnostics().error(Code::E0202, part != &value && part->range.file ? part->range : range,
                                        part->kind == Value::string ? "a string is for printing and file names" : "functions and types are values only as arguments");
  if (part->kind == Value::function)
    d.help("a function with a name is `def f(x) = e`");
  return {};
}

/// Runs `body` in a fresh elaborator; on failure what it reported stays, unless `wanted` explains it.
static std::optional<Instance> run(Program &program, const Module &module, const std::string &name,
                                   const std::function<Value(Elaborator &)> &body, Range range) {
  Instance instance;
  instance.function = std::make_unique<graph::Function>();
  instance.function->name = name;
  size_t before = program.diagnostics().all().size();
  Elaborator elaborator(program, *instance.function, module);
  Value value = body(elaborator);
  value = held(program, elaborator, std::move(value), range);
  if (value.kind == Value::none || program.diagnostics().hasErrors()) {
    if (value.kind == Value::none && program.diagnostics().all().size() == before)
      program.diagnostics().error(Code::E0902, range, "this could not be elaborated, and no reason was given");
    if (elaborator.wanted.empty())
      return std::nullopt;
    program.diagnostics().truncate(before);
    instance.function = nullptr;
    instance.wanted = std::move(elaborator.wanted);
    return instance;
  }
  elaborator.setResults(value);
  instance.result = typeOf(value);
  return instance;
}

//===--- Open types ----------------------------------------------------------------------------------------------===//

/// `...` and `_` of a signature stand for one dimension with a name of its own.
static void openMarkers(Type &type, unsigned &fresh) {
  for (Dim &d : type.shape) {
    if (d.asName() == "...")
      d = Dim::name("dims");
    else if (d.asName() == "_")
      d = Dim::name("_" + std::to_string(fresh++));
  }
  type.family = Type::fixed;
  for (Type &part : type.parts)
    openMarkers(part, fresh);
}

static bool isDimParam(const ast::Param &p) {
  return p.type && p.type->kind == ast::Type::named && p.type->module.empty() && p.type->name.text == "dim";
}

std::optional<std::vector<Input>> sema::openInputs(Program &program, const Module &module, const ast::DefItem &def) {
  graph::Function scratch;
  Elaborator elaborator(program, scratch, module);
  std::vector<Input> inputs;
  Binding binding;
  unsigned fresh = 0;
  for (const ast::Param &p : def.params) {
    if (isDimParam(p)) {
      inputs.push_back({p.name.text, {}, Value::ofSize(Dim::name(p.name.text))});
      continue;
    }
    if (!p.type) {
      if (p.initial)
        continue;
      program.diagnostics().error(Code::E0209, p.name.range, "`" + p.name.text + "` has no type, so `" + def.name.text + "` is compiled for each use alone")
          .help("give it a type: `" + p.name.text + ": float[n]`");
      return std::nullopt;
    }
    auto type = elaborator.resolveType(*p.type, &binding);
    if (!type)
      return std::nullopt;
    openMarkers(*type, fresh);
    inputs.push_back({p.name.text, std::move(*type), std::nullopt});
  }
  return inputs;
}

//===--- Instances -----------------------------------------------------------------------------------------------===//

std::optional<Instance> sema::instantiate(Program &program, const Module &module, const ast::DefItem &def, const std::vector<Input> &inputs) {
  return run(program, module, def.name.text, [&](Elaborator &e) {
    CallArguments arguments; // no range: the call is the host's
    for (const Input &input : inputs) {
      Value v = input.known ? *input.known : e.declareParam(input.name, input.type);
      bool isParam = std::any_of(def.params.begin(), def.params.end(), [&](const ast::Param &p) { return p.name.text == input.name; });
      if (isParam)
        arguments.named.emplace_back(input.name, std::move(v));
      else
        arguments.positional.push_back(std::move(v));
    }
    return e.callDef(module, def, std::move(arguments));
  }, def.name.range);
}

static Value elaborateOver(Elaborator &e, const ast::Expr &expr, const std::vector<Input> &inputs) {
  std::set<std::string> read = freeNames(expr);
  for (const Input &input : inputs)
    if (read.contains(input.name))
      e.env->names[input.name] = input.known ? *input.known : e.declareParam(input.name, input.type);
  auto nodes = [&](const std::string &name) {
    std::vector<graph::Node *> found;
    if (auto it = e.env->names.find(name); it != e.env->names.end())
      forEachLeaf(it->second, [&](Value &leaf) {
        if (leaf.node)
          found.push_back(leaf.node);
      });
    return found;
  };
  for (const Input &input : inputs)
    for (const std::string &source : input.from)
      for (graph::Node *node : nodes(input.name))
        for (graph::Node *from : nodes(source))
          node->operands.push_back(from);
  return e.expr(expr);
}

std::optional<Instance> sema::elaborate(Program &program, const Module &module, const ast::Expr &expr, const std::vector<Input> &inputs) {
  return run(program, module, "script", [&](Elaborator &e) { return elaborateOver(e, expr, inputs); }, expr.range);
}

std::optional<Instance> sema::elaborateText(Program &program, const Module &module, const std::string &text, const std::vector<Input> &inputs) {
  size_t before = program.diagnostics().all().size();
  uint32_t id = program.sources().add("<expression>", text);
  auto file = parseFile(id, program.sources(), program.diagnostics());
  if (program.diagnostics().all().size() != before)
    return std::nullopt;
  const ast::ExprStmt *e = nullptr;
  if (file->items.size() == 1)
    if (auto *s = dyn_cast<ast::StmtItem>(file->items[0].get()))
      e = dyn_cast<ast::ExprStmt>(s->statement.get());
  if (!e) {
    program.diagnostics().error(Code::E0101, {id, 0, uint32_t(text.size())}, "an expression is expected");
    return std::nullopt;
  }
  return elaborate(program, module, *e->value, inputs);
}

std::optional<Type> sema::typeOfExpr(Program &program, const Module &module, const ast::Expr &expr, const std::vector<Input> &inputs) {
  graph::Function scratch;
  Elaborator elaborator(program, scratch, module);
  for (const Input &input : inputs)
    if (input.known)
      elaborator.env->names[input.name] = *input.known;
  return elaborator.typeFromExpr(expr);
}

std::optional<Value> sema::constantValue(Program &program, const Module &module, const ast::ConstItem &item) {
  const ast::Expr *e = program.constantExpr(module, item);
  if (!e)
    return std::nullopt;
  graph::Function scratch;
  Elaborator elaborator(program, scratch, module);
  Value v = elaborator.expr(*e);
  if (v.kind == Value::none)
    return std::nullopt;
  return v;
}

/// A def that reaches itself by calls, generic ones too: each is reported once.
static std::set<std::string> checkRecursion(Program &program, const Module &module) {
  std::set<std::string> recursive;
  std::map<std::string, std::set<std::string>> calls;
  for (auto &[name, def] : module.defs)
    if (def->body) {
      for (const std::string &called : freeNames(*def->body))
        if (module.defs.contains(called))
          calls[name].insert(called);
      for (const ast::Param &p : def->params)
        calls[name].erase(p.name.text);
    }
  for (auto &[name, def] : module.defs) {
    std::set<std::string> seen;
    std::vector<std::string> work(calls[name].begin(), calls[name].end());
    while (!work.empty()) {
      std::string next = work.back();
      work.pop_back();
      if (seen.insert(next).second)
        work.insert(work.end(), calls[next].begin(), calls[next].end());
    }
    if (!seen.contains(name))
      continue;
    recursive.insert(name);
    program.diagnostics().error(Code::E0210, def->name.range, "`" + name + "` calls itself; recursion is not in the language").help("use a loop");
  }
  return recursive;
}

bool sema::check(Program &program, const Module &module) {
  std::set<std::string> recursive = checkRecursion(program, module);
  for (auto &[name, def] : module.defs) {
    bool typed = !recursive.contains(name) && !def->cuda && std::all_of(def->params.begin(), def->params.end(), [](const ast::Param &p) { return p.type || p.initial; });
    if (!typed)
      continue;
    graph::Function scratch;
    scratch.name = name;
    Elaborator e(program, scratch, module);
    e.openSizes = true;
    auto inputs = openInputs(program, module, *def);
    if (!inputs)
      continue;
    CallArguments arguments;
    for (const Input &input : *inputs)
      arguments.named.emplace_back(input.name, input.known ? *input.known : e.declareParam(input.name, input.type));
    held(program, e, e.callDef(module, *def, std::move(arguments)), def->body ? def->body->range : def->range);
  }
  return !program.diagnostics().hasErrors();
}

//===--- Free names ----------------------------------------------------------------------------------------------===//

namespace {
/// Walks expressions with a stack of what is bound inside.
struct Names {
  std::set<std::string> found;
  std::multiset<std::string> bound;

  void add(const std::string &name) {
    if (!bound.contains(name))
      found.insert(name);
  }
  struct Scope {
    Names &n;
    std::vector<std::string> names;
    ~Scope() {
      for (const std::string &name : names)
        n.bound.erase(n.bound.find(name));
    }
    void bind(const std::string &name) {
      n.bound.insert(name);
      names.push_back(name);
    }
  };
  void indices(const std::vector<ast::Index> &list, Scope &scope) {
    for (const ast::Index &i : list)
      expr(i.bound.get());
    for (const ast::Index &i : list)
      scope.bind(i.name.text);
  }
  void expr(const ast::Expr *e) {
    if (!e)
      return;
    switch (e->kind) {
    case ast::Expr::NumberK: case ast::Expr::BoolK: break;
    case ast::Expr::StringK:
      for (auto &part : cast<ast::String>(e)->parts)
        expr(part.value.get());
      break;
    case ast::Expr::NameK: add(cast<ast::Name>(e)->text); break;
    case ast::Expr::UnaryK: expr(cast<ast::Unary>(e)->operand.get()); break;
    case ast::Expr::BinaryK:
      expr(cast<ast::Binary>(e)->lhs.get());
      expr(cast<ast::Binary>(e)->rhs.get());
      break;
    case ast::Expr::PipeK: {
      auto *p = cast<ast::Pipe>(e);
      expr(p->value.get());
      expr(p->callee.get());
      for (auto &a : p->arguments)
        expr(a.value.get());
      break;
    }
    case ast::Expr::CallK: {
      auto *c = cast<ast::Call>(e);
      expr(c->callee.get());
      for (auto &a : c->arguments)
        expr(a.value.get());
      break;
    }
    case ast::Expr::FieldK: expr(cast<ast::FieldAccess>(e)->base.get()); break;
    case ast::Expr::SubscriptK: {
      auto *s = cast<ast::Subscript>(e);
      expr(s->base.get());
      for (auto &sub : s->subs) {
        expr(sub.value.get());
        expr(sub.begin.get());
        expr(sub.end.get());
        expr(sub.stride.get());
      }
      expr(s->otherwiseValue.get());
      break;
    }
    case ast::Expr::IfK: {
      auto *i = cast<ast::If>(e);
      expr(i->condition.get());
      expr(i->then.get());
      expr(i->otherwise.get());
      break;
    }
    case ast::Expr::LambdaK: {
      Scope scope{*this, {}};
      for (auto &p : cast<ast::Lambda>(e)->params)
        scope.bind(p.text);
      expr(cast<ast::Lambda>(e)->body.get());
      break;
    }
    case ast::Expr::IndexLambdaK: {
      Scope scope{*this, {}};
      indices(cast<ast::IndexLambda>(e)->indices, scope);
      expr(cast<ast::IndexLambda>(e)->body.get());
      break;
    }
    case ast::Expr::ReduceK: {
      Scope scope{*this, {}};
      indices(cast<ast::Reduce>(e)->indices, scope);
      expr(cast<ast::Reduce>(e)->body.get());
      break;
    }
    case ast::Expr::BlockK: block(*cast<ast::Block>(e)); break;
    case ast::Expr::ListK:
      for (auto &x : cast<ast::List>(e)->elements)
        expr(x.get());
      break;
    case ast::Expr::TupleK:
      for (auto &x : cast<ast::Tuple>(e)->elements)
        expr(x.get());
      break;
    case ast::Expr::RecordK:
      for (auto &[name, x] : cast<ast::Record>(e)->fields)
        expr(x.get());
      break;
    case ast::Expr::DerivativeK: {
      auto *d = cast<ast::Derivative>(e);
      for (auto &v : d->variables) {
        add(v.name.text);
        expr(v.tangent.get());
      }
      expr(d->body.get());
      expr(d->cotangent.get());
      break;
    }
    }
  }
  void block(const ast::Block &b) {
    Scope scope{*this, {}};
    for (auto &s : b.statements)
      stmt(s.get(), scope);
  }
  void target(const ast::Expr &t, Scope &scope) {
    if (auto *n = dyn_cast<ast::Name>(&t)) {
      scope.bind(n->text);
    } else if (auto *tuple = dyn_cast<ast::Tuple>(&t)) {
      for (auto &e : tuple->elements)
        target(*e, scope);
    } else {
      expr(&t);
    }
  }
  void stmt(const ast::Stmt *s, Scope &scope) {
    if (!s)
      return;
    switch (s->kind) {
    case ast::Stmt::ForK: loop(*cast<ast::ForStmt>(s)); break;
    case ast::Stmt::WhileK:
      expr(cast<ast::WhileStmt>(s)->condition.get());
      block(*cast<ast::WhileStmt>(s)->body);
      break;
    case ast::Stmt::IfK: {
      auto *i = cast<ast::IfStmt>(s);
      expr(i->condition.get());
      block(*i->then);
      if (i->otherwise)
        block(*i->otherwise);
      stmt(i->otherwiseIf.get(), scope);
      break;
    }
    case ast::Stmt::OnK:
      expr(cast<ast::OnStmt>(s)->ordinal.get());
      block(*cast<ast::OnStmt>(s)->body);
      break;
    case ast::Stmt::AssertK: expr(cast<ast::AssertStmt>(s)->condition.get()); break;
    case ast::Stmt::YieldK: expr(cast<ast::YieldStmt>(s)->value.get()); break;
    case ast::Stmt::ExprK: expr(cast<ast::ExprStmt>(s)->value.get()); break;
    case ast::Stmt::AssignK: {
      auto *a = cast<ast::AssignStmt>(s);
      expr(a->value.get());
      if (a->loop)
        loop(*a->loop);
      if (a->op != ast::AssignStmt::set)
        expr(a->targets[0].get());
      for (auto &t : a->targets)
        target(*t, scope);
      break;
    }
    case ast::Stmt::DefineK: {
      auto *d = cast<ast::DefineStmt>(s);
      {
        Scope inner{*this, {}};
        indices(d->indices, inner);
        expr(d->value.get());
      }
      scope.bind(d->name.text);
      break;
    }
    }
  }
  void loop(const ast::ForStmt &f) {
    expr(f.begin.get());
    expr(f.end.get());
    Scope scope{*this, {}};
    for (auto &name : f.names)
      scope.bind(name.text);
    block(*f.body);
  }
};
} // namespace

std::set<std::string> sema::freeNames(const ast::Expr &e) {
  Names names;
  names.expr(&e);
  return names.found;
}

std::set<std::string> sema::freeNames(const ast::Stmt &s) {
  Names names;
  Names::Scope scope{names, {}};
  names.stmt(&s, scope);
  return names.found;
}
