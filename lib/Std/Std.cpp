#include "lib/Std/Std.h"
#include <string>

namespace {
struct Entry {
  std::string_view name, text;
};
constexpr Entry entries[] = {
#include "lib/Std/Std.inc"
};

std::string_view moduleOf(std::string_view file) { return file.substr(0, file.find('-')); }
} // namespace

std::optional<std::string_view> tds::stdlib::file(std::string_view name) {
  for (const Entry &e : entries)
    if (e.name == name)
      return e.text;
  return std::nullopt;
}

std::vector<std::pair<std::string_view, std::string_view>> tds::stdlib::files(std::string_view name) {
  std::vector<std::pair<std::string_view, std::string_view>> files;
  for (const Entry &e : entries)
    if (moduleOf(e.name) == moduleOf(name))
      files.emplace_back(e.name, e.text);
  return files;
}

std::vector<std::string_view> tds::stdlib::moduleNames() {
  std::vector<std::string_view> names;
  for (const Entry &e : entries)
    if (moduleOf(e.name) == e.name)
      names.push_back(e.name);
  return names;
}
