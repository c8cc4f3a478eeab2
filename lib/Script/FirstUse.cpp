#include "lib/Script/FirstUse.h"
#include "lib/Script/Interpreter.h"

using namespace tds;
using namespace tds::script;

void Interpreter::runToFirstCall() {
  quiet = true;
  progress.turnOff();
  runTopLevel();
}

std::optional<std::vector<sema::Input>> script::firstUse(const std::filesystem::path &file, const std::string &def) {
  auto engine = engine::EngineImpl::create({}); // without a cache, whose hits would not elaborate
  if (!engine)
    return std::nullopt;
  engine::Workspace workspace(*engine);
  const sema::Module *module = workspace.load(file);
  if (!module || workspace.program.diagnostics().hasErrors())
    return std::nullopt;
  workspace.program.watched = module->defs.at(def);
  Interpreter(workspace, *module, file.parent_path()).runToFirstCall();
  if (!workspace.program.firstCall)
    return std::nullopt;
  std::vector<sema::Input> inputs;
  for (auto &[name, value] : *workspace.program.firstCall) {
    sema::Input input{name, sema::typeOf(value), std::nullopt};
    if (value.kind == sema::Value::function || value.kind == sema::Value::type)
      return std::nullopt;
    bool size = value.size && value.size->constant();
    if (value.kind == sema::Value::string || value.truth || value.number || (size && value.weak)) {
      input.known = value;
      input.known->node = nullptr; // of another graph
      input.known->range = {};
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}
