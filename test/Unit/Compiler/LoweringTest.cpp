//===- LoweringTest.cpp - structural ops, compiled, beside plain loops -----===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/Random.h"
#include "test/Unit/Compiler/Lowered.h"
#include <complex>

using namespace tds;
using namespace tds::test;

namespace {

using F = std::vector<float>;
using I = std::vector<int32_t>;

//===----------------------------------------------------------------------===//
// Reading and adding at affine places
//===----------------------------------------------------------------------===//

/// y[i] = x[scale * i + offset] with something for what is outside of x.
F read(const F &x, int64_t n, int64_t scale, int64_t offset, const std::function<float(int64_t)> &outside) {
  F y;
  for (int64_t i = 0; i < n; ++i) {
    int64_t at = scale * i + offset;
    y.push_back(at >= 0 && at < int64_t(x.size()) ? x[size_t(at)] : outside(at));
  }
  return y;
}

TEST(Access, TransposesAndSlices) {
  F x = counting<float>(12), transposed, sliced;
  for (int j = 0; j < 4; ++j)
    for (int i = 0; i < 3; ++i)
      transposed.push_back(x[size_t(i * 4 + j)]);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      sliced.push_back(x[size_t((i + 1) * 4 + 2 * j + 1)]);
  EXPECT_EQ(run<float>(12, "(%x: tensor<3x4xf32>) -> tensor<4x3xf32>", R"(
    %0 = tds.access %x at (d0, d1) -> (d1, d0) : tensor<3x4xf32> -> tensor<4x3xf32>
    return %0 : tensor<4x3xf32>)",
                       x),
            transposed);
  EXPECT_EQ(run<float>(4, "(%x: tensor<3x4xf32>) -> tensor<2x2xf32>", R"(
    %0 = tds.access %x at (d0, d1) -> (d0 + 1, d1 * 2 + 1) : tensor<3x4xf32> -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>)",
                       x),
            sliced);
}

TEST(Access, ReadsBackwards) {
  F x = counting<float>(5), y(x.rbegin(), x.rend());
  EXPECT_EQ(run<float>(5, "(%x: tensor<5xf32>) -> tensor<5xf32>", R"(
    %0 = tds.access %x at (d0) -> (-d0 + 4) : tensor<5xf32> -> tensor<5xf32>
    return %0 : tensor<5xf32>)",
                       x),
            y);
}

TEST(Access, SaysWhatIsOutside) {
  F x = counting<float>(5, 1);
  // Near: a padded copy. Far: selections.
  for (int64_t offset : {-2, -20, 3}) {
    std::string at = "at (d0) -> (d0 * 2 + " + std::to_string(offset) + ") ";
    EXPECT_EQ(
        run<float>(9, "(%x: tensor<5xf32>, %e: tensor<f32>) -> tensor<9xf32>",
                   "%0 = tds.access %x " + at + "else %e : tensor<5xf32> -> tensor<9xf32>\nreturn %0 : tensor<9xf32>",
                   x, F{-1}),
        read(x, 9, 2, offset, [](int64_t) { return -1.0f; }))
        << offset;
    EXPECT_EQ(
        run<float>(9, "(%x: tensor<5xf32>) -> tensor<9xf32>",
                   "%0 = tds.access %x " + at + "wrap : tensor<5xf32> -> tensor<9xf32>\nreturn %0 : tensor<9xf32>", x),
        read(x, 9, 2, offset, [&](int64_t i) { return x[size_t((i % 5 + 5) % 5)]; }))
        << offset;
    EXPECT_EQ(
        run<float>(9, "(%x: tensor<5xf32>) -> tensor<9xf32>",
                   "%0 = tds.access %x " + at + "clamp : tensor<5xf32> -> tensor<9xf32>\nreturn %0 : tensor<9xf32>", x),
        read(x, 9, 2, offset, [&](int64_t i) { return i < 0 ? x.front() : x.back(); }))
        << offset;
  }
}

