// The command line: words to calls of tds/tools.h.
#include "tools/tdslc/Help.h"
#include "tools/tdslc/Options.h"
#include "tools/tdslc/Words.h"
#include <CLI/CLI.hpp>
#include <tds/tools.h>

using namespace tds;

int main(int argc, char **argv) {
  CLI::App app(introduction, "tdslc");
  app.footer(statuses);
  app.set_version_flag("--version", "tdslc " + tools::version());
  app.get_formatter()->column_width(32);
  bool noCache = false, checkOnly = false, gradients = false;
  std::string cache, what, limit;
  std::vector<std::filesystem::path> files;
  tools::RunOptions run;
  tools::EmitOptions emit;
  std::vector<std::string> sizes;
  int status = tools::fine;
  auto refuse = [](const std::string &what) { return std::cerr << "error: " << what << "\n", tools::usage; };

  if (argc > 1 && argv[1] == std::string_view("check"))
    run.arguments = cutAtDashes(argc, argv);
  CLI::App *verb = app.add_subcommand("run", "run a script: tdslc run [OPTIONS] FILE [ARGUMENTS OF THE SCRIPT]");
  addEngine(*verb, run.engine, noCache, cache);
  verb->add_flag("--time", run.time, "say at the end where time went");
  addLimit(*verb, limit);
  verb->add_flag("--memory", run.memory, "say at the end how much scratch memory the largest call used");
  verb->prefix_command(); // FILE, and all behind it

  for (auto [name, purpose] : {std::pair("check", "find the errors of files, run nothing"),
                               {"test", "run the test blocks of files"},
                               {"fmt", "write files in the one style"}})
    app.add_subcommand(name, purpose)->add_option("FILE", files)->required();
  addEngine(*app.get_subcommand("test"), run.engine, noCache, cache);
  app.get_subcommand("check")->add_flag(
      "--grad", gradients, "run them, and compare each derivative with differences; arguments of a script follow a --");
  app.get_subcommand("fmt")->add_flag("--check", checkOnly, "change nothing; name the files that differ");
  verb = app.add_subcommand("emit", "print a def as it is after a stage of the compiler");
  verb->add_option("FILE", files, "a .tds file, or an .mlir file with --from")->required()->expected(1);
  verb->add_option("--stage", emit.stage, "ast typed tds grad linalg loops llvm asm ptx source")->capture_default_str();
  verb->add_option("--target", emit.target, "the GPU to compile for: sm_80 sm_86 sm_89 sm_90 sm_100 sm_120");
  verb->add_option("--from", emit.from, "the stage that an .mlir file is in");
  addDef(*verb, emit, sizes);
  addLimit(*verb, limit);
  verb = app.add_subcommand("explain", "what an error code means, or what a def became and why");
  verb->add_option("WHAT", what, "E0201, a page; a .tds file; without it all codes are listed");
  addDef(*verb, emit, sizes);
  verb = app.add_subcommand("plan", "what a call of a def takes of memory and work, before anything runs");
  verb->add_option("FILE", files, "a .tds file")->required()->expected(1);
  addDef(*verb, emit, sizes);
  addLimit(*verb, limit);
  app.add_subcommand("help", "this text");

  const std::string help = app.help(); // once a verb is parsed, it is the verb's
  if (argc < 2)
    return std::cout << help, tools::fine;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    std::string wrong = wrongWord(app, {argv + 1, argv + argc});
    if (!wrong.empty() && error.get_exit_code() != 0)
      return refuse(wrong);
    return app.exit(error) == 0 ? tools::fine : tools::usage;
  }
  if (!noCache)
    run.engine.cache = cache.empty() ? tools::defaultCache() : std::filesystem::path(cache);
  for (const std::string &size : sizes)
    if (!readSize(size, emit.sizes))
      return refuse("a size is written n=64, not `" + size + "`");
  if (!limit.empty() && !readBytes(limit, run.engine.memoryLimit))
    return refuse("a memory limit is written 2GiB, 500MiB, or in bytes, not `" + limit + "`");
  emit.memoryLimit = run.engine.memoryLimit;
  if (app.got_subcommand("run")) {
    std::vector<std::string> rest = app.get_subcommand("run")->remaining();
    if (std::string wrong = noFile(rest, *app.get_subcommand("run")); !wrong.empty())
      return refuse(wrong);
    run.arguments.assign(rest.begin() + 1, rest.end());
    status = tools::run(rest[0], run);
  } else if (app.got_subcommand("check")) {
    if (!gradients && !run.arguments.empty())
      return refuse("`" + run.arguments[0] + "` is for a script, and without --grad none is run");
    status = gradients ? tools::checkGradients(files, run.arguments) : tools::check(files);
  } else if (app.got_subcommand("test")) {
    status = tools::test(files, run.engine);
  } else if (app.got_subcommand("fmt")) {
    status = tools::format(files, checkOnly);
  } else if (app.got_subcommand("emit")) {
    status = tools::emit(files[0], emit);
  } else if (app.got_subcommand("plan")) {
    status = tools::plan(files[0], emit);
  } else if (app.got_subcommand("explain")) {
    status = what.ends_with(".tds") ? tools::explain(what, emit) : tools::explain(what);
  } else {
    std::cout << help;
  }
  return status;
}
