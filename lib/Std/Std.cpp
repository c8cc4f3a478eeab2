#include "lib/Std/Std.h"
#include <string>

namespace {
struct Entry {
  std::string_view name, text;
};
constexpr Entry entries[] = {
#include "lib/Std/Std.inc"
};
} // namespace

std::optional<std::string_view> tds::stdlib::module(std::string_view name) {
  for (const Entry &e : entries)
    if (e.name == name)
      return e.text;
  return std::nullopt;
}

std::vector<std::string_view> tds::stdlib::moduleNames() {
  std::vector<std::string_view> names;
  for (const Entry &e : entries)
    names.push_back(e.name);
  return names;
}
