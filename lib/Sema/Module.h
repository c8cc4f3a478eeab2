#pragma once
#include "lib/Sema/Value.h"
#include "lib/Support/Diagnostics.h"
#include "lib/Syntax/Ast.h"
#include <filesystem>
#include <map>
#include <memory>

namespace tds::sema {

/// The definitions of a file, or of the files of a library module. Order does not matter to defs; statements are the script's.
struct Module {
  std::string name; ///< "nn", or the path
  bool library = false; ///< of lib/Std
  std::unique_ptr<ast::File> file;
  std::vector<std::unique_ptr<ast::File>> siblings; ///< the other files of a module of the library
  std::map<std::string, const ast::DefItem *> defs;
  std::map<std::string, const ast::VjpItem *> vjps;
  std::map<std::string, const ast::TypeItem *> types;
  std::map<std::string, const ast::ConstItem *> consts;
  std::map<std::string, const Module *> imports; ///< by the name that this module uses
};

/// A file with all that it imports, and the prelude. Owns sources, trees and diagnostics.
class Program {
public:
  Program();
  /// Reads, parses and collects definitions; errors are in `diagnostics()`. Null only when the file can't be read.
  const Module *load(const std::filesystem::path &file);
  const Module *parse(std::string name, std::string text, const std::filesystem::path &folder = {});
  const Module *prelude() const { return preludeModule; }

  Sources &sources() { return sourceTexts; }
  const Sources &sources() const { return sourceTexts; }
  Diagnostics &diagnostics() { return diags; }

  /// What the command line gave for `arg NAME = …`: the text of an expression.
  std::map<std::string, std::string> arguments;
  /// The expression an `arg` or `const` stands for, the command line's for an `arg` of the root module.
  const ast::Expr *constantExpr(const Module &module, const ast::ConstItem &item);

  /// A def whose first call is looked for, and the arguments that it had (`tdslc emit` of a def without types).
  const ast::DefItem *watched = nullptr;
  std::optional<std::vector<std::pair<std::string, Value>>> firstCall;

private:
  Sources sourceTexts;
  Diagnostics diags;
  const Module *preludeModule = nullptr;
  const Module *root = nullptr;
  std::map<std::string, std::unique_ptr<Module>> modules; ///< by name or canonical path
  std::map<const ast::ConstItem *, std::unique_ptr<ast::File>> overrides;
  std::vector<std::string> loading; ///< for import cycles

  Module *add(const std::string &key, std::string name, std::string text, const std::filesystem::path &folder, bool library);
  void resolveImports(Module &module, const std::filesystem::path &folder);
};

} // namespace tds::sema
