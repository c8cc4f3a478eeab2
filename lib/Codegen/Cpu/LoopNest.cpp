//===- LoopNest.cpp - a linalg op as strided loops ------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/LoopNest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tds {

/// Adds `factor * expr` to the coefficients and the constant; false if expr is not linear.
static bool addLinear(AffineExpr expr, int64_t factor, MutableArrayRef<int64_t> coefficients, int64_t &constant) {
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    constant += factor * cast<AffineConstantExpr>(expr).getValue();
    return true;
  case AffineExprKind::DimId:
    coefficients[cast<AffineDimExpr>(expr).getPosition()] += factor;
    return true;
  case AffineExprKind::Add: {
    auto sum = cast<AffineBinaryOpExpr>(expr);
    return addLinear(sum.getLHS(), factor, coefficients, constant) &&
           addLinear(sum.getRHS(), factor, coefficients, constant);
  }
  case AffineExprKind::Mul: {
    auto product = cast<AffineBinaryOpExpr>(expr);
    auto scale = dyn_cast<AffineConstantExpr>(product.getRHS());
    return scale && addLinear(product.getLHS(), factor * scale.getValue(), coefficients, constant);
  }
  default:
    return false;
  }
}

/// Fills strides and offset from the map and the memref's layout.
static bool flatten(NestOperand &operand) {
  operand.strides.assign(operand.map.getNumDims(), 0);
  auto type = dyn_cast<MemRefType>(operand.value.getType());
  if (!type)
    return true;
  SmallVector<int64_t> layout;
  int64_t base;
  if (failed(type.getStridesAndOffset(layout, base)) || llvm::is_contained(layout, ShapedType::kDynamic) ||
      !type.hasStaticShape())
    return false;
  for (auto [expr, stride] : llvm::zip_equal(operand.map.getResults(), layout))
    if (!addLinear(expr, stride, operand.strides, operand.offset))
      return false;
  return true;
}

static void eraseLoop(LoopNest &nest, unsigned loop) {
  nest.loops.erase(nest.loops.begin() + loop);
  for (NestOperand &operand : nest.operands)
    operand.strides.erase(operand.strides.begin() + loop);
  for (int &of : nest.loopOfDim)
    of = of == int(loop) ? -1 : of - (of > int(loop));
}

static bool mergeable(const LoopNest &nest, unsigned outer, unsigned inner) {
  return nest.loops[outer].reduction == nest.loops[inner].reduction && !nest.counts(outer) && !nest.counts(inner) &&
         llvm::all_of(nest.operands, [&](const NestOperand &operand) {
           return operand.strides[outer] == operand.strides[inner] * nest.loops[inner].size;
         });
}

/// Drops loops of one step; makes one of two where the outer goes on where the inner ends.
static void simplify(LoopNest &nest) {
  for (unsigned loop = nest.loops.size(); loop-- > 0;)
    if (nest.loops[loop].size == 1)
      eraseLoop(nest, loop);
  for (bool changed = true; changed;) {
    changed = false;
    for (unsigned outer = 0; outer < nest.loops.size() && !changed; ++outer)
      for (unsigned inner = 0; inner < nest.loops.size() && !changed; ++inner)
        if (outer != inner && mergeable(nest, outer, inner)) {
          nest.loops[inner].size *= nest.loops[outer].size;
          eraseLoop(nest, outer);
          changed = true;
        }
  }
}

/// The op that makes an accumulating output's value from the former one, which nothing else reads.
static Operation *findCombiner(const LoopNest &nest, const NestOperand &output) {
  Operation *combiner = nest.yielded(output).getDefiningOp();
  if (!combiner || combiner->getBlock() != nest.body() || combiner->getNumOperands() != 2 ||
      !output.argument.hasOneUse() || !combiner->hasOneUse() ||
      llvm::count(combiner->getOperands(), output.argument) != 1)
    return nullptr;
  return linalg::getCombinerOpKind(combiner) && arith::getNeutralElement(combiner) ? combiner : nullptr;
}

