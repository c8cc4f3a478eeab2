//===- Runtime/PrimitivesTest.cpp - sort, transforms, linear algebra: by their definitions, on any number of threads
//---===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/cpu/Lapack.h"
#include "runtime/cpu/Pool.h"

using namespace tds::rt;

namespace {

/// Numbers between -1 and 1.
template <class T> std::vector<T> numbers(size_t size, uint64_t seed = 1) {
  std::vector<T> values(size);
  for (T &x : values) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    x = T(double(seed >> 11) * 0x1p-52 - 1);
  }
  return values;
}

/// A call with so many workers; what it reported.
struct Call {
  explicit Call(int64_t workers)
      : pool(workers ? createPool(workers) : nullptr), call{nullptr, nullptr, nullptr, pool.get(), &error} {}
  Pool pool;
  tds_error error{};
  tds_call call;
};

template <class T> constexpr int64_t element = std::is_same_v<T, float> ? TDS_F32 : TDS_F64;

template <class T>
std::pair<std::vector<T>, std::vector<int32_t>> sorted(const std::vector<T> &x, int64_t rows, int64_t workers) {
  std::vector<T> values(x.size());
  std::vector<int32_t> ids(x.size());
  int64_t size = int64_t(x.size()) / rows;
  tds_sort_arguments arguments{x.data(), values.data(), ids.data(), rows, size, size, element<T>, 0, 1, 1};
  Call call(workers);
  tds_sort(&call.call, &arguments);
  return {values, ids};
}

TEST(Primitives, SortIsStableNanLast) {
  for (int64_t rows : {1, 3, 40})
    for (int64_t size : {1, 2, 255, 256, 1000, 70000}) {
      if (rows * size > 300000)
        continue;
      std::vector<float> x = numbers<float>(size_t(rows * size));
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = i % 13 == 5 ? NAN : i % 7 == 3 ? -0.0f : i % 5 == 2 ? 0.0f : std::round(x[i] * 100);
      auto [values, ids] = sorted(x, rows, 3);
      for (int64_t row = 0; row < rows; ++row) {
        const float *from = x.data() + row * size;
        std::vector<int32_t> wanted(size_t(size), 0);
        std::iota(wanted.begin(), wanted.end(), 0);
        std::sort(wanted.begin(), wanted.end(), [&](int32_t a, int32_t b) {
          bool after = std::isnan(from[b]), before = std::isnan(from[a]);
          if (before != after)
            return after;
          return !before && from[a] != from[b] ? from[a] < from[b] : a < b;
        });
        for (int64_t i = 0; i < size; ++i)
          ASSERT_EQ(ids[size_t(row * size + i)], wanted[size_t(i)]) << rows << " rows of " << size;
      }
      EXPECT_EQ(ids, sorted(x, rows, 0).second);
    }
}

template <class T>
std::vector<std::complex<T>> transformed(const std::vector<std::complex<T>> &x, int64_t rows, int64_t workers) {
  std::vector<std::complex<T>> y(x.size());
  tds_fft_arguments arguments{
      x.data(), y.data(), rows, int64_t(x.size()) / rows, element<T> == TDS_F32 ? TDS_C64 : TDS_C128, 0};
  Call call(workers);
  tds_fft(&call.call, &arguments);
  return y;
}

TEST(Primitives, FourierTransformIsItsSum) {
  constexpr long double pi = 3.14159265358979323846264338327950288L;
  for (int64_t n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 30, 49, 64, 97, 120, 169, 257, 210, 289}) {
    std::vector<double> parts = numbers<double>(size_t(2 * n));
    std::vector<std::complex<double>> x(static_cast<size_t>(n));
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = {parts[2 * i], parts[2 * i + 1]};
    auto y = transformed(x, 1, 2);
    for (int64_t k = 0; k < n; ++k) {
      std::complex<long double> sum = 0;
      for (int64_t j = 0; j < n; ++j)
        sum += std::complex<long double>(x[size_t(j)]) *
               std::polar(1.0L, -2 * pi * (long double)(j * k % n) / (long double)n);
      ASSERT_LT(std::abs(sum - std::complex<long double>(y[size_t(k)])), 2e-15 * std::sqrt(double(n)) * 4)
          << n << " at " << k;
    }
  }
}

