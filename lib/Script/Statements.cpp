// Statements of the top level, one after the other.
#include "lib/Script/Interpreter.h"
#include "lib/Script/Interrupt.h"
#include "lib/Script/Rewrite.h"
#include "llvm/Support/SaveAndRestore.h"
#include <algorithm>
#include <cstring>
#include <iterator>

using namespace tds;
using namespace tds::script;
using llvm::cast;
using llvm::dyn_cast;
using sema::Type;

Interpreter::Interpreter(engine::Workspace &workspace, const sema::Module &module, std::filesystem::path folder)
    : workspace(workspace), program(workspace.program), module(module), folder(std::move(folder)) {}

bool Interpreter::runTopLevel() {
  for (const ast::ItemPtr &item : module.file->items)
    if (auto *s = dyn_cast<ast::StmtItem>(item.get()))
      if (!statement(*s->statement))
        return false;
  return true;
}

bool Interpreter::run(const ast::Block &block) {
  for (const ast::StmtPtr &s : block.statements)
    if (!statement(*s))
      return false;
  return true;
}

/// Where it is noticed is where the run was: what unwinds knows less.
bool Interpreter::interrupted() {
  if (!Interrupt::came())
    return false;
  if (interruptedAt.empty())
    interruptedAt = where.text();
  return true;
}

/// "cpu", "cuda:1"; nothing if the number is none.
std::optional<std::string> Interpreter::deviceOf(const ast::OnStmt &on) {
  if (!on.cuda)
    return "cpu";
  if (!on.ordinal)
    return "cuda:0";
  Value number = eval(*on.ordinal);
  if (number.kind == Value::none)
    return std::nullopt;
  if (auto ordinal = number.asInteger(); ordinal && *ordinal >= 0)
    return "cuda:" + std::to_string(*ordinal);
  fail(Code::E0505, on.ordinal->range, "a GPU has a number from 0 on; this is " + number.describe());
  return std::nullopt;
}

bool Interpreter::statement(const ast::Stmt &s) {
  where.line.store(program.sources().position(s.range.file, s.range.begin).line, std::memory_order_relaxed);
  if (interrupted())
    return false;
  switch (s.kind) {
  case ast::Stmt::AssignK:
    return assign(cast<ast::AssignStmt>(s));
  case ast::Stmt::ForK:
    return forLoop(cast<ast::ForStmt>(s), nullptr);
  case ast::Stmt::AssertK:
    return assertion(cast<ast::AssertStmt>(s));
  case ast::Stmt::WhileK: {
    auto &loop = cast<ast::WhileStmt>(s);
    Rounds rounds(*this, loop.range, -1);
    while (true) {
      auto go = condition(*loop.condition);
      if (!go)
        return false;
      if (!*go)
        return true;
      if (!rounds.next() || !run(*loop.body))
        return false;
    }
  }
  case ast::Stmt::IfK: {
    auto &branch = cast<ast::IfStmt>(s);
    auto taken = condition(*branch.condition);
    if (!taken)
      return false;
    if (*taken)
      return run(*branch.then);
    if (branch.otherwiseIf)
      return statement(*branch.otherwiseIf);
    return !branch.otherwise || run(*branch.otherwise);
  }
  case ast::Stmt::OnK: {
    auto &on = cast<ast::OnStmt>(s);
    auto device = deviceOf(on);
    if (!device)
      return false;
    auto place = workspace.engine->place(*device);
    if (!place)
      return bool(fail(place.error(), on.range));
    llvm::SaveAndRestore here(workspace.place, *place);
    return run(*on.body);
  }
  case ast::Stmt::DefineK: {
    auto &define = cast<ast::DefineStmt>(s);
    ast::ExprPtr &expr = rewritten[&s];
    if (!expr) {
      auto lambda = std::make_unique<ast::IndexLambda>(define.range);
      for (const ast::Index &i : define.indices)
        lambda->indices.push_back({i.name, i.ellipsis, i.bound ? copy(*i.bound) : nullptr});
      lambda->body = copy(*define.value);
      expr = std::move(lambda);
    }
    Value value = compiled(*expr, "define", *expr);
    if (!value)
      return false;
    bind(define.name.text, std::move(value));
    return true;
  }
  case ast::Stmt::ExprK:
    return bool(eval(*cast<ast::ExprStmt>(s).value)); // `print` or `save`
  case ast::Stmt::YieldK:
    break; // `round` has it
  }
  return false;
}

