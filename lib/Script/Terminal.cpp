#include "lib/Script/Terminal.h"
#include <cstdlib>
#include <tds/tools.h>
#include <unistd.h>

using namespace tds;

bool script::colourful(std::FILE *stream) { return isatty(fileno(stream)) && !std::getenv("NO_COLOR"); }

void script::complain(const std::string &text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int script::report(const Error &error) {
  complain(error.render());
  return error.code == codeName(Code::E0902) ? tools::internal : tools::failed;
}

int script::report(sema::Program &program) {
  Diagnostics &diagnostics = program.diagnostics();
  if (!diagnostics.all().empty())
    complain(diagnostics.renderAll(colourful(stderr)));
  bool own = false;
  for (const Diagnostic &d : diagnostics.all())
    own |= d.code == Code::E0902;
  int status = own ? tools::internal : diagnostics.hasErrors() ? tools::failed : tools::fine;
  diagnostics.clear();
  return status;
}
