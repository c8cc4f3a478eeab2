#include "lib/Syntax/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <algorithm>

namespace tds::syntax {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isWordPart(char c) { return isLetter(c) || isDigit(c); }
bool isOpen(Token token) { return token == Token::lparen || token == Token::lsquare || token == Token::lbrace; }
bool isClose(Token token) { return token == Token::rparen || token == Token::rsquare || token == Token::rbrace; }
/// The opening bracket stands before the closing one in the list of signs.
Token opening(Token close) { return Token(uint8_t(close) - 1); }

/// Characters of other languages, and what TDS writes instead.
struct Foreign {
  std::string_view text, help;
};
constexpr Foreign foreign[] = {
    {"&&", "write `and`"},
    {"||", "write `or`"},
    {"&", "write `bitand(a, b)`, or `and` between bools"},
    {"|", "write `bitor(a, b)`, or `or` between bools"},
    {"^", "a power is `a ** b`; bits: `bitxor(a, b)`"},
    {"!", "write `not`"},
    {"~", "write `not`, or `-1 - x` for the bits of an integer"},
    {"?", "write `if c then a else b`"},
    {"'", "a string stands in double quotes"},
    {"`", "a string stands in double quotes"},
    {"\\", "a line goes on inside `(` or `[`, and behind an operator or a comma"},
    {"\xe2\x88\x92", "a minus is written `-`"},
    {"\xc3\x97", "a product is written `*`"},
    {"\xe2\x80\x9c", "a string stands in plain double quotes"},
    {"\xe2\x80\x9d", "a string stands in plain double quotes"},
    {"\xc2\xa0", "this is a no-break space: write a plain one"},
};

/// What Python puts before a string.
constexpr std::string_view stringPrefixes[] = {"f", "F", "r", "R", "b", "u", "fr", "rf"};

/// A sign a token. The list has no sign longer than three bytes.
Token signAt(std::string_view text) {
  for (size_t length = std::min<size_t>(3, text.size()); length > 0; --length) {
    Token token = llvm::StringSwitch<Token>(text.substr(0, length))
#define TDS_KEYWORD(word)
#define TDS_SIGN(name, spelling, joins) .Case(spelling, Token::name)
#include "lib/Syntax/TokenKinds.def"
#undef TDS_SIGN
#undef TDS_KEYWORD
                      .Default(Token::endOfFile);
    if (token != Token::endOfFile)
      return token;
  }
  return Token::endOfFile;
}

class Lexer {
public:
  Lexer(const Sources &sources, Range range, bool interpolation, Reporter &reporter)
      : text(sources.text(range.file).substr(0, range.end)), file(range.file), at(range.begin),
        interpolation(interpolation), reporter(reporter) {}

  Lexed run() {
    // About what programs need; the tail of a long line of signs grows it.
    result.lexemes.reserve((text.size() - at) / 3);
    result.partners.reserve((text.size() - at) / 3);
    if (at == 0 && text.starts_with("\xef\xbb\xbf"))
      at = 3;
    while (at < text.size() && !reporter.full())
      next();
    push(Token::endOfFile, uint32_t(text.size()), uint32_t(text.size()));
    return std::move(result);
  }

private:
  void next() {
    char c = text[at];
    if (c == ' ' || c == '\t')
      ++at;
    else if (c == '\n')
      newline();
    else if (c == '\r' && peek(1) == '\n')
      ++at;
    else if (c == '#')
      comment();
    else if (isLetter(c))
      word();
    else if (isDigit(c) || (c == '.' && isDigit(peek(1))))
      number();
    else if (c == '"')
      string();
    else if (!sign())
      other();
  }

  char peek(size_t ahead) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
  Range range(size_t begin, size_t end) const { return {file, uint32_t(begin), uint32_t(end)}; }

  void newline() {
    if (!sawNewline)
      newlineAt = uint32_t(at);
    sawNewline = true;
    ++at;
    lineStart = at;
  }

