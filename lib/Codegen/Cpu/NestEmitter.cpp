//===- NestEmitter.cpp - writes the loops of a nest -----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/NestEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tds {

NestEmitter::NestEmitter(OpBuilder &builder, const LoopNest &nest, const LoopPlan &plan, bool parallel)
    : b(builder), loc(nest.op->getLoc()), nest(nest), plan(plan), parallel(parallel), counters(nest.loops.size()) {
  for (auto [index, loop] : llvm::enumerate(nest.loops))
    if (loop.reduction && int(index) != plan.vectorLoop)
      reductions.push_back(index);
  if (plan.form == LoopPlan::rows)
    reductions.push_back(plan.vectorLoop);
  inner = reductions;
  if (plan.form == LoopPlan::columns || plan.form == LoopPlan::pointwise)
    inner.push_back(plan.vectorLoop);
  if (plan.secondLoop >= 0)
    inner.push_back(plan.secondLoop);
  for (auto [index, operand] : llvm::enumerate(nest.operands))
    if (operand.accumulates)
      sumOperands.push_back(index);

  if (plan.vectorLoop < 0)
    return;
  steps = nest.stepsAlong(plan.vectorLoop);
  for (const NestOperand &operand : nest.operands)
    if (operand.argument && (operand.accumulates || (operand.isMemref() && operand.strides[plan.vectorLoop] != 0)))
      laneValues.insert(operand.argument);
  for (Operation &op : *nest.body()) {
    auto index = dyn_cast<linalg::IndexOp>(op);
    bool counts = index && nest.loopOfDim[index.getDim()] == plan.vectorLoop;
    if (counts || llvm::any_of(op.getOperands(), [&](Value value) { return laneValues.contains(value); }))
      laneValues.insert(op.result_begin(), op.result_end());
  }
}

//===----------------------------------------------------------------------===//
// Scopes and loops
//===----------------------------------------------------------------------===//

void NestEmitter::beginScope() {
  constants.clear();
  views.clear();
  anchor = arith::ConstantIndexOp::create(b, loc, 0);
  constants[0] = anchor->getResult(0);
  for (const NestOperand &operand : nest.operands) {
    auto type = dyn_cast<MemRefType>(operand.value.getType());
    if (!nest.flat || !type || type.getRank() == 0 || (type.getRank() == 1 && type.getLayout().isIdentity())) {
      views.push_back(operand.value);
      continue;
    }
    auto [strides, offset] = type.getStridesAndOffset();
    int64_t size = 1;
    for (auto [dim, stride] : llvm::zip_equal(type.getShape(), strides))
      size += std::max<int64_t>(dim - 1, 0) * stride;
    MemRefLayoutAttrInterface layout;
    if (offset != 0)
      layout = StridedLayoutAttr::get(b.getContext(), offset, {1});
    auto view = MemRefType::get({size}, type.getElementType(), layout, type.getMemorySpace());
    OpFoldResult start = b.getIndexAttr(offset);
    if (ShapedType::isDynamic(offset))
      start = memref::ExtractStridedMetadataOp::create(b, loc, operand.value).getOffset();
    views.push_back(memref::ReinterpretCastOp::create(b, loc, view, operand.value, start,
                                                      ArrayRef<OpFoldResult>{b.getIndexAttr(size)},
                                                      ArrayRef<OpFoldResult>{b.getIndexAttr(1)}));
  }
}

Value NestEmitter::constant(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfter(anchor);
    known = arith::ConstantIndexOp::create(b, loc, value);
  }
  return known;
}

Value NestEmitter::size(unsigned loop) {
  return nest.loops[loop].bound ? nest.loops[loop].bound : constant(nest.loops[loop].size);
}

Values NestEmitter::loop(Value from, Value to, Value step, ArrayRef<Value> carried, Step body) {
  auto loop = scf::ForOp::create(b, loc, from, to, step, carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Values yielded = body(loop.getInductionVar(), Values(loop.getRegionIterArgs()));
  if (carried.empty()) // the builder has made the terminator
    return {};
  scf::YieldOp::create(b, loc, yielded);
  return Values(loop.getResults());
}

/// A loop of one step is no loop.
Values NestEmitter::loop(int64_t from, int64_t to, int64_t step, ArrayRef<Value> carried, Step body) {
  if (from >= to)
    return Values(carried);
  if (from + step >= to)
    return body(constant(from), carried);
  return loop(constant(from), constant(to), constant(step), carried, body);
}

Values NestEmitter::loops(ArrayRef<unsigned> which, ArrayRef<Value> carried,
                          llvm::function_ref<Values(ArrayRef<Value>)> body) {
  if (which.empty())
    return body(carried);
  unsigned index = which.front();
  Values results = loop(constant(0), size(index), constant(1), carried, [&](Value counter, ArrayRef<Value> now) {
    counters[index] = counter;
    return loops(which.drop_front(), now, body);
  });
  counters[index] = Value();
  return results;
}

void NestEmitter::serially(ArrayRef<unsigned> which, llvm::function_ref<void()> body) {
  loops(which, {}, [&](ArrayRef<Value>) {
    body();
    return Values();
  });
}

//===----------------------------------------------------------------------===//
// Outer loops
//===----------------------------------------------------------------------===//

void NestEmitter::emit() {
  OpBuilder::InsertionGuard guard(b);
  beginScope();
  emitOuter();
}

void NestEmitter::emitOuter() {
  SmallVector<unsigned> outer;
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop)
    if (isOuter(loop))
      outer.push_back(loop);
  if (parallel && plan.nanoseconds > parallelTime && (emitParallelOuter(outer) || emitParallelStrips(outer)))
    return;
  serially(outer, [&] { emitInner(); });
}

