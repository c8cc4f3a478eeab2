#pragma once
#include "lib/Syntax/Lexer.h"
#include "lib/Syntax/Parser.h"

namespace tds::syntax {

/// Recursive descent, a function a grammar rule. A function that can't go on reports and returns null (or false); its
/// callers unwind to the statement, where parsing goes on with the next one.
class Parser {
public:
  /// What the parser of a file shares with those of the interpolations in its strings.
  struct Shared {
    const Sources &sources;
    uint32_t file;
    Reporter &reporter;
    unsigned nesting = 0;
    unsigned tallest = 0;   ///< at least the height of any tree made since the innermost Nest began
    bool abandoned = false; ///< too deep or too many errors: every parser stands at its end
  };

  Parser(Shared &shared, Lexed lexed, bool interpolation)
      : shared(shared), lexed(std::move(lexed)), interpolation(interpolation) {}

  std::unique_ptr<ast::File> parseFile();
  ast::ExprPtr parseInterpolation();
  /// Places where the lexer left something out: errors behind one in the same statement are its consequence.
  std::vector<uint32_t> lexerErrors;

private:
  // ParseItems.cpp
  ast::ItemPtr parseItem();
  ast::ItemPtr parseImport();
  ast::ItemPtr parseDef();
  ast::ItemPtr parseExtern();
  ast::ItemPtr parseVjp();
  ast::ItemPtr parseTypeItem();
  ast::ItemPtr parseConst();
  ast::ItemPtr parseTest();
  bool parseParams(std::vector<ast::Param> &params);
  ast::ExprPtr parseBody();
  std::unique_ptr<ast::Type> parseType();
  std::unique_ptr<ast::Type> parseTupleType();
  bool parseFields(ast::Type &type);
  bool parseField(ast::Field &field);
  bool parseDim(ast::Dim &dim);
  std::string docAbove(uint32_t begin) const;
  bool atItemWord() const;

  // ParseStatements.cpp
  std::unique_ptr<ast::Block> parseBlock();
  ast::StmtPtr parseStmt();
  std::unique_ptr<ast::ForStmt> parseFor();
  ast::StmtPtr parseWhile();
  ast::StmtPtr parseIf();
  ast::StmtPtr parseOn();
  ast::StmtPtr parseAssignOrExpr();
  ast::StmtPtr parseDefine(uint32_t begin, ast::ExprPtr target);
  bool checkTarget(const ast::Expr &target, bool nested = false);
  bool foreignStatement();
  bool foreignWord();
  void skipStatement(size_t start);
  bool endStatement(Token closer);

  // ParseExpressions.cpp
  ast::ExprPtr parseExpr();
  ast::ExprPtr parseIfExpr();
  ast::ExprPtr parseIfExprAfter(uint32_t begin, ast::ExprPtr condition);
  ast::ExprPtr parseLambda();
  ast::ExprPtr parseIndexLambda();
  ast::ExprPtr parsePipe();
  ast::ExprPtr parseOr();
  ast::ExprPtr parseAnd();
  ast::ExprPtr parseNot();
  ast::ExprPtr parseCmp();
  ast::ExprPtr parseSum();
  ast::ExprPtr parseTerm();
  ast::ExprPtr parseUnary();
  ast::ExprPtr parsePostfix();
  bool parseArgs(std::vector<ast::Argument> &arguments);
  ast::ExprPtr parseSubscript(uint32_t begin, ast::ExprPtr base);
  bool parseSub(ast::Sub &sub);
  bool parseIndices(std::vector<ast::Index> &indices, std::string_view expected);

  // ParsePrimary.cpp
  ast::ExprPtr parsePrimary();
  ast::ExprPtr parseNumber();
  ast::ExprPtr parseString();
  bool parseStringParts(ast::String &string, uint32_t at, uint32_t end);
  bool parseInterpolationPart(ast::String &string, uint32_t &at, uint32_t end);
  bool parsePlainString(std::string &text);
  ast::ExprPtr parseList();
  ast::ExprPtr parseParenthesis();
  ast::ExprPtr parseReduce(ast::ReduceOp op);
  ast::ExprPtr parseDerivative(ast::DerivativeOp op);

  // Parser.cpp
  const Lexeme &current() const { return lexed.lexemes[at]; }
  Token token(size_t ahead = 0) const { return lexed.lexemes[std::min(at + ahead, lexed.lexemes.size() - 1)].token; }
  bool is(Token wanted) const { return token() == wanted; }
  bool isWord(std::string_view word, size_t ahead = 0) const;
  bool isNameOrKeyword(size_t ahead = 0) const { return token(ahead) == Token::name || isKeyword(token(ahead)); }
  void advance() { at += at + 1 < lexed.lexemes.size(); }
  bool accept(Token wanted) { return is(wanted) && (advance(), true); }
  std::string_view text(const Lexeme &lexeme) const {
    return shared.sources.text(shared.file).substr(lexeme.begin, lexeme.end - lexeme.begin);
  }
  Range here() const { return {shared.file, current().begin, current().end}; }
  /// From a byte to the end of what was read last.
  Range since(uint32_t begin) const {
    return {shared.file, begin, at == 0 ? begin : std::max(begin, lexed.lexemes[at - 1].end)};
  }
  /// Whether `=>` follows the bracket that closes the one here.
  bool arrowFollows() const;

  /// What the token here says when it stands behind a whole expression; empty if nothing.
  std::string_view hintBehind() const;
  std::string seen() const;
  Diagnostic &error(Code code, Range range, std::string message);
  /// "found X, expected Y" at the token here.
  Diagnostic &unexpected(std::string_view expected);
  bool expect(Token wanted, std::string_view expected = {});
  /// The bracket that closes the one at index `open`; else says that, or that it has no partner.
  bool expectClose(size_t open, Token closer, std::string_view expected);
  bool parseName(ast::Identifier &name, std::string_view expected);
  /// A name that is going to be bound: no word of a reduction or derivative.
  bool parseBinding(ast::Identifier &name, std::string_view expected);
  bool checkBinding(std::string_view name, Range range);
  bool parseWord(ast::Identifier &name, std::string_view expected);
  /// `{ element "," } closer`, one comma may trail. The opening bracket stands at index `open`.
  template <class Element>
  bool parseList(size_t open, Token closer, std::string_view expected, bool mayBeEmpty, Element element);

  void abandon();
  /// A tree one level higher was made; false when it is too high.
  bool grow();

  /// A level of nesting, for as long as it lives.
  class Nest {
  public:
    explicit Nest(Parser &parser);
    ~Nest();
    bool fits() const { return ok; }

  private:
    Parser &parser;
    unsigned outer;
    bool ok;
  };

  Shared &shared;
  Lexed lexed;
  bool interpolation;
  size_t at = 0;
  uint32_t statementBegin = 0;
};

template <class Element>
bool Parser::parseList(size_t open, Token closer, std::string_view expected, bool mayBeEmpty, Element element) {
  bool first = true;
  while (!is(closer) || (first && !mayBeEmpty)) {
    if (!element())
      return false;
    first = false;
    if (!accept(Token::comma))
      break;
  }
  return expectClose(open, closer, expected);
}

} // namespace tds::syntax