LoopNest LoopNest::of(linalg::GenericOp op, OpBuilder &builder) {
  LoopNest nest;
  nest.op = op;
  for (auto [size, kind] : llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    nest.loops.push_back({size, kind == utils::IteratorType::reduction, Value()});
  nest.loopOfDim = llvm::to_vector_of<int>(llvm::seq<int>(0, nest.loops.size()));

  nest.flat = llvm::none_of(nest.loops, [](const Loop &loop) { return ShapedType::isDynamic(loop.size); });
  for (OpOperand &use : op->getOpOperands()) {
    NestOperand operand;
    operand.value = use.get();
    operand.map = op.getMatchingIndexingMap(&use);
    operand.output = op.isDpsInit(&use);
    operand.argument = op.getMatchingBlockArgument(&use);
    operand.accumulates = operand.output && llvm::any_of(nest.loops, [](const Loop &loop) { return loop.reduction; });
    for (auto [dim, loop] : llvm::enumerate(nest.loops))
      operand.accumulates &= !loop.reduction || !operand.map.isFunctionOfDim(dim);
    nest.flat &= flatten(operand);
    nest.operands.push_back(std::move(operand));
  }
  for (NestOperand &operand : nest.operands) {
    if (operand.accumulates)
      operand.combiner = findCombiner(nest, operand);
    if (operand.argument.use_empty())
      operand.argument = nullptr;
  }

  if (nest.flat) {
    simplify(nest);
    if (llvm::none_of(nest.loops, [](const Loop &loop) { return loop.reduction; }))
      for (NestOperand &operand : nest.operands)
        operand.accumulates = false;
    return nest;
  }
  auto linalgOp = cast<linalg::LinalgOp>(op.getOperation());
  for (auto [loop, range] : llvm::zip_equal(nest.loops, linalgOp.createLoopRanges(builder, op.getLoc())))
    loop.bound = getValueOrCreateConstantIndexOp(builder, op.getLoc(), range.size);
  return nest;
}

bool LoopNest::empty() const {
  return llvm::any_of(loops, [](const Loop &loop) { return loop.size == 0; });
}

bool LoopNest::counts(unsigned loop) const {
  return llvm::any_of(body()->getOps<linalg::IndexOp>(),
                      [&](linalg::IndexOp index) { return loopOfDim[index.getDim()] == int(loop); });
}

Value LoopNest::yielded(const NestOperand &output) const {
  unsigned position = 0;
  for (const NestOperand &operand : operands) {
    if (&operand == &output)
      break;
    position += operand.output;
  }
  return body()->getTerminator()->getOperand(position);
}

LoopNest::Steps LoopNest::stepsAlong(unsigned loop) const {
  Steps steps;
  for (const NestOperand &operand : operands)
    if (operand.argument && !operand.output && (!operand.isMemref() || operand.strides[loop] == 0))
      steps[operand.argument] = 0;
  for (Operation &op : body()->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      steps[index.getResult()] = loopOfDim[index.getDim()] == int(loop);
      continue;
    }
    SmallVector<int64_t> moves;
    for (Value operand : op.getOperands())
      if (std::optional<int64_t> step = stepOf(operand, steps))
        moves.push_back(*step);
    if (moves.size() != op.getNumOperands() || op.getNumResults() != 1 || op.getNumRegions() != 0)
      continue;
    bool fixed = llvm::all_of(moves, [](int64_t step) { return step == 0; });
    if (fixed && isMemoryEffectFree(&op))
      steps[op.getResult(0)] = 0;
    // i - i stands still, but is computed on lanes like all that depends on i.
    else if (isa<arith::AddIOp>(op) && moves[0] + moves[1] != 0)
      steps[op.getResult(0)] = moves[0] + moves[1];
    else if (isa<arith::SubIOp>(op) && moves[0] != moves[1])
      steps[op.getResult(0)] = moves[0] - moves[1];
  }
  return steps;
}