/// scf.parallel over tiles of [0, count), each a range from, to.
void NestEmitter::parallelTiles(int64_t count, int64_t tile, llvm::function_ref<void(Value, Value)> body) {
  auto loop = scf::ParallelOp::create(b, loc, constant(0), constant(llvm::divideCeil(count, tile)), constant(1));
  auto outerConstants = constants;
  auto outerViews = views;
  Operation *outerAnchor = anchor;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    beginScope();
    Value from = loop.getInductionVars().front(), to;
    if (tile != 1)
      from = arith::MulIOp::create(b, loc, from, constant(tile));
    to = arith::AddIOp::create(b, loc, from, constant(tile));
    if (count % tile != 0)
      to = arith::MinSIOp::create(b, loc, to, constant(count));
    body(from, to);
  }
  constants = std::move(outerConstants);
  views = std::move(outerViews);
  anchor = outerAnchor;
}

/// The first loops, as many as give enough tiles, are walked as one.
bool NestEmitter::emitParallelOuter(ArrayRef<unsigned> outer) {
  constexpr int64_t enough = 64, fewest = 8;
  int64_t count = 1;
  unsigned flattened = 0;
  for (; flattened < outer.size() && count < enough; ++flattened) {
    if (ShapedType::isDynamic(nest.loops[outer[flattened]].size))
      break;
    count *= nest.loops[outer[flattened]].size;
  }
  int64_t tile = std::max<int64_t>(1, std::ceil(count * chunkTime / plan.nanoseconds));
  bool strips = plan.form == LoopPlan::pointwise || plan.form == LoopPlan::columns;
  if (tile >= count || (count < fewest && strips && nest.loops[plan.vectorLoop].size / unit() >= fewest))
    return false;
  parallelTiles(count, tile, [&](Value from, Value to) {
    auto row = [&](Value flat, ArrayRef<Value>) {
      for (unsigned index = flattened; index-- > 1;) {
        counters[outer[index]] = arith::RemUIOp::create(b, loc, flat, size(outer[index]));
        flat = arith::DivUIOp::create(b, loc, flat, size(outer[index]));
      }
      counters[outer[0]] = flat;
      serially(outer.drop_front(flattened), [&] { emitInner(); });
      return Values();
    };
    if (tile == 1)
      row(from, {});
    else
      loop(from, to, constant(1), {}, row);
  });
  return true;
}

/// Full strips in parallel, then the rest of each row.
bool NestEmitter::emitParallelStrips(ArrayRef<unsigned> outer) {
  if (plan.form != LoopPlan::pointwise && plan.form != LoopPlan::columns)
    return false;
  int64_t strips = nest.loops[plan.vectorLoop].size / unit();
  int64_t tile = std::max<int64_t>(1, std::ceil(strips * chunkTime / plan.nanoseconds));
  if (tile >= strips)
    return false;
  parallelTiles(strips * unit(), tile * unit(), [&](Value from, Value to) {
    serially(outer, [&] {
      enterInner();
      emitStrips(from, to, /*full=*/true, /*rest=*/false);
    });
  });
  if (nest.loops[plan.vectorLoop].size % unit() != 0)
    serially(outer, [&] {
      enterInner();
      emitStrips({}, {}, /*full=*/false, /*rest=*/true);
    });
  return true;
}

//===----------------------------------------------------------------------===//
// Inner loops
//===----------------------------------------------------------------------===//

void NestEmitter::emitInner() {
  enterInner();
  switch (plan.form) {
  case LoopPlan::scalars:
    return emitScalars();
  case LoopPlan::rows:
    return emitRows();
  case LoopPlan::pointwise:
  case LoopPlan::columns:
    return emitStrips({}, {}, /*full=*/true, /*rest=*/true);
  }
}

void NestEmitter::emitScalars() {
  Values sums, places = addresses({}, bases);
  for (unsigned operand : sumOperands)
    sums.push_back(load(operand, places[operand], 1, 1));
  sums = loops(reductions, sums, [&](ArrayRef<Value> now) { return evaluate(1, 1, now); });
  for (auto [operand, sum] : llvm::zip_equal(sumOperands, sums))
    store(operand, sum, places[operand], 1, 1);
}

