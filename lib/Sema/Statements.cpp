// Statements of a def: bindings, updates, loops and branches with carried names.
#include "lib/Sema/Elaborator.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;
using llvm::cast;
using llvm::dyn_cast;

Value Elaborator::block(const ast::Block &b) {
  auto saved = env;
  env = std::make_shared<Env>(Env{saved, {}, {}, ""});
  Value value;
  bool fine = true;
  if (b.statements.empty())
    fail(Code::E0214, b.range, "a block ends in its value; this has none");
  for (size_t i = 0; i < b.statements.size(); ++i) {
    const ast::Stmt &s = *b.statements[i];
    if (i + 1 == b.statements.size()) {
      if (auto *e = dyn_cast<ast::ExprStmt>(&s)) {
        value = expr(*e->value);
        continue;
      }
      if (fine && statement(s))
        fail(Code::E0214, s.range, "a block ends in its value; this is a statement");
      continue;
    }
    // Later statements would only repeat that a name is missing.
    fine = fine && statement(s);
    if (!fine)
      break;
  }
  env = saved;
  return fine ? value : Value{};
}

bool Elaborator::statement(const ast::Stmt &s) {
  switch (s.kind) {
  case ast::Stmt::AssignK: return assignStatement(cast<ast::AssignStmt>(s));
  case ast::Stmt::DefineK: {
    auto &d = cast<ast::DefineStmt>(s);
    indexBody = d.value.get();
    Value v = overIndices(d.indices, d.range, [&] { return expr(*d.value); }, nullptr);
    if (v.kind == Value::none)
      return false;
    forEachLeaf(v, [&](Value &leaf) { leaf.node->label = d.name.text; });
    env->names[d.name.text] = std::move(v);
    return true;
  }
  case ast::Stmt::ForK: return forStatement(cast<ast::ForStmt>(s), nullptr);
  case ast::Stmt::WhileK: return whileStatement(cast<ast::WhileStmt>(s));
  case ast::Stmt::IfK: return ifStatement(cast<ast::IfStmt>(s));
  case ast::Stmt::OnK: error(Code::E0215, s.range, "`on` places a script's work; a def runs where it is called"); return false;
  case ast::Stmt::AssertK: error(Code::E0215, s.range, "`assert` is for tests and scripts"); return false;
  case ast::Stmt::YieldK:
    error(Code::E0213, s.range, "`yield` is only in `name = for ..`, as its last statement");
    return false;
  case ast::Stmt::ExprK: {
    auto &e = cast<ast::ExprStmt>(s);
    size_t before = diags.all().size();
    Value v = expr(*e.value);
    if (v.kind != Value::none || diags.all().size() == before)
      error(Code::E0214, s.range, "this value is not used").help("bind it, `name = ..`, or leave it out");
    return false;
  }
  }
  return false;
}

static const ast::Name *rootOf(const ast::Expr &target) {
  if (auto *n = dyn_cast<ast::Name>(&target))
    return n;
  if (auto *s = dyn_cast<ast::Subscript>(&target))
    return rootOf(*s->base);
  if (auto *f = dyn_cast<ast::FieldAccess>(&target))
    return rootOf(*f->base);
  return nullptr;
}

/// The parts that several targets take: a tuple's, or those of a tensor's leading dimension. Empty after an error.
std::vector<Value> Elaborator::takeApart(Value value, size_t targets, Range range) {
  std::string count = std::to_string(targets) + " targets for ";
  std::vector<Value> parts;
  if (value.kind == Value::tuple) {
    parts = value.parts;
  } else if (value.kind == Value::tensor && !value.shape.empty() && value.shape[0].constant()) {
    int64_t length = *value.shape[0].constant();
    if (length != int64_t(targets))
      return error(Code::E0222, range, count + "a leading dimension of " + std::to_string(length)), parts;
    for (int64_t i = 0; i < length; ++i) {
      Node *n = node(Op::access, value.element, Dims(value.shape.begin() + 1, value.shape.end()), {materialize(value)}, range);
      n->coordinates.push_back(Dim(i));
      for (size_t d = 1; d < value.shape.size(); ++d)
        n->coordinates.push_back(Dim::name("#" + std::to_string(d - 1)));
      parts.push_back(Value::ofNode(n, value.weak));
    }
  } else {
    return error(Code::E0222, range, count + describe(value)), parts;
  }
  if (parts.size() != targets) {
    error(Code::E0222, range, count + std::to_string(parts.size()) + " values");
    parts.clear();
  }
  return parts;
}

