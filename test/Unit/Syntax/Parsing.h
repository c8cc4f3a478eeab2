#pragma once
#include "lib/Support/Diagnostics.h"
#include "lib/Syntax/Parser.h"
#include "lib/Syntax/Printer.h"

namespace tds::test {

/// A text and what the parser made of it.
struct Parsed {
  explicit Parsed(std::string text)
      : id(sources.add("test.tds", std::move(text))), file(parseFile(id, sources, diagnostics)) {}
  Parsed(const Parsed &) = delete;

  bool fine() const { return !diagnostics.hasErrors(); }
  std::string errors() const { return diagnostics.renderAll(); }
  std::string print() const { return tds::print(*file, sources); }
  std::string dump() const { return tds::dump(*file); }
  /// Of the first error.
  std::string_view code() const { return fine() ? "" : codeName(diagnostics.all().front().code); }
  std::string message() const { return fine() ? "" : diagnostics.all().front().message; }
  /// What the first error's range holds.
  std::string_view place() const { return fine() ? "" : sources.text(diagnostics.all().front().range); }

  Sources sources;
  Diagnostics diagnostics{sources};
  uint32_t id;
  std::unique_ptr<ast::File> file;
};

} // namespace tds::test
