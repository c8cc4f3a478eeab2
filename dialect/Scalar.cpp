//===- Scalar.cpp - scalar computations that are more than one op ---------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Pointwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tds::scalar {
namespace {

/// A scalar under construction. Operators append arith ops of its type, signed ones; a number takes the other operand's type.
struct S {
  S(ScalarBuilder &b, Value v) : b(&b), v(v) {}

  bool isFloat() const { return isa<FloatType>(v.getType()); }
  S number(double c) const {
    Type type = v.getType();
    TypedAttr value = isFloat() ? TypedAttr(b->b.getFloatAttr(type, c)) : TypedAttr(b->b.getIntegerAttr(type, int64_t(c)));
    return {*b, arith::ConstantOp::create(b->b, b->loc, value)};
  }
  template <class Op> S unary() const { return {*b, Op::create(b->b, b->loc, v)}; }
  template <class Float, class Integer> S binary(S o) const {
    return {*b, isFloat() ? Float::create(b->b, b->loc, v, o.v).getResult()
                          : Integer::create(b->b, b->loc, v, o.v).getResult()};
  }
  S compare(arith::CmpFPredicate f, arith::CmpIPredicate i, S o) const {
    return {*b, isFloat() ? arith::CmpFOp::create(b->b, b->loc, f, v, o.v).getResult()
                          : arith::CmpIOp::create(b->b, b->loc, i, v, o.v).getResult()};
  }

  ScalarBuilder *b;
  Value v;
};

S operator+(S x, S y) { return x.binary<arith::AddFOp, arith::AddIOp>(y); }
S operator-(S x, S y) { return x.binary<arith::SubFOp, arith::SubIOp>(y); }
S operator*(S x, S y) { return x.binary<arith::MulFOp, arith::MulIOp>(y); }
S operator/(S x, S y) { return x.binary<arith::DivFOp, arith::DivSIOp>(y); }
S operator+(S x, double y) { return x + x.number(y); }
S operator-(S x, double y) { return x - x.number(y); }
S operator*(S x, double y) { return x * x.number(y); }
S operator+(double x, S y) { return y.number(x) + y; }
S operator-(double x, S y) { return y.number(x) - y; }
S operator/(double x, S y) { return y.number(x) / y; }
S operator-(S x) { return x.isFloat() ? x.unary<arith::NegFOp>() : x.number(0) - x; }
S operator<(S x, S y) { return x.compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, y); }
S operator<(S x, double y) { return x < x.number(y); }
S operator>(S x, double y) { return x.number(y) < x; }
S operator==(S x, S y) { return x.compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, y); }
S operator==(S x, double y) { return x == x.number(y); }
S operator!=(S x, S y) { return x.compare(arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne, y); }
S operator!=(S x, double y) { return x != x.number(y); }
S operator&(S x, S y) { return {*x.b, arith::AndIOp::create(x.b->b, x.b->loc, x.v, y.v)}; }
S operator|(S x, S y) { return {*x.b, arith::OrIOp::create(x.b->b, x.b->loc, x.v, y.v)}; }
S select(S c, S x, S y) { return {*x.b, arith::SelectOp::create(x.b->b, x.b->loc, c.v, x.v, y.v)}; }
S select(S c, double x, S y) { return select(c, y.number(x), y); }
S select(S c, S x, double y) { return select(c, x, x.number(y)); }
S exp(S x) { return x.unary<math::ExpOp>(); }
S log(S x) { return x.unary<math::LogOp>(); }
S sqrt(S x) { return x.unary<math::SqrtOp>(); }
S sin(S x) { return x.unary<math::SinOp>(); }
S cos(S x) { return x.unary<math::CosOp>(); }
S floor(S x) { return x.unary<math::FloorOp>(); }
S fabs(S x) { return x.unary<math::AbsFOp>(); }

