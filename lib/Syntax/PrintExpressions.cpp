#include "lib/Syntax/PrinterImpl.h"
#include "lib/Syntax/Token.h"
#include "llvm/Support/SaveAndRestore.h"
#include <algorithm>

namespace tds::syntax {

using namespace ast;

namespace {

Level levelOf(BinaryOp op) {
  switch (op) {
  case BinaryOp::logicalOr:
    return Level::logicalOr;
  case BinaryOp::logicalAnd:
    return Level::logicalAnd;
  case BinaryOp::eq:
  case BinaryOp::ne:
  case BinaryOp::lt:
  case BinaryOp::le:
  case BinaryOp::gt:
  case BinaryOp::ge:
    return Level::cmp;
  case BinaryOp::add:
  case BinaryOp::sub:
    return Level::sum;
  case BinaryOp::mul:
  case BinaryOp::div:
  case BinaryOp::floordiv:
  case BinaryOp::mod:
  case BinaryOp::matmul:
    return Level::term;
  case BinaryOp::pow:
    return Level::unary;
  }
  return Level::expr;
}

Level levelOf(const Expr &expr) {
  switch (expr.kind) {
  case Expr::IfK:
  case Expr::LambdaK:
  case Expr::IndexLambdaK:
    return Level::expr;
  case Expr::PipeK:
    return Level::pipe;
  case Expr::BinaryK:
    return levelOf(llvm::cast<Binary>(expr).op);
  case Expr::UnaryK:
    return llvm::cast<Unary>(expr).op == UnaryOp::neg ? Level::unary : Level::logicalNot;
  default:
    return Level::postfix;
  }
}

Level tighter(Level level) { return Level(uint8_t(level) + 1); }

} // namespace

/// In brackets if it binds looser than its place asks for.
Printer::Id Printer::expr(const Expr &expr, Level least) {
  Id inner = bare(expr);
  return levelOf(expr) >= least ? inner : words({text("("), inner, text(")")});
}

Printer::Id Printer::list(std::string_view open, std::vector<Id> parts, std::string_view close, bool hug) {
  std::vector<Id> inside;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!hug)
      inside.push_back(layout.line(i == 0 ? "" : " "));
    else if (i > 0)
      inside.push_back(text(" "));
    inside.push_back(parts[i]);
    if (i + 1 < parts.size())
      inside.push_back(text(","));
  }
  if (parts.empty() || hug)
    return words({text(open), layout.concat(std::move(inside)), text(close)});
  return layout.group(words({text(open), layout.nest(layout.concat(std::move(inside))), layout.line(""), text(close)}));
}

bool Printer::hugs(const Expr &last) {
  if (auto *lambda = llvm::dyn_cast<Lambda>(&last))
    return llvm::isa<Block>(*lambda->body);
  if (auto *lambda = llvm::dyn_cast<IndexLambda>(&last))
    return llvm::isa<Block>(*lambda->body);
  return llvm::isa<Block>(last);
}