TEST(Primitives, AnyNumberOfThreadsGivesTheSameBits) {
  std::vector<double> x = numbers<double>(200000);
  EXPECT_EQ(sorted(x, 1, 1), sorted(x, 1, 3));
  EXPECT_EQ(sorted(x, 1, 0), sorted(x, 1, 2));

  std::vector<std::complex<float>> z(70 * 1000);
  for (size_t i = 0; i < z.size(); ++i)
    z[i] = {float(x[i]), float(x[i + 1])};
  EXPECT_EQ(transformed(z, 70, 0), transformed(z, 70, 3));

  // Whatever number the host has told LAPACK.
  const Lapack *library = lapack();
  ASSERT_TRUE(library) << lapackTried();
  constexpr int64_t n = 400;
  std::vector<double> a(x.begin(), x.begin() + n * n), b(x.begin(), x.begin() + n * 90), factor(a.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j <= i; ++j) // of the lower triangle, which dominates by its diagonal
      a[size_t(j * n + i)] = a[size_t(i * n + j)] += i == j ? n : 0;
  std::vector<double> solutions[2], factors[2];
  for (int64_t threads : {1, 3}) {
    if (library->setThreads)
      library->setThreads(int(threads));
    Call call(threads);
    std::vector<double> solution(b.size());
    tds_solve_arguments solve{a.data(), b.data(), solution.data(), 1, n, 90, TDS_F64, 1, 0};
    tds_solve(&call.call, &solve);
    tds_cholesky_arguments cholesky{a.data(), factor.data(), 1, n, TDS_F64, 1, 0};
    tds_cholesky(&call.call, &cholesky);
    EXPECT_EQ(call.error.code, TDS_FINE);
    solutions[threads > 1] = solution;
    factors[threads > 1] = factor;
  }
  EXPECT_EQ(solutions[0], solutions[1]);
  EXPECT_EQ(factors[0], factors[1]);
}

TEST(Primitives, RealTransformsAreHalvesAndComeBack) {
  for (int64_t n : {1, 2, 3, 8, 15, 64, 97, 1000, 1009}) {
    constexpr int64_t rows = 7; // some in vector registers, some not
    int64_t half = n / 2 + 1;
    std::vector<double> x = numbers<double>(size_t(rows * n)), back(x.size());
    std::vector<std::complex<double>> z(x.begin(), x.end()), y(size_t(rows * half), 0);
    Call call(2);
    tds_fft_arguments forward{x.data(), y.data(), rows, n, TDS_C128, 2};
    tds_fft(&call.call, &forward);
    auto whole = transformed(z, rows, 2);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < half; ++k)
        ASSERT_LT(std::abs(y[size_t(row * half + k)] - whole[size_t(row * n + k)]), 1e-13 * std::sqrt(double(n)))
            << n << " at " << k;
    tds_fft_arguments inverse{y.data(), back.data(), rows, n, TDS_C128, 3};
    tds_fft(&call.call, &inverse);
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(back[i], x[i], 1e-14) << n;
  }
}

// A large prime is no sum over all pairs: this would take hours.
TEST(Primitives, ATransformOfALargePrimeSize) {
  constexpr int64_t n = 1000003;
  std::vector<std::complex<float>> x(n);
  x[1] = 1;
  auto y = transformed(x, 1, 2);
  for (int64_t k : {0, 1, 2, 333333, 1000002}) {
    double angle = -2 * M_PI * double(k) / n;
    EXPECT_NEAR(y[size_t(k)].real(), std::cos(angle), 1e-5) << k;
    EXPECT_NEAR(y[size_t(k)].imag(), std::sin(angle), 1e-5) << k;
  }
}

TEST(Primitives, FactorsMultiplyToTheMatrix) {
  for (int64_t n : {1, 2, 3, 31, 63, 64, 65, 130}) {
    std::vector<double> a = numbers<double>(size_t(n * n)), s(a.size()), l(a.size());
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        for (int64_t k = 0; k < n; ++k)
          s[size_t(i * n + j)] += a[size_t(i * n + k)] * a[size_t(j * n + k)] + (i == j ? 0.1 : 0);
    Call call(2);
    tds_cholesky_arguments arguments{s.data(), l.data(), 1, n, TDS_F64, 1, 0};
    tds_cholesky(&call.call, &arguments);
    EXPECT_EQ(call.error.code, TDS_FINE);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < n; ++k)
          sum += l[size_t(i * n + k)] * l[size_t(j * n + k)];
        ASSERT_NEAR(sum, s[size_t(i * n + j)], 1e-13 * double(n)) << n;
        ASSERT_TRUE(j <= i || l[size_t(i * n + j)] == 0);
      }
  }
}

