//===- NestBody.cpp - writes the body of a nest ---------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/NestEmitter.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tds {

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
  bool contiguous = nest.isContiguous(load, steps);
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

} // namespace tds
