//===- Kernels.cpp - entry functions become launches of kernels -----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   linalg.generic ins(%x) outs(%y) { .. }
// =>
//   %arguments = memref.alloca() : memref<2xi64>                               the addresses of %x and %y
//   call @tds_device_launch(%call, 7, %arguments)
//   module @kernels { func @generic_7(%x, %y) attributes {tds.grid = 40, tds.block = 256} { .. } }
//
// Control flow stays on the host, but for loops of small ops: those are one kernel of one block, whose threads meet at
// a barrier where the host would launch.
//
//===----------------------------------------------------------------------===//
#include "lib/Calls/Calls.h"
#include "lib/Codegen/Gpu/BlockLoops.h"
#include "lib/Codegen/Gpu/Gpu.h"
#include "lib/Codegen/Gpu/Threads.h"
#include "lib/Codegen/Gpu/Tiles.h"
#include "lib/Codegen/Passes.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
using namespace mlir;

namespace tds {
namespace {

constexpr StringLiteral launchSymbol = "tds_device_launch", readSymbol = "tds_device_read",
                        writeSymbol = "tds_device_write", copySymbol = "tds_device_copy";

/// Bytes of an element in memory.
int64_t elementBytes(Type type) {
  if (auto pair = dyn_cast<ComplexType>(type))
    return 2 * elementBytes(pair.getElementType());
  return type.isIndex() ? 8 : int64_t(llvm::divideCeil(type.getIntOrFloatBitWidth(), 8));
}

/// One entry function.
class HostFunction {
public:
  HostFunction(func::FuncOp function, ModuleOp kernels)
      : function(function), kernels(kernels), module(function->getParentOfType<ModuleOp>()) {}

  LogicalResult rewrite() { return rewrite(function.getBody().front()); }

private:
  LogicalResult rewrite(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      LogicalResult done = success();
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
        done = launchLinalg(linalgOp);
      else if (auto loop = dyn_cast<scf::ForOp>(op); loop && isSmallLoop(loop))
        done = launchLoop(loop);
      else if (auto copy = dyn_cast<memref::CopyOp>(op))
        copyOnDevice(copy);
      else if (auto load = dyn_cast<memref::LoadOp>(op))
        readOnHost(load);
      else if (auto store = dyn_cast<memref::StoreOp>(op))
        writeOnHost(store);
      else if (auto call = dyn_cast<RuntimeCallOp>(op))
        callOnHost(call);
      else
        for (Region &region : op.getRegions())
          for (Block &inner : region)
            if (failed(rewrite(inner)))
              return failure();
      if (failed(done))
        return failure();
    }
    return success();
  }

  //===--- Kernels
  //-------------------------------------------------------------------------------------------------===//

  LogicalResult launchLinalg(linalg::LinalgOp op) {
    if (op.hasDynamicShape())
      return op.emitError("an op of open sizes, expected static ones");
    Extent extent = extentOf(op);
    if (extent.points == 0 || extent.reduced == 0) {
      op.erase();
      return success();
    }
    if (auto contraction = tiledContraction(op))
      return launch(op, "contract", numTiles(*contraction), [&](OpBuilder &b, IRMapping &map) {
        emitTile(b, op, *contraction, map, kernels);
        return success();
      });
    Sharing sharing = sharingOf(op);
    int64_t blocks = sharing == Sharing::rows ? extent.points : int64_t(llvm::divideCeil(extent.points, blockSize));
    StringRef name = extent.reduced > 1 ? "reduce" : isa<linalg::FillOp>(op) ? "fill" : "pointwise";
    return launch(op, name, blocks, [&](OpBuilder &b, IRMapping &map) {
      Location loc = op.getLoc();
      Value block = blockInGrid(b, loc);
      Threads threads{block, blocks, true};
      if (sharing == Sharing::points) {
        Value size = arith::ConstantIndexOp::create(b, loc, blockSize);
        Value first = arith::MulIOp::create(b, loc, block, size);
        threads = {arith::AddIOp::create(b, loc, first, threadInBlock(b, loc)), blocks * blockSize, true};
      }
      return emit(b, op, sharing, threads, map, kernels);
    });
  }

  LogicalResult launchLoop(scf::ForOp loop) {
    return launch(loop, "loop", 1, [&](OpBuilder &b, IRMapping &map) { return emitInBlock(b, loop, map, kernels); });
  }

  using Emit = llvm::function_ref<LogicalResult(OpBuilder &, IRMapping &)>;