bool Elaborator::assign(const ast::Expr &target, Value value) {
  if (value.kind == Value::none)
    return false;
  if (auto *n = dyn_cast<ast::Name>(&target)) {
    if (n->text == "_")
      return true;
    if (value.kind == Value::function || value.kind == Value::type)
      return fail(Code::E0202, value.range, "functions are values only as arguments"), false;
    auto paths = leaves(typeOf(value), n->text);
    size_t next = 0;
    value = settleTensors(std::move(value));
    forEachLeaf(value, [&](Value &leaf) {
      if (leaf.node && (!leaf.node->label.empty() || root(env.get())->arguments.contains(leaf.node)))
        leaf.node = again(leaf.node); // another name's: a derivative by this one is not by that
      if (leaf.node && leaf.node->scope == scope)
        leaf.node->label = paths[next].path;
      ++next;
    });
    env->names[n->text] = std::move(value);
    return true;
  }
  if (auto *t = dyn_cast<ast::Tuple>(&target)) {
    std::vector<Value> parts = takeApart(std::move(value), t->elements.size(), target.range);
    if (parts.empty())
      return false;
    for (size_t i = 0; i < parts.size(); ++i)
      if (!assign(*t->elements[i], parts[i]))
        return false;
    return true;
  }
  const ast::Name *root = rootOf(target);
  if (!root)
    return fail(Code::E0222, target.range, "this can't be assigned to"), false;
  const Value *base = lookup(root->text, root->range);
  if (!base)
    return fail(Code::E0201, root->range, "nothing here is called `" + root->text + "`; an update needs a tensor to begin with"), false;
  Value updated = update(*base, target, std::move(value));
  if (updated.kind == Value::none)
    return false;
  env->names[root->text] = std::move(updated);
  return true;
}

bool Elaborator::assignStatement(const ast::AssignStmt &s) {
  if (s.loop)
    return forStatement(*s.loop, &s.targets);
  Value value = expr(*s.value);
  if (value.kind == Value::none)
    return false;
  if (s.op != ast::AssignStmt::set) {
    const ast::Expr &target = *s.targets[0];
    if (auto *sub = dyn_cast<ast::Subscript>(&target))
      return error(Code::E0222, sub->range, "`+=` under a subscript would count repeated ids once").help("use `scatter_add(x, ids, v)`, or `x[i] = x[i] + v`"), false;
    static constexpr const char *names[] = {"", "add", "sub", "mul", "div"};
    Value old = expr(target);
    value = pointwise(names[s.op], {std::move(old), std::move(value)}, s.range);
    return assign(target, std::move(value));
  }
  if (s.targets.size() == 1 && !s.trailingComma)
    return assign(*s.targets[0], std::move(value));
  std::vector<Value> parts = takeApart(std::move(value), s.targets.size(), s.range);
  if (parts.empty())
    return false;
  for (size_t i = 0; i < parts.size(); ++i)
    if (!assign(*s.targets[i], parts[i]))
      return false;
  return true;
}

//===--- Carried names -------------------------------------------------------------------------------------------===//

static void assignedIn(const ast::Block &b, std::set<std::string> &names);

/// A loop's own names are new in each round, whatever is called so outside.
static std::set<std::string> assignedIn(const ast::ForStmt &s) {
  std::set<std::string> names;
  assignedIn(*s.body, names);
  for (auto &own : s.names)
    names.erase(own.text);
  return names;
}

