//===- Runtime/PicturesTest.cpp - png and csv ----------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cmath>
#include <limits>
#include <unistd.h>

#include <gtest/gtest.h>

#include "runtime/Files.h"
#include "test/Unit/Runtime/FileBytes.h"

using namespace tds;
using namespace tds::rt;

namespace {

/// 2 by 2 of 16 bits: 0, 0x8080, 0x1234, 0xffff
constexpr const char *gray16 =
    "89504e470d0a1a0a0000000d4948445200000002000000021000000000074d8ebb0000001249444154789c6360606868601032f9ff1f00"
    "0a6b03457e1a10250000000049454e44ae426082";

/// 3 by 1 of one bit: 1 0 1
constexpr const char *bits =
    "89504e470d0a1a0a0000000d4948445200000003000000010100000000339b29190000000a49444154789c6358000000a200a1dc8db1cc"
    "0000000049454e44ae426082";

/// 2 by 1 of a palette of red and a half transparent blue
constexpr const char *palette =
    "89504e470d0a1a0a0000000d4948445200000002000000010803000000c3fc8fb800000006504c5445ff00000000ff6ca1fd8e00000002"
    "74524e53ff80080fb36a0000000b49444154789c636060040000040002bf7a3f4a0000000049454e44ae426082";

/// 1 by 1 of 10 20 30, said to be linear light
constexpr const char *linear =
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000467414d41000186a031e8965f0000000c4944"
    "4154789c63e0129103000068003d5408a3f70000000049454e44ae426082";

/// 1 by 1 of gray 7 with alpha 9
constexpr const char *grayAlpha =
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b49444154789c6360e70400001a001160cd24"
    "920000000049454e44ae426082";

/// a header of 30000 by 30000 with a row of nothing
constexpr const char *lying =
    "89504e470d0a1a0a0000000d4948445200007530000075300802000000e9456fed0000000949444154789c630000000100015eff7df900"
    "00000049454e44ae426082";

std::string pixels(const char *hex) {
  Result<Tensor> tensor = readPng(bytesOf(fromHex(hex)), "a.png");
  if (!tensor)
    return tensor.error().message;
  std::string out = tensor->type();
  Result<std::span<const uint8_t>> bytes = tensor->read<uint8_t>();
  for (uint8_t byte : *bytes)
    out += " " + std::to_string(byte);
  return out;
}

std::string table(const std::string &text) {
  Result<Tensor> tensor = readCsv(bytesOf(text), "a.csv");
  if (!tensor)
    return tensor.error().message;
  std::string out = tensor->type();
  for (float number : *tensor->read<float>())
    out += " " + std::to_string(number);
  return out;
}

class PicturesTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tds-pictures-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
};

} // namespace

TEST_F(PicturesTest, PngIsReadBack) {
  for (const Shape &shape : {Shape{1, 1}, Shape{3, 5}, Shape{4, 2, 3}, Shape{2, 7, 4}}) {
    Tensor tensor = *Tensor::allocate(Element::u8, shape);
    for (int64_t i = 0; i < tensor.sizeInBytes(); ++i)
      static_cast<uint8_t *>(tensor.writable())[i] = uint8_t(i * 37);
    ASSERT_TRUE(savePng(folder / "x.png", tensor));
    Result<Tensor> back = loadPng(folder / "x.png");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->type(), tensor.type());
    EXPECT_TRUE(std::ranges::equal(back->bytes(), tensor.bytes())) << tensor.type();
  }
}

TEST_F(PicturesTest, FloatsAreClampedAndNanIsBlack) {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> numbers{0, 1, 0.5, 2, -1, NAN, infinity, -infinity};
  ASSERT_TRUE(savePng(folder / "x.png", Tensor::copy(numbers, {2, 4})));
  Result<Tensor> back = loadPng(folder / "x.png");
  ASSERT_TRUE(back);
  auto bytes = *back->read<uint8_t>();
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin(), bytes.end()), (std::vector<uint8_t>{0, 255, 128, 255, 0, 0, 255, 0}));
}

