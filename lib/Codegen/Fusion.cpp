//===- Fusion.cpp - make one linalg.generic of many -----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each block is walked once, from the top: a reader takes in the producers of what it reads, which have taken in
// theirs. What a producer computes for others too becomes a further result of the fused op, or is computed again where
// that costs less than its memory. Bodies move rather than being cloned, so a chain of n ops costs n steps.
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Fusion.h"
#include "lib/Codegen/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
using namespace mlir;

namespace tds {
#define GEN_PASS_DEF_TDSFUSION
#include "lib/Codegen/Passes.h.inc"

namespace {

/// Computing this much again is cheaper than a tensor in memory: a conversion, a scale, an index.
constexpr int64_t cheap = 2;
/// A loop of more streams than this gains nothing from a further op.
constexpr unsigned mostOperands = 24;

/// Additions that the body takes the time of, roughly.
int64_t bodyCost(linalg::GenericOp op) {
  int64_t cost = 0;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (inner.getNumRegions() || isa<tensor::ExtractOp>(inner) || !isMemoryEffectFree(&inner))
      cost += 100;
    else if (isa<math::MathDialect>(inner.getDialect()) || isa<arith::DivFOp, arith::RemFOp>(inner))
      cost += 10;
    else if (!isa<arith::ConstantOp, linalg::IndexOp>(inner))
      cost += 1;
  }
  return cost;
}

int64_t volume(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

/// The operation of `block` that holds `op`.
Operation *inBlock(Operation *op, Block *block) { return block->findAncestorOpInBlock(*op); }

/// Whether all uses of the op's results outside of `reader` come after it.
bool usedAfterOnly(Operation *op, Operation *reader) {
  return llvm::all_of(op->getUsers(), [&](Operation *user) {
    Operation *place = inBlock(user, op->getBlock());
    return place == reader || reader->isBeforeInBlock(place);
  });
}

class BlockFusion {
public:
  BlockFusion(Block &block, RewriterBase &rewriter) : block(block), rewriter(rewriter) {}

  void run() {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto generic = dyn_cast<linalg::GenericOp>(op))
        sumInPlace(generic);
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto generic = dyn_cast<linalg::GenericOp>(op))
        fuseProducers(generic);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        rewriter.eraseOp(&op);
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto generic = dyn_cast<linalg::GenericOp>(op); generic && isPointwise(generic))
        fuseSiblings(generic);
  }

