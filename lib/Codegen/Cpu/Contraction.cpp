//===- Contraction.cpp - contractions become packed, tiled loops ----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   linalg.generic {tds.contract} ins(a, b) outs(c)  =>  call @tds.contraction_N(%call, a, b, c, scratch...)
//
// with a function for each set of shapes and strides. Its loops for tiles:
//
//   for batches by batchGroup, panels of b by nGroup, k by block, panels of a by mGroup:
//     parallel over panels:  pack b (the first time), pack a
//     parallel over batches, panels of a by mTask, panels of b by nTask:
//       for each panel of b, each panel of a:  micro kernel
//
// All packing of a block is done before its tasks, so that tasks are free to cut both m and n and no buffer belongs to
// a worker. k is never cut between tasks: what is added to what depends on shapes alone.
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/ContractionKernels.h"
#include "lib/Codegen/Cpu/ContractionPlan.h"
#include "lib/Codegen/Cpu/Cpu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tds {
namespace {

/// Fills the function of one contraction.
class Nest {
public:
  Nest(Emitter &emit, ContractionKernels &kernels, const Contraction &contraction, const ContractionPlan &plan,
       bool accumulate)
      : emit(emit), kernels(kernels), c(contraction), plan(plan), accumulate(accumulate) {}

  void dots();
  void tiles();

  std::array<Value, 3> base;    // pointers to the operands
  Value lhsScratch, rhsScratch; // pointers, or null

private:
  using Range = std::pair<Value, Value>; // begin, end
  void parallel(Value count, int64_t atOnce, Emitter::Body body);
  void ranges(Value begin, Value end, int64_t step, llvm::function_ref<void(Value, Value)> body);
  void steps(llvm::ArrayRef<ContractionLoop> loops, llvm::function_ref<void(ArrayRef<Value>)> body);
  Value move(Value pointer, Side side, const ContractionLoop &loop, Value step);
  Value batchAt(Side side, Value batch);
  void pack(Side side, Value source, Value target, Value panel, Value length);
  void tile(Value lhsPanel, Value rhsPanel, Value m, Value n, Value result, Value length, Value add);
  Value firstRow(Value panel);
  void call(func::FuncOp function, ValueRange arguments) {
    func::CallOp::create(emit.builder, emit.loc, function, arguments);
  }