std::optional<bool> Interpreter::condition(const ast::Expr &e) {
  Value value = eval(e);
  if (!value)
    return std::nullopt;
  auto truth = value.asTruth();
  if (!truth)
    fail(Code::E0212, e.range, "a condition is one bool; this is " + value.describe());
  return truth;
}

bool Interpreter::assertion(const ast::AssertStmt &s) {
  auto holds = condition(*s.condition);
  if (!holds || *holds)
    return holds.has_value();
  auto &d = program.diagnostics().error(Code::E0502, s.condition->range, "the assertion does not hold");
  auto *comparison = dyn_cast<ast::Binary>(s.condition.get());
  if (!comparison || comparison->op < ast::BinaryOp::eq || comparison->op > ast::BinaryOp::ge)
    return false;
  // Both sides by themselves: what they were says more than that they differ.
  std::vector<std::pair<Range, std::string>> sides;
  size_t reported = program.diagnostics().all().size();
  Diagnostic assertion = d;
  for (const ast::Expr *side : {comparison->lhs.get(), comparison->rhs.get()})
    if (Value value = eval(*side); value && value.isScalar())
      sides.emplace_back(side->range, "this is " + value.str());
  program.diagnostics().truncate(reported - 1);
  for (auto &[range, text] : sides)
    assertion.note(range, text);
  program.diagnostics().append(std::move(assertion));
  return false;
}

//===--- Assignment ----------------------------------------------------------------------------------------------===//

/// What is assigned was made of assignments that still stand, and is from now on made of this one.
void Interpreter::bind(const std::string &name, Value value) {
  Value &variable = variables[name];
  bindings.erase(variable.binding);
  value.binding = ++lastBinding;
  bindings.insert(value.binding);
  value.origins.resize(value.kind == Value::real ? 1 : value.leaves.size());
  Origins last, lastBound;
  for (Origins &origins : value.origins) {
    if (origins != last || !lastBound) {
      last = origins;
      std::vector<uint64_t> standing;
      if (origins)
        std::ranges::copy_if(*origins, std::back_inserter(standing), [&](uint64_t b) { return bindings.contains(b); });
      standing.push_back(value.binding);
      lastBound = std::make_shared<const std::vector<uint64_t>>(std::move(standing));
    }
    origins = lastBound;
  }
  variable = std::move(value);
}

bool Interpreter::assign(const ast::AssignStmt &s) {
  if (s.loop)
    return yieldLoop(s);
  if (s.op != ast::AssignStmt::set) {
    const ast::Expr &target = *s.targets[0];
    static constexpr ast::BinaryOp ops[] = {ast::BinaryOp::add, ast::BinaryOp::add, ast::BinaryOp::sub,
                                            ast::BinaryOp::mul, ast::BinaryOp::div};
    ast::ExprPtr &sum = rewritten[&s];
    if (!sum)
      sum = makeBinary(ops[s.op], copy(target), copy(*s.value), s.range);
    return assignTo(target, eval(*sum), sum.get());
  }
  if (s.targets.size() > 1 || s.trailingComma)
    return assignParts(s.targets, eval(*s.value), s.range);
  if (s.targets[0]->kind == ast::Expr::SubscriptK)
    return update(*s.targets[0], *s.value);
  return assignTo(*s.targets[0], eval(*s.value), s.value.get());
}

/// `p.w.b` without its name: the name, and the fields.
static const ast::Name *pathOf(const ast::Expr &e, std::vector<std::string> &fields) {
  if (auto *f = dyn_cast<ast::FieldAccess>(&e)) {
    const ast::Name *root = pathOf(*f->base, fields);
    fields.push_back(f->name.text);
    return root;
  }
  return dyn_cast<ast::Name>(&e);
}