  /// Makes a kernel of what `emit` writes in the place of an op, and its launch.
  LogicalResult launch(Operation *op, StringRef kind, int64_t blocks, Emit emit) {
    Location loc = op->getLoc();
    llvm::SetVector<Value> captured;
    for (Value operand : op->getOperands())
      captured.insert(operand);
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    OpBuilder host(op), top = OpBuilder::atBlockEnd(kernels.getBody());
    SmallVector<Value> passed; // of one word each
    SmallVector<Type> types;
    for (Value value : captured)
      if (!isMadeAgain(value))
        pass(host, loc, value, passed, types);

    std::string name = (kind + "_" + Twine(numKernels)).str();
    auto kernel = func::FuncOp::create(top, loc, name, top.getFunctionType(types, {}));
    kernel->setAttr(attribute::grid, top.getI64IntegerAttr(blocks));
    kernel->setAttr(attribute::block, top.getI64IntegerAttr(blockSize));
    Block *body = kernel.addEntryBlock();
    OpBuilder b = OpBuilder::atBlockBegin(body);
    IRMapping map;
    ValueRange arguments = body->getArguments();
    for (Value value : captured) {
      if (isMadeAgain(value)) {
        b.clone(*value.getDefiningOp(), map);
        if (auto get = value.getDefiningOp<memref::GetGlobalOp>())
          copyGlobal(get);
      } else {
        map.map(value, receive(b, loc, value, arguments));
      }
    }
    op->walk([&](memref::GetGlobalOp get) { copyGlobal(get); });
    if (failed(emit(b, map)))
      return failure();
    func::ReturnOp::create(b, loc);

    auto words = MemRefType::get({int64_t(passed.size())}, host.getI64Type());
    Value place = onStack(words);
    for (auto [k, word] : llvm::enumerate(passed))
      memref::StoreOp::create(host, loc, word, place, arith::ConstantIndexOp::create(host, loc, k).getResult());
    Value number = arith::ConstantOp::create(host, loc, host.getI64IntegerAttr(numKernels));
    call(host, loc, launchSymbol, {self(), number, address(host, loc, place)});
    ++numKernels;
    op->erase();
    return success();
  }

  /// Constants cost a kernel nothing; a constant tensor is in its module.
  static bool isMadeAgain(Value value) {
    return matchPattern(value, m_Constant()) || value.getDefiningOp<memref::GetGlobalOp>();
  }

  void copyGlobal(memref::GetGlobalOp get) {
    if (kernels.lookupSymbol(get.getName()))
      return;
    OpBuilder top = OpBuilder::atBlockBegin(kernels.getBody());
    top.clone(*module.lookupSymbol(get.getName()));
  }

  /// What a kernel gets for a value of the host, and makes of it: `receive`.
  void pass(OpBuilder &b, Location loc, Value value, SmallVectorImpl<Value> &words, SmallVectorImpl<Type> &types) {
    Type type = value.getType();
    if (auto buffer = dyn_cast<MemRefType>(type)) {
      words.push_back(address(b, loc, value)); // of the first element
      types.push_back(passedAs(buffer));
      if (hasOpenStrides(buffer))
        for (Value stride : memref::ExtractStridedMetadataOp::create(b, loc, value).getStrides())
          pass(b, loc, stride, words, types);
    } else if (auto pair = dyn_cast<ComplexType>(type)) {
      Type part = pair.getElementType();
      pass(b, loc, complex::ReOp::create(b, loc, part, value), words, types);
      pass(b, loc, complex::ImOp::create(b, loc, part, value), words, types);
    } else {
      types.push_back(type);
      Type i64 = b.getI64Type();
      if (type.isIndex()) {
        words.push_back(arith::IndexCastOp::create(b, loc, i64, value));
        return;
      }
      unsigned width = type.getIntOrFloatBitWidth();
      if (isa<FloatType>(type))
        value = arith::BitcastOp::create(b, loc, b.getIntegerType(width), value);
      words.push_back(width < 64 ? arith::ExtUIOp::create(b, loc, i64, value).getResult() : value);
    }
  }

