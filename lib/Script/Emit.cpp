// `tdslc emit` and `tdslc explain`.
#include "lib/Compiler/Compiler.h"
#include "lib/Script/FirstUse.h"
#include "lib/Script/Terminal.h"
#include "lib/Sema/Sema.h"
#include "lib/Syntax/Parser.h"
#include "lib/Syntax/Printer.h"
#include <fstream>
#include <functional>
#include <sstream>
#include <tds/tools.h>

using namespace tds;
using namespace tds::script;
namespace fs = std::filesystem;

static int say(Result<std::string> text) {
  if (!text)
    return report(text.error());
  std::fwrite(text->data(), 1, text->size(), stdout);
  if (!text->empty() && text->back() != '\n')
    std::fputc('\n', stdout);
  return tools::fine;
}

static int wrong(const std::string &message) {
  complain("error: " + message + "\n");
  return tools::usage;
}

static const ast::DefItem *chooseDef(const sema::Module &module, const std::string &name, std::string &message) {
  if (!name.empty()) {
    if (auto it = module.defs.find(name); it != module.defs.end())
      return it->second;
    std::vector<std::string> names;
    for (auto &[known, def] : module.defs)
      names.push_back(known);
    std::string near = nearest(name, names);
    message = "there is no def `" + name + "`" + (near.empty() ? "" : "; did you mean `" + near + "`?");
    return nullptr;
  }
  if (module.defs.size() == 1)
    return module.defs.begin()->second;
  message = module.defs.empty() ? "the file has no def" : "name a def: --fn";
  for (auto &[known, def] : module.defs)
    message += " " + known;
  return nullptr;
}

/// For the processor, or for the GPU that the options name; PTX is for some GPU in any case.
static Compiler compilerOf(const tools::EmitOptions &options) {
  CodegenOptions codegen = CodegenOptions::host();
  codegen.gpu = options.target.empty() && options.stage == "ptx" ? "sm_80" : options.target;
  codegen.memoryLimit = options.memoryLimit;
  return Compiler(std::move(codegen));
}

static int emitMlir(const fs::path &file, const tools::EmitOptions &options) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in)
    return report(Error{"E0601", "the file `" + file.string() + "` can't be read", {}, {}, {}});
  if (options.from.empty())
    return wrong("say what the module is: --from tds, grad, linalg, loops or llvm");
  return say(compilerOf(options).emit(text.str(), file.string(), options.from, options.stage));
}

/// Whether all sizes are given; says which are not.
static bool sizesGiven(const graph::Function &function, const tools::EmitOptions &options, const std::string &what) {
  std::string missing;
  for (const std::string &size : function.sizes)
    if (!options.sizes.contains(size))
      missing += " --size " + size + "=..";
  if (!missing.empty())
    wrong(what + " depends on its sizes; give them:" + missing);
  return missing.empty();
}

/// The def that the options name, or its derivative, as a graph; null when `status` tells why not.
static std::unique_ptr<graph::Function> instance(sema::Program &program, const sema::Module &module, const fs::path &file,
                                                 const tools::EmitOptions &options, int &status) {
  auto refuse = [&](const std::string &message) { return status = wrong(message), nullptr; };
  std::string message;
  const ast::DefItem *def = chooseDef(module, options.function, message);
  if (!def)
    return refuse(message);
  // A def that does not say its types is emitted as its first use in the file instantiates it.
  bool typed = std::all_of(def->params.begin(), def->params.end(), [](const ast::Param &p) { return p.type || p.initial; });
  auto inputs = typed ? sema::openInputs(program, module, *def) : firstUse(file, def->name.text);
  if (!inputs && !typed)
    return refuse("`" + def->name.text + "` has parameters without types, and running the file reaches no call of it");
  if (!inputs)
    return status = report(program), nullptr;
  std::optional<sema::Instance> instance;
  if (options.gradient.empty()) {
    instance = sema::instantiate(program, module, *def, *inputs);
  } else {
    std::string text = "grad[" + options.gradient + "](" + def->name.text + "(";
    for (const sema::Input &input : *inputs)
      text += (text.back() == '(' ? "" : ", ") + input.name + "=" + input.name;
    instance = sema::elaborateText(program, module, text + "))", *inputs);
  }
  if (!instance || !instance->function)
    return status = report(program), nullptr;
  graph::Function &function = *instance->function;
  if (!options.gradient.empty())
    function.name = def->name.text + "_grad";
  for (auto &[size, value] : options.sizes)
    if (std::find(function.sizes.begin(), function.sizes.end(), size) == function.sizes.end()) {
      std::string sizes;
      for (const std::string &s : function.sizes)
        sizes += (sizes.empty() ? "" : ", ") + s;
      return refuse("`" + def->name.text + "` has no size `" + size + "`" + (sizes.empty() ? "" : "; it has " + sizes));
    }
  return std::move(instance->function);
}