/// A complex scalar in its parts.
struct C {
  C(S re, S im) : re(re), im(im) {}
  C(ScalarBuilder &b, Value v)
      : re(b, complex::ReOp::create(b.b, b.loc, v)), im(b, complex::ImOp::create(b.b, b.loc, v)) {}
  operator Value() const {
    Type type = ComplexType::get(re.v.getType());
    return complex::CreateOp::create(re.b->b, re.b->loc, type, re.v, im.v);
  }
  S re, im;
};
C operator+(C x, C y) { return {x.re + y.re, x.im + y.im}; }
C operator-(C x, C y) { return {x.re - y.re, x.im - y.im}; }
C operator*(C x, C y) { return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re}; }

/// Smith's quotient: scaled by the larger part of y, so that it overflows where the quotient does.
C operator/(C x, C y) {
  S wide = fabs(y.re) < fabs(y.im);
  S large = select(wide, y.im, y.re), small = select(wide, y.re, y.im);
  S ratio = small / large, scale = 1.0 / (large + small * ratio);
  S a = select(wide, x.re * ratio + x.im, x.re + x.im * ratio);
  S b = select(wide, x.im * ratio - x.re, x.im - x.re * ratio);
  return {a * scale, b * scale};
}

/// |x|, scaled by the larger part.
S magnitude(C x) {
  S re = fabs(x.re), im = fabs(x.im), c = re < im;
  S large = select(c, im, re), small = select(c, re, im), ratio = small / large;
  return select(large == 0.0, 0.0, large * sqrt(1.0 + ratio * ratio));
}

template <class F> Value onOne(ScalarBuilder &b, ValueRange v, F f) { return f(S(b, v[0])).v; }

} // namespace

Value add(ScalarBuilder &b, ValueRange v) {
  return b.isComplex() ? C(b, v[0]) + C(b, v[1]) : b.pick<arith::AddFOp, arith::AddIOp>(v);
}
Value sub(ScalarBuilder &b, ValueRange v) {
  return b.isComplex() ? C(b, v[0]) - C(b, v[1]) : b.pick<arith::SubFOp, arith::SubIOp>(v);
}
Value mul(ScalarBuilder &b, ValueRange v) {
  return b.isComplex() ? C(b, v[0]) * C(b, v[1]) : b.pick<arith::MulFOp, arith::MulIOp>(v);
}
Value div(ScalarBuilder &b, ValueRange v) {
  return b.isComplex() ? Value(C(b, v[0]) / C(b, v[1])) : b.build<arith::DivFOp>(v);
}
Value neg(ScalarBuilder &b, ValueRange v) {
  if (b.isComplex())
    return C(-C(b, v[0]).re, -C(b, v[0]).im);
  return onOne(b, v, [](S x) { return -x; });
}
Value abs(ScalarBuilder &b, ValueRange v) {
  if (b.isComplex())
    return magnitude(C(b, v[0])).v;
  return b.isUnsigned() ? v[0] : b.pick<math::AbsFOp, math::AbsIOp>(v);
}
Value sign(ScalarBuilder &b, ValueRange v) {
  if (b.isComplex()) {
    C x(b, v[0]);
    S size = magnitude(x), zero = size == 0.0;
    return C(select(zero, x.re, x.re / size), select(zero, x.im, x.im / size));
  }
  S x(b, v[0]);
  if (b.isUnsigned())
    return select(x == 0.0, x, x.number(1)).v;
  return select(x > 0.0, 1.0, select(x < 0.0, -1.0, x)).v; // nan and the sign of zero stay
}

