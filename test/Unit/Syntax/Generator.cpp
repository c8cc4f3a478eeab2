#include "test/Unit/Syntax/Generator.h"

namespace tds::test {

using namespace ast;

namespace {
constexpr const char *names[] = {"x",  "y",    "p",    "weight", "_",    "n1",   "arg",   "const",
                                 "on", "test", "type", "cpu",    "cuda", "wrap", "clamp", "a_rather_long_name"};
constexpr const char *words[] = {"in", "for", "then", "else", "sum", "grad", "def", "not", "as", "true"};
constexpr const char *numbers[] = {"0", "1", "42", "1_000", "0xff", "1.5", "1e-3", "2.5e10"};
constexpr const char *literals[] = {"loss ", "{", "}", "\"", "\\", "\n", "\t", "é", "a: b", "#"};
constexpr unsigned deepest = 6;

template <class Node> std::unique_ptr<Node> make() { return std::make_unique<Node>(Range{}); }

/// Deeper while it lives.
struct Deeper {
  unsigned &depth;
  explicit Deeper(unsigned &depth) : depth(++depth) {}
  ~Deeper() { --depth; }
};
} // namespace

std::string Generator::word(bool keywords) {
  if (keywords && chance(20))
    return words[below(std::size(words))];
  return names[below(std::size(names))];
}

std::string Generator::literal() { return literals[below(std::size(literals))]; }

ExprPtr Generator::leaf() {
  if (chance(35)) {
    auto node = make<Number>();
    node->text = numbers[below(std::size(numbers))];
    return node;
  }
  if (chance(10)) {
    auto node = make<Bool>();
    node->value = chance(50);
    return node;
  }
  auto node = make<Name>();
  node->text = chance(10) ? "max" : word(false);
  return node;
}

ExprPtr Generator::string() {
  auto node = make<String>();
  if (chance(20)) {
    node->raw = true;
    if (chance(80))
      node->parts.push_back({chance(50) ? "{raw} \\ text" : "two\nlines", nullptr, {}});
    return node;
  }
  bool outer = inString;
  inString = true;
  for (unsigned count = below(4); count > 0; --count) {
    bool mayBeText = node->parts.empty() || node->parts.back().value;
    if (mayBeText && chance(60))
      node->parts.push_back({literal() + literal(), nullptr, {}});
    else
      node->parts.push_back({{}, expr(), chance(30) ? ".4f" : ""});
  }
  inString = outer;
  return node;
}

std::vector<Argument> Generator::arguments() {
  return several(0, 3, [&] {
    Argument argument;
    if (chance(25))
      argument.name = field();
    argument.value = expr();
    return argument;
  });
}

std::vector<Index> Generator::indices() {
  return several(1, 3, [&] {
    Index index;
    index.ellipsis = chance(10);
    index.name = index.ellipsis ? Identifier{"...", {}} : name();
    if (!index.ellipsis && chance(40))
      index.bound = expr();
    return index;
  });
}

ExprPtr Generator::subscript(ExprPtr base) {
  auto node = make<Subscript>();
  node->base = std::move(base);
  node->subs = several(1, 3, [&] {
    Sub sub;
    sub.kind = Sub::Kind(below(4));
    if (sub.kind == Sub::index)
      sub.value = expr();
    if (sub.kind == Sub::slice) {
      sub.begin = chance(50) ? expr() : nullptr;
      sub.end = chance(50) ? expr() : nullptr;
      sub.stride = chance(30) ? expr() : nullptr;
    }
    return sub;
  });
  node->outside = chance(60) ? Subscript::none : decltype(node->outside)(below(4));
  if (node->outside == Subscript::otherwise)
    node->otherwiseValue = expr();
  return node;
}

ExprPtr Generator::expr() {
  Deeper deeper(depth);
  if (depth > deepest)
    return leaf();
  switch (below(22)) {
  case 0:
    return inString ? leaf() : string();
  case 1:
  case 2: {
    auto node = make<Unary>();
    node->op = UnaryOp(below(2));
    node->operand = expr();
    return node;
  }
  case 3:
  case 4:
  case 5:
  case 6:
  case 7: {
    auto node = make<Binary>();
    node->op = BinaryOp(below(16));
    node->lhs = expr();
    node->rhs = expr();
    return node;
  }
  case 8: {
    auto node = make<Pipe>();
    node->value = expr();
    auto callee = make<Name>();
    callee->text = chance(20) ? "sum" : word(false);
    node->callee = std::move(callee);
    if (chance(30)) {
      auto member = make<FieldAccess>();
      member->base = std::move(node->callee);
      member->name = name();
      node->callee = std::move(member);
    }
    node->arguments = arguments();
    return node;
  }
  case 9: {
    auto node = make<Call>();
    node->callee = expr();
    node->arguments = arguments();
    return node;
  }
  case 10: {
    auto node = make<FieldAccess>();
    node->base = expr();
    node->name = field();
    return node;
  }
  case 11:
  case 12:
    return subscript(expr());
  case 13: {
    auto node = make<If>();
    node->condition = expr();
    node->then = expr();
    node->otherwise = expr();
    return node;
  }
  case 14: {
    auto node = make<Lambda>();
    node->params = several(0, 2, [&] { return name(); });
    node->body = expr();
    return node;
  }
  case 15: {
    auto node = make<IndexLambda>();
    node->indices = indices();
    node->body = expr();
    return node;
  }
  case 16:
    return block();
  case 17: {
    auto node = make<List>();
    node->elements = several(1, 3, [&] { return expr(); });
    return node;
  }
  case 18: {
    auto node = make<Tuple>();
    node->elements = several(0, 3, [&] { return expr(); });
    return node;
  }
  case 19: {
    auto node = make<Record>();
    node->fields = several(1, 3, [&] { return std::pair(field(), expr()); });
    return node;
  }
  case 20: {
    auto node = make<Reduce>();
    node->op = ReduceOp(below(10));
    node->indices = indices();
    node->body = expr();
    return node;
  }
  default: {
    auto node = make<Derivative>();
    node->op = DerivativeOp(below(5));
    node->variables = several(1, 2, [&] { return Derivative::Variable{name(), chance(30) ? expr() : nullptr}; });
    node->body = expr();
    node->cotangent = chance(30) ? expr() : nullptr;
    return node;
  }
  }
}

std::unique_ptr<Block> Generator::block() {
  Deeper deeper(depth);
  auto node = make<Block>();
  node->statements = several(0, 3, [&] { return statement(); });
  return node;
}

std::unique_ptr<ForStmt> Generator::loop() {
  auto node = make<ForStmt>();
  node->names = several(1, 2, [&] { return name(); });
  node->begin = expr();
  node->end = chance(50) ? expr() : nullptr;
  node->body = block();
  return node;
}

std::unique_ptr<IfStmt> Generator::branch() {
  Deeper deeper(depth);
  auto node = make<IfStmt>();
  node->condition = expr();
  node->then = block();
  if (depth < deepest && chance(30))
    node->otherwiseIf = branch();
  else if (chance(50))
    node->otherwise = block();
  return node;
}

ExprPtr Generator::target(bool tuples) {
  if (tuples && chance(20)) {
    auto node = make<Tuple>();
    node->elements = several(1, 3, [&] { return target(); });
    return node;
  }
  auto base = make<Name>();
  base->text = word(false);
  ExprPtr node = std::move(base);
  while (chance(35)) {
    if (chance(50)) {
      node = subscript(std::move(node));
      continue;
    }
    auto member = make<FieldAccess>();
    member->base = std::move(node);
    member->name = field();
    node = std::move(member);
  }
  return node;
}

StmtPtr Generator::statement() {
  Deeper deeper(depth);
  bool flat = depth > deepest;
  switch (flat ? 5 + below(5) : below(10)) {
  case 0:
    return loop();
  case 1: {
    auto node = make<WhileStmt>();
    node->condition = expr();
    node->body = block();
    return node;
  }
  case 2:
    return branch();
  case 3: {
    auto node = make<OnStmt>();
    node->cuda = chance(60);
    node->ordinal = node->cuda && chance(50) ? expr() : nullptr;
    node->body = block();
    return node;
  }
  case 4: {
    auto node = make<AssignStmt>();
    node->targets = several(1, 2, [&] { return target(); });
    node->loop = loop();
    return node;
  }
  case 5: {
    auto node = make<AssertStmt>();
    node->condition = expr();
    return node;
  }
  case 6: {
    auto node = make<YieldStmt>();
    node->value = expr();
    return node;
  }
  case 7: {
    auto node = make<AssignStmt>();
    node->op = AssignStmt::Op(below(5));
    bool set = node->op == AssignStmt::set;
    node->targets = several(1, set ? 3 : 1, [&] { return target(set); });
    node->trailingComma = set && chance(10);
    node->value = expr();
    return node;
  }
  case 8: {
    auto node = make<DefineStmt>();
    node->name = name();
    node->indices = indices();
    node->value = expr();
    return node;
  }
  default: {
    auto node = make<ExprStmt>();
    node->value = expr();
    return node;
  }
  }
}

std::unique_ptr<Type> Generator::type() {
  Deeper deeper(depth);
  auto node = std::make_unique<Type>();
  node->kind = depth > deepest ? Type::named : Type::Kind(below(3));
  switch (node->kind) {
  case Type::named:
    if (chance(20))
      node->module = word(false);
    node->name = name();
    break;
  case Type::record:
    node->fields = several(0, 4, [&] {
      Field entry;
      entry.name = field();
      entry.type = type();
      if (chance(20))
        entry.as = literal() + "0.self";
      entry.initial = chance(30) ? expr() : nullptr;
      return entry;
    });
    break;
  case Type::tuple:
    node->elements = several(0, 3, [&] { return type(); });
    return node;
  }
  node->suffixes = several(0, 2, [&] {
    return several(1, 3, [&] {
      Dim dim;
      dim.kind = Dim::Kind(below(3));
      if (dim.kind == Dim::size)
        dim.value = expr();
      if (auto *bare = llvm::dyn_cast_or_null<Name>(dim.value.get()); bare && bare->text == "_")
        bare->text = "n";
      return dim;
    });
  });
  return node;
}

std::vector<Param> Generator::params() {
  return several(0, 4, [&] { return Param{name(), chance(60) ? type() : nullptr, chance(20) ? expr() : nullptr}; });
}

ExprPtr Generator::body() {
  if (chance(50))
    return block();
  return expr();
}

ItemPtr Generator::item() {
  switch (below(9)) {
  case 0: {
    auto node = make<ImportItem>();
    if (chance(50)) {
      node->path = literal() + ".tds";
      node->alias = name();
    } else {
      node->modules = several(1, 3, [&] { return name(); });
    }
    return node;
  }
  case 1:
  case 2: {
    auto node = make<DefItem>();
    node->name = name();
    node->params = params();
    node->result = chance(50) ? type() : nullptr;
    node->library = chance(20);
    node->doc = chance(30) ? "what it does\n\n  and how" : "";
    node->body = body();
    return node;
  }
  case 3: {
    auto node = make<DefItem>();
    node->name = name();
    node->params = params();
    node->result = type();
    node->isExtern = true;
    node->cuda = chance(50);
    node->raw = chance(50) ? "y[i] = \"{x}\";\n" : "";
    return node;
  }
  case 4: {
    auto node = make<VjpItem>();
    node->name = name();
    node->params = params();
    node->body = body();
    return node;
  }
  case 5: {
    auto node = make<TypeItem>();
    node->name = name();
    node->params = several(0, 3, [&] { return name(); });
    node->type = type();
    node->doc = chance(30) ? "a record" : "";
    return node;
  }
  case 6: {
    auto node = make<ConstItem>();
    node->isArg = chance(50);
    node->name = name();
    node->value = expr();
    return node;
  }
  case 7: {
    auto node = make<TestItem>();
    node->name = literal() + "holds";
    node->body = block();
    return node;
  }
  default: {
    auto node = make<StmtItem>();
    node->statement = statement();
    return node;
  }
  }
}

std::unique_ptr<File> Generator::file() {
  auto node = std::make_unique<File>();
  node->items = several(1, 5, [&] { return item(); });
  return node;
}

} // namespace tds::test