static void assignedIn(const ast::Stmt &s, std::set<std::string> &names) {
  if (auto *a = dyn_cast<ast::AssignStmt>(&s)) {
    auto visit = [&](auto &self, const ast::Expr &t) -> void {
      if (auto *tuple = dyn_cast<ast::Tuple>(&t))
        for (auto &e : tuple->elements)
          self(self, *e);
      else if (const ast::Name *n = rootOf(t))
        names.insert(n->text);
    };
    for (auto &t : a->targets)
      visit(visit, *t);
    if (a->loop)
      names.merge(assignedIn(*a->loop));
  } else if (auto *d = dyn_cast<ast::DefineStmt>(&s)) {
    names.insert(d->name.text);
  } else if (auto *f = dyn_cast<ast::ForStmt>(&s)) {
    names.merge(assignedIn(*f));
  } else if (auto *w = dyn_cast<ast::WhileStmt>(&s)) {
    assignedIn(*w->body, names);
  } else if (auto *i = dyn_cast<ast::IfStmt>(&s)) {
    assignedIn(*i->then, names);
    if (i->otherwise)
      assignedIn(*i->otherwise, names);
    if (i->otherwiseIf)
      assignedIn(*i->otherwiseIf, names);
  }
}

static void assignedIn(const ast::Block &b, std::set<std::string> &names) {
  for (auto &s : b.statements)
    assignedIn(*s, names);
}

/// A weak name is carried in the type that it meets in the first round, else in i32 or f32.
void Elaborator::settleCarried(std::vector<Carried> &carried, const std::vector<Carried> &after) {
  for (size_t i = 0; i < carried.size(); ++i) {
    std::vector<Element> met;
    if (!after.empty())
      forEachLeaf(after[i].value, [&](const Value &leaf) {
        met.push_back(!leaf.weak ? leaf.element : isFloating(leaf.element) ? Element::f32 : Element::i32);
      });
    size_t next = 0;
    forEachLeaf(carried[i].value, [&](Value &leaf) {
      Element element = next < met.size() ? met[next] : isFloating(leaf.element) ? Element::f32 : Element::i32;
      ++next;
      if (leaf.weak && !(isFloating(leaf.element) && isInteger(element)))
        leaf = convert(leaf, element, leaf.range);
    });
  }
}

/// What a round leaves becomes the scope's results, if each has the type that its name began with.
bool Elaborator::finishCarried(Node *owner, graph::Scope *inner, std::vector<Carried> &carried, std::vector<Carried> &after, Range range) {
  for (size_t i = 0; i < carried.size(); ++i) {
    std::vector<Value *> before, left;
    forEachLeaf(carried[i].value, [&](Value &leaf) { before.push_back(&leaf); });
    forEachLeaf(after[i].value, [&](Value &leaf) { left.push_back(&leaf); });
    bool same = before.size() == left.size() && carried[i].value.kind == after[i].value.kind;
    graph::Scope *saved = std::exchange(scope, inner);
    for (size_t k = 0; same && k < before.size(); ++k) {
      Value &a = *left[k];
      if (a.weak && !(isFloating(a.element) && isInteger(before[k]->element)))
        a = convert(a, before[k]->element, a.range);
      Node *n = materialize(a);
      same = n->element == before[k]->element && n->shape == before[k]->shape;
      inner->results.push_back(n);
      owner->resultElements.push_back(n->element);
      owner->resultShapes.push_back(n->shape);
    }
    scope = saved;
    if (!same)
      return fail(Code::E0213, range, "`" + carried[i].name + "` is carried by the loop and keeps its type: it begins as " + describe(carried[i].value) + " and a round leaves " + describe(after[i].value)), false;
  }
  return true;
}

/// After the loop each carried name is a result of it; gives their number.
size_t Elaborator::bindCarried(Node *owner, const std::vector<Carried> &carried, Range range) {
  size_t index = 0;
  for (const Carried &c : carried) {
    Value v = c.value;
    forEachLeaf(v, [&](Value &leaf) {
      Node *n = node(Op::result, leaf.element, leaf.shape, {owner}, range);
      n->index = int64_t(index++);
      n->label = c.name;
      leaf = Value::ofNode(n);
    });
    env->names[c.name] = v;
  }
  return index;
}

