//===- ReductionTest.cpp - reduce, scan, contract and convert, compiled ----===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/abi/half.h"
#include "test/Unit/Compiler/Lowered.h"
#include <cmath>
#include <complex>

using namespace tds;
using namespace tds::test;

namespace {

using F = std::vector<float>;
using I = std::vector<int32_t>;
using Bytes = std::vector<uint8_t>;
constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();

/// One reduction of a vector to a scalar R.
template <class R, class T>
R reduce(const std::string &kind, const std::vector<T> &x, const std::string &element, const std::string &result) {
  std::string from = "tensor<" + std::to_string(x.size()) + "x" + element + ">", to = "tensor<" + result + ">";
  return run<R>(1, "(%x: " + from + ") -> " + to,
                "%0 = tds.reduce " + kind + " %x over [0] : " + from + "\nreturn %0 : " + to, x)[0];
}

/// Sums of narrow integers are written as sums of i32.
template <class T> int32_t widened(const std::string &kind, const std::vector<T> &x, const std::string &element) {
  std::string n = "tensor<" + std::to_string(x.size()) + "x";
  return run<int32_t>(1, "(%x: " + n + element + ">) -> tensor<i32>",
                      "%0 = tds.convert %x : " + n + element + "> -> " + n + "i32>\n%1 = tds.reduce " + kind +
                          " %0 over [0] : " + n + "i32>\nreturn %1 : tensor<i32>",
                      x)[0];
}

TEST(Reduce, EachKindOfFloats) {
  for (size_t n : {1, 5, 8, 37, 300}) { // below, at and beyond what vectors hold
    F x;
    for (size_t i = 0; i < n; ++i)
      x.push_back(float(int(i * 7 % 11) - 5) / 4);
    std::string at = std::to_string(n);
    EXPECT_FLOAT_EQ(reduce<float>("sum", x, "f32", "f32"), std::accumulate(x.begin(), x.end(), 0.0f)) << at;
    EXPECT_EQ(reduce<float>("max", x, "f32", "f32"), *std::max_element(x.begin(), x.end())) << at;
    EXPECT_EQ(reduce<float>("min", x, "f32", "f32"), *std::min_element(x.begin(), x.end())) << at;
    EXPECT_EQ(reduce<int32_t>("argmax", x, "f32", "i32"), std::max_element(x.begin(), x.end()) - x.begin()) << at;
    EXPECT_EQ(reduce<int32_t>("argmin", x, "f32", "i32"), std::min_element(x.begin(), x.end()) - x.begin()) << at;
  }
  EXPECT_FLOAT_EQ(reduce<float>("prod", F{1.5, -2, 3, 0.25}, "f32", "f32"), -2.25f);
}

TEST(Reduce, NanIsPassedOnAndIsGreatest) {
  for (size_t at : {0, 4, 9}) {
    F x = counting<float>(10);
    x[at] = nan;
    for (const char *kind : {"sum", "prod", "max", "min"})
      EXPECT_TRUE(std::isnan(reduce<float>(kind, x, "f32", "f32"))) << kind << at;
    EXPECT_EQ(reduce<int32_t>("argmax", x, "f32", "i32"), int32_t(at));
    EXPECT_EQ(reduce<int32_t>("argmin", x, "f32", "i32"), int32_t(at));
  }
  EXPECT_EQ(reduce<int32_t>("argmax", F{1, nan, 2, nan}, "f32", "i32"), 1);
}

TEST(Reduce, OfEqualsTheFirst) {
  EXPECT_EQ(reduce<int32_t>("argmax", F{1, 3, 2, 3, 3}, "f32", "i32"), 1);
  EXPECT_EQ(reduce<int32_t>("argmin", I{4, -1, 2, -1}, "i32", "i32"), 1);
  EXPECT_EQ(reduce<int32_t>("argmax", F(20, -inf), "f32", "i32"), 0);
  EXPECT_EQ(reduce<int32_t>("argmin", F(20, inf), "f32", "i32"), 0);
  EXPECT_EQ(reduce<int32_t>("argmax", F{-0.0f, 0.0f}, "f32", "i32"), 0);
}

TEST(Reduce, OverNothing) {
  EXPECT_EQ(reduce<float>("sum", F{}, "f32", "f32"), 0);
  EXPECT_EQ(reduce<float>("prod", F{}, "f32", "f32"), 1);
  EXPECT_EQ(reduce<float>("max", F{}, "f32", "f32"), -inf);
  EXPECT_EQ(reduce<float>("min", F{}, "f32", "f32"), inf);
  EXPECT_EQ(reduce<int32_t>("max", I{}, "i32", "i32"), INT32_MIN);
  EXPECT_EQ(reduce<int32_t>("min", I{}, "i32", "i32"), INT32_MAX);
  EXPECT_EQ(reduce<uint8_t>("max", Bytes{}, "ui8", "ui8"), 0);
  EXPECT_EQ(reduce<uint8_t>("min", Bytes{}, "ui8", "ui8"), 255);
  EXPECT_EQ(reduce<uint8_t>("any", Bytes{}, "i1", "i1"), 0);
  EXPECT_EQ(reduce<uint8_t>("all", Bytes{}, "i1", "i1"), 1);
}

TEST(Reduce, Bools) {
  for (const Bytes &x : {Bytes{0, 0, 0}, Bytes{0, 1, 0}, Bytes{1, 1, 1}}) {
    int trues = std::accumulate(x.begin(), x.end(), 0);
    EXPECT_EQ(reduce<uint8_t>("any", x, "i1", "i1"), trues > 0);
    EXPECT_EQ(reduce<uint8_t>("all", x, "i1", "i1"), trues == 3);
    EXPECT_EQ(widened("sum", x, "i1"), trues);
  }
}

// An unsigned byte is one also where it is widened; what does not fit wraps.
TEST(Reduce, Integers) {
  EXPECT_EQ(widened("sum", std::vector<int8_t>(10, 100), "i8"), 1000);
  EXPECT_EQ(widened("sum", Bytes(10, 200), "ui8"), 2000);
  EXPECT_EQ(widened("prod", std::vector<int16_t>{1000, 1000, -3}, "i16"), -3000000);
  EXPECT_EQ(reduce<int8_t>("sum", std::vector<int8_t>{100, 100}, "i8", "i8"), -56);
  EXPECT_EQ(reduce<int32_t>("sum", I{INT32_MAX, 1}, "i32", "i32"), INT32_MIN);
  EXPECT_EQ(reduce<uint8_t>("max", Bytes{3, 200, 100}, "ui8", "ui8"), 200);
  EXPECT_EQ(reduce<int32_t>("argmax", Bytes{3, 200, 100}, "ui8", "i32"), 1);
  EXPECT_EQ(reduce<int8_t>("min", std::vector<int8_t>{3, -128, 100}, "i8", "i8"), -128);
  EXPECT_EQ(reduce<int64_t>("sum", std::vector<int64_t>{int64_t(1) << 40, 5}, "i64", "i64"), (int64_t(1) << 40) + 5);
}

// 4096 halves of one: 16 bits would stop at 2048 (256 for bf16).
TEST(Reduce, HalvesAddInFloats) {
  std::vector<uint16_t> halves(4096, tds_half_from_float(1)), bfloats(4096, tds_bfloat_from_float(1));
  EXPECT_EQ(tds_float_from_half(reduce<uint16_t>("sum", halves, "f16", "f16")), 4096);
  EXPECT_EQ(tds_float_from_bfloat(reduce<uint16_t>("sum", bfloats, "bf16", "bf16")), 4096);
}

TEST(Reduce, Complex) {
  using C = std::complex<float>;
  std::vector<C> x{{1, 2}, {-3, 0.5}, {0, -1}};
  EXPECT_EQ(reduce<C>("sum", x, "complex<f32>", "complex<f32>"), C(-2, 1.5));
  C product = reduce<C>("prod", x, "complex<f32>", "complex<f32>");
  EXPECT_NEAR(std::abs(product - x[0] * x[1] * x[2]), 0, 1e-5);
}

TEST(Reduce, OverSomeDimensions) {
  F x = counting<float>(24), middle(8), outer(3);
  for (size_t i = 0; i < 2; ++i)
    for (size_t j = 0; j < 3; ++j)
      for (size_t k = 0; k < 4; ++k) {
        middle[i * 4 + k] += x[(i * 3 + j) * 4 + k];
        outer[j] = std::fmax(outer[j], x[(i * 3 + j) * 4 + k]);
      }
  EXPECT_EQ(run<float>(8, "(%x: tensor<2x3x4xf32>) -> tensor<2x4xf32>", R"(
    %0 = tds.reduce sum %x over [1] : tensor<2x3x4xf32>
    return %0 : tensor<2x4xf32>)",
                       x),
            middle);
  EXPECT_EQ(run<float>(3, "(%x: tensor<2x3x4xf32>) -> tensor<3xf32>", R"(
    %0 = tds.reduce max %x over [0, 2] : tensor<2x3x4xf32>
    return %0 : tensor<3xf32>)",
                       x),
            outer);
  EXPECT_EQ(run<int32_t>(8, "(%x: tensor<2x3x4xf32>) -> tensor<2x4xi32>", R"(
    %0 = tds.reduce argmax %x over [1] : tensor<2x3x4xf32>
    return %0 : tensor<2x4xi32>)",
                         x),
            I(8, 2));
}

