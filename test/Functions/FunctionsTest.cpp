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
#define TDS_HOLOMORPHIC(name, k, count)
#include "test/Functions/Functions.inc"

} // namespace
} // namespace tds::host
