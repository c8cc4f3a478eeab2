//===- PlanMemory.cpp - place all temporary buffers in one arena ----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each buffer lives over an interval of operations in the order of the text. A use inside a loop that the buffer was
// made outside of holds for the whole loop, and a buffer handed to the loop's next round lives as long as the loop
// does.
//
//===----------------------------------------------------------------------===//
#include "lib/Calls/Origin.h"
#include "lib/Codegen/Codegen.h"
#include "lib/Codegen/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
using namespace mlir;

namespace tds {
#define GEN_PASS_DEF_TDSPLANMEMORY
#include "lib/Codegen/Passes.h.inc"

namespace {

constexpr int64_t alignment = 64;

struct Buffer {
  memref::AllocOp op;
  int64_t size;        // a multiple of the alignment
  int64_t first, last; // operations that may touch it
  int64_t offset = 0;

  bool contains(int64_t at) const { return first <= at && at <= last; }
  bool meets(const Buffer &other) const { return first <= other.last && other.first <= last; }
};

/// Operations numbered in the order of the text; an operation's span reaches to its last inner one.
class Order {
public:
  explicit Order(Operation *root) { number(root); }
  std::pair<int64_t, int64_t> span(Operation *op) const { return spans.lookup(op); }

private:
  void number(Operation *op) {
    int64_t begin = next++;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block)
          number(&inner);
    spans[op] = {begin, next - 1};
  }
  int64_t next = 0;
  DenseMap<Operation *, std::pair<int64_t, int64_t>> spans;
};

int64_t byteSize(MemRefType type) {
  Type element = type.getElementType();
  int64_t parts = 1;
  if (auto pair = dyn_cast<ComplexType>(element)) {
    parts = 2;
    element = pair.getElementType();
  }
  int64_t bytes = element.isIndex() ? 8 : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  return type.getNumElements() * parts * bytes;
}

class Planner {
public:
  explicit Planner(func::FuncOp function) : function(function), order(function), flow(function) {}