TEST(Scan, SumsAndProductsBothWays) {
  auto scan = [](const std::string &what, const F &x) {
    return run<float>(6, "(%x: tensor<2x3xf32>) -> tensor<2x3xf32>",
                      "%0 = tds.scan " + what + " : tensor<2x3xf32>\nreturn %0 : tensor<2x3xf32>", x);
  };
  F x{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(scan("sum %x along 1", x), (F{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(scan("sum %x along 1 reverse", x), (F{6, 5, 3, 15, 11, 6}));
  EXPECT_EQ(scan("sum %x along 0", x), (F{1, 2, 3, 5, 7, 9}));
  EXPECT_EQ(scan("prod %x along 1", x), (F{1, 2, 6, 4, 20, 120}));
  EXPECT_EQ(scan("prod %x along 0 reverse", x), (F{4, 10, 18, 4, 5, 6}));
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

// c[b, i, j] = sum k of a and b, either of them transposed, one or three of them at once.
TEST(Contract, ProductsInEachOrientation) {
  constexpr size_t m = 7, n = 9, k = 5;
  for (size_t batch : {1, 3})
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        F a, b, c(batch * m * n);
        for (size_t i = 0; i < batch * m * k; ++i)
          a.push_back(float(int(i * 5 % 13) - 6));
        for (size_t i = 0; i < batch * n * k; ++i)
          b.push_back(float(int(i * 3 % 11) - 5));
        for (size_t p = 0; p < batch; ++p)
          for (size_t i = 0; i < m; ++i)
            for (size_t j = 0; j < n; ++j)
              for (size_t l = 0; l < k; ++l)
                c[(p * m + i) * n + j] +=
                    a[p * m * k + (ta ? l * m + i : i * k + l)] * b[p * n * k + (tb ? j * k + l : l * n + j)];
        bool many = batch > 1;
        std::string head = many ? "3x" : "", dims = many ? "d0, d1, d2, d3" : "d1, d2, d3", first = many ? "d0, " : "";
        std::string ofA = "tensor<" + head + (ta ? "5x7" : "7x5") + "xf32>",
                    ofB = "tensor<" + head + (tb ? "9x5" : "5x9") + "xf32>";
        std::string maps = "affine_map<(" + dims + ") -> (" + first + (ta ? "d3, d1" : "d1, d3") + ")>, affine_map<(" +
                           dims + ") -> (" + first + (tb ? "d2, d3" : "d3, d2") + ")>";
        std::string result = "tensor<" + head + "7x9xf32>";
        EXPECT_EQ(run<float>(batch * m * n, "(%a: " + ofA + ", %b: " + ofB + ") -> " + result,
                             "%0 = tds.contract %a, %b maps [" + maps + "] over [" + (many ? "3" : "2") + "] : " + ofA +
                                 ", " + ofB + "\nreturn %0 : " + result,
                             a, b),
                  c)
            << ofA << ofB;
      }
}

TEST(Contract, DotsOuterProductsIntegersAndNothing) {
  EXPECT_EQ(run<float>(1, "(%a: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<f32>", R"(
    %0 = tds.contract %a, %b maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] over [0] : tensor<3xf32>, tensor<3xf32>
    return %0 : tensor<f32>)",
                       F{1, 2, 3}, F{4, 5, 6}),
            (F{32}));
  EXPECT_EQ(run<float>(4, "(%a: tensor<2xf32>, %b: tensor<2xf32>) -> tensor<2x2xf32>", R"(
    %0 = tds.contract %a, %b maps [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d1)>] over [] : tensor<2xf32>, tensor<2xf32>
    return %0 : tensor<2x2xf32>)",
                       F{1, 2}, F{3, 4}),
            (F{3, 4, 6, 8}));
  EXPECT_EQ(run<int32_t>(2, "(%a: tensor<2x2xi32>, %b: tensor<2xi32>) -> tensor<2xi32>", R"(
    %0 = tds.contract %a, %b maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>] over [1] : tensor<2x2xi32>, tensor<2xi32>
    return %0 : tensor<2xi32>)",
                         I{1, 2, 3, 4}, I{10, -1}),
            (I{8, 26}));
  EXPECT_EQ(run<float>(4, "(%a: tensor<2x0xf32>, %b: tensor<0x2xf32>) -> tensor<2x2xf32>", R"(
    %0 = tds.contract %a, %b maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2] : tensor<2x0xf32>, tensor<0x2xf32>
    return %0 : tensor<2x2xf32>)",
                       F{}, F{}),
            F(4));
  using C = std::complex<float>;
  EXPECT_EQ(run<C>(1, "(%a: tensor<2xcomplex<f32>>, %b: tensor<2xcomplex<f32>>) -> tensor<complex<f32>>", R"(
    %0 = tds.contract %a, %b maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] over [0] : tensor<2xcomplex<f32>>, tensor<2xcomplex<f32>>
    return %0 : tensor<complex<f32>>)",
                   std::vector<C>{{1, 2}, {0, 1}}, std::vector<C>{{3, -1}, {2, 2}}),
            (std::vector<C>{{3, 7}}));
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

