// Any bytes: parsing ends in diagnostics or in a tree that prints and parses to itself.
#include "lib/Syntax/Parser.h"
#include "lib/Syntax/Printer.h"
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tds::Sources sources;
  tds::Diagnostics diagnostics(sources);
  uint32_t id = sources.add("fuzz.tds", std::string(reinterpret_cast<const char *>(data), size));
  auto file = tds::parseFile(id, sources, diagnostics);
  std::string shown = diagnostics.renderAll();
  if (diagnostics.hasErrors())
    return 0;
  std::string printed = tds::print(*file, sources);
  uint32_t again = sources.add("printed.tds", printed);
  auto second = tds::parseFile(again, sources, diagnostics);
  if (diagnostics.hasErrors() || !tds::sameTree(*file, *second) || tds::print(*second, sources) != printed)
    std::abort();
  return 0;
}
