// The way of a program through the compiler, on one page. No stage looks back.
#include "lib/Compiler/Stages.h"
#include "dialect/Simplify.h"
#include "lib/Autodiff/Autodiff.h"
#include "lib/Conversion/Conversion.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tds {

/// Equal ops are one before patterns look at them, and what patterns made equal is one after.
static void cleanUp(OpPassManager &passes) {
  passes.addPass(createCSEPass());
  passes.addPass(createTdsSimplifyPass());
  passes.addPass(createCSEPass());
}

static constexpr Stage stages[] = {
    {"tds", "tds ops that say what was written, derivatives as requests", [](OpPassManager &passes, const CodegenOptions &) { cleanUp(passes); }},
    {"grad", "the same without requests",
     [](OpPassManager &passes, const CodegenOptions &options) {
       passes.addPass(createTdsAutodiffPass(options.keep));
       cleanUp(passes);
     }},
    {"linalg", "linalg on tensors, fused; no tds op",
     [](OpPassManager &passes, const CodegenOptions &options) {
       passes.addPass(createConvertTdsToLinalg());
       passes.addPass(createCanonicalizerPass());
       passes.addPass(createCSEPass());
       addTensorPasses(passes, options);
     }},
    {"loops", "loops over vectors on buffers in one arena; functions take the call",
     [](OpPassManager &passes, const CodegenOptions &options) {
       addBufferPasses(passes, options);
       options.gpu.empty() ? addCpuPasses(passes, options) : addGpuPasses(passes, options);
     }},
    {"llvm", "the llvm dialect", [](OpPassManager &passes, const CodegenOptions &options) { addLlvmPasses(passes, options); }},
};

llvm::ArrayRef<Stage> allStages() { return stages; }

} // namespace tds