/// The same of a file; all sizes must be given, since `what` depends on them.
static std::unique_ptr<graph::Function> sizedInstance(sema::Program &program, const fs::path &file, const tools::EmitOptions &options,
                                                      const std::string &what, int &status) {
  const sema::Module *module = program.load(file);
  if (!module || program.diagnostics().hasErrors())
    return status = report(program), nullptr;
  auto function = instance(program, *module, file, options, status);
  if (function && !sizesGiven(*function, options, what))
    return status = tools::usage, nullptr;
  return function;
}

int tools::emit(const fs::path &file, const EmitOptions &options) {
  std::string names = "ast, typed";
  bool known = options.stage == "ast" || options.stage == "typed";
  for (std::string_view name : Compiler::stages()) {
    names += ", " + std::string(name);
    known |= name == options.stage;
  }
  if (!known)
    return wrong("no stage is called `" + options.stage + "`; the stages are " + names);
  if (file.extension() == ".mlir")
    return emitMlir(file, options);

  sema::Program program;
  const sema::Module *module = program.load(file);
  if (!module || program.diagnostics().hasErrors())
    return report(program);
  if (options.stage == "ast")
    return say(dump(*module->file));
  int status = fine;
  auto function = instance(program, *module, file, options, status);
  if (!function)
    return status;
  if (options.stage == "typed")
    return say(graph::print(*function));
  return say(compilerOf(options).emit(*function, options.sizes, &program.sources(), options.stage));
}

//===--- explain -------------------------------------------------------------------------------------------------===//

namespace {
struct Page {
  std::string_view code, text;
};
constexpr Page pages[] = {
#include "lib/Script/ErrorPages.inc"
    {"", ""},
};
} // namespace

int tools::explain(const fs::path &file, const EmitOptions &options) {
  sema::Program program;
  int status = fine;
  auto function = sizedInstance(program, file, options, "what a def becomes", status);
  if (!function)
    return status;
  auto explained = Compiler().explain(*function, options.sizes, &program.sources());
  if (!explained)
    return report(explained.error());
  std::string text;
  for (const Note &note : explained->notes) {
    text += note.range.known() ? note.range.text() + ": " : "";
    text += note.message + "\n";
  }
  if (explained->notes.empty())
    text += "no contraction and no composite\n";
  return say(text + "memory for what is computed on the way: " + std::to_string(explained->arenaBytes) + " bytes\n");
}

//===--- plan ----------------------------------------------------------------------------------------------------===//

/// "12.50 MiB".
static std::string amount(double number, double step, std::initializer_list<const char *> units) {
  auto *unit = units.begin();
  for (; number >= step && unit + 1 != units.end(); ++unit)
    number /= step;
  char text[64];
  std::snprintf(text, sizeof text, unit == units.begin() ? "%.0f %s" : "%.2f %s", number, *unit);
  return text;
}
static std::string bytesText(double bytes) { return amount(bytes, 1024, {"bytes", "KiB", "MiB", "GiB", "TiB"}); }
static std::string workText(double work) { return amount(work, 1000, {"operations", "thousand", "million", "billion", "trillion"}); }

