//===- Bufferize.cpp - give each tensor a buffer --------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The entry point's results become memrefs that the caller has allocated (destination style), empty tensors are
// replaced by the places their values end in, and one-shot bufferisation decides the rest. Copies that remain are those
// the program needs: a result that is an argument, a loop's new state that reads all of the old one.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Bufferization/Transforms/Bufferize.h"
#include "lib/Codegen/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "runtime/abi/abi.h"
using namespace mlir;

namespace tds {
#define GEN_PASS_DEF_TDSBUFFERIZE
#include "lib/Codegen/Passes.h.inc"

namespace {

/// f(tensors) -> tensors  =>  NAME_body(call, memrefs of arguments, memrefs of results)
LogicalResult makeEntry(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitError("entry point with ") << function.getBody().getBlocks().size() << " blocks, expected one";
  Block &body = function.getBody().front();
  auto buffer = [](Type type) -> MemRefType {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape() ? MemRefType::get(tensor.getShape(), tensor.getElementType())
                                             : MemRefType();
  };
  for (Type type : llvm::concat<const Type>(function.getArgumentTypes(), function.getResultTypes()))
    if (!buffer(type))
      return function.emitError() << type << " in an entry point, expected a tensor of static shape";

  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  SmallVector<Type> types = {LLVM::LLVMPointerType::get(function.getContext())};
  for (BlockArgument argument : body.getArguments()) {
    auto tensor = cast<RankedTensorType>(argument.getType());
    argument.setType(buffer(tensor));
    types.push_back(argument.getType());
    bool donated = function.removeArgAttr(argument.getArgNumber(), attribute::donated) != nullptr;
    auto value = bufferization::ToTensorOp::create(builder, argument.getLoc(), tensor, argument, /*restrict=*/true,
                                                   /*writable=*/donated);
    argument.replaceAllUsesExcept(value, value);
  }
  body.insertArgument(0u, types.front(), function.getLoc());

  auto ret = cast<func::ReturnOp>(body.getTerminator());
  builder.setInsertionPoint(ret);
  for (Value result : ret.getOperands()) {
    types.push_back(buffer(result.getType()));
    Value place = body.addArgument(types.back(), result.getLoc());
    bufferization::MaterializeInDestinationOp::create(builder, result.getLoc(), Type(), result, place,
                                                      /*restrict=*/true,
                                                      /*writable=*/true);
  }
  ret->setOperands({});

  StringAttr name = function.getSymNameAttr();
  function->setAttr(attribute::entry, name);
  function.setSymName((name.getValue() + "_body").str());
  function.setPrivate();
  function.removeResAttrsAttr();
  function.setType(FunctionType::get(function.getContext(), types, {}));
  // Arguments are apart from each other, from results and from the arena; several names of one read-only tensor do no
  // harm.
  for (auto [index, type] : llvm::enumerate(types))
    if (isa<MemRefType>(type)) {
      function.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
      function.setArgAttr(index, LLVM::LLVMDialect::getAlignAttrName(), builder.getI64IntegerAttr(64));
    }
  return success();
}

/// What an inner loop made of the old state, in a buffer of its own because the old one is read again, goes back into
/// it:  materialize (for (%new = %old) ...) in %old  =>  for (%new = copy of %old). Bufferisation would make that copy
/// itself, but rejects the form before it decides.
void copyInit(OpBuilder &builder, Value from, Value to) {
  auto result = dyn_cast<OpResult>(from);
  if (!result || !isa<scf::ForOp, scf::WhileOp>(result.getOwner()))
    return;
  auto loop = cast<LoopLikeOpInterface>(result.getOwner());
  OpOperand &init = loop.getInitsMutable()[result.getResultNumber()];
  if (init.get() != to)
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  init.set(bufferization::AllocTensorOp::create(builder, loop.getLoc(), cast<RankedTensorType>(to.getType()),
                                                ValueRange{}, to));
}

/// A loop's new state goes where the old one is:  yield %new  =>  yield (materialize_in_destination %new in %old)
///
/// Needed unless the analysis finds %new there already. What a new state shares with another one's place (a swap) is
/// copied before any is overwritten. Returns whether it did anything.
bool keepState(MutableArrayRef<OpOperand> yielded, Block::BlockArgListType old,
               const bufferization::OneShotAnalysisState &state) {
  SmallVector<std::pair<OpOperand *, Value>> moves;
  for (auto [from, to] : llvm::zip(yielded, old))
    if (isa<RankedTensorType>(to.getType()) && from.get().getType() == to.getType() &&
        !state.areEquivalentBufferizedValues(from.get(), to))
      moves.push_back({&from, to});
  if (moves.empty())
    return false;
  Operation *terminator = yielded.front().getOwner();
  OpBuilder builder(terminator);
  Location loc = terminator->getLoc();
  for (auto [from, to] : moves) {
    copyInit(builder, from->get(), to);
    bool shared = llvm::any_of(old, [&, self = to](Value other) {
      return other != self && isa<RankedTensorType>(other.getType()) &&
             state.areAliasingBufferizedValues(from->get(), other);
    });
    if (shared)
      from->set(bufferization::AllocTensorOp::create(builder, loc, cast<RankedTensorType>(to.getType()), ValueRange{},
                                                     from->get()));
  }
  for (auto [from, to] : moves)
    from->set(bufferization::MaterializeInDestinationOp::create(builder, loc, from->get(), to).getResult());
  return true;
}

/// Makes each loop's state stay in one place, inner loops first: where an inner one leaves its state decides for the
/// outer.
LogicalResult keepLoopStates(Operation *root) {
  bool hasLoops = root->walk([](Operation *op) {
                        return isa<scf::ForOp, scf::WhileOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
                      })
                      .wasInterrupted();
  if (!hasLoops)
    return success();
  bufferization::OneShotBufferizationOptions options;
  options.allowReturnAllocsFromLoops = true;
  for (SmallPtrSet<Operation *, 4> changed;; changed.clear()) {
    bufferization::OneShotAnalysisState state(root, options);
    if (failed(bufferization::analyzeOp(root, state)))
      return failure();
    root->walk([&](Operation *op) {
      if (llvm::any_of(changed, [&](Operation *inner) { return op->isProperAncestor(inner); }))
        return;
      bool moved = false;
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        moved = keepState(loop.getBody()->getTerminator()->getOpOperands(), loop.getRegionIterArgs(), state);
      } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
        moved = keepState(loop.getConditionOp()->getOpOperands().drop_front(), loop.getBeforeArguments(), state);
        moved |= keepState(loop.getYieldOp()->getOpOperands(), loop.getAfterArguments(), state);
      }
      if (moved)
        changed.insert(op);
    });
    if (changed.empty())
      return success();
  }
}

