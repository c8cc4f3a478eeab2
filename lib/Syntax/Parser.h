#pragma once
#include "lib/Support/Diagnostics.h"
#include "lib/Syntax/Ast.h"

namespace tds {

/// Parses a whole file. What can't be read is reported and left out; the tree holds the rest, so callers ask
/// `diagnostics.hasErrors()`. Never null.
std::unique_ptr<ast::File> parseFile(uint32_t file, const Sources &sources, Diagnostics &diagnostics);

/// Levels a program may be nested, in brackets and in all: what walks the tree may recurse.
constexpr unsigned maxNesting = 256, maxHeight = 1000;
/// Bytes a file may have.
constexpr size_t maxFileSize = size_t(256) << 20;

} // namespace tds
