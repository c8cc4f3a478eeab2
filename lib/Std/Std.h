#pragma once
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tds::stdlib {

/// The text of a file of the library ("prelude", "nn", "nn-conv"), embedded in the binary.
std::optional<std::string_view> file(std::string_view name);

/// The files of the module that `name` belongs to, by name and text: `nn` is nn.tds and each nn-*.tds.
std::vector<std::pair<std::string_view, std::string_view>> files(std::string_view name);
std::vector<std::string_view> moduleNames();

} // namespace tds::stdlib