private:
  /// y + (a contraction into zeros)  =>  the contraction into y. Of a sum of many, the gradient of weights that are
  /// used many times, one is in memory at a time and none is read again.
  void sumInPlace(linalg::GenericOp sum) {
    if (!isSum(sum))
      return;
    for (unsigned k : {1u, 0u}) {
      Value y = sum.getDpsInputs()[1 - k];
      auto product = sum.getDpsInputs()[k].getDefiningOp<linalg::GenericOp>();
      if (!product || !product->hasAttr(attribute::contract) || product->getBlock() != &block ||
          !product->hasOneUse() || product.getNumDpsInits() != 1 || product.getResult(0).getType() != y.getType())
        continue;
      auto zeros = product.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
      auto argument = dyn_cast<BlockArgument>(y); // a function's is not written to
      bool given = (argument && !isa<LoopLikeOpInterface>(argument.getOwner()->getParentOp())) ||
                   matchPattern(y, m_Constant()) || y.getDefiningOp<linalg::FillOp>();
      if (!zeros || !matchPattern(zeros.value(), m_AnyZeroFloat()) || given || !y.hasOneUse() ||
          !isThereBefore(y, product))
        continue;
      rewriter.modifyOpInPlace(product, [&] { product.getDpsInitsMutable()[0].set(y); });
      rewriter.replaceOp(sum, product.getResult(0));
      return;
    }
  }

  /// Whether a value is there where an op stands; a slice is moved there, which costs nothing. The op does not move:
  /// what it reads would live longer.
  bool isThereBefore(Value v, Operation *op) {
    Operation *definition = v.getDefiningOp();
    auto isBefore = [&](Value v) {
      Operation *made = v.getDefiningOp();
      return !made || made->getBlock() != &block || made->isBeforeInBlock(op);
    };
    if (isBefore(v))
      return true;
    if (!isa<tensor::ExtractSliceOp>(definition) || !llvm::all_of(definition->getOperands(), isBefore))
      return false;
    rewriter.moveOpBefore(definition, op);
    return true;
  }

  /// Whether an op is x + y of two tensors of floats of its own shape.
  static bool isSum(linalg::GenericOp op) {
    if (op->hasAttr(attribute::contract) || op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
        op.getNumParallelLoops() != op.getNumLoops() ||
        !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
      return false;
    Block &body = *op.getBody();
    auto add = dyn_cast<arith::AddFOp>(&body.front());
    return add && add->getNextNode() == body.getTerminator() &&
           body.getTerminator()->getOperand(0) == add.getResult() &&
           ((add.getLhs() == body.getArgument(0) && add.getRhs() == body.getArgument(1)) ||
            (add.getLhs() == body.getArgument(1) && add.getRhs() == body.getArgument(0)));
  }

  void fuseProducers(linalg::GenericOp reader) {
    reader = simplifyOperands(rewriter, reader);
    if (reader->hasAttr(attribute::contract))
      return;
    for (bool changed = true; changed;) {
      changed = false;
      for (OpOperand *operand : reader.getDpsInputOperands()) {
        auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
        if (!producer || producer->getBlock() != &block || !isPointwise(producer))
          continue;
        if (linalg::GenericOp fused = tryFuse(producer, reader, *operand)) {
          reader = fused;
          changed = true;
          break;
        }
      }
    }
  }

  /// Whether a producer's body reads a tensor that is written to on the way to the reader: read there, it would have to
  /// be copied.
  bool wouldReadLate(linalg::GenericOp producer, linalg::GenericOp reader) {
    WalkResult result = producer.getBody()->walk([&](tensor::ExtractOp read) {
      for (OpOperand &use : read.getTensor().getUses()) {
        auto style = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
        if (!(style && style.isDpsInit(&use)) && !isa<scf::ForOp, scf::WhileOp, tensor::InsertOp>(use.getOwner()))
          continue;
        Operation *place = inBlock(use.getOwner(), &block);
        if (place && producer->isBeforeInBlock(place) && place->isBeforeInBlock(reader))
          return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    return result.wasInterrupted();
  }

  linalg::GenericOp tryFuse(linalg::GenericOp producer, linalg::GenericOp reader, OpOperand &operand) {
    if (producer->getNumOperands() + reader->getNumOperands() > mostOperands || wouldReadLate(producer, reader))
      return {};
    bool readOnce = llvm::all_of(producer->getUsers(), [&](Operation *user) { return user == reader; });
    // Reads at other places of the producer's space would leave it alive: other operands, or a tensor.extract in the
    // body.
    bool readAlike = llvm::all_of(producer->getUses(), [&](OpOperand &use) {
      if (reader->isProperAncestor(use.getOwner()))
        return false;
      return use.getOwner() != reader || (reader.isDpsInput(&use) && producerLoops(producer, reader, use) ==
                                                                         producerLoops(producer, reader, operand));
    });
    int64_t points = volume(cast<RankedTensorType>(operand.get().getType()).getShape());
    bool recomputes = volume(reader.getStaticLoopRanges()) > points;
    bool isCheap = bodyCost(producer) <= cheap;
    if (recomputes && !isCheap)
      return {};
    if (readOnce && readAlike)
      return fuseProducer(rewriter, producer, reader, operand, Producer::vanishes);
    bool keeps = readAlike && !recomputes && isPointwise(reader) &&
                 reader.getMatchingIndexingMap(&operand).isPermutation() && usedAfterOnly(producer, reader);
    bool stored = llvm::any_of(producer->getUsers(), [](Operation *user) { return !isa<linalg::GenericOp>(user); });
    if (keeps && (stored || !isCheap))
      return fuseProducer(rewriter, producer, reader, operand, Producer::becomesResult);
    if (isCheap)
      return fuseProducer(rewriter, producer, reader, operand, Producer::stays);
    return {};
  }

  /// Takes an earlier op over the same space that shares an input into this one, at the place where both can be.
  void fuseSiblings(linalg::GenericOp op) {
    for (bool changed = true; changed;) {
      changed = false;
      for (OpOperand *operand : op.getDpsInputOperands()) {
        linalg::GenericOp other = findSibling(op, *operand);
        if (!other)
          continue;
        op = fuseSibling(rewriter, other, op);
        changed = true;
        break;
      }
    }
  }

  linalg::GenericOp findSibling(linalg::GenericOp op, OpOperand &shared) {
    unsigned seen = 0;
    for (OpOperand &use : shared.get().getUses()) {
      if (++seen > 16) // an input of everything: the search would be quadratic
        break;
      auto other = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (!other || other == op || other->getBlock() != &block || !other->isBeforeInBlock(op) || !isPointwise(other) ||
          !other.isDpsInput(&use) || other.getStaticLoopRanges() != op.getStaticLoopRanges() ||
          other->getNumOperands() + op->getNumOperands() > mostOperands ||
          other.getMatchingIndexingMap(&use) != op.getMatchingIndexingMap(&shared))
        continue;
      if (llvm::none_of(other->getUsers(), [&](Operation *user) {
            Operation *place = inBlock(user, &block);
            return place == op || place->isBeforeInBlock(op);
          }))
        return other;
    }
    return {};
  }

  Block &block;
  RewriterBase &rewriter;
};

/// Whether a pointwise op may write where it reads `operand`: the tensor ends here, each of its elements read in the
/// place of the same element of `init`.
bool endsHere(linalg::GenericOp op, OpOperand &operand, OpOperand &init) {
  auto made = operand.get().getDefiningOp<linalg::LinalgOp>();
  if (!made || made->getBlock() != op->getBlock() || operand.get().getType() != init.get().getType())
    return false;
  return llvm::all_of(operand.get().getUses(), [&](OpOperand &use) {
    auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
    if (!user || user->getBlock() != op->getBlock() || !user.isDpsInput(&use))
      return false;
    return user == op ? op.getMatchingIndexingMap(&use) == op.getMatchingIndexingMap(&init) : user->isBeforeInBlock(op);
  });
}

/// A pointwise result goes where an operand of the same shape ends:  outs(empty)  =>  outs(operand)
void reuseOperands(linalg::GenericOp op) {
  SmallPtrSet<Value, 4> taken;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    if (!init.get().getDefiningOp<tensor::EmptyOp>())
      continue;
    for (OpOperand *operand : op.getDpsInputOperands())
      if (endsHere(op, *operand, init) && taken.insert(operand->get()).second) {
        init.set(operand->get());
        break;
      }
  }
}

/// Each accumulator gets a fill of its own, just before it: CSE merges equal ones, and bufferisation would copy that
/// one.
void separateFills(func::FuncOp function, RewriterBase &rewriter) {
  SmallVector<OpOperand *> inits;
  function.walk([&](linalg::LinalgOp op) {
    for (OpOperand &init : op.getDpsInitsMutable())
      if (init.get().getDefiningOp<linalg::FillOp>())
        inits.push_back(&init);
  });
  for (OpOperand *init : inits) {
    auto fill = init->get().getDefiningOp<linalg::FillOp>();
    auto empty = fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>();
    if (!empty)
      continue;
    if (fill->hasOneUse() && fill->getBlock() == init->getOwner()->getBlock()) {
      rewriter.moveOpBefore(fill, init->getOwner());
      continue;
    }
    rewriter.setInsertionPoint(init->getOwner());
    IRMapping mapping;
    mapping.map(fill.getOutputs()[0], rewriter.clone(*empty)->getResult(0));
    init->set(rewriter.clone(*fill, mapping)->getResult(0));
  }
}

/// x * y + z may become one instruction wherever the program says it; not so in what we write ourselves later.
void allowFusedMultiplyAdd(Operation *root) {
  root->walk([](arith::ArithFastMathInterface op) {
    if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
      return;
    auto flags = op.getFastMathFlagsAttr() ? op.getFastMathFlagsAttr().getValue() : arith::FastMathFlags::none;
    op->setAttr(op.getFastMathAttrName(),
                arith::FastMathFlagsAttr::get(op->getContext(), flags | arith::FastMathFlags::contract));
  });
}

/// pad  =>  insert_slice into a fill, so that the source can be computed in its place
LogicalResult decomposePads(func::FuncOp function) {
  SmallVector<Operation *> pads;
  function.walk([&](tensor::PadOp pad) { pads.push_back(pad); });
  if (pads.empty())
    return success();
  RewritePatternSet patterns(function.getContext());
  linalg::populateDecomposePadPatterns(patterns);
  return applyOpPatternsGreedily(pads, std::move(patterns));
}

struct FusionPass : impl::TdsFusionBase<FusionPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (failed(decomposePads(function)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    SmallVector<Block *> blocks;
    function.walk([&](Block *block) {
      if (!isa<linalg::LinalgOp>(block->getParentOp()) && !block->getParentOp()->getParentOfType<linalg::LinalgOp>())
        blocks.push_back(block);
    });
    for (Block *block : blocks) {
      BlockFusion fusion(*block, rewriter);
      fusion.run();
    }
    DominanceInfo dominance;
    function.walk([&](linalg::GenericOp op) {
      eliminateCommonSubExpressions(rewriter, dominance, op);
      if (isPointwise(op))
        reuseOperands(op);
    });
    separateFills(function, rewriter);
    allowFusedMultiplyAdd(function);
  }
};

} // namespace
} // namespace tds