Printer::Id Printer::bare(const Expr &node) {
  switch (node.kind) {
  case Expr::NumberK:
    return text(llvm::cast<Number>(node).text);
  case Expr::StringK:
    return string(llvm::cast<String>(node));
  case Expr::BoolK:
    return text(llvm::cast<Bool>(node).value ? "true" : "false");
  case Expr::NameK:
    return text(llvm::cast<Name>(node).text);
  case Expr::UnaryK: {
    auto &unary = llvm::cast<Unary>(node);
    bool neg = unary.op == UnaryOp::neg;
    return words({text(neg ? "-" : "not "), expr(*unary.operand, neg ? Level::unary : Level::logicalNot)});
  }
  case Expr::BinaryK:
    return binary(llvm::cast<Binary>(node));
  case Expr::PipeK:
    return pipe(llvm::cast<Pipe>(node));
  case Expr::CallK: {
    auto &call = llvm::cast<Call>(node);
    return words({callee(*call.callee), arguments(call.arguments)});
  }
  case Expr::FieldK: {
    auto &field = llvm::cast<FieldAccess>(node);
    return words({callee(*field.base), text("." + field.name.text)});
  }
  case Expr::SubscriptK:
    return subscript(llvm::cast<Subscript>(node));
  case Expr::IfK: {
    auto &branch = llvm::cast<If>(node);
    Id rest = words({layout.line(" "), text("then "), expr(*branch.then), layout.line(" "), text("else "),
                     expr(*branch.otherwise)});
    return layout.group(words({text("if "), expr(*branch.condition), layout.nest(rest)}));
  }
  case Expr::LambdaK: {
    auto &function = llvm::cast<Lambda>(node);
    if (function.params.size() == 1)
      return lambda(text(function.params[0].text), *function.body);
    std::vector<Id> names;
    for (const Identifier &param : function.params)
      names.push_back(text(param.text));
    return lambda(list("(", std::move(names), ")"), *function.body);
  }
  case Expr::IndexLambdaK: {
    auto &function = llvm::cast<IndexLambda>(node);
    return lambda(indices(function.indices), *function.body);
  }
  case Expr::BlockK:
    return block(llvm::cast<Block>(node));
  case Expr::ListK: {
    std::vector<Id> parts;
    for (const ExprPtr &element : llvm::cast<List>(node).elements)
      parts.push_back(expr(*element));
    return list("[", std::move(parts), "]");
  }
  case Expr::TupleK: {
    std::vector<Id> parts;
    for (const ExprPtr &element : llvm::cast<Tuple>(node).elements)
      parts.push_back(expr(*element));
    bool single = parts.size() == 1;
    return list("(", std::move(parts), single ? ",)" : ")");
  }
  case Expr::RecordK: {
    std::vector<Id> parts;
    for (auto &[name, value] : llvm::cast<Record>(node).fields)
      parts.push_back(words({text(name.text + "="), expr(*value)}));
    return list("(", std::move(parts), ")");
  }
  case Expr::ReduceK: {
    auto &reduce = llvm::cast<Reduce>(node);
    return words(
        {text(spelling(reduce.op)), indices(reduce.indices), list("(", {expr(*reduce.body)}, ")", hugs(*reduce.body))});
  }
  case Expr::DerivativeK:
    return derivative(llvm::cast<Derivative>(node));
  }
  return text("");
}

/// A chain of one level is one group: `a + b - c` breaks behind each operator or none. A product in a subscript stands
/// close, `x[2*i + r]`.
Printer::Id Printer::binary(const Binary &node) {
  Level level = levelOf(node.op);
  bool chains = level != Level::cmp && level != Level::unary;
  std::vector<const Binary *> spine{&node};
  while (chains) {
    auto *lhs = llvm::dyn_cast<Binary>(spine.back()->lhs.get());
    if (!lhs || levelOf(lhs->op) != level)
      break;
    spine.push_back(lhs);
  }
  Level left = level == Level::unary ? Level::postfix : level == Level::cmp ? Level::sum : level;
  Level right = level == Level::unary ? Level::unary : tighter(level);
  Id first = expr(*spine.back()->lhs, left);
  std::vector<Id> rest;
  bool tight = bracketed && std::all_of(spine.begin(), spine.end(),
                                        [](const Binary *binary) { return binary->op == BinaryOp::mul; });
  for (auto binary = spine.rbegin(); binary != spine.rend(); ++binary) {
    rest.push_back(text((tight ? "" : " ") + std::string(spelling((*binary)->op))));
    rest.push_back(layout.line(tight ? "" : " "));
    rest.push_back(expr(*(*binary)->rhs, right));
  }
  return layout.group(words({first, layout.nest(layout.concat(std::move(rest)))}));
}

Printer::Id Printer::pipe(const Pipe &node) {
  std::vector<const Pipe *> spine{&node};
  while (auto *value = llvm::dyn_cast<Pipe>(spine.back()->value.get()))
    spine.push_back(value);
  Id first = expr(*spine.back()->value, Level::logicalOr);
  std::vector<Id> rest;
  for (auto step = spine.rbegin(); step != spine.rend(); ++step) {
    rest.push_back(layout.line(" "));
    rest.push_back(text("|> "));
    rest.push_back(expr(*(*step)->callee));
    if (!(*step)->arguments.empty())
      rest.push_back(arguments((*step)->arguments));
  }
  return layout.group(words({first, layout.nest(layout.concat(std::move(rest)))}));
}

Printer::Id Printer::lambda(Id head, const Expr &body) {
  if (llvm::isa<Block>(body))
    return words({head, text(" => "), expr(body)});
  return layout.group(words({head, text(" =>"), layout.nest(words({layout.line(" "), expr(body)}))}));
}

/// What a postfix stands behind. A number would take the point in.
Printer::Id Printer::callee(const Expr &node) {
  return llvm::isa<Number>(node) ? words({text("("), bare(node), text(")")}) : expr(node, Level::postfix);
}