std::optional<int64_t> LoopNest::stepOf(Value value, const Steps &steps) const {
  if (value.getParentBlock() != body())
    return 0;
  auto known = steps.find(value);
  return known == steps.end() ? std::nullopt : std::optional(known->second);
}

bool LoopNest::isContiguous(memref::LoadOp load, const Steps &steps) const {
  if (load.getIndices().empty() || !load.getMemRefType().isLastDimUnitStride())
    return false;
  for (Value index : load.getIndices().drop_back())
    if (stepOf(index, steps) != 0)
      return false;
  return stepOf(load.getIndices().back(), steps) == 1;
}

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

static bool isLaneType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() <= 64;
  return isa<IndexType, Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
}

/// Whether memory holds such elements a vector at a time; i1 is a bit there, but a byte in our buffers.
static bool isPackedInMemory(Type type) { return isLaneType(type) && !type.isInteger(1) && !type.isIndex(); }

/// Integer divisions stay scalar: there is no such vector instruction, and lanes masked off may hold zeros.
static bool hasLanes(Operation &op) {
  if (isa<linalg::IndexOp, linalg::YieldOp>(op))
    return true;
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return isPackedInMemory(load.getType());
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
          arith::CeilDivUIOp>(op))
    return false;
  return (op.hasTrait<OpTrait::Elementwise>() || isa<arith::ConstantOp>(op)) && isMemoryEffectFree(&op) &&
         llvm::all_of(op.getOperandTypes(), isLaneType) && llvm::all_of(op.getResultTypes(), isLaneType);
}

static unsigned bitWidth(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * bitWidth(complex.getElementType());
  return type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 64;
}

/// What an op takes in simple instructions.
static double cost(Operation &op) {
  return TypeSwitch<Operation *, double>(&op)
      .Case<linalg::YieldOp, linalg::IndexOp, arith::ConstantOp>([](auto) { return 0; })
      .Case<arith::DivFOp, math::SqrtOp, math::RsqrtOp>([](auto) { return 5; })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>([](auto) { return 8; })
      .Case<math::ExpOp, math::Exp2Op, math::LogOp, math::Log2Op>([](auto) { return 20; })
      .Case<math::FmaOp, math::AbsFOp, math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp, math::CopySignOp>(
          [](auto) { return 1; })
      .Default([](Operation *other) { return isa<math::MathDialect>(other->getDialect()) ? 40 : 1; });
}

static double bodyCost(const LoopNest &nest) {
  double total = 0;
  nest.body()->walk([&](Operation *op) { total += cost(*op); });
  return total;
}

/// A core's time for a simple instruction and for a byte from the outer caches, in ns.
static constexpr double instructionTime = 0.25, byteTime = 0.05;

/// Instructions an element when lanes lie along a loop.
static double laneCost(const LoopNest &nest, unsigned loop, unsigned lanes, double body, const LoopNest::Steps &steps) {
  double strip = body;
  for (auto load : nest.body()->getOps<memref::LoadOp>())
    if (!nest.isContiguous(load, steps))
      strip += 3 * lanes;
  for (const NestOperand &operand : nest.operands) {
    if (!operand.argument && !operand.output)
      continue; // nothing but its size is used
    if (!operand.isMemref() || operand.strides[loop] == 0)
      strip += 0.2;
    else
      strip += operand.strides[loop] == 1 ? 1 : 1.2 * lanes;
    if (operand.output && operand.argument && !operand.accumulates)
      strip += 1;
  }
  if (nest.loops[loop].reduction) // the lanes' sums are added up at the end
    strip += 3.0 * llvm::Log2_32(lanes) * lanes / nest.loops[loop].size;
  int64_t size = nest.loops[loop].size;
  return strip * llvm::divideCeil(size, lanes) / size;
}

