// Any program that parses: Sema ends in diagnostics or in typed graphs that print.
#include "lib/Sema/Sema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace tds::sema;
  Program program;
  const Module *module = program.parse("fuzz.tds", std::string(reinterpret_cast<const char *>(data), size));
  if (!program.diagnostics().hasErrors() && check(program, *module))
    for (auto &[name, def] : module->defs) {
      auto inputs = openInputs(program, *module, *def);
      auto instance = inputs ? instantiate(program, *module, *def, *inputs) : std::nullopt;
      if (instance && instance->function)
        tds::graph::print(*instance->function);
    }
  program.diagnostics().renderAll();
  return 0;
}
