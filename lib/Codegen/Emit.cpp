//===- Emit.cpp - from the llvm dialect to an object file -----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Codegen.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

namespace tds {

CodegenOptions CodegenOptions::host() {
  CodegenOptions options;
  options.cpu = llvm::sys::getHostCPUName().str();
  std::vector<std::string> features;
  llvm::StringMap<bool> has = llvm::sys::getHostCPUFeatures();
  for (const auto &feature : has)
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(features); // a cache's key
  options.features = llvm::join(features, ",");
  options.roundsToBf16 = has.lookup("avx512bf16") && has.lookup("avx512vl");
  options.vectorBits = has.lookup("avx512f") && has.lookup("avx512vl") ? 512 : has.lookup("avx2") ? 256 : 128;
  return options;
}

namespace {

/// What our loops still need: they are vectorised and unrolled, so the loop optimiser finds address arithmetic only.
constexpr const char *pipeline =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(licm),early-cse)";

llvm::Error failure(const llvm::Twine &message) { return llvm::createStringError(message); }

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> makeMachine(const CodegenOptions &options) {
  static const bool once = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)once;
  llvm::Triple triple(llvm::sys::getProcessTriple());
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return failure(error);
  llvm::TargetOptions targetOptions;
  targetOptions.FunctionSections = false;
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, options.cpu, options.features, targetOptions, llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::Less));
  if (!machine)
    return failure("no code generator for " + triple.str());
  return machine;
}

llvm::Error optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  if (llvm::Error error = builder.parsePassPipeline(passes, pipeline))
    return error;
  passes.run(module, modules);
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<char>> emit(mlir::ModuleOp source, const CodegenOptions &options, Output output) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      mlir::translateModuleToLLVMIR(source, context, "tds", /*disableVerification=*/true);
  if (!module)
    return failure("the llvm dialect module has no translation to LLVM IR");
  auto machine = makeMachine(options);
  if (!machine)
    return machine.takeError();
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  for (llvm::Function &function : *module)
    if (!function.isDeclaration()) {
      function.addFnAttr(llvm::Attribute::NoUnwind);
      // 512-bit registers where the kernels ask for them: LLVM would halve them on some processors.
      function.addFnAttr("prefer-vector-width", llvm::utostr(options.vectorBits));
      function.addFnAttr("min-legal-vector-width", llvm::utostr(options.vectorBits));
    }
  if (llvm::Error error = optimise(*module, **machine))
    return error;

  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (output == Output::llvmIr) {
    module->print(stream, nullptr);
  } else {
    llvm::legacy::PassManager passes;
    auto kind = output == Output::object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
    if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, kind, /*DisableVerify=*/true))
      return failure("the target writes no object files");
    passes.run(*module);
  }
  return std::vector<char>(bytes.begin(), bytes.end());
}

} // namespace tds
