#include "lib/Compiler/Compiler.h"
#include "dialect/Tds.h"
#include "lib/Autodiff/Autodiff.h"
#include "lib/Autodiff/GradientNumbers.h"
#include "lib/Codegen/Gpu/Gpu.h"
#include "lib/Codegen/Gpu/Ptx.h"
#include "lib/Compiler/Impl.h"
#include "lib/Compiler/Stages.h"
#include "lib/Conversion/Conversion.h"
#include "lib/IRGen/IRGen.h"
#include "lib/Source/Source.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tds {

Compiler::Compiler(CodegenOptions options) : impl(std::make_unique<Impl>()) {
  impl->options = std::move(options);
  DialectRegistry registry;
  registry.insert<TdsDialect>();
  registerCodegenDialects(registry);
  impl->context.appendDialectRegistry(registry);
  impl->context.printOpOnDiagnostic(false); // messages speak of the program, not of ops
  impl->context.loadDialect<TdsDialect, func::FuncDialect, scf::SCFDialect, tensor::TensorDialect>(); // what IRGen makes
}

Compiler::~Compiler() = default;

SourceRange rangeOf(Location location) {
  SourceRange range;
  location->walk([&](Location inner) {
    auto place = dyn_cast<FileLineColRange>(LocationAttr(inner));
    if (!place || place.getStartLine() == 0)
      return WalkResult::advance();
    uint32_t length = place.getStartLine() == place.getEndLine() && place.getEndColumn() > place.getStartColumn()
                          ? place.getEndColumn() - place.getStartColumn() : 1;
    range = {place.getFilename().str(), place.getStartLine(), place.getStartColumn(), length};
    return WalkResult::interrupt();
  });
  return range;
}

/// Runs the stages behind `after` (all, when it is empty) up to `last`.
Result<std::monostate> Compiler::Impl::run(ModuleOp module, llvm::StringRef after, llvm::StringRef last) {
  bool on = after.empty();
  for (const Stage &stage : allStages()) {
    if (on) {
      Collector collector(&context, remarks);
      PassManager passes(&context);
      passes.enableVerifier(false); // once a stage, below
      stage.add(passes, options);
      if (failed(passes.run(module)) || failed(verify(module)))
        return collector.error(stage.name);
    }
    on |= stage.name == after;
    if (stage.name == last)
      break;
  }
  return std::monostate();
}

static Error unknownStage(std::string_view stage) {
  Error e;
  e.code = "E0902";
  e.message = "no stage is called `" + std::string(stage) + "`";
  std::string names;
  for (std::string_view name : Compiler::stages())
    names += (names.empty() ? "" : ", ") + std::string(name);
  e.help.push_back("the stages are " + names);
  return e;
}

std::vector<std::string_view> Compiler::stages() {
  std::vector<std::string_view> names;
  for (const Stage &stage : allStages())
    names.emplace_back(stage.name);
  names.insert(names.end(), {"asm", "ptx", "source"});
  return names;
}

/// The stage of passes that a printed form comes after.
static llvm::StringRef lastStage(std::string_view stage) { return stage == "asm" || stage == "ptx" ? "llvm" : stage == "source" ? "grad" : llvm::StringRef(stage); }

Result<KernelCode> Compiler::Impl::takeKernels(ModuleOp module) {
  KernelCode code;
  for (ModuleOp kernels : llvm::make_early_inc_range(module.getOps<ModuleOp>())) {
    for (auto function : kernels.getOps<LLVM::LLVMFuncOp>())
      if (auto grid = function->getAttrOfType<IntegerAttr>(attribute::grid))
        code.kernels.push_back({function.getName().str(), grid.getInt(),
                                 function->getAttrOfType<IntegerAttr>(attribute::block).getInt(),
                                 function.getNumArguments()});
    auto ptx = emitPtx(kernels, options.gpu, options.carryBitcode);
    if (!ptx)
      return Error{"E0901", llvm::toString(ptx.takeError()), {}, {}, {"`--device cpu` compiles it for the processor"}};
    code.ptx = std::move(*ptx);
    kernels.erase();
  }
  return code;
}

Result<std::string> Compiler::Impl::print(ModuleOp module, llvm::StringRef stage) {
  if (stage == "source") {
    Collector collector(&context);
    FailureOr<std::string> text = printSource(module);
    if (failed(text))
      return collector.error(stage);
    return *text;
  }
  if (stage == "ptx") {
    auto code = takeKernels(module);
    if (!code)
      return code.takeError();
    return code->ptx;
  }
  if (stage == "asm") {
    if (auto code = takeKernels(module); !code)
      return code.takeError();
    auto text = tds::emit(module, options, Output::assembly);
    if (!text)
      return Error{"E0902", "the stage `asm` failed: " + llvm::toString(text.takeError()), {}, {}, {}};
    return std::string(text->begin(), text->end());
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os, OpPrintingFlags().enableDebugInfo(false).printNameLocAsPrefix());
  return text;
}

Result<std::string> Compiler::emit(const graph::Function &function, const std::map<std::string, int64_t> &sizes, const Sources *sources,
                                   std::string_view stage) {
  if (!llvm::is_contained(stages(), stage))
    return unknownStage(stage);
  Collector collector(&impl->context);
  OwningOpRef<ModuleOp> module = generate(impl->context, function, sizes, sources);
  if (!module || failed(verify(*module)))
    return collector.error("irgen");
  if (auto done = impl->runWithin(*module, "", lastStage(stage)); !done)
    return done.takeError();
  return impl->print(*module, stage);
}