TEST(Access, TakesWhatIsOutsideFromATensor) {
  EXPECT_EQ(run<float>(4, "(%x: tensor<2xf32>, %e: tensor<4xf32>) -> tensor<4xf32>", R"(
    %0 = tds.access %x at (d0) -> (d0 - 1) else %e : tensor<2xf32>, tensor<4xf32> -> tensor<4xf32>
    return %0 : tensor<4xf32>)",
                       F{1, 2}, F{10, 11, 12, 13}),
            (F{10, 1, 2, 13}));
}

// Windows that overlap, and what drops out at the ends.
TEST(Accumulate, AddsWhereWindowsMeet) {
  F x = counting<float>(12, 1), inside(6), dropped(4);
  for (int i = 0; i < 4; ++i)
    for (int r = 0; r < 3; ++r) {
      inside[size_t(i + r)] += x[size_t(i * 3 + r)];
      if (i + r >= 1 && i + r < 5)
        dropped[size_t(i + r - 1)] += x[size_t(i * 3 + r)];
    }
  EXPECT_EQ(run<float>(6, "(%x: tensor<4x3xf32>) -> tensor<6xf32>", R"(
    %0 = tds.accumulate %x at (d0, d1) -> (d0 + d1) : tensor<4x3xf32> -> tensor<6xf32>
    return %0 : tensor<6xf32>)",
                       x),
            inside);
  EXPECT_EQ(run<float>(4, "(%x: tensor<4x3xf32>) -> tensor<4xf32>", R"(
    %0 = tds.accumulate %x at (d0, d1) -> (d0 + d1 - 1) drop : tensor<4x3xf32> -> tensor<4xf32>
    return %0 : tensor<4xf32>)",
                       x),
            dropped);
  EXPECT_EQ(run<float>(9, "(%x: tensor<4xf32>) -> tensor<9xf32>", R"(
    %0 = tds.accumulate %x at (d0) -> (d0 * 2 + 1) : tensor<4xf32> -> tensor<9xf32>
    return %0 : tensor<9xf32>)",
                       F{1, 2, 3, 4}),
            (F{0, 1, 0, 2, 0, 3, 0, 4, 0}));
  // No coordinate has a dimension of its own: walked in order.
  EXPECT_EQ(run<float>(9, "(%x: tensor<3xf32>) -> tensor<3x3xf32>", R"(
    %0 = tds.accumulate %x at (d0) -> (d0, d0) : tensor<3xf32> -> tensor<3x3xf32>
    return %0 : tensor<3x3xf32>)",
                       F{1, 2, 3}),
            (F{1, 0, 0, 0, 2, 0, 0, 0, 3}));
}

//===----------------------------------------------------------------------===//
// Reading and writing at places that are data
//===----------------------------------------------------------------------===//

constexpr const char *rows = "(%x: tensor<4x3xf32>, %i: tensor<5xi32>) -> tensor<5x3xf32>";
std::string gatherRows(const std::string &outside) {
  return "%j = tds.access %i at (d0, d1) -> (d0) : tensor<5xi32> -> tensor<5x3xi32>\n"
         "%0 = tds.gather %x[%j] at (d0, d1)[s0] -> (s0, d1) " +
         outside + " : tensor<4x3xf32>, (tensor<5x3xi32>) -> tensor<5x3xf32>\nreturn %0 : tensor<5x3xf32>";
}
F rowsOf(const F &x, const I &ids) {
  F y;
  for (int i : ids)
    y.insert(y.end(), x.begin() + i * 3, x.begin() + i * 3 + 3);
  return y;
}