/// In a loop, select %c, %a, %b of tensors  =>  a generic that writes %a's elements or %b's
///
/// Bufferisation makes a choice of buffers of it, and rejects one that goes back into a loop's state.
void selectElements(Operation *root) {
  SmallVector<arith::SelectOp> selects;
  root->walk([&](arith::SelectOp op) {
    if (isa<RankedTensorType>(op.getType()) && !isa<RankedTensorType>(op.getCondition().getType()) &&
        op->getParentOfType<LoopLikeOpInterface>())
      selects.push_back(op);
  });
  for (arith::SelectOp op : selects) {
    OpBuilder builder(op);
    auto type = cast<RankedTensorType>(op.getType());
    Value place = tensor::EmptyOp::create(builder, op.getLoc(), type.getShape(), type.getElementType());
    SmallVector<AffineMap> maps(3, builder.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
    auto generic = linalg::GenericOp::create(
        builder, op.getLoc(), type, ValueRange{op.getTrueValue(), op.getFalseValue()}, place, maps, iterators,
        [condition = op.getCondition()](OpBuilder &b, Location loc, ValueRange v) {
          linalg::YieldOp::create(b, loc, arith::SelectOp::create(b, loc, condition, v[0], v[1]).getResult());
        });
    op.replaceAllUsesWith(generic.getResult(0));
    op.erase();
  }
}

/// In a loop, a side of an `if` that hands on what is from before the loop, or a part of a tensor, hands on a copy:
/// bufferisation rejects a loop's state that may lie in such a buffer.
void copyInvariants(Operation *root) {
  root->walk([](scf::IfOp op) {
    auto loop = op->getParentOfType<LoopLikeOpInterface>();
    if (!loop || op.getNumResults() == 0)
      return;
    for (Region *side : {&op.getThenRegion(), &op.getElseRegion()})
      for (OpOperand &yielded : side->front().getTerminator()->getOpOperands())
        if (isa<RankedTensorType>(yielded.get().getType()) &&
            (loop.isDefinedOutsideOfLoop(yielded.get()) || yielded.get().getDefiningOp<tensor::ExtractSliceOp>())) {
          OpBuilder builder(yielded.getOwner());
          yielded.set(bufferization::AllocTensorOp::create(
              builder, op.getLoc(), cast<RankedTensorType>(yielded.get().getType()), ValueRange{}, yielded.get()));
        }
  });
}

/// while (%a, %b) { condition %b } do (%b)  =>  while (%a, %b) { condition %a, %b } do (%a, %b)
///
/// Canonicalisation leaves out what neither the round nor who comes after reads. Bufferisation wants the state whole:
/// what a round makes goes back where it was.
void passWholeState(Operation *root) {
  SmallVector<scf::WhileOp> loops;
  root->walk([&](scf::WhileOp loop) {
    auto passed = loop.getConditionOp().getArgs();
    auto state = loop.getBeforeArguments();
    bool ofState = llvm::all_of(passed, [&](Value v) { return llvm::is_contained(state, v); });
    if (ofState && !llvm::equal(passed, state))
      loops.push_back(loop);
  });
  for (scf::WhileOp loop : loops) {
    OpBuilder builder(loop);
    scf::ConditionOp condition = loop.getConditionOp();
    auto whole = scf::WhileOp::create(builder, loop.getLoc(), loop.getInits().getTypes(), loop.getInits());
    SmallVector<unsigned> places; // of what was passed, in the state
    for (Value v : condition.getArgs())
      places.push_back(cast<BlockArgument>(v).getArgNumber());
    condition.getArgsMutable().assign(SmallVector<Value>(loop.getBeforeArguments()));
    Block *after = loop.getAfterBody();
    unsigned count = after->getNumArguments();
    for (BlockArgument argument : loop.getBeforeArguments())
      after->addArgument(argument.getType(), argument.getLoc());
    for (auto [k, place] : llvm::enumerate(places)) {
      after->getArgument(unsigned(k)).replaceAllUsesWith(after->getArgument(count + place));
      loop.getResult(unsigned(k)).replaceAllUsesWith(whole.getResult(place));
    }
    after->eraseArguments(0, count);
    whole.getBefore().takeBody(loop.getBefore());
    whole.getAfter().takeBody(loop.getAfter());
    loop.erase();
  }
}

/// Whether a tensor is written to by this use of it.
bool isWritten(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto style = dyn_cast<DestinationStyleOpInterface>(op))
    return style.isDpsInit(&use);
  return isa<scf::ForOp, scf::WhileOp>(op) || (isa<tensor::InsertOp>(op) && use.getOperandNumber() == 1);
}