Printer::Id Printer::arguments(const std::vector<Argument> &arguments) {
  std::vector<Id> parts;
  for (const Argument &argument : arguments) {
    Id value = expr(*argument.value);
    parts.push_back(argument.name ? words({text(argument.name->text + "="), value}) : value);
  }
  return list("(", std::move(parts), ")", !arguments.empty() && hugs(*arguments.back().value));
}

Printer::Id Printer::indices(const std::vector<Index> &indices) {
  std::vector<Id> parts;
  llvm::SaveAndRestore inside(bracketed, true);
  for (const Index &index : indices) {
    Id name = text(index.name.text);
    parts.push_back(index.bound ? words({name, text(" < "), expr(*index.bound, Level::sum)}) : name);
  }
  return list("[", std::move(parts), "]");
}

Printer::Id Printer::subscript(const Subscript &node) {
  auto *name = llvm::dyn_cast<Name>(node.base.get());
  Id base = name && reduceOp(name->text) ? text("(" + name->text + ")") : callee(*node.base);
  std::vector<Id> parts;
  llvm::SaveAndRestore inside(bracketed, true);
  for (const Sub &part : node.subs)
    parts.push_back(sub(part));
  switch (node.outside) {
  case Subscript::none:
    break;
  case Subscript::otherwise:
    parts.back() = words({parts.back(), text(" else "), expr(*node.otherwiseValue)});
    break;
  case Subscript::wrap:
    parts.back() = words({parts.back(), text(" wrap")});
    break;
  case Subscript::clamp:
    parts.back() = words({parts.back(), text(" clamp")});
    break;
  }
  return words({base, list("[", std::move(parts), "]")});
}

Printer::Id Printer::sub(const Sub &node) {
  switch (node.kind) {
  case Sub::ellipsis:
    return text("...");
  case Sub::newAxis:
    return text("new");
  case Sub::index:
    return expr(*node.value);
  case Sub::slice:
    break;
  }
  // `x[:wrap]` would read as a whole slice that wraps.
  auto part = [&](const ExprPtr &value) {
    auto *name = llvm::dyn_cast_or_null<Name>(value.get());
    bool word = name && (name->text == "wrap" || name->text == "clamp");
    return !value ? text("") : word ? text("(" + name->text + ")") : expr(*value);
  };
  auto isLong = [](const ExprPtr &value) { return value && levelOf(*value) < Level::term; };
  bool spaced = isLong(node.begin) || isLong(node.end) || isLong(node.stride);
  std::vector<Id> parts{part(node.begin), text(spaced && node.begin ? " :" : ":")};
  auto add = [&](const ExprPtr &value) {
    if (value)
      parts.push_back(text(spaced ? " " : "")), parts.push_back(part(value));
  };
  add(node.end);
  if (node.stride) {
    parts.push_back(text(spaced && node.end ? " :" : ":"));
    add(node.stride);
  }
  return layout.concat(std::move(parts));
}

Printer::Id Printer::derivative(const Derivative &node) {
  std::vector<Id> variables;
  for (const Derivative::Variable &variable : node.variables) {
    Id name = text(variable.name.text);
    variables.push_back(variable.tangent ? words({name, text(" = "), expr(*variable.tangent)}) : name);
  }
  std::vector<Id> parts{expr(*node.body)};
  if (node.cotangent)
    parts.push_back(expr(*node.cotangent));
  bool hug = hugs(node.cotangent ? *node.cotangent : *node.body);
  return words({text(spelling(node.op)), list("[", std::move(variables), "]"), list("(", std::move(parts), ")", hug)});
}

std::string Printer::quoted(std::string_view literal) const {
  std::string out;
  for (char c : literal)
    switch (c) {
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '{':
      out += "{{";
      break;
    case '}':
      out += "}}";
      break;
    default:
      out += c;
    }
  return out;
}

Printer::Id Printer::string(const String &node) {
  if (node.raw)
    return text("\"\"\"" + (node.parts.empty() ? "" : node.parts[0].text) + "\"\"\"");
  std::string out = "\"";
  for (const String::Part &part : node.parts) {
    if (!part.value) {
      out += quoted(part.text);
      continue;
    }
    // An interpolation stands on one line, and can't begin with what reads as a doubled brace.
    llvm::SaveAndRestore inside(oneLine, true);
    std::string value = layout.render(layout.group(expr(*part.value)), unlimited);
    if (value.starts_with("{"))
      value = "(" + value + ")";
    out += "{" + value + (part.format.empty() ? "" : ":" + part.format) + "}";
  }
  return text(out + "\"");
}

} // namespace tds::syntax
