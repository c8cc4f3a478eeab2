//===- Widen.cpp - the pass tds-widen -------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Autodiff/Autodiff.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tds;

namespace tds {
#define GEN_PASS_DEF_TDSWIDEN
#include "lib/Autodiff/Passes.h.inc"
} // namespace tds

/// f64 of floats, c128 of complex numbers; others stay.
static Type wide(Type type) {
  if (isa<FloatType>(type))
    return Float64Type::get(type.getContext());
  if (isa<ComplexType>(type))
    return ComplexType::get(Float64Type::get(type.getContext()));
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return withElement(tensor, wide(tensor.getElementType()));
  return type;
}

static APFloat wide(APFloat value) {
  bool inexact;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
  return value;
}

static DenseElementsAttr wide(DenseElementsAttr value) {
  auto type = cast<ShapedType>(wide(Type(value.getType())));
  if (isa<FloatType>(type.getElementType())) {
    if (value.isSplat())
      return DenseElementsAttr::get(type, wide(value.getSplatValue<APFloat>()));
    SmallVector<APFloat> numbers;
    for (const APFloat &number : value.getValues<APFloat>())
      numbers.push_back(wide(number));
    return DenseElementsAttr::get(type, numbers);
  }
  SmallVector<std::complex<APFloat>> numbers;
  for (const std::complex<APFloat> &number : value.getValues<std::complex<APFloat>>())
    numbers.emplace_back(wide(number.real()), wide(number.imag()));
  return DenseElementsAttr::get(type, numbers);
}

namespace {
struct TdsWidenPass : tds::impl::TdsWidenBase<TdsWidenPass> {
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([&](func::FuncOp function) { widen(function); });
  }

  void widen(func::FuncOp function) {
    Block &entry = function.front();
    SmallVector<Operation *> conversions; // of what now is wide already
    function.walk([&](Operation *op) {
      if (op == function)
        return;
      for (Value result : op->getResults())
        result.setType(wide(result.getType()));
      for (Region &region : op->getRegions())
        for (Block &block : region)
          for (BlockArgument argument : block.getArguments())
            argument.setType(wide(argument.getType()));
      if (auto constant = dyn_cast<ConstantOp>(op)) {
        auto value = dyn_cast<DenseElementsAttr>(constant.getValue());
        if (value && isDifferentiable(value.getElementType()))
          constant.setValueAttr(cast<ElementsAttr>(Attribute(wide(value))));
      } else if (isa<ConvertOp>(op)) {
        conversions.push_back(op);
      }
    });
    // What comes in and what goes out is what it was.
    OpBuilder b = OpBuilder::atBlockBegin(&entry);
    for (BlockArgument argument : entry.getArguments())
      if (Type type = wide(argument.getType()); type != argument.getType()) {
        auto inside = ConvertOp::create(b, argument.getLoc(), type, argument);
        argument.replaceAllUsesExcept(inside, inside);
      }
    for (Operation *op : conversions)
      if (op->getOperand(0).getType() == op->getResult(0).getType()) {
        op->getResult(0).replaceAllUsesWith(op->getOperand(0));
        op->erase();
      }
    Operation *exit = entry.getTerminator();
    b.setInsertionPoint(exit);
    for (auto [operand, type] : llvm::zip_equal(exit->getOpOperands(), function.getResultTypes()))
      if (operand.get().getType() != type)
        operand.set(ConvertOp::create(b, exit->getLoc(), type, operand.get()));
  }
};
} // namespace

std::unique_ptr<Pass> tds::createTdsWidenPass() { return std::make_unique<TdsWidenPass>(); }