/// Buffers, those of one line, name and type in one row, the largest first.
static std::string rows(const Compiler::Plan &plan, const std::function<bool(const Compiler::Plan::Buffer &)> &which) {
  struct Row {
    std::string what;
    uint64_t bytes = 0;
    unsigned count = 0;
  };
  std::vector<Row> rows;
  uint64_t all = 0;
  for (const Compiler::Plan::Buffer &buffer : plan.buffers) {
    if (!which(buffer))
      continue;
    std::string place = buffer.range.known() ? fs::path(buffer.range.file).filename().string() + ":" + std::to_string(buffer.range.line) : "-";
    std::string what = place + "  " + buffer.type + (buffer.name.empty() ? "" : "  " + buffer.name);
    auto row = std::find_if(rows.begin(), rows.end(), [&](const Row &r) { return r.what == what; });
    if (row == rows.end())
      row = rows.insert(rows.end(), Row{what});
    row->bytes += buffer.bytes;
    ++row->count;
    all += buffer.bytes;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.bytes > b.bytes; });
  constexpr size_t most = 12;
  std::string text = bytesText(double(all)) + "\n";
  uint64_t shown = 0;
  char number[64];
  for (size_t i = 0; i < std::min(rows.size(), most); ++i) {
    std::snprintf(number, sizeof number, "%14s  ", bytesText(double(rows[i].bytes)).c_str());
    text += number + rows[i].what + (rows[i].count > 1 ? "  (" + std::to_string(rows[i].count) + " buffers)" : "") + "\n";
    shown += rows[i].bytes;
  }
  if (rows.size() > most) {
    std::snprintf(number, sizeof number, "%14s  ", bytesText(double(all - shown)).c_str());
    text += number + std::to_string(rows.size() - most) + " more\n";
  }
  return text;
}

int tools::plan(const fs::path &file, const EmitOptions &options) {
  sema::Program program;
  int status = fine;
  auto function = sizedInstance(program, file, options, "what a call takes", status);
  if (!function)
    return status;
  auto planned = compilerOf(options).plan(*function, options.sizes, &program.sources());
  if (!planned)
    return report(planned.error());
  using Buffer = Compiler::Plan::Buffer;
  std::string text = "peak memory   " + bytesText(double(planned->peak())) + ": arguments " + bytesText(double(planned->argumentBytes)) + ", results " +
                     bytesText(double(planned->resultBytes)) + ", arena " + bytesText(double(planned->arenaBytes)) + " (" +
                     std::to_string(planned->arenaBytes) + " bytes)\n";
  const Work &work = planned->work;
  text += "work          " + workText(work.total());
  if (work.derivatives > 0) {
    char ratio[32];
    std::snprintf(ratio, sizeof ratio, "%.2f", work.written > 0 ? work.derivatives / work.written : 0);
    text += ": " + workText(work.written) + " as written, " + workText(work.derivatives) + " added by derivatives, " + ratio + " times as much";
  }
  text += work.open ? "; a loop whose rounds are data counts once\n" : "\n";
  text += "moved         " + bytesText(planned->moved) + " by loops over elements, fills and copies\n";
  bool any = std::any_of(planned->buffers.begin(), planned->buffers.end(), [](const Buffer &b) { return b.saved; });
  text += "saved for the reverse pass   " + (any ? rows(*planned, [](const Buffer &b) { return b.saved; }) : "nothing\n");
  if (planned->arenaBytes)
    text += "in the arena at its peak     " + rows(*planned, [](const Buffer &b) { return b.atPeak; });
  return say(text);
}

int tools::explain(const std::string &code) {
  std::string wanted = code;
  for (char &c : wanted)
    c = char(std::toupper(c));
  std::vector<std::string> names;
  for (uint16_t i = 0; i <= uint16_t(Code::E0902); ++i) {
    std::string name(codeName(Code(i))), summary(codeSummary(Code(i)));
    if (code.empty())
      std::printf("%s  %s\n", name.c_str(), summary.c_str());
    names.push_back(name);
    if (name != wanted)
      continue;
    for (const Page &page : pages)
      if (page.code == wanted)
        return say(std::string(page.text));
    return say(name + ": " + summary);
  }
  if (code.empty())
    return fine;
  return wrong("there is no error code `" + code + "`; `tdslc explain` lists them");
}
