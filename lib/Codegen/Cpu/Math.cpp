//===- Math.cpp - elementary functions ------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Math/IR/Math.h"
#include "lib/Codegen/Cpu/Cpu.h"
#include "lib/Codegen/Cpu/MathPolynomials.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include <cfloat>
#include <cmath>
#include <limits>

using namespace mlir;

namespace tds {
namespace {

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

/// Elementary functions on one type: f32, f64, or a vector of them. Accuracy is for the default rounding; nan,
/// infinities and zeros of either sign give what C's functions give.
class Functions {
public:
  Functions(OpBuilder &b, Location loc, Type type, Libm &libm)
      : b(b), loc(loc), libm(libm), type(type), isDouble(getElementTypeOrSelf(type).isF64()) {}

  Value exp(Value x);
  Value exp2(Value x);
  Value expm1(Value x);
  Value log(Value x);
  Value log1p(Value x);
  Value log2(Value x);
  Value log10(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value sin(Value x) { return trigonometric(x, 0, "sin"); }
  Value cos(Value x) { return trigonometric(x, 1, "cos"); }
  Value tan(Value x);
  Value sinh(Value x);
  Value cosh(Value x);
  Value pow(Value x, Value y);

private:
  static constexpr double infinity = std::numeric_limits<double>::infinity(), notANumber = NAN;
  static constexpr double ln2 = 0.69314718055994530942, log2e = 1.4426950408889634074;

  Type like(Type element) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  }
  Type integers() const { return like(isDouble ? b.getI64Type() : b.getI32Type()); }
  Value splat(Type type, TypedAttr element) {
    if (auto vector = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, Attribute(element)));
    return arith::ConstantOp::create(b, loc, element);
  }
  Value c(double value) { return splat(type, b.getFloatAttr(getElementTypeOrSelf(type), value)); }
  Value integer(int64_t value) { return integer(integers(), value); }
  Value integer(Type type, int64_t value) { return splat(type, b.getIntegerAttr(getElementTypeOrSelf(type), value)); }

  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value neg(Value x) { return arith::NegFOp::create(b, loc, x); }
  Value abs(Value x) { return math::AbsFOp::create(b, loc, x); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value round(Value x) { return math::RoundEvenOp::create(b, loc, x); }
  Value withSign(Value x, Value sign) { return math::CopySignOp::create(b, loc, x, sign); }
  Value compare(arith::CmpFPredicate how, Value x, Value y) { return arith::CmpFOp::create(b, loc, how, x, y); }
  Value less(Value x, Value y) { return compare(arith::CmpFPredicate::OLT, x, y); }
  Value equal(Value x, Value y) { return compare(arith::CmpFPredicate::OEQ, x, y); }
  Value isNan(Value x) { return compare(arith::CmpFPredicate::UNO, x, x); }
  Value select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value bits(Value x) { return arith::BitcastOp::create(b, loc, integers(), x); }
  Value fromBits(Value x) { return arith::BitcastOp::create(b, loc, type, x); }

  /// x where it is between the bounds, else a bound; nan gives the upper one.
  Value clamp(Value x, double lower, double upper) {
    Value below = select(less(x, c(upper)), x, c(upper));
    return select(less(c(lower), below), below, c(lower));
  }

  Value polynomial(ArrayRef<double> coefficients, Value x) {
    Value sum = c(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      sum = fma(sum, x, c(coefficient));
    return sum;
  }
  template <size_t n, size_t m> Value polynomial(const double (&ifFloat)[n], const double (&ifDouble)[m], Value x) {
    return isDouble ? polynomial(ArrayRef(ifDouble), x) : polynomial(ArrayRef(ifFloat), x);
  }

  /// A float that is whole and fits in 32 bits, as integers as wide as the type: there is an instruction for 32 bits
  /// alone.
  Value toInteger(Value whole) {
    Value narrow = arith::FPToSIOp::create(b, loc, like(b.getI32Type()), whole);
    return isDouble ? Value(arith::ExtSIOp::create(b, loc, integers(), narrow)) : narrow;
  }
  /// 2^n for exponents of normal numbers.
  Value power2(Value n) {
    Value biased = arith::AddIOp::create(b, loc, n, integer(isDouble ? 1023 : 127));
    return fromBits(arith::ShLIOp::create(b, loc, biased, integer(isDouble ? 52 : 23)));
  }
  /// x 2^n, also where the result is denormal or infinite: two steps, the first one exact.
  Value scale(Value x, Value n) {
    Value half = arith::ShRSIOp::create(b, loc, n, integer(1));
    Value rest = arith::SubIOp::create(b, loc, n, half);
    return mul(mul(x, power2(half)), power2(rest));
  }
  /// x - n ln(2)
  Value reduce(Value x, Value n) {
    Value high = c(isDouble ? -6.93147180369123816490e-01 : -0.693145751953125);
    Value low = c(isDouble ? -1.90821492927058770002e-10 : -1.428606765330187e-06);
    return fma(n, low, fma(n, high, x));
  }
  Value exponential(Value r, Value n);
  Value logarithm(Value x, Value correction);
  Value logarithmSpecials(Value x, Value y);
  Value trigonometric(Value x, int64_t quarter, StringRef name);

  Functions doubles() { return Functions(b, loc, like(b.getF64Type()), libm); }
  Value toDouble(Value x) { return arith::ExtFOp::create(b, loc, like(b.getF64Type()), x); }
  Value toFloat(Value x) { return arith::TruncFOp::create(b, loc, type, x); }

  OpBuilder &b;
  Location loc;
  Libm &libm;
  Type type;
  bool isDouble;
};

/// exp(r) 2^n, |r| <= ln(2) / 2
Value Functions::exponential(Value r, Value n) {
  Value q = polynomial(polynomial::expF32, polynomial::expF64, r);
  Value y = fma(fma(q, r, c(1)), r, c(1));
  return scale(y, toInteger(n));
}

Value Functions::exp(Value x) {
  // Beyond the bounds the result has overflown or is 0.
  Value near = isDouble ? clamp(x, -746, 709.9) : clamp(x, -104, 88.8);
  Value n = round(mul(near, c(log2e)));
  return select(isNan(x), x, exponential(reduce(near, n), n));
}

Value Functions::exp2(Value x) {
  Value near = isDouble ? clamp(x, -1076, 1024) : clamp(x, -151, 128);
  Value n = round(near);
  return select(isNan(x), x, exponential(mul(sub(near, n), c(ln2)), n));
}

Value Functions::expm1(Value x) {
  Value near = isDouble ? clamp(x, -60, 710) : clamp(x, -30, 89);
  Value n = round(mul(near, c(log2e)));
  Value r = reduce(near, n);
  Value p = fma(mul(r, r), polynomial(polynomial::expm1F32, polynomial::expm1F64, r), r);
  // 2 (s p + s - 1/2) with s = 2^(n - 1): 2^n itself may overflow
  Value s = power2(arith::SubIOp::create(b, loc, toInteger(n), integer(1)));
  Value y = mul(fma(s, p, sub(s, c(0.5))), c(2));
  return select(isNan(x), x, withSign(y, x)); // the sign of 0
}

/// log(x) + correction for finite x > 0
Value Functions::logarithm(Value x, Value correction) {
  int mantissaBits = isDouble ? 52 : 23;
  double lift = isDouble ? 54 : 25;
  Value denormal = less(x, c(isDouble ? DBL_MIN : FLT_MIN));
  x = select(denormal, mul(x, c(std::exp2(lift))), x);
  // x = 2^e (1 + f): counted from sqrt(1/2), the exponent's bits are e.
  int64_t root = isDouble ? 0x3fe6a09e667f3bcd : 0x3f3504f3, bias = int64_t(isDouble ? 1023 : 127) << mantissaBits;
  Value word = bits(x);
  Value fromRoot = arith::AddIOp::create(b, loc, word, integer(bias - root));
  Value shift = integer(mantissaBits);
  Value biased = arith::ShRUIOp::create(b, loc, fromRoot, shift);
  Value exponent = arith::SubIOp::create(b, loc, biased, integer(isDouble ? 1023 : 127));
  Value mantissa = arith::SubIOp::create(b, loc, word, arith::ShLIOp::create(b, loc, exponent, shift));
  Value f = sub(fromBits(mantissa), c(1));
  if (isDouble)
    exponent = arith::TruncIOp::create(b, loc, like(b.getI32Type()), exponent);
  Value e = arith::SIToFPOp::create(b, loc, type, exponent);
  e = sub(e, select(denormal, c(lift), c(0)));

  if (!isDouble) {
    Value square = mul(f, f);
    Value low = mul(e, c(-2.12194440e-4));
    if (correction)
      low = add(low, correction);
    Value tail = fma(mul(square, f), polynomial(ArrayRef(polynomial::logF32), f), low);
    tail = fma(square, c(-0.5), tail);
    return fma(e, c(0.693359375), add(f, tail));
  }
  Value s = div(f, add(f, c(2))), z = mul(s, s), half = mul(mul(f, f), c(0.5));
  Value rest = fma(z, polynomial(ArrayRef(polynomial::logF64), z), half);
  Value low = mul(e, c(1.90821492927058770002e-10));
  if (correction)
    low = add(low, correction);
  return fma(e, c(6.93147180369123816490e-01), sub(f, sub(half, fma(s, rest, low))));
}

Value Functions::logarithmSpecials(Value x, Value y) {
  y = select(less(x, c(infinity)), y, x); // +inf, nan
  y = select(equal(x, c(0)), c(-infinity), y);
  return select(less(x, c(0)), c(notANumber), y);
}

Value Functions::log(Value x) { return logarithmSpecials(x, logarithm(x, {})); }

/// log(u) + (what rounding took from u = 1 + x) / u
Value Functions::log1p(Value x) {
  Value u = add(x, c(1));
  Value lost = select(less(x, c(1)), sub(x, sub(u, c(1))), sub(c(1), sub(u, x)));
  Value y = logarithmSpecials(u, logarithm(u, div(lost, u)));
  return select(less(abs(x), c(isDouble ? 0x1p-54 : 0x1p-25)), x, y);
}

/// By way of double precision in f32, where one product more would cost accuracy.
Value Functions::log2(Value x) {
  if (isDouble)
    return mul(log(x), c(log2e));
  Functions wide = doubles();
  return toFloat(wide.mul(wide.log(toDouble(x)), wide.c(log2e)));
}

Value Functions::log10(Value x) {
  Functions wide = doubles();
  return toFloat(wide.mul(wide.log(toDouble(x)), wide.c(0.43429448190325182765)));
}

Value Functions::tanh(Value x) {
  Value a = abs(x);
  if (isDouble) {
    Value most = c(22); // from here on it is 1; nan stays
    Value t = expm1(mul(select(less(most, a), most, a), c(2)));
    return withSign(div(t, add(t, c(2))), x);
  }
  Value square = mul(x, x);
  Value small = fma(mul(square, x), polynomial(ArrayRef(polynomial::tanhF32), square), x);
  Value large = sub(c(1), div(c(2), add(exp(add(a, a)), c(1))));
  return withSign(select(less(a, c(0.625)), small, large), x);
}

Value Functions::erf(Value x) {
  Value a = abs(x), square = mul(x, x);
  Value small = fma(polynomial(ArrayRef(polynomial::erfF32), square), x, x);
  Value most = c(4), t = select(less(most, a), most, a);
  Value large = sub(c(1), exp(neg(mul(t, polynomial(ArrayRef(polynomial::erfcF32), t)))));
  return select(less(a, c(0.9375)), small, withSign(large, x));
}

/// sin(x + quarter pi / 2). The reduction is done in double precision, where fma makes it exact; beyond 10^9, where the
/// number of quarters leaves 32 bits, by libm.
Value Functions::trigonometric(Value x, int64_t quarter, StringRef name) {
  Value limit = c(1e9), small = less(abs(x), limit);
  Functions wide = isDouble ? *this : doubles();
  Value near = select(small, x, c(0)), exact = isDouble ? x : toDouble(x);
  Value n = wide.round(wide.mul(isDouble ? near : toDouble(near), wide.c(0.63661977236758134308)));
  Value r = wide.fma(n, wide.c(-1.5707963267948966), exact);
  r = wide.fma(n, wide.c(-6.123233995736766e-17), r);
  if (isDouble)
    r = fma(n, c(1.4973849048591833e-33), r);
  else
    r = toFloat(r);

  Value square = mul(r, r);
  Value sine = fma(mul(square, r), polynomial(polynomial::sinF32, polynomial::sinF64, square), r);
  Value cosine = fma(square, polynomial(polynomial::cosF32, polynomial::cosF64, square), c(-0.5));
  cosine = fma(square, cosine, c(1));
  Type narrow = like(b.getI32Type());
  Value quarters = arith::FPToSIOp::create(b, loc, narrow, n);
  if (quarter != 0)
    quarters = arith::AddIOp::create(b, loc, quarters, integer(narrow, quarter));
  Value one = integer(narrow, 1);
  Value odd =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, arith::AndIOp::create(b, loc, quarters, one), one);
  Value two = integer(narrow, 2);
  Value flip =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, arith::AndIOp::create(b, loc, quarters, two), two);
  Value y = select(odd, cosine, sine);
  y = select(flip, neg(y), y);
  if (quarter == 0)
    y = select(equal(x, c(0)), x, y); // -0

