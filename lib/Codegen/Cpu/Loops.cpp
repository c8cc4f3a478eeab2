//===- Loops.cpp - linalg on memrefs to loops over vectors ----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/NestEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tds {
namespace {

/// A reduction to single elements, in blocks whose number depends on the size alone:
///   for parallel block: partial[block] = reduce(its part);   out = combine(reduce(rest), partial[0], partial[1], ...)
bool emitBlocks(OpBuilder &b, const LoopNest &nest, const LoopPlan &plan) {
  if (plan.form != LoopPlan::rows || plan.nanoseconds <= parallelTime ||
      llvm::any_of(nest.loops, [](const LoopNest::Loop &loop) { return !loop.reduction; }))
    return false;
  unsigned split = plan.vectorLoop;
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop)
    if (loop != unsigned(plan.vectorLoop) && nest.loops[loop].size >= 16)
      split = loop;
  int64_t length = nest.loops[split].size;
  int64_t step = split == unsigned(plan.vectorLoop) ? plan.lanes * plan.unroll : 1;
  int64_t wanted = std::clamp<int64_t>(plan.nanoseconds / chunkTime, 2, 64);
  int64_t block = llvm::alignTo(llvm::divideCeil(length, wanted), step), blocks = length / block;
  if (blocks < 2 || nest.counts(split))
    return false;

  Location loc = nest.op->getLoc();
  LoopNest parts = nest, rest = nest;
  parts.loops[split].size = block;
  parts.loops.push_back({blocks, /*reduction=*/false, Value()});
  rest.loops[split].size = length - blocks * block;
  for (auto [part, left] : llvm::zip_equal(parts.operands, rest.operands)) {
    part.strides.push_back(part.strides[split] * block);
    left.offset += left.strides[split] * block * blocks;
    if (!part.accumulates)
      continue;
    OpBuilder::InsertionGuard guard(b); // outside of loops, where an alloca would grow the stack
    b.setInsertionPointToStart(&nest.op->getParentOfType<func::FuncOp>().front());
    part.value = memref::AllocaOp::create(b, loc, MemRefType::get({blocks}, part.element()));
    part.strides.assign(parts.loops.size(), 0);
    part.strides.back() = 1;
    part.offset = 0;
    part.fresh = true;
  }
  NestEmitter(b, parts, plan, /*parallel=*/true).emit();
  if (!rest.empty()) {
    LoopPlan restPlan = plan;
    restPlan.unroll = std::clamp<int64_t>(rest.loops[plan.vectorLoop].size / plan.lanes / 2, 1, plan.unroll);
    NestEmitter(b, rest, restPlan, /*parallel=*/false).emit();
  }

  for (auto [part, whole] : llvm::zip_equal(parts.operands, nest.operands)) {
    if (!part.accumulates)
      continue;
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    Value end = arith::ConstantIndexOp::create(b, loc, blocks);
    Values place;
    // What dimensions are left to an output of one element have size 1.
    SmallVector<AffineExpr> zeros(whole.map.getNumDims(), b.getAffineConstantExpr(0));
    for (AffineExpr expr : whole.map.getResults()) {
      auto position = cast<AffineConstantExpr>(expr.replaceDims(zeros));
      place.push_back(arith::ConstantIndexOp::create(b, loc, position.getValue()));
    }
    Value first = memref::LoadOp::create(b, loc, whole.value, place);
    auto loop = scf::ForOp::create(
        b, loc, zero, end, one, first, [&, part = part](OpBuilder &b, Location loc, Value block, ValueRange sum) {
          IRMapping map;
          Operation *combiner = part.combiner;
          Value former = whole.argument, other = combiner->getOperand(combiner->getOperand(0) == former);
          map.map(former, sum[0]);
          map.map(other, memref::LoadOp::create(b, loc, part.value, block).getResult());
          scf::YieldOp::create(b, loc, b.clone(*combiner, map)->getResults());
        });
    memref::StoreOp::create(b, loc, loop.getResult(0), whole.value, place);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct TdsLoops : PassWrapper<TdsLoops, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TdsLoops)

  TdsLoops() = default;
  TdsLoops(const TdsLoops &other) : PassWrapper(other) {}

  StringRef getArgument() const override { return "tds-loops"; }
  StringRef getDescription() const override { return "linalg ops on memrefs to loops over vectors"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, linalg::LinalgDialect, memref::MemRefDialect, scf::SCFDialect,
                    vector::VectorDialect>();
  }

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      // A copy of a whole buffer is a memcpy, which LLVM's lowering makes.
      auto copy = dyn_cast<memref::CopyOp>(op);
      bool strided = copy && !(cast<MemRefType>(copy.getSource().getType()).getLayout().isIdentity() &&
                               cast<MemRefType>(copy.getTarget().getType()).getLayout().isIdentity());
      if (isa<linalg::LinalgOp>(op) || strided)
        ops.push_back(op);
    });
    LoopsOptions options{.vectorBits = vectorBits, .vectorize = vectorize, .parallel = parallel};
    for (Operation *op : ops)
      if (failed(lower(op, options)))
        return signalPassFailure();
  }

  static LogicalResult lower(Operation *op, const LoopsOptions &options) {
    IRRewriter rewriter(op);
    linalg::GenericOp generic = dyn_cast<linalg::GenericOp>(op);
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      generic = linalg::makeMemRefCopyOp(rewriter, op->getLoc(), copy.getSource(), copy.getTarget());
      rewriter.eraseOp(op);
    } else if (!cast<linalg::LinalgOp>(op).hasPureBufferSemantics()) {
      return op->emitError("`tds-loops` takes ops on memrefs");
    } else if (!generic) {
      FailureOr<linalg::GenericOp> general = linalg::generalizeNamedOp(rewriter, cast<linalg::LinalgOp>(op));
      if (failed(general))
        return op->emitError("`tds-loops` cannot write this op as a `linalg.generic`");
      generic = *general;
    }
    rewriter.setInsertionPoint(generic);
    LoopNest nest = LoopNest::of(generic, rewriter);
    if (!nest.empty()) {
      LoopPlan plan = planLoops(nest, options);
      bool parallel = options.parallel && !generic->getParentOfType<scf::ParallelOp>();
      if (!parallel || !emitBlocks(rewriter, nest, plan))
        NestEmitter(rewriter, nest, plan, parallel).emit();
    }
    rewriter.eraseOp(generic);
    return success();
  }

  Option<unsigned> vectorBits{*this, "vector-bits", llvm::cl::desc("width of a register"), llvm::cl::init(256)};
  Option<bool> vectorize{*this, "vectorize", llvm::cl::desc("use vectors"), llvm::cl::init(true)};
  Option<bool> parallel{*this, "parallel", llvm::cl::desc("mark parallel loops"), llvm::cl::init(true)};
};

} // namespace

std::unique_ptr<Pass> createTdsLoopsPass(const LoopsOptions &options) {
  auto pass = std::make_unique<TdsLoops>();
  pass->vectorBits = options.vectorBits;
  pass->vectorize = options.vectorize;
  pass->parallel = options.parallel;
  return pass;
}

void registerTdsLoopsPasses() {
  registerPass([] { return createTdsLoopsPass(); });
  registerPass([] { return createTdsMathPass(); });
}

} // namespace tds
