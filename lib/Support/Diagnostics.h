#pragma once
#include "lib/Support/Source.h"
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tds {

struct Error;

/// Every diagnostic kind; Errors.def is the list: TDS_ERROR(E0201, "one-line summary for `explain`").
enum class Code : uint16_t {
#define TDS_ERROR(code, summary) code,
#include "lib/Support/Errors.def"
#undef TDS_ERROR
};
std::string_view codeName(Code code);
std::string_view codeSummary(Code code);

enum class Severity : uint8_t { error, warning };

struct Label {
  Range range;
  std::string message;
  uint32_t markBegin = 0, markEnd = 0; ///< a part of the message with a mark below it: the dimension that disagrees
  bool context = false;                ///< how one came there, told behind what is wrong: the calls
};

struct Diagnostic {
  Code code;
  Severity severity = Severity::error;
  Range range;
  std::string message;
  std::vector<Label> labels;      ///< other places, each with its own line and caret
  std::vector<std::string> helps; ///< `help:` lines

  Diagnostic &note(Range range, std::string message, uint32_t markBegin = 0, uint32_t markEnd = 0);
  Diagnostic &context(Range range, std::string message) {
    return labels.push_back({range, std::move(message), 0, 0, true}), *this;
  }
  Diagnostic &help(std::string message) { return helps.push_back(std::move(message)), *this; }
};

/// Collects diagnostics; stages go on after an error where they can and ask `hasErrors` at their end.
class Diagnostics {
public:
  explicit Diagnostics(const Sources &sources) : sources(sources) {}
  /// The reference stays good until the next report.
  Diagnostic &error(Code code, Range range, std::string message);
  Diagnostic &warning(Code code, Range range, std::string message);
  Diagnostic &append(Diagnostic diagnostic);
  bool hasErrors() const { return errors != 0; }
  const std::vector<Diagnostic> &all() const { return list; }
  void clear();
  /// Drops what was reported after the first `count` diagnostics (used when a body is elaborated twice).
  void truncate(size_t count);
  /// As a terminal shows it: message, file:line:column, the line, a caret, labels, helps.
  std::string render(const Diagnostic &, bool colour = false) const;
  std::string renderAll(bool colour = false) const;
  const Sources &getSources() const { return sources; }

private:
  const Sources &sources;
  std::vector<Diagnostic> list;
  size_t errors = 0;
};

/// The diagnostic as the public API hands it out: places as names, lines and columns.
Error toError(const Diagnostic &diagnostic, const Sources &sources);

/// The candidate nearest to `name` by edit distance, or empty when none is near.
std::string nearest(std::string_view name, const std::vector<std::string> &candidates);

} // namespace tds
