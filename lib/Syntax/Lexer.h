#pragma once
#include "lib/Support/Diagnostics.h"
#include "lib/Syntax/Token.h"

namespace tds::syntax {

struct Lexeme {
  Token token = Token::endOfFile;
  uint32_t begin = 0, end = 0;
};

/// Reports up to `most` errors; what comes later is most often their consequence.
class Reporter {
public:
  static constexpr size_t most = 20;
  Reporter(Diagnostics &diagnostics) : diagnostics(diagnostics) {}
  Diagnostic &error(Code code, Range range, std::string message) {
    unheard = {};
    return count++ < most ? diagnostics.error(code, range, std::move(message)) : unheard;
  }
  /// Somewhere to add notes to that nobody reads.
  Diagnostic &silence() { return unheard = {}; }
  size_t errors() const { return count; }
  bool full() const { return count >= most; }

private:
  Diagnostics &diagnostics;
  Diagnostic unheard{};
  size_t count = 0;
};

struct Lexed {
  static constexpr uint32_t none = UINT32_MAX;
  std::vector<Lexeme> lexemes;    ///< the last one is `endOfFile`
  std::vector<uint32_t> partners; ///< of a bracket: where its partner stands, or `none`
  std::vector<ast::Comment> comments;
};

/// Takes [range.begin, range.end) of a file apart. What is no token is reported and left out, so that the parser goes
/// on. `interpolation`: the range is what stands between the braces of a string, where newlines and comments can't be.
Lexed lex(const Sources &sources, Range range, bool interpolation, Reporter &reporter);

} // namespace tds::syntax
