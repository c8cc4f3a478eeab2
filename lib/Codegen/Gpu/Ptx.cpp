//===- Ptx.cpp - kernels in the llvm dialect to PTX -----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Gpu/Ptx.h"
#include "lib/Codegen/Gpu/Gpu.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include <cstdlib>

extern "C" void LLVMInitializeNVPTXTarget();
extern "C" void LLVMInitializeNVPTXTargetInfo();
extern "C" void LLVMInitializeNVPTXTargetMC();
extern "C" void LLVMInitializeNVPTXAsmPrinter();

namespace tds {
namespace {

/// A target and the least PTX version that knows it. LLVM ends the process on a version below it, so nothing else is
/// let through.
struct Target {
  llvm::StringLiteral name, feature;
};
constexpr Target targets[] = {{"sm_80", "+ptx70"}, {"sm_86", "+ptx71"},  {"sm_89", "+ptx78"},
                              {"sm_90", "+ptx78"}, {"sm_100", "+ptx86"}, {"sm_120", "+ptx87"}};

llvm::Error failure(const llvm::Twine &message) { return llvm::createStringError(message); }

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> makeMachine(llvm::StringRef name) {
  static const bool once = [] {
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)once;
  const Target *found = llvm::find_if(targets, [&](const Target &t) { return t.name == name; });
  if (found == std::end(targets)) {
    std::string known;
    for (const Target &t : targets)
      known += (known.empty() ? "" : ", ") + t.name.str();
    return failure("there is no code for the GPU target `" + name + "`; there is for " + known);
  }
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return failure(error);
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, found->name, found->feature, llvm::TargetOptions(), std::nullopt,
                                  std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

/// Functions of libm become libdevice's, which is linked if there are any.
llvm::Error linkLibdevice(llvm::Module &module) {
  llvm::SmallVector<llvm::Function *> missing;
  for (llvm::Function &function : module)
    if (function.isDeclaration() && !function.isIntrinsic())
      missing.push_back(&function);
  if (missing.empty())
    return llvm::Error::success();
  std::string tried;
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"}) {
    const char *root = std::getenv(variable);
    if (!root || !*root || buffer)
      continue;
    llvm::SmallString<128> path(root);
    llvm::sys::path::append(path, "nvvm", "libdevice", "libdevice.10.bc");
    tried += (tried.empty() ? "" : ", ") + path.str().str();
    if (auto file = llvm::MemoryBuffer::getFile(path))
      buffer = std::move(*file);
  }
  if (!buffer)
    return failure("`" + missing.front()->getName() +
                   "` on the GPU is taken from CUDA's libdevice, which was not found: " +
                   (tried.empty() ? "CUDA_HOME is not set" : "tried " + tried));
  auto library = llvm::parseBitcodeFile(*buffer, module.getContext());
  if (!library)
    return library.takeError();
  for (llvm::Function *function : missing) {
    std::string name = "__nv_" + function->getName().str();
    if (!(*library)->getFunction(name))
      return failure("there is no `" + function->getName() + "` on the GPU");
    function->setName(name);
  }
  (*library)->setTargetTriple(module.getTargetTriple());
  (*library)->setDataLayout(module.getDataLayout());
  if (llvm::Linker::linkModules(module, std::move(*library), llvm::Linker::LinkOnlyNeeded))
    return failure("libdevice can't be linked");
  llvm::internalizeModule(module, [](const llvm::GlobalValue &value) {
    auto *function = llvm::dyn_cast<llvm::Function>(&value);
    return function && function->getCallingConv() == llvm::CallingConv::PTX_Kernel;
  });
  return llvm::Error::success();
}

void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  machine.registerPassBuilderCallbacks(builder);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

} // namespace

std::vector<std::string> gpuTargets() {
  std::vector<std::string> names;
  for (const Target &target : targets)
    names.push_back(target.name.str());
  return names;
}

llvm::Expected<std::string> emitPtx(mlir::ModuleOp kernels, llvm::StringRef target, bool bitcode) {
  llvm::DenseMap<llvm::StringRef, int64_t> blocks; // threads of a block
  for (auto function : kernels.getOps<mlir::LLVM::LLVMFuncOp>())
    if (auto block = function->getAttrOfType<mlir::IntegerAttr>(attribute::block))
      blocks[function.getName()] = block.getInt();
  auto machine = makeMachine(target);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      mlir::translateModuleToLLVMIR(kernels, context, "kernels", /*disableVerification=*/true);
  if (!module)
    return failure("the kernels have no translation to LLVM IR");
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  for (llvm::Function &function : *module)
    if (auto block = blocks.find(function.getName()); block != blocks.end()) {
      function.setCallingConv(llvm::CallingConv::PTX_Kernel);
      function.setLinkage(llvm::GlobalValue::ExternalLinkage);
      function.addFnAttr("nvvm.maxntid", llvm::utostr(block->second));
    }
  if (llvm::Error error = linkLibdevice(*module))
    return error;
  optimise(*module, **machine);

  llvm::SmallVector<char, 0> carried;
  if (bitcode) {
    llvm::raw_svector_ostream os(carried);
    llvm::WriteBitcodeToFile(*module, os);
  }
  llvm::SmallVector<char, 0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return failure("NVPTX makes no text");
  passes.run(*module);
  std::string ptx(text.begin(), text.end());
  if (bitcode)
    ptx += "// nvvm-bc: " + llvm::encodeBase64(carried) + "\n";
  return ptx;
}

} // namespace tds
