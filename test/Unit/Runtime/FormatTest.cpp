//===- Runtime/FormatTest.cpp - values as text --------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "runtime/Format.h"

using namespace tds;
using namespace tds::rt;

namespace {
std::string formatted(double value, std::string_view spec) {
  auto text = formatScalar(value, spec);
  return text ? *text : text.error().message;
}
std::string formatted(int64_t value, std::string_view spec) {
  auto text = formatScalar(value, spec);
  return text ? *text : text.error().message;
}
} // namespace

TEST(Format, ShortestDigitsReadBack) {
  EXPECT_EQ(formatNumber(0.1f), "0.1");
  EXPECT_EQ(formatNumber(0.1), "0.1");
  EXPECT_EQ(formatNumber(double(0.1f)), "0.10000000149011612");
  EXPECT_EQ(formatNumber(1.0f), "1.0");
  EXPECT_EQ(formatNumber(-0.0f), "-0.0");
  EXPECT_EQ(formatNumber(123456.0f), "123456.0");
  EXPECT_EQ(formatNumber(1e15), "1000000000000000.0");
  EXPECT_EQ(formatNumber(1e16), "1e+16");
  EXPECT_EQ(formatNumber(0.0001f), "0.0001");
  EXPECT_EQ(formatNumber(0.00001f), "1e-05");
  EXPECT_EQ(formatNumber(-12.5), "-12.5");
  EXPECT_EQ(formatNumber(3.4028235e38f), "3.4028235e+38");
  EXPECT_EQ(formatNumber(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(formatNumber(std::numeric_limits<float>::quiet_NaN()), "nan");
  EXPECT_EQ(formatNumber(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(formatNumber(std::complex<float>(1, -2.5f)), "1.0-2.5j");
  EXPECT_EQ(formatNumber(std::complex<double>(0.5, 2)), "0.5+2.0j");
  EXPECT_EQ(formatNumber(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
}

// What Python 3 prints for the same.
TEST(Format, SpecsMeanWhatTheyMeanInPython) {
  EXPECT_EQ(formatted(3.14159, ".4f"), "3.1416");
  EXPECT_EQ(formatted(3.14159, "f"), "3.141590");
  EXPECT_EQ(formatted(-3.14159, "09.2f"), "-00003.14");
  EXPECT_EQ(formatted(3.14159, "9.2f"), "     3.14");
  EXPECT_EQ(formatted(12345.678, ".3e"), "1.235e+04");
  EXPECT_EQ(formatted(0.000012345, "g"), "1.2345e-05");
  EXPECT_EQ(formatted(100000.0, "g"), "100000");
  EXPECT_EQ(formatted(1e6, "g"), "1e+06");
  EXPECT_EQ(formatted(0.125, ".1%"), "12.5%");
  EXPECT_EQ(formatted(0.5, "%"), "50.000000%");
  EXPECT_EQ(formatted(0.5, ""), "0.5");
  EXPECT_EQ(formatted(0.5, "6"), "   0.5");
  EXPECT_EQ(formatted(2.5, ".0f"), "2");
  EXPECT_EQ(formatted(std::numeric_limits<double>::quiet_NaN(), "6.1f"), "   nan");
  EXPECT_EQ(formatted(1e308, ".999f").size(), 309u + 1 + 999);
  EXPECT_EQ(formatted(std::numeric_limits<double>::max(), "%").substr(0, 3), "inf");
  EXPECT_EQ(formatted(int64_t(42), "d"), "42");
  EXPECT_EQ(formatted(int64_t(-42), "06d"), "-00042");
  EXPECT_EQ(formatted(int64_t(42), "5"), "   42");
  EXPECT_EQ(formatted(int64_t(42), ".1f"), "42.0");
}

TEST(Format, SpecsThatCannotBeUsedSayWhy) {
  EXPECT_EQ(formatted(1.5, "d"), "format `d` is for integers, but the value is 1.5");
  EXPECT_EQ(formatted(1.5, ".3"), "format `.3` has a precision, but no type");
  EXPECT_EQ(formatted(1.5, ".f"), "format `.f` has no digits after the point");
  EXPECT_EQ(formatted(1.5, "x"), "format `x` cannot be read from `x` on");
  EXPECT_EQ(formatted(1.5, ">8"), "format `>8` cannot be read from `>8` on");
  EXPECT_EQ(formatted(1.5, "99999999999f"), "format `99999999999f` has a width above 999");
  EXPECT_EQ(formatted(1.5, ".1000f"), "format `.1000f` has a precision above 999");
  EXPECT_EQ(formatted(int64_t(1), ".2d"), "format `.2d` gives a precision to an integer");
  EXPECT_EQ(formatScalar(1.5, "d").error().code, "E0705");
}

TEST(FormatTensor, ScalarsAreTheirElement) {
  EXPECT_EQ(formatTensor(Tensor::scalar(0.1f)), "0.1");
  EXPECT_EQ(formatTensor(Tensor::scalar(true)), "true");
  EXPECT_EQ(formatTensor(Tensor::scalar(uint8_t(200))), "200");
  EXPECT_EQ(formatTensor(Tensor::scalar(Half{0x2e66})), "0.1");
  EXPECT_EQ(formatTensor(Tensor::scalar(BFloat{0x3dcd})), "0.1");
  EXPECT_EQ(formatTensor(Tensor::scalar(Half{0x7bff})), "65500.0");
  EXPECT_EQ(formatTensor(Tensor::scalar(Half{0xfc00})), "-inf");
  EXPECT_EQ(formatTensor(Tensor::scalar(uint64_t(255))), "0x00000000000000ff");
}

TEST(FormatTensor, RowsStandBelowEachOther) {
  EXPECT_EQ(formatTensor(Tensor::copy(std::vector<float>{1, 2.5f, -3, 4, 5, 6}, {2, 3})), "[[ 1.0,  2.5, -3.0],\n"
                                                                                          " [ 4.0,  5.0,  6.0]]");
  EXPECT_EQ(formatTensor(Tensor::copy(std::vector<int32_t>{1, 2, 3, 4}, {2, 1, 2})), "[[[1, 2]],\n\n [[3, 4]]]");
  EXPECT_EQ(formatTensor(Tensor::copy(std::vector<int32_t>{7}, {1})), "[7]");
  EXPECT_EQ(formatTensor(*Tensor::zeros(Element::f32, {int64_t(1) << 40, 0})), "[]");
}

TEST(FormatTensor, LargeOnesLeaveTheMiddleOut) {
  std::vector<int32_t> data(1001);
  std::iota(data.begin(), data.end(), 0);
  EXPECT_EQ(formatTensor(Tensor::copy(data, {1001})), "[   0,    1,    2, ...,  998,  999, 1000]");
  std::vector<int64_t> square(400 * 3, 1);
  EXPECT_EQ(formatTensor(Tensor::copy(square, {400, 3})),
            "[[1, 1, 1],\n [1, 1, 1],\n [1, 1, 1],\n ...,\n [1, 1, 1],\n [1, 1, 1],\n [1, 1, 1]]");
}

TEST(FormatTensor, LongRowsAreWrapped) {
  std::vector<int32_t> data(100, 100);
  std::string text = formatTensor(Tensor::copy(data, {100}));
  size_t longest = 0, column = 0;
  for (char c : text) {
    column = c == '\n' ? 0 : column + 1;
    longest = std::max(longest, column);
  }
  EXPECT_LE(longest, 100u);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
}

TEST(FormatTensor, CodesAreAText) {
  EXPECT_EQ(*formatTensor(Tensor::copy(std::vector<uint8_t>{72, 105, 33, 10}, {4}), "c"), "Hi!\n");
  EXPECT_EQ(*formatTensor(Tensor::copy(std::vector<int32_t>{0xE9, 0x20AC, 0x1F600}, {3}), "c"), "\u00e9\u20ac\U0001F600");
  EXPECT_EQ(*formatTensor(Tensor::copy(std::vector<int32_t>{-1, 0xD800, 0x110000}, {3}), "c"), "\ufffd\ufffd\ufffd");
  EXPECT_EQ(*formatTensor(*Tensor::zeros(Element::i32, {0}), "c"), "");
  EXPECT_FALSE(formatTensor(Tensor::copy(std::vector<float>{65}, {1}), "c"));
  EXPECT_FALSE(formatTensor(Tensor::copy(std::vector<int32_t>{65}, {1, 1}), "c"));
}

TEST(FormatTensor, SpecsAreForScalars) {
  EXPECT_EQ(*formatTensor(Tensor::scalar(2.0f / 3), ".4f"), "0.6667");
  EXPECT_EQ(*formatTensor(Tensor::scalar(0.1f), "6"), "   0.1");
  EXPECT_EQ(*formatTensor(Tensor::scalar(int32_t(5)), "03d"), "005");
  EXPECT_EQ(*formatTensor(Tensor::scalar(true), "d"), "1");
  EXPECT_EQ(*formatTensor(Tensor::scalar(int32_t(65)), "3c"), "  A");
  EXPECT_FALSE(formatTensor(Tensor::copy(std::vector<float>{1, 2}, {2}), ".4f"));
  EXPECT_FALSE(formatTensor(Tensor::scalar(std::complex<float>(1, 2)), ".4f"));
  EXPECT_EQ(formatTensor(Tensor::copy(std::vector<float>{1}, {2})),
            "1 elements of f32 do not make a tensor of shape [2]");
}
