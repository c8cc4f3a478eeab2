#include "lib/Syntax/ParserImpl.h"
#include <algorithm>

namespace tds::syntax {

using namespace ast;

/// file = { item SEP } .
std::unique_ptr<File> Parser::parseFile() {
  auto file = std::make_unique<File>();
  file->id = shared.file;
  while (!is(Token::endOfFile)) {
    size_t start = at;
    statementBegin = current().begin;
    ItemPtr item = parseItem();
    if (item && endStatement(Token::endOfFile))
      file->items.push_back(std::move(item));
    else
      skipStatement(start);
    if (at == start) // a `}` whose block was given up above
      ++at;
    while (accept(Token::newline) || accept(Token::semicolon))
      ;
  }
  file->comments = std::move(lexed.comments);
  return file;
}

/// Whether what comes is an item and no statement. `arg const test type vjp` are names elsewhere.
bool Parser::atItemWord() const {
  if (is(Token::kw_def) || is(Token::kw_import) || is(Token::kw_extern) || is(Token::at))
    return true;
  if (token(1) == Token::name)
    return isWord("arg") || isWord("const") || isWord("type") || isWord("vjp");
  return isWord("test") && (token(1) == Token::string || token(1) == Token::rawString);
}

/// item = "import" ... | "def" ... | "vjp" ... | "extern" ... | "type" ... | ("arg" | "const") ... | "test" ... | stmt
/// .
ItemPtr Parser::parseItem() {
  if (!atItemWord()) {
    uint32_t begin = current().begin;
    StmtPtr statement = parseStmt();
    if (!statement)
      return nullptr;
    auto item = std::make_unique<StmtItem>(since(begin));
    item->statement = std::move(statement);
    return item;
  }
  if (is(Token::kw_import))
    return parseImport();
  if (is(Token::kw_def) || is(Token::at))
    return parseDef();
  if (is(Token::kw_extern))
    return parseExtern();
  if (isWord("vjp"))
    return parseVjp();
  if (isWord("type"))
    return parseTypeItem();
  if (isWord("test"))
    return parseTest();
  return parseConst();
}

/// "import" ( NAME,, | STRING "as" NAME )
ItemPtr Parser::parseImport() {
  uint32_t begin = current().begin;
  advance();
  auto item = std::make_unique<ImportItem>(Range{});
  if (is(Token::string) || is(Token::rawString)) {
    if (!parsePlainString(item->path.emplace()))
      return nullptr;
    if (!is(Token::kw_as)) {
      unexpected("`as` and a name").help("write `import \"model.tds\" as model`");
      return nullptr;
    }
    advance();
    if (!parseBinding(item->alias, "a name"))
      return nullptr;
  } else {
    do {
      if (!parseBinding(item->modules.emplace_back(), "the name of a module, or a path in quotes"))
        return nullptr;
    } while (accept(Token::comma) && !is(Token::newline) && !is(Token::endOfFile));
    if (is(Token::dot)) {
      unexpected("a new line").help("a module has one name: `import nn`");
      return nullptr;
    }
  }
  item->range = since(begin);
  return item;
}

/// ["@library"] "def" NAME params ["->" type] body
ItemPtr Parser::parseDef() {
  uint32_t begin = current().begin;
  auto item = std::make_unique<DefItem>(Range{});
  if (accept(Token::at)) {
    if (!isWord("library")) {
      unexpected("`library`").help("a `def` is compiled where it is used, and needs no mark");
      return nullptr;
    }
    item->library = true;
    advance();
    accept(Token::newline);
    if (!is(Token::kw_def)) {
      unexpected("`def`");
      return nullptr;
    }
  }
  advance();
  if (!parseBinding(item->name, "the name of a function") || !parseParams(item->params))
    return nullptr;
  if (accept(Token::arrow) && !(item->result = parseType()))
    return nullptr;
  if (!(item->body = parseBody()))
    return nullptr;
  item->doc = docAbove(begin);
  item->range = since(begin);
  return item;
}

/// "extern" ["cuda"] "def" NAME params "->" type ["=" RAW]
ItemPtr Parser::parseExtern() {
  uint32_t begin = current().begin;
  advance();
  auto item = std::make_unique<DefItem>(Range{});
  item->isExtern = true;
  item->cuda = isWord("cuda");
  if (item->cuda)
    advance();
  if (!expect(Token::kw_def, item->cuda ? "`def`" : "`def` or `cuda def`") ||
      !parseBinding(item->name, "the name of a function") || !parseParams(item->params))
    return nullptr;
  if (!is(Token::arrow)) {
    unexpected("`->`").help("an `extern def` names the type of its result");
    return nullptr;
  }
  advance();
  if (!(item->result = parseType()))
    return nullptr;
  if (accept(Token::equal)) {
    if (!is(Token::rawString)) {
      unexpected("the source in `\"\"\"`");
      return nullptr;
    }
    if (!parsePlainString(item->raw))
      return nullptr;
  }
  item->doc = docAbove(begin);
  item->range = since(begin);
  return item;
}

/// "vjp" NAME params body
ItemPtr Parser::parseVjp() {
  uint32_t begin = current().begin;
  advance();
  auto item = std::make_unique<VjpItem>(Range{});
  if (!parseName(item->name, "the name of a function") || !parseParams(item->params) || !(item->body = parseBody()))
    return nullptr;
  item->range = since(begin);
  return item;
}

/// "type" NAME ["[" NAME,, "]" ] "=" type
ItemPtr Parser::parseTypeItem() {
  uint32_t begin = current().begin;
  advance();
  auto item = std::make_unique<TypeItem>(Range{});
  if (!parseBinding(item->name, "the name of a type"))
    return nullptr;
  size_t open = at;
  auto param = [&] { return parseBinding(item->params.emplace_back(), "the name of a dimension"); };
  if (accept(Token::lsquare) && !parseList(open, Token::rsquare, "`,` or `]`", /*mayBeEmpty=*/false, param))
    return nullptr;
  if (!expect(Token::equal, "`=` and a type") || !(item->type = parseType()))
    return nullptr;
  item->doc = docAbove(begin);
  item->range = since(begin);
  return item;
}

/// ("arg" | "const") NAME "=" expr
ItemPtr Parser::parseConst() {
  uint32_t begin = current().begin;
  auto item = std::make_unique<ConstItem>(Range{});
  item->isArg = isWord("arg");
  advance();
  if (!parseBinding(item->name, "a name") || !expect(Token::equal) || !(item->value = parseExpr()))
    return nullptr;
  item->range = since(begin);
  return item;
}

/// "test" STRING block
ItemPtr Parser::parseTest() {
  uint32_t begin = current().begin;
  advance();
  auto item = std::make_unique<TestItem>(Range{});
  if (!parsePlainString(item->name) || !(item->body = parseBlock()))
    return nullptr;
  item->range = since(begin);
  return item;
}

/// params = "(" [param,,] ")" .  param = NAME [":" type] ["=" expr] .
bool Parser::parseParams(std::vector<Param> &params) {
  size_t open = at;
  if (!is(Token::lparen)) {
    Diagnostic &diagnostic = unexpected("`(` and parameters");
    if (is(Token::less) || is(Token::lsquare))
      diagnostic.help("sizes are named by the types of the parameters: `def f(x: f32[n])`");
    return false;
  }
  advance();
  return parseList(open, Token::rparen, "`,` or `)`", /*mayBeEmpty=*/true, [&] {
    Param &param = params.emplace_back();
    if (is(Token::star) || is(Token::starstar)) {
      unexpected("a parameter's name")
          .help("parameters are listed by name; several values travel in a record, `p`, or a tuple");
      return false;
    }
    if (!parseBinding(param.name, "a parameter's name"))
      return false;
    if (accept(Token::colon) && !(param.type = parseType()))
      return false;
    return !accept(Token::equal) || (param.initial = parseExpr()) != nullptr;
  });
}

/// body = "=" expr | block .
ExprPtr Parser::parseBody() {
  if (accept(Token::equal))
    return parseExpr();
  if (is(Token::lbrace))
    return parseBlock();
  Diagnostic &diagnostic = unexpected("`=` and an expression, or a block");
  if (is(Token::colon))
    diagnostic.help("a body is `= e` or `{ ... }`; the type of the result stands behind `->`");
  else if (is(Token::newline) && token(1) == Token::lbrace)
    diagnostic.help("the `{` stands on the line before");
  else if (is(Token::fatarrow))
    diagnostic.help("write `def f(x) = e`");
  return nullptr;
}

/// type = "(" [type,,] ")" | ( NAME ["." NAME] | "{" { field ("," | SEP) } "}") { "[" dim,, "]" } .
std::unique_ptr<Type> Parser::parseType() {
  Nest nest(*this);
  if (!nest.fits())
    return nullptr;
  if (is(Token::lparen))
    return parseTupleType();
  uint32_t begin = current().begin;
  auto type = std::make_unique<Type>();
  if (is(Token::lbrace)) {
    type->kind = Type::record;
    if (!parseFields(*type))
      return nullptr;
    type->braces = since(begin);
  } else {
    if (!parseName(type->name, "a type"))
      return nullptr;
    if (accept(Token::dot)) {
      type->module = std::move(type->name.text);
      if (!parseName(type->name, "the name of a type"))
        return nullptr;
    }
  }
  while (is(Token::lsquare)) {
    size_t open = at;
    advance();
    if (is(Token::rsquare)) {
      unexpected("a dimension").help("a scalar has no brackets: `f32`");
      return nullptr;
    }
    std::vector<Dim> &dims = type->suffixes.emplace_back();
    if (!parseList(open, Token::rsquare, "`,` or `]`", /*mayBeEmpty=*/false,
                   [&] { return parseDim(dims.emplace_back()); }))
      return nullptr;
  }
  type->range = since(begin);
  return type;
}

/// "(" [type,,] ")": as with values, `(t)` is t and `(t,)` is a tuple.
std::unique_ptr<Type> Parser::parseTupleType() {
  uint32_t begin = current().begin;
  size_t open = at;
  advance();
  auto type = std::make_unique<Type>();
  type->kind = Type::tuple;
  bool comma = false;
  while (!is(Token::rparen)) {
    if (!(type->elements.emplace_back() = parseType()))
      return nullptr;
    comma = accept(Token::comma);
    if (!comma)
      break;
  }
  if (!expectClose(open, Token::rparen, "`,` or `)`"))
    return nullptr;
  if (type->elements.size() == 1 && !comma)
    return std::move(type->elements.front());
  type->range = since(begin);
  return type;
}

/// "{" { field ("," | SEP) } "}"
bool Parser::parseFields(Type &type) {
  size_t open = at;
  advance();
  while (!is(Token::rbrace) && !is(Token::endOfFile)) {
    if (!parseField(type.fields.emplace_back()))
      return false;
    if (accept(Token::comma))
      continue;
    if (!is(Token::newline) && !is(Token::semicolon))
      break;
    while (accept(Token::newline) || accept(Token::semicolon))
      ;
  }
  return expectClose(open, Token::rbrace, "`,`, a new line or `}`");
}

/// field = WORD ":" type ["as" STRING] ["=" expr] .
bool Parser::parseField(Field &field) {
  uint32_t begin = current().begin;
  if (!parseWord(field.name, "the name of a field"))
    return false;
  if (!is(Token::colon)) {
    Diagnostic &diagnostic = unexpected("`:` and a type");
    if (is(Token::equal))
      diagnostic.help("a record's type is `{ w: f32[n] }`, its value `(w=e)`");
    return false;
  }
  advance();
  if (!(field.type = parseType()))
    return false;
  if (accept(Token::kw_as) && !parsePlainString(field.as.emplace()))
    return false;
  if (accept(Token::equal) && !(field.initial = parseExpr()))
    return false;
  field.range = since(begin);
  return true;
}

/// dim = "..." | "_" | sum .
bool Parser::parseDim(Dim &dim) {
  uint32_t begin = current().begin;
  bool wild = isWord("_") && (token(1) == Token::comma || token(1) == Token::rsquare);
  if (is(Token::ellipsis) || wild) {
    dim.kind = wild ? Dim::wild : Dim::ellipsis;
    advance();
  } else {
    Nest nest(*this);
    dim.value = nest.fits() ? parseSum() : nullptr;
    if (!dim.value)
      return false;
  }
  dim.range = since(begin);
  return true;
}

/// The `##` lines right above a byte, without their marks.
std::string Parser::docAbove(uint32_t begin) const {
  std::string_view source = shared.sources.text(shared.file);
  auto &comments = lexed.comments;
  auto above = std::upper_bound(comments.begin(), comments.end(), begin,
                                [](uint32_t place, const Comment &comment) { return place < comment.range.begin; });
  auto first = above;
  for (uint32_t next = begin; first != comments.begin(); --first) {
    const Comment &comment = *(first - 1);
    std::string_view between = source.substr(comment.range.end, next - comment.range.end);
    if (!comment.doc || std::count(between.begin(), between.end(), '\n') != 1 ||
        between.find_first_not_of(" \t\r\n") != std::string_view::npos)
      break;
    next = comment.range.begin;
  }
  std::string doc;
  for (auto comment = first; comment != above; ++comment) {
    std::string_view line = std::string_view(comment->text).substr(2);
    if (line.starts_with(" "))
      line.remove_prefix(1);
    doc += (comment == first ? "" : "\n") + std::string(line);
  }
  return doc;
}

} // namespace tds::syntax
