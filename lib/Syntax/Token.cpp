#include "lib/Syntax/Token.h"
#include "llvm/ADT/StringSwitch.h"

namespace tds::syntax {

namespace {
struct Kind {
  std::string_view spelling;
  bool keyword, joins;
};
/// `and or not in then else` at the end of a line.
constexpr bool wordJoins(std::string_view word) {
  return word == "and" || word == "or" || word == "not" || word == "in" || word == "then" || word == "else";
}
constexpr Kind kinds[] = {
    {"", false, false}, {"", false, false}, {"", false, false}, {"", false, false},
    {"", false, false}, {"", false, false}, {"", false, false},
#define TDS_KEYWORD(word) {#word, true, wordJoins(#word)},
#define TDS_SIGN(name, spelling, joins) {spelling, false, joins},
#include "lib/Syntax/TokenKinds.def"
#undef TDS_KEYWORD
#undef TDS_SIGN
};

constexpr std::string_view reduceWords[] = {"sum", "prod", "mean",   "max",    "min",
                                            "any", "all",  "argmax", "argmin", "logsumexp"};
constexpr std::string_view derivativeWords[] = {"grad", "value_and_grad", "jacobian", "jvp", "vjp"};
constexpr std::string_view binaryWords[] = {"+",  "-",  "*", "/",  "//", "%",  "@",   "**",
                                            "==", "!=", "<", "<=", ">",  ">=", "and", "or"};

template <class Op, size_t N> std::optional<Op> find(const std::string_view (&words)[N], std::string_view word) {
  for (size_t i = 0; i < N; ++i)
    if (words[i] == word)
      return Op(i);
  return std::nullopt;
}
} // namespace

std::string_view spelling(Token token) { return kinds[size_t(token)].spelling; }
bool joinsLines(Token token) { return kinds[size_t(token)].joins; }
bool isKeyword(Token token) { return kinds[size_t(token)].keyword; }

Token keyword(std::string_view word) {
  return llvm::StringSwitch<Token>(word)
#define TDS_KEYWORD(word) .Case(#word, Token::kw_##word)
#define TDS_SIGN(name, spelling, joins)
#include "lib/Syntax/TokenKinds.def"
#undef TDS_KEYWORD
#undef TDS_SIGN
      .Default(Token::name);
}

std::optional<ast::ReduceOp> reduceOp(std::string_view word) { return find<ast::ReduceOp>(reduceWords, word); }
std::optional<ast::DerivativeOp> derivativeOp(std::string_view word) {
  return find<ast::DerivativeOp>(derivativeWords, word);
}
std::string_view spelling(ast::ReduceOp op) { return reduceWords[size_t(op)]; }
std::string_view spelling(ast::DerivativeOp op) { return derivativeWords[size_t(op)]; }
std::string_view spelling(ast::BinaryOp op) { return binaryWords[size_t(op)]; }

} // namespace tds::syntax