TEST(Gather, ReadsRowsAndReportsWhatIsOutside) {
  F x = counting<float>(12);
  Lowered f(rows, gatherRows(""));
  EXPECT_EQ(f(buffers(x, I{3, 0, 3, 1, 2}), {60})[0].as<float>(), rowsOf(x, {3, 0, 3, 1, 2}));
  EXPECT_EQ(f.error.code, TDS_FINE);
  // The read is moved inside, the call fails.
  EXPECT_EQ(f(buffers(x, I{3, 0, 4, 1, 2}), {60})[0].as<float>(), rowsOf(x, {3, 0, 3, 1, 2}));
  EXPECT_EQ(f.error.code, TDS_INDEX_OUTSIDE);
  EXPECT_EQ(f.error.value, 4);
  EXPECT_EQ(f.error.bound, 4);
  ASSERT_EQ(f.places.size(), 1u);
  EXPECT_EQ(f.error.place, 0);
  EXPECT_EQ(f.places[0].line, 3u);
  EXPECT_EQ(f(buffers(x, I{3, -2, 0, 1, 2}), {60})[0].as<float>(), rowsOf(x, {3, 0, 0, 1, 2}));
  EXPECT_EQ(f.error.code, TDS_INDEX_OUTSIDE);
  EXPECT_EQ(f.error.value, -2);
  for (int32_t worst : {INT32_MIN, INT32_MAX}) {
    f(buffers(x, I{worst, 0, 0, 1, 2}), {60});
    EXPECT_EQ(f.error.value, worst);
  }
}

TEST(Gather, MovesWithoutAReport) {
  F x = counting<float>(12);
  Lowered clamp(rows, gatherRows("clamp"));
  EXPECT_EQ(clamp(buffers(x, I{9, -9, 3, 1, 4}), {60})[0].as<float>(), rowsOf(x, {3, 0, 3, 1, 3}));
  EXPECT_EQ(clamp.error.code, TDS_FINE);
  Lowered wrap(rows, gatherRows("wrap"));
  EXPECT_EQ(wrap(buffers(x, I{9, -9, 3, -1, 4}), {60})[0].as<float>(), rowsOf(x, {1, 3, 3, 3, 0}));
  EXPECT_EQ(wrap.error.code, TDS_FINE);
  EXPECT_EQ(run<float>(3, "(%x: tensor<4xf32>, %i: tensor<3xi64>, %e: tensor<f32>) -> tensor<3xf32>", R"(
    %0 = tds.gather %x[%i] at (d0)[s0] -> (s0) else %e : tensor<4xf32>, (tensor<3xi64>) -> tensor<3xf32>
    return %0 : tensor<3xf32>)",
                       F{1, 2, 3, 4}, std::vector<int64_t>{4, 0, -1}, F{9}),
            (F{9, 1, 9}));
}

// A byte is a place above 127, not a negative one.
TEST(Gather, TakesUnsignedIds) {
  F x = counting<float>(256);
  EXPECT_EQ(run<float>(3, "(%x: tensor<256xf32>, %i: tensor<3xui8>) -> tensor<3xf32>", R"(
    %0 = tds.gather %x[%i] at (d0)[s0] -> (s0) : tensor<256xf32>, (tensor<3xui8>) -> tensor<3xf32>
    return %0 : tensor<3xf32>)",
                       x, std::vector<uint8_t>{255, 0, 128}),
            (F{255, 0, 128}));
}

TEST(Scatter, AddsToRepeatedPlacesAndSetsTheLast) {
  for (bool adds : {true, false}) {
    Lowered f("(%y: tensor<4xf32>, %v: tensor<5xf32>, %i: tensor<5xi32>) -> tensor<4xf32>",
              std::string("%0 = tds.scatter ") + (adds ? "add" : "set") +
                  " %y, %v[%i] at (d0)[s0] -> (s0) : tensor<4xf32>, tensor<5xf32>, (tensor<5xi32>)\nreturn %0 : "
                  "tensor<4xf32>");
    F y{100, 200, 300, 400}, v{1, 2, 3, 4, 5};
    F got = f(buffers(y, v, I{2, 0, 2, 3, 2}), {16})[0].as<float>();
    EXPECT_EQ(got, adds ? (F{102, 200, 309, 404}) : (F{2, 200, 5, 4}));
    EXPECT_EQ(f.error.code, TDS_FINE);
    f(buffers(y, v, I{2, 0, 7, 3, 2}), {16});
    EXPECT_EQ(f.error.code, TDS_INDEX_OUTSIDE);
    EXPECT_EQ(f.error.value, 7);
  }
}

