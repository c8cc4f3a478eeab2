//===- Pipeline.cpp - the order of the passes -----------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Codegen.h"
#include "lib/Codegen/Cpu/Cpu.h"
#include "lib/Codegen/Gpu/Gpu.h"
#include "lib/Codegen/Passes.h"
#include "lib/Codegen/RuntimeCalls.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/BufferViewFlowOpInterfaceImpl.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/BufferViewFlowOpInterfaceImpl.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
using namespace mlir;

namespace tds {

void registerCodegenDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, bufferization::BufferizationDialect,
                  cf::ControlFlowDialect, complex::ComplexDialect, func::FuncDialect, index::IndexDialect,
                  linalg::LinalgDialect, LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  tensor::TensorDialect, ub::UBDialect, vector::VectorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  arith::registerBufferViewFlowOpInterfaceExternalModels(registry); // a select of two buffers
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  memref::registerBufferViewFlowOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerInferTypeOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  registerRuntimeCalls(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void addTensorPasses(OpPassManager &passes, const CodegenOptions &options) {
  passes.addNestedPass<func::FuncOp>(createTdsFusion());
}

void addBufferPasses(OpPassManager &passes, const CodegenOptions &options) {
  passes.addPass(createTdsBufferize());
  // Not before: CSE on tensors merges the fills of two accumulators, and one of them is copied then.
  passes.addPass(createCanonicalizerPass());
  if (!options.gpu.empty())
    passes.addPass(createTdsDeviceConstantsPass());
  else if (options.emitKernels) // before the plan: it makes buffers for packed panels
    passes.addPass(createTdsContractionsPass(
        {.vectorBits = options.vectorBits, .parallel = options.parallel, .explain = options.explain}));
  passes.addPass(createTdsPlanMemoryPass(options.plan));
}

void addCpuPasses(OpPassManager &passes, const CodegenOptions &options) {
  if (options.emitKernels) {
    LoopsOptions loops = {
        .vectorBits = options.vectorBits, .vectorize = options.vectorize, .parallel = options.parallel};
    passes.addNestedPass<func::FuncOp>(createTdsLoopsPass(loops));
    passes.addPass(createTdsMathPass(options.roundsToBf16));
    passes.addPass(createTdsParallelPass());
  } else {
    passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  }
  passes.addPass(createCSEPass());
}

void addGpuPasses(OpPassManager &passes, const CodegenOptions &options) {
  passes.addPass(createTdsKernelsPass());
  passes.addNestedPass<ModuleOp>(createTdsMathPass(/*roundsToBf16=*/true));
  passes.addPass(createTdsMathPass(options.roundsToBf16)); // what the host computes between launches
  passes.addPass(createCSEPass());
}

void addLlvmPasses(OpPassManager &passes, const CodegenOptions &options) { passes.addPass(createTdsLowerToLlvm()); }

void registerCodegenPasses() {
  registerTdsCodegenPasses();
  registerTdsLoopsPasses();
  registerTdsContractionPasses();
  registerTdsKernelsPass();
  PassPipelineRegistration<>("tds-to-loops", "linalg on tensors to loops on buffers", [](OpPassManager &passes) {
    CodegenOptions options = CodegenOptions::host();
    addTensorPasses(passes, options);
    addBufferPasses(passes, options);
    addCpuPasses(passes, options);
  });
  PassPipelineRegistration<>("tds-to-kernels", "linalg on tensors to kernels for the GPU", [](OpPassManager &passes) {
    CodegenOptions options = CodegenOptions::host();
    options.gpu = "sm_90";
    addTensorPasses(passes, options);
    addBufferPasses(passes, options);
    addGpuPasses(passes, options);
  });
  PassPipelineRegistration<>("tds-to-llvm", "linalg on tensors to the llvm dialect", [](OpPassManager &passes) {
    CodegenOptions options = CodegenOptions::host();
    addTensorPasses(passes, options);
    addBufferPasses(passes, options);
    addCpuPasses(passes, options);
    addLlvmPasses(passes, options);
  });
}

uint64_t arenaBytes(ModuleOp module) {
  auto bytes = module->getAttrOfType<IntegerAttr>(attribute::arenaBytes);
  return bytes ? bytes.getInt() : 0;
}

} // namespace tds