  LogicalResult collect() {
    WalkResult result = function.walk([&](Operation *op) {
      if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
        if (!alloc.getType().hasStaticShape() || !alloc.getType().getLayout().isIdentity())
          return alloc.emitError("a buffer of ") << alloc.getType() << ", expected a static shape",
                 WalkResult::interrupt();
        if (op->getParentOfType<scf::ParallelOp>() || op->getParentOfType<scf::ForallOp>())
          return alloc.emitError("a buffer made in a parallel loop, expected outside of it"), WalkResult::interrupt();
        buffers.push_back(lifetime(alloc));
      }
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  /// Sets offsets, the largest buffer first, each in the smallest gap that holds it; returns the arena's size.
  int64_t place() {
    std::vector<Buffer *> bySize;
    for (Buffer &buffer : buffers)
      bySize.push_back(&buffer);
    llvm::sort(bySize, [](Buffer *a, Buffer *b) { return std::pair(-a->size, a) < std::pair(-b->size, b); });
    std::vector<Buffer *> placed; // by offset
    int64_t end = 0;
    for (Buffer *buffer : bySize) {
      int64_t best = -1, bestGap = 0, free = 0;
      for (Buffer *other : placed) {
        if (!buffer->meets(*other))
          continue;
        int64_t gap = other->offset - free;
        if (gap >= buffer->size && (best < 0 || gap < bestGap)) {
          best = free;
          bestGap = gap;
        }
        free = std::max(free, other->offset + other->size);
      }
      buffer->offset = best < 0 ? free : best;
      end = std::max(end, buffer->offset + buffer->size);
      placed.insert(llvm::upper_bound(placed, buffer, [](Buffer *a, Buffer *b) { return a->offset < b->offset; }),
                    buffer);
    }
    return end;
  }

  /// What there is to say of the buffers, before they go.
  void describe(MemoryPlan &plan) {
    // Most is in use where a buffer begins.
    int64_t most = 0, where = 0;
    for (const Buffer &begins : buffers) {
      int64_t bytes = 0;
      for (const Buffer &buffer : buffers)
        bytes += buffer.contains(begins.first) ? buffer.size : 0;
      if (bytes > most)
        std::tie(most, where) = std::pair(bytes, begins.first);
    }
    for (Buffer &buffer : buffers) {
      auto [writer, saved] = useOf(buffer.op);
      plan.buffers.push_back({uint64_t(buffer.size), buffer.op.getType(), writer, saved, buffer.contains(where)});
    }
    function.walk([&](Operation *op) {
      if (isa<linalg::LinalgOp, memref::CopyOp>(op))
        plan.moved += rounds(op) * touched(op);
    });
  }

  /// alloc  =>  view of the arena at the buffer's offset
  LogicalResult rewrite(int64_t bytes) {
    if (buffers.empty())
      return success();
    OpBuilder builder(function.getContext());
    auto arenaType = MemRefType::get({bytes}, builder.getI8Type());
    unsigned index = function.getNumArguments();
    auto attributes = builder.getDictionaryAttr({
        builder.getNamedAttr(attribute::arena, builder.getUnitAttr()),
        builder.getNamedAttr(LLVM::LLVMDialect::getAlignAttrName(), builder.getI64IntegerAttr(alignment)),
        builder.getNamedAttr(LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr()),
    });
    if (failed(function.insertArgument(index, arenaType, attributes, function.getLoc())))
      return failure();
    Value arena = function.getArgument(index);
    for (Buffer &buffer : buffers) {
      builder.setInsertionPoint(buffer.op);
      Value offset = arith::ConstantIndexOp::create(builder, buffer.op.getLoc(), buffer.offset);
      Value view =
          memref::ViewOp::create(builder, buffer.op.getLoc(), buffer.op.getType(), arena, offset, ValueRange{});
      buffer.op.replaceAllUsesWith(view);
      buffer.op.erase();
    }
    return success();
  }

private:
  /// What writes a buffer first, and whether a reverse pass reads what came about before it.
  std::pair<Location, bool> useOf(memref::AllocOp alloc) {
    Operation *writer = nullptr;
    SmallVector<Operation *> readers;
    for (Value alias : flow.resolve(alloc.getResult()))
      for (Operation *user : alias.getUsers()) {
        auto touches = dyn_cast<MemoryEffectOpInterface>(user);
        bool called = isa<func::CallOp>(user); // a contraction: it may read, or write
        if (!touches && !called)
          continue;
        if (called || touches.getEffectOnValue<MemoryEffects::Read>(alias))
          readers.push_back(user);
        if ((called || touches.getEffectOnValue<MemoryEffects::Write>(alias)) &&
            (!writer || order.span(user).first < order.span(writer).first))
          writer = user;
      }
    if (!writer)
      return {alloc.getLoc(), false};
    int64_t made = originOf(writer->getLoc()).order;
    bool saved = llvm::any_of(readers, [&](Operation *reader) {
      Origin origin = originOf(reader->getLoc());
      return origin.reverse && origin.order > made;
    });
    return {writer->getLoc(), saved};
  }

  /// How often an op runs: the product of the counts that are known.
  static double rounds(Operation *op) {
    double times = 1;
    for (auto loop = op->getParentOfType<LoopLikeOpInterface>(); loop;
         loop = loop->getParentOfType<LoopLikeOpInterface>())
      if (std::optional<APInt> count = loop.getStaticTripCount())
        times *= double(count->getSExtValue());
    return times;
  }

  static double touched(Operation *op) {
    double bytes = 0;
    for (Value operand : op->getOperands())
      if (auto type = dyn_cast<MemRefType>(operand.getType()))
        bytes += double(byteSize(type));
    return bytes;
  }

  Buffer lifetime(memref::AllocOp alloc) {
    int64_t size = llvm::alignTo(byteSize(alloc.getType()), alignment);
    Buffer buffer{alloc, size, std::numeric_limits<int64_t>::max(), order.span(alloc).first};
    auto extend = [&](Operation *op) {
      auto [begin, end] = order.span(op);
      buffer.first = std::min(buffer.first, begin);
      buffer.last = std::max(buffer.last, end);
    };
    for (Value alias : flow.resolve(alloc.getResult())) {
      Operation *origin = alias.getParentBlock()->getParentOp();
      if (Operation *definition = alias.getDefiningOp())
        origin = definition;
      if (origin != alloc && origin->isProperAncestor(alloc))
        extend(origin);
      for (Operation *user : alias.getUsers()) {
        // The outermost operation around the user that does not hold the alloc, where it repeats its body.
        Operation *whole = user;
        for (Operation *outer = user->getParentOp(); outer != function && !outer->isProperAncestor(alloc);
             outer = outer->getParentOp())
          if (!isa<scf::IfOp>(outer))
            whole = outer;
        extend(whole);
      }
    }
    buffer.first = std::min(buffer.first, buffer.last); // never used
    return buffer;
  }

  func::FuncOp function;
  Order order;
  BufferViewFlowAnalysis flow;
  std::vector<Buffer> buffers;
};

struct PlanMemoryPass : impl::TdsPlanMemoryBase<PlanMemoryPass> {
  explicit PlanMemoryPass(MemoryPlan *plan = nullptr) : plan(plan) {}
  MemoryPlan *plan;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    int64_t most = 0;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!function->hasAttr(attribute::entry))
        continue;
      Planner planner(function);
      if (failed(planner.collect()))
        return signalPassFailure();
      int64_t bytes = planner.place();
      if (plan)
        planner.describe(*plan);
      if (failed(planner.rewrite(bytes)))
        return signalPassFailure();
      most = std::max(most, bytes);
    }
    module->setAttr(attribute::arenaBytes, IntegerAttr::get(IntegerType::get(&getContext(), 64), most));
  }
};

} // namespace

std::unique_ptr<Pass> createTdsPlanMemoryPass(MemoryPlan *plan) { return std::make_unique<PlanMemoryPass>(plan); }

} // namespace tds
