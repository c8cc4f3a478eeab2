#include "lib/Sema/Module.h"
#include "lib/Sema/Habits.h"
#include "lib/Std/Std.h"
#include "lib/Syntax/Parser.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Casting.h"
#include <fstream>
#include <sstream>

using namespace tds;
using namespace tds::sema;
using llvm::dyn_cast;

Program::Program() : diags(sourceTexts) {
  auto text = stdlib::file("prelude");
  preludeModule = add("prelude", "prelude", std::string(text.value_or("")), {}, true);
}

static std::optional<std::string> readFile(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path))
    return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Those of its own file and of the others of its module.
static void forEachItem(const Module &module, llvm::function_ref<void(const ast::ItemPtr &)> f) {
  for (const ast::ItemPtr &item : module.file->items)
    f(item);
  for (auto &file : module.siblings)
    for (const ast::ItemPtr &item : file->items)
      f(item);
}

const Module *Program::load(const std::filesystem::path &file) {
  auto text = readFile(file);
  if (!text) {
    diags.error(Code::E0220, {}, "the file `" + file.string() + "` can't be read");
    return nullptr;
  }
  return parse(file.string(), std::move(*text), file.parent_path());
}

const Module *Program::parse(std::string name, std::string text, const std::filesystem::path &folder) {
  std::string key = "root:" + name;
  // A file of lib/Std itself, to check or test it.
  bool library = stdlib::file(std::filesystem::path(name).stem().string()) == std::optional<std::string_view>(text);
  Module *module = add(key, std::move(name), std::move(text), folder, library);
  if (!root)
    root = module;
  return module;
}

Module *Program::add(const std::string &key, std::string name, std::string text, const std::filesystem::path &folder, bool library) {
  bool embedded = library && !key.starts_with("root:");
  uint32_t id = sourceTexts.add(embedded ? "lib/Std/" + name + ".tds" : name, std::move(text));
  auto owned = std::make_unique<Module>();
  Module &module = *owned;
  modules[key] = std::move(owned);
  module.name = std::move(name);
  module.library = library;
  module.file = parseFile(id, sourceTexts, diags);
  if (library) { // the other files of its module
    std::string own = std::filesystem::path(module.name).stem().string();
    for (auto [part, partText] : stdlib::files(own))
      if (part != own)
        module.siblings.push_back(parseFile(sourceTexts.add("lib/Std/" + std::string(part) + ".tds", std::string(partText)), sourceTexts, diags));
  }
  auto define = [&](auto &map, const ast::Identifier &name, auto *item) {
    auto [it, isNew] = map.try_emplace(name.text, item);
    if (!isNew)
      diags.error(Code::E0221, name.range, "`" + name.text + "` is defined twice").note(it->second->name.range, "first here");
  };
  auto distinct = [&](const auto &list, auto nameOf, const char *where) {
    std::map<std::string, Range> seen;
    for (auto &entry : list) {
      const ast::Identifier &name = nameOf(entry);
      auto [it, isNew] = seen.try_emplace(name.text, name.range);
      if (!isNew)
        diags.error(Code::E0221, name.range, "`" + name.text + "` is " + where + " twice").note(it->second, "first here");
    }
  };
  auto named = [](const auto &entry) -> const ast::Identifier & { return entry.name; };
  auto fields = [&](auto &self, const ast::Type &type) -> void {
    distinct(type.fields, named, "a field of this record");
    for (const ast::Field &field : type.fields)
      self(self, *field.type);
  };
  forEachItem(module, [&](const ast::ItemPtr &item) {
    if (auto *d = dyn_cast<ast::DefItem>(item.get()))
      distinct(d->params, named, "a parameter");
    else if (auto *v = dyn_cast<ast::VjpItem>(item.get()))
      distinct(v->params, named, "a parameter");
    else if (auto *t = dyn_cast<ast::TypeItem>(item.get())) {
      distinct(t->params, [](const ast::Identifier &name) -> const ast::Identifier & { return name; }, "a size of this type");
      fields(fields, *t->type);
    }
    if (auto *d = dyn_cast<ast::DefItem>(item.get())) {
      define(module.defs, d->name, d);
      if (d->library && !library)
        diags.error(Code::E0215, d->range, "`@library` is for the library alone");
    } else if (auto *v = dyn_cast<ast::VjpItem>(item.get())) {
      define(module.vjps, v->name, v);
    } else if (auto *t = dyn_cast<ast::TypeItem>(item.get())) {
      define(module.types, t->name, t);
    } else if (auto *c = dyn_cast<ast::ConstItem>(item.get())) {
      define(module.consts, c->name, c);
    }
  });
  for (auto &[name, vjp] : module.vjps)
    if (!module.defs.contains(name))
      diags.error(Code::E0201, vjp->name.range, "`vjp " + name + "` stands beside no `def " + name + "`");
  loading.push_back(key);
  resolveImports(module, folder);
  loading.pop_back();
  return &module;
}

