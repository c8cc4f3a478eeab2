#include "lib/Script/Rewrite.h"

using namespace tds;
using namespace tds::ast;
using llvm::cast;

namespace {

/// Copies a tree; on its way it notes what is bound.
struct Copier {
  const script::Replace *replace = nullptr;
  std::set<std::string> bound;

  template <class T> std::unique_ptr<T> make(const T &from) { return std::make_unique<T>(from.range); }

  ExprPtr expr(const ExprPtr &e) { return e ? expr(*e) : nullptr; }
  std::vector<Argument> arguments(const std::vector<Argument> &list) {
    std::vector<Argument> out;
    for (const Argument &a : list)
      out.push_back({a.name, expr(a.value)});
    return out;
  }
  std::vector<ExprPtr> exprs(const std::vector<ExprPtr> &list) {
    std::vector<ExprPtr> out;
    for (const ExprPtr &e : list)
      out.push_back(expr(e));
    return out;
  }
  std::vector<Index> indices(const std::vector<Index> &list) {
    std::vector<Index> out;
    for (const Index &i : list) {
      out.push_back({i.name, i.ellipsis, expr(i.bound)});
      bound.insert(i.name.text);
    }
    return out;
  }

  ExprPtr expr(const Expr &e) {
    if (replace)
      if (ExprPtr other = (*replace)(e))
        return other;
    return plain(e);
  }

  ExprPtr plain(const Expr &e) {
    switch (e.kind) {
    case Expr::NumberK: {
      auto &from = cast<Number>(e);
      auto to = make(from);
      to->text = from.text, to->isFloat = from.isFloat, to->integer = from.integer, to->real = from.real;
      return to;
    }
    case Expr::StringK: {
      auto &from = cast<String>(e);
      auto to = make(from);
      for (const String::Part &part : from.parts)
        to->parts.push_back({part.text, expr(part.value), part.format});
      to->raw = from.raw;
      return to;
    }
    case Expr::BoolK: {
      auto to = make(cast<Bool>(e));
      to->value = cast<Bool>(e).value;
      return to;
    }
    case Expr::NameK: {
      auto to = make(cast<Name>(e));
      to->text = cast<Name>(e).text;
      return to;
    }
    case Expr::UnaryK: {
      auto &from = cast<Unary>(e);
      auto to = make(from);
      to->op = from.op, to->operand = expr(from.operand);
      return to;
    }
    case Expr::BinaryK: {
      auto &from = cast<Binary>(e);
      auto to = make(from);
      to->op = from.op, to->lhs = expr(from.lhs), to->rhs = expr(from.rhs), to->opRange = from.opRange;
      return to;
    }
    case Expr::PipeK: {
      auto &from = cast<Pipe>(e);
      auto to = make(from);
      to->value = expr(from.value), to->callee = plain(*from.callee), to->arguments = arguments(from.arguments);
      return to;
    }
    case Expr::CallK: {
      auto &from = cast<Call>(e);
      auto to = make(from);
      to->callee = plain(*from.callee), to->arguments = arguments(from.arguments);
      return to;
    }
    case Expr::FieldK: {
      auto &from = cast<FieldAccess>(e);
      auto to = make(from);
      to->base = expr(from.base), to->name = from.name;
      return to;
    }
    case Expr::SubscriptK: {
      auto &from = cast<Subscript>(e);
      auto to = make(from);
      to->base = expr(from.base);
      for (const Sub &sub : from.subs)
        to->subs.push_back({sub.kind, expr(sub.value), expr(sub.begin), expr(sub.end), expr(sub.stride), sub.range});
      to->outside = from.outside, to->otherwiseValue = expr(from.otherwiseValue);
      return to;
    }
    case Expr::IfK: {
      auto &from = cast<If>(e);
      auto to = make(from);
      to->condition = expr(from.condition), to->then = expr(from.then), to->otherwise = expr(from.otherwise);
      return to;
    }
    case Expr::LambdaK: {
      auto &from = cast<Lambda>(e);
      auto to = make(from);
      for (const Identifier &p : from.params)
        bound.insert(p.text);
      to->params = from.params, to->body = expr(from.body);
      return to;
    }
    case Expr::IndexLambdaK: {
      auto &from = cast<IndexLambda>(e);
      auto to = make(from);
      to->indices = indices(from.indices), to->body = expr(from.body);
      return to;
    }
    case Expr::BlockK:
      return block(cast<Block>(e));
    case Expr::ListK: {
      auto to = make(cast<List>(e));
      to->elements = exprs(cast<List>(e).elements);
      return to;
    }
    case Expr::TupleK: {
      auto to = make(cast<Tuple>(e));
      to->elements = exprs(cast<Tuple>(e).elements);
      return to;
    }
    case Expr::RecordK: {
      auto to = make(cast<Record>(e));
      for (auto &[name, value] : cast<Record>(e).fields)
        to->fields.emplace_back(name, expr(value));
      return to;
    }
    case Expr::ReduceK: {
      auto &from = cast<Reduce>(e);
      auto to = make(from);
      to->op = from.op, to->indices = indices(from.indices), to->body = expr(from.body);
      return to;
    }
    case Expr::DerivativeK: {
      auto &from = cast<Derivative>(e);
      auto to = make(from);
      to->op = from.op;
      for (const Derivative::Variable &v : from.variables) {
        bound.insert(v.name.text);
        to->variables.push_back({v.name, expr(v.tangent)});
      }
      to->body = expr(from.body), to->cotangent = expr(from.cotangent);
      return to;
    }
    }
    return nullptr;
  }