/// A small slice that is read after what it is a slice of was written to  =>  a copy of the slice. Bufferisation would
/// copy the whole.
void copySlices(Operation *root) {
  SmallVector<tensor::ExtractSliceOp> slices;
  root->walk([&](tensor::ExtractSliceOp op) { slices.push_back(op); });
  for (tensor::ExtractSliceOp slice : slices) {
    auto type = slice.getType();
    if (!type.hasStaticShape() || type.getNumElements() * 2 > slice.getSourceType().getNumElements())
      continue;
    Block *block = slice->getBlock();
    Operation *last = slice;
    SmallVector<Value> views{slice.getResult()};
    while (!views.empty())
      for (Operation *user : views.pop_back_val().getUsers()) {
        if (isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(user))
          views.push_back(user->getResult(0));
        Operation *place = block->findAncestorOpInBlock(*user);
        if (place && last->isBeforeInBlock(place))
          last = place;
      }
    bool overwritten = llvm::any_of(slice.getSource().getUses(), [&](OpOperand &use) {
      Operation *place = block->findAncestorOpInBlock(*use.getOwner());
      return isWritten(use) && place && slice->isBeforeInBlock(place) && place->isBeforeInBlock(last);
    });
    if (!overwritten)
      continue;
    OpBuilder builder(slice->getContext());
    builder.setInsertionPointAfter(slice);
    auto copy = bufferization::AllocTensorOp::create(builder, slice.getLoc(), type, ValueRange{}, slice.getResult());
    slice.getResult().replaceAllUsesExcept(copy, copy);
  }
}