  Value receive(OpBuilder &b, Location loc, Value value, ValueRange &arguments) {
    auto next = [&] {
      Value argument = arguments.front();
      arguments = arguments.drop_front();
      return argument;
    };
    if (isa<ComplexType>(value.getType())) {
      Value re = next(), im = next();
      return complex::CreateOp::create(b, loc, value.getType(), re, im);
    }
    auto buffer = dyn_cast<MemRefType>(value.getType());
    Value argument = next();
    if (!buffer || !hasOpenStrides(buffer))
      return argument;
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), buffer.getShape()), strides;
    for (int64_t d = 0; d < buffer.getRank(); ++d)
      strides.push_back(next());
    OpFoldResult offset = arith::ConstantIndexOp::create(b, loc, 0).getResult();
    return memref::ReinterpretCastOp::create(b, loc, buffer, argument, offset, sizes, strides);
  }

  static bool hasOpenStrides(MemRefType type) {
    return !type.getLayout().isIdentity() && llvm::is_contained(type.getStridesAndOffset().first, ShapedType::kDynamic);
  }

  /// The type of a kernel's parameter for a buffer: a bare pointer can stand for it.
  static MemRefType passedAs(MemRefType type) {
    if (type.getLayout().isIdentity())
      return type;
    auto [strides, offset] = type.getStridesAndOffset();
    if (hasOpenStrides(type))
      return MemRefType::get({1}, type.getElementType());
    return MemRefType::get(type.getShape(), type.getElementType(),
                           StridedLayoutAttr::get(type.getContext(), 0, strides));
  }

  //===--- The host's part
  //-----------------------------------------------------------------------------------------===//

  Value self() { return function.getArgument(0); }

  void call(OpBuilder &b, Location loc, StringRef symbol, ValueRange arguments) {
    if (!module.lookupSymbol(symbol)) {
      OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
      func::FuncOp::create(top, loc, symbol, top.getFunctionType(arguments.getTypes(), {})).setPrivate();
    }
    func::CallOp::create(b, loc, symbol, TypeRange(), arguments);
  }

  /// Where a buffer's element is, its first one or that at some place.
  Value address(OpBuilder &b, Location loc, Value buffer, ValueRange at = {}) {
    auto type = cast<MemRefType>(buffer.getType());
    Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
    bool identity = type.getLayout().isIdentity(); // asked for its strides, an empty buffer has open ones
    auto [strides, offset] =
        identity ? std::pair(computeSuffixProduct(type.getShape()), int64_t(0)) : type.getStridesAndOffset();
    Value element;
    SmallVector<Value> steps;
    if (!identity && (ShapedType::isDynamic(offset) || hasOpenStrides(type))) {
      auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
      element = metadata.getOffset();
      steps.assign(metadata.getStrides().begin(), metadata.getStrides().end());
    } else {
      if (offset != 0)
        element = arith::ConstantIndexOp::create(b, loc, offset);
      for (int64_t stride : strides)
        steps.push_back(arith::ConstantIndexOp::create(b, loc, stride));
    }
    for (auto [index, stride] : llvm::zip_first(at, steps)) {
      Value step = arith::MulIOp::create(b, loc, index, stride);
      element = element ? arith::AddIOp::create(b, loc, element, step).getResult() : step;
    }
    if (element) {
      Value size = arith::ConstantIndexOp::create(b, loc, elementBytes(type.getElementType()));
      base = arith::AddIOp::create(b, loc, base, arith::MulIOp::create(b, loc, element, size).getResult());
    }
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), base);
  }

  /// A buffer on the host's stack, made once: its user may be in a loop.
  Value onStack(MemRefType type) {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    return memref::AllocaOp::create(b, function.getLoc(), type);
  }

  static Value bytes(OpBuilder &b, Location loc, MemRefType type) {
    return arith::ConstantOp::create(b, loc,
                                     b.getI64IntegerAttr(type.getNumElements() * elementBytes(type.getElementType())));
  }

  static bool isOnHost(Value buffer) {
    return isa_and_nonnull<memref::AllocaOp, memref::GetGlobalOp>(buffer.getDefiningOp());
  }

  void readOnHost(memref::LoadOp op) {
    if (isOnHost(op.getMemRef()))
      return;
    OpBuilder b(op);
    Location loc = op.getLoc();
    auto type = MemRefType::get({}, op.getType());
    Value place = onStack(type);
    call(b, loc, readSymbol,
         {self(), address(b, loc, place), address(b, loc, op.getMemRef(), op.getIndices()), bytes(b, loc, type)});
    op.getMemrefMutable().assign(place);
    op.getIndicesMutable().clear();
  }

  void writeOnHost(memref::StoreOp op) {
    if (isOnHost(op.getMemRef()))
      return;
    Location loc = op.getLoc();
    auto type = MemRefType::get({}, op.getValueToStore().getType());
    Value place = onStack(type), buffer = op.getMemRef();
    SmallVector<Value> at(op.getIndices());
    op.getMemrefMutable().assign(place);
    op.getIndicesMutable().clear();
    OpBuilder b(op->getContext());
    b.setInsertionPointAfter(op);
    call(b, loc, writeSymbol, {self(), address(b, loc, buffer, at), address(b, loc, place), bytes(b, loc, type)});
  }

  void copyOnDevice(memref::CopyOp op) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getTarget().getType());
    call(b, loc, isOnHost(op.getSource()) ? writeSymbol : copySymbol,
         {self(), address(b, loc, op.getTarget()), address(b, loc, op.getSource()), bytes(b, loc, type)});
    op.erase();
  }

  /// What the runtime computes on the processor: on copies of the buffers.
  void callOnHost(RuntimeCallOp op) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    SmallVector<Value> copies;
    unsigned numInputs = op.getInputs().size();
    for (auto [k, buffer] :
         llvm::enumerate(llvm::concat<Value>(SmallVector<Value>(op.getInputs()), SmallVector<Value>(op.getOuts())))) {
      auto type = cast<MemRefType>(buffer.getType());
      Value copy = memref::AllocOp::create(b, loc, MemRefType::get(type.getShape(), type.getElementType()));
      copies.push_back(copy);
      if (k < numInputs)
        call(b, loc, readSymbol, {self(), address(b, loc, copy), address(b, loc, buffer), bytes(b, loc, type)});
    }
    SmallVector<Value> outs(op.getOuts());
    op.getInputsMutable().assign(ArrayRef(copies).take_front(numInputs));
    op.getOutsMutable().assign(ArrayRef(copies).drop_front(numInputs));
    b.setInsertionPointAfter(op);
    for (auto [copy, buffer] : llvm::zip_equal(ArrayRef(copies).drop_front(numInputs), outs))
      call(b, loc, writeSymbol,
           {self(), address(b, loc, buffer), address(b, loc, copy), bytes(b, loc, cast<MemRefType>(copy.getType()))});
    for (Value copy : copies)
      memref::DeallocOp::create(b, loc, copy);
  }

  func::FuncOp function;
  ModuleOp kernels, module;
  int64_t numKernels = 0;
};