TEST(Scatter, DropsWhatIsOutsideAndAddsRows) {
  EXPECT_EQ(run<float>(3, "(%y: tensor<3xf32>, %v: tensor<4xf32>, %i: tensor<4xi32>) -> tensor<3xf32>", R"(
    %0 = tds.scatter set %y, %v[%i] at (d0)[s0] -> (s0) drop : tensor<3xf32>, tensor<4xf32>, (tensor<4xi32>)
    return %0 : tensor<3xf32>)",
                       F{7, 8, 9}, F{1, 2, 3, 4}, I{-1, 1, 3, 0}),
            (F{4, 2, 9}));
  EXPECT_EQ(run<float>(6, "(%y: tensor<3x2xf32>, %v: tensor<3x2xf32>, %i: tensor<3xi32>) -> tensor<3x2xf32>", R"(
    %j = tds.access %i at (d0, d1) -> (d0) : tensor<3xi32> -> tensor<3x2xi32>
    %0 = tds.scatter add %y, %v[%j] at (d0, d1)[s0] -> (s0, d1) : tensor<3x2xf32>, tensor<3x2xf32>, (tensor<3x2xi32>)
    return %0 : tensor<3x2xf32>)",
                       F(6), F{1, 2, 3, 4, 5, 6}, I{2, 0, 2}),
            (F{3, 4, 0, 0, 6, 8}));
}

//===----------------------------------------------------------------------===//
// Shapes, constants, sizes, branches
//===----------------------------------------------------------------------===//

TEST(Reshape, KeepsTheOrderOfElements) {
  F x = counting<float>(24);
  for (const char *type : {"24", "4x6", "2x3x4", "6x4", "3x8x1"})
    for (const char *to : {"24", "6x4", "3x1x8", "4x2x3"}) {
      std::string from = std::string("tensor<") + type + "xf32>", into = std::string("tensor<") + to + "xf32>";
      EXPECT_EQ(run<float>(24, "(%x: " + from + ") -> " + into,
                           "%0 = tds.reshape %x : " + from + " -> " + into + "\n%1 = tds.neg %0 : " + into +
                               "\n%2 = tds.neg %1 : " + into + "\nreturn %2 : " + into,
                           x),
                x)
          << from << " to " << into;
    }
  EXPECT_EQ(run<float>(1, "(%x: tensor<1x1xf32>) -> tensor<f32>",
                       "%0 = tds.reshape %x : tensor<1x1xf32> -> tensor<f32>\nreturn %0 : tensor<f32>", F{5}),
            (F{5}));
}