/// The record with another value at a path of fields; none if there is no such field.
static Value replaced(const Value &record, std::span<const std::string> fields, Value value) {
  if (fields.empty())
    return value;
  if (record.kind != Value::tensors || record.type->kind != Type::record)
    return {};
  std::vector<Value> parts;
  bool found = false;
  for (size_t i = 0; i < record.numParts(); ++i) {
    Value part = record.part(i);
    if (record.type->names[i] == fields[0]) {
      found = true;
      part = replaced(part, fields.subspan(1), std::move(value));
      if (!part)
        return {};
    }
    parts.push_back(std::move(part));
  }
  if (!found)
    return {};
  Value out = Value::group(Type::record, std::move(parts), record.type->names);
  auto type = std::make_shared<Type>(*out.type);
  type->fileNames = record.type->fileNames;
  out.type = std::move(type);
  return out;
}

bool Interpreter::assignTo(const ast::Expr &target, Value value, const ast::Expr *valueExpr) {
  if (!value)
    return false;
  if (auto *n = dyn_cast<ast::Name>(&target)) {
    if (n->text != "_")
      bind(n->text, std::move(value));
    return true;
  }
  if (auto *t = dyn_cast<ast::Tuple>(&target))
    return assignParts(t->elements, std::move(value), target.range);
  if (target.kind == ast::Expr::FieldK) {
    std::vector<std::string> fields;
    if (const ast::Name *root = pathOf(target, fields)) {
      auto it = variables.find(root->text);
      if (it == variables.end())
        return bool(fail(Code::E0201, root->range, "`" + root->text + "` is not bound yet"));
      Value old = path(target).value_or(Value());
      if (!old)
        return bool(fail(Code::E0208, target.range,
                         "there is no such field; `" + root->text + "` is " + it->second.describe()));
      value = value.settled();
      if (value.kind == Value::tensors && engine::typeKey(*value.type) == engine::typeKey(*old.type)) {
        bind(root->text, replaced(it->second, fields, std::move(value)));
        return true;
      }
    }
  }
  if (valueExpr)
    return update(target, *valueExpr);
  bind("part of a tuple", std::move(value)); // a name that nobody can write
  return update(target, *makeName("part of a tuple", target.range));
}

bool Interpreter::assignParts(const std::vector<ast::ExprPtr> &targets, Value value, Range range) {
  if (!value)
    return false;
  size_t count = 0;
  bool tuple = value.kind == Value::tensors && value.type->kind == Type::tuple;
  if (tuple)
    count = value.numParts();
  else if (auto length = value.isTensor() ? value.length() : std::nullopt)
    count = size_t(*length);
  else
    return bool(fail(Code::E0222, range, std::to_string(targets.size()) + " targets for " + value.describe()));
  if (count != targets.size())
    return bool(
        fail(Code::E0222, range, std::to_string(targets.size()) + " targets for " + std::to_string(count) + " values"));
  for (size_t i = 0; i < count; ++i)
    if (!assignTo(*targets[i], tuple ? value.part(i) : value.row(int64_t(i)), nullptr))
      return false;
  return true;
}

/// `p.w[2:5] = e`: the smallest part that fields alone lead to is made anew by compiled code, the rest is shared.
bool Interpreter::update(const ast::Expr &target, const ast::Expr &valueExpr) {
  const ast::Expr *base = &target;
  for (const ast::Expr *e = &target;;) {
    if (auto *sub = dyn_cast<ast::Subscript>(e)) {
      base = e = sub->base.get();
    } else if (auto *field = dyn_cast<ast::FieldAccess>(e)) {
      e = field->base.get();
      if (base == &target)
        base = e; // `p.w = e`, broadcast: p is made anew
    } else {
      break;
    }
  }
  std::vector<std::string> fields;
  const ast::Name *root = pathOf(*base, fields);
  auto it = root ? variables.find(root->text) : variables.end();
  if (it == variables.end())
    return bool(
        fail(Code::E0201, target.range, "`" + std::string(program.sources().text(base->range)) + "` is not bound yet"));
  Value old = path(*base).value_or(Value());
  if (!old)
    return bool(
        fail(Code::E0208, base->range, "there is no such field; `" + root->text + "` is " + it->second.describe()));
  std::string name = root->text;
  for (const std::string &field : fields)
    name += "." + field;
  // The path becomes a name, so that only this part is an input and a result.
  Site &site = sites[&target];
  if (!site.owned) {
    auto block = makeUpdate(
        copy(target,
             [&](const ast::Expr &e) -> ast::ExprPtr { return &e == base ? makeName(name, e.range) : nullptr; }),
        copy(valueExpr), name, target.range);
    prepare(site, *block);
    if (!fields.empty())
      site.hidden.push_back({name, base});
  }
  Value value = compiled(target, "update", target);
  if (!value)
    return false;
  bind(root->text, replaced(it->second, fields, std::move(value)));
  return true;
}