Result<std::string> Compiler::emit(std::string_view text, std::string_view name, std::string_view from, std::string_view stage) {
  if (!llvm::is_contained(stages(), stage))
    return unknownStage(stage);
  if (!llvm::any_of(allStages(), [&](const Stage &s) { return s.name == llvm::StringRef(from); }))
    return unknownStage(from);
  Collector collector(&impl->context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, ParserConfig(&impl->context), name);
  if (!module)
    return collector.error("parse");
  if (auto done = impl->run(*module, from, lastStage(stage)); !done)
    return done.takeError();
  return impl->print(*module, stage);
}

Result<Compiler::Explanation> Compiler::explain(const graph::Function &function, const std::map<std::string, int64_t> &sizes,
                                                 const Sources *sources) {
  Collector collector(&impl->context);
  OwningOpRef<ModuleOp> module = generate(impl->context, function, sizes, sources);
  if (!module || failed(verify(*module)))
    return collector.error("irgen");
  if (auto done = impl->run(*module, "", "grad"); !done)
    return done.takeError();
  Explanation out;
  module->walk([&](CompositeOp op) {
    out.notes.push_back({rangeOf(op.getLoc()), "`" + op.getName().str() + "`: no library kernel stands in for it here; its body is compiled"});
  });
  llvm::SaveAndRestore explain(impl->options.explain, true);
  llvm::SaveAndRestore remarks(impl->remarks, &out.notes);
  if (auto done = impl->run(*module, "grad", "loops"); !done)
    return done.takeError();
  out.arenaBytes = arenaBytes(*module);
  return out;
}

Result<Artefact> Compiler::compile(const graph::Function &function, const std::map<std::string, int64_t> &sizes, const Sources *sources) {
  Collector collector(&impl->context);
  OwningOpRef<ModuleOp> module = generate(impl->context, function, sizes, sources);
  if (!module || failed(verify(*module)))
    return collector.error("irgen");
  return impl->compile(*module);
}

Result<Artefact> Compiler::compile(std::string_view text, std::string_view name) {
  Collector collector(&impl->context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, ParserConfig(&impl->context), name);
  if (!module)
    return collector.error("parse");
  return impl->compile(*module);
}

/// Whether a module asks for a derivative.
static bool derives(ModuleOp module) {
  return module->walk([](Operation *op) { return isa<VjpOp, JvpOp>(op) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

static std::vector<GradientCheck> gradientChecks(ModuleOp module) {
  std::vector<GradientCheck> out;
  auto all = module->getAttrOfType<ArrayAttr>(GradientNumbers::attribute);
  auto function = *module.getOps<func::FuncOp>().begin();
  for (auto one : all ? all.getAsRange<ArrayAttr>() : ArrayAttr::get(module.getContext(), {}).getAsRange<ArrayAttr>()) {
    GradientCheck &check = out.emplace_back();
    check.place = rangeOf(cast<LocationAttr>(one[0]));
    check.result = cast<IntegerAttr>(one[1]).getInt();
    if (check.result >= 0)
      check.shape = cast<RankedTensorType>(function.getResultTypes()[unsigned(check.result)]).getShape().vec();
    check.obstacle = cast<StringAttr>(one[2]).str();
    for (auto rule : cast<ArrayAttr>(one[3]).getAsValueRange<StringAttr>())
      check.rules.push_back(rule.str());
  }
  return out;
}

Result<Artefact> Compiler::compileToCheckGradients(const graph::Function &function, const Sources *sources) {
  Collector collector(&impl->context);
  OwningOpRef<ModuleOp> module = generate(impl->context, function, {}, sources);
  if (!module || failed(verify(*module)))
    return collector.error("irgen");
  if (!derives(*module))
    return impl->compile(*module);
  if (auto done = impl->run(*module, "", "tds"); !done)
    return done.takeError();
  {
    Collector collector(&impl->context);
    PassManager passes(&impl->context);
    passes.addPass(createTdsWidenPass());
    passes.addPass(createTdsCheckGradientsPass());
    if (failed(passes.run(*module)))
      return collector.error("check-gradients");
  }
  std::vector<GradientCheck> checks = gradientChecks(*module);
  Result<Artefact> artefact = impl->compile(*module, "tds");
  if (artefact)
    artefact->gradientChecks = std::move(checks);
  return artefact;
}

Result<Artefact> Compiler::Impl::compile(ModuleOp module, llvm::StringRef after) {
  for (auto function : module.getOps<func::FuncOp>())
    function.setName("entry"); // what LoadedObject looks for
  if (auto done = runWithin(module, after, "llvm"); !done)
    return done.takeError();
  Artefact artefact;
  artefact.arenaBytes = arenaBytes(module);
  if (auto places = module->getAttrOfType<ArrayAttr>(conversion::places))
    for (Attribute place : places)
      artefact.places.push_back(rangeOf(cast<LocationAttr>(place)));
  if (auto hosts = module->getAttrOfType<ArrayAttr>(conversion::hosts))
    for (auto host : hosts.getAsRange<ArrayAttr>())
      artefact.hosts.emplace_back(cast<StringAttr>(host[0]).getValue(), uint32_t(cast<IntegerAttr>(host[1]).getInt()));
  auto kernels = takeKernels(module);
  if (!kernels)
    return kernels.takeError();
  artefact.kernels = kernels.take();
  auto object = emitObject(module, options);
  if (!object)
    return Error{"E0902", "the stage `object` failed: " + llvm::toString(object.takeError()), {}, {}, {}};
  artefact.object = std::move(*object);
  return artefact;
}

} // namespace tds
