#include "lib/Support/Diagnostics.h"
#include <algorithm>
#include <tds/result.h>

namespace tds {

namespace {

struct Kind {
  std::string_view name, summary;
};
constexpr Kind kinds[] = {
#define TDS_ERROR(code, summary) {#code, summary},
#include "lib/Support/Errors.def"
#undef TDS_ERROR
};

constexpr uint32_t tabWidth = 4;
/// A line longer than this is cut to a window around what is marked.
constexpr uint32_t windowWidth = 110;

struct Style {
  std::string_view bold, error, warning, gutter, label, help, reset;
};
constexpr Style plain{};
constexpr Style ansi{"\033[1m", "\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[1;36m", "\033[1;32m", "\033[0m"};

std::string paint(std::string_view with, std::string_view text, const Style &style) {
  return std::string(with) + std::string(text) + std::string(with.empty() ? "" : style.reset);
}

/// Appends text as a terminal may see it, and counts its columns: tabs become spaces, what would steer the terminal a
/// replacement character.
uint32_t appendVisible(std::string_view text, uint32_t column, std::string &out) {
  for (size_t at = 0; at < text.size();) {
    unsigned char c = text[at];
    size_t length = c < 0x80 ? 1 : utf8Length(text, at);
    if (c == '\t') {
      uint32_t spaces = tabWidth - column % tabWidth;
      out.append(spaces, ' ');
      column += spaces, ++at;
      continue;
    }
    if (length == 0 || c < 0x20 || c == 0x7f)
      out += "\xef\xbf\xbd";
    else
      out += text.substr(at, length);
    ++column, at += std::max<size_t>(length, 1);
  }
  return column;
}

bool isContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Writes source lines with marks below them; a second mark in the line just shown goes below it.
class Snippets {
public:
  Snippets(const Sources &sources, const Style &style, std::string &out, size_t digits)
      : sources(sources), style(style), out(out), digits(digits) {}

  void arrow(std::string_view sign, Range range) {
    Position at = sources.position(range.file, range.begin);
    out += std::string(digits, ' ') + paint(style.gutter, sign, style) + " " + std::string(sources.name(range.file)) +
           ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + "\n";
    shownLine = 0;
  }

  /// `below`: of the message, from and to, what is marked in a line of its own.
  void mark(Range range, char sign, std::string_view colour, std::string_view message,
            std::pair<uint32_t, uint32_t> below = {}) {
    std::string_view line = sources.line(range.file, range.begin);
    Position at = sources.position(range.file, range.begin);
    uint32_t begin = std::min<uint32_t>(at.column - 1, uint32_t(line.size()));
    uint32_t end = std::min<uint32_t>(begin + std::max(range.end - range.begin, 1u), uint32_t(line.size()));
    end = std::max(begin, end);
    auto [from, to] = window(line, begin, end);
    if (shownLine == at.line && begin >= shownFrom && end <= shownTo) // the part that is shown has it
      from = shownFrom, to = shownTo;

    std::string shown = from > 0 ? "..." : "";
    uint32_t column = appendVisible(line.substr(from, begin - from), uint32_t(shown.size()), shown);
    uint32_t markedEnd = appendVisible(line.substr(begin, std::min(end, to) - begin), column, shown);
    if (end < to)
      appendVisible(line.substr(end, to - end), markedEnd, shown);
    if (to < line.size())
      shown += "...";
    if (shownLine != at.line || shownFrom != from || shownTo != to) {
      std::string number = std::to_string(at.line);
      gutter(std::string(digits - number.size(), ' ') + number, shown);
    }
    shownLine = at.line, shownFrom = from, shownTo = to;

    std::string marks(std::max(markedEnd - column, 1u), sign);
    if (!message.empty())
      marks += " " + std::string(message);
    size_t indent = column + std::max(markedEnd - column, 1u) + 1;
    gutter(std::string(digits, ' '), std::string(column, ' ') + paint(colour, marks, style));
    if (below.first < below.second)
      gutter(std::string(digits, ' '), std::string(indent + below.first, ' ') +
                                           paint(colour, std::string(below.second - below.first, '^'), style));
  }

  void gutter(std::string number, std::string_view text) {
    while (!text.empty() && text.back() == ' ')
      text.remove_suffix(1);
    out += paint(style.gutter, number + " |", style);
    if (!text.empty())
      out += " " + std::string(text);
    out += "\n";
  }

private:
  /// The part of the line to show, whole characters around [begin, end).
  static std::pair<uint32_t, uint32_t> window(std::string_view line, uint32_t begin, uint32_t end) {
    if (line.size() <= windowWidth)
      return {0, uint32_t(line.size())};
    uint32_t wanted = std::min(end - begin, windowWidth / 2);
    uint32_t before = (windowWidth - wanted) / 2;
    uint32_t from = begin > before ? begin - before : 0;
    uint32_t to = uint32_t(std::min<size_t>(line.size(), size_t(from) + windowWidth));
    while (from > 0 && isContinuation(line[from]))
      --from;
    while (to < line.size() && isContinuation(line[to]))
      ++to;
    return {from, to};
  }

