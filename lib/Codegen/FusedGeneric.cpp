//===- FusedGeneric.cpp - two linalg.generics made one --------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Fusion.h"
#include "lib/Codegen/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
using namespace mlir;

namespace tds {

bool isPointwise(linalg::GenericOp op) {
  if (op->hasAttr(attribute::contract) || !op.hasPureTensorSemantics() || op.getNumLoops() != op.getNumParallelLoops())
    return false;
  return llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
    return op.getMatchingIndexingMap(&init).isPermutation() && op.getMatchingBlockArgument(&init).use_empty();
  });
}

AffineMap producerLoops(linalg::GenericOp producer, linalg::GenericOp reader, OpOperand &operand) {
  OpResult result = cast<OpResult>(operand.get());
  AffineMap written = producer.getMatchingIndexingMap(producer.getDpsInitOperand(result.getResultNumber()));
  return inversePermutation(written).compose(reader.getMatchingIndexingMap(&operand));
}

namespace {

/// A linalg.generic in the making. Inputs are added with the block argument that stands for them in a body.
class Draft {
public:
  Draft(RewriterBase &rewriter, linalg::GenericOp like) : rewriter(rewriter), like(like) {}

  /// The number of the input, one for equal reads.
  unsigned input(Value value, AffineMap map) {
    for (auto [index, other] : llvm::enumerate(inputs))
      if (other == value && inputMaps[index] == map)
        return index;
    inputs.push_back(value);
    inputMaps.push_back(map);
    return inputs.size() - 1;
  }

  void output(Value value, AffineMap map) {
    outputs.push_back(value);
    outputMaps.push_back(map);
  }

  /// Whether each loop's size follows from an operand.
  bool determinesLoops() const {
    SmallVector<AffineMap> maps = inputMaps;
    llvm::append_range(maps, outputMaps);
    return inversePermutation(concatAffineMaps(maps, rewriter.getContext())) != AffineMap();
  }

  /// The op, with a body of arguments alone.
  linalg::GenericOp create() {
    SmallVector<AffineMap> maps = inputMaps;
    llvm::append_range(maps, outputMaps);
    rewriter.setInsertionPoint(like);
    auto op = linalg::GenericOp::create(rewriter, like.getLoc(), ValueRange(outputs).getTypes(), inputs, outputs, maps,
                                        like.getIteratorTypesArray());
    op->setDiscardableAttrs(like->getDiscardableAttrDictionary());
    Block *body = rewriter.createBlock(&op.getRegion());
    for (Value operand : op->getOperands())
      body->addArgument(getElementTypeOrSelf(operand.getType()), like.getLoc());
    return op;
  }

  unsigned numInputs() const { return inputs.size(); }

private:
  RewriterBase &rewriter;
  linalg::GenericOp like;
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> inputMaps, outputMaps;
};

/// Moves the operations of `from`, or clones of them, to the end of `to`, with `arguments` for its arguments; returns
/// what it yields.
SmallVector<Value> appendBody(RewriterBase &rewriter, Block *from, Block *to, ValueRange arguments, bool clone) {
  if (clone) {
    IRMapping mapping;
    mapping.map(from->getArguments(), arguments);
    rewriter.setInsertionPointToEnd(to);
    for (Operation &op : from->without_terminator())
      rewriter.clone(op, mapping);
    return llvm::map_to_vector(from->getTerminator()->getOperands(),
                               [&](Value v) { return mapping.lookupOrDefault(v); });
  }
  for (auto [old, value] : llvm::zip_equal(from->getArguments(), arguments))
    if (value)
      rewriter.replaceAllUsesWith(old, value);
  SmallVector<Value> yielded(from->getTerminator()->getOperands());
  to->getOperations().splice(to->end(), from->getOperations(), from->begin(), std::prev(from->end()));
  return yielded;
}

/// The indices of the loops that a moved body belonged to, in terms of those it belongs to now.
void rebaseIndices(RewriterBase &rewriter, Block::iterator begin, Block::iterator end, AffineMap loops) {
  for (Operation &op : llvm::make_early_inc_range(llvm::make_range(begin, end)))
    op.walk([&](linalg::IndexOp index) {
      rewriter.setInsertionPoint(index);
      AffineMap map = loops.getSubMap({unsigned(index.getDim())});
      Value value;
      if (auto dim = dyn_cast<AffineDimExpr>(map.getResult(0))) {
        value = linalg::IndexOp::create(rewriter, index.getLoc(), dim.getPosition());
      } else {
        SmallVector<Value> points;
        for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
          points.push_back(linalg::IndexOp::create(rewriter, index.getLoc(), dim));
        value = affine::AffineApplyOp::create(rewriter, index.getLoc(), map, points);
      }
      rewriter.replaceOp(index, value);
    });
}

} // namespace

