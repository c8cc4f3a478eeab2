#include "lib/Syntax/ParserImpl.h"

namespace tds::syntax {

using namespace ast;

namespace {

ExprPtr makeBinary(BinaryOp op, Range range, Range opRange, ExprPtr lhs, ExprPtr rhs) {
  auto binary = std::make_unique<Binary>(range);
  binary->op = op;
  binary->opRange = opRange;
  binary->lhs = std::move(lhs);
  binary->rhs = std::move(rhs);
  return binary;
}

std::optional<BinaryOp> comparison(Token token) {
  switch (token) {
  case Token::equalequal:
    return BinaryOp::eq;
  case Token::notequal:
    return BinaryOp::ne;
  case Token::less:
    return BinaryOp::lt;
  case Token::lessequal:
    return BinaryOp::le;
  case Token::greater:
    return BinaryOp::gt;
  case Token::greaterequal:
    return BinaryOp::ge;
  default:
    return std::nullopt;
  }
}

std::optional<BinaryOp> additive(Token token) {
  switch (token) {
  case Token::plus:
    return BinaryOp::add;
  case Token::minus:
    return BinaryOp::sub;
  default:
    return std::nullopt;
  }
}

std::optional<BinaryOp> multiplicative(Token token) {
  switch (token) {
  case Token::star:
    return BinaryOp::mul;
  case Token::slash:
    return BinaryOp::div;
  case Token::slashslash:
    return BinaryOp::floordiv;
  case Token::percent:
    return BinaryOp::mod;
  case Token::at:
    return BinaryOp::matmul;
  default:
    return std::nullopt;
  }
}

} // namespace

/// expr = "if" expr "then" expr "else" expr | NAME "=>" expr | "(" [NAME,,] ")" "=>" expr
///   | "[" index,, "]" "=>" expr | pipe .
ExprPtr Parser::parseExpr() {
  Nest nest(*this);
  if (!nest.fits())
    return nullptr;
  if (is(Token::kw_if))
    return parseIfExpr();
  if (is(Token::lsquare) && arrowFollows())
    return parseIndexLambda();
  if ((is(Token::lparen) && arrowFollows()) || (is(Token::name) && token(1) == Token::fatarrow))
    return parseLambda();
  if (isWord("lambda") && token(1) == Token::name) {
    error(Code::E0110, here(), "found `lambda`, which is not in the language").help("write `x => e` or `(x, y) => e`");
    return nullptr;
  }
  return parsePipe();
}

ExprPtr Parser::parseIfExpr() {
  uint32_t begin = current().begin;
  advance();
  ExprPtr condition = parseExpr();
  if (!condition)
    return nullptr;
  if (!is(Token::kw_then)) {
    Diagnostic &diagnostic = unexpected("`then`");
    if (is(Token::equal))
      diagnostic.help("`==` compares");
    else if (is(Token::lbrace))
      diagnostic.help("an `if` with blocks is a statement; a value is `if c then a else b`");
    return nullptr;
  }
  return parseIfExprAfter(begin, std::move(condition));
}

/// "then" expr "else" expr, the condition read.
ExprPtr Parser::parseIfExprAfter(uint32_t begin, ExprPtr condition) {
  advance();
  ExprPtr then = parseExpr();
  if (!then || !expect(Token::kw_else))
    return nullptr;
  ExprPtr otherwise = parseExpr();
  if (!otherwise)
    return nullptr;
  auto node = std::make_unique<If>(since(begin));
  node->condition = std::move(condition);
  node->then = std::move(then);
  node->otherwise = std::move(otherwise);
  return node;
}

/// NAME "=>" expr | "(" [NAME,,] ")" "=>" expr
ExprPtr Parser::parseLambda() {
  uint32_t begin = current().begin;
  std::vector<Identifier> params;
  auto param = [&] { return parseBinding(params.emplace_back(), "a parameter's name"); };
  if (is(Token::lparen)) {
    size_t open = at;
    advance();
    if (!parseList(open, Token::rparen, "`,` or `)`", /*mayBeEmpty=*/true, param))
      return nullptr;
  } else if (!param()) {
    return nullptr;
  }
  if (!expect(Token::fatarrow))
    return nullptr;
  ExprPtr body = parseExpr();
  if (!body)
    return nullptr;
  auto lambda = std::make_unique<Lambda>(since(begin));
  lambda->params = std::move(params);
  lambda->body = std::move(body);
  return lambda;
}

/// "[" index,, "]" "=>" expr
ExprPtr Parser::parseIndexLambda() {
  uint32_t begin = current().begin;
  std::vector<Index> indices;
  if (!parseIndices(indices, "an index") || !expect(Token::fatarrow))
    return nullptr;
  ExprPtr body = parseExpr();
  if (!body)
    return nullptr;
  auto lambda = std::make_unique<IndexLambda>(since(begin));
  lambda->indices = std::move(indices);
  lambda->body = std::move(body);
  return lambda;
}

/// "[" index,, "]" where index = NAME ["<" sum] | "..." .
bool Parser::parseIndices(std::vector<Index> &indices, std::string_view expected) {
  size_t open = at;
  advance();
  return parseList(open, Token::rsquare, "`,` or `]`", /*mayBeEmpty=*/false, [&] {
    Index &index = indices.emplace_back();
    if (is(Token::ellipsis)) {
      index.name = {"...", here()};
      index.ellipsis = true;
      advance();
      return true;
    }
    if (!parseBinding(index.name, expected))
      return false;
    if (is(Token::lessequal)) {
      error(Code::E0109, here(), "found `<=` behind an index, expected `<` and a size")
          .help("an index starts at 0 and stays below its bound: `i < n + 1`");
      return false;
    }
    if (!accept(Token::less))
      return true;
    Nest nest(*this);
    index.bound = nest.fits() ? parseSum() : nullptr;
    return index.bound != nullptr;
  });
}

/// pipe = or { "|>" NAME ["." NAME] [args] } .
ExprPtr Parser::parsePipe() {
  uint32_t begin = current().begin;
  ExprPtr value = parseOr();
  while (value && accept(Token::pipe)) {
    uint32_t calleeBegin = current().begin;
    Identifier name;
    if (!grow() || !parseName(name, "the name of a function"))
      return nullptr;
    auto base = std::make_unique<Name>(name.range);
    base->text = name.text;
    ExprPtr callee = std::move(base);
    if (accept(Token::dot)) {
      Identifier member;
      if (!parseName(member, "the name of a function"))
        return nullptr;
      auto field = std::make_unique<FieldAccess>(since(calleeBegin));
      field->base = std::move(callee);
      field->name = std::move(member);
      callee = std::move(field);
    }
    std::vector<Argument> arguments;
    if (is(Token::lparen) && !parseArgs(arguments))
      return nullptr;
    auto pipe = std::make_unique<Pipe>(since(begin));
    pipe->value = std::move(value);
    pipe->callee = std::move(callee);
    pipe->arguments = std::move(arguments);
    value = std::move(pipe);
  }
  return value;
}

/// or = and { "or" and } .
ExprPtr Parser::parseOr() {
  uint32_t begin = current().begin;
  ExprPtr lhs = parseAnd();
  while (lhs && is(Token::kw_or)) {
    Range opRange = here();
    advance();
    ExprPtr rhs = grow() ? parseAnd() : nullptr;
    if (!rhs)
      return nullptr;
    lhs = makeBinary(BinaryOp::logicalOr, since(begin), opRange, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

/// and = not { "and" not } .
ExprPtr Parser::parseAnd() {
  uint32_t begin = current().begin;
  ExprPtr lhs = parseNot();
  while (lhs && is(Token::kw_and)) {
    Range opRange = here();
    advance();
    ExprPtr rhs = grow() ? parseNot() : nullptr;
    if (!rhs)
      return nullptr;
    lhs = makeBinary(BinaryOp::logicalAnd, since(begin), opRange, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

/// not = "not" not | cmp .
ExprPtr Parser::parseNot() {
  if (!is(Token::kw_not))
    return parseCmp();
  Nest nest(*this);
  if (!nest.fits())
    return nullptr;
  uint32_t begin = current().begin;
  advance();
  ExprPtr operand = parseNot();
  if (!operand)
    return nullptr;
  auto unary = std::make_unique<Unary>(since(begin));
  unary->op = UnaryOp::logicalNot;
  unary->operand = std::move(operand);
  return unary;
}

/// cmp = sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum] .
ExprPtr Parser::parseCmp() {
  uint32_t begin = current().begin;
  ExprPtr lhs = parseSum();
  std::optional<BinaryOp> op = comparison(token());
  if (!lhs || !op)
    return lhs;
  Range opRange = here();
  advance();
  ExprPtr rhs = grow() ? parseSum() : nullptr;
  if (!rhs)
    return nullptr;
  if (comparison(token())) {
    error(Code::E0111, here(), "found a second comparison, " + seen() + ", expected one")
        .help("write `a < b and b < c`")
        .note(opRange, "the first");
    return nullptr;
  }
  return makeBinary(*op, since(begin), opRange, std::move(lhs), std::move(rhs));
}

/// sum = term { ("+" | "-") term } .
ExprPtr Parser::parseSum() {
  uint32_t begin = current().begin;
  ExprPtr lhs = parseTerm();
  while (std::optional<BinaryOp> op = lhs ? additive(token()) : std::nullopt) {
    Range opRange = here();
    advance();
    ExprPtr rhs = grow() ? parseTerm() : nullptr;
    if (!rhs)
      return nullptr;
    lhs = makeBinary(*op, since(begin), opRange, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

/// term = unary { ("*" | "/" | "//" | "%" | "@") unary } .
ExprPtr Parser::parseTerm() {
  uint32_t begin = current().begin;
  ExprPtr lhs = parseUnary();
  while (std::optional<BinaryOp> op = lhs ? multiplicative(token()) : std::nullopt) {
    Range opRange = here();
    advance();
    ExprPtr rhs = grow() ? parseUnary() : nullptr;
    if (!rhs)
      return nullptr;
    lhs = makeBinary(*op, since(begin), opRange, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

/// unary = "-" unary | postfix ["**" unary] .
ExprPtr Parser::parseUnary() {
  uint32_t begin = current().begin;
  if (is(Token::minus)) {
    Nest nest(*this);
    advance();
    ExprPtr operand = nest.fits() ? parseUnary() : nullptr;
    if (!operand)
      return nullptr;
    auto unary = std::make_unique<Unary>(since(begin));
    unary->operand = std::move(operand);
    return unary;
  }
  ExprPtr base = parsePostfix();
  if (!base || !is(Token::starstar))
    return base;
  Nest nest(*this);
  Range opRange = here();
  advance();
  ExprPtr exponent = nest.fits() ? parseUnary() : nullptr;
  if (!exponent)
    return nullptr;
  return makeBinary(BinaryOp::pow, since(begin), opRange, std::move(base), std::move(exponent));
}

/// postfix = primary { "[" subs "]" | args | "." WORD } .
ExprPtr Parser::parsePostfix() {
  uint32_t begin = current().begin;
  ExprPtr base = parsePrimary();
  while (base) {
    if (is(Token::lsquare)) {
      base = grow() ? parseSubscript(begin, std::move(base)) : nullptr;
    } else if (is(Token::lparen)) {
      std::vector<Argument> arguments;
      if (!grow() || !parseArgs(arguments))
        return nullptr;
      auto call = std::make_unique<Call>(since(begin));
      call->callee = std::move(base);
      call->arguments = std::move(arguments);
      base = std::move(call);
    } else if (accept(Token::dot)) {
      Identifier name;
      if (!grow() || !parseWord(name, "the name of a field"))
        return nullptr;
      auto field = std::make_unique<FieldAccess>(since(begin));
      field->base = std::move(base);
      field->name = std::move(name);
      base = std::move(field);
    } else {
      break;
    }
  }
  return base;
}

/// args = "(" [( [WORD "=" ] expr ),,] ")" .
bool Parser::parseArgs(std::vector<Argument> &arguments) {
  size_t open = at;
  advance();
  return parseList(open, Token::rparen, "`,` or `)`", /*mayBeEmpty=*/true, [&] {
    Argument &argument = arguments.emplace_back();
    if (isNameOrKeyword() && token(1) == Token::equal) {
      argument.name = {std::string(text(current())), here()};
      advance();
      advance();
    }
    if (is(Token::star) || is(Token::starstar)) {
      unexpected("an expression")
          .help("arguments are given one by one; several values travel in a record, `p`, or a tuple");
      return false;
    }
    argument.value = parseExpr();
    return argument.value != nullptr;
  });
}

/// "[" subs "]" where subs = sub,, ["else" expr | "wrap" | "clamp" ] .
ExprPtr Parser::parseSubscript(uint32_t begin, ExprPtr base) {
  size_t open = at;
  advance();
  auto node = std::make_unique<Subscript>(Range{});
  do {
    if (!parseSub(node->subs.emplace_back()))
      return nullptr;
  } while (accept(Token::comma) && !is(Token::rsquare) && !is(Token::kw_else));
  if (accept(Token::kw_else)) {
    node->outside = Subscript::otherwise;
    node->otherwiseValue = parseExpr();
    if (!node->otherwiseValue)
      return nullptr;
  } else if (isWord("wrap") || isWord("clamp")) {
    node->outside = isWord("wrap") ? Subscript::wrap : Subscript::clamp;
    advance();
  }
  if (!expectClose(open, Token::rsquare, node->outside ? "`]`" : "`,` or `]`"))
    return nullptr;
  node->range = since(begin);
  node->base = std::move(base);
  return node;
}

/// sub = "..." | "new" | expr | [expr] ":" [expr] [":" [expr]] .
bool Parser::parseSub(Sub &sub) {
  uint32_t begin = current().begin;
  if (is(Token::ellipsis) || is(Token::kw_new)) {
    sub.kind = is(Token::ellipsis) ? Sub::ellipsis : Sub::newAxis;
    advance();
    sub.range = since(begin);
    return true;
  }
  if (is(Token::rsquare) || is(Token::comma)) {
    unexpected("a subscript");
    return false;
  }
  if (!is(Token::colon)) {
    sub.value = parseExpr();
    sub.range = since(begin);
    if (!sub.value || !is(Token::colon))
      return sub.value != nullptr;
    sub.begin = std::move(sub.value);
  }
  sub.kind = Sub::slice;
  auto part = [&](ExprPtr &expr) {
    if (is(Token::colon) || is(Token::comma) || is(Token::rsquare) || is(Token::kw_else) ||
        ((isWord("wrap") || isWord("clamp")) && token(1) == Token::rsquare))
      return true;
    expr = parseExpr();
    return expr != nullptr;
  };
  advance();
  if (!part(sub.end) || (accept(Token::colon) && !part(sub.stride)))
    return false;
  sub.range = since(begin);
  return true;
}

} // namespace tds::syntax
