//===- Runtime/BatchesTest.cpp - random words and batches ---------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/Batches.h"
#include "runtime/Random.h"

using namespace tds;
using namespace tds::rt;

namespace {
Tensor numbers(int64_t rows, int64_t columns) {
  std::vector<int32_t> data;
  for (int64_t i = 0; i < rows * columns; ++i)
    data.push_back(int32_t(i));
  return Tensor::copy(data, {rows, columns});
}

/// Column 0 of all batches, over `columns`.
std::vector<int32_t> rowsOf(Batches &batches, int32_t columns) {
  std::vector<int32_t> rows;
  while (true) {
    auto batch = batches.next();
    EXPECT_TRUE(batch);
    if (!batch || !*batch)
      return rows;
    auto data = *(**batch)[0].read<int32_t>();
    for (size_t i = 0; i < data.size(); i += size_t(columns))
      rows.push_back(data[i] / columns);
  }
}
} // namespace

// The known answers of Random123's kat_vectors for philox4x32 10.
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, UsesAreKeptApart) {
  static_assert(randomBits(0, 0) == 0x6627e8d5 && randomBits(0, 3) == 0x9b00dbd8);
  EXPECT_EQ(randomBits(7, 5), philox({1, 0, 0, 0}, {7, 0})[1]);
  PhiloxBlock folded = philox({5, 1, 1, 0}, {9, 2});
  EXPECT_EQ(foldIn((uint64_t(2) << 32) | 9, (uint64_t(1) << 32) | 5), uint64_t(folded[1]) << 32 | folded[0]);
  EXPECT_NE(splitKey(7, 3), foldIn(7, 3));
  EXPECT_NE(permutationWord(7, 3), splitKey(7, 3));
  EXPECT_EQ(uniformFloat(~0u), 1 - 0x1p-24f);
}

TEST(Permutation, IsOneAndDependsOnTheKey) {
  std::vector<int64_t> order = permutation(3, 1000), sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 1000; ++i)
    EXPECT_EQ(sorted[size_t(i)], i);
  EXPECT_NE(order, sorted);
  EXPECT_NE(order, permutation(4, 1000));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end(), [](int64_t a, int64_t b) {
    return permutationWord(3, uint64_t(a)) < permutationWord(3, uint64_t(b));
  }));
  EXPECT_TRUE(permutation(3, 0).empty());
}

TEST(Batches, WalkInOrderAndKeepTheRest) {
  auto batches = Batches::create({numbers(10, 3), numbers(10, 1)}, {.size = 4});
  ASSERT_TRUE(batches);
  EXPECT_EQ(batches->count(), 3);
  auto first = batches->next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((**first)[0].type(), "i32[4, 3]");
  EXPECT_EQ((**first)[1].type(), "i32[4, 1]");
  EXPECT_EQ(rowsOf(*batches, 3), (std::vector<int32_t>{4, 5, 6, 7, 8, 9}));
  EXPECT_FALSE(batches->next()->has_value());
}

TEST(Batches, DropLastLeavesTheRestOut) {
  auto batches = Batches::create({numbers(10, 2)}, {.size = 4, .dropLast = true});
  ASSERT_TRUE(batches);
  EXPECT_EQ(rowsOf(*batches, 2).size(), 8u);
  auto few = Batches::create({numbers(3, 2)}, {.size = 4, .dropLast = true});
  ASSERT_TRUE(few);
  EXPECT_EQ(few->count(), 0);
  EXPECT_FALSE(few->next()->has_value());
}

TEST(Batches, ShuffledRowsComeInTheOrderOfThePermutation) {
  auto batches = Batches::create({numbers(50, 2)}, {.size = 7, .shuffle = 11});
  ASSERT_TRUE(batches);
  std::vector<int32_t> rows = rowsOf(*batches, 2);
  std::vector<int64_t> order = permutation(11, 50);
  ASSERT_EQ(rows.size(), 50u);
  for (size_t i = 0; i < 50; ++i)
    EXPECT_EQ(rows[i], order[i]);
}

TEST(Batches, DestroyedEarlyAtAnyPoint) {
  Tensor data = numbers(1000, 8);
  for (int taken = 0; taken < 30; ++taken) {
    auto batches = Batches::create({data}, {.size = 3, .shuffle = uint64_t(taken)});
    ASSERT_TRUE(batches);
    for (int i = 0; i < taken; ++i)
      ASSERT_TRUE(batches->next());
    if (taken % 2)
      std::this_thread::yield();
  }
}

TEST(Batches, EmptyAndWidthlessTensors) {
  auto none = Batches::create({*Tensor::zeros(Element::f32, {0, 4})}, {.size = 2, .shuffle = 1});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->next()->has_value());
  auto thin = Batches::create({*Tensor::zeros(Element::f32, {4, 0})}, {.size = 2, .shuffle = 1});
  ASSERT_TRUE(thin);
  EXPECT_EQ((**thin->next())[0].type(), "f32[2, 0]");
  auto large = Batches::create({numbers(3, 1)}, {.size = INT64_MAX});
  ASSERT_TRUE(large);
  EXPECT_EQ(rowsOf(*large, 1).size(), 3u);
}

TEST(Batches, RefuseWhatTheyCannotWalk) {
  EXPECT_FALSE(Batches::create({}, {}));
  EXPECT_FALSE(Batches::create({numbers(3, 1)}, {.size = 0}));
  EXPECT_FALSE(Batches::create({Tensor::scalar(1.0f)}, {}));
  auto differ = Batches::create({numbers(3, 1), numbers(4, 1)}, {});
  ASSERT_FALSE(differ);
  EXPECT_EQ(differ.error().message, "`batches` walks over tensors of one length, not over `i32[3, 1]` and `i32[4, 1]`");
  EXPECT_FALSE(Batches::create({Tensor::failed({}, Element::f32, {2})}, {}));
}