  Value large = compare(arith::CmpFPredicate::OGE, abs(x), limit), any = large;
  if (auto lanes = dyn_cast<VectorType>(large.getType())) {
    if (lanes.getRank() != 1)
      any = vector::ShapeCastOp::create(b, loc, VectorType::get(lanes.getNumElements(), b.getI1Type()), large);
    any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
  }
  auto branch = scf::IfOp::create(
      b, loc, any,
      [&](OpBuilder &inner, Location loc) {
        Value exact = libm.call(inner, loc, name, x);
        scf::YieldOp::create(inner, loc, arith::SelectOp::create(inner, loc, large, exact, y).getResult());
      },
      [&](OpBuilder &inner, Location loc) { scf::YieldOp::create(inner, loc, y); });
  return branch.getResult(0);
}

Value Functions::tan(Value x) {
  if (isDouble)
    return div(sin(x), cos(x));
  Functions wide = doubles();
  Value exact = toDouble(x);
  return toFloat(wide.div(wide.sin(exact), wide.cos(exact)));
}

/// (t + t / (t + 1)) / 2, t = expm1(x)
Value Functions::sinh(Value x) {
  Functions wide = doubles();
  Value a = abs(x), t = wide.expm1(toDouble(a));
  Value y = wide.mul(wide.add(t, wide.div(t, wide.add(t, wide.c(1)))), wide.c(0.5));
  return withSign(select(less(a, c(100)), toFloat(y), mul(a, c(infinity))), x);
}

Value Functions::cosh(Value x) {
  Functions wide = doubles();
  Value t = wide.exp(toDouble(abs(x)));
  return toFloat(wide.mul(wide.add(t, wide.div(wide.c(1), t)), wide.c(0.5)));
}

/// exp(y log|x|) in double precision, then C's special cases.
Value Functions::pow(Value x, Value y) {
  Functions wide = doubles();
  Value exponent = toDouble(y);
  Value magnitude = toFloat(wide.exp(wide.mul(exponent, wide.log(toDouble(abs(x))))));
  Value half = mul(y, c(0.5)), floor = math::FloorOp::create(b, loc, y);
  Value odd = both(equal(floor, y), compare(arith::CmpFPredicate::ONE, math::FloorOp::create(b, loc, half), half));
  Value z = select(odd, withSign(magnitude, x), magnitude);
  Value complex = both(both(less(x, c(0)), less(c(-infinity), x)), compare(arith::CmpFPredicate::UNE, floor, y));
  z = select(complex, c(notANumber), z);
  Value minusOne = both(equal(x, c(-1)), equal(abs(y), c(infinity)));
  return select(either(either(equal(y, c(0)), equal(x, c(1))), minusOne), c(1), z);
}

/// How an op of one operand is written: by a polynomial where there is one, else by libm.
struct Row {
  StringRef op;
  Value (Functions::*polynomial)(Value) = nullptr;
  bool inDouble = false; // the polynomial serves f64 too
  StringRef libm;
};
constexpr Row rows[] = {
    {"math.exp", &Functions::exp, true, "exp"},
    {"math.exp2", &Functions::exp2, true, "exp2"},
    {"math.expm1", &Functions::expm1, true, "expm1"},
    {"math.log", &Functions::log, true, "log"},
    {"math.log1p", &Functions::log1p, true, "log1p"},
    {"math.log2", &Functions::log2, false, "log2"},
    {"math.log10", &Functions::log10, false, "log10"},
    {"math.tanh", &Functions::tanh, true, "tanh"},
    {"math.erf", &Functions::erf, false, "erf"},
    {"math.sin", &Functions::sin, true, "sin"},
    {"math.cos", &Functions::cos, true, "cos"},
    {"math.tan", &Functions::tan, true, "tan"},
    {"math.sinh", &Functions::sinh, false, "sinh"},
    {"math.cosh", &Functions::cosh, false, "cosh"},
    {"math.erfc", nullptr, false, "erfc"},
    {"math.asin", nullptr, false, "asin"},
    {"math.acos", nullptr, false, "acos"},
    {"math.atan", nullptr, false, "atan"},
    {"math.asinh", nullptr, false, "asinh"},
    {"math.acosh", nullptr, false, "acosh"},
    {"math.atanh", nullptr, false, "atanh"},
    {"math.cbrt", nullptr, false, "cbrt"},
};

struct TdsMath : PassWrapper<TdsMath, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TdsMath)
  explicit TdsMath(bool roundsToBf16) : roundsToBf16(roundsToBf16) {}

  StringRef getArgument() const override { return "tds-math"; }
  StringRef getDescription() const override { return "elementary functions to polynomials and libm calls"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry
        .insert<arith::ArithDialect, func::FuncDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  }

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<math::MathDialect>(op->getDialect()))
        ops.push_back(op);
    });
    Libm libm(getOperation());
    for (Operation *op : ops) {
      OpBuilder b(op);
      op = widen(b, op);
      Values results = expand(b, op, libm);
      if (results.empty())
        continue;
      op->replaceAllUsesWith(results);
      op->erase();
    }
    if (!roundsToBf16 && failed(roundInIntegers()))
      signalPassFailure();
  }

