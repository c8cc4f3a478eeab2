//===- Loops.cpp - linalg on memrefs to loops over vectors ----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/LoopNest.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tds {
namespace {

/// Below the first, threads cost more than they save; the second is worth one chunk. In ns.
constexpr double parallelTime = 30000, chunkTime = 15000;

using Values = SmallVector<Value>;

/// Writes one nest as its plan says, at the builder's position.
class NestEmitter {
public:
  NestEmitter(OpBuilder &builder, const LoopNest &nest, const LoopPlan &plan, bool parallel);
  void emit();

private:
  // A scope is a block in which constants and one-dimensional views of the operands stand first: the function's, or a
  // parallel loop's, so that such a loop captures whole buffers only.
  void beginScope();
  Value constant(int64_t value);
  Value size(unsigned loop);

  using Step = llvm::function_ref<Values(Value counter, ArrayRef<Value> carried)>;
  Values loop(Value from, Value to, Value step, ArrayRef<Value> carried, Step body);
  Values loop(int64_t from, int64_t to, int64_t step, ArrayRef<Value> carried, Step body);
  Values loops(ArrayRef<unsigned> which, ArrayRef<Value> carried, llvm::function_ref<Values(ArrayRef<Value>)> body);
  void serially(ArrayRef<unsigned> which, llvm::function_ref<void()> body);

  void emitOuter();
  bool emitParallelOuter(ArrayRef<unsigned> outer);
  bool emitParallelStrips(ArrayRef<unsigned> outer);
  void parallelTiles(int64_t count, int64_t tile, llvm::function_ref<void(Value from, Value to)> body);

  void emitInner();
  void emitScalars();
  void emitStrips(Value from, Value to, bool full, bool rest);
  void emitStrip(Value start, int64_t length);
  void emitRows();

  void enterInner();
  Values addresses(ArrayRef<unsigned> moved, ArrayRef<Value> bases);
  Values evaluate(unsigned lanes, unsigned active, ArrayRef<Value> sums);
  void clone(Operation &op, IRMapping &map);
  Value widen(Value original, IRMapping &map);
  Operation *inLanes(Operation *op, ArrayRef<Value> operands, unsigned lanes);
  Value load(unsigned operand, Value address, unsigned lanes, unsigned active);
  void store(unsigned operand, Value value, Value address, unsigned lanes, unsigned active);
  Value loadEach(memref::LoadOp load, ArrayRef<Value> indices, unsigned lanes, unsigned active);
  Value mask(unsigned lanes, unsigned active);
  Value counter(unsigned dim);
  Values indices(const NestOperand &operand);

  bool isOuter(unsigned loop) const { return !llvm::is_contained(inner, loop); }
  int64_t unit() const { return int64_t(plan.lanes) * (plan.form == LoopPlan::columns ? plan.unroll : 1); }

  OpBuilder &b;
  Location loc;
  const LoopNest &nest;
  const LoopPlan &plan;
  bool parallel;
  SmallVector<unsigned> inner;      // loops that emitInner makes
  SmallVector<unsigned> reductions; // the vector loop last
  SmallVector<unsigned> sumOperands;
  llvm::DenseSet<Value> laneValues; // of the body: differ along the vector loop

  Operation *anchor = nullptr;
  llvm::DenseMap<int64_t, Value> constants;
  Values views;

  Values counters; // one a loop, null outside of it
  Values bases;    // addresses as far as the outer loops move them
  IRMapping hoisted;
  llvm::DenseMap<Value, Value> splats; // of hoisted values
};

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

//===----------------------------------------------------------------------===//
// The body
//===----------------------------------------------------------------------===//

/// Computes, before the inner loops, what they do not change.
void NestEmitter::enterInner() {
  SmallVector<unsigned> outer;
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop)
    if (isOuter(loop))
      outer.push_back(loop);
  hoisted.clear();
  splats.clear();
  bases.clear();
  if (!nest.flat)
    return;
  bases = addresses(outer, {});

  for (auto [index, operand] : llvm::enumerate(nest.operands)) {
    bool fixed = !operand.output && llvm::all_of(inner, [&](unsigned loop) { return operand.strides[loop] == 0; });
    if (operand.argument && fixed)
      hoisted.map(operand.argument, load(index, bases[index], 1, 1));
  }
  auto known = [&](Value value) { return hoisted.contains(value) || value.getParentBlock() != nest.body(); };
  for (Operation &op : nest.body()->without_terminator()) {
    auto index = dyn_cast<linalg::IndexOp>(op);
    bool moves = index && llvm::is_contained(inner, unsigned(nest.loopOfDim[index.getDim()]));
    if (!moves && op.getNumRegions() == 0 && isPure(&op) && llvm::all_of(op.getOperands(), known))
      clone(op, hoisted);
  }
  if (plan.lanes == 1)
    return;
  for (Operation &op : *nest.body()) {
    bool wide = isa<linalg::YieldOp>(op) || (laneValues.contains(op.getResult(0)) && !isa<memref::LoadOp>(op));
    for (Value value : op.getOperands())
      if (wide && known(value) && !splats.contains(value))
        splats[value] = widen(value, hoisted);
  }
}