  /// A newline ends a statement unless the innermost bracket is round or square, or the line before or behind goes on.
  void separate(Token token, size_t end) {
    if (!sawNewline)
      return;
    sawNewline = false;
    closeForgotten(token, end);
    bool inside = !open.empty() && result.lexemes[open.back()].token != Token::lbrace;
    bool goesOn = token == Token::pipe || ((token == Token::kw_then || token == Token::kw_else) && !isFieldName(end));
    if (inside || goesOn || result.lexemes.empty() || joinsLines(result.lexemes.back().token))
      return;
    result.lexemes.push_back({Token::newline, newlineAt, newlineAt + 1});
    result.partners.push_back(Lexed::none);
  }

  /// A line that starts with a word that only starts statements tells that an earlier `(` or `[` was never closed:
  /// the rest of the file is then read as it was meant.
  void closeForgotten(Token token, size_t end) {
    bool definition = token == Token::kw_def || token == Token::kw_import || token == Token::kw_extern;
    bool statement = definition || token == Token::kw_for || token == Token::kw_while || token == Token::kw_assert ||
                     token == Token::kw_yield;
    if (!statement || isFieldName(end))
      return;
    bool atMargin = at == lineStart;
    while (!open.empty() && (result.lexemes[open.back()].token != Token::lbrace || (definition && atMargin)))
      forget();
  }

  uint32_t &openOf(Token token) { return openCounts[uint8_t(token) - uint8_t(Token::lparen)]; }
  void forget() {
    --openOf(result.lexemes[open.back()].token);
    open.pop_back();
  }

  /// Whether `:` or `=` follows: then any word is a field or an argument.
  bool isFieldName(size_t end) const {
    while (end < text.size() && text[end] == ' ')
      ++end;
    if (end >= text.size() || (text[end] != ':' && text[end] != '='))
      return false;
    return end + 1 >= text.size() || (text[end + 1] != '=' && text[end + 1] != '>');
  }

  void push(Token token, uint32_t begin, uint32_t end) {
    separate(token, end);
    uint32_t index = uint32_t(result.lexemes.size()), partner = Lexed::none;
    if (isOpen(token)) {
      open.push_back(index);
      ++openOf(token);
    } else if (isClose(token) && openOf(opening(token)) > 0) {
      while (result.lexemes[open.back()].token != opening(token))
        forget();
      partner = open.back();
      forget();
      result.partners[partner] = index;
    }
    result.lexemes.push_back({token, begin, end});
    result.partners.push_back(partner);
    at = end;
  }

  void comment() {
    size_t begin = at;
    if (interpolation) {
      reporter.error(Code::E0104, range(begin, begin + 1), "found `#` inside `{}` of a string")
          .help("write `{{` for a brace");
      at = text.size();
      return;
    }
    while (at < text.size() && text[at] != '\n')
      character();
    std::string_view body = text.substr(begin, at - begin);
    while (!body.empty() && (body.back() == '\r' || body.back() == ' ' || body.back() == '\t'))
      body.remove_suffix(1);
    ast::Comment comment;
    comment.text = std::string(body);
    comment.range = range(begin, begin + body.size());
    // A line of `;` and a comment has nothing that the comment trails.
    size_t line = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
    bool alone = text.substr(line, begin - line).find_first_not_of(" \t;") == std::string_view::npos;
    comment.trailing = !result.lexemes.empty() && !sawNewline && !alone;
    comment.doc = !comment.trailing && body.starts_with("##");
    result.comments.push_back(std::move(comment));
  }

  /// Steps over one character of a comment or string; tells what is no text.
  void character() {
    unsigned char c = text[at];
    if (c >= 0x20 && c < 0x7f) {
      ++at;
      return;
    }
    if (c == '\t' || c == '\n' || (c == '\r' && peek(1) == '\n')) {
      ++at;
      return;
    }
    size_t length = c < 0x80 ? 0 : utf8Length(text, at);
    if (length > 0)
      at += length;
    else
      junk();
  }

