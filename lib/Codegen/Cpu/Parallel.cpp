//===- Parallel.cpp - parallel loops become calls of the pool -------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scf.parallel (%i) = (%low) to (%high) step (%step) { body }
// =>
//   func private @F.par_N(%context: !llvm.ptr, %begin: i64, %end: i64, %worker: i64) {
//     scf.for %n = %begin to %end { body with %i = %low + %n * %step, captures loaded from %context }
//   }
//   call @tds_parallel_for(pool, @F.par_N, &captures, 0, ceil((%high - %low) / %step), 1)
//
// Constants are made again in the body, not captured; a static memref is captured as its pointer, so that its sizes
// stay known there.
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/Cpu.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "runtime/abi/abi.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tds {
namespace {

/// scf.parallel  =>  scf.for, one in another, the reductions carried.
void toLoops(scf::ParallelOp op) {
  OpBuilder builder(op);
  auto body = [&](OpBuilder &b, Location, ValueRange indices, ValueRange carried) {
    IRMapping map;
    map.map(op.getInductionVars(), indices);
    for (Operation &inner : op.getBody()->without_terminator())
      b.clone(inner, map);
    auto reduce = cast<scf::ReduceOp>(op.getBody()->getTerminator());
    scf::ValueVector next;
    for (auto [i, region] : llvm::enumerate(reduce.getReductions())) {
      Block &combine = region.front();
      map.map(combine.getArgument(0), carried[i]);
      map.map(combine.getArgument(1), map.lookupOrDefault(reduce.getOperands()[i]));
      for (Operation &inner : combine.without_terminator())
        b.clone(inner, map);
      next.push_back(map.lookupOrDefault(combine.getTerminator()->getOperand(0)));
    }
    return next;
  };
  scf::LoopNest nest = scf::buildLoopNest(builder, op.getLoc(), op.getLowerBound(), op.getUpperBound(), op.getStep(),
                                          op.getInitVals(), body);
  op.replaceAllUsesWith(nest.results);
  op.erase();
}

/// Values of the enclosing function that a body reads, in a struct.
class Captures {
public:
  Captures(const LLVMTypeConverter &converter, llvm::SetVector<Value> values)
      : converter(converter), values(std::move(values)) {}

  /// Whether each has a type that memory can hold.
  bool fit() {
    for (Value value : values) {
      Type type =
          isPointer(value) ? LLVM::LLVMPointerType::get(value.getContext()) : converter.convertType(value.getType());
      if (!type || !LLVM::isCompatibleType(type))
        return false;
      fields.push_back(type);
    }
    return true;
  }

  /// In the enclosing function: the address of the filled struct.
  Value save(OpBuilder &builder, Location loc, func::FuncOp function) {
    auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
    if (values.empty())
      return LLVM::ZeroOp::create(builder, loc, pointer);
    Value context;
    {
      // At the top of the function: in a loop the stack would grow.
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&function.getBody().front());
      Value one = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1));
      context = LLVM::AllocaOp::create(builder, loc, pointer, structType(builder), one);
    }
    for (auto [i, value] : llvm::enumerate(values)) {
      Value stored = value;
      if (isPointer(value)) {
        stored = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, value);
        stored = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), stored);
        stored = LLVM::IntToPtrOp::create(builder, loc, pointer, stored);
      } else {
        stored = cast(builder, loc, value, fields[i]);
      }
      LLVM::StoreOp::create(builder, loc, stored, field(builder, loc, context, i));
    }
    return context;
  }

  /// In the body's function: each value, in the order of `values`.
  SmallVector<Value> load(OpBuilder &builder, Location loc, Value context) {
    SmallVector<Value> loaded;
    for (auto [i, value] : llvm::enumerate(values)) {
      Value x = LLVM::LoadOp::create(builder, loc, fields[i], field(builder, loc, context, i));
      if (isPointer(value)) {
        auto type = llvm::cast<MemRefType>(value.getType());
        x = MemRefDescriptor::fromStaticShape(builder, loc, converter, type, x);
      }
      loaded.push_back(cast(builder, loc, x, value.getType()));
    }
    return loaded;
  }

  ArrayRef<Value> get() const { return values.getArrayRef(); }

private:
  static bool isPointer(Value value) {
    auto type = dyn_cast<MemRefType>(value.getType());
    SmallVector<int64_t> strides;
    int64_t offset;
    return type && type.hasStaticShape() && succeeded(type.getStridesAndOffset(strides, offset)) &&
           !ShapedType::isDynamic(offset) && llvm::none_of(strides, ShapedType::isDynamic);
  }

  LLVM::LLVMStructType structType(OpBuilder &builder) {
    return LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
  }

  Value field(OpBuilder &builder, Location loc, Value context, size_t i) {
    return LLVM::GEPOp::create(builder, loc, context.getType(), structType(builder), context,
                               ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
  }

  /// Between a type and what it is in LLVM; the conversion to the llvm dialect meets it from the other side.
  static Value cast(OpBuilder &builder, Location loc, Value value, Type type) {
    if (value.getType() == type)
      return value;
    return UnrealizedConversionCastOp::create(builder, loc, type, value).getResult(0);
  }

  const LLVMTypeConverter &converter;
  llvm::SetVector<Value> values;
  SmallVector<Type> fields;
};

