// The language's table of scalar functions, from the same records as the ops: what Sema, the documentation and the tests
// read without MLIR.
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/TableGen/Main.h"
#include "llvm/TableGen/Record.h"

using namespace llvm;

static std::string quote(StringRef text) {
  std::string quoted = "\"";
  for (char c : text)
    quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return quoted + "\"";
}

/// TDS_FUNCTION(name, "x, y", Elements, Result, differentiable, "summary", "example")
static bool emitTable(raw_ostream &os, const RecordKeeper &records) {
  for (const Record *fn : records.getAllDerivedDefinitions("Tds_Function")) {
    auto params = fn->getValueAsListOfStrings("params");
    auto partials = fn->getValueAsListOfStrings("partials");
    bool differentiable = any_of(partials, [](StringRef d) { return d != "0.0"; });
    StringRef result = fn->getValueAsDef("resultRule")->getValueAsString("name");
    os << "TDS_FUNCTION(" << fn->getValueAsString("opName") << ", " << quote(join(params, ", ")) << ", "
       << fn->getValueAsDef("elements")->getValueAsString("name") << ", " << (result == "ToBool" ? "Bool" : result) << ", "
       << (differentiable ? "true" : "false") << ", " << quote(fn->getValueAsString("summary")) << ", "
       << quote(fn->getValueAsString("example")) << ")\n";
  }
  return false;
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv);
  return TableGenMain(argv[0], emitTable);
}
