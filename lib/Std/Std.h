#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace tds::stdlib {

/// The text of a module of the library ("prelude", "nn"), embedded in the binary.
std::optional<std::string_view> module(std::string_view name);
std::vector<std::string_view> moduleNames();

} // namespace tds::stdlib