template <class To, class From>
std::vector<To> convert(const std::string &from, const std::string &to, const std::vector<From> &x) {
  std::string n = "tensor<" + std::to_string(x.size()) + "x";
  return run<To>(x.size(), "(%x: " + n + from + ">) -> " + n + to + ">",
                 "%0 = tds.convert %x : " + n + from + "> -> " + n + to + ">\nreturn %0 : " + n + to + ">", x);
}

TEST(Convert, FloatsTruncateSaturateAndNanIsZero) {
  F x{0.9f, -0.9f, 2.5f, -2.5f, 127.9f, 128, -128.9f, -129, 255.9f, 256, 3e9f, -3e9f, 1e20f, -1e20f, inf, -inf, nan};
  EXPECT_EQ((convert<int8_t>("f32", "i8", x)),
            (std::vector<int8_t>{0, 0, 2, -2, 127, 127, -128, -128, 127, 127, 127, -128, 127, -128, 127, -128, 0}));
  EXPECT_EQ((convert<uint8_t>("f32", "ui8", x)),
            (Bytes{0, 0, 2, 0, 127, 128, 0, 0, 255, 255, 255, 0, 255, 0, 255, 0, 0}));
  EXPECT_EQ((convert<int32_t>("f32", "i32", x)), (I{0, 0, 2, -2, 127, 128, -128, -129, 255, 256, INT32_MAX, INT32_MIN,
                                                    INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 0}));
  EXPECT_EQ((convert<int64_t>("f64", "i64", std::vector<double>{9.3e18, -9.3e18, 1e15 + 0.5, nan, -9.2e18})),
            (std::vector<int64_t>{INT64_MAX, INT64_MIN, 1000000000000000, 0, -9200000000000000000}));
}

