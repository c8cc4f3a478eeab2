//===- RuntimeCalls.cpp ---------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/RuntimeCalls.h"
#include "lib/Calls/Calls.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
using namespace mlir;

namespace tds {
namespace {

using bufferization::AnalysisState;
using bufferization::BufferizationOptions;
using bufferization::BufferizationState;

struct RuntimeCallBuffers : bufferization::DstBufferizableOpInterfaceExternalModel<RuntimeCallBuffers, RuntimeCallOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return cast<RuntimeCallOp>(op).isDpsInput(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto call = cast<RuntimeCallOp>(op);
    Location loc = op->getLoc();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> inputs, outs, results;
    SmallVector<std::pair<Value, Value>> copies; // after the call
    for (bool isOut : {false, true})
      for (Value tensor : isOut ? call.getOuts() : call.getInputs()) {
        FailureOr<Value> buffer = getBuffer(rewriter, tensor, options, state);
        if (failed(buffer))
          return failure();
        auto type = cast<MemRefType>(buffer->getType());
        Value whole = *buffer;
        if (!type.getLayout().isIdentity()) { // a part of another tensor
          whole = memref::AllocOp::create(rewriter, loc, MemRefType::get(type.getShape(), type.getElementType()));
          if (isOut)
            copies.push_back({whole, *buffer});
          else if (failed(options.createMemCpy(rewriter, loc, *buffer, whole)))
            return failure();
        }
        (isOut ? outs : inputs).push_back(whole);
        if (isOut)
          results.push_back(*buffer);
      }
    // The first argument of an entry point is the call.
    Value self = op->getParentOfType<FunctionOpInterface>().getArgument(0);
    RuntimeCallOp::create(rewriter, loc, TypeRange(), call.getSymbol(), inputs, outs, self, call.getNumbers());
    for (auto [from, to] : copies)
      if (failed(options.createMemCpy(rewriter, loc, from, to)))
        return failure();
    bufferization::replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};

/// A barrier has done its work when there are buffers: what reads and writes them is not merged.
struct BarrierBuffers : bufferization::BufferizableOpInterface::ExternalModel<BarrierBuffers, RuntimeBarrierOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &, const AnalysisState &) const { return false; }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &, const AnalysisState &) const { return false; }
  bufferization::AliasingValueList getAliasingValues(Operation *op, OpOperand &, const AnalysisState &) const {
    return {{op->getResult(0), bufferization::BufferRelation::Equivalent}};
  }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    FailureOr<Value> buffer = getBuffer(rewriter, cast<RuntimeBarrierOp>(op).getX(), options, state);
    if (failed(buffer))
      return failure();
    bufferization::replaceOpWithBufferizedValues(rewriter, op, *buffer);
    return success();
  }
};

struct LowerRuntimeCall : ConvertOpToLLVMPattern<RuntimeCallOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(RuntimeCallOp op, OpAdaptor adaptor, ConversionPatternRewriter &r) const override {
    if (!op.getCall())
      return r.notifyMatchFailure(op, "without the call's address: not on buffers");
    Location loc = op.getLoc();
    MLIRContext *context = r.getContext();
    Type pointer = LLVM::LLVMPointerType::get(context), i64 = r.getI64Type();
    SmallVector<Value> addresses;
    for (Value descriptor : llvm::concat<Value>(adaptor.getInputs(), adaptor.getOuts()))
      addresses.push_back(MemRefDescriptor(descriptor).alignedPtr(r, loc));
    SmallVector<Type> fields(addresses.size(), pointer);
    fields.append(op.getNumbers().size(), i64);
    auto structType = LLVM::LLVMStructType::getLiteral(context, fields);
    Value arguments;
    {
      OpBuilder::InsertionGuard guard(r); // once: the call may be in a loop
      r.setInsertionPointToStart(&op->getParentRegion()->front());
      Value one = LLVM::ConstantOp::create(r, loc, i64, r.getI64IntegerAttr(1));
      arguments = LLVM::AllocaOp::create(r, loc, pointer, structType, one, 8);
    }
    auto store = [&](Value value, size_t field) {
      Value place =
          LLVM::GEPOp::create(r, loc, pointer, structType, arguments, ArrayRef<LLVM::GEPArg>{0, int32_t(field)});
      LLVM::StoreOp::create(r, loc, value, place);
    };
    for (auto [field, address] : llvm::enumerate(addresses))
      store(address, field);
    for (auto [k, number] : llvm::enumerate(op.getNumbers()))
      store(LLVM::ConstantOp::create(r, loc, i64, r.getI64IntegerAttr(number)), addresses.size() + k);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer, pointer});
    auto module = op->getParentOfType<ModuleOp>();
    if (!module.lookupSymbol(op.getSymbol())) {
      OpBuilder::InsertionGuard guard(r);
      r.setInsertionPointToStart(module.getBody());
      LLVM::LLVMFuncOp::create(r, loc, op.getSymbol(), type);
    }
    auto symbol = FlatSymbolRefAttr::get(context, op.getSymbol());
    r.replaceOpWithNewOp<LLVM::CallOp>(op, TypeRange(), symbol, ValueRange{adaptor.getCall(), arguments});
    return success();
  }
};

} // namespace

void registerRuntimeCalls(DialectRegistry &registry) {
  registry.insert<RtDialect>();
  registry.addExtension(+[](MLIRContext *context, RtDialect *) {
    RuntimeCallOp::attachInterface<RuntimeCallBuffers>(*context);
    RuntimeBarrierOp::attachInterface<BarrierBuffers>(*context);
  });
}

void addRuntimeCallPatterns(const LLVMTypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerRuntimeCall>(types);
}

} // namespace tds