private:
  bool roundsToBf16;

  /// truncf f32 -> bf16  =>  its bits, rounded to even. LLVM calls a function for each lane where the processor has no
  /// instruction.
  LogicalResult roundInIntegers() {
    SmallVector<Operation *> conversions;
    getOperation().walk([&](arith::TruncFOp op) {
      if (getElementTypeOrSelf(op.getType()).isBF16() && getElementTypeOrSelf(op.getIn().getType()).isF32())
        conversions.push_back(op);
    });
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    return applyOpPatternsGreedily(conversions, std::move(patterns));
  }

  using Values = SmallVector<Value>;

  static bool isSmallFloat(Type type) { return isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(type)); }

  /// f(x) on 16-bit floats  =>  truncf(f(extf(x))) on f32; returns the op on f32.
  static Operation *widen(OpBuilder &b, Operation *op) {
    if (llvm::none_of(op->getOperandTypes(), isSmallFloat))
      return op;
    Location loc = op->getLoc();
    auto wide = [&](Type type) {
      auto vector = dyn_cast<VectorType>(type);
      return !isSmallFloat(type) ? type : vector ? Type(vector.clone(b.getF32Type())) : b.getF32Type();
    };
    Values operands(op->getOperands());
    for (Value &operand : operands)
      if (isSmallFloat(operand.getType()))
        operand = arith::ExtFOp::create(b, loc, wide(operand.getType()), operand);
    SmallVector<Type> types = llvm::map_to_vector(op->getResultTypes(), wide);
    OperationState state(loc, op->getName().getStringRef(), operands, types, op->getAttrDictionary().getValue());
    Operation *copy = b.create(state);
    for (auto [old, now] : llvm::zip_equal(op->getResults(), copy->getResults())) {
      Value result = now;
      if (isSmallFloat(old.getType()))
        result = arith::TruncFOp::create(b, loc, old.getType(), now);
      old.replaceAllUsesWith(result);
    }
    op->erase();
    b.setInsertionPoint(copy);
    return copy;
  }

  /// What stands for the op's results; nothing where LLVM has an instruction for it.
  static Values expand(OpBuilder &b, Operation *op, Libm &libm) {
    Location loc = op->getLoc();
    Value x = op->getOperand(0);
    Functions functions(b, loc, x.getType(), libm);
    bool isDouble = getElementTypeOrSelf(x.getType()).isF64();
    for (const Row &row : rows) {
      if (op->getName().getStringRef() != row.op)
        continue;
      if (row.polynomial && (!isDouble || row.inDouble))
        return {(functions.*row.polynomial)(x)};
      return {libm.call(b, loc, row.libm, x)};
    }
    auto power = [&](Value y) { return isDouble ? libm.call(b, loc, "pow", {x, y}) : functions.pow(x, y); };
    if (isa<math::PowFOp>(op))
      return {power(op->getOperand(1))};
    if (isa<math::FPowIOp>(op))
      return {power(arith::SIToFPOp::create(b, loc, x.getType(), op->getOperand(1)))};
    if (isa<math::Atan2Op>(op))
      return {libm.call(b, loc, "atan2", {x, op->getOperand(1)})};
    if (isa<math::SincosOp>(op))
      return {functions.sin(x), functions.cos(x)};
    if (auto clamp = dyn_cast<math::ClampFOp>(op)) {
      Value above = arith::MaximumFOp::create(b, loc, clamp.getValue(), clamp.getMin());
      return {arith::MinimumFOp::create(b, loc, above, clamp.getMax())};
    }
    return {};
  }
};

} // namespace

std::unique_ptr<Pass> createTdsMathPass(bool roundsToBf16) { return std::make_unique<TdsMath>(roundsToBf16); }

} // namespace tds
