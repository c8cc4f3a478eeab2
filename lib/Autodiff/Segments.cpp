//===- Segments.cpp - straight code that may not keep what it likes -------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block becomes a row of checkpoints, each of about as many bytes as may be kept, cut where the fewest bytes are in
// use. The last one stays as it is: it is walked back at once.
//
//===----------------------------------------------------------------------===//
#include "lib/Autodiff/Derivatives.h"
#include "lib/Autodiff/Saved.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tds;

/// What is not computed: it is as cheap again as it is kept.
static bool isGiven(Operation *op) { return isa<ConstantOp, SizeOp, IotaOp>(op); }

/// A checkpoint around these ops; gives the values that it has to hand on.
static void wrap(ArrayRef<Operation *> ops) {
  Block *block = ops.front()->getBlock();
  llvm::SmallPtrSet<Operation *, 32> inside(ops.begin(), ops.end());
  SmallVector<Value> results;
  for (Operation *op : ops)
    for (Value v : op->getResults())
      if (llvm::any_of(v.getUsers(),
                       [&](Operation *user) { return !inside.contains(block->findAncestorOpInBlock(*user)); }))
        results.push_back(v);
  OpBuilder b(ops.back()->getBlock(), std::next(ops.back()->getIterator()));
  Location loc = ops.front()->getLoc();
  auto checkpoint = CompositeOp::create(b, loc, ValueRange(results).getTypes(), "checkpoint", ValueRange());
  Block *body = b.createBlock(&checkpoint.getBody());
  for (auto [v, result] : llvm::zip_equal(results, checkpoint.getResults()))
    v.replaceUsesWithIf(
        result, [&](OpOperand &use) { return !inside.contains(block->findAncestorOpInBlock(*use.getOwner())); });
  for (Operation *op : ops)
    op->moveBefore(body, body->end());
  b.setInsertionPointToEnd(body);
  YieldOp::create(b, loc, results);
}

void tds::checkpointSegments(Block &block, int64_t keep) {
  SmallVector<Operation *> ops;
  SmallVector<int64_t> bytes; // of the results
  int64_t all = 0;
  for (Operation &op : block.without_terminator()) {
    if (isGiven(&op))
      continue;
    bool tensors = llvm::all_of(op.getResultTypes(), llvm::IsaPred<RankedTensorType>);
    int64_t own = 0;
    for (Value v : op.getResults())
      own += tensors && !isa<AccessOp, ReshapeOp>(op) ? bytesOf(v) : 0;
    ops.push_back(&op);
    bytes.push_back(own);
    all += own;
  }
  if (all <= keep)
    return;
  // In use behind op k: what it or one before it gives, and one after it reads.
  DenseMap<Operation *, size_t> place;
  for (auto [k, op] : llvm::enumerate(ops))
    place[op] = k;
  SmallVector<int64_t> change(ops.size() + 1);
  SmallVector<bool> may(ops.size(), true); // be cut behind: an index does not leave a region
  for (auto [k, op] : llvm::enumerate(ops))
    for (Value v : op->getResults()) {
      size_t last = k;
      for (Operation *user : v.getUsers()) {
        auto known = place.find(block.findAncestorOpInBlock(*user));
        last = std::max(last, known == place.end() ? ops.size() - 1 : known->second);
      }
      change[k] += bytesOf(v);
      change[last] -= bytesOf(v);
      if (!isa<RankedTensorType>(v.getType()))
        std::fill(may.begin() + k, may.begin() + last, false);
    }
  SmallVector<int64_t> live;
  int64_t now = 0;
  for (size_t k = 0; k < ops.size(); ++k)
    live.push_back(now += change[k]);

  SmallVector<SmallVector<Operation *>> segments(1);
  for (size_t begin = 0; begin < ops.size();) {
    std::optional<size_t> best;
    int64_t sum = 0;
    size_t k = begin;
    for (; k < ops.size(); ++k) {
      sum += bytes[k];
      if (best && sum > keep)
        break;
      if (may[k] && sum * 2 >= keep && (!best || live[k] <= live[*best]))
        best = k;
    }
    if (k == ops.size() || !best)
      break; // what is left is the last segment
    segments.emplace_back(ops.begin() + begin, ops.begin() + *best + 1);
    begin = *best + 1;
  }
  for (ArrayRef<Operation *> segment : segments)
    if (!segment.empty())
      wrap(segment);
}
