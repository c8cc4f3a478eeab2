//===- ContractionPlan.cpp - loops and tiles of a contraction -------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/ContractionPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using llvm::divideCeil;

namespace tds {

//===- Matching -----------------------------------------------------------===//

/// The input that `value` is, maybe widened; -1 for another value.
static int inputOf(Value value, Block &body) {
  if (auto widened = value.getDefiningOp<arith::ExtFOp>())
    value = widened.getIn();
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && argument.getOwner() == &body && argument.getArgNumber() < 2 ? int(argument.getArgNumber()) : -1;
}

/// yield(c + x * y), in any order of operands, and no other op that counts.
static bool isMultiplyAdd(Block &body) {
  auto yield = cast<linalg::YieldOp>(body.getTerminator());
  auto sum = yield.getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  auto isOld = [&](Value value) { return value == body.getArgument(2); };
  Value other = isOld(sum.getLhs()) ? sum.getRhs() : sum.getLhs();
  auto product = other.getDefiningOp<arith::MulFOp>();
  if (!product || (!isOld(sum.getLhs()) && !isOld(sum.getRhs())))
    return false;
  int x = inputOf(product.getLhs(), body), y = inputOf(product.getRhs(), body);
  return x >= 0 && y >= 0 && x != y;
}

/// Two loops that are one in memory become it, the inner one's place kept.
static void merge(ContractionLoops &loops) {
  for (bool changed = true; changed;) {
    changed = false;
    for (unsigned i = 0; i < loops.size() && !changed; ++i)
      for (unsigned j = 0; j < loops.size() && !changed; ++j) {
        auto &outer = loops[i], &inner = loops[j];
        bool fits = i != j;
        for (int side : {lhs, rhs, out})
          fits &= outer.stride[side] == inner.stride[side] * inner.size;
        if (!fits)
          continue;
        inner.size *= outer.size;
        loops.erase(loops.begin() + i);
        changed = true;
      }
  }
}

int64_t Contraction::count(const ContractionLoops &loops) {
  int64_t product = 1;
  for (const ContractionLoop &loop : loops)
    product *= loop.size;
  return product;
}

void Contraction::swapSides() {
  std::swap(m, n);
  std::swap(element[lhs], element[rhs]);
  std::swap(operand[lhs], operand[rhs]);
  for (ContractionLoops *loops : {&batch, &m, &n, &k})
    for (ContractionLoop &loop : *loops)
      std::swap(loop.stride[lhs], loop.stride[rhs]);
}

FailureOr<Contraction> Contraction::match(linalg::GenericOp op, std::string *reason) {
  auto lacks = [&](const char *what) {
    if (reason)
      *reason = what;
    return failure();
  };
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || !op.hasPureBufferSemantics() ||
      !isMultiplyAdd(*op.getBody()))
    return lacks("kernels are for a sum of products of two tensors of floats");
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (llvm::any_of(sizes, ShapedType::isDynamic))
    return lacks("a size is open");

  Contraction result;
  SmallVector<ContractionLoop> loops(sizes.size());
  SmallVector<std::array<bool, 3>> indexes(sizes.size(), {false, false, false});
  for (auto [side, operand] : llvm::enumerate(op->getOperands())) {
    auto type = cast<MemRefType>(operand.getType());
    SmallVector<int64_t> strides;
    int64_t offset;
    AffineMap map = op.getMatchingIndexingMap(&op->getOpOperand(side));
    if (!map.isProjectedPermutation())
      return lacks("it reads at sums of indices, as a convolution does");
    if (failed(type.getStridesAndOffset(strides, offset)) || llvm::any_of(strides, ShapedType::isDynamic))
      return lacks("a stride is not known");
    result.element[side] = type.getElementType();
    for (auto [stride, expr] : llvm::zip_equal(strides, map.getResults())) {
      unsigned loop = cast<AffineDimExpr>(expr).getPosition();
      loops[loop].stride[side] += stride;
      indexes[loop][side] = true;
    }
  }
  Type sum = result.element[out];
  auto isInput = [&](Type type) { return type == sum || (sum.isF32() && (type.isF16() || type.isBF16())); };
  if (!(sum.isF32() || sum.isF64()) || !isInput(result.element[lhs]) || !isInput(result.element[rhs]))
    return lacks("kernels multiply f32 by f32 and f64 by f64, and f16 and bf16 into f32");

  auto iterators = op.getIteratorTypesArray();
  for (unsigned i = 0; i < loops.size(); ++i) {
    loops[i].size = sizes[i];
    if ((iterators[i] == utils::IteratorType::parallel) != indexes[i][out])
      return lacks("an index of the result is summed over");
    if (sizes[i] == 1)
      continue;
    if (!indexes[i][out])
      result.k.push_back(loops[i]);
    else if (indexes[i][lhs] && indexes[i][rhs])
      result.batch.push_back(loops[i]);
    else
      (indexes[i][rhs] ? result.n : result.m).push_back(loops[i]);
  }
  for (ContractionLoops *group : {&result.batch, &result.m, &result.n, &result.k})
    merge(*group);