void Program::resolveImports(Module &module, const std::filesystem::path &folder) {
  forEachItem(module, [&](const ast::ItemPtr &item) {
    auto *import = dyn_cast<ast::ImportItem>(item.get());
    if (!import)
      return;
    auto resolve = [&](const std::string &key, const std::string &as, Range range, std::string name, std::optional<std::string> text,
                       const std::filesystem::path &from, bool library) {
      if (std::find(loading.begin(), loading.end(), key) != loading.end()) {
        diags.error(Code::E0220, range, "`" + name + "` imports itself in a circle");
        return;
      }
      auto it = modules.find(key);
      Module *other = it != modules.end() ? it->second.get() : add(key, std::move(name), std::move(*text), from, library);
      if (!module.imports.try_emplace(as, other).second)
        diags.error(Code::E0221, range, "`" + as + "` is imported twice");
    };
    if (import->path) {
      std::filesystem::path relative(*import->path);
      // A path stays inside the importing file's folder.
      if (relative.is_absolute() || relative.lexically_normal().string().starts_with("..")) {
        diags.error(Code::E0220, import->range, "an import stays inside the importing file's folder");
        return;
      }
      std::filesystem::path full = folder / relative;
      std::error_code ignored;
      auto canonical = std::filesystem::weakly_canonical(std::filesystem::absolute(full, ignored), ignored);
      auto base = std::filesystem::weakly_canonical(std::filesystem::absolute(folder.empty() ? "." : folder, ignored), ignored);
      if (!canonical.string().starts_with((base / "").string())) {
        diags.error(Code::E0220, import->range, "an import stays inside the importing file's folder");
        return;
      }
      auto text = readFile(full);
      if (!text) {
        diags.error(Code::E0220, import->range, "the file `" + full.string() + "` can't be read");
        return;
      }
      resolve("file:" + canonical.string(), import->alias.text, import->range, full.string(), std::move(text), full.parent_path(), false);
      return;
    }
    for (const ast::Identifier &name : import->modules) {
      auto text = stdlib::file(name.text);
      if (!text || name.text == "prelude") {
        std::vector<std::string> names;
        for (std::string_view n : stdlib::moduleNames())
          if (n != "prelude")
            names.emplace_back(n);
        auto &d = diags.error(Code::E0220, name.range, "the library has no module `" + name.text + "`");
        if (std::string near = nearest(name.text, names); !near.empty())
          d.help("did you mean `" + near + "`?");
        else if (isForeignModule(name.text))
          d.help("leave it out: functions have no prefix, `exp(x)`, `zeros((2, 3))`");
        else
          d.help("a file is imported by `import \"" + name.text + ".tds\" as " + name.text + "`");
        continue;
      }
      resolve(name.text, name.text, name.range, name.text, std::string(*text), {}, true);
    }
  });
}

const ast::Expr *Program::constantExpr(const Module &module, const ast::ConstItem &item) {
  if (!item.isArg || &module != root)
    return item.value.get();
  auto given = arguments.find(item.name.text);
  if (given == arguments.end())
    return item.value.get();
  auto it = overrides.find(&item);
  if (it == overrides.end()) {
    uint32_t id = sourceTexts.add("--" + item.name.text, given->second);
    size_t before = diags.all().size();
    auto file = parseFile(id, sourceTexts, diags);
    if (diags.all().size() != before)
      return nullptr;
    it = overrides.emplace(&item, std::move(file)).first;
  }
  if (it->second->items.size() == 1)
    if (auto *s = dyn_cast<ast::StmtItem>(it->second->items[0].get()))
      if (auto *e = dyn_cast<ast::ExprStmt>(s->statement.get()))
        return e->value.get();
  diags.error(Code::E0209, item.name.range, "`--" + item.name.text + " " + given->second + "` is no value");
  return nullptr;
}