TEST(Constants, FillAndCount) {
  EXPECT_EQ(run<uint8_t>(3, "() -> tensor<3xi1>",
                         "%0 = tds.constant dense<[true, false, true]> : tensor<3xi1>\nreturn %0 : tensor<3xi1>"),
            (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(run<uint8_t>(2, "() -> tensor<2xui8>",
                         "%0 = tds.constant dense<[200, 7]> : tensor<2xui8>\nreturn %0 : tensor<2xui8>"),
            (std::vector<uint8_t>{200, 7}));
  EXPECT_EQ(run<int64_t>(1, "() -> tensor<i64>", "%0 = tds.size \"3000000000\"\nreturn %0 : tensor<i64>"),
            (std::vector<int64_t>{3000000000}));
  EXPECT_EQ(run<int32_t>(6, "() -> tensor<2x3xi32>", "%0 = tds.iota 1 : tensor<2x3xi32>\nreturn %0 : tensor<2x3xi32>"),
            (I{0, 1, 2, 0, 1, 2}));
}

// One side runs: what the other would report is not.
TEST(Where, RunsOneSideOfAScalar) {
  Lowered f("(%c: tensor<i1>, %x: tensor<2xf32>, %i: tensor<2xi32>) -> tensor<2xf32>", R"(
    %0 = tds.where %c : tensor<i1> -> tensor<2xf32> {
      %g = tds.gather %x[%i] at (d0)[s0] -> (s0) : tensor<2xf32>, (tensor<2xi32>) -> tensor<2xf32>
      tds.yield %g : tensor<2xf32>
    } else {
      tds.yield %x : tensor<2xf32>
    }
    return %0 : tensor<2xf32>)");
  using B = std::vector<uint8_t>;
  EXPECT_EQ(f(buffers(B{0}, F{1, 2}, I{5, 5}), {8})[0].as<float>(), (F{1, 2}));
  EXPECT_EQ(f.error.code, TDS_FINE);
  EXPECT_EQ(f(buffers(B{1}, F{1, 2}, I{1, 0}), {8})[0].as<float>(), (F{2, 1}));
  f(buffers(B{1}, F{1, 2}, I{1, 5}), {8});
  EXPECT_EQ(f.error.code, TDS_INDEX_OUTSIDE);
}

// Each element takes its side; the other's nan does not come through, and its checks are silent.
TEST(Where, ChoosesForEachElement) {
  Lowered f("(%c: tensor<4xi1>, %x: tensor<4xf32>, %i: tensor<4xi32>) -> tensor<4xf32>", R"(
    %0 = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
      %l = tds.sqrt %x : tensor<4xf32>
      tds.yield %l : tensor<4xf32>
    } else {
      %g = tds.gather %x[%i] at (d0)[s0] -> (s0) : tensor<4xf32>, (tensor<4xi32>) -> tensor<4xf32>
      tds.yield %g : tensor<4xf32>
    }
    return %0 : tensor<4xf32>)");
  auto got = f(buffers(std::vector<uint8_t>{1, 0, 1, 0}, F{4, -1, 9, -4}, I{99, 0, -7, 1}), {16})[0].as<float>();
  EXPECT_EQ(got, (F{2, 4, 3, -1}));
  EXPECT_EQ(f.error.code, TDS_FINE);
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

TEST(Random, WordsAreThoseOfTheRuntime) {
  uint64_t key = 0x0123456789abcdef;
  std::vector<uint32_t> one, two;
  for (uint64_t i = 0; i < 15; ++i)
    one.push_back(rt::randomBits(key, i));
  EXPECT_EQ(run<uint32_t>(15, "(%k: tensor<ui64>) -> tensor<3x5xi32>",
                          "%0 = tds.random_bits %k : tensor<ui64> -> tensor<3x5xi32>\nreturn %0 : tensor<3x5xi32>",
                          std::vector<uint64_t>{key}),
            one);
  // A key for each row: words are counted anew.
  for (uint64_t k : {key, key + 1})
    for (uint64_t i = 0; i < 5; ++i)
      two.push_back(rt::randomBits(k, i));
  EXPECT_EQ(run<uint32_t>(10, "(%k: tensor<2xui64>) -> tensor<2x5xi32>",
                          "%0 = tds.random_bits %k : tensor<2xui64> -> tensor<2x5xi32>\nreturn %0 : tensor<2x5xi32>",
                          std::vector<uint64_t>{key, key + 1}),
            two);
}

TEST(Random, KeysAreThoseOfTheRuntime) {
  std::vector<uint64_t> keys{0, 42, ~uint64_t(0)}, folded, split;
  std::vector<int64_t> data{7, -1, int64_t(1) << 40};
  for (size_t i = 0; i < 3; ++i) {
    folded.push_back(rt::foldIn(keys[i], uint64_t(data[i])));
    split.push_back(rt::splitKey(keys[i], uint32_t(i)));
  }
  std::string of = "(%k: tensor<3xui64>, %i: tensor<3xi64>) -> tensor<3xui64>";
  auto body = [](int domain) {
    return "%0 = tds.derive_key %k, %i domain " + std::to_string(domain) +
           " : tensor<3xui64>, tensor<3xi64>\nreturn %0 : tensor<3xui64>";
  };
  EXPECT_EQ(run<uint64_t>(3, of, body(1), keys, data), folded);
  EXPECT_EQ(run<uint64_t>(3, of, body(2), keys, std::vector<int64_t>{0, 1, 2}), split);
}

} // namespace
