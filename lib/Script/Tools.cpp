#include "lib/Script/Arguments.h"
#include "lib/Script/Check.h"
#include "lib/Script/Gradients.h"
#include "lib/Script/Interpreter.h"
#include "lib/Script/Interrupt.h"
#include "lib/Script/Terminal.h"
#include "lib/Syntax/Parser.h"
#include "lib/Syntax/Printer.h"
#include "runtime/AtomicFile.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <tds/tools.h>

using namespace tds;
using namespace tds::script;
namespace fs = std::filesystem;
using llvm::dyn_cast;

std::string tools::version() { return TDS_VERSION; }

fs::path tools::defaultCache() {
  if (const char *cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/')
    return fs::path(cache) / "tds";
  if (const char *home = std::getenv("HOME"); home && *home)
    return fs::path(home) / ".cache" / "tds";
  return {};
}

//===--- run -----------------------------------------------------------------------------------------------------===//

static void printTimes(engine::Times &times, double total) {
  using T = engine::Times;
  static constexpr const char *names[] = {"reading", "types and shapes", "compiling", "loading code",
                                          "cache",   "running code"};
  std::string out = "time\n";
  char line[120];
  double known = 0;
  for (int part = 0; part < T::parts; ++part) {
    double ms = double(times.nanoseconds[part]) * 1e-6;
    known += ms;
    std::snprintf(line, sizeof line, "  %-18s%10.2f ms  %llu times\n", names[part], ms,
                  (unsigned long long)times.counts[part]);
    out += line;
  }
  std::snprintf(line, sizeof line, "  %-18s%10.2f ms\n  %-18s%10.2f ms\n", "the rest", total - known, "all", total);
  complain(out + line);
}

/// What is wrong before anything runs: of the statements, and what Sema proves of the defs for all sizes.
static bool checkProgram(sema::Program &program, const sema::Module &module) {
  if (program.diagnostics().hasErrors())
    return false;
  checkStatements(program, module);
  sema::check(program, module);
  return !program.diagnostics().hasErrors();
}

static void printMemory(const rt::ArenaUse &use) {
  complain("memory\n  arena of the largest call " + std::to_string(use.bytes) + " bytes, of which it touched " +
           std::to_string(use.touched) + "\n");
}

int tools::run(const fs::path &file, const RunOptions &options) {
  auto start = std::chrono::steady_clock::now();
  auto engine = engine::EngineImpl::create(options.engine);
  if (!engine) {
    report(engine.error());
    return usage;
  }
  rt::ArenaUse use;
  if (options.memory)
    (*engine)->home->device->watchArena(use);
  engine::Workspace workspace(*engine);
  sema::Program &program = workspace.program;
  const sema::Module *module = workspace.load(file);
  if (!module || program.diagnostics().hasErrors())
    return report(program);
  std::vector<Argument> arguments = argumentsOf(program, *module);
  if (program.diagnostics().hasErrors())
    return report(program);
  for (const std::string &argument : options.arguments)
    if (argument == "--help" || argument == "-h") {
      std::fputs(argumentHelp(file.string(), arguments).c_str(), stdout);
      return fine;
    }
  if (std::string wrong = setArguments(program, arguments, options.arguments); !wrong.empty()) {
    complain("error[E0501]: " + wrong + "\n");
    return usage;
  }
  {
    engine::Times::Watch watch((*engine)->times, engine::Times::elaborate);
    if (!checkProgram(program, *module))
      return report(program);
  }
  Interpreter interpreter(workspace, *module, file.parent_path());
  Interrupt interrupt(file.string(), interpreter.whereabouts());
  interpreter.runTopLevel();
  int status = report(program);
  if (!interpreter.endedAt().empty() && status == fine) {
    interrupt.report(interpreter.endedAt());
    status = interrupted;
  }
  if (options.time) {
    std::chrono::duration<double, std::milli> total = std::chrono::steady_clock::now() - start;
    printTimes((*engine)->times, total.count());
  }
  if (options.memory)
    printMemory(use);
  return status;
}

//===--- check, test ---------------------------------------------------------------------------------------------===//

int tools::check(const std::vector<fs::path> &files) {
  int status = fine;
  for (const fs::path &file : files) {
    sema::Program program;
    const sema::Module *module = program.load(file);
    if (module)
      checkProgram(program, *module);
    status = std::max(status, report(program));
  }
  return status;
}

int tools::checkGradients(const std::vector<fs::path> &files, const std::vector<std::string> &given) {
  int status = fine;
  for (const fs::path &file : files) {
    auto engine = engine::EngineImpl::create({}); // without a cache, which has code without checks
    if (!engine)
      return report(engine.error());
    engine::Workspace workspace(*engine);
    sema::Program &program = workspace.program;
    const sema::Module *module = workspace.load(file);
    if (!module || program.diagnostics().hasErrors()) {
      status = std::max(status, report(program));
      continue;
    }
    std::vector<Argument> arguments = argumentsOf(program, *module);
    if (std::string wrong = setArguments(program, arguments, given); !wrong.empty()) {
      complain("error[E0501]: " + wrong + "\n");
      return usage;
    }
    if (!checkProgram(program, *module)) {
      status = std::max(status, report(program));
      continue;
    }
    GradientReport gradients;
    auto run = [&](auto &&part) {
      Interpreter interpreter(workspace, *module, file.parent_path());
      interpreter.checkGradients(gradients);
      part(interpreter);
      status = std::max(status, report(program));
    };
    run([](Interpreter &interpreter) { interpreter.runTopLevel(); });
    for (const ast::ItemPtr &item : module->file->items)
      if (auto *test = dyn_cast<ast::TestItem>(item.get()))
        run([&](Interpreter &interpreter) { interpreter.run(*test->body); });
    std::fputs(gradients.text(program.sources()).c_str(), stdout);
    if (gradients.anyWrong())
      status = std::max(status, int(failed));
  }
  return status;
}

int tools::test(const std::vector<fs::path> &files, const Options &options) {
  auto engine = engine::EngineImpl::create(options);
  if (!engine) {
    report(engine.error());
    return usage;
  }
  unsigned passed = 0, broken = 0;
  int status = fine;
  for (const fs::path &file : files) {
    engine::Workspace workspace(*engine);
    const sema::Module *module = workspace.load(file);
    if (!module || !checkProgram(workspace.program, *module)) {
      status = std::max(status, report(workspace.program));
      std::printf("FAILED  %s: it has errors\n", file.c_str());
      ++broken;
      continue;
    }
    for (const ast::ItemPtr &item : module->file->items) {
      auto *test = dyn_cast<ast::TestItem>(item.get());
      if (!test)
        continue;
      Interpreter interpreter(workspace, *module, file.parent_path());
      Interrupt interrupt(file.string(), interpreter.whereabouts());
      bool good = interpreter.run(*test->body);
      if (!interpreter.endedAt().empty()) {
        interrupt.report(interpreter.endedAt());
        return interrupted;
      }
      std::printf("%s  %s: %s\n", good ? "passed" : "FAILED", file.c_str(), test->name.c_str());
      std::fflush(stdout);
      status = std::max(status, report(workspace.program));
      ++(good ? passed : broken);
    }
  }
  std::printf("%u passed, %u failed\n", passed, broken);
  return broken && status == fine ? int(failed) : status;
}

//===--- fmt -----------------------------------------------------------------------------------------------------===//

int tools::format(const std::vector<fs::path> &files, bool checkOnly) {
  int status = fine;
  for (const fs::path &file : files) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
      complain("error[E0601]: the file `" + file.string() + "` can't be read\n");
      status = std::max(status, int(failed));
      continue;
    }
    Sources sources;
    Diagnostics diagnostics(sources);
    uint32_t id = sources.add(file.string(), text.str());
    auto tree = parseFile(id, sources, diagnostics);
    if (diagnostics.hasErrors()) {
      complain(diagnostics.renderAll(colourful(stderr)));
      status = std::max(status, int(failed));
      continue;
    }
    std::string formatted = print(*tree, sources);
    if (formatted == text.str())
      continue;
    if (checkOnly) {
      std::printf("%s\n", file.c_str());
      status = std::max(status, int(failed));
    } else if (auto done = rt::atomicWrite(file, std::as_bytes(std::span(formatted))); !done) {
      status = std::max(status, report(done.error()));
    }
  }
  return status;
}