template <class T> class Solvers : public testing::Test {};
using Elements = testing::Types<float, double, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(Solvers, Elements);

TYPED_TEST(Solvers, ProductsGiveTheRightSides) {
  using T = TypeParam;
  const int64_t code = std::is_same_v<T, float>                 ? TDS_F32
                       : std::is_same_v<T, double>              ? TDS_F64
                       : std::is_same_v<T, std::complex<float>> ? TDS_C64
                                                                : TDS_C128;
  const double bound = sizeof(T) / (std::is_floating_point_v<T> ? 1 : 2) == 4 ? 1e-3 : 1e-11;
  for (int64_t n : {1, 2, 17, 70})
    for (int64_t columns : {1, 3, 130})
      for (int64_t count : {1, 3}) {
        std::vector<double> parts = numbers<double>(size_t(2 * count * n * (n + columns)), uint64_t(n + columns));
        std::vector<T> a(size_t(count * n * n)), b(size_t(count * n * columns)), x(b.size());
        size_t next = 0;
        for (std::vector<T> *values : {&a, &b})
          for (T &v : *values) {
            if constexpr (std::is_floating_point_v<T>)
              v = T(parts[next++]);
            else {
              v = {typename T::value_type(parts[next]), typename T::value_type(parts[next + 1])};
              next += 2;
            }
          }
        for (int64_t i = 0; i < count * n; ++i)
          a[size_t(i / n * n * n + i % n * (n + 1))] += T(float(n));
        for (int form : {0, 1, 2}) { // whole, lower, upper
          Call call(2);
          tds_solve_arguments whole{a.data(), b.data(), x.data(), count, n, columns, code, 1, 0};
          tds_triangular_solve_arguments part{a.data(), b.data(), x.data(), count, n, columns, code, form == 2, 1, 0};
          form ? tds_triangular_solve(&call.call, &part) : tds_solve(&call.call, &whole);
          ASSERT_EQ(call.error.code, TDS_FINE);
          for (int64_t which = 0; which < count; ++which)
            for (int64_t i = 0; i < n; ++i)
              for (int64_t j = 0; j < columns; ++j) {
                T sum = 0;
                for (int64_t k = form == 2 ? i : 0; k < (form == 1 ? i + 1 : n); ++k)
                  sum += a[size_t((which * n + i) * n + k)] * x[size_t((which * n + k) * columns + j)];
                ASSERT_LT(std::abs(sum - b[size_t((which * n + i) * columns + j)]), bound)
                    << "form " << form << ", " << n << " x " << columns << " of " << count;
              }
        }
      }
}

TEST(Primitives, TheHostsThreadsOfLapackStayItsOwn) {
  const Lapack *library = lapack();
  ASSERT_TRUE(library) << lapackTried();
  if (!library->setThreads)
    GTEST_SKIP() << "this LAPACK has no threads";
  int before = library->threads();
  library->setThreads(2);
  int host = library->threads(); // 1 if that is all it can
  {
    OneThread one(*library);
    EXPECT_EQ(library->threads(), 1);
    {
      OneThread another(*library);
    }
    EXPECT_EQ(library->threads(), 1);
  }
  EXPECT_EQ(library->threads(), host);
  library->setThreads(before);
}

TEST(Primitives, AMatrixThatFailsIsNamed) {
  std::vector<float> a = {1, 0, 0, 1, 1, 2, 2, 4, 5, 0, 0, 5}, b(6, 1.0f), x(6);
  Call call(0);
  tds_solve_arguments arguments{a.data(), b.data(), x.data(), 3, 2, 1, TDS_F32, 1, 7};
  tds_solve(&call.call, &arguments);
  EXPECT_EQ(call.error.code, TDS_SINGULAR);
  EXPECT_EQ(call.error.place, 7);
  EXPECT_EQ(call.error.value, 1);
  EXPECT_EQ(x[0], 1.0f);
  EXPECT_TRUE(std::isnan(x[2]) && std::isnan(x[3]));
  EXPECT_EQ(x[4], 0.2f);
  Call quiet(0);
  arguments.checked = 0;
  tds_solve(&quiet.call, &arguments);
  EXPECT_EQ(quiet.error.code, TDS_FINE);
}

} // namespace