  std::unique_ptr<Block> block(const Block &from) {
    auto to = make(from);
    for (const StmtPtr &s : from.statements)
      to->statements.push_back(stmt(*s));
    return to;
  }
  ExprPtr target(const Expr &t) {
    if (auto *n = llvm::dyn_cast<Name>(&t))
      bound.insert(n->text);
    if (auto *tuple = llvm::dyn_cast<Tuple>(&t))
      for (const ExprPtr &e : tuple->elements)
        target(*e);
    return plain(t);
  }
  std::unique_ptr<ForStmt> loop(const ForStmt &from) {
    auto to = make(from);
    for (const Identifier &name : from.names)
      bound.insert(name.text);
    to->names = from.names, to->begin = expr(from.begin), to->end = expr(from.end), to->body = block(*from.body);
    return to;
  }

  StmtPtr stmt(const Stmt &s) {
    switch (s.kind) {
    case Stmt::ForK:
      return loop(cast<ForStmt>(s));
    case Stmt::WhileK: {
      auto to = make(cast<WhileStmt>(s));
      to->condition = expr(cast<WhileStmt>(s).condition), to->body = block(*cast<WhileStmt>(s).body);
      return to;
    }
    case Stmt::IfK: {
      auto &from = cast<IfStmt>(s);
      auto to = make(from);
      to->condition = expr(from.condition), to->then = block(*from.then);
      if (from.otherwiseIf)
        to->otherwiseIf = stmt(*from.otherwiseIf);
      if (from.otherwise)
        to->otherwise = block(*from.otherwise);
      return to;
    }
    case Stmt::OnK: {
      auto &from = cast<OnStmt>(s);
      auto to = make(from);
      to->cuda = from.cuda, to->ordinal = expr(from.ordinal), to->body = block(*from.body);
      return to;
    }
    case Stmt::AssertK: {
      auto to = make(cast<AssertStmt>(s));
      to->condition = expr(cast<AssertStmt>(s).condition);
      return to;
    }
    case Stmt::YieldK: {
      auto to = make(cast<YieldStmt>(s));
      to->value = expr(cast<YieldStmt>(s).value);
      return to;
    }
    case Stmt::ExprK: {
      auto to = make(cast<ExprStmt>(s));
      to->value = expr(cast<ExprStmt>(s).value);
      return to;
    }
    case Stmt::AssignK: {
      auto &from = cast<AssignStmt>(s);
      auto to = make(from);
      to->op = from.op, to->trailingComma = from.trailingComma;
      for (const ExprPtr &t : from.targets)
        to->targets.push_back(target(*t));
      to->value = expr(from.value);
      if (from.loop)
        to->loop = loop(*from.loop);
      return to;
    }
    case Stmt::DefineK: {
      auto &from = cast<DefineStmt>(s);
      auto to = make(from);
      bound.insert(from.name.text);
      to->name = from.name, to->indices = indices(from.indices), to->value = expr(from.value);
      return to;
    }
    }
    return nullptr;
  }
};

} // namespace

ExprPtr script::copy(const Expr &expr, const Replace &replace) {
  Copier copier;
  if (replace)
    copier.replace = &replace;
  return copier.expr(expr);
}

std::set<std::string> script::boundNames(const Expr &expr) {
  Copier copier;
  copier.expr(expr);
  return std::move(copier.bound);
}

ExprPtr script::makeName(std::string text, Range range) {
  auto name = std::make_unique<Name>(range);
  name->text = std::move(text);
  return name;
}

ExprPtr script::makeUpdate(ExprPtr target, ExprPtr value, const std::string &name, Range range) {
  auto block = std::make_unique<Block>(range);
  auto assign = std::make_unique<AssignStmt>(range);
  assign->targets.push_back(std::move(target));
  assign->value = std::move(value);
  auto result = std::make_unique<ExprStmt>(range);
  result->value = makeName(name, range);
  block->statements.push_back(std::move(assign));
  block->statements.push_back(std::move(result));
  return block;
}

ExprPtr script::makeBinary(BinaryOp op, ExprPtr lhs, ExprPtr rhs, Range range) {
  auto binary = std::make_unique<Binary>(range);
  binary->op = op;
  binary->opRange = range;
  binary->lhs = std::move(lhs);
  binary->rhs = std::move(rhs);
  return binary;
}