TEST_F(PicturesTest, WhatIsNoPictureIsNotSaved) {
  EXPECT_EQ(savePng(folder / "x.png", Tensor::copy(std::vector<int32_t>{1}, {1, 1})).error().message,
            "a png takes u8, or f32 from 0 to 1; this is i32[1, 1]");
  for (const Shape &shape : {Shape{}, Shape{4}, Shape{0, 4}, Shape{2, 2, 2}, Shape{1, 1, 3, 3}})
    EXPECT_EQ(savePng(folder / "x.png", *Tensor::allocate(Element::u8, shape)).error().code, "E0603");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_EQ(savePng(folder / "none" / "x.png", *Tensor::allocate(Element::u8, {1, 1})).error().code, "E0601");
}

TEST(Png, OtherDepthsAndPalettesAreConverted) {
  EXPECT_EQ(pixels(gray16), "u8[2, 2] 0 128 18 255");
  EXPECT_EQ(pixels(bits), "u8[1, 3] 255 0 255");
  EXPECT_EQ(pixels(palette), "u8[1, 2, 4] 255 0 0 255 0 0 255 128");
  EXPECT_EQ(pixels(grayAlpha), "u8[1, 1, 4] 7 7 7 9");
}

TEST(Png, AColorSpaceLeavesTheNumbers) { EXPECT_EQ(pixels(linear), "u8[1, 1, 3] 10 20 30"); }

TEST(Png, DamagedFilesAreErrors) {
  for (const char *file : {gray16, bits, palette, linear, grayAlpha}) {
    std::string bytes = fromHex(file);
    bytes.resize(bytes.size() - 12); // libpng does not miss the end mark
    tryDamaged(bytes, readPng);
  }
  EXPECT_EQ(pixels(lying), "`a.png` is damaged: its size is more than its bytes can hold");
  EXPECT_EQ(readPng(bytesOf("hello"), "a.png").error().code, "E0602");
}

TEST(Csv, NumbersAreRows) {
  EXPECT_EQ(table("1,2\n3,4.5\n"), "f32[2, 2] 1.000000 2.000000 3.000000 4.500000");
  EXPECT_EQ(table("\xef\xbb\xbf 1 ,\t+2\r\n\r\n-3,4e1"), "f32[2, 2] 1.000000 2.000000 -3.000000 40.000000");
  EXPECT_EQ(table("7"), "f32[1, 1] 7.000000");
  EXPECT_EQ(table("nan,inf,1e999,-1e999,1e-999"), "f32[1, 5] nan inf inf -inf 0.000000");
  EXPECT_EQ(table(""), "f32[0, 0]");
}

TEST(Csv, AFirstLineOfNamesIsPassedOver) {
  EXPECT_EQ(table("x,\"y, z\"\n1,2\n"), "f32[1, 2] 1.000000 2.000000");
  EXPECT_EQ(table("1,2,O.5\n1,2,3\n"), "`a.csv` is damaged: line 1 has `O.5`, which is no number");
}

TEST(Csv, RaggedRowsAndWordsAreErrorsWithTheLine) {
  EXPECT_EQ(table("a,b\n1,2\n\n3\n"), "`a.csv` is damaged: line 4 has 1 numbers, expected 2");
  EXPECT_EQ(table("1,2\n3,x\n"), "`a.csv` is damaged: line 2 has `x`, which is no number");
  EXPECT_EQ(table("1,2\n3,\n"), "`a.csv` is damaged: line 2 has ``, which is no number");
  EXPECT_EQ(table("1,2\n0x10,1e\n"), "`a.csv` is damaged: line 2 has `0x10`, which is no number");
}

TEST_F(PicturesTest, CsvIsReadBack) {
  std::vector<float> numbers{0.1f, -3e38f, 1e-40f, 7, 0, 16777216};
  ASSERT_TRUE(saveCsv(folder / "x.csv", Tensor::copy(numbers, {3, 2})));
  Result<Tensor> back = loadCsv(folder / "x.csv");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->type(), "f32[3, 2]");
  EXPECT_TRUE(std::ranges::equal(*back->read<float>(), numbers));
  ASSERT_TRUE(saveCsv(folder / "y.csv", Tensor::copy(std::vector<int64_t>{-5, 6}, {2})));
  back = loadCsv(folder / "y.csv");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->type(), "f32[2, 1]");
  EXPECT_EQ(saveCsv(folder / "z.csv", Tensor::scalar(1.0f)).error().code, "E0603");
  EXPECT_EQ(saveCsv(folder / "z.csv", Tensor::copy(std::vector<uint8_t>{1}, {1})).error().help[0], "convert it: `f32(x)`");
}
