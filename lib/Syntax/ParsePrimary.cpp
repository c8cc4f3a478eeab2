#include "lib/Syntax/ParserImpl.h"
#include <charconv>

namespace tds::syntax {

using namespace ast;

/// primary = NUMBER | STRING | "true" | "false" | NAME | block | "[" expr,, "]" | "(" [expr,,] ")"
///   | "(" ( WORD "=" expr ),, ")" | REDUCE ["[" index,, "]" "(" expr ")" ]
///   | DERIV "[" ( NAME ["=" expr] ),, "]" "(" expr ["," expr] ")" .
ExprPtr Parser::parsePrimary() {
  switch (token()) {
  case Token::integer:
  case Token::real:
    return parseNumber();
  case Token::string:
  case Token::rawString:
    return parseString();
  case Token::kw_true:
  case Token::kw_false: {
    auto node = std::make_unique<Bool>(here());
    node->value = is(Token::kw_true);
    advance();
    return node;
  }
  case Token::lbrace:
    return parseBlock();
  case Token::lsquare:
    return parseList();
  case Token::lparen:
    return parseParenthesis();
  case Token::name: {
    std::string_view word = text(current());
    if (std::optional<ReduceOp> op = reduceOp(word); op && token(1) == Token::lsquare)
      return parseReduce(*op);
    if (std::optional<DerivativeOp> op = derivativeOp(word))
      return parseDerivative(*op);
    auto node = std::make_unique<Name>(here());
    node->text = std::string(word);
    advance();
    return node;
  }
  default:
    break;
  }
  Diagnostic &diagnostic = unexpected("an expression");
  if (is(Token::kw_if))
    diagnostic.help("put it in brackets: `1 + (if c then a else b)`");
  else if (is(Token::kw_for))
    diagnostic.help("a loop gives a value in `ys = for x in xs { ...; yield e }` alone");
  else if (is(Token::kw_new) || is(Token::ellipsis))
    diagnostic.help("it stands in a subscript, `x[..., new]`");
  else if (is(Token::equal))
    diagnostic.help("`==` compares");
  else if (is(Token::kw_not))
    diagnostic.help("put it in brackets: `a == (not b)`");
  else if (is(Token::fatarrow))
    diagnostic.help("a lambda is `x => e` or `(x, y) => e`, of names; in an operation it stands in brackets");
  else if (is(Token::greater))
    diagnostic.help("`!=` tells that two differ");
  else if (is(Token::star) || is(Token::starstar))
    diagnostic.help("arguments and parts are given one by one");
  else if (is(Token::plus))
    diagnostic.help("there is no `+` before a number, and no `++`: `i += 1` counts");
  return nullptr;
}

ExprPtr Parser::parseNumber() {
  auto node = std::make_unique<Number>(here());
  node->text = std::string(text(current()));
  node->isFloat = is(Token::real);
  std::string digits;
  for (char c : node->text)
    if (c != '_')
      digits += c;
  bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  const char *begin = digits.data() + (hex ? 2 : 0), *end = digits.data() + digits.size();
  std::errc fault{};
  if (node->isFloat) {
    fault = std::from_chars(begin, end, node->real).ec;
    // from_chars calls too small what rounds to zero or a subnormal: such a number is right as it is.
    if (fault == std::errc::result_out_of_range && (node->real = std::strtod(digits.c_str(), nullptr)) <= 1)
      fault = {};
  } else {
    fault = std::from_chars(begin, end, node->integer, hex ? 16 : 10).ec;
    node->real = double(node->integer);
  }
  if (fault == std::errc::result_out_of_range) {
    Range place = here();
    advance();
    error(Code::E0103, place,
          node->isFloat ? "found a number that no f64 holds" : "found a number of more than 64 bits");
    return nullptr;
  }
  advance();
  return node;
}

/// STRING: `"..."` with escapes and `{expr:format}`, or `"""..."""` as it stands.
ExprPtr Parser::parseString() {
  auto node = std::make_unique<String>(here());
  uint32_t begin = current().begin, end = current().end;
  node->raw = is(Token::rawString);
  advance();
  if (node->raw) {
    std::string_view body = shared.sources.text({shared.file, begin, end});
    body.remove_prefix(std::min<size_t>(3, body.size()));
    body.remove_suffix(std::min<size_t>(3, body.size()));
    if (!body.empty())
      node->parts.push_back({std::string(body), nullptr, {}});
    return node;
  }
  if (!parseStringParts(*node, begin + 1, end - 1))
    return nullptr;
  return node;
}

bool Parser::parseStringParts(String &string, uint32_t at, uint32_t end) {
  std::string_view source = shared.sources.text(shared.file);
  std::string literal;
  auto place = [&](uint32_t length) { return Range{shared.file, at, std::min(at + length, end)}; };
  auto flush = [&] {
    if (!literal.empty())
      string.parts.push_back({std::move(literal), nullptr, {}});
    literal.clear();
  };
  while (at < end) {
    char c = source[at], next = at + 1 < end ? source[at + 1] : '\0';
    if (c == '\\') {
      constexpr std::string_view escapes = "nt\"\\", meanings = "\n\t\"\\";
      size_t which = escapes.find(next);
      if (next == '\0' || which == std::string_view::npos) {
        error(Code::E0104, place(2),
              "found `" + std::string(source.substr(at, 2)) + "` in a string, expected `\\n`, `\\t`, `\\\"` or `\\\\`")
            .help("a backslash itself is `\\\\`");
        return false;
      }
      literal += meanings[which];
      at += 2;
    } else if ((c == '{' || c == '}') && next == c) {
      literal += c;
      at += 2;
    } else if (c == '}') {
      error(Code::E0104, place(1), "found `}` in a string without its `{`").help("a brace itself is `}}`");
      return false;
    } else if (c == '{') {
      flush();
      if (!parseInterpolationPart(string, at, end))
        return false;
    } else {
      literal += c;
      ++at;
    }
  }
  flush();
  return true;
}

/// "{" expr [":" FORMAT] "}", the format behind the first `:` outside brackets.
bool Parser::parseInterpolationPart(String &string, uint32_t &at, uint32_t end) {
  std::string_view source = shared.sources.text(shared.file);
  uint32_t begin = at + 1, close = begin, colon = 0;
  for (unsigned depth = 0; close < end && (depth > 0 || source[close] != '}'); ++close) {
    char c = source[close];
    if (c == '(' || c == '[' || c == '{')
      ++depth;
    else if (c == ')' || c == ']' || c == '}')
      depth -= depth > 0;
    else if (c == ':' && depth == 0 && colon == 0)
      colon = close;
  }
  if (close == end) {
    error(Code::E0104, {shared.file, at, at + 1}, "found `{` in a string without its `}`")
        .help("a brace itself is `{{`");
    return false;
  }
  Range inside{shared.file, begin, colon ? colon : close};
  size_t errors = shared.reporter.errors();
  Lexed tokens = lex(shared.sources, inside, /*interpolation=*/true, shared.reporter);
  if (shared.reporter.errors() != errors)
    return false;
  Parser parser(shared, std::move(tokens), /*interpolation=*/true);
  String::Part part;
  part.value = parser.parseInterpolation();
  if (!part.value)
    return false;
  if (colon)
    part.format = std::string(source.substr(colon + 1, close - colon - 1));
  string.parts.push_back(std::move(part));
  at = close + 1;
  return true;
}

ExprPtr Parser::parseInterpolation() {
  statementBegin = current().begin;
  ExprPtr value = parseExpr();
  if (value && !is(Token::endOfFile)) {
    unexpected("`}` or `:` and a format");
    return nullptr;
  }
  return value;
}

/// A string that names something: a file, a test, a field in a file.
bool Parser::parsePlainString(std::string &result) {
  if (!is(Token::string) && !is(Token::rawString)) {
    unexpected("a string");
    return false;
  }
  ExprPtr node = parseString();
  if (!node)
    return false;
  for (const String::Part &part : llvm::cast<String>(*node).parts) {
    if (part.value) {
      error(Code::E0104, part.value->range, "found `{}` in a string that is a name").help("a brace itself is `{{`");
      return false;
    }
    result += part.text;
  }
  return true;
}

/// "[" expr,, "]"
ExprPtr Parser::parseList() {
  uint32_t begin = current().begin;
  size_t open = at;
  advance();
  auto node = std::make_unique<List>(Range{});
  auto element = [&] { return (node->elements.emplace_back() = parseExpr()) != nullptr; };
  if (!parseList(open, Token::rsquare, "`,` or `]`", /*mayBeEmpty=*/false, element))
    return nullptr;
  node->range = since(begin);
  return node;
}

/// "(" [expr,,] ")" | "(" ( WORD "=" expr ),, ")"
ExprPtr Parser::parseParenthesis() {
  uint32_t begin = current().begin;
  size_t open = at;
  advance();
  if (isNameOrKeyword() && token(1) == Token::equal) {
    auto record = std::make_unique<Record>(Range{});
    auto field = [&] {
      auto &[name, value] = record->fields.emplace_back();
      return parseWord(name, "the name of a field") && expect(Token::equal) && (value = parseExpr()) != nullptr;
    };
    if (!parseList(open, Token::rparen, "`,` or `)`", /*mayBeEmpty=*/false, field))
      return nullptr;
    record->range = since(begin);
    return record;
  }
  auto tuple = std::make_unique<Tuple>(Range{});
  bool comma = false;
  while (!is(Token::rparen)) {
    ExprPtr element = parseExpr();
    if (!element)
      return nullptr;
    tuple->elements.push_back(std::move(element));
    comma = accept(Token::comma);
    if (!comma)
      break;
  }
  if (!expectClose(open, Token::rparen, "`,` or `)`"))
    return nullptr;
  if (tuple->elements.size() == 1 && !comma)
    return std::move(tuple->elements.front());
  tuple->range = since(begin);
  return tuple;
}

/// REDUCE "[" index,, "]" "(" expr ")"
ExprPtr Parser::parseReduce(ReduceOp op) {
  uint32_t begin = current().begin;
  advance();
  auto node = std::make_unique<Reduce>(Range{});
  node->op = op;
  if (!parseIndices(node->indices, "an index"))
    return nullptr;
  size_t open = at;
  if (!expect(Token::lparen))
    return nullptr;
  node->body = parseExpr();
  if (!node->body || !expectClose(open, Token::rparen, "`)`"))
    return nullptr;
  node->range = since(begin);
  return node;
}

/// DERIV "[" ( NAME ["=" expr] ),, "]" "(" expr ["," expr] ")"
ExprPtr Parser::parseDerivative(DerivativeOp op) {
  uint32_t begin = current().begin;
  std::string word(text(current()));
  advance();
  auto node = std::make_unique<Derivative>(Range{});
  node->op = op;
  size_t open = at;
  if (!is(Token::lsquare)) {
    unexpected("`[`").help("a derivative names its variables: `" + word + "[p](f(p))`");
    return nullptr;
  }
  advance();
  auto variable = [&] {
    Derivative::Variable &entry = node->variables.emplace_back();
    if (!parseName(entry.name, "a variable's name"))
      return false;
    if (is(Token::dot) || is(Token::lsquare)) {
      unexpected("`,` or `]`").help("bind the part to a name first, and use the name inside");
      return false;
    }
    return !accept(Token::equal) || (entry.tangent = parseExpr()) != nullptr;
  };
  if (!parseList(open, Token::rsquare, "`,` or `]`", /*mayBeEmpty=*/false, variable))
    return nullptr;
  open = at;
  if (!expect(Token::lparen))
    return nullptr;
  node->body = parseExpr();
  if (!node->body || (accept(Token::comma) && !(node->cotangent = parseExpr())))
    return nullptr;
  if (!expectClose(open, Token::rparen, node->cotangent ? "`)`" : "`,` or `)`"))
    return nullptr;
  node->range = since(begin);
  return node;
}

} // namespace tds::syntax