TEST(Convert, BoolsAndIntegers) {
  EXPECT_EQ((convert<uint8_t>("f32", "i1", F{0, -0.0f, 0.1f, nan})), (Bytes{0, 0, 1, 1}));
  EXPECT_EQ((convert<uint8_t>("i32", "i1", I{0, 256, -1})), (Bytes{0, 1, 1}));
  EXPECT_EQ((convert<float>("i1", "f32", Bytes{0, 1})), (F{0, 1}));
  EXPECT_EQ((convert<int32_t>("i1", "i32", Bytes{0, 1})), (I{0, 1}));
  EXPECT_EQ((convert<int8_t>("i32", "i8", I{300, -129, 127})), (std::vector<int8_t>{44, 127, 127}));
  EXPECT_EQ((convert<int32_t>("ui8", "i32", Bytes{200})), (I{200}));
  EXPECT_EQ((convert<int32_t>("i8", "i32", std::vector<int8_t>{-56})), (I{-56}));
  EXPECT_EQ((convert<uint8_t>("i8", "ui8", std::vector<int8_t>{-56})), (Bytes{200}));
  EXPECT_EQ((convert<float>("ui8", "f32", Bytes{200, 255})), (F{200, 255}));
  EXPECT_EQ((convert<float>("i64", "f32", std::vector<int64_t>{16777217, -3})), (F{16777216, -3}));
}