static unsigned lanesFor(const LoopNest &nest, unsigned loop, const LoopsOptions &options) {
  unsigned bits = 8;
  for (const NestOperand &operand : nest.operands)
    bits = std::max(bits, bitWidth(operand.element()));
  for (Operation &op : *nest.body())
    for (Type type : op.getResultTypes())
      if (isa<FloatType>(type))
        bits = std::max(bits, bitWidth(type));
  int64_t lanes = options.vectorBits / bits;
  return std::min<int64_t>(lanes, llvm::PowerOf2Ceil(nest.loops[loop].size));
}

/// Ops that have no lanes may be there where all lanes share their values.
static bool hasLanes(const LoopNest &nest, const LoopNest::Steps &steps) {
  return llvm::all_of(*nest.body(), [&](Operation &op) {
    return hasLanes(op) || (op.getNumResults() == 1 && nest.stepOf(op.getResult(0), steps) == 0);
  });
}

static bool isVectorisable(const LoopNest &nest) {
  if (!nest.flat || nest.loops.empty())
    return false;
  return llvm::all_of(nest.operands, [&](const NestOperand &operand) {
    if (!operand.isMemref())
      return isLaneType(operand.element());
    if (!isPackedInMemory(operand.element()))
      return false;
    // An output that some reductions move and others do not is added to in memory, point by point.
    bool partly = operand.output && !operand.accumulates;
    for (auto [loop, stride] : llvm::zip_equal(nest.loops, operand.strides))
      if (partly && loop.size > 1 && stride == 0)
        return false;
    return !operand.accumulates || operand.combiner;
  });
}

/// The loop that what lanes gather walks through memory, if there is one.
static int findSecondLoop(const LoopNest &nest, unsigned vectorLoop) {
  for (const NestOperand &operand : nest.operands)
    if (operand.isMemref() && operand.strides[vectorLoop] != 0 && operand.strides[vectorLoop] != 1)
      for (unsigned loop = 0; loop < nest.loops.size(); ++loop)
        if (loop != vectorLoop && operand.strides[loop] == 1)
          return loop;
  return -1;
}

LoopPlan planLoops(const LoopNest &nest, const LoopsOptions &options) {
  LoopPlan plan;
  double body = bodyCost(nest), points = 1, bytes = 0;
  bool reduces = false;
  for (const LoopNest::Loop &loop : nest.loops) {
    points *= ShapedType::isDynamic(loop.size) ? 1024 : loop.size;
    reduces |= loop.reduction;
  }
  for (const NestOperand &operand : nest.operands)
    if (auto type = dyn_cast<MemRefType>(operand.value.getType()); type && type.hasStaticShape())
      bytes += double(type.getNumElements()) * llvm::divideCeil(bitWidth(type.getElementType()), 8);

  double best = body + nest.operands.size();
  if (options.vectorize && isVectorisable(nest))
    for (unsigned loop = 0; loop < nest.loops.size(); ++loop) {
      LoopNest::Steps steps = nest.stepsAlong(loop);
      unsigned lanes = lanesFor(nest, loop, options);
      if (lanes == 1 || !hasLanes(nest, steps))
        continue;
      double instructions = laneCost(nest, loop, lanes, body, steps);
      if (instructions >= best)
        continue;
      best = instructions;
      plan.lanes = lanes;
      plan.vectorLoop = loop;
      plan.form = nest.loops[loop].reduction ? LoopPlan::rows : reduces ? LoopPlan::columns : LoopPlan::pointwise;
    }
  plan.nanoseconds = std::max(points * best * instructionTime, bytes * byteTime);

  if (plan.form == LoopPlan::pointwise)
    plan.secondLoop = findSecondLoop(nest, plan.vectorLoop);
  if (plan.form == LoopPlan::rows || plan.form == LoopPlan::columns) {
    // Several sums hide the adder's latency; heavy bodies hide it themselves, and cost code.
    unsigned most = body <= 6 ? 4 : body <= 16 ? 2 : 1;
    int64_t strips = nest.loops[plan.vectorLoop].size / plan.lanes;
    plan.unroll = std::max<int64_t>(1, std::min<int64_t>(most, plan.form == LoopPlan::rows ? strips / 2 : strips));
  }
  return plan;
}

} // namespace tds