//===--- Loops ---------------------------------------------------------------------------------------------------===//

Interpreter::Rounds::Rounds(Interpreter &of, Range range, int64_t rounds)
    : interpreter(of), loop(nullptr), line(of.program.sources().position(range.file, range.begin).line) {
  Whereabouts &where = interpreter.where;
  if (where.depth < where.loops.size()) {
    loop = &where.loops[where.depth];
    loop->line = line;
    loop->round = 0;
    loop->rounds = rounds;
  }
  ++where.depth;
  interpreter.progress.entered();
}

Interpreter::Rounds::~Rounds() {
  --interpreter.where.depth;
  interpreter.progress.left();
}

bool Interpreter::Rounds::next() {
  interpreter.where.line = line;
  if (loop)
    loop->round.store(loop->round.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  interpreter.progress.round();
  return !interpreter.interrupted();
}

bool Interpreter::yieldLoop(const ast::AssignStmt &s) {
  std::vector<Value> rounds;
  if (!forLoop(*s.loop, &rounds))
    return false;
  Value value = stacked(std::move(rounds), s.loop->range);
  if (s.targets.size() > 1 || s.trailingComma)
    return assignParts(s.targets, std::move(value), s.range);
  return assignTo(*s.targets[0], std::move(value), nullptr);
}

Value Interpreter::stacked(std::vector<Value> values, Range range) {
  if (values.empty())
    return fail(Code::E0213, range, "a loop of no rounds yields nothing to stack");
  for (Value &v : values) {
    v = v.settled();
    if (v.kind != Value::tensors || engine::typeKey(*v.type) != engine::typeKey(*values[0].type))
      return fail(Code::E0213, range,
                  "the rounds yield different types: " + values[0].describe() + " and " + v.describe());
  }
  std::vector<Tensor> leaves;
  std::vector<Origins> origins(values[0].leaves.size());
  for (size_t i = 0; i < values[0].leaves.size(); ++i) {
    for (const Value &value : values)
      origins[i] = merged(origins[i], value.originsOf(i));
    const Tensor &first = values[0].leaves[i];
    Shape shape(first.shape().begin(), first.shape().end());
    shape.insert(shape.begin(), int64_t(values.size()));
    Result<Tensor> out = Tensor::allocate(first.element(), shape);
    if (!out)
      return fail(out.error(), range);
    auto *to = static_cast<std::byte *>(out->writable());
    size_t bytes = size_t(first.sizeInBytes());
    for (size_t round = 0; round < values.size() && bytes; ++round)
      std::memcpy(to + round * bytes, values[round].leaves[i].data(), bytes);
    leaves.push_back(out.take());
  }
  return Value::of(std::make_shared<Type>(withFront(*values[0].type, 0, {Dim(int64_t(values.size()))})),
                   std::move(leaves), std::move(origins));
}

bool Interpreter::round(const ast::ForStmt &s, std::vector<Value> *yields) {
  if (!yields)
    return run(*s.body);
  for (const ast::StmtPtr &statement : s.body->statements)
    if (statement != s.body->statements.back() && !this->statement(*statement))
      return false;
  yields->push_back(eval(*cast<ast::YieldStmt>(*s.body->statements.back()).value));
  return bool(yields->back());
}

bool Interpreter::countedLoop(const ast::ForStmt &s, std::vector<Value> *yields) {
  int64_t bounds[2];
  for (int i = 0; i < 2; ++i) {
    const ast::Expr &e = i == 0 ? *s.begin : *s.end;
    Value value = eval(e);
    if (!value)
      return false;
    auto number = value.asInteger();
    if (!number)
      return bool(fail(Code::E0202, e.range, "a counted loop runs between integers; this is " + value.describe()));
    bounds[i] = *number;
  }
  int64_t count = 0; // -1: it does not fit
  if (bounds[1] > bounds[0] && __builtin_sub_overflow(bounds[1], bounds[0], &count))
    count = -1;
  Rounds rounds(*this, s.range, count);
  for (int64_t i = bounds[0]; i < bounds[1]; ++i) {
    if (!rounds.next())
      return false;
    bind(s.names[0].text, Value::ofInteger(i));
    if (!round(s, yields))
      return false;
  }
  return true;
}

/// The names of a loop for one round: one takes the only part, several the parts, or the rows of a tensor.
bool Interpreter::bindRound(const ast::ForStmt &s, std::vector<Value> parts) {
  if (parts.size() == 1 && s.names.size() > 1) {
    Value whole = std::move(parts[0]);
    parts.clear();
    if (whole.kind == Value::tensors && whole.type->kind == Type::tuple)
      for (size_t i = 0; i < whole.numParts(); ++i)
        parts.push_back(whole.part(i));
    else if (auto length = whole.isTensor() ? whole.length() : std::nullopt;
             length && *length == int64_t(s.names.size()))
      for (int64_t i = 0; i < *length; ++i)
        parts.push_back(whole.row(i));
    else
      parts.push_back(std::move(whole));
  }
  if (parts.size() != s.names.size())
    return bool(fail(Code::E0222, s.range,
                     std::to_string(s.names.size()) + " names for " + std::to_string(parts.size()) + " values"));
  for (size_t i = 0; i < parts.size(); ++i)
    bind(s.names[i].text, std::move(parts[i]));
  return true;
}

bool Interpreter::forLoop(const ast::ForStmt &s, std::vector<Value> *yields) {
  if (s.end)
    return countedLoop(s, yields);
  Value over = eval(*s.begin);
  if (!over)
    return false;
  if (over.kind == Value::batches) {
    BatchSource &source = *over.source;
    std::map<int64_t, std::vector<TypePtr>> types; // by batch size: equal types are one object
    Rounds rounds(*this, s.range, source.batches.count());
    while (true) {
      auto batch = source.batches.next();
      if (!batch)
        return bool(fail(batch.error(), s.begin->range));
      if (!*batch)
        return true;
      std::vector<Tensor> &leaves = **batch;
      std::vector<TypePtr> &sized = types[leaves[0].shape()[0]];
      if (sized.empty())
        for (const TypePtr &type : source.types)
          sized.push_back(std::make_shared<Type>(withFront(*type, 1, {Dim(leaves[0].shape()[0])})));
      std::vector<Value> parts;
      size_t next = 0;
      for (const TypePtr &type : sized) {
        size_t count = numLeaves(*type);
        parts.push_back(
            Value::of(type, {leaves.begin() + ptrdiff_t(next), leaves.begin() + ptrdiff_t(next + count)},
                      {source.origins.begin() + ptrdiff_t(next), source.origins.begin() + ptrdiff_t(next + count)}));
        next += count;
      }
      if (!rounds.next() || !bindRound(s, std::move(parts)) || !round(s, yields))
        return false;
    }
  }
  std::vector<Value> walked;
  if (over.kind == Value::tensors && over.type->kind == Type::tuple)
    for (size_t i = 0; i < over.numParts(); ++i)
      walked.push_back(over.part(i));
  else
    walked.push_back(over);
  std::optional<int64_t> length = over.length();
  if (!length)
    return bool(fail(Code::E0203, s.begin->range, "a loop walks one leading dimension; this is " + over.describe()));
  Rounds rounds(*this, s.range, *length);
  for (int64_t i = 0; i < *length; ++i) {
    std::vector<Value> parts;
    for (const Value &w : walked)
      parts.push_back(w.row(i));
    if (!rounds.next() || !bindRound(s, std::move(parts)) || !round(s, yields))
      return false;
  }
  return true;
}
