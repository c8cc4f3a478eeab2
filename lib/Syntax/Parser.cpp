#include "lib/Syntax/ParserImpl.h"
#include <algorithm>
#include <tds/tensor.h>

namespace tds {

std::unique_ptr<ast::File> parseFile(uint32_t file, const Sources &sources, Diagnostics &diagnostics) {
  uint32_t size = uint32_t(sources.text(file).size());
  if (sources.text(file).size() > maxFileSize) {
    diagnostics.error(Code::E0106, {file, 0, 0},
                      "found a file of " + std::to_string(sources.text(file).size() >> 20) +
                          " MiB, expected at most 256");
    auto empty = std::make_unique<ast::File>();
    empty->id = file;
    return empty;
  }
  // Lexer and parser report in their own order; the reader gets it in the file's.
  Diagnostics unsorted(sources);
  syntax::Reporter reporter(unsorted);
  syntax::Parser::Shared shared{sources, file, reporter};
  syntax::Parser parser(shared, syntax::lex(sources, {file, 0, size}, /*interpolation=*/false, reporter),
                        /*interpolation=*/false);
  for (const Diagnostic &diagnostic : unsorted.all())
    parser.lexerErrors.push_back(diagnostic.range.begin);
  auto tree = parser.parseFile();

  std::vector<const Diagnostic *> sorted;
  for (const Diagnostic &diagnostic : unsorted.all())
    sorted.push_back(&diagnostic);
  std::sort(sorted.begin(), sorted.end(), [](const Diagnostic *a, const Diagnostic *b) {
    return std::pair(a->range.begin, a) < std::pair(b->range.begin, b);
  });
  for (const Diagnostic *diagnostic : sorted)
    diagnostics.append(*diagnostic);
  return tree;
}

} // namespace tds