  Emitter &emit;
  ContractionKernels &kernels;
  const Contraction &c;
  const ContractionPlan &plan;
  bool accumulate;
};

/// A loop whose rounds are handed out so many at a time.
void Nest::parallel(Value count, int64_t atOnce, Emitter::Body body) {
  if (!plan.parallel)
    return emit.loop(count, body);
  Value step = emit.index(atOnce);
  scf::ParallelOp::create(emit.builder, emit.loc, emit.index(0), count, step,
                          [&](OpBuilder &, Location, ValueRange begin) {
                            Value end = emit.min(emit.add(begin[0], step), count);
                            emit.loop(begin[0], end, emit.index(1), body);
                          });
}

/// [begin, end) in parts of `step`, the last one maybe shorter; no loop for a single part known as such.
void Nest::ranges(Value begin, Value end, int64_t step, llvm::function_ref<void(Value, Value)> body) {
  std::optional<int64_t> low = getConstantIntValue(begin), high = getConstantIntValue(end);
  if (low && high && *high - *low <= step)
    return body(begin, end);
  emit.loop(begin, end, emit.index(step), [&](Value i) { body(i, emit.min(emit.add(i, emit.index(step)), end)); });
}

void Nest::steps(llvm::ArrayRef<ContractionLoop> loops, llvm::function_ref<void(ArrayRef<Value>)> body) {
  SmallVector<Value> indices;
  std::function<void()> next = [&] {
    if (indices.size() == loops.size())
      return body(indices);
    emit.loop(emit.index(loops[indices.size()].size), [&](Value i) {
      indices.push_back(i);
      next();
      indices.pop_back();
    });
  };
  next();
}

Value Nest::move(Value pointer, Side side, const ContractionLoop &loop, Value step) {
  if (loop.stride[side] == 0)
    return pointer;
  return emit.at(pointer, emit.mul(step, loop.stride[side]), c.element[side]);
}

/// Where an operand's part of a batch begins.
Value Nest::batchAt(Side side, Value batch) {
  Value pointer = base[side];
  for (auto [i, loop] : llvm::enumerate(plan.batch)) {
    bool last = i + 1 == plan.batch.size();
    Value size = emit.index(loop.size);
    pointer = move(pointer, side, loop, last ? batch : emit.rem(batch, size));
    batch = last ? batch : emit.div(batch, size);
  }
  return pointer;
}

/// The row of m0 where panel `panel` of a begins.
Value Nest::firstRow(Value panel) {
  Value row = emit.mul(panel, plan.rows);
  return plan.extra ? emit.add(row, emit.min(panel, emit.index(plan.extra))) : row;
}

/// Panel `panel` of an operand, from a pointer to its block.
void Nest::pack(Side side, Value source, Value target, Value panel, Value length) {
  const ContractionLoop &outer = side == lhs ? plan.m1 : plan.n1, &inner = side == lhs ? plan.m0 : plan.n0;
  int64_t panels = side == lhs ? plan.mPanels : plan.nPanels;
  Value within = outer.size == 1 ? panel : emit.rem(panel, emit.index(panels));
  source = outer.size == 1 ? source : move(source, side, outer, emit.div(panel, emit.index(panels)));
  Value first, count;
  if (side == lhs) {
    first = firstRow(within);
    count = emit.index(plan.rows);
    if (plan.extra)
      count = emit.sub(firstRow(emit.add(within, emit.index(1))), first);
  } else {
    first = emit.mul(within, plan.width);
    count = emit.min(emit.index(plan.width), emit.sub(emit.index(inner.size), first));
  }
  source = move(source, side, inner, first);

  PackKernel kernel{c.element[out],        c.element[side], side == lhs ? plan.packedRows : plan.width,
                    PackKernel::scattered, false,           false};
  bool blockIsInner = plan.innerK.size == 1;
  const ContractionLoop &k0 = blockIsInner ? plan.blockK : plan.innerK, &k1 = blockIsInner ? plan.innerK : plan.blockK;
  if (inner.stride[side] == 1)
    kernel.order = PackKernel::alongWidth;
  else if (k0.stride[side] == 1)
    kernel.order = PackKernel::alongK;
  kernel.full = side == lhs ? plan.extra == 0 && plan.rows == plan.packedRows : plan.n0.size % plan.width == 0;
  kernel.shortK = kernel.order == PackKernel::alongK && plan.shortestK() < kernels.lanes(c.element[out]);
  Value k0Size = blockIsInner ? length : emit.index(k0.size), k1Size = blockIsInner ? emit.index(1) : length;
  call(kernels.get(kernel), {source, target, count, emit.index(inner.stride[side]), k0Size, emit.index(k0.stride[side]),
                             k1Size, emit.index(k1.stride[side])});
}

/// The micro kernel for panel `m` of m0 and panel `n` of n0: of four, the one for their sizes.
void Nest::tile(Value lhsPanel, Value rhsPanel, Value m, Value n, Value result, Value length, Value add) {
  int64_t lanes = kernels.lanes(c.element[out]), left = plan.n0.size % plan.width;
  auto run = [&](int64_t rows, int64_t width) {
    MicroKernel kernel;
    kernel.element = c.element[out];
    kernel.lhs = plan.packLhs ? c.element[out] : c.element[lhs];
    kernel.rhs = plan.packRhs ? c.element[out] : c.element[rhs];
    kernel.rows = rows;
    kernel.vectors = llvm::divideCeil(width, lanes);
    kernel.partial = width % lanes != 0;
    kernel.masked = kernel.partial && !plan.packRhs;
    kernel.fresh = !accumulate && !plan.severalBlocks();
    kernel.scattered = plan.n0.stride[out] != 1 && plan.n0.size > 1;
    kernel.lhsRow = plan.packLhs ? 1 : plan.m0.stride[lhs];
    kernel.lhsK = plan.packLhs ? plan.packedRows : plan.blockK.stride[lhs];
    kernel.rhsK = plan.packRhs ? plan.width : plan.blockK.stride[rhs];
    Value k = emit.mul(length, plan.innerK.size);
    call(kernels.get(kernel), {k, lhsPanel, rhsPanel, result, emit.index(plan.m0.stride[out]),
                               emit.index(plan.n0.stride[out]), add, emit.index(width)});
  };
  auto rowsOf = [&](int64_t width) {
    if (plan.extra == 0)
      return run(plan.rows, width);
    emit.branch(
        emit.less(m, emit.index(plan.extra)), [&] { run(plan.rows + 1, width); }, [&] { run(plan.rows, width); });
  };
  if (left == 0)
    return rowsOf(plan.width);
  if (plan.nPanels == 1)
    return rowsOf(left);
  emit.branch(emit.equal(n, emit.index(plan.nPanels - 1)), [&] { rowsOf(left); }, [&] { rowsOf(plan.width); });
}

void Nest::tiles() {
  int64_t batches = Contraction::count(plan.batch);
  int64_t mAll = plan.mPanels * plan.m1.size, nAll = plan.nPanels * plan.n1.size;
  Value zero = emit.index(0), one = emit.index(1);
  Type element = c.element[out];
  auto scratchAt = [&](Value scratch, Value batch, int64_t group, Value panel, int64_t panelSize) {
    return emit.at(scratch, emit.mul(emit.add(emit.mul(batch, group), panel), panelSize), element);
  };

  auto block = [&](Range batch, Range n, Range m, ArrayRef<Value> outer, Range k) {
    Value length = emit.sub(k.second, k.first);
    auto atBlock = [&](Side side, Value pointer) {
      for (auto [loop, step] : llvm::zip_equal(plan.outerK, outer))
        pointer = move(pointer, side, loop, step);
      return move(pointer, side, plan.blockK, k.first);
    };
    Value batchCount = emit.sub(batch.second, batch.first);
    Value mCount = emit.sub(m.second, m.first), nCount = emit.sub(n.second, n.first);

    if (plan.packLhs || plan.packRhs) {
      Value ofLhs = plan.packLhs ? mCount : zero, ofRhs = plan.packRhs ? nCount : zero;
      if (plan.packRhs && plan.mGroup < mAll)
        ofRhs = arith::SelectOp::create(emit.builder, emit.loc, emit.equal(m.first, zero), nCount, zero);
      Value each = emit.add(ofLhs, ofRhs);
      parallel(emit.mul(batchCount, each), plan.packsAtOnce, [&](Value i) {
        Value group = batches == 1 ? zero : emit.div(i, each), panel = batches == 1 ? i : emit.rem(i, each);
        Value which = emit.add(batch.first, group);
        auto packLhs = [&] {
          Value target = scratchAt(lhsScratch, group, plan.mGroup, panel, plan.lhsPanel());
          pack(lhs, atBlock(lhs, batchAt(lhs, which)), target, emit.add(m.first, panel), length);
        };
        auto packRhs = [&] {
          Value local = emit.sub(panel, ofLhs);
          Value target = scratchAt(rhsScratch, group, plan.nGroup, local, plan.rhsPanel());
          pack(rhs, atBlock(rhs, batchAt(rhs, which)), target, emit.add(n.first, local), length);
        };
        if (plan.packLhs && plan.packRhs)
          emit.branch(emit.less(panel, ofLhs), packLhs, packRhs);
        else
          plan.packLhs ? packLhs() : packRhs();
      });
    }

    Value add = arith::ConstantIntOp::create(emit.builder, emit.loc, accumulate, 1);
    auto later = [&](Value step) {
      if (!accumulate) {
        Value moved = emit.less(zero, step);
        add = emit.builder.createOrFold<arith::OrIOp>(emit.loc, add, moved);
      }
    };
    for (Value step : outer)
      later(step);
    later(k.first);

    Value mTasks = emit.ceilDiv(mCount, plan.mTask), nTasks = emit.ceilDiv(nCount, plan.nTask);
    Value each = emit.mul(mTasks, nTasks);
    parallel(emit.mul(batchCount, each), plan.tasksAtOnce, [&](Value i) {
      Value group = batches == 1 ? zero : emit.div(i, each), part = batches == 1 ? i : emit.rem(i, each);
      Value which = emit.add(batch.first, group);
      Value mBegin = emit.add(m.first, emit.mul(emit.rem(part, mTasks), plan.mTask));
      Value nBegin = emit.add(n.first, emit.mul(emit.div(part, mTasks), plan.nTask));
      Value mEnd = emit.min(emit.add(mBegin, emit.index(plan.mTask)), m.second);
      Value nEnd = emit.min(emit.add(nBegin, emit.index(plan.nTask)), n.second);
      std::array<Value, 3> start = {atBlock(lhs, batchAt(lhs, which)), atBlock(rhs, batchAt(rhs, which)),
                                    batchAt(out, which)};
      emit.loop(nBegin, nEnd, one, [&](Value nPanel) {
        Value n0 = plan.n1.size == 1 ? nPanel : emit.rem(nPanel, emit.index(plan.nPanels));
        Value n1 = plan.n1.size == 1 ? zero : emit.div(nPanel, emit.index(plan.nPanels));
        auto column = [&](Side side) {
          return move(move(start[side], side, plan.n1, n1), side, plan.n0, emit.mul(n0, plan.width));
        };
        Value rhsPanel = plan.packRhs
                             ? scratchAt(rhsScratch, group, plan.nGroup, emit.sub(nPanel, n.first), plan.rhsPanel())
                             : column(rhs);
        Value outColumn = column(out);
        emit.loop(mBegin, mEnd, one, [&](Value mPanel) {
          Value m0 = plan.m1.size == 1 ? mPanel : emit.rem(mPanel, emit.index(plan.mPanels));
          Value m1 = plan.m1.size == 1 ? zero : emit.div(mPanel, emit.index(plan.mPanels));
          auto row = [&](Side side, Value pointer) {
            return move(move(pointer, side, plan.m1, m1), side, plan.m0, firstRow(m0));
          };
          Value lhsPanel = plan.packLhs
                               ? scratchAt(lhsScratch, group, plan.mGroup, emit.sub(mPanel, m.first), plan.lhsPanel())
                               : row(lhs, start[lhs]);
          tile(lhsPanel, rhsPanel, m0, n0, row(out, outColumn), length, add);
        });
      });
    });
  };

  ranges(zero, emit.index(batches), plan.batchGroup, [&](Value batch, Value batchEnd) {
    ranges(zero, emit.index(nAll), plan.nGroup, [&](Value n, Value nEnd) {
      steps(plan.outerK, [&](ArrayRef<Value> outer) {
        ranges(zero, emit.index(plan.blockK.size), plan.block, [&](Value k, Value kEnd) {
          ranges(zero, emit.index(mAll), plan.mGroup,
                 [&](Value m, Value mEnd) { block({batch, batchEnd}, {n, nEnd}, {m, mEnd}, outer, {k, kEnd}); });
        });
      });
    });
  });
}

//   parallel over batches, columns by width:  dot kernel
void Nest::dots() {
  Value add = arith::ConstantIntOp::create(emit.builder, emit.loc, accumulate, 1);
  Value panels = emit.index(plan.nPanels);
  int64_t left = plan.n0.size % plan.width;
  parallel(emit.index(Contraction::count(plan.batch) * plan.nPanels), plan.tasksAtOnce, [&](Value i) {
    Value batch = plan.nPanels == 1 ? i : emit.div(i, panels);
    Value panel = plan.nPanels == 1 ? emit.index(0) : emit.rem(i, panels);
    Value column = emit.mul(panel, plan.width);
    Value b = move(batchAt(rhs, batch), rhs, plan.n0, column), result = move(batchAt(out, batch), out, plan.n0, column);
    Value a = batchAt(lhs, batch);
    auto run = [&](int64_t columns) {
      DotKernel kernel{c.element[out], c.element[lhs],      c.element[rhs],     plan.rows,
                       columns,        plan.m0.stride[lhs], plan.n0.stride[rhs]};
      call(kernels.get(kernel), {emit.index(plan.blockK.size), a, b, result, emit.index(plan.m0.stride[out]),
                                 emit.index(plan.n0.stride[out]), add});
    };
    if (left == 0)
      return run(plan.width);
    emit.branch(emit.equal(panel, emit.index(plan.nPanels - 1)), [&] { run(left); }, [&] { run(plan.width); });
  });
}

//===- The pass -----------------------------------------------------------===//

/// The buffer that a chain of views shows.
Value viewed(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

/// Whether `op`, or an op inside it, reads or writes memory through a view of `buffer`.
bool mayTouch(Operation *op, Value buffer) {
  return op
      ->walk([&](Operation *inner) {
        bool uses = !isa<ViewLikeOpInterface>(inner) && llvm::any_of(inner->getOperands(), [&](Value operand) {
          return isa<MemRefType>(operand.getType()) && viewed(operand) == buffer;
        });
        return uses ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// The fill with zero that is the last to write the result before `op`, if nothing reads that in between.
linalg::FillOp findZeroFill(linalg::GenericOp op) {
  Value result = op.getDpsInits()[0], buffer = viewed(result);
  for (Operation *before = op->getPrevNode(); before; before = before->getPrevNode()) {
    auto fill = dyn_cast<linalg::FillOp>(before);
    if (fill && fill.output() == result && matchPattern(fill.value(), m_AnyZeroFloat()))
      return fill;
    if (mayTouch(before, buffer))
      return {};
  }
  return {};
}

struct ContractionsPass : PassWrapper<ContractionsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ContractionsPass)
  ContractionsPass() = default;
  ContractionsPass(const ContractionsPass &other) : PassWrapper(other) {}
  explicit ContractionsPass(const ContractionOptions &options) {
    vectorBits = options.vectorBits;
    parallel = options.parallel;
    explain = options.explain;
  }

  StringRef getArgument() const override { return "tds-contractions"; }
  StringRef getDescription() const override { return "contractions become calls of packed, tiled loops"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, LLVM::LLVMDialect, memref::MemRefDialect, scf::SCFDialect,
                    vector::VectorDialect>();
  }

  void runOnOperation() override {
    kernels.emplace(getOperation(), vectorBits);
    functions.clear();
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      if (op->hasAttr("tds.contract"))
        ops.push_back(op);
    });
    for (linalg::GenericOp op : ops)
      rewrite(op);
  }

private:
  void rewrite(linalg::GenericOp op);
  func::FuncOp functionFor(const Contraction &contraction, const ContractionPlan &plan, bool accumulate, bool givesCall,
                           TypeRange arguments);

  Option<unsigned> vectorBits{*this, "vector-bits", llvm::cl::desc("of a register"), llvm::cl::init(256)};
  Option<bool> parallel{*this, "parallel", llvm::cl::desc("cut long ones into tasks"), llvm::cl::init(true)};
  Option<bool> explain{*this, "explain", llvm::cl::desc("say what each became"), llvm::cl::init(false)};
  std::optional<ContractionKernels> kernels;
  llvm::StringMap<func::FuncOp> functions; // by all that they depend on
};

void ContractionsPass::rewrite(linalg::GenericOp op) {
  if (llvm::is_contained(op.getStaticLoopRanges(), 0))
    return op.erase(); // the fill, if any, is the result
  std::string reason;
  FailureOr<Contraction> contraction = Contraction::match(op, &reason);
  // What runs in several threads already cannot share buffers that are one for the function.
  if (succeeded(contraction) && (op->getParentOfType<scf::ParallelOp>() || op->getParentOfType<scf::ForallOp>())) {
    contraction = failure();
    reason = "it is part of what runs on all cores already";
  }
  if (failed(contraction)) {
    if (explain)
      op.emitRemark("plain loops: ") << reason;
    return;
  }
  auto body = op->getParentOfType<func::FuncOp>();
  bool hasCall = body.getNumArguments() > 0 && isa<LLVM::LLVMPointerType>(body.getArgument(0).getType());
  Contraction whole = *contraction;
  ContractionPlan plan = ContractionPlan::make(*contraction, vectorBits, parallel && hasCall);
  if (explain)
    op.emitRemark(plan.describe(whole));
  if (plan.strategy == ContractionPlan::leave)
    return;
  linalg::FillOp fill = findZeroFill(op);

  OpBuilder builder(op);
  Location loc = op.getLoc();
  SmallVector<Value> arguments;
  if (plan.parallel)
    arguments.push_back(body.getArgument(0));
  for (unsigned operand : contraction->operand) {
    Value value = op->getOperand(operand);
    if (cast<MemRefType>(value.getType()).getLayout().isIdentity()) {
      arguments.push_back(value);
      continue;
    }
    // Functions take bare pointers: a view goes as its buffer and where it begins there.
    auto view = memref::ExtractStridedMetadataOp::create(builder, loc, value);
    arguments.push_back(view.getBaseBuffer());
    arguments.push_back(view.getOffset());
  }
  for (int64_t elements : {plan.lhsScratch(), plan.rhsScratch()})
    if (elements > 0) {
      auto type = MemRefType::get({elements}, contraction->element[out]);
      arguments.push_back(memref::AllocOp::create(builder, loc, type, builder.getI64IntegerAttr(64)));
    }
  func::FuncOp function = functionFor(*contraction, plan, !fill, hasCall, ValueRange(arguments).getTypes());
  func::CallOp::create(builder, loc, function, arguments);
  op.erase();
  if (fill)
    fill.erase();
}

func::FuncOp ContractionsPass::functionFor(const Contraction &contraction, const ContractionPlan &plan, bool accumulate,
                                           bool givesCall, TypeRange arguments) {
  std::string key;
  llvm::raw_string_ostream text(key);
  text << accumulate << plan.parallel;
  for (Type type : contraction.element)
    text << type;
  for (const ContractionLoops *loops : {&plan.batch, &plan.outerK})
    for (const ContractionLoop &loop : *loops)
      text << ',' << loop.size << ':' << loop.stride[lhs] << ':' << loop.stride[rhs] << ':' << loop.stride[out];
  for (const ContractionLoop *loop : {&plan.m1, &plan.m0, &plan.n1, &plan.n0, &plan.blockK, &plan.innerK})
    text << ';' << loop->size << ':' << loop->stride[lhs] << ':' << loop->stride[rhs] << ':' << loop->stride[out];
  for (Type type : arguments)
    text << ' ' << type;
  func::FuncOp &function = functions[key];
  if (function)
    return function;

  auto builder = OpBuilder::atBlockEnd(getOperation().getBody());
  Location loc = builder.getUnknownLoc();
  std::string name = ("tds.contraction_" + Twine(functions.size() - 1)).str();
  function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(arguments, {}));
  function.setPrivate();
  function.setNoInline(true);
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToStart(block);
  Emitter emit(builder, loc);
  auto next = block->args_begin() + (plan.parallel ? 1 : 0);
  auto pointer = [&](Value memref) -> Value {
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, memref);
    address = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), address);
    return LLVM::IntToPtrOp::create(builder, loc, LLVM::LLVMPointerType::get(&getContext()), address);
  };
  Nest nest(emit, *kernels, contraction, plan, accumulate);
  for (auto [base, element] : llvm::zip_equal(nest.base, contraction.element)) {
    base = pointer(*next++);
    if (next != block->args_end() && next->getType().isIndex())
      base = emit.at(base, *next++, element);
  }
  if (plan.lhsScratch() > 0)
    nest.lhsScratch = pointer(*next++);
  if (plan.rhsScratch() > 0)
    nest.rhsScratch = pointer(*next++);
  plan.strategy == ContractionPlan::dots ? nest.dots() : nest.tiles();
  func::ReturnOp::create(builder, loc);
  return function;
}

} // namespace

std::unique_ptr<Pass> createTdsContractionsPass(const ContractionOptions &options) {
  return std::make_unique<ContractionsPass>(options);
}

void registerTdsContractionPasses() {
  registerPass([] { return createTdsContractionsPass(); });
  registerPass([] { return createTdsParallelPass(); });
}

} // namespace tds
