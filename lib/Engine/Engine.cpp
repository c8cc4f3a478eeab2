#include "lib/Engine/EngineImpl.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::engine;

Result<Engine> Engine::create(Options options) {
  auto impl = EngineImpl::create(std::move(options));
  if (!impl)
    return impl.takeError();
  return Engine(impl.take());
}

static Result<std::shared_ptr<ModuleImpl>> checked(std::shared_ptr<ModuleImpl> module) {
  sema::Program &program = module->workspace.program;
  if (module->module && !program.diagnostics().hasErrors())
    sema::check(program, *module->module);
  if (!module->module || program.diagnostics().hasErrors())
    return takeError(program);
  program.diagnostics().clear();
  return module;
}

Result<Module> Engine::load(const std::filesystem::path &file) {
  auto module = std::make_shared<ModuleImpl>(impl);
  module->module = module->workspace.load(file);
  auto result = checked(std::move(module));
  if (!result)
    return result.takeError();
  return Module(result.take());
}

Result<Module> Engine::parse(std::string_view source, std::string_view name) {
  auto module = std::make_shared<ModuleImpl>(impl);
  module->module = module->workspace.parse(std::string(name), std::string(source));
  auto result = checked(std::move(module));
  if (!result)
    return result.takeError();
  return Module(result.take());
}

Status Engine::define(std::string_view name, Host host) { return impl->hosts.define(std::string(name), std::move(host)); }

std::vector<std::string> Module::functions() const {
  std::vector<std::string> names;
  for (auto &[name, def] : impl->module->defs)
    names.push_back(name);
  return names;
}

Result<Function> Module::function(std::string_view name) const {
  auto it = impl->module->defs.find(std::string(name));
  if (it == impl->module->defs.end()) {
    Error error{"E0201", "`" + impl->module->name + "` has no def `" + std::string(name) + "`", {}, {}, {}};
    std::vector<std::string> names = functions();
    if (std::string near = nearest(name, names); !near.empty())
      error.help.push_back("did you mean `" + near + "`?");
    return error;
  }
  std::lock_guard lock(impl->mutex);
  return Function(std::make_shared<FunctionImpl>(impl, it->second, std::vector<std::vector<std::string>>()));
}