Value sqrt(ScalarBuilder &b, ValueRange v) {
  // The half angle: re = sqrt((|x| + |re x|) / 2), im = im x / (2 re), the parts exchanged left of the imaginary axis.
  C x(b, v[0]);
  S half = sqrt((magnitude(x) + fabs(x.re)) * 0.5), other = x.im / (half + half), left = x.re < 0.0;
  S up = select(x.im < 0.0, -half, half), zero = half == 0.0;
  return C(select(zero, 0.0, select(left, fabs(other), half)), select(zero, x.im, select(left, up, other)));
}
Value exp(ScalarBuilder &b, ValueRange v) {
  C x(b, v[0]);
  S size = exp(x.re);
  return C(size * cos(x.im), select(x.im == 0.0, x.im, size * sin(x.im)));
}
Value log(ScalarBuilder &b, ValueRange v) {
  C x(b, v[0]);
  return C(log(magnitude(x)), x.im.binary<math::Atan2Op, arith::AddIOp>(x.re));
}
// sin(a + ib) = sin a cosh b + i cos a sinh b
Value sin(ScalarBuilder &b, ValueRange v) {
  C x(b, v[0]);
  return C(sin(x.re) * x.im.unary<math::CoshOp>(), cos(x.re) * x.im.unary<math::SinhOp>());
}
// cos(a + ib) = cos a cosh b - i sin a sinh b
Value cos(ScalarBuilder &b, ValueRange v) {
  C x(b, v[0]);
  return C(cos(x.re) * x.im.unary<math::CoshOp>(), -(sin(x.re) * x.im.unary<math::SinhOp>()));
}
// tanh(a + ib) = (t (1 + u^2) + i u (1 - t^2)) / (1 + t^2 u^2),  t = tanh a, u = tan b
Value tanh(ScalarBuilder &b, ValueRange v) {
  C x(b, v[0]);
  S t = x.re.unary<math::TanhOp>(), u = x.im.unary<math::TanOp>();
  S scale = 1.0 / (1.0 + t * t * u * u);
  return C(t * (1.0 + u * u) * scale, u * (1.0 - t * t) * scale);
}

/// In f64 what f32 and narrower would compute with too few bits.
template <class F> static Value widened(ScalarBuilder &b, Value v, F f) {
  if (v.getType().isF64())
    return f(S(b, v)).v;
  Value wide = arith::ExtFOp::create(b.b, b.loc, b.b.getF64Type(), v);
  return arith::TruncFOp::create(b.b, b.loc, v.getType(), f(S(b, wide)).v);
}

// The series of host::lgamma.
Value lgamma(ScalarBuilder &b, ValueRange v) {
  return widened(b, v[0], [](S x) {
    static constexpr double c[] = {676.5203681218851,  -1259.1392167224028,  771.32342877765313,    -176.61502916214059,
                                   12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7};
    S low = x < 0.5, z = select(low, 1.0 - x, x) - 1.0, t = z + 7.5, sum = z.number(0.99999999999980993);
    for (int k = 0; k < 8; ++k)
      sum = sum + c[k] / (z + double(k + 1));
    S high = (z + 0.5) * log(t) - t + log(sum) + 0.91893853320467274;
    high = select(z == std::numeric_limits<double>::infinity(), z, high);
    S turned = log(M_PI / fabs(sin((x - floor(x * 0.5) * 2.0) * M_PI))) - high;
    return select(low, turned, high);
  });
}

// The series of host::digamma.
Value digamma(ScalarBuilder &b, ValueRange v) {
  return widened(b, v[0], [](S x) {
    S low = x < 0.5, y = select(low, 1.0 - x, x), z = y + 8.0, w = 1.0 / (z * z);
    S shift = 1.0 / y;
    for (int k = 1; k < 8; ++k)
      shift = shift + 1.0 / (y + double(k));
    S series = w * (1.0 / 12 - w * (1.0 / 120 - w * (1.0 / 252 - w * (1.0 / 240 - w * (1.0 / 132 - w * (691.0 / 32760))))));
    S high = log(z) - 0.5 / z - series - shift;
    S turned = high - M_PI / ((x - floor(x)) * M_PI).unary<math::TanOp>();
    return select(low, turned, high);
  });
}

Value sigmoid(ScalarBuilder &b, ValueRange v) {
  return onOne(b, v, [](S x) { return 1.0 / (1.0 + exp(-x)); });
}
Value relu(ScalarBuilder &b, ValueRange v) {
  S x(b, v[0]);
  return x.binary<arith::MaximumFOp, arith::MaxSIOp>(x.number(0)).v;
}