linalg::GenericOp fuseProducer(RewriterBase &rewriter, linalg::GenericOp producer, linalg::GenericOp reader,
                               OpOperand &operand, Producer fate) {
  AffineMap loops = producerLoops(producer, reader, operand);
  auto agrees = [&](OpOperand *input) {
    return input->get().getDefiningOp() == producer && producerLoops(producer, reader, *input) == loops;
  };

  Draft draft(rewriter, reader);
  SmallVector<unsigned> readerInputs, producerInputs;
  for (OpOperand *input : reader.getDpsInputOperands())
    readerInputs.push_back(agrees(input) ? ~0u : draft.input(input->get(), reader.getMatchingIndexingMap(input)));
  for (OpOperand *input : producer.getDpsInputOperands())
    producerInputs.push_back(draft.input(input->get(), producer.getMatchingIndexingMap(input).compose(loops)));
  for (OpOperand &init : reader.getDpsInitsMutable())
    draft.output(init.get(), reader.getMatchingIndexingMap(&init));
  SmallVector<OpResult> kept;
  if (fate == Producer::becomesResult)
    for (OpResult result : producer->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return user != reader; })) {
        OpOperand *init = producer.getDpsInitOperand(result.getResultNumber());
        draft.output(init->get(), producer.getMatchingIndexingMap(init).compose(loops));
        kept.push_back(result);
      }
  if (!draft.determinesLoops())
    return {};
  linalg::GenericOp fused = draft.create();
  Block *body = fused.getBody();

  SmallVector<Value> arguments;
  for (unsigned input : producerInputs)
    arguments.push_back(body->getArgument(input));
  arguments.append(producer.getNumDpsInits(), fate == Producer::stays ? body->getArguments().back() : Value());
  SmallVector<Value> produced =
      appendBody(rewriter, producer.getBody(), body, arguments, /*clone=*/fate == Producer::stays);
  rebaseIndices(rewriter, body->begin(), body->end(), loops);

  arguments.clear();
  for (auto [index, input] : llvm::enumerate(reader.getDpsInputOperands()))
    arguments.push_back(readerInputs[index] == ~0u ? produced[cast<OpResult>(input->get()).getResultNumber()]
                                                   : Value(body->getArgument(readerInputs[index])));
  for (unsigned i = 0; i < reader.getNumDpsInits(); ++i)
    arguments.push_back(body->getArgument(draft.numInputs() + i));
  SmallVector<Value> yielded = appendBody(rewriter, reader.getBody(), body, arguments, /*clone=*/false);
  for (OpResult result : kept)
    yielded.push_back(produced[result.getResultNumber()]);
  rewriter.setInsertionPointToEnd(body);
  linalg::YieldOp::create(rewriter, reader.getLoc(), yielded);

  rewriter.replaceAllUsesWith(reader->getResults(), fused->getResults().take_front(reader->getNumResults()));
  rewriter.eraseOp(reader);
  for (auto [old, result] : llvm::zip(kept, fused->getResults().take_back(kept.size())))
    rewriter.replaceAllUsesWith(old, result);
  if (fate != Producer::stays)
    rewriter.eraseOp(producer);
  return fused;
}

