//===- LowerToLlvm.cpp - leave the llvm dialect only ----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two conversions and a round of rewrites in one pass: the sixteen passes of the usual recipe take three times as long.
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Passes.h"
#include "lib/Codegen/RuntimeCalls.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ComplexToLLVM/ComplexToLLVM.h"
#include "mlir/Conversion/ComplexToStandard/ComplexToStandard.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
using namespace mlir;

namespace tds {
#define GEN_PASS_DEF_TDSLOWERTOLLVM
#include "lib/Codegen/Passes.h.inc"

namespace {

/// NAME(call): NAME_body(call, call->buffers[0], ..., call->arena)
void makeEntryPoint(LLVM::LLVMFuncOp body, StringRef name, bool takesArena) {
  MLIRContext *context = body.getContext();
  Location loc = body.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(context);
  OpBuilder builder(body);
  auto entry = LLVM::LLVMFuncOp::create(builder, loc, name,
                                        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), pointer));
  Block *block = entry.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  Value call = block->getArgument(0);
  auto at = [&](Value base, int64_t index) -> Value {
    Value place = LLVM::GEPOp::create(builder, loc, pointer, pointer, base, ArrayRef<LLVM::GEPArg>{int32_t(index)});
    return LLVM::LoadOp::create(builder, loc, pointer, place);
  };
  constexpr int64_t buffersField = 0, arenaField = 2; // of tds_call, whose fields are pointers
  SmallVector<Value> arguments = {call};
  unsigned buffers = body.getNumArguments() - 1 - takesArena;
  if (buffers) {
    Value table = at(call, buffersField);
    for (unsigned i = 0; i < buffers; ++i)
      arguments.push_back(at(table, i));
  }
  if (takesArena)
    arguments.push_back(at(call, arenaField));
  LLVM::CallOp::create(builder, loc, body, arguments);
  LLVM::ReturnOp::create(builder, loc, ValueRange{});
}

/// A buffer of no elements has strides of 0, which the bare-pointer convention does not take: it travels as one element.
void passEmptyBuffers(func::FuncOp function) {
  if (function.isDeclaration())
    return;
  OpBuilder b = OpBuilder::atBlockBegin(&function.front());
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type || !type.hasStaticShape() || type.getNumElements() != 0)
      continue;
    argument.setType(MemRefType::get({1}, type.getElementType()));
    if (argument.use_empty())
      continue;
    SmallVector<int64_t> strides(type.getRank(), 1);
    auto view = memref::ReinterpretCastOp::create(
        b, argument.getLoc(), MemRefType::get(type.getShape(), type.getElementType(), StridedLayoutAttr::get(b.getContext(), 0, strides)),
        argument, /*offset=*/0, type.getShape(), strides);
    argument.replaceAllUsesExcept(memref::CastOp::create(b, argument.getLoc(), type, view), view);
  }
  function.setType(b.getFunctionType(function.front().getArgumentTypes(), function.getResultTypes()));
}

struct LowerToLlvmPass : impl::TdsLowerToLlvmBase<LowerToLlvmPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet simple(context);
    memref::populateExpandOpsPatterns(simple);
    memref::populateExpandStridedMetadataPatterns(simple);
    populateAffineToStdConversionPatterns(simple);
    arith::populateCeilFloorDivExpandOpsPatterns(simple);
    vector::populateVectorBroadcastLoweringPatterns(simple);
    vector::populateVectorOuterProductLoweringPatterns(simple);
    vector::populateVectorShapeCastLoweringPatterns(simple);
    vector::populateVectorStepLoweringPatterns(simple);
    vector::populateVectorTransposeLoweringPatterns(simple, vector::VectorTransposeLowering::EltWise);
    vector::populateVectorRankReducingFMAPattern(simple);
    simplifications = FrozenRewritePatternSet(std::move(simple));
    RewritePatternSet control(context);
    populateSCFToControlFlowConversionPatterns(control);
    populateComplexToStandardConversionPatterns(control);
    populateMathToLibmConversionPatterns(control);
    controlFlow = FrozenRewritePatternSet(std::move(control));
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    module.walk([](func::FuncOp function) { passEmptyBuffers(function); }); // those of nested modules too
    if (failed(applyPatternsGreedily(module, simplifications, GreedyRewriteConfig().enableFolding(false))) ||
        failed(lowerControl(module)) || failed(lowerRest(module)))
      return signalPassFailure();
  }

private:
  LogicalResult lowerControl(ModuleOp module) {
    ConversionTarget target(getContext());
    target.addIllegalDialect<scf::SCFDialect>();
    target.addIllegalDialect<math::MathDialect>();
    // Those that are an instruction, or LLVM's own expansion of a few.
    target.addLegalOp<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
                      math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
                      math::IsInfOp, math::IsNaNOp, math::RoundEvenOp, math::SqrtOp, math::TruncOp, math::RsqrtOp>();
    target.addIllegalDialect<complex::ComplexDialect>();
    target.addLegalOp<complex::AddOp, complex::ConstantOp, complex::CreateOp, complex::ImOp, complex::ReOp,
                      complex::SubOp>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    return applyPartialConversion(module, target, controlFlow);
  }

  LogicalResult lowerRest(ModuleOp module) {
    MLIRContext *context = &getContext();
    SmallVector<std::tuple<std::string, std::string, bool>> entries; // body, entry point, takes the arena
    for (auto function : module.getOps<func::FuncOp>())
      if (auto name = function->getAttrOfType<StringAttr>(attribute::entry)) {
        unsigned count = function.getNumArguments();
        bool arena = count && function.getArgAttr(count - 1, attribute::arena);
        entries.push_back({function.getSymName().str(), name.getValue().str(), arena});
        if (arena)
          function.removeArgAttr(count - 1, attribute::arena);
        function->removeAttr(attribute::entry);
      }

    LowerToLLVMOptions options(context);
    options.useBarePtrCallConv = true;
    LLVMTypeConverter types(context, options);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    RewritePatternSet patterns(context);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    index::populateIndexToLLVMConversionPatterns(types, patterns);
    populateComplexToLLVMConversionPatterns(types, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    populateVectorToLLVMConversionPatterns(types, patterns);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    addRuntimeCallPatterns(types, patterns);
    if (failed(applyFullConversion(module, target, std::move(patterns))))
      return failure();

    // The kernels' casts of descriptors and functions meet the conversion's own.
    SmallVector<UnrealizedConversionCastOp> casts, left;
    module.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
    reconcileUnrealizedCasts(casts, &left);
    if (!left.empty())
      return left.front().emitError("a cast that no other undoes");

    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (!function.isExternal())
        function.setLinkage(LLVM::Linkage::Internal);
    for (auto &[body, name, arena] : entries)
      makeEntryPoint(module.lookupSymbol<LLVM::LLVMFuncOp>(body), name, arena);
    return success();
  }

  FrozenRewritePatternSet simplifications, controlFlow;
};

} // namespace
} // namespace tds