  // Tiles store vectors along n: let that be where c is contiguous.
  auto contiguous = [](const ContractionLoop &loop) { return loop.stride[out] == 1; };
  if (llvm::any_of(result.m, contiguous))
    result.swapSides();
  return result;
}

//===- Planning -----------------------------------------------------------===//

/// Takes the loop that `rank` orders last out of `loops`; a loop of one round if there is none.
template <typename Rank> static ContractionLoop takeBest(ContractionLoops &loops, Rank rank) {
  if (loops.empty())
    return {};
  auto best = llvm::max_element(loops, [&](auto &x, auto &y) { return rank(x) < rank(y); });
  ContractionLoop loop = *best;
  loops.erase(best);
  return loop;
}

/// The size of the parts when `size` is cut into as few as there must be, evenly.
static int64_t evenPart(int64_t size, int64_t most) { return divideCeil(size, divideCeil(size, most)); }

ContractionPlan ContractionPlan::make(Contraction &c, unsigned vectorBits, bool allowParallel) {
  constexpr int64_t parallelWork = 200'000, taskWork = 400'000; // multiply-adds
  constexpr int64_t mostRowsOfDots = 6;
  ContractionPlan plan;
  int64_t bytes = c.element[out].getIntOrFloatBitWidth() / 8, lanes = vectorBits / 8 / bytes;
  int64_t registers = vectorBits >= 512 ? 32 : 16, mostRows = vectorBits >= 512 ? 14 : 6;
  int64_t work = c.work();
  plan.parallel = allowParallel && work >= parallelWork;
  auto size = [](auto &loop) { return loop.size; };

  bool alongK = c.k.size() == 1 && c.k[0].stride[lhs] == 1 && c.k[0].stride[rhs] == 1;
  if (alongK && c.m.size() <= 1 && c.n.size() <= 1 &&
      std::min(Contraction::count(c.m), Contraction::count(c.n)) <= mostRowsOfDots) {
    if (Contraction::count(c.n) < Contraction::count(c.m))
      c.swapSides();
    plan.strategy = dots;
    plan.batch = c.batch;
    plan.m0 = takeBest(c.m, size);
    plan.n0 = takeBest(c.n, size);
    plan.blockK = c.k[0];
    plan.rows = plan.m0.size;
    plan.width = std::min<int64_t>(plan.n0.size, 4);
    plan.nPanels = divideCeil(plan.n0.size, plan.width);
    plan.tasksAtOnce = std::max<int64_t>(1, taskWork / (plan.rows * plan.width * plan.blockK.size));
    return plan;
  }
  if (Contraction::count(c.m) * Contraction::count(c.n) == 1)
    return plan;
  plan.strategy = tiles;

  // Loops. A panel of b is cut where c is contiguous, the longest ones else.
  plan.n0 = takeBest(c.n, [](auto &loop) { return std::pair(loop.stride[out] == 1, loop.size); });
  plan.n1 = takeBest(c.n, size);
  plan.m0 = takeBest(c.m, size);
  plan.m1 = takeBest(c.m, size);
  plan.batch = c.batch;
  for (auto *rest : {&c.m, &c.n})
    plan.batch.append(rest->begin(), rest->end());

  // Blocks of k: long enough to pay for reading and writing c, short enough for a panel of b to stay near.
  int64_t mostK = 512 * 4 / bytes;
  ContractionLoop k0 =
      takeBest(c.k, [](auto &loop) { return std::pair(loop.stride[lhs] == 1 || loop.stride[rhs] == 1, loop.size); });
  ContractionLoop k1 = takeBest(c.k, size);
  plan.outerK = c.k;
  if (k0.size >= mostK || k1.size == 1) {
    plan.blockK = k0;
    if (k1.size > 1)
      plan.outerK.push_back(k1);
    plan.block = evenPart(k0.size, mostK);
  } else {
    plan.blockK = k1;
    plan.innerK = k0;
    plan.block = evenPart(k1.size, std::max<int64_t>(1, mostK / k0.size));
  }

  // Reading in place saves a pass, where there is little reuse or all that is read stays in the second cache. It needs
  // one stride along k, b contiguous along n, and rows of a that do not meet in one set of the first cache.
  int64_t mTotal = plan.m0.size * plan.m1.size, nTotal = plan.n0.size * plan.n1.size, kTotal = k0.size * k1.size;
  int64_t nearBytes = vectorBits >= 512 ? 600'000 : 250'000, fewRows = vectorBits >= 512 ? 512 : 32;
  bool oneK = plan.innerK.size == 1, rhsNear = kTotal * nTotal * bytes <= nearBytes;
  bool lhsNear = kTotal * mTotal * bytes <= nearBytes && plan.m0.stride[lhs] * bytes % 4096 != 0;
  plan.packRhs =
      !(oneK && plan.n0.stride[rhs] == 1 && c.element[rhs] == c.element[out] && (mTotal <= fewRows || rhsNear));
  plan.vectors = plan.n0.size <= lanes ? 1 : 2;
  if (!plan.packRhs && plan.m0.size <= 4)
    plan.vectors = std::min<int64_t>({8, (registers - 4) / plan.m0.size, int64_t(divideCeil(plan.n0.size, lanes))});
  plan.width = plan.vectors * lanes;
  plan.nPanels = divideCeil(plan.n0.size, plan.width);
  plan.packLhs = !(oneK && c.element[lhs] == c.element[out] && (nTotal <= 2 * plan.width || lhsNear));

  // Rows: equal panels need one kernel where the best cut needs two, worth a few hundredths of speed if the work is
  // short.
  constexpr int64_t longWork = 50'000'000;
  plan.mPanels = divideCeil(plan.m0.size, mostRows);
  for (int64_t rows = mostRows; rows > mostRows / 2 && work < longWork; --rows)
    if (plan.m0.size % rows == 0) {
      plan.mPanels = plan.m0.size / rows;
      break;
    }
  plan.rows = plan.m0.size / plan.mPanels;
  plan.extra = plan.m0.size % plan.mPanels;
  int64_t most = plan.rows + (plan.extra ? 1 : 0);
  plan.packedRows =
      most >= lanes ? llvm::alignTo(most, lanes) : std::max<int64_t>(llvm::PowerOf2Ceil(most), 16 / bytes);

  // Groups: packed panels stay in the last cache; those of a task's a in the second.
  constexpr int64_t lastCache = 4 << 20, secondCache = 384 << 10;
  int64_t lhsBytes = plan.lhsPanel() * bytes, rhsBytes = plan.rhsPanel() * bytes;
  int64_t mAll = plan.mPanels * plan.m1.size, nAll = plan.nPanels * plan.n1.size,
          batches = Contraction::count(plan.batch);
  plan.mGroup = plan.packLhs ? evenPart(mAll, std::max<int64_t>(1, lastCache / lhsBytes)) : mAll;
  plan.nGroup = plan.packRhs ? evenPart(nAll, std::max<int64_t>(1, lastCache / rhsBytes)) : nAll;
  int64_t scratch = (plan.packLhs ? plan.mGroup * lhsBytes : 0) + (plan.packRhs ? plan.nGroup * rhsBytes : 0);
  plan.batchGroup = scratch == 0 ? batches : evenPart(batches, std::max<int64_t>(1, (1 << 20) / scratch));
  plan.mTask = evenPart(plan.mGroup, std::max<int64_t>(1, secondCache / lhsBytes));
  plan.nTask = plan.nGroup;

  // Tasks: enough of them to share, each long enough to be worth handing out.
  int64_t blockWork = plan.block * plan.innerK.size;
  auto workOf = [&] { return plan.mTask * (plan.rows + 1) * plan.nTask * plan.width * blockWork; };
  auto tasks = [&] {
    return plan.batchGroup * divideCeil(plan.mGroup, plan.mTask) * divideCeil(plan.nGroup, plan.nTask);
  };
  while (plan.parallel && tasks() < 32 && workOf() >= 2 * taskWork && plan.mTask * plan.nTask > 1) {
    bool cutM = plan.mTask > 1 && (plan.nTask == 1 || plan.mTask * plan.rows >= plan.nTask * plan.width);
    int64_t &part = cutM ? plan.mTask : plan.nTask;
    part = divideCeil(part, 2);
  }
  plan.tasksAtOnce = std::max<int64_t>(1, taskWork / workOf());
  int64_t panelElements = std::max(plan.lhsPanel(), plan.rhsPanel());
  plan.packsAtOnce = std::max<int64_t>(1, 32'000 / panelElements);
  return plan;
}

std::string ContractionPlan::describe(const Contraction &c) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (int64_t batches = Contraction::count(c.batch); batches > 1)
    os << batches << " times ";
  bool swapped = c.operand[lhs] != 0;
  os << Contraction::count(swapped ? c.n : c.m) << " x " << Contraction::count(c.k) << " by " << Contraction::count(c.k)
     << " x " << Contraction::count(swapped ? c.m : c.n) << " in " << c.element[lhs];
  if (c.element[lhs] != c.element[out])
    os << ", added in " << c.element[out];
  auto name = [&](Side side) { return c.operand[side] == 0 ? "the left factor" : "the right factor"; };
  switch (strategy) {
  case leave:
    os << ": plain loops, too small for a kernel";
    break;
  case dots:
    os << ": dot products along k, " << rows << " rows at a time";
    break;
  case tiles:
    os << ": register tiles of " << rows + (extra ? 1 : 0) << " x " << width;
    if (severalBlocks())
      os << ", k in blocks of " << block * innerK.size;
    for (Side side : {lhs, rhs})
      os << ", " << name(side) << ((side == lhs ? packLhs : packRhs) ? " packed" : " read in place");
  }
  if (strategy != leave)
    os << (parallel ? ", on all cores" : ", on one core");
  return text;
}

} // namespace tds