  /// Control bytes and what is no UTF-8, a run of them at once.
  void junk() {
    size_t begin = at;
    auto isJunk = [&](size_t i) {
      unsigned char c = text[i];
      if (c == '\t' || c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n'))
        return false;
      return c < 0x20 || c == 0x7f || (c >= 0x80 && utf8Length(text, i) == 0);
    };
    while (at < text.size() && isJunk(at))
      ++at;
    unsigned char first = text[begin];
    std::string byte = "0x" + llvm::utohexstr(first, /*LowerCase=*/true, /*Width=*/2);
    reporter.error(Code::E0102, range(begin, at),
                   first >= 0x80 ? "found the byte " + byte + ", expected UTF-8 text"
                                 : "found the control byte " + byte);
  }

  void word() {
    size_t end = at;
    while (end < text.size() && isWordPart(text[end]))
      ++end;
    std::string_view written = text.substr(at, end - at);
    if (end < text.size() && text[end] == '"' &&
        std::find(std::begin(stringPrefixes), std::end(stringPrefixes), written) != std::end(stringPrefixes)) {
      reporter.error(Code::E0104, range(at, end), "found `" + std::string(written) + "` right before a string")
          .help(written == "r" || written == "R"
                    ? "a raw string is `\"\"\"...\"\"\"`"
                    : "every string takes values, `\"{x:.3f}\"`: leave the `" + std::string(written) + "` out");
      at = end;
      return;
    }
    bool field = !result.lexemes.empty() && result.lexemes.back().token == Token::dot;
    push(field ? Token::name : keyword(text.substr(at, end - at)), uint32_t(at), uint32_t(end));
  }

  /// NUMBER = DIGITS | "0x" HEX | DIGITS "." DIGITS [EXPONENT] | DIGITS EXPONENT, where `_` may stand between digits.
  void number() {
    size_t begin = at, end = at;
    auto digits = [&](auto accepts) {
      while (end < text.size() && (accepts(text[end]) || (text[end] == '_' && end > begin && end + 1 < text.size() &&
                                                          accepts(text[end - 1]) && accepts(text[end + 1]))))
        ++end;
    };
    auto isHex = [](char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    bool isReal = false;
    if (text.substr(at, 2) == "0x" || text.substr(at, 2) == "0X") {
      end += 2;
      digits(isHex);
      if (end == begin + 2)
        reporter.error(Code::E0103, range(begin, end), "found `0x`, expected hexadecimal digits behind it");
    } else {
      digits(isDigit);
      bool pointFirst = end == begin;
      bool point = end < text.size() && text[end] == '.' && text.substr(end, 2) != "..";
      if (point) {
        isReal = true;
        ++end;
        size_t fraction = end;
        digits(isDigit);
        if (pointFirst) {
          bool behindValue = !result.lexemes.empty() && !sawNewline && result.lexemes.back().end == begin;
          std::string written(text.substr(begin, end - begin));
          Diagnostic &diagnostic = reporter.error(Code::E0103, range(begin, end),
                                                  "found `" + written + "`, expected digits before the point");
          diagnostic.help(behindValue ? "a tuple is taken apart by targets: `a, b = t`" : "write `0" + written + "`");
        } else if (end == fraction) {
          std::string written(text.substr(begin, end - begin));
          reporter.error(Code::E0103, range(begin, end), "found `" + written + "`, expected digits behind the point")
              .help("write `" + written + "0`");
        }
      }
      size_t exponent = end + 1;
      if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
        exponent += exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-');
        if (exponent < text.size() && isDigit(text[exponent])) {
          isReal = true;
          end = exponent;
          digits(isDigit);
        }
      }
    }
    end = suffix(begin, end);
    push(isReal ? Token::real : Token::integer, uint32_t(begin), uint32_t(end));
  }

  /// Letters right behind a number: says what was meant, and takes them in so that the parser sees a number.
  size_t suffix(size_t begin, size_t end) {
    size_t last = end;
    while (last < text.size() && isWordPart(text[last]))
      ++last;
    if (last == end)
      return end;
    std::string number(text.substr(begin, end - begin)), letters(text.substr(end, last - end));
    Diagnostic &diagnostic = reporter.error(Code::E0103, range(begin, last),
                                            "found `" + letters + "` right behind the number `" + number + "`");
    if (letters == "f" || letters == "F")
      diagnostic.help("a number has no suffix: write `f32(" + number + ")`, or `" + number + "` alone");
    else if (letters == "j" || letters == "i" || letters == "J")
      diagnostic.help("write `complex(0, " + number + ")`");
    else if (letters == "l" || letters == "L" || letters == "u" || letters == "U" || letters == "ull" || letters == "h")
      diagnostic.help("a number has no suffix: a conversion is a call, `i64(" + number + ")`");
    else if (letters.starts_with("_"))
      diagnostic.help("`_` stands between two digits");
    else if (letters.starts_with("e") || letters.starts_with("E"))
      diagnostic.help("an exponent has digits: `1e-3`");
    else if (number == "0" && (letters[0] == 'b' || letters[0] == 'o'))
      diagnostic.help("numbers are decimal or hexadecimal, `0xff`");
    else
      diagnostic.help("a product is written `" + number + " * " + letters + "`");
    return last;
  }

  void string() {
    size_t begin = at;
    bool raw = text.substr(at, 3) == "\"\"\"";
    at += raw ? 3 : 1;
    while (at < text.size() && !reporter.full()) {
      if (raw ? text.substr(at, 3) == "\"\"\"" : text[at] == '"') {
        uint32_t end = uint32_t(at + (raw ? 3 : 1));
        return push(raw ? Token::rawString : Token::string, uint32_t(begin), end);
      }
      if (!raw && text[at] == '\n')
        break;
      if (!raw && text[at] == '\\' && at + 1 < text.size() && text[at + 1] != '\n')
        ++at;
      character();
    }
    Diagnostic &diagnostic =
        reporter.error(Code::E0104, range(begin, begin + (raw ? 3 : 1)),
                       raw ? "this string is not closed" : "this string is not closed on its line");
    diagnostic.help(raw ? "close it with `\"\"\"`" : "close it with `\"`; a new line inside is `\\n`");
    push(Token::rawString, uint32_t(begin), uint32_t(at)); // a literal in its place keeps the statement whole
  }

  bool sign() {
    Token token = signAt(text.substr(at, 3));
    if (token == Token::endOfFile)
      return false;
    push(token, uint32_t(at), uint32_t(at + spelling(token).size()));
    return true;
  }

  void other() {
    if (interpolation && text[at] == '\\') {
      reporter.error(Code::E0104, range(at, at + 1), "found a string inside `{}` of a string")
          .help("bind it to a name first");
      at = text.size();
      return;
    }
    for (const Foreign &entry : foreign)
      if (text.substr(at, entry.text.size()) == entry.text) {
        size_t end = at + entry.text.size();
        if (entry.text == "'") {
          size_t close = text.find_first_of("'\n", end);
          end = close != std::string_view::npos && text[close] == '\'' ? close + 1 : end;
        }
        reporter
            .error(Code::E0102, range(at, end), "found `" + std::string(entry.text) + "`, which is not in the language")
            .help(std::string(entry.help));
        at = end;
        return;
      }
    unsigned char c = text[at];
    size_t length = c < 0x80 ? (c >= 0x20 && c < 0x7f) : utf8Length(text, at);
    if (length == 0)
      return junk();
    Diagnostic &diagnostic =
        reporter.error(Code::E0102, range(at, at + length),
                       "found `" + std::string(text.substr(at, length)) + "`, which is not in the language");
    if (c >= 0x80)
      diagnostic.help("names are made of the letters a to z and A to Z, digits and `_`");
    at += length;
  }

  std::string_view text;
  uint32_t file;
  size_t at;
  bool interpolation;
  Reporter &reporter;
  Lexed result;
  std::vector<uint32_t> open;                                                ///< brackets not yet closed
  uint32_t openCounts[uint8_t(Token::rbrace) - uint8_t(Token::lparen)] = {}; ///< of each kind
  bool sawNewline = false;
  uint32_t newlineAt = 0;
  size_t lineStart = 0;
};

} // namespace

Lexed lex(const Sources &sources, Range range, bool interpolation, Reporter &reporter) {
  return Lexer(sources, range, interpolation, reporter).run();
}

} // namespace tds::syntax
