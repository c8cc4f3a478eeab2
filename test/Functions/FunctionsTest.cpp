// Each record's partial derivatives against central differences of its host value: the texts of dialect/TdsFunctions.td
// compiled over plain numbers, with no compiler of ours in the loop.
#include "dialect/Host.h"
#include <array>
#include <gtest/gtest.h>

// Within tds::host, so that its functions hide those of math.h.
namespace tds::host {
namespace {

/// Slopes to the left and right of a point differ at a kink, where the language has a rule of its own.
template <class F> void compare(F value, double partial, double x) {
  double h = 1e-6 * std::fmax(1, std::fabs(x));
  double left = (value(x) - value(x - h)) / h, right = (value(x + h) - value(x)) / h, both = (left + right) / 2;
  if (!std::isfinite(both) || std::fabs(left - right) > 1e-3 * (1 + std::fabs(both)))
    return;
  EXPECT_NEAR(partial, both, 2e-6 * (1 + std::fabs(both))) << "at " << x;
}

constexpr int points = 7;
double sample(double low, double high, int k) { return low + (high - low) * (k + 0.37) / points; }

/// The operands of a function: one, two, or a condition and two.
#define TDS_CALL_1_0(f, v) f<double>(v[0])
#define TDS_CALL_2_0(f, v) f<double>(v[0], v[1])
#define TDS_CALL_3_1(f, v) f<double>(v[0] > 0, v[1], v[2])
#define TDS_PARTIAL(name, k, count, condition, low, high, constant)                                                    \
  TEST(Partial, name##_##k) {                                                                                          \
    for (int i = 0; i < points; ++i)                                                                                   \
      for (int j = 0; j < (count > 1 ? points : 1); ++j) {                                                             \
        std::array<double, 3> v{sample(low, high, i), sample(low, high, j), sample(low, high, (i + j) % points)};      \
        auto value = [&](double x) {                                                                                   \
          std::array<double, 3> w = v;                                                                                 \
          w[k] = x;                                                                                                    \
          return double(TDS_CALL_##count##_##condition(name##_rule::value, w));                                        \
        };                                                                                                             \
        compare(value, double(TDS_CALL_##count##_##condition(name##_rule::d##k, v)), v[k]);                            \
      }                                                                                                                \
  }

constexpr Complex places[] = {{0.7, 0.4}, {-1.2, 0.9}, {1.6, -1.3}, {-0.5, -0.8}};
constexpr double step = 1e-5;
#define TDS_COMPLEX_1(f, v) f(Complex(v[0]))
#define TDS_COMPLEX_2(f, v) f(Complex(v[0]), Complex(v[1]))
/// The operands of a function at a place, operand `k` moved by `h`.
std::array<Complex, 2> operandsAt(int i, int k = 0, Complex h = 0) {
  std::array<Complex, 2> v{places[i], places[(i + 1) % 4]};
  v[size_t(k)] += h;
  return v;
}

/// f'(x) h along the real and the imaginary axis.
#define TDS_HOLOMORPHIC(name, k, count)                                                                                \
  TEST(Holomorphic, name##_##k) {                                                                                      \
    for (int at = 0; at < 4; ++at)                                                                                     \
      for (Complex h : {Complex(step), Complex(0, step)}) {                                                            \
        Complex up = TDS_COMPLEX_##count(name##_rule::value, operandsAt(at, k, h));                                    \
        Complex down = TDS_COMPLEX_##count(name##_rule::value, operandsAt(at, k, -h));                                 \
        Complex partial = TDS_COMPLEX_##count(name##_rule::d##k, operandsAt(at));                                      \
        EXPECT_LT(std::abs((up - down) / (2.0 * h) - partial), 1e-8 * (1 + std::abs(partial)));                        \
      }                                                                                                                \
  }
/// dr = real(p dx).
#define TDS_REAL_OF(name, k, count)                                                                                    \
  TEST(RealOf, name##_##k) {                                                                                           \
    for (int at = 0; at < 4; ++at)                                                                                     \
      for (Complex h : {Complex(step), Complex(0, step)}) {                                                            \
        double up = TDS_COMPLEX_##count(name##_rule::value, operandsAt(at, k, h));                                     \
        double down = TDS_COMPLEX_##count(name##_rule::value, operandsAt(at, k, -h));                                  \
        Complex partial = TDS_COMPLEX_##count(name##_rule::d##k, operandsAt(at));                                      \
        EXPECT_NEAR((up - down) / (2 * step), std::real(partial * h) / step, 1e-8);                                    \
      }                                                                                                                \
  }
/// Of real operands.
#define TDS_COMPLEX_OF(name, k, count)                                                                                 \
  TEST(ComplexOf, name##_##k) {                                                                                        \
    std::array<double, 2> v{0.7, -0.4}, up = v, down = v;                                                              \
    up[k] += step;                                                                                                     \
    down[k] -= step;                                                                                                   \
    Complex partial = TDS_CALL_2_0(name##_rule::d##k, v);                                                              \
    Complex slope = (TDS_CALL_2_0(name##_rule::value, up) - TDS_CALL_2_0(name##_rule::value, down)) / (2 * step);      \
    EXPECT_LT(std::abs(slope - partial), 1e-8);                                                                        \
  }
#include "test/Functions/Functions.inc"

} // namespace
} // namespace tds::host