/// A loop's body twice: once to see which type each weak carried name meets, then for good.
bool Elaborator::forStatement(const ast::ForStmt &s, const std::vector<ast::ExprPtr> *yieldTargets) {
  std::vector<Value> walked; // what `for x in xs` walks, a value a name
  Dim rounds;
  Node *begin, *end;
  bool known = false;
  if (s.end) {
    Value from = expr(*s.begin), to = expr(*s.end);
    if (from.kind == Value::none || to.kind == Value::none)
      return false;
    for (const Value *v : {&from, &to})
      if (!v->isScalar() || !isInteger(v->element))
        return fail(Code::E0202, v->range, "a counted loop runs between integers; this is " + describe(*v)), false;
    if (s.names.size() != 1)
      return fail(Code::E0222, s.range, "a counted loop has one name"), false;
    Dim length = linearForm(to) - linearForm(from);
    known = isSize(length);
    rounds = length.constant().value_or(0) < 0 ? Dim(0) : length;
    begin = convertNode(materialize(from), Element::i64, s.range);
    end = convertNode(materialize(to), Element::i64, s.range);
  } else {
    Value over = expr(*s.begin);
    if (over.kind == Value::none)
      return false;
    walked = over.kind == Value::tuple ? over.parts : std::vector<Value>{over};
    if (walked.size() != s.names.size())
      return fail(Code::E0222, s.range, std::to_string(s.names.size()) + " names for " + std::to_string(walked.size()) + " values"), false;
    std::optional<Dim> length;
    bool fine = true;
    for (Value &v : walked)
      forEachLeaf(v, [&](Value &leaf) {
        if (leaf.shape.empty() || (length && !(*length == leaf.shape[0])))
          fine = false;
        else
          length = leaf.shape[0];
        materialize(leaf);
      });
    if (!fine || !length)
      return fail(Code::E0203, s.begin->range, "a loop walks one leading dimension; this is " + describe(over)), false;
    rounds = *length;
    known = true;
    begin = nodeOfDim(0, s.range);
    end = nodeOfDim(rounds, s.range);
  }
  const ast::YieldStmt *yields = s.body->statements.empty() ? nullptr : dyn_cast<ast::YieldStmt>(s.body->statements.back().get());
  if (yieldTargets && !yields)
    return fail(Code::E0213, s.range, "`name = for ..` wants `yield` as its last statement"), false;
  if (yields && (!yieldTargets || !known)) {
    auto &d = error(Code::E0211, yields->range, "`yield` is only in `name = for ..`, and its number of rounds must be known when compiled");
    if (!known)
      d.note(s.end->range, quoted(*s.end) + " is data");
    return false;
  }

  std::vector<Carried> carried;
  for (const std::string &name : assignedIn(s))
    if (const Value *v = lookup(name, s.range); v && v->kind != Value::function)
      carried.push_back({name, *v});
  for (Carried &c : carried)
    if (c.value.kind == Value::none)
      return false;

  struct Round {
    Node *owner;
    std::vector<Carried> after;
    Value yielded;
  };
  auto run = [&](Round &round) -> bool {
    Node *owner = round.owner = node(Op::loop, Element::f32, {}, {begin, end}, s.range);
    graph::Scope *inner = function.newScope(scope);
    inner->owner = owner;
    owner->scopes.push_back(inner);
    auto param = [&](Element element, Dims shape, const std::string &label) {
      Node *p = node(Op::param, element, std::move(shape), {}, s.range);
      p->scope = inner;
      p->index = int64_t(inner->params.size());
      p->label = label;
      inner->params.push_back(p);
      return p;
    };
    Node *counter = param(Element::i64, {}, s.end ? s.names[0].text : "");
    auto saved = env;
    env = std::make_shared<Env>(Env{saved, {}, {}, ""});
    for (Carried &c : carried) {
      Value inside = c.value;
      auto paths = leaves(typeOf(inside), c.name);
      size_t next = 0;
      forEachLeaf(c.value, [&](Value &leaf) { owner->operands.push_back(materialize(leaf)); });
      forEachLeaf(inside, [&](Value &leaf) { leaf = Value::ofNode(param(leaf.element, leaf.shape, paths[next++].path), leaf.weak); });
      env->names[c.name] = inside;
    }
    graph::Scope *savedScope = std::exchange(scope, inner);
    if (s.end) {
      env->names[s.names[0].text] = Value::ofNode(counter, true);
    } else {
      for (size_t i = 0; i < walked.size(); ++i) {
        Value element = walked[i];
        forEachLeaf(element, [&](Value &leaf) {
          Node *n = node(Op::gather, leaf.element, Dims(leaf.shape.begin() + 1, leaf.shape.end()), {leaf.node}, s.range);
          Node *id = counter;
          if (!n->shape.empty()) {
            id = node(Op::access, Element::i64, n->shape, {counter}, s.range);
          }
          n->operands.push_back(id);
          n->numIds = 1;
          n->outside = graph::Outside::clamp; // the counter stays inside
          n->coordinates.push_back(Dim::name("@0"));
          for (size_t d = 0; d < n->shape.size(); ++d)
            n->coordinates.push_back(Dim::name("#" + std::to_string(d)));
          leaf = Value::ofNode(n, leaf.weak);
        });
        env->names[s.names[i].text] = element;
      }
    }
    bool fine = true;
    for (auto &statementPtr : s.body->statements) {
      if (statementPtr.get() == yields) {
        round.yielded = settle(expr(*yields->value));
        fine &= round.yielded.kind != Value::none;
      } else {
        fine = fine && statement(*statementPtr);
      }
      if (!fine)
        break;
    }
    if (fine)
      for (Carried &c : carried)
        round.after.push_back({c.name, env->names[c.name]});
    for (auto &[name, v] : env->names)
      boundInside.try_emplace(name, s.range);
    env = saved;
    scope = savedScope;
    return fine;
  };

  // The type that a weak name meets in the first round is the one it is carried in.
  bool anyWeak = false;
  for (Carried &c : carried)
    forEachLeaf(c.value, [&](Value &leaf) { anyWeak |= leaf.weak; });
  if (anyWeak) {
    Round trial;
    size_t mark = diags.all().size();
    bool fine = run(trial);
    diags.truncate(mark);
    settleCarried(carried, fine ? trial.after : std::vector<Carried>());
  }
  Round round;
  if (!run(round))
    return false;
  graph::Scope *inner = round.owner->scopes[0];
  if (!finishCarried(round.owner, inner, carried, round.after, s.range))
    return false;
  auto result = [&](Element element, Dims shape, size_t index, bool weak) {
    Node *n = node(Op::result, element, std::move(shape), {round.owner}, s.range);
    n->index = int64_t(index);
    return Value::ofNode(n, weak);
  };
  size_t index = bindCarried(round.owner, carried, s.range);
  if (!yieldTargets)
    return true;
  Value stacked = round.yielded;
  forEachLeaf(stacked, [&](Value &leaf) {
    graph::Scope *savedScope = std::exchange(scope, inner);
    inner->results.push_back(materialize(leaf));
    scope = savedScope;
    Dims shape = leaf.shape;
    shape.insert(shape.begin(), rounds);
    round.owner->resultElements.push_back(leaf.element);
    round.owner->resultShapes.push_back(shape);
    leaf = result(leaf.element, shape, index++, false);
  });
  if (yieldTargets->size() == 1)
    return assign(*(*yieldTargets)[0], stacked);
  if (stacked.kind != Value::tuple || stacked.parts.size() != yieldTargets->size())
    return fail(Code::E0222, s.range, std::to_string(yieldTargets->size()) + " targets for " + describe(stacked)), false;
  for (size_t i = 0; i < yieldTargets->size(); ++i)
    if (!assign(*(*yieldTargets)[i], stacked.parts[i]))
      return false;
  return true;
}

