//===- Autodiff.cpp - the pass tds-autodiff -------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Autodiff/Autodiff.h"
#include "lib/Autodiff/Derivatives.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace tds;

namespace tds {
#define GEN_PASS_DEF_TDSAUTODIFF
#include "lib/Autodiff/Passes.h.inc"
} // namespace tds

void Made::notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) {
  ops.insert(op);
  Location loc = op->getLoc();
  if (auto named = dyn_cast<NameLoc>(loc))
    loc = named.getChildLoc();
  op->setLoc(withOrigin(loc, origin));
}

void Made::name(Value value, Value of) {
  auto name = dyn_cast<NameLoc>(of.getLoc());
  Operation *op = value.getDefiningOp();
  if (!name || !op || !ops.contains(op) || isa<NameLoc>(op->getLoc()))
    return;
  auto derived = StringAttr::get(op->getContext(), "d_" + name.getName().getValue());
  op->setLoc(NameLoc::get(derived, op->getLoc()));
}

bool tds::isWithin(Value v, Block *block) {
  for (Block *at = v.getParentBlock(); at; at = at->getParentOp() ? at->getParentOp()->getBlock() : nullptr)
    if (at == block)
      return true;
  return false;
}

LogicalResult tds::refuse(Operation *op) {
  if (auto host = dyn_cast<HostOp>(op))
    return op->emitError() << "`" << host.getName() << "` is an `extern def` and has no derivative";
  return op->emitError() << "`" << op->getName() << "` has no derivative yet";
}

void tds::inlineRequest(Operation *request, ValueRange wrt) {
  Block &body = request->getRegion(0).front();
  Operation *yield = body.getTerminator();
  for (auto [argument, value] : llvm::zip_equal(body.getArguments(), wrt))
    argument.replaceAllUsesWith(value);
  SmallVector<Value> results(yield->getOperands());
  request->getBlock()->getOperations().splice(request->getIterator(), body.getOperations(), body.begin(),
                                              yield->getIterator());
  request->replaceAllUsesWith(results);
  request->erase();
}

void tds::addReadStates(Block *body, Block::BlockArgListType states, OperandRange yielded,
                        SmallVectorImpl<bool> &wanted) {
  llvm::SmallPtrSet<Operation *, 32> seen;
  SmallVector<Value> work;
  for (auto [k, v] : llvm::enumerate(yielded))
    if (wanted[k])
      work.push_back(v);
  while (!work.empty()) {
    Value v = work.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(v)) {
      auto *state = llvm::find(states, argument);
      if (size_t k = state - states.begin(); state != states.end() && !wanted[k]) {
        wanted[k] = true;
        work.push_back(yielded[k]);
      }
      continue;
    }
    Operation *op = v.getDefiningOp();
    if (op->getBlock() == body && seen.insert(op).second)
      op->walk([&](Operation *inner) { llvm::append_range(work, inner->getOperands()); });
  }
}

/// What a loop carries for nobody goes: neither a result that is used comes of it, nor another round of such.
static void dropUnreadState(scf::ForOp loop) {
  Operation *yield = loop.getBody()->getTerminator();
  unsigned count = loop.getNumResults();
  SmallVector<bool> read(count);
  for (unsigned k = 0; k < count; ++k)
    read[k] = !loop.getResult(k).use_empty();
  addReadStates(loop.getBody(), loop.getRegionIterArgs(), yield->getOperands(), read);
  if (llvm::all_of(read, [](bool r) { return r; }))
    return;
  SmallVector<Value> inits;
  llvm::BitVector dropped(loop.getBody()->getNumArguments()), ofYield(count);
  for (unsigned k = 0; k < count; ++k)
    if (read[k]) {
      inits.push_back(loop.getInitArgs()[k]);
    } else {
      dropped.set(k + 1);
      ofYield.set(k);
    }
  yield->eraseOperands(ofYield);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*loop.getBody())))
    if (&op != yield && op.use_empty() && isMemoryEffectFree(&op))
      op.erase();
  for (unsigned k = 0; k < count; ++k) // an inner loop that still reads it is gone too, or reads what it was
    if (!read[k] && !loop.getRegionIterArgs()[k].use_empty())
      loop.getRegionIterArgs()[k].replaceAllUsesWith(loop.getInitArgs()[k]);
  OpBuilder b(loop);
  auto shorter =
      scf::ForOp::create(b, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(), inits);
  loop.getBody()->eraseArguments(dropped);
  shorter.getRegion().takeBody(loop.getRegion());
  for (unsigned k = 0, next = 0; k < count; ++k)
    if (read[k])
      loop.getResult(k).replaceAllUsesWith(shorter.getResult(next++));
  loop.erase();
}

/// Walks made partial derivatives of operands that do not vary, and primal values that no derivative needs.
static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isOpTriviallyDead(&op)) {
      op.erase();
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        eraseDead(inner);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      dropUnreadState(loop);
  }
}

namespace {
struct TdsAutodiffPass : tds::impl::TdsAutodiffBase<TdsAutodiffPass> {
  explicit TdsAutodiffPass(int64_t keep) : keep(keep) {}
  const int64_t keep;

  void runOnOperation() override {
    SmallVector<Operation *> requests; // a post-order walk: innermost first
    getOperation().walk([&](Operation *op) {
      if (isa<VjpOp, JvpOp>(op))
        requests.push_back(op);
    });
    llvm::SmallSetVector<Operation *, 4> functions;
    Origin origin;
    Shared shared{keep};
    getOperation().walk([&](BarrierOp op) { shared.barriers = std::max(shared.barriers, int64_t(op.getNumber())); });
    for (Operation *request : requests) {
      if (auto function = request->getParentOfType<func::FuncOp>())
        functions.insert(function);
      auto reverse = dyn_cast<VjpOp>(request);
      origin = {origin.order + 1, bool(reverse)};
      if (failed(reverse ? expand(reverse, origin, shared) : expand(cast<JvpOp>(request), origin, shared)))
        return signalPassFailure();
    }
    SmallVector<CompositeOp> checkpoints; // inner ones first; they have done their work
    getOperation().walk([&](CompositeOp op) {
      if (isCheckpoint(op))
        checkpoints.push_back(op);
    });
    llvm::for_each(checkpoints, inlineBody);
    getOperation().walk([](scf::ForOp loop) { loop->removeAttr(keepAttribute); });
    for (Operation *function : functions)
      for (Block &block : function->getRegion(0))
        eraseDead(block);
  }
};
} // namespace

std::unique_ptr<Pass> tds::createTdsAutodiffPass(int64_t keep) { return std::make_unique<TdsAutodiffPass>(keep); }
