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

  constexpr int64_t n = 150;
  std::vector<double> a(x.begin(), x.begin() + n * n), b(x.begin(), x.begin() + n * 90), one(b.size()), other(b.size());
  Call serial(0), threads(3);
  tds_solve_arguments solve{a.data(), b.data(), one.data(), 1, n, 90, TDS_F64, 0};
  tds_solve(&serial.call, &solve);
  solve.x = other.data();
  tds_solve(&threads.call, &solve);
  EXPECT_EQ(one, other);
}

TEST(Primitives, FactorsMultiplyToTheMatrix) {
  for (int64_t n : {1, 2, 3, 31, 63, 64, 65, 130}) {
    std::vector<double> a = numbers<double>(size_t(n * n)), s(a.size()), l(a.size());
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        for (int64_t k = 0; k < n; ++k)
          s[size_t(i * n + j)] += a[size_t(i * n + k)] * a[size_t(j * n + k)] + (i == j ? 0.1 : 0);
    Call call(2);
    tds_cholesky_arguments arguments{s.data(), l.data(), 1, n, TDS_F64, 0};
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

TEST(Primitives, AMatrixThatFailsIsNamed) {
  std::vector<float> a = {1, 0, 0, 1, 1, 2, 2, 4, 5, 0, 0, 5}, b(6, 1.0f), x(6);
  Call call(0);
  tds_solve_arguments arguments{a.data(), b.data(), x.data(), 3, 2, 1, TDS_F32, 7};
  tds_solve(&call.call, &arguments);
  EXPECT_EQ(call.error.code, TDS_SINGULAR);
  EXPECT_EQ(call.error.place, 7);
  EXPECT_EQ(call.error.value, 1);
  EXPECT_EQ(x[0], 1.0f);
  EXPECT_TRUE(std::isnan(x[2]) && std::isnan(x[3]));
  EXPECT_EQ(x[4], 0.2f);
  Call quiet(0);
  arguments.place = -1;
  tds_solve(&quiet.call, &arguments);
  EXPECT_EQ(quiet.error.code, TDS_FINE);
}

} // namespace
