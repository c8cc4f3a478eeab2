#include "lib/Syntax/ParserImpl.h"

namespace tds::syntax {

using namespace ast;

namespace {

/// Words that start statements elsewhere, and what TDS writes instead.
struct ForeignWord {
  std::string_view word, help;
};
constexpr ForeignWord foreignWords[] = {
    {"return", "a block's value is its last expression"},
    {"break", "put it into the condition: `while go and i < n { ... }`"},
    {"continue", "put the rest of the round into an `if`"},
    {"pass", "an empty block is `{}`"},
    {"elif", "write `else if`"},
    {"elsif", "write `else if`"},
    {"elseif", "write `else if`"},
    {"let", "a name is bound by `x = e`"},
    {"var", "a name is bound by `x = e`"},
    {"auto", "a name is bound by `x = e`"},
    {"global", "a script has one scope; a def reads `const` and `arg` alone, and gives back what it makes"},
    {"nonlocal", "a script has one scope; a def gives back what it makes"},
    {"del", "a value goes when nothing reads it any more: leave it out"},
    {"fn", "a function is `def f(x) = e`"},
    {"func", "a function is `def f(x) = e`"},
    {"function", "a function is `def f(x) = e`"},
    {"fun", "a function is `def f(x) = e`"},
    {"class", "a record is `type P[n] = { w: f32[n] }`"},
    {"struct", "a record is `type P[n] = { w: f32[n] }`"},
    {"enum", "number the cases: `const relu_kind = 0`"},
    {"from", "write `import nn`"},
    {"include", "write `import nn`, or `import \"model.tds\" as model`"},
    {"using", "write `import nn`, or `import \"model.tds\" as model`"},
    {"async", "devices work by themselves; reading a value waits for it"},
    {"await", "devices work by themselves; reading a value waits for it"},
    {"with", "files are read whole by `load(\"x.npz\")`; work is placed by `on cuda { ... }`"},
    {"try", "an error ends the script; test before: `if ok { ... }`"},
    {"raise", "a condition that must hold is `assert x > 0`"},
    {"throw", "a condition that must hold is `assert x > 0`"},
    {"do", "write `while c { ... }`"},
    {"until", "write `while not c { ... }`"},
    {"unless", "write `if not c { ... }`"},
    {"loop", "write `while true { ... }`"},
    {"repeat", "write `for i in 0..n { ... }`"},
    {"foreach", "write `for x in xs { ... }`"},
    {"switch", "write `if k == 0 { ... } else if k == 1 { ... }`"},
    {"match", "write `if k == 0 { ... } else if k == 1 { ... }`"},
};

std::optional<AssignStmt::Op> assignment(Token token) {
  switch (token) {
  case Token::equal:
    return AssignStmt::set;
  case Token::plusequal:
    return AssignStmt::add;
  case Token::minusequal:
    return AssignStmt::sub;
  case Token::starequal:
    return AssignStmt::mul;
  case Token::slashequal:
    return AssignStmt::div;
  default:
    return std::nullopt;
  }
}

bool startsStatement(Token token) {
  switch (token) {
  case Token::name:
  case Token::integer:
  case Token::real:
  case Token::string:
  case Token::rawString:
  case Token::lparen:
  case Token::lsquare:
  case Token::lbrace:
  case Token::minus:
  case Token::kw_not:
  case Token::kw_true:
  case Token::kw_false:
    return true;
  default:
    return false;
  }
}

} // namespace

/// block = "{" { stmt SEP } "}" .
std::unique_ptr<Block> Parser::parseBlock() {
  size_t open = at;
  uint32_t begin = current().begin;
  if (!is(Token::lbrace)) {
    Diagnostic &diagnostic = unexpected("`{`");
    if (is(Token::newline) && token(1) == Token::lbrace)
      diagnostic.help("the `{` stands on the line before");
    else if (is(Token::colon))
      diagnostic.help("a block stands in braces");
    else if (is(Token::equal))
      diagnostic.help("`==` compares");
    return nullptr;
  }
  advance();
  auto block = std::make_unique<Block>(Range{});
  uint32_t outerStatement = statementBegin;
  bool closed = lexed.partners[open] != Lexed::none;
  while (!is(Token::rbrace) && !is(Token::endOfFile)) {
    // The lexer takes a definition at the margin for the end of what is still open.
    if (!closed && (is(Token::kw_def) || is(Token::kw_import) || is(Token::kw_extern)))
      break;
    size_t start = at;
    statementBegin = current().begin;
    StmtPtr statement = parseStmt();
    if (statement && endStatement(Token::rbrace))
      block->statements.push_back(std::move(statement));
    else
      skipStatement(start);
    while (accept(Token::newline) || accept(Token::semicolon))
      ;
  }
  statementBegin = outerStatement;
  if (!expectClose(open, Token::rbrace, "`}`"))
    return nullptr;
  block->range = since(begin);
  return block;
}

/// SEP, or what closes the block or file.
bool Parser::endStatement(Token closer) {
  if (is(Token::newline) || is(Token::semicolon) || is(closer) || is(Token::endOfFile))
    return true;
  if (foreignWord())
    return false;
  Diagnostic &diagnostic = unexpected("a new line");
  // `x = 1 // what it is`
  for (size_t i = at; i-- > 0 && lexed.lexemes[i].token != Token::newline && lexed.lexemes[i].begin >= statementBegin;)
    if (lexed.lexemes[i].token == Token::slashslash) {
      diagnostic.help("a comment starts with `#`");
      return false;
    }
  std::string_view soFar = shared.sources.text(shared.file).substr(statementBegin, current().begin - statementBegin);
  bool goesOn = soFar.find('\n') != std::string_view::npos;
  bool behindName = at > 0 && lexed.lexemes[at - 1].token == Token::name;
  if (is(Token::colon) && behindName && token(1) == Token::name && token(2) == Token::equal)
    diagnostic.help("a name takes the type of its value: `x = " + std::string(text(lexed.lexemes[at + 1])) + "(1)`");
  else if (is(Token::string) && behindName)
    diagnostic.help("a call has brackets: `f(\"text\")`");
  else if (is(Token::name) && behindName && token(1) == Token::equal)
    diagnostic.help("a name is bound without a type: `" + std::string(text(current())) + " = e`");
  else if (is(Token::colon) && at > 1 && lexed.lexemes[at - 2].token == Token::lbrace)
    diagnostic.help("a record's value is `(w=e)`, its type `{ w: f32[n] }`");
  else if (std::string_view hint = hintBehind();
           !hint.empty() && !(is(Token::equal) && goesOn)) // an operator at the line's end took in the next statement
    diagnostic.help(std::string(hint));
  return false;
}

/// A word of another language behind a whole statement: `} elif c {`, `x is None`.
bool Parser::foreignWord() {
  if (!is(Token::name) || at == 0)
    return false;
  static constexpr ForeignWord words[] = {
      {"elif", "write `else if`"},
      {"elsif", "write `else if`"},
      {"elseif", "write `else if`"},
      {"is", "write `==`; there is no `None`"},
      {"isnt", "write `!=`"},
      {"div", "write `//`"},
      {"mod", "write `%`"},
      {"xor", "write `!=` between bools, or `bitxor(a, b)`"},
      {"where", "bind it before: `name = e` in a block"},
      {"catch", "an error ends the script; test before: `if ok { ... }`"},
      {"except", "an error ends the script; test before: `if ok { ... }`"},
      {"finally", "an error ends the script; test before: `if ok { ... }`"},
  };
  for (const ForeignWord &entry : words)
    if (isWord(entry.word)) {
      error(Code::E0110, here(), "found `" + std::string(entry.word) + "`, which is not in the language")
          .help(std::string(entry.help));
      return true;
    }
  return false;
}

/// Goes to where the statement that begins at `start` ends, past whole brackets.
void Parser::skipStatement(size_t start) {
  if (shared.abandoned)
    return abandon();
  // A block that was never closed has left its statements behind, up to the definition here.
  if (at > start && lexed.lexemes[at - 1].token == Token::newline)
    return;
  size_t place = start;
  for (;;) {
    Token token = lexed.lexemes[place].token;
    uint32_t partner = lexed.partners[place];
    bool ends = token == Token::newline || token == Token::semicolon ||
                (token == Token::rbrace && partner != Lexed::none && partner < start);
    if (token == Token::endOfFile || (ends && place >= at))
      break;
    place = partner != Lexed::none && partner > place ? partner + 1 : place + 1;
  }
  at = place;
}

/// stmt = for | "while" expr block | if | "on" ... block | "assert" expr | "yield" expr | expr | target,, "=" ... .
StmtPtr Parser::parseStmt() {
  Nest nest(*this);
  if (!nest.fits())
    return nullptr;
  uint32_t begin = current().begin;
  switch (token()) {
  case Token::kw_for:
    return parseFor();
  case Token::kw_while:
    return parseWhile();
  case Token::kw_if:
    return parseIf();
  case Token::kw_assert: {
    advance();
    ExprPtr condition = parseExpr();
    if (!condition)
      return nullptr;
    if (is(Token::comma)) {
      unexpected("a new line").help("an assertion says itself what did not hold: leave the message out");
      return nullptr;
    }
    auto node = std::make_unique<AssertStmt>(since(begin));
    node->condition = std::move(condition);
    return node;
  }
  case Token::kw_yield: {
    advance();
    ExprPtr value = parseExpr();
    if (!value)
      return nullptr;
    auto node = std::make_unique<YieldStmt>(since(begin));
    node->value = std::move(value);
    return node;
  }
  default:
    break;
  }
  if (atItemWord()) {
    Diagnostic &diagnostic =
        error(Code::E0112, here(), "found " + seen() + " inside a block, expected it at the top level");
    if (is(Token::kw_def))
      diagnostic.help("a function inside is a lambda, `x => e`, where it is used");
    return nullptr;
  }
  if (!startsStatement(token())) {
    Diagnostic &diagnostic = unexpected("a statement");
    if (is(Token::slashslash) || is(Token::slash))
      diagnostic.help("a comment starts with `#`");
    else if (is(Token::kw_else))
      diagnostic.help("`else` stands behind the `}` of its `if`");
    return nullptr;
  }
  if (isWord("on") && token(1) == Token::name)
    return parseOn();
  if (foreignStatement())
    return nullptr;
  return parseAssignOrExpr();
}

bool Parser::foreignStatement() {
  if (!is(Token::name))
    return false;
  Token next = token(1);
  bool behind = next == Token::newline || next == Token::semicolon || next == Token::rbrace || next == Token::endOfFile;
  bool operand = next == Token::name || next == Token::integer || next == Token::real || next == Token::string ||
                 isKeyword(next) || next == Token::lparen || next == Token::minus || next == Token::lbrace;
  for (const ForeignWord &entry : foreignWords) {
    bool alone =
        behind && (entry.word == "return" || entry.word == "break" || entry.word == "continue" || entry.word == "pass");
    bool led = operand &&
               (next != Token::lparen && next != Token::minus ? true : entry.word == "return" || entry.word == "elif");
    if ((alone || led) && isWord(entry.word)) {
      error(Code::E0110, here(), "found `" + std::string(entry.word) + "`, which is not in the language")
          .help(std::string(entry.help));
      return true;
    }
  }
  return false;
}

/// for = "for" NAME,, "in" expr [".." expr] block .
std::unique_ptr<ForStmt> Parser::parseFor() {
  uint32_t begin = current().begin;
  advance();
  auto node = std::make_unique<ForStmt>(Range{});
  do {
    if (!parseBinding(node->names.emplace_back(), "a name"))
      return nullptr;
  } while (accept(Token::comma) && !is(Token::kw_in));
  if (!expect(Token::kw_in, "`,` or `in`") || !(node->begin = parseExpr()))
    return nullptr;
  if (accept(Token::dotdot) && !(node->end = parseExpr()))
    return nullptr;
  if (!(node->body = parseBlock()))
    return nullptr;
  node->range = since(begin);
  return node;
}

/// "while" expr block
StmtPtr Parser::parseWhile() {
  uint32_t begin = current().begin;
  advance();
  auto node = std::make_unique<WhileStmt>(Range{});
  if (!(node->condition = parseExpr()) || !(node->body = parseBlock()))
    return nullptr;
  node->range = since(begin);
  return node;
}

/// if = "if" expr block ["else" ( if | block )] .  ("then" after the condition: an expr)
StmtPtr Parser::parseIf() {
  Nest nest(*this);
  if (!nest.fits())
    return nullptr;
  uint32_t begin = current().begin;
  advance();
  ExprPtr condition = parseExpr();
  if (!condition)
    return nullptr;
  if (is(Token::kw_then)) {
    ExprPtr value = parseIfExprAfter(begin, std::move(condition));
    if (!value)
      return nullptr;
    auto node = std::make_unique<ExprStmt>(since(begin));
    node->value = std::move(value);
    return node;
  }
  auto node = std::make_unique<IfStmt>(Range{});
  node->condition = std::move(condition);
  if (!(node->then = parseBlock()))
    return nullptr;
  if (accept(Token::kw_else)) {
    if (is(Token::kw_if)) {
      node->otherwiseIf = parseIf();
      if (node->otherwiseIf && !llvm::isa<IfStmt>(*node->otherwiseIf)) {
        error(Code::E0101, node->otherwiseIf->range,
              "found an expression behind `else`, expected a block or an `if` with blocks");
        return nullptr;
      }
    } else {
      node->otherwise = parseBlock();
    }
    if (!node->otherwiseIf && !node->otherwise)
      return nullptr;
  }
  node->range = since(begin);
  return node;
}

/// "on" ("cpu" | "cuda" ["(" expr ")" ] ) block
StmtPtr Parser::parseOn() {
  uint32_t begin = current().begin;
  advance();
  if (!isWord("cpu") && !isWord("cuda")) {
    unexpected("`cpu` or `cuda`");
    return nullptr;
  }
  auto node = std::make_unique<OnStmt>(Range{});
  node->cuda = isWord("cuda");
  advance();
  size_t open = at;
  if (node->cuda && accept(Token::lparen))
    if (!(node->ordinal = parseExpr()) || !expectClose(open, Token::rparen, "`)`"))
      return nullptr;
  if (!(node->body = parseBlock()))
    return nullptr;
  node->range = since(begin);
  return node;
}

/// expr | target,, "=" ( expr | for ) | target ("+=" | "-=" | "*=" | "/=") expr | NAME "[" index,, "]" ":=" expr
StmtPtr Parser::parseAssignOrExpr() {
  uint32_t begin = current().begin;
  std::vector<ExprPtr> targets;
  bool trailingComma = false;
  do {
    ExprPtr target = parseExpr();
    if (!target)
      return nullptr;
    targets.push_back(std::move(target));
    trailingComma = accept(Token::comma);
  } while (trailingComma && !is(Token::equal));
  bool several = targets.size() > 1 || trailingComma;

  if (is(Token::colonequal) && !several)
    return parseDefine(begin, std::move(targets.front()));
  std::optional<AssignStmt::Op> op = assignment(token());
  if (several && op != AssignStmt::set) {
    unexpected("`,` or `=`").help("a tuple stands in brackets: `(a, b)`");
    return nullptr;
  }
  if (!op) {
    auto node = std::make_unique<ExprStmt>(since(begin));
    node->value = std::move(targets.front());
    return node;
  }
  for (const ExprPtr &target : targets)
    if (!checkTarget(*target))
      return nullptr;
  if (*op != AssignStmt::set && llvm::isa<Tuple>(*targets.front())) {
    error(Code::E0108, targets.front()->range, "found a tuple before " + seen() + ", expected one name or part");
    return nullptr;
  }
  advance();
  auto node = std::make_unique<AssignStmt>(Range{});
  node->op = *op;
  if (is(Token::kw_for) && *op == AssignStmt::set) {
    if (!(node->loop = parseFor()))
      return nullptr;
  } else if (!(node->value = parseExpr())) {
    return nullptr;
  }
  if (is(Token::comma) && *op == AssignStmt::set) {
    unexpected("a new line").help("a tuple stands in brackets: `a, b = (c, d)`");
    return nullptr;
  }
  node->targets = std::move(targets);
  node->trailingComma = trailingComma;
  node->range = since(begin);
  return node;
}

/// NAME "[" index,, "]" ":=" expr, what is before the sign read as an expr.
StmtPtr Parser::parseDefine(uint32_t begin, ExprPtr target) {
  auto *subscript = llvm::dyn_cast<Subscript>(target.get());
  auto *name = subscript ? llvm::dyn_cast<Name>(subscript->base.get()) : nullptr;
  if (!name) {
    error(Code::E0109, target->range,
          "found `" + std::string(shared.sources.text(target->range).substr(0, 40)) +
              "` before `:=`, expected a name and its indices")
        .help("`c[i, j] := e` defines a tensor by its indices; a name is bound by `=`");
    return nullptr;
  }
  if (!checkBinding(name->text, name->range))
    return nullptr;
  auto node = std::make_unique<DefineStmt>(Range{});
  node->name = {name->text, name->range};
  if (subscript->outside != Subscript::none) {
    error(Code::E0109, subscript->range, "found what is outside in the indices before `:=`, expected names alone")
        .help("it stands in the subscripts on the right");
    return nullptr;
  }
  for (Sub &sub : subscript->subs) {
    Index &index = node->indices.emplace_back();
    if (sub.kind == Sub::ellipsis) {
      index.name = {"...", sub.range};
      index.ellipsis = true;
      continue;
    }
    Expr *value = sub.kind == Sub::index ? sub.value.get() : nullptr;
    if (auto *bound = llvm::dyn_cast_or_null<Binary>(value); bound && bound->op == BinaryOp::lt) {
      value = bound->lhs.get();
      index.bound = std::move(bound->rhs);
    }
    auto *bare = llvm::dyn_cast_or_null<Name>(value);
    if (!bare) {
      Diagnostic &diagnostic = error(Code::E0109, sub.range,
                                     "found `" + std::string(shared.sources.text(sub.range).substr(0, 40)) +
                                         "` before `:=`, expected an index, `i` or `i < n`");
      if (auto *compared = llvm::dyn_cast_or_null<Binary>(value); compared && compared->op == BinaryOp::le)
        diagnostic.help("an index starts at 0 and stays below its bound: `i < n + 1`");
      else
        diagnostic.help("`c[2:5] = e` rebinds a part");
      return nullptr;
    }
    if (!checkBinding(bare->text, bare->range))
      return nullptr;
    index.name = {bare->text, bare->range};
  }
  advance();
  if (!(node->value = parseExpr()))
    return nullptr;
  node->range = since(begin);
  return node;
}

/// target = NAME { "[" subs "]" | "." WORD } | "(" target,, ")" .
bool Parser::checkTarget(const Expr &target, bool nested) {
  switch (target.kind) {
  case Expr::NameK: {
    auto &name = llvm::cast<Name>(target);
    return checkBinding(name.text, name.range);
  }
  case Expr::SubscriptK:
    return checkTarget(*llvm::cast<Subscript>(target).base, /*nested=*/true);
  case Expr::FieldK:
    return checkTarget(*llvm::cast<FieldAccess>(target).base, /*nested=*/true);
  case Expr::TupleK: {
    auto &tuple = llvm::cast<Tuple>(target);
    if (nested || tuple.elements.empty())
      break;
    for (const ExprPtr &element : tuple.elements)
      if (!checkTarget(*element))
        return false;
    return true;
  }
  default:
    break;
  }
  std::string_view written = shared.sources.text(target.range);
  std::string shown = written.size() > 40 || written.find('\n') != std::string_view::npos
                          ? "an expression"
                          : "`" + std::string(written) + "`";
  Diagnostic &diagnostic =
      error(Code::E0108, target.range,
            "found " + shown + " before " + seen() + ", expected a name, or a subscript or field of one");
  if (llvm::isa<Call>(target))
    diagnostic.help("a function is `def f(x) = e`; `==` compares");
  else if (llvm::isa<List>(target))
    diagnostic.help("write `a, b = e`");
  else if (llvm::isa<Binary>(target))
    diagnostic.help("`==` compares");
  return false;
}

} // namespace tds::syntax
