//===- MathTest.cpp - elementary functions against libm in long double ----===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/Cpu.h"
#include "test/Unit/Codegen/Compile.h"
#include "llvm/Support/FormatVariadic.h"
#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace tds;

namespace {

constexpr size_t points = 1 << 16;

template <class T> constexpr const char *typeName = sizeof(T) == 4 ? "f32" : "f64";

/// y = op(x, ...), elementwise on `points` elements.
std::string module(const char *op, const char *type, unsigned operands) {
  std::string ins, types, maps, arguments, scalars, names;
  for (unsigned i = 0; i < operands; ++i) {
    const char *comma = i ? ", " : "";
    ins += llvm::formatv("{0}%a{1}", comma, i);
    types += llvm::formatv("{0}tensor<{1}x{2}>", comma, points, type);
    maps += "#id, ";
    arguments += llvm::formatv("{0}%a{1}: tensor<{2}x{3}>", comma, i, points, type);
    scalars += llvm::formatv("%x{0}: {1}, ", i, type);
    names += llvm::formatv("{0}%x{1}", comma, i);
  }
  return llvm::formatv(R"(
#id = affine_map<(d) -> (d)>
func.func @entry({0}) -> tensor<{1}x{2}> {{
  %e = tensor.empty() : tensor<{1}x{2}>
  %r = linalg.generic {{indexing_maps = [{3}#id], iterator_types = ["parallel"]} ins({4} : {5}) outs(%e : tensor<{1}x{2}>) {{
  ^bb0({6}%o: {2}):
    %y = math.{7} {8} : {2}
    linalg.yield %y : {2}
  } -> tensor<{1}x{2}>
  return %r : tensor<{1}x{2}>
}
)",
                       arguments, points, type, maps, ins, types, scalars, op, names);
}

/// How far a result is from the exact value, in units of its last place there; huge for a wrong nan, infinity or sign
/// of zero.
template <class T> double distance(T got, long double exact) {
  constexpr double wrong = 1e30;
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : wrong;
  T rounded = T(exact);
  if (std::isinf(rounded) || std::isinf(got))
    return rounded == got ? 0 : wrong;
  if (exact == 0)
    return got == 0 && std::signbit(got) == std::signbit(exact) ? 0 : wrong;
  using limits = std::numeric_limits<T>;
  int exponent;
  std::frexp(exact, &exponent);
  exponent = std::max(exponent, limits::min_exponent);
  return double(std::fabs(got - exact) / std::ldexp(1.0L, exponent - limits::digits));
}

/// Zeros, infinities, nan, ends of the types' ranges, places where functions overflow or change their way.
template <class T> std::vector<T> specials() {
  using limits = std::numeric_limits<T>;
  std::vector<T> some;
  for (double x : {0.0,
                   0.5,
                   1.0,
                   2.0,
                   3.0,
                   4.0,
                   8.0,
                   9.0,
                   10.0,
                   22.0,
                   64.0,
                   0.625,
                   0.9375,
                   0.9999999,
                   3.9,
                   1e-5,
                   1e-8,
                   1e-10,
                   1e-20,
                   1e-38,
                   1e-40,
                   1e-45,
                   1e5,
                   1e9,
                   1.01e9,
                   1e10,
                   1e15,
                   1e30,
                   3e38,
                   88.0,
                   88.7,
                   87.4,
                   89.0,
                   88.72283,
                   88.73,
                   103.9,
                   103.97,
                   103.98,
                   104.1,
                   126.5,
                   127.9999,
                   128.0,
                   149.0,
                   150.0,
                   1.5707963267948966,
                   3.141592653589793,
                   6.283185307179586,
                   710.0,
                   709.79,
                   709.7,
                   708.5,
                   745.1,
                   745.2,
                   746.0,
                   1023.9,
                   1024.0,
                   1074.0,
                   1075.0,
                   1e-300,
                   1e-310,
                   1e300,
                   16777216.0,
                   33554433.0}) {
    some.push_back(T(x));
    some.push_back(T(-x));
  }
  for (T x : {limits::infinity(), limits::max(), limits::min(), limits::denorm_min(), limits::epsilon()}) {
    some.push_back(x);
    some.push_back(-x);
  }
  some.push_back(limits::quiet_NaN());
  return some;
}

/// Specials, then magnitudes of all kinds, then evenly spread numbers.
template <class T> std::vector<T> samples(double low, double high, unsigned seed) {
  std::vector<T> x = specials<T>();
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> even(low, high), exponent(-40, std::log2(std::max(-low, high)));
  while (x.size() < points / 4) {
    double magnitude = std::exp2(exponent(random));
    x.push_back(T(low < 0 && random() % 2 ? -magnitude : magnitude));
  }
  while (x.size() < points)
    x.push_back(T(even(random)));
  return x;
}

class Function {
public:
  Function(const std::string &text, CodegenOptions options = CodegenOptions::host()) : compiled(text, options) {}
  template <class T> std::vector<T> operator()(const std::vector<std::vector<T>> &x) {
    return compiled.operator()<T, T>(x, {points}).front();
  }

private:
  test::Compiled compiled;
};

struct Case {
  const char *op;
  long double (*exact)(long double);
  double low, high;             // where most samples are, f32
  double lowDouble, highDouble; // f64
  double ulps, ulpsDouble;      // measured, rounded up
};

const Case cases[] = {
    {"exp", expl, -105, 90, -746, 711, 1.0, 1.0},
    {"exp2", exp2l, -151, 129, -1076, 1025, 1.0, 1.0},
    {"expm1", expm1l, -20, 90, -40, 711, 1.5, 2.0},
    {"log", logl, 0, 100, 0, 100, 0.8, 0.9},
    {"log1p", log1pl, -0.99999, 100, -0.99999, 100, 0.8, 0.9},
    {"log2", log2l, 0, 100, 0, 100, 0.51, 1.0},
    {"log10", log10l, 0, 100, 0, 100, 0.51, 2.0},
    {"tanh", tanhl, -10, 10, -23, 23, 1.4, 2.5},
    {"sinh", sinhl, -90, 90, -711, 711, 0.51, 2.5},
    {"cosh", coshl, -90, 90, -711, 711, 0.51, 2.5},
    {"erf", erfl, -4.5, 4.5, -6, 6, 1.1, 1.2},
    {"erfc", erfcl, -4, 10, -6, 26, 5, 6},
    {"sin", sinl, -3000, 3000, -1e6, 1e6, 1.6, 1.6},
    {"cos", cosl, -3000, 3000, -1e6, 1e6, 1.6, 1.6},
    {"tan", tanl, -1000, 1000, -1e4, 1e4, 0.51, 3.5},
    {"asin", asinl, -1, 1, -1, 1, 1.5, 1.5},
    {"acos", acosl, -1, 1, -1, 1, 1.5, 1.5},
    {"atan", atanl, -10, 10, -10, 10, 1.5, 1.5},
    {"rsqrt", [](long double x) -> long double { return x == 0 ? 1 / x : 1 / sqrtl(x); }, 0, 100, 0, 100, 1.6, 1.6},
    {"sqrt", sqrtl, 0, 100, 0, 100, 0.51, 0.51},
};

template <class T> void check(const Case &c, double low, double high, double ulps) {
  SCOPED_TRACE(std::string(c.op) + " " + typeName<T>);
  Function function(module(c.op, typeName<T>, 1));
  double worst = 0;
  T at = 0, there = 0;
  for (unsigned seed : {1, 2}) {
    std::vector<T> x = samples<T>(low, high, seed), y = function.operator()<T>({x});
    for (size_t i = 0; i < points; ++i)
      if (double d = distance(y[i], c.exact(x[i])); d > worst)
        worst = d, at = x[i], there = y[i];
  }
  EXPECT_LE(worst, ulps) << "at " << at << ": " << there << " for " << double(c.exact(at));
}

TEST(Math, FloatIsAccurateEverywhere) {
  for (const Case &c : cases)
    check<float>(c, c.low, c.high, c.ulps);
}

TEST(Math, DoubleIsAccurateEverywhere) {
  for (const Case &c : cases)
    check<double>(c, c.lowDouble, c.highDouble, c.ulpsDouble);
}

template <class T> void checkPower(double ulps) {
  Function function(module("powf", typeName<T>, 2));
  std::vector<T> x, y, special = specials<T>();
  for (T base : special)
    for (T exponent : {0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 2.5, 1e10, -1e10, 16777217.0, double(INFINITY),
                       -double(INFINITY), double(NAN)}) {
      x.push_back(base);
      y.push_back(exponent);
    }
  std::mt19937_64 random(3);
  while (x.size() < points) {
    x.push_back(std::exp2(std::uniform_real_distribution<T>(-20, 20)(random)));
    y.push_back(std::uniform_real_distribution<T>(-8, 8)(random));
  }
  x.resize(points);
  y.resize(points);
  std::vector<T> z = function.operator()<T>({x, y});
  for (size_t i = 0; i < points; ++i)
    ASSERT_LE(distance(z[i], powl(x[i], y[i])), ulps) << x[i] << " ** " << y[i] << " gave " << z[i];
}

TEST(Math, PowerHasItsSpecialCases) {
  checkPower<float>(0.51);
  checkPower<double>(1.0);
}

TEST(Math, ScalarsAndVectorsAgreeToTheBit) {
  CodegenOptions scalar = CodegenOptions::host();
  scalar.vectorize = false;
  for (const char *op : {"exp", "log", "tanh", "erf", "sin", "cos", "log1p", "expm1"}) {
    SCOPED_TRACE(op);
    std::vector<float> x = samples<float>(-50, 50, 4);
    std::vector<float> vectors = Function(module(op, "f32", 1)).operator()<float>({x});
    std::vector<float> scalars = Function(module(op, "f32", 1), scalar).operator()<float>({x});
    for (size_t i = 0; i < points; ++i)
      ASSERT_TRUE(std::bit_cast<uint32_t>(vectors[i]) == std::bit_cast<uint32_t>(scalars[i]) ||
                  (std::isnan(vectors[i]) && std::isnan(scalars[i])))
          << x[i] << " gave " << vectors[i] << " and " << scalars[i];
  }
}

/// What a small vector computes must not depend on its neighbours: one large argument sends the vector to libm.
TEST(Math, LargeArgumentsDoNotChangeTheirNeighbours) {
  Function function(module("sin", "f32", 1));
  std::vector<float> x = samples<float>(-3000, 3000, 5), mixed = x;
  for (size_t i = 0; i < points; i += 5)
    mixed[i] = 1e20f;
  std::vector<float> alone = function.operator()<float>({x}), beside = function.operator()<float>({mixed});
  for (size_t i = 0; i < points; ++i)
    if (i % 5 && !std::isnan(alone[i]))
      ASSERT_EQ(alone[i], beside[i]) << x[i];
}

TEST(Math, SmallFloatsAreRoundedOnce) {
  Function function(module("exp", "bf16", 1));
  std::vector<uint16_t> x(points);
  for (size_t i = 0; i < points; ++i)
    x[i] = uint16_t(i);
  std::vector<uint16_t> y = function.operator()<uint16_t>({x});
  auto value = [](uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); };
  for (size_t i = 0; i < points; ++i) {
    float in = value(x[i]), out = value(y[i]);
    if (std::isnan(in)) {
      ASSERT_TRUE(std::isnan(out));
      continue;
    }
    if (std::fabs(expl(in)) < std::numeric_limits<float>::min())
      continue; // x86's conversion to bf16 makes 0 of denormals
    uint32_t exact = std::bit_cast<uint32_t>(float(expl(in)));
    uint32_t rounded = (exact + 0x7fff + (exact >> 16 & 1)) >> 16;
    ASSERT_LE(std::abs(int(rounded) - int(y[i])), 1) << in << " gave " << out; // two roundings near a tie
  }
}

} // namespace
