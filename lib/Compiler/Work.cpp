#include "lib/Compiler/Work.h"
#include "dialect/Tds.h"
#include "lib/Calls/Origin.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace tds {
namespace {

/// An index that is a number: a constant, or what IRGen makes of a size.
std::optional<int64_t> numberOf(Value index) {
  APInt number;
  if (matchPattern(index, m_ConstantInt(&number)))
    return number.getSExtValue();
  if (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    if (auto extract = cast.getIn().getDefiningOp<tensor::ExtractOp>()) {
      if (auto size = extract.getTensor().getDefiningOp<SizeOp>())
        return sizeConstant(size.getSize());
      if (auto constant = extract.getTensor().getDefiningOp<ConstantOp>())
        if (auto value = dyn_cast<DenseIntElementsAttr>(constant.getValue()); value && value.isSplat())
          return value.getSplatValue<APInt>().getSExtValue();
    }
  return std::nullopt;
}

double sizeOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && type.hasStaticShape() ? double(type.getNumElements()) : 0;
}

bool isFloat(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && isDifferentiable(type.getElementType());
}

/// One product for each place of the index space.
double ofContract(ContractOp op) {
  double places = 1;
  llvm::SmallBitVector seen(op.getIterationRank());
  for (unsigned operand : {0u, 1u})
    for (auto [dim, expr] : llvm::enumerate(op.mapOf(operand).getResults())) {
      unsigned index = cast<AffineDimExpr>(expr).getPosition();
      if (!seen.test(index))
        places *= double(typeOf(op.getOperand(operand)).getDimSize(int64_t(dim)));
      seen.set(index);
    }
  return places * (isa<ComplexType>(elementOf(op.getResult())) ? 8 : 2);
}

/// Of the last dimensions n by n, and m right sides, by the textbook.
double ofPrimitive(Operation *op) {
  auto type = typeOf(op->getOperand(0));
  double elements = sizeOf(op->getOperand(0)), n = type.getRank() ? double(type.getDimSize(type.getRank() - 1)) : 1;
  double right = op->getNumOperands() > 1 ? sizeOf(op->getOperand(1)) : 0;
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<FftOp>([&](auto) { return 5 * elements * std::log2(std::max(n, 2.0)); })
      .Case<CholeskyOp>([&](auto) { return elements * n / 3; })
      .Case<TriangularSolveOp>([&](auto) { return right * n; })
      .Case<SolveOp>([&](auto) { return elements * n * 2 / 3 + 2 * right * n; })
      .Case<DetOp>([&](auto) { return elements * n * 2 / 3; })
      .Default([](auto) { return 0; });
}

double ofOp(Operation *op) {
  if (op->getNumResults() == 0 || !isFloat(op->getResult(0)))
    return 0;
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<ContractOp>(ofContract)
      .Case<ReduceOp, ScanOp, AccumulateOp>([](auto op) { return sizeOf(op.getX()); })
      .Case<ScatterOp>([](auto op) { return op.getKind() == ScatterKind::add ? sizeOf(op.getV()) : 0; })
      .Case<SelectOp, ConvertOp, StopGradientOp, RealOp, ImagOp, ComplexOp>([](auto) { return 0; })
      .Case<FftOp, CholeskyOp, TriangularSolveOp, SolveOp, DetOp>([](Operation *op) { return ofPrimitive(op); })
      .Default([](Operation *op) { return isa<Pointwise>(op) ? sizeOf(op->getResult(0)) : 0; });
}

class Counter {
public:
  Work work;

  void count(Region &region, double rounds) {
    for (Block &block : region)
      for (Operation &op : block)
        count(&op, rounds);
  }

private:
  void count(Operation *op, double rounds) {
    (originOf(op->getLoc()).order ? work.derivatives : work.written) += rounds * ofOp(op);
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      std::optional<int64_t> lower = numberOf(loop.getLowerBound()), upper = numberOf(loop.getUpperBound());
      work.open |= !lower || !upper;
      rounds *= lower && upper ? double(std::max<int64_t>(*upper - *lower, 0)) : 1;
    } else if (isa<scf::WhileOp>(op)) {
      work.open = true;
    }
    auto branch = dyn_cast<WhereOp>(op);
    if (isa<scf::IfOp>(op) || (branch && typeOf(branch.getCond()).getRank() == 0))
      return countOne(op, rounds);
    if (auto call = dyn_cast<CompositeOp>(op))
      return count(call.getBody(), rounds);
    for (Region &region : op->getRegions())
      count(region, rounds);
  }

  /// A branch of all: the dearer side.
  void countOne(Operation *op, double rounds) {
    Work most = work;
    for (Region &region : op->getRegions()) {
      Counter side;
      side.work = work;
      side.count(region, rounds);
      if (side.work.total() > most.total())
        most = side.work;
      most.open |= side.work.open;
    }
    work = most;
  }
};

} // namespace

Work workOf(ModuleOp module) {
  Counter counter;
  counter.count(module.getBodyRegion(), 1);
  return counter.work;
}

} // namespace tds