/// Full strips between from and to (null: all of them), then what is left of the vector loop.
void NestEmitter::emitStrips(Value from, Value to, bool full, bool rest) {
  int64_t length = nest.loops[plan.vectorLoop].size, even = length - length % unit();
  auto strip = [&](Value start, ArrayRef<Value>) {
    emitStrip(start, unit());
    return Values();
  };
  if (full && from)
    loop(from, to, constant(unit()), {}, strip);
  else if (full)
    loop(0, even, unit(), {}, strip);
  if (rest && even != length)
    emitStrip(constant(even), length - even);
  counters[plan.vectorLoop] = Value();
}

void NestEmitter::emitStrip(Value start, int64_t length) {
  if (plan.form == LoopPlan::pointwise) {
    counters[plan.vectorLoop] = start;
    SmallVector<unsigned, 1> second;
    if (plan.secondLoop >= 0)
      second.push_back(plan.secondLoop);
    return serially(second, [&] { evaluate(plan.lanes, length, {}); });
  }

  struct Part {
    Value start;
    unsigned active;
    Values places;
  };
  SmallVector<Part> parts;
  Values sums;
  for (int64_t done = 0; done < length; done += plan.lanes) {
    Part part{start, unsigned(std::min<int64_t>(plan.lanes, length - done)), {}};
    if (done)
      part.start = arith::AddIOp::create(b, loc, start, constant(done));
    counters[plan.vectorLoop] = part.start;
    part.places = addresses(plan.vectorLoop, bases);
    for (unsigned operand : sumOperands)
      sums.push_back(load(operand, part.places[operand], plan.lanes, part.active));
    parts.push_back(std::move(part));
  }
  sums = loops(reductions, sums, [&](ArrayRef<Value> now) {
    Values next;
    for (auto [index, part] : llvm::enumerate(parts)) {
      counters[plan.vectorLoop] = part.start;
      llvm::append_range(next,
                         evaluate(plan.lanes, part.active, now.slice(index * sumOperands.size(), sumOperands.size())));
    }
    return next;
  });
  unsigned next = 0;
  for (Part &part : parts)
    for (unsigned operand : sumOperands)
      store(operand, sums[next++], part.places[operand], plan.lanes, part.active);
}

void NestEmitter::emitRows() {
  unsigned width = sumOperands.size(), vectorLoop = plan.vectorLoop;
  int64_t lanes = plan.lanes, length = nest.loops[vectorLoop].size, step = lanes * plan.unroll;
  int64_t unrolled = length - length % step, even = length - length % lanes;

  Values sums;
  for (unsigned operand : sumOperands) {
    TypedAttr neutral = *arith::getNeutralElement(nest.operands[operand].combiner);
    auto type = VectorType::get(lanes, neutral.getType());
    Attribute element = neutral;
    sums.push_back(arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, element)));
  }
  Values copies;
  for (unsigned copy = 0; copy < plan.unroll; ++copy)
    llvm::append_range(copies, sums);

  sums = loops(ArrayRef(reductions).drop_back(), copies, [&](ArrayRef<Value> now) {
    Values next = loop(0, unrolled, step, now, [&](Value start, ArrayRef<Value> now) {
      Values next;
      for (unsigned copy = 0; copy < plan.unroll; ++copy) {
        counters[vectorLoop] = copy ? arith::AddIOp::create(b, loc, start, constant(copy * lanes)) : start;
        llvm::append_range(next, evaluate(lanes, lanes, now.slice(copy * width, width)));
      }
      return next;
    });
    auto one = [&](Value start, ArrayRef<Value> now, unsigned active) {
      counters[vectorLoop] = start;
      return evaluate(lanes, active, now);
    };
    Values first = loop(unrolled, even, lanes, ArrayRef(next).take_front(width),
                        [&](Value start, ArrayRef<Value> now) { return one(start, now, lanes); });
    if (even != length)
      first = one(constant(even), first, length - even);
    llvm::copy(first, next.begin());
    counters[vectorLoop] = Value();
    return next;
  });

  Values places = addresses({}, bases);
  for (auto [position, operand] : llvm::enumerate(sumOperands)) {
    Operation *combiner = nest.operands[operand].combiner;
    Value sum = sums[position];
    for (unsigned copy = 1; copy < plan.unroll; ++copy)
      sum = inLanes(combiner, {sum, sums[copy * width + position]}, lanes)->getResult(0);
    // Free to be a tree: the lanes hold partial sums already.
    sum = vector::ReductionOp::create(b, loc, *linalg::getCombinerOpKind(combiner), sum, arith::FastMathFlags::reassoc);
    if (!nest.operands[operand].fresh)
      sum = inLanes(combiner, {load(operand, places[operand], 1, 1), sum}, 1)->getResult(0);
    store(operand, sum, places[operand], 1, 1);
  }
}

} // namespace tds