/// Where each operand is after the given loops have moved it from its base.
Values NestEmitter::addresses(ArrayRef<unsigned> moved, ArrayRef<Value> bases) {
  Values places;
  if (!nest.flat)
    return Values(nest.operands.size());
  for (auto [index, operand] : llvm::enumerate(nest.operands)) {
    auto twin = llvm::find_if(nest.operands, [&](const NestOperand &other) {
      return other.strides == operand.strides && other.offset == operand.offset;
    });
    if (auto first = size_t(twin - nest.operands.begin()); first < index) {
      places.push_back(places[first]);
      continue;
    }
    Value place = bases.empty() ? operand.offset ? constant(operand.offset) : Value() : bases[index];
    for (unsigned loop : moved) {
      int64_t stride = operand.strides[loop];
      if (stride == 0 || !counters[loop] || counters[loop] == constants[0])
        continue;
      Value step = counters[loop];
      if (stride != 1)
        step = arith::MulIOp::create(b, loc, step, constant(stride));
      place = place ? arith::AddIOp::create(b, loc, place, step) : step;
    }
    places.push_back(place);
  }
  return places;
}

Value NestEmitter::counter(unsigned dim) {
  int loop = nest.loopOfDim[dim];
  return loop < 0 ? constant(0) : counters[loop];
}

Values NestEmitter::indices(const NestOperand &operand) {
  auto values = affine::expandAffineMap(b, loc, operand.map, counters);
  return Values(values->begin(), values->end());
}

Value NestEmitter::mask(unsigned lanes, unsigned active) {
  SmallVector<bool> bits(lanes, false);
  std::fill_n(bits.begin(), active, true);
  auto type = VectorType::get(lanes, b.getI1Type());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, bits));
}

Value NestEmitter::load(unsigned index, Value address, unsigned lanes, unsigned active) {
  const NestOperand &operand = nest.operands[index];
  if (!operand.isMemref())
    return operand.value;
  if (!nest.flat)
    return memref::LoadOp::create(b, loc, operand.value, indices(operand));
  Value view = views[index];
  if (cast<MemRefType>(view.getType()).getRank() == 0)
    return memref::LoadOp::create(b, loc, view);
  if (!address)
    address = constant(0);
  int64_t stride = lanes == 1 ? 0 : operand.strides[plan.vectorLoop];
  if (stride == 0)
    return memref::LoadOp::create(b, loc, view, address);
  auto type = VectorType::get(lanes, operand.element());
  if (stride == 1 && active == lanes)
    return vector::LoadOp::create(b, loc, type, view, address);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(stride == 1 ? Type(type) : operand.element()));
  if (stride == 1)
    return vector::MaskedLoadOp::create(b, loc, type, view, address, mask(lanes, active), zero);
  Values elements(lanes, zero);
  for (unsigned lane = 0; lane < active; ++lane) {
    Value place = lane ? arith::AddIOp::create(b, loc, address, constant(lane * stride)) : address;
    elements[lane] = memref::LoadOp::create(b, loc, view, place);
  }
  return vector::FromElementsOp::create(b, loc, type, elements);
}

/// A load of the body whose indices, vectors or scalars, differ by lane.
Value NestEmitter::loadEach(memref::LoadOp load, ArrayRef<Value> indices, unsigned lanes, unsigned active) {
  auto ofLane = [&](unsigned lane) {
    Values scalars(indices);
    for (Value &index : scalars)
      if (isa<VectorType>(index.getType()))
        index = vector::ExtractOp::create(b, loc, index, lane);
    return scalars;
  };
  auto type = VectorType::get(lanes, load.getType());
  bool contiguous = nest.isContiguous(load, plan.vectorLoop);
  if (contiguous && active == lanes)
    return vector::LoadOp::create(b, loc, type, load.getMemRef(), ofLane(0));
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(contiguous ? Type(type) : load.getType()));
  if (contiguous)
    return vector::MaskedLoadOp::create(b, loc, type, load.getMemRef(), ofLane(0), mask(lanes, active), zero);
  Values elements(lanes, zero);
  for (unsigned lane = 0; lane < active; ++lane)
    elements[lane] = memref::LoadOp::create(b, loc, load.getMemRef(), ofLane(lane));
  return vector::FromElementsOp::create(b, loc, type, elements);
}

