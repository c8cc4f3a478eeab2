#pragma once
#include "lib/Sema/Sema.h"
#include <filesystem>

namespace tds::script {

/// The arguments of the first call of a def that the script at `file` makes, as inputs of an instance: it is run up to there,
/// without printing or saving. None if no call is reached, or one has a function among its arguments.
std::optional<std::vector<sema::Input>> firstUse(const std::filesystem::path &file, const std::string &def);

} // namespace tds::script
