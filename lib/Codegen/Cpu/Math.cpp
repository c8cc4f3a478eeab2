//===- Math.cpp - elementary functions ------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/Cpu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace tds {
namespace {

/// What libm calls it in double precision; empty if it is not there.
StringRef libmName(Operation *op) {
  static const llvm::StringMap<StringRef> names = {
      {"math.acos", "acos"},   {"math.acosh", "acosh"}, {"math.asin", "asin"},   {"math.asinh", "asinh"},
      {"math.atan", "atan"},   {"math.atan2", "atan2"}, {"math.atanh", "atanh"}, {"math.cbrt", "cbrt"},
      {"math.cos", "cos"},     {"math.cosh", "cosh"},   {"math.erf", "erf"},     {"math.erfc", "erfc"},
      {"math.exp", "exp"},     {"math.exp2", "exp2"},   {"math.expm1", "expm1"}, {"math.log", "log"},
      {"math.log10", "log10"}, {"math.log1p", "log1p"}, {"math.log2", "log2"},   {"math.powf", "pow"},
      {"math.sin", "sin"},     {"math.sinh", "sinh"},   {"math.tan", "tan"},     {"math.tanh", "tanh"},
  };
  return names.lookup(op->getName().getStringRef());
}

/// Calls of libm functions, declared in the module once.
class Libm {
public:
  explicit Libm(ModuleOp module) : module(module), symbols(module) {}

  /// name(operands), a lane at a time.
  Value call(OpBuilder &b, Location loc, StringRef name, ArrayRef<Value> operands) {
    auto type = dyn_cast<VectorType>(operands.front().getType());
    if (!type)
      return callScalar(b, loc, name, operands);
    auto flat = VectorType::get(type.getNumElements(), type.getElementType());
    SmallVector<Value> vectors(operands);
    if (type != flat)
      for (Value &vector : vectors)
        vector = vector::ShapeCastOp::create(b, loc, flat, vector);
    // A loop, not copies of the call: few such calls are hot, and each copy is code to compile.
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    Value end = arith::ConstantIndexOp::create(b, loc, flat.getNumElements());
    auto loop = scf::ForOp::create(b, loc, zero, end, one, vectors.front(),
                                   [&](OpBuilder &b, Location loc, Value lane, ValueRange results) {
                                     SmallVector<Value> scalars;
                                     for (Value vector : vectors)
                                       scalars.push_back(vector::ExtractOp::create(b, loc, vector, lane));
                                     Value result = callScalar(b, loc, name, scalars);
                                     Value next = vector::InsertOp::create(b, loc, result, results[0], lane);
                                     scf::YieldOp::create(b, loc, next);
                                   });
    Value result = loop.getResult(0);
    return type == flat ? result : vector::ShapeCastOp::create(b, loc, type, result);
  }

private:
  Value callScalar(OpBuilder &b, Location loc, StringRef name, ArrayRef<Value> operands) {
    Type type = operands.front().getType();
    std::string symbol = name.str() + (type.isF32() ? "f" : "");
    func::FuncOp function = symbols.lookup<func::FuncOp>(symbol);
    if (!function) {
      SmallVector<Type> types(operands.size(), type);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      function = func::FuncOp::create(b, module.getLoc(), symbol, b.getFunctionType(types, type));
      function.setPrivate();
      function->setAttr("llvm.readnone", b.getUnitAttr());
      symbols.insert(function);
    }
    return func::CallOp::create(b, loc, function, operands).getResult(0);
  }

  ModuleOp module;
  SymbolTable symbols;
};

struct TdsMath : PassWrapper<TdsMath, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TdsMath)

  StringRef getArgument() const override { return "tds-math"; }
  StringRef getDescription() const override { return "elementary functions to polynomials and libm calls"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  }

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (!libmName(op).empty())
        ops.push_back(op);
    });
    Libm libm(getOperation());
    for (Operation *op : ops) {
      OpBuilder b(op);
      op->getResult(0).replaceAllUsesWith(
          libm.call(b, op->getLoc(), libmName(op), SmallVector<Value>(op->getOperands())));
      op->erase();
    }
  }
};

} // namespace

std::unique_ptr<Pass> createTdsMathPass() { return std::make_unique<TdsMath>(); }

} // namespace tds