void NestEmitter::store(unsigned index, Value value, Value address, unsigned lanes, unsigned active) {
  const NestOperand &operand = nest.operands[index];
  if (!nest.flat) {
    memref::StoreOp::create(b, loc, value, operand.value, indices(operand));
    return;
  }
  Value view = views[index];
  if (cast<MemRefType>(view.getType()).getRank() == 0) {
    memref::StoreOp::create(b, loc, value, view);
    return;
  }
  if (!address)
    address = constant(0);
  if (lanes == 1) {
    memref::StoreOp::create(b, loc, value, view, address);
    return;
  }
  int64_t stride = operand.strides[plan.vectorLoop];
  if (stride == 1 && active == lanes)
    vector::StoreOp::create(b, loc, value, view, address);
  else if (stride == 1)
    vector::MaskedStoreOp::create(b, loc, view, address, mask(lanes, active), value);
  else
    for (unsigned lane = 0; lane < active; ++lane) {
      Value place = lane ? arith::AddIOp::create(b, loc, address, constant(lane * stride)) : address;
      memref::StoreOp::create(b, loc, vector::ExtractOp::create(b, loc, value, lane), view, place);
    }
}

/// A copy of the op whose indices are the loops' counters.
void NestEmitter::clone(Operation &op, IRMapping &map) {
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    map.map(index.getResult(), counter(index.getDim()));
    return;
  }
  b.clone(op, map);
}

/// The op on vectors of so many lanes, or on scalars.
Operation *NestEmitter::inLanes(Operation *op, ArrayRef<Value> operands, unsigned lanes) {
  SmallVector<Type> types(op->getResultTypes());
  if (lanes > 1)
    for (Type &type : types)
      type = VectorType::get(lanes, type);
  OperationState state(op->getLoc(), op->getName().getStringRef(), operands, types, op->getAttrDictionary().getValue());
  return b.create(state);
}

Value NestEmitter::widen(Value original, IRMapping &map) {
  if (Value splat = splats.lookup(original))
    return splat;
  Value value = map.lookupOrDefault(original);
  if (isa<VectorType>(value.getType()))
    return value;
  auto type = VectorType::get(plan.lanes, value.getType());
  Attribute known;
  if (matchPattern(value, m_Constant(&known)))
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, known));
  return vector::BroadcastOp::create(b, loc, type, value);
}

/// The body once, on the lanes that start at the counters; returns the new sums and stores the other results.
Values NestEmitter::evaluate(unsigned lanes, unsigned active, ArrayRef<Value> sums) {
  IRMapping map = hoisted;
  Values places = addresses(inner, bases);
  unsigned nextSum = 0;
  for (auto [index, operand] : llvm::enumerate(nest.operands)) {
    if (operand.accumulates && !sums.empty()) {
      Value sum = sums[nextSum++];
      if (operand.argument)
        map.map(operand.argument, sum);
    } else if (operand.argument && !map.contains(operand.argument)) {
      map.map(operand.argument, load(index, places[index], lanes, active));
    }
  }

  for (Operation &op : nest.body()->without_terminator()) {
    if (op.getNumResults() > 0 && map.contains(op.getResult(0)))
      continue;
    bool wide = lanes > 1 && op.getNumResults() > 0 && laneValues.contains(op.getResult(0));
    if (!wide) {
      clone(op, map);
      continue;
    }
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      auto type = VectorType::get(lanes, b.getIndexType());
      Value start = vector::BroadcastOp::create(b, loc, type, counter(index.getDim()));
      Value steps = vector::StepOp::create(b, loc, type);
      map.map(index.getResult(), arith::AddIOp::create(b, loc, start, steps).getResult());
      continue;
    }
    if (auto read = dyn_cast<memref::LoadOp>(op)) {
      auto indices = llvm::map_to_vector(read.getIndices(), [&](Value index) { return map.lookupOrDefault(index); });
      map.map(read.getResult(), loadEach(read, indices, lanes, active));
      continue;
    }
    Values operands;
    for (Value value : op.getOperands())
      operands.push_back(widen(value, map));
    map.map(op.getResults(), inLanes(&op, operands, lanes)->getResults());
  }

  Values next;
  for (auto [index, operand] : llvm::enumerate(nest.operands)) {
    if (!operand.output)
      continue;
    Value yielded = nest.yielded(operand);
    Value value = lanes > 1 ? widen(yielded, map) : map.lookupOrDefault(yielded);
    if (!operand.accumulates || sums.empty()) {
      store(index, value, places[index], lanes, active);
      continue;
    }
    if (active != lanes)
      value = arith::SelectOp::create(b, loc, mask(lanes, active), value, sums[next.size()]);
    next.push_back(value);
  }
  return next;
}

//===----------------------------------------------------------------------===//
// Whole reductions
//===----------------------------------------------------------------------===//

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