/// What reads places of a tensor that is written to later gets a buffer of its own. Where its value ends may be in that
/// tensor; putting it there at once would be after the write.
void keepReads(Operation *root) {
  root->walk([](linalg::GenericOp op) {
    Block *block = op->getBlock();
    bool overwritten = op.getBody()
                           ->walk([&](tensor::ExtractOp read) {
                             for (OpOperand &use : read.getTensor().getUses()) {
                               Operation *place = block->findAncestorOpInBlock(*use.getOwner());
                               if (place && isWritten(use) && op->isBeforeInBlock(place))
                                 return WalkResult::interrupt();
                             }
                             return WalkResult::advance();
                           })
                           .wasInterrupted();
    if (!overwritten)
      return;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (init.get().getDefiningOp<tensor::EmptyOp>()) {
        OpBuilder builder(op);
        init.set(bufferization::AllocTensorOp::create(builder, op.getLoc(),
                                                      cast<RankedTensorType>(init.get().getType()), ValueRange{}));
      }
  });
}

/// Where loops start from an empty tensor.
SmallVector<OpOperand *> emptyInits(Operation *root) {
  SmallVector<OpOperand *> inits;
  root->walk([&](Operation *op) {
    if (isa<scf::ForOp, scf::WhileOp>(op))
      for (OpOperand &init : cast<LoopLikeOpInterface>(op).getInitsMutable())
        if (init.get().getDefiningOp<tensor::EmptyOp>())
          inits.push_back(&init);
  });
  return inits;
}

/// An inner loop that was given the old state of an outer one to fill gets a buffer of its own again:
///   for (%new = %old)  =>  for (%new = alloc)
/// Bufferisation rejects the form, as above, before it finds out whether the old state is still read.
void keepApart(OpOperand &init) {
  Value old = init.get();
  while (auto slice = old.getDefiningOp<tensor::ExtractSliceOp>())
    old = slice.getSource();
  auto state = dyn_cast<BlockArgument>(old);
  if (!state || !isa<scf::ForOp, scf::WhileOp>(state.getOwner()->getParentOp()))
    return;
  OpBuilder builder(init.getOwner());
  init.set(bufferization::AllocTensorOp::create(builder, init.getOwner()->getLoc(),
                                                cast<RankedTensorType>(init.get().getType()), ValueRange{}));
}