Value pow(ScalarBuilder &b, ValueRange v) {
  if (b.isFloat())
    return b.build<math::PowFOp>(v);
  S x(b, v[0]), y(b, v[1]), result = x.number(1), square = x, n = y;
  // By squares, all bits of the exponent; no branch, so that it vectorises.
  unsigned bits = x.v.getType().getIntOrFloatBitWidth();
  for (unsigned bit = 0; bit < bits; ++bit) {
    result = select((n & n.number(1)) == 0.0, result, result * square);
    if (bit + 1 == bits)
      break;
    square = square * square;
    n = {b, arith::ShRUIOp::create(b.b, b.loc, n.v, n.number(1).v)};
  }
  if (b.isUnsigned())
    return result.v;
  S odd = (y & y.number(1)) != 0.0;
  S inverse = select(x == 1.0, x, select(x == -1.0, select(odd, x, x.number(1)), 0.0));
  return select(y < 0.0, inverse, result).v;
}

/// The quotient rounded to zero, of a divisor that is not 0; unsigned or signed.
static S quotient(ScalarBuilder &b, S x, S y) {
  return b.isUnsigned() ? S(b, arith::DivUIOp::create(b.b, b.loc, x.v, y.v)) : x / y;
}

/// x // y of integers; 0 where y is 0, and -x where it is -1, whose quotient may overflow.
static S floorQuotient(ScalarBuilder &b, S x, S y) {
  S zero = y == 0.0;
  if (b.isUnsigned())
    return select(zero, 0.0, quotient(b, x, select(zero, 1.0, y)));
  S minus = y == -1.0, divisor = select(zero | minus, 1.0, y), q = x / divisor, rest = x - q * divisor;
  S down = (rest != 0.0) & ((rest < 0.0) != (divisor < 0.0));
  return select(zero, 0.0, select(minus, -x, select(down, q - 1.0, q)));
}

/// The remainder of x and y rounded to zero, and whether floor's is y more.
static std::pair<S, S> remainder(S x, S y) {
  S rest = x.binary<arith::RemFOp, arith::RemSIOp>(y);
  return {rest, (rest != 0.0) & ((rest < 0.0) != (y < 0.0))};
}

Value floordiv(ScalarBuilder &b, ValueRange v) {
  S x(b, v[0]), y(b, v[1]);
  if (!b.isFloat())
    return floorQuotient(b, x, y).v;
  auto [rest, down] = remainder(x, y);
  S q = (x - rest) / y;
  return select(y == 0.0, x / y, select(down, q - 1.0, q).unary<math::RoundEvenOp>()).v;
}
Value mod(ScalarBuilder &b, ValueRange v) {
  S x(b, v[0]), y(b, v[1]);
  if (!b.isFloat())
    return select(y == 0.0, 0.0, x - floorQuotient(b, x, y) * y).v;
  auto [rest, down] = remainder(x, y);
  S zero(b, math::CopySignOp::create(b.b, b.loc, rest.number(0).v, y.v));
  return select(rest == 0.0, zero, select(down, rest + y, rest)).v;
}

/// Whether a shift leaves bits: a negative number is a large one without its sign.
static S inRange(ScalarBuilder &b, S n) {
  S bits = n.number(n.v.getType().getIntOrFloatBitWidth());
  return {b, arith::CmpIOp::create(b.b, b.loc, arith::CmpIPredicate::ult, n.v, bits.v)};
}
Value shl(ScalarBuilder &b, ValueRange v) {
  S x(b, v[0]), n(b, v[1]), fits = inRange(b, n);
  return select(fits, S(b, arith::ShLIOp::create(b.b, b.loc, x.v, select(fits, n, 0.0).v)), 0.0).v;
}
Value shr(ScalarBuilder &b, ValueRange v) {
  S x(b, v[0]), n(b, v[1]), fits = inRange(b, n);
  if (b.isUnsigned())
    return select(fits, S(b, arith::ShRUIOp::create(b.b, b.loc, x.v, select(fits, n, 0.0).v)), 0.0).v;
  S amount = select(fits, n, n.number(n.v.getType().getIntOrFloatBitWidth() - 1));
  return arith::ShRSIOp::create(b.b, b.loc, x.v, amount.v);
}