/// Whether a use of a constant tensor is one that finds it on either side.
bool readsConstant(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return linalgOp.isDpsInput(&use);
  return isa<memref::LoadOp>(op) || (isa<memref::CopyOp>(op) && use.getOperandNumber() == 0);
}

struct TdsDeviceConstants : PassWrapper<TdsDeviceConstants, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TdsDeviceConstants)

  StringRef getArgument() const override { return "tds-device-constants"; }
  StringRef getDescription() const override { return "constant tensors that more than kernels read get buffers"; }

  void runOnOperation() override {
    SmallVector<memref::GetGlobalOp> constants;
    getOperation().walk([&](memref::GetGlobalOp op) {
      if (!llvm::all_of(op->getUses(), readsConstant))
        constants.push_back(op);
    });
    for (memref::GetGlobalOp op : constants) {
      OpBuilder b(op->getContext());
      b.setInsertionPointAfter(op);
      auto buffer = memref::AllocOp::create(b, op.getLoc(), op.getType());
      auto copy = memref::CopyOp::create(b, op.getLoc(), op, buffer);
      op.getResult().replaceAllUsesExcept(buffer, copy);
    }
  }
};

struct TdsKernels : PassWrapper<TdsKernels, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TdsKernels)

  StringRef getArgument() const override { return "tds-kernels"; }
  StringRef getDescription() const override { return "linalg ops on memrefs become kernels and launches of them"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, complex::ComplexDialect, func::FuncDialect, LLVM::LLVMDialect,
                    memref::MemRefDialect, scf::SCFDialect>();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr(attribute::entry))
        entries.push_back(function);
    if (entries.empty())
      return;
    if (entries.size() > 1) {
      entries[1].emitError("a second entry point, expected one: kernels have numbers");
      return signalPassFailure();
    }
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    auto kernels = ModuleOp::create(b, module.getLoc(), StringRef("kernels"));
    kernels->setAttr(attribute::kernels, b.getUnitAttr());
    if (failed(HostFunction(entries.front(), kernels).rewrite()))
      signalPassFailure();
  }
};

} // namespace

std::unique_ptr<Pass> createTdsKernelsPass() { return std::make_unique<TdsKernels>(); }

std::unique_ptr<Pass> createTdsDeviceConstantsPass() { return std::make_unique<TdsDeviceConstants>(); }

void registerTdsKernelsPass() {
  registerPass(createTdsDeviceConstantsPass);
  registerPass(createTdsKernelsPass);
}

} // namespace tds