bool Elaborator::whileStatement(const ast::WhileStmt &s) {
  std::set<std::string> assigned;
  assignedIn(*s.body, assigned);
  std::vector<Carried> carried;
  for (const std::string &name : assigned)
    if (const Value *v = lookup(name, s.range); v && v->kind != Value::function) {
      if (v->kind == Value::none)
        return false;
      carried.push_back({name, *v});
    }
  auto run = [&](Node *&owner, std::vector<Carried> &after) -> bool {
    owner = node(Op::whileLoop, Element::f32, {}, {}, s.range);
    for (Carried &c : carried)
      forEachLeaf(c.value, [&](Value &leaf) { owner->operands.push_back(materialize(leaf)); });
    bool fine = true;
    for (int part = 0; part < 2 && fine; ++part) {
      graph::Scope *inner = function.newScope(scope);
      inner->owner = owner;
      owner->scopes.push_back(inner);
      auto saved = env;
      env = std::make_shared<Env>(Env{saved, {}, {}, ""});
      for (Carried &c : carried) {
        Value inside = c.value;
        forEachLeaf(inside, [&](Value &leaf) {
          Node *p = node(Op::param, leaf.element, leaf.shape, {}, s.range);
          p->scope = inner;
          p->index = int64_t(inner->params.size());
          p->label = c.name;
          inner->params.push_back(p);
          leaf = Value::ofNode(p, leaf.weak);
        });
        env->names[c.name] = inside;
      }
      graph::Scope *savedScope = std::exchange(scope, inner);
      if (part == 0) {
        Value condition = expr(*s.condition);
        fine = condition.kind != Value::none;
        if (fine && (!condition.isScalar() || condition.element != Element::boolean))
          fine = false, fail(Code::E0212, s.condition->range, "the condition of `while` is one bool; this is " + describe(condition));
        if (fine)
          inner->results.push_back(materialize(condition));
      } else {
        for (auto &statementPtr : s.body->statements)
          if (!(fine = fine && statement(*statementPtr)))
            break;
        if (fine)
          for (Carried &c : carried)
            after.push_back({c.name, env->names[c.name]});
      }
      env = saved;
      scope = savedScope;
    }
    return fine;
  };
  Node *owner = nullptr;
  std::vector<Carried> after;
  bool anyWeak = false;
  for (Carried &c : carried)
    forEachLeaf(c.value, [&](Value &leaf) { anyWeak |= leaf.weak; });
  if (anyWeak) {
    std::vector<Carried> trial;
    size_t mark = diags.all().size();
    bool fine = run(owner, trial);
    diags.truncate(mark);
    settleCarried(carried, fine ? trial : std::vector<Carried>());
  }
  after.clear();
  if (!run(owner, after))
    return false;
  graph::Scope *inner = owner->scopes[1];
  if (!finishCarried(owner, inner, carried, after, s.range))
    return false;
  bindCarried(owner, carried, s.range);
  return true;
}