namespace tds::syntax {

namespace {
/// What a token says that stands behind a whole expression.
struct BehindHint {
  Token token;
  std::string_view help;
};
constexpr BehindHint behindHints[] = {
    {Token::kw_if, "a value is chosen by `if c then a else b`"},
    {Token::kw_for, "a loop gives a value in `ys = for x in xs { ...; yield e }`, an index one in `[i < n] => e`"},
    {Token::kw_in, "whether a value is among others: `any(xs == x)`"},
    {Token::kw_as, "a module of the library keeps its name; a file is named by `import \"model.tds\" as model`"},
    {Token::colon, "a block stands in braces; types are written in parameters and records"},
    {Token::fatarrow, "a lambda is `x => e` or `(x, y) => e`, of names; in an operation it stands in brackets"},
    {Token::arrow, "a lambda is `x => e`"},
    {Token::colonequal, "`:=` defines a tensor by its indices, `c[i] := e`; a name is bound by `=`"},
    {Token::equal, "one `=` binds in a statement: `a = e`, then `b = a`; `==` compares"},
    {Token::comma, "a tuple stands in brackets: `(a, b)`"},
};
} // namespace

std::string_view Parser::hintBehind() const {
  for (const BehindHint &hint : behindHints)
    if (is(hint.token))
      return hint.help;
  return {};
}

bool Parser::isWord(std::string_view word, size_t ahead) const {
  return token(ahead) == Token::name && text(lexed.lexemes[at + ahead]) == word;
}

bool Parser::arrowFollows() const {
  uint32_t partner = lexed.partners[at];
  return partner != Lexed::none && lexed.lexemes[partner + 1].token == Token::fatarrow;
}

std::string Parser::seen() const {
  constexpr size_t most = 40;
  switch (token()) {
  case Token::endOfFile:
    return interpolation ? "the end of `{}`" : "the end of the file";
  case Token::newline:
    return "a new line";
  default:
    break;
  }
  std::string written(text(current()));
  if (size_t newline = written.find('\n'); newline != std::string::npos || written.size() > most) {
    size_t length = std::min({newline, most, written.size()});
    while (length > 0 && (static_cast<unsigned char>(written[length]) & 0xc0) == 0x80)
      --length;
    written = written.substr(0, length) + "...";
  }
  return "`" + written + "`";
}

Diagnostic &Parser::error(Code code, Range range, std::string message) {
  bool consequence = std::any_of(lexerErrors.begin(), lexerErrors.end(),
                                 [&](uint32_t place) { return place >= statementBegin && place <= range.end; });
  if (shared.abandoned || consequence)
    return shared.reporter.silence();
  if (shared.reporter.full()) {
    abandon();
    return shared.reporter.silence();
  }
  return shared.reporter.error(code, range, std::move(message));
}

Diagnostic &Parser::unexpected(std::string_view expected) {
  bool lonely = (is(Token::rparen) || is(Token::rsquare) || is(Token::rbrace)) && lexed.partners[at] == Lexed::none;
  return error(lonely ? Code::E0105 : Code::E0101, here(), "found " + seen() + ", expected " + std::string(expected));
}

bool Parser::expect(Token wanted, std::string_view expected) {
  if (accept(wanted))
    return true;
  unexpected(expected.empty() ? "`" + std::string(spelling(wanted)) + "`" : std::string(expected));
  return false;
}

bool Parser::expectClose(size_t open, Token closer, std::string_view expected) {
  if (accept(closer))
    return true;
  const Lexeme &opening = lexed.lexemes[open];
  Range place{shared.file, opening.begin, opening.end};
  if (lexed.partners[open] == Lexed::none)
    error(Code::E0105, place, "this `" + std::string(text(opening)) + "` is not closed")
        .note(here(), "found " + seen() + ", expected " + std::string(expected));
  else {
    Diagnostic &diagnostic = unexpected(expected).note(place, "opened here");
    if (is(Token::colon))
      diagnostic.help("an argument or field has its name before `=`: `f(x=1)`, `(w=e)`");
    else if (std::string_view hint = hintBehind(); !hint.empty())
      diagnostic.help(std::string(hint));
  }
  return false;
}

bool Parser::parseName(ast::Identifier &name, std::string_view expected) {
  if (is(Token::name)) {
    name = {std::string(text(current())), here()};
    advance();
    return true;
  }
  if (isKeyword(token()))
    error(Code::E0107, here(), "found " + seen() + ", a reserved word, expected " + std::string(expected));
  else
    unexpected(expected);
  return false;
}

bool Parser::checkBinding(std::string_view name, Range range) {
  std::optional<Element> element = elementNamed(name);
  const char *what = reduceOp(name) ? "a reduction" : derivativeOp(name) ? "a derivative"
                     : (element && *element != Element::key) || name == "float" || name == "int" ? "an element type" : nullptr;
  if (!what)
    return true;
  error(Code::E0107, range, "`" + std::string(name) + "` is " + what + " and can't be bound")
      .help("take another name");
  return false;
}

bool Parser::parseBinding(ast::Identifier &name, std::string_view expected) {
  return parseName(name, expected) && checkBinding(name.text, name.range);
}

bool Parser::parseWord(ast::Identifier &name, std::string_view expected) {
  if (!isNameOrKeyword()) {
    unexpected(expected);
    return false;
  }
  name = {std::string(text(current())), here()};
  advance();
  return true;
}

void Parser::abandon() {
  shared.abandoned = true;
  at = lexed.lexemes.size() - 1;
}

bool Parser::grow() {
  if (shared.abandoned)
    return false;
  if (++shared.tallest <= maxHeight)
    return true;
  error(Code::E0106, here(), "found an expression of more than " + std::to_string(maxHeight) + " operations in a chain")
      .help("give parts of it a name");
  abandon();
  return false;
}

Parser::Nest::Nest(Parser &parser) : parser(parser), outer(parser.shared.tallest) {
  Shared &shared = parser.shared;
  shared.tallest = 0;
  ok = ++shared.nesting <= maxNesting && !shared.abandoned;
  if (!ok && !shared.abandoned) {
    parser.error(Code::E0106, parser.here(), "found more than " + std::to_string(maxNesting) + " levels of nesting")
        .help("give inner parts a name");
    parser.abandon();
  }
}

Parser::Nest::~Nest() {
  Shared &shared = parser.shared;
  --shared.nesting;
  unsigned own = shared.tallest;
  shared.tallest = std::max(outer, own);
  if (own >= shared.tallest)
    parser.grow();
}

} // namespace tds::syntax