linalg::GenericOp fuseSibling(RewriterBase &rewriter, linalg::GenericOp first, linalg::GenericOp second) {
  Draft draft(rewriter, second);
  SmallVector<unsigned> inputs[2];
  linalg::GenericOp ops[2] = {first, second};
  for (int i : {0, 1})
    for (OpOperand *input : ops[i].getDpsInputOperands())
      inputs[i].push_back(draft.input(input->get(), ops[i].getMatchingIndexingMap(input)));
  for (linalg::GenericOp op : ops)
    for (OpOperand &init : op.getDpsInitsMutable())
      draft.output(init.get(), op.getMatchingIndexingMap(&init));
  linalg::GenericOp fused = draft.create();
  SmallVector<Value> yielded;
  for (int i : {0, 1}) {
    SmallVector<Value> arguments;
    for (unsigned input : inputs[i])
      arguments.push_back(fused.getBody()->getArgument(input));
    arguments.append(ops[i].getNumDpsInits(), Value());
    llvm::append_range(yielded, appendBody(rewriter, ops[i].getBody(), fused.getBody(), arguments, /*clone=*/false));
  }
  rewriter.setInsertionPointToEnd(fused.getBody());
  linalg::YieldOp::create(rewriter, second.getLoc(), yielded);
  unsigned next = 0;
  for (linalg::GenericOp op : ops) {
    rewriter.replaceAllUsesWith(op->getResults(), fused->getResults().slice(next, op->getNumResults()));
    next += op->getNumResults();
    rewriter.eraseOp(op);
  }
  return fused;
}

linalg::GenericOp simplifyOperands(RewriterBase &rewriter, linalg::GenericOp op) {
  if (op->hasAttr(attribute::contract)) // A A^T reads one matrix twice, and stays an op of two inputs
    return op;
  Draft draft(rewriter, op);
  constexpr unsigned gone = ~0u;
  SmallVector<std::pair<unsigned, Value>> inputs; // its number in the new op, or the scalar in its place
  bool changed = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    Attribute constant;
    if (auto fill = input->get().getDefiningOp<linalg::FillOp>(); fill) {
      inputs.push_back({gone, fill.value()});
    } else if (auto splat = dyn_cast_if_present<SplatElementsAttr>(
                   matchPattern(input->get(), m_Constant(&constant)) ? constant : Attribute());
               splat && isa<FloatType, IntegerType, IndexType>(splat.getElementType())) {
      rewriter.setInsertionPoint(op);
      inputs.push_back(
          {gone, arith::ConstantOp::create(rewriter, op.getLoc(), cast<TypedAttr>(splat.getSplatValue<Attribute>()))});
    } else if (op.getMatchingBlockArgument(input).use_empty()) {
      inputs.push_back({gone, Value()});
    } else {
      unsigned before = draft.numInputs();
      inputs.push_back({draft.input(input->get(), map), Value()});
      changed |= draft.numInputs() == before;
      continue;
    }
    changed = true;
  }
  for (OpOperand &init : op.getDpsInitsMutable())
    draft.output(init.get(), op.getMatchingIndexingMap(&init));
  if (!changed || !draft.determinesLoops())
    return op;
  linalg::GenericOp result = draft.create();
  SmallVector<Value> arguments;
  for (auto [index, scalar] : inputs)
    arguments.push_back(index == gone ? scalar : Value(result.getBody()->getArgument(index)));
  for (unsigned i = 0; i < op.getNumDpsInits(); ++i)
    arguments.push_back(result.getBody()->getArgument(draft.numInputs() + i));
  SmallVector<Value> yielded = appendBody(rewriter, op.getBody(), result.getBody(), arguments, /*clone=*/false);
  rewriter.setInsertionPointToEnd(result.getBody());
  linalg::YieldOp::create(rewriter, op.getLoc(), yielded);
  rewriter.replaceOp(op, result);
  return result;
}

} // namespace tds
