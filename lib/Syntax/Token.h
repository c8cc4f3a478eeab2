#pragma once
#include "lib/Syntax/Ast.h"
#include <cstdint>
#include <optional>
#include <string_view>

namespace tds::syntax {

enum class Token : uint8_t {
  endOfFile,
  newline, ///< one that ends a statement; the others are gone
  name,
  integer,
  real,
  string,
  rawString,
#define TDS_KEYWORD(word) kw_##word,
#define TDS_SIGN(name, spelling, joins) name,
#include "lib/Syntax/TokenKinds.def"
#undef TDS_KEYWORD
#undef TDS_SIGN
};

/// The sign or word as written; empty for names, literals and the like.
std::string_view spelling(Token token);
/// Whether a statement goes on behind a newline that follows the token.
bool joinsLines(Token token);
bool isKeyword(Token token);
/// The keyword a word is, or `name`.
Token keyword(std::string_view word);

std::optional<ast::ReduceOp> reduceOp(std::string_view word);
std::optional<ast::DerivativeOp> derivativeOp(std::string_view word);
std::string_view spelling(ast::ReduceOp op);
std::string_view spelling(ast::DerivativeOp op);
std::string_view spelling(ast::BinaryOp op);

} // namespace tds::syntax
