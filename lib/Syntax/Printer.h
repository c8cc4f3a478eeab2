#pragma once
#include "lib/Support/Source.h"
#include "lib/Syntax/Ast.h"

namespace tds {

/// A file as the formatter writes it: 120 columns, comments kept, at most one blank line, brackets where precedence
/// needs them. Blocks and records that begin a new line behind their `{` keep it. Parsing it again gives the same tree,
/// and printing that the same text. Also for a tree without a source (id 0), whose comments are the items' docs.
std::string print(const ast::File &file, const Sources &sources);
std::string print(const ast::Expr &expr);
std::string print(const ast::Type &type);

/// Whether two trees are the same but for their places in sources and for comments.
bool sameTree(const ast::File &a, const ast::File &b);
bool sameTree(const ast::Expr &a, const ast::Expr &b);

/// The tree as indented text, a node a line.
std::string dump(const ast::File &file);
std::string dump(const ast::Expr &expr);

} // namespace tds
