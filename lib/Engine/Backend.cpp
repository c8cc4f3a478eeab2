#include "lib/Compiler/Compiler.h"
#include "lib/Engine/Workspace.h"

using namespace tds;
using namespace tds::engine;

bool Backend::carriesBitcode() { return std::getenv("TDS_PTX_BITCODE") != nullptr; }

Backend::Backend(std::string gpu, uint64_t memoryLimit) {
  CodegenOptions options = CodegenOptions::host();
  options.gpu = std::move(gpu);
  options.carryBitcode = carriesBitcode();
  options.memoryLimit = memoryLimit;
  compiler = std::make_unique<Compiler>(std::move(options));
}
Backend::~Backend() = default;

std::string Backend::machine() {
  CodegenOptions host = CodegenOptions::host();
  return host.cpu + " " + host.features + " " + std::to_string(host.vectorBits);
}

/// A place that went through MLIR as a name, a line and a column, as bytes again.
static Range rangeOf(const SourceRange &place, const Sources &sources) {
  if (!place.known())
    return {};
  for (uint32_t file = 1; file < sources.size(); ++file) {
    if (sources.name(file) != place.file)
      continue;
    std::string_view text = sources.text(file);
    size_t at = 0;
    for (uint32_t line = 1; line < place.line && at != std::string_view::npos; ++line)
      if (at = text.find('\n', at); at != std::string_view::npos)
        ++at;
    if (at == std::string_view::npos || at + place.column - 1 > text.size())
      return {};
    at += place.column - 1;
    return {file, uint32_t(at), uint32_t(std::min(at + std::max(place.length, 1u), text.size()))};
  }
  return {};
}

static Code codeNamed(std::string_view name) {
  for (Code code : {Code::E0402, Code::E0708, Code::E0901})
    if (name == codeName(code))
      return code;
  return Code::E0902;
}

std::optional<Unit> Backend::compile(const graph::Function &function, const Piece &piece, sema::Program &program) {
  Range range = piece.range;
  const Sources &sources = program.sources();
  Unit unit;
  for (const graph::Leaf &leaf : function.results) {
    Unit::Slot slot{leaf.path, leaf.element, {}};
    for (const Dim &d : leaf.shape) {
      auto size = d.constant();
      if (!size) {
        program.diagnostics().error(Code::E0211, range, "the size `" + d.str() + "` of a result is not known");
        return std::nullopt;
      }
      slot.shape.push_back(*size);
    }
    unit.results.push_back(std::move(slot));
  }
  Result<Artefact> artefact = piece.checkGradients ? compiler->compileToCheckGradients(function, &sources)
                                                   : compiler->compile(function, {}, &sources);
  if (!artefact) {
    const Error &error = artefact.error();
    Range place = rangeOf(error.range, sources);
    auto &d = program.diagnostics().error(codeNamed(error.code), place.file ? place : range, error.message);
    for (const Note &note : error.notes)
      if (note.message.starts_with("see current operation")) // an op's text says nothing to who wrote TDS
        continue;
      else if (Range at = rangeOf(note.range, sources); at.file)
        d.note(at, note.message);
    for (const std::string &help : error.help)
      d.help(help);
    return std::nullopt;
  }
  unit.object = std::move(artefact->object);
  unit.image.ptx = std::move(artefact->kernels.ptx);
  for (KernelCode::Kernel &kernel : artefact->kernels.kernels)
    unit.image.kernels.push_back({std::move(kernel.name), kernel.grid, kernel.block, kernel.parameters});
  unit.arenaBytes = artefact->arenaBytes;
  unit.hosts = std::move(artefact->hosts);
  for (const SourceRange &place : artefact->places)
    unit.places.push_back(rangeOf(place, sources));
  for (const GradientCheck &check : artefact->gradientChecks) {
    unit.gradientChecks.push_back({rangeOf(check.place, sources), check.result, check.obstacle, check.rules});
    if (check.result >= 0)
      unit.results.push_back({"", Element::f64, Shape(check.shape.begin(), check.shape.end())});
  }
  return unit;
}

Result<std::string> Backend::source(const graph::Function &function, const Sources &sources) {
  return compiler->emit(function, {}, &sources, "source");
}

Status Backend::load(Unit &unit, rt::Device &device) {
  auto loaded = LoadedObject::load(unit.object);
  if (!loaded)
    return Error{"E0902", "the compiler made code that can't be loaded: " + llvm::toString(loaded.takeError()), {}, {}, {}};
  if (!unit.image.kernels.empty()) {
    auto kernels = device.load(unit.image);
    if (!kernels)
      return kernels.takeError();
    unit.kernels = kernels.take();
  }
  unit.entry = (*loaded)->entry();
  unit.code = std::shared_ptr<const LoadedObject>(std::move(*loaded));
  return success();
}
