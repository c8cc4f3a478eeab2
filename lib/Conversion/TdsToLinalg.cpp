//===- TdsToLinalg.cpp - the pass convert-tds-to-linalg -------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// First the ops with bodies go: composites that nothing claimed are inlined, branches become scf.if or selections. Then
// every op is a pattern of its own (LowerScalars, LowerAccess, LowerData, LowerReductions, LowerCalls).
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Calls/Calls.h"
#include "lib/Conversion/Conversion.h"
#include "lib/Conversion/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tds {
#define GEN_PASS_DEF_CONVERTTDSTOLINALG
#include "lib/Conversion/Passes.h.inc"

namespace {

/// A composite  =>  its body.
void inlineComposite(CompositeOp op) {
  Block &body = op.getBody().front();
  YieldOp yield = op.bodyYield();
  for (auto [argument, value] : llvm::zip_equal(body.getArguments(), op.getArgs()))
    argument.replaceAllUsesWith(value);
  SmallVector<Value> results(yield.getValues());
  op->getBlock()->getOperations().splice(op->getIterator(), body.getOperations(), body.begin(), yield->getIterator());
  op.replaceAllUsesWith(results);
  op.erase();
}

/// A branch of all  =>  scf.if.
void branchToIf(WhereOp op) {
  OpBuilder b(op);
  Value condition = tensor::ExtractOp::create(b, op.getLoc(), op.getCond(), ValueRange());
  auto branch = scf::IfOp::create(b, op.getLoc(), op.getResultTypes(), condition, /*withElseRegion=*/true);
  for (auto [from, to] : {std::pair(&op.getThenRegion(), &branch.getThenRegion()),
                          std::pair(&op.getElseRegion(), &branch.getElseRegion())}) {
    to->takeBody(*from);
    auto yield = cast<YieldOp>(to->front().getTerminator());
    b.setInsertionPoint(yield);
    scf::YieldOp::create(b, yield.getLoc(), yield.getValues());
    yield.erase();
  }
  op.replaceAllUsesWith(branch.getResults());
  op.erase();
}

/// A branch of each element  =>  both sides and a selection; only guarded indices are checked.
void branchToSelection(WhereOp op) {
  SmallVector<Value> sides[2];
  for (Region *side : {&op.getThenRegion(), &op.getElseRegion()}) {
    side->walk([](Operation *inner) {
      if (isa<GatherOp, ScatterOp>(inner) && !inner->hasAttr(guarded))
        inner->setAttr(unchecked, UnitAttr::get(inner->getContext()));
      llvm::TypeSwitch<Operation *>(inner).Case<CholeskyOp, TriangularSolveOp, SolveOp>(
          [](auto op) { op.setUnchecked(true); });
    });
    auto yield = cast<YieldOp>(side->front().getTerminator());
    llvm::append_range(sides[side == &op.getElseRegion()], yield.getValues());
    op->getBlock()->getOperations().splice(op->getIterator(), side->front().getOperations(), side->front().begin(),
                                           yield->getIterator());
  }
  OpBuilder b(op);
  for (auto [result, x, y] : llvm::zip_equal(op.getResults(), sides[0], sides[1]))
    result.replaceAllUsesWith(SelectOp::create(b, op.getLoc(), op.getCond(), x, y));
  op.erase();
}

/// From the places of x to those of y, where a value is x with zeros around it.
std::optional<AffineMap> padding(Operation *op) {
  auto read = dyn_cast_or_null<AccessOp>(op);
  if (!read || read.getOutside() != Outside::otherwise || !isSplat(read.getOtherwise(), 0))
    return std::nullopt;
  AffineMap map = closeMap(read.getMap(), read.getSymbols());
  SmallVector<AffineExpr> back;
  for (auto [k, expr] : llvm::enumerate(map.getResults())) {
    AffineExpr dim = getAffineDimExpr(unsigned(k), op->getContext());
    auto offset = dyn_cast<AffineConstantExpr>(simplifyAffineExpr(expr - dim, map.getNumDims(), 0));
    if (!offset)
      return std::nullopt;
    back.push_back(dim - offset.getValue());
  }
  return map.getNumDims() == map.getNumResults() ? std::optional(AffineMap::get(map.getNumDims(), 0, back, op->getContext()))
                                                 : std::nullopt;
}

/// y + (x put into a slice of zeros)  =>  x added to a slice of y, which needs no zeros and need not read the rest.
/// Where x is most of y, one loop over all of it is better.
void addIntoSlices(ModuleOp module) {
  module.walk([](AddOp op) {
    for (unsigned k : {0u, 1u}) {
      Operation *slice = op->getOperand(k).getDefiningOp();
      std::optional<AffineMap> map = padding(slice);
      if (auto sum = dyn_cast_or_null<AccumulateOp>(slice))
        map = closeMap(sum.getMap(), sum.getSymbols());
      if (!map || !slice->hasOneUse())
        continue;
      auto x = storedType(typeOf(slice->getOperand(0))), y = storedType(typeOf(op));
      if (x.getNumElements() * 2 > y.getNumElements() || !isSlice(*map, x, y))
        continue;
      OpBuilder b(op);
      Value sum = ScatterOp::create(b, op.getLoc(), typeOf(op), ScatterKind::add, op->getOperand(1 - k),
                                    slice->getOperand(0), ValueRange(), *map, b.getStrArrayAttr({}), Outside::none);
      op.replaceAllUsesWith(sum);
      op.erase();
      slice->erase();
      return;
    }
  });
}

/// A `while` whose checks fail ends: what it would read from then on is clamped, and may never make its condition
/// false.
void stopAtReports(ModuleOp module) {
  bool stopped = false;
  module.walk([&](scf::WhileOp loop) {
    WalkResult reports = loop->walk([](Operation *op) {
      auto call = dyn_cast<func::CallOp>(op);
      bool checks = call ? call.getCallee() == conversion::report : isa<RuntimeCallOp>(op) && op->hasAttr(checked);
      return checks ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (!reports.wasInterrupted())
      return;
    scf::ConditionOp condition = loop.getConditionOp();
    OpBuilder b(condition);
    Location loc = condition.getLoc();
    auto fine = func::CallOp::create(b, loc, conversion::fine, TypeRange(b.getI1Type()), ValueRange{});
    condition.getConditionMutable().assign(arith::AndIOp::create(b, loc, condition.getCondition(), fine.getResult(0)));
    stopped = true;
  });
  if (!stopped)
    return;
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  func::FuncOp::create(b, module.getLoc(), conversion::fine, b.getFunctionType({}, {b.getI1Type()})).setPrivate();
}

/// The first thing that a lowering can't do with, reported.
LogicalResult checkReady(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) -> WalkResult {
    if (isa<VjpOp, JvpOp>(op)) {
      op->emitError("a derivative is left over: `") << op->getName() << "`";
      return WalkResult::interrupt();
    }
    auto isOpen = [&](Type type) -> bool {
      auto tensor = dyn_cast<RankedTensorType>(type);
      for (int64_t d = 0; tensor && d < tensor.getRank(); ++d)
        if (tensor.isDynamicDim(unsigned(d))) {
          std::string size = dimText(tensor, unsigned(d));
          op->emitError("the size `") << size << "` is open; give it a number, as in --size " << size << "=64";
          return true;
        }
      return false;
    };
    for (Type type : op->getResultTypes())
      if (isOpen(type))
        return WalkResult::interrupt();
    if (auto func = dyn_cast<func::FuncOp>(op))
      for (Type type : func.getArgumentTypes())
        if (isOpen(type))
          return WalkResult::interrupt();
    auto size = dyn_cast<SizeOp>(op);
    if (size && !sizeConstant(size.getSize())) {
      op->emitError("the size `") << size.getSize() << "` is open; give its names numbers with --size";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

struct ConvertTdsToLinalg : impl::ConvertTdsToLinalgBase<ConvertTdsToLinalg> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    if (failed(checkReady(module)))
      return signalPassFailure();
    module.walk([](Operation *op) { // inner ones first
      if (auto composite = dyn_cast<CompositeOp>(op))
        inlineComposite(composite);
      else if (auto where = dyn_cast<WhereOp>(op))
        typeOf(where.getCond()).getRank() == 0 ? branchToIf(where) : branchToSelection(where);
    });
    addIntoSlices(module);

    TypeConverter types;
    types.addConversion([](Type type) -> Type {
      auto tensor = dyn_cast<RankedTensorType>(type);
      return tensor ? storedType(tensor) : type;
    });
    ConversionTarget target(*context);
    target.addIllegalDialect<TdsDialect>();
    target.addLegalDialect<arith::ArithDialect, complex::ComplexDialect, linalg::LinalgDialect, math::MathDialect,
                           RtDialect>();
    target.addLegalOp<ModuleOp>();
    target.addDynamicallyLegalDialect<tensor::TensorDialect>([&](Operation *op) { return types.isLegal(op); });
    target.addDynamicallyLegalOp<func::FuncOp>(
        [&](func::FuncOp op) { return types.isSignatureLegal(op.getFunctionType()); });
    target.addDynamicallyLegalOp<func::ReturnOp>([&](Operation *op) { return types.isLegal(op); });
    target.addLegalOp<func::CallOp>();
    RewritePatternSet patterns(context);
    Places places;
    Hosts hosts;
    addScalarPatterns(types, patterns);
    addAccessPatterns(types, patterns);
    addDataPatterns(types, patterns, places);
    addReductionPatterns(types, patterns);
    addCallPatterns(types, patterns, places, hosts);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
    populateReturnOpTypeConversionPattern(patterns, types);
    scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns, target);

    ConversionConfig config;
    config.foldingMode = DialectConversionFoldingMode::Never;
    if (failed(applyFullConversion(module, target, std::move(patterns), config)))
      return signalPassFailure();
    if (!places.empty()) {
      Builder b(context);
      SmallVector<Attribute> names;
      for (const Host &host : hosts)
        names.push_back(b.getArrayAttr({b.getStringAttr(host.name), b.getI64IntegerAttr(host.place)}));
      if (!names.empty())
        module->setAttr(conversion::hosts, b.getArrayAttr(names));
      OpBuilder inModule = OpBuilder::atBlockBegin(module.getBody());
      auto type = b.getFunctionType({b.getI32Type(), b.getI64Type(), b.getI64Type()}, {});
      func::FuncOp::create(inModule, module.getLoc(), conversion::report, type).setPrivate();
      module->setAttr(conversion::places, b.getArrayAttr(places));
      stopAtReports(module);
    }
  }
};

} // namespace
} // namespace tds