TEST(Convert, HalvesThereAndBack) {
  F x{0, -0.0f, 1, 0.1f, 65504, 65520, 1e-8f, 6e-8f, inf, nan, -2049, 3.0e38f};
  std::vector<uint16_t> half, bfloat;
  for (float v : x) {
    half.push_back(tds_half_from_float(v));
    bfloat.push_back(tds_bfloat_from_float(v));
  }
  auto compare = [](const F &got, const F &want) {
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_TRUE((std::isnan(got[i]) && std::isnan(want[i])) ||
                  (got[i] == want[i] && std::signbit(got[i]) == std::signbit(want[i])))
          << got[i] << ", expected " << want[i];
  };
  F fromHalf, fromBfloat, gotHalf, gotBfloat;
  for (uint16_t bits : half)
    fromHalf.push_back(tds_float_from_half(bits));
  for (uint16_t bits : bfloat)
    fromBfloat.push_back(tds_float_from_bfloat(bits));
  for (uint16_t bits : convert<uint16_t>("f32", "f16", x))
    gotHalf.push_back(tds_float_from_half(bits));
  for (uint16_t bits : convert<uint16_t>("f32", "bf16", x))
    gotBfloat.push_back(tds_float_from_bfloat(bits));
  compare(gotHalf, fromHalf);
  compare(gotBfloat, fromBfloat);
  compare(convert<float>("f16", "f32", half), fromHalf);
  compare(convert<float>("bf16", "f32", bfloat), fromBfloat);
  // One rounding, not two: just above the middle between two halves.
  EXPECT_EQ((convert<uint16_t>("f64", "f16", std::vector<double>{1 + 0x1p-11 + 0x1p-40}))[0],
            tds_half_from_double(1 + 0x1p-11 + 0x1p-40));
}

TEST(Convert, RealsToComplex) {
  using C = std::complex<double>;
  EXPECT_EQ((convert<C>("f32", "complex<f64>", F{1.5, -2})), (std::vector<C>{{1.5, 0}, {-2, 0}}));
  EXPECT_EQ((convert<C>("complex<f32>", "complex<f64>", std::vector<std::complex<float>>{{1, 2}})),
            (std::vector<C>{{1, 2}}));
}

} // namespace