/// Everything that may share the buffer of these tensors: what ops make of them, not what they merely read.
void addSharers(Value tensor, DenseSet<Value> &sharers) {
  if (!isa<TensorType>(tensor.getType()) || !sharers.insert(tensor).second)
    return;
  for (OpOperand &use : tensor.getUses()) {
    Operation *op = use.getOwner();
    if (auto style = dyn_cast<DestinationStyleOpInterface>(op)) {
      if (style.isDpsInit(&use))
        addSharers(style.getTiedOpResult(&use), sharers);
      continue;
    }
    if (isa<bufferization::AllocTensorOp>(op))
      continue;
    for (Region &region : op->getRegions())
      for (Value argument : region.getArguments())
        addSharers(argument, sharers);
    Operation *holder = op->hasTrait<OpTrait::IsTerminator>() ? op->getParentOp() : op;
    for (Value result : holder->getResults())
      addSharers(result, sharers);
  }
}

/// Orders the writes to the places of results, which the analysis does not see: one's place may hold, from before, what
/// another result is a part of. Where each holds the other's, the one that waits is copied.
void orderResults(func::FuncOp function) {
  using bufferization::MaterializeInDestinationOp;
  SmallVector<MaterializeInDestinationOp> waiting;
  for (auto op : function.getBody().front().getOps<MaterializeInDestinationOp>())
    if (isa<MemRefType>(op.getDest().getType()))
      waiting.push_back(op);
  if (waiting.size() < 2)
    return;
  DenseMap<Operation *, DenseSet<Value>> holds;
  for (MaterializeInDestinationOp op : waiting)
    for (Operation *user : op.getDest().getUsers())
      if (auto early = dyn_cast<bufferization::ToTensorOp>(user))
        addSharers(early.getResult(), holds[op]);
  Operation *first = waiting.front(), *end = function.getBody().front().getTerminator();
  while (!waiting.empty()) {
    auto needs = [&](MaterializeInDestinationOp other, MaterializeInDestinationOp op) {
      return other != op && holds[op].contains(other.getSource());
    };
    auto next = llvm::find_if(
        waiting, [&](auto op) { return llvm::none_of(waiting, [&](auto other) { return needs(other, op); }); });
    if (next == waiting.end()) {
      next = waiting.begin();
      OpBuilder builder(first);
      for (MaterializeInDestinationOp other : waiting)
        if (needs(other, *next))
          other.getSourceMutable().assign(bufferization::AllocTensorOp::create(
              builder, other.getLoc(), cast<RankedTensorType>(other.getSource().getType()), ValueRange{},
              other.getSource()));
    }
    (*next)->moveBefore(end);
    waiting.erase(next);
  }
}

/// A constant tensor of one number that takes more than a page  =>  a fill for each use: what is written in place needs
/// a buffer of its own, and the code need not hold (nor the compiler build) the bytes.
void fillLargeConstants(ModuleOp module) {
  constexpr int64_t page = 4096;
  SmallVector<arith::ConstantOp> large;
  module.walk([&](arith::ConstantOp op) {
    auto splat = dyn_cast<SplatElementsAttr>(op.getValue());
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (splat && type && type.getElementType().isIntOrFloat() &&
        type.getNumElements() > page / ((type.getElementTypeBitWidth() + 7) / 8))
      large.push_back(op);
  });
  for (arith::ConstantOp op : large) {
    auto type = cast<RankedTensorType>(op.getType());
    for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
      OpBuilder b(use.getOwner());
      auto number = cast<TypedAttr>(cast<SplatElementsAttr>(op.getValue()).getSplatValue<Attribute>());
      Value element = arith::ConstantOp::create(b, op.getLoc(), number);
      Value empty = tensor::EmptyOp::create(b, op.getLoc(), type.getShape(), type.getElementType());
      use.set(linalg::FillOp::create(b, op.getLoc(), element, empty).getResult(0));
    }
    op.erase();
  }
}