struct ParallelPass : PassWrapper<ParallelPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ParallelPass)

  StringRef getArgument() const override { return "tds-parallel"; }
  StringRef getDescription() const override { return "parallel loops become calls of the pool"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry
        .insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, memref::MemRefDialect, scf::SCFDialect>();
  }

  void runOnOperation() override {
    SmallVector<scf::ParallelOp> inner, outer;
    getOperation().walk([&](scf::ParallelOp op) {
      bool nested = op->getParentOfType<scf::ParallelOp>() != nullptr;
      bool simple = op.getNumLoops() == 1 && op.getNumResults() == 0;
      (nested || !simple || !hasCall(op) ? inner : outer).push_back(op);
    });
    // Innermost first (the walk is post-order): a loop is copied into its place, what is in it being plain by then. A
    // plain loop of several dimensions that holds others leaves them plain too.
    for (scf::ParallelOp op : inner)
      toLoops(op);
    if (outer.empty())
      return;
    LLVMTypeConverter converter(&getContext());
    SymbolTable symbols(getOperation());
    for (scf::ParallelOp op : outer)
      outline(op, converter, symbols);
  }

private:
  static bool hasCall(Operation *op) {
    auto function = op->getParentOfType<func::FuncOp>();
    return function && function.getNumArguments() > 0 && isa<LLVM::LLVMPointerType>(function.getArgument(0).getType());
  }

  void outline(scf::ParallelOp op, const LLVMTypeConverter &converter, SymbolTable &symbols);
  func::FuncOp runtimeFunction(SymbolTable &symbols);
};

func::FuncOp ParallelPass::runtimeFunction(SymbolTable &symbols) {
  StringRef name = "tds_parallel_for";
  if (auto known = symbols.lookup<func::FuncOp>(name))
    return known;
  auto builder = OpBuilder::atBlockBegin(getOperation().getBody());
  Type pointer = LLVM::LLVMPointerType::get(&getContext()), i64 = builder.getI64Type();
  auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), name,
                                       builder.getFunctionType({pointer, pointer, pointer, i64, i64, i64}, {}));
  function.setPrivate();
  symbols.insert(function);
  return function;
}

void ParallelPass::outline(scf::ParallelOp op, const LLVMTypeConverter &converter, SymbolTable &symbols) {
  auto function = op->getParentOfType<func::FuncOp>();
  Location loc = op.getLoc();
  Value low = op.getLowerBound()[0], high = op.getUpperBound()[0], step = op.getStep()[0];

  llvm::SetVector<Value> above, constants, captured;
  getUsedValuesDefinedAbove(op.getRegion(), above);
  above.insert(low);
  above.insert(step);
  for (Value value : above) {
    Operation *source = value.getDefiningOp();
    bool constant = source && source->hasTrait<OpTrait::ConstantLike>();
    (constant ? constants : captured).insert(value);
  }
  Captures captures(converter, captured);
  if (!captures.fit())
    return toLoops(op);

  // The body's function.
  auto builder = OpBuilder::atBlockEnd(getOperation().getBody());
  Type pointer = LLVM::LLVMPointerType::get(&getContext()), i64 = builder.getI64Type();
  auto type = builder.getFunctionType({pointer, i64, i64, i64}, {});
  auto body = func::FuncOp::create(builder, loc, (function.getName() + ".par").str(), type);
  body.setPrivate();
  body->setAttr("llvm.linkage", LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
  symbols.insert(body); // gives it a name of its own
  Block *entry = body.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  IRMapping map;
  for (Value value : constants)
    builder.clone(*value.getDefiningOp(), map);
  map.map(captures.get(), captures.load(builder, loc, entry->getArgument(0)));
  auto toIndex = [&](Value value) -> Value {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value);
  };
  Value begin = toIndex(entry->getArgument(1)), end = toIndex(entry->getArgument(2));
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto loop = scf::ForOp::create(builder, loc, begin, end, one);
  func::ReturnOp::create(builder, loc);
  builder.setInsertionPointToStart(loop.getBody());
  Value offset = builder.createOrFold<arith::MulIOp>(loc, loop.getInductionVar(), map.lookup(step));
  Value index = builder.createOrFold<arith::AddIOp>(loc, map.lookup(low), offset);
  op.getInductionVars()[0].replaceAllUsesWith(index);
  op.getBody()->getTerminator()->erase();
  Block *target = loop.getBody();
  target->getOperations().splice(std::prev(target->end()), op.getBody()->getOperations());
  for (Value value : above)
    replaceAllUsesInRegionWith(value, map.lookup(value), loop.getRegion());

  // The call in its place.
  builder.setInsertionPoint(op);
  Value context = captures.save(builder, loc, function);
  Value unit = arith::ConstantIndexOp::create(builder, loc, 1);
  Value span = builder.createOrFold<arith::SubIOp>(loc, high, low),
        most = builder.createOrFold<arith::SubIOp>(loc, step, unit);
  Value count = builder.createOrFold<arith::DivSIOp>(loc, builder.createOrFold<arith::AddIOp>(loc, span, most), step);
  count = builder.createOrFold<arith::IndexCastOp>(loc, i64, count);
  Value place = LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), function.getArgument(0),
                                    ArrayRef<LLVM::GEPArg>{int32_t(offsetof(tds_call, pool))});
  Value pool = LLVM::LoadOp::create(builder, loc, pointer, place);
  Value code = func::ConstantOp::create(builder, loc, type, SymbolRefAttr::get(body));
  code = UnrealizedConversionCastOp::create(builder, loc, pointer, code).getResult(0);
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 64),
        grain = arith::ConstantIntOp::create(builder, loc, 1, 64);
  func::CallOp::create(builder, loc, runtimeFunction(symbols), ValueRange{pool, code, context, zero, count, grain});
  op.erase();
}

} // namespace

std::unique_ptr<Pass> createTdsParallelPass() { return std::make_unique<ParallelPass>(); }

} // namespace tds