/// Names bound before and assigned in a side are carried out of it; the side that does not assign passes the old value.
bool Elaborator::ifStatement(const ast::IfStmt &s) {
  Value condition = expr(*s.condition);
  if (condition.kind == Value::none)
    return false;
  std::set<std::string> assigned;
  assignedIn(s, assigned);
  std::vector<std::string> carried;
  for (const std::string &name : assigned)
    if (const Value *v = lookup(name, s.range); v && v->kind != Value::function)
      carried.push_back(name);
  bool fine = true;
  auto side = [&](bool then) -> Value {
    auto saved = env;
    env = std::make_shared<Env>(Env{saved, {}, {}, ""});
    if (then || s.otherwise) {
      for (auto &statementPtr : (then ? s.then : s.otherwise)->statements)
        if (!(fine = fine && statement(*statementPtr)))
          break;
    } else if (s.otherwiseIf) {
      fine = fine && statement(*s.otherwiseIf);
    }
    Value values;
    values.kind = Value::tuple;
    if (fine)
      for (const std::string &name : carried)
        values.parts.push_back(*lookup(name, s.range));
    for (auto &[name, v] : env->names)
      boundInside.try_emplace(name, s.range);
    env = saved;
    return fine ? values : Value{};
  };
  Value values = branch(condition, s.condition->range, [&] { return side(true); }, [&] { return side(false); }, carried);
  if (!fine || values.kind == Value::none)
    return false;
  for (size_t i = 0; i < carried.size(); ++i)
    env->names[carried[i]] = values.parts[i];
  return true;
}