  const Sources &sources;
  const Style &style;
  std::string &out;
  size_t digits;
  uint32_t shownLine = 0, shownFrom = 0, shownTo = 0;
};

} // namespace

std::string_view codeName(Code code) { return kinds[size_t(code)].name; }
std::string_view codeSummary(Code code) { return kinds[size_t(code)].summary; }

Diagnostic &Diagnostic::note(Range range, std::string message, uint32_t markBegin, uint32_t markEnd) {
  auto behind = std::find_if(labels.begin(), labels.end(), [](const Label &label) { return label.context; });
  labels.insert(behind, {range, std::move(message), markBegin, markEnd});
  return *this;
}

Diagnostic &Diagnostics::error(Code code, Range range, std::string message) {
  return append({code, Severity::error, range, std::move(message), {}, {}});
}

Diagnostic &Diagnostics::warning(Code code, Range range, std::string message) {
  return append({code, Severity::warning, range, std::move(message), {}, {}});
}

Diagnostic &Diagnostics::append(Diagnostic diagnostic) {
  errors += diagnostic.severity == Severity::error;
  return list.emplace_back(std::move(diagnostic));
}

void Diagnostics::clear() {
  list.clear();
  errors = 0;
}

void Diagnostics::truncate(size_t count) {
  while (list.size() > count) {
    errors -= list.back().severity == Severity::error;
    list.pop_back();
  }
}

std::string Diagnostics::render(const Diagnostic &diagnostic, bool colour) const {
  const Style &style = colour ? ansi : plain;
  bool isError = diagnostic.severity == Severity::error;
  std::string_view severityColour = isError ? style.error : style.warning;
  std::string head = std::string(isError ? "error[" : "warning[") + std::string(codeName(diagnostic.code)) + "]";
  std::string out = paint(severityColour, head, style) + paint(style.bold, ": " + diagnostic.message, style) + "\n";

  uint32_t lastLine = 1;
  auto see = [&](Range range) { lastLine = std::max(lastLine, sources.position(range.file, range.begin).line); };
  see(diagnostic.range);
  for (const Label &label : diagnostic.labels)
    see(label.range);
  size_t digits = std::to_string(lastLine).size();

  Snippets snippets(sources, style, out, digits);
  uint32_t file = diagnostic.range.file;
  if (file != 0) {
    snippets.arrow("-->", diagnostic.range);
    snippets.gutter(std::string(digits, ' '), "");
    snippets.mark(diagnostic.range, '^', severityColour, "");
  }
  for (const Label &label : diagnostic.labels) {
    if (label.range.file == 0) {
      out += paint(style.label, "note:", style) + " " + label.message + "\n";
      continue;
    }
    if (label.range.file != file)
      snippets.arrow(":::", label.range);
    file = label.range.file;
    snippets.mark(label.range, '-', style.label, label.message, {label.markBegin, label.markEnd});
  }
  for (const std::string &help : diagnostic.helps)
    out += paint(style.help, "help:", style) + " " + help + "\n";
  return out;
}

std::string Diagnostics::renderAll(bool colour) const {
  std::string out;
  for (const Diagnostic &diagnostic : list)
    out += (out.empty() ? "" : "\n") + render(diagnostic, colour);
  return out;
}

Error toError(const Diagnostic &diagnostic, const Sources &sources) {
  auto place = [&](Range range) -> SourceRange {
    if (range.file == 0)
      return {};
    Position at = sources.position(range.file, range.begin);
    return {std::string(sources.name(range.file)), at.line, at.column, range.end - range.begin};
  };
  Error error{
      std::string(codeName(diagnostic.code)), diagnostic.message, place(diagnostic.range), {}, diagnostic.helps};
  for (const Label &label : diagnostic.labels)
    error.notes.push_back({place(label.range), label.message});
  return error;
}

/// How many letters are to be changed, left out, put in or swapped with their neighbour; more than `limit` is limit
/// + 1.
static unsigned distance(std::string_view a, std::string_view b, unsigned limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit)
    return limit + 1;
  std::vector<std::vector<unsigned>> table(a.size() + 1, std::vector<unsigned>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = unsigned(i + j);
        continue;
      }
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  return table[a.size()][b.size()];
}

std::string nearest(std::string_view name, const std::vector<std::string> &candidates) {
  unsigned limit = std::max<unsigned>(1, unsigned(name.size()) / 3);
  unsigned best = limit + 1;
  std::string result;
  for (const std::string &candidate : candidates) {
    // A name of one letter is near to any other of one letter: nothing is learnt from that.
    if (candidate == name || std::min(candidate.size(), name.size()) < 2)
      continue;
    unsigned far = distance(name, candidate, limit);
    if (far < best)
      best = far, result = candidate;
  }
  return result;
}

} // namespace tds