Value isnan(ScalarBuilder &b, ValueRange v) {
  return onOne(b, v, [](S x) { return x != x; });
}
Value isfinite(ScalarBuilder &b, ValueRange v) {
  return onOne(b, v, [](S x) { return fabs(x) < std::numeric_limits<double>::infinity(); });
}

Value complex(ScalarBuilder &b, ValueRange v) { return C(S(b, v[0]), S(b, v[1])); }
Value real(ScalarBuilder &b, ValueRange v) { return C(b, v[0]).re.v; }
Value imag(ScalarBuilder &b, ValueRange v) { return C(b, v[0]).im.v; }
Value conj(ScalarBuilder &b, ValueRange v) {
  C x(b, v[0]);
  return C(x.re, -x.im);
}
Value angle(ScalarBuilder &b, ValueRange v) {
  C x(b, v[0]);
  return x.im.binary<math::Atan2Op, arith::AddIOp>(x.re).v;
}

Value compare(ScalarBuilder &b, Comparison how, ValueRange v) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static constexpr F floats[] = {F::OEQ, F::UNE, F::OLT, F::OLE, F::OGT, F::OGE};
  static constexpr I integers[] = {I::eq, I::ne, I::slt, I::sle, I::sgt, I::sge};
  static constexpr I unsignedOnes[] = {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge};
  if (b.isComplex()) {
    C x(b, v[0]), y(b, v[1]);
    return how == Comparison::Eq ? ((x.re == y.re) & (x.im == y.im)).v : ((x.re != y.re) | (x.im != y.im)).v;
  }
  if (b.isFloat())
    return arith::CmpFOp::create(b.b, b.loc, floats[unsigned(how)], v[0], v[1]);
  return arith::CmpIOp::create(b.b, b.loc, (b.isUnsigned() ? unsignedOnes : integers)[unsigned(how)], v[0], v[1]);
}

Value logicalNot(ScalarBuilder &b, ValueRange v) {
  return onOne(b, v, [](S x) { return x == 0.0; });
}

} // namespace tds::scalar

namespace tds {

std::array<Value, 4> philox(OpBuilder &b, Location loc, std::array<Value, 4> ctr, Value key) {
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  auto word = [&](uint32_t c) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(i32, APInt(32, c)));
  };
  auto split = [&](Value wide) -> std::pair<Value, Value> {
    Value shift = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(32));
    Value high = arith::ShRUIOp::create(b, loc, wide, shift);
    return {arith::TruncIOp::create(b, loc, i32, wide), arith::TruncIOp::create(b, loc, i32, high)};
  };
  auto product = [&](uint32_t factor, Value x) {
    Value wide = arith::ExtUIOp::create(b, loc, i64, x);
    Value c = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(int64_t(factor)));
    return split(arith::MulIOp::create(b, loc, wide, c));
  };
  auto mix = [&](Value x, Value y, Value z) -> Value {
    return arith::XOrIOp::create(b, loc, arith::XOrIOp::create(b, loc, x, y), z);
  };
  auto [k0, k1] = split(key);
  for (int round = 0; round < 10; ++round) {
    if (round) {
      k0 = arith::AddIOp::create(b, loc, k0, word(0x9E3779B9u));
      k1 = arith::AddIOp::create(b, loc, k1, word(0xBB67AE85u));
    }
    auto [low0, high0] = product(0xD2511F53u, ctr[0]);
    auto [low1, high1] = product(0xCD9E8D57u, ctr[2]);
    ctr = {mix(high1, ctr[1], k0), low1, mix(high0, ctr[3], k1), low0};
  }
  return ctr;
}

} // namespace tds