/// call @tds_report_index(place, value, bound)  =>  tds_report(call->error, TDS_INDEX_OUTSIDE, place, value, bound)
/// call @tds_no_report()  =>  call->error->code == TDS_FINE
void lowerReports(ModuleOp module) {
  auto declaration = module.lookupSymbol<func::FuncOp>("tds_report_index");
  if (!declaration)
    return;
  MLIRContext *context = module.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  Type i32 = IntegerType::get(context, 32), i64 = IntegerType::get(context, 64);
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  LLVM::LLVMFuncOp report = module.lookupSymbol<LLVM::LLVMFuncOp>("tds_report");
  if (!report)
    report = LLVM::LLVMFuncOp::create(
        builder, declaration.getLoc(), "tds_report",
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer, i32, i32, i64, i64}));
  auto fine = module.lookupSymbol<func::FuncOp>("tds_no_report");
  for (auto function : module.getOps<func::FuncOp>()) {
    Value error;
    function.walk([&](func::CallOp call) {
      bool asks = fine && call.getCallee() == fine.getSymName();
      if (!asks && call.getCallee() != declaration.getSymName())
        return;
      if (!error) { // loaded once, at the top: a loop's body that becomes a function captures a pointer
        builder.setInsertionPointToStart(&function.getBody().front());
        constexpr int32_t slot = 4;
        auto fields = LLVM::LLVMStructType::getLiteral(context, SmallVector<Type>(slot + 1, pointer));
        Value place = LLVM::GEPOp::create(builder, call.getLoc(), pointer, fields, function.getArgument(0),
                                          ArrayRef<LLVM::GEPArg>{0, slot});
        error = LLVM::LoadOp::create(builder, call.getLoc(), pointer, place);
      }
      builder.setInsertionPoint(call);
      if (asks) {
        Value found = LLVM::LoadOp::create(builder, call.getLoc(), i32, error);
        Value none = LLVM::ConstantOp::create(builder, call.getLoc(), i32, builder.getI32IntegerAttr(TDS_FINE));
        call.replaceAllUsesWith(
            ValueRange{LLVM::ICmpOp::create(builder, call.getLoc(), LLVM::ICmpPredicate::eq, found, none)});
        call.erase();
        return;
      }
      Value code = LLVM::ConstantOp::create(builder, call.getLoc(), i32, builder.getI32IntegerAttr(TDS_INDEX_OUTSIDE));
      LLVM::CallOp::create(builder, call.getLoc(), report,
                           ValueRange{error, code, call.getOperand(0), call.getOperand(1), call.getOperand(2)});
      call.erase();
    });
  }
  declaration.erase();
  if (fine)
    fine.erase();
}

struct BufferizePass : impl::TdsBufferizeBase<BufferizePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    fillLargeConstants(module);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal() && failed(makeEntry(function)))
        return signalPassFailure();
    selectElements(module);
    copyInvariants(module);
    copySlices(module);
    keepReads(module);
    passWholeState(module);
    if (failed(keepLoopStates(module)))
      return signalPassFailure();

    IRRewriter rewriter(module.getContext());
    SmallVector<OpOperand *> inits = emptyInits(module);
    if (failed(bufferization::eliminateEmptyTensors(rewriter, module)))
      return signalPassFailure();
    for (OpOperand *init : inits)
      keepApart(*init);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal())
        orderResults(function);
    bufferization::OneShotBufferizationOptions options;
    options.opFilter.denyOperation([](Operation *op) { return isa<func::FuncDialect>(op->getDialect()); });
    options.memCpyFn = [](OpBuilder &builder, Location loc, Value from, Value to) -> LogicalResult {
      // A part of a tensor is a loop like others; memref.copy of one calls MLIR's runtime.
      auto whole = [](Value buffer) { return cast<MemRefType>(buffer.getType()).getLayout().isIdentity(); };
      if (whole(from) && whole(to))
        memref::CopyOp::create(builder, loc, from, to);
      else
        linalg::makeMemRefCopyOp(builder, loc, from, to);
      return success();
    };
    bufferization::BufferizationState state;
    if (failed(bufferization::runOneShotBufferize(module, options, state)))
      return signalPassFailure();
    lowerReports(module);
  }
};

} // namespace
} // namespace tds
