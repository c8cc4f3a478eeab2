//===- runtime/Random.h - counter-based random bits -----------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace tds::rt {

/// Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011): four random words for each
/// counter.
///
/// What the language makes of it, the same on every device; k is a key, lo32 and hi32 its halves, and the third word of
/// the counter keeps the uses apart:
///   bits(k, i)          word i % 4 of philox({lo32(i / 4), hi32(i / 4), 0, 0}, {lo32(k), hi32(k)})
///   key(seed)           the seed as 64 bits
///   fold_in(k, i)       words 0 (low) and 1 (high) of philox({lo32(i), hi32(i), 1, 0}, k)
///   split(k, n)[j]      words 0 and 1 of philox({j, 0, 2, 0}, k)
///   permutation(k, n)   the stable argsort of the words 0 (low) and 1 (high) of philox({lo32(i), hi32(i), 3, 0}, k)
///   uniform, f32        (bits >> 8) * 2^-24
using PhiloxBlock = std::array<uint32_t, 4>;

constexpr PhiloxBlock philox(PhiloxBlock counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    if (round) {
      key[0] += 0x9E3779B9;
      key[1] += 0xBB67AE85;
    }
    uint64_t even = uint64_t(0xD2511F53) * counter[0], odd = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(odd >> 32) ^ counter[1] ^ key[0], uint32_t(odd), uint32_t(even >> 32) ^ counter[3] ^ key[1],
               uint32_t(even)};
  }
  return counter;
}

/// The third word of the counter.
enum class PhiloxUse : uint32_t { bits = 0, foldIn = 1, split = 2, permutation = 3 };

constexpr PhiloxBlock philox(uint64_t key, uint64_t index, PhiloxUse use) {
  return philox({uint32_t(index), uint32_t(index >> 32), uint32_t(use), 0}, {uint32_t(key), uint32_t(key >> 32)});
}

namespace detail {
constexpr uint64_t firstTwo(const PhiloxBlock &block) { return uint64_t(block[1]) << 32 | block[0]; }
} // namespace detail

/// The random word of an element.
constexpr uint32_t randomBits(uint64_t key, uint64_t element) {
  return philox(key, element / 4, PhiloxUse::bits)[element % 4];
}
constexpr uint64_t foldIn(uint64_t key, uint64_t data) {
  return detail::firstTwo(philox(key, data, PhiloxUse::foldIn));
}
/// Key j of `split(key, n)`: it does not depend on n.
constexpr uint64_t splitKey(uint64_t key, uint32_t j) { return detail::firstTwo(philox(key, j, PhiloxUse::split)); }
constexpr uint64_t permutationWord(uint64_t key, uint64_t i) {
  return detail::firstTwo(philox(key, i, PhiloxUse::permutation));
}
/// In [0, 1).
constexpr float uniformFloat(uint32_t bits) { return float(bits >> 8) * 0x1p-24f; }

/// The numbers 0 to n - 1 in the order of their words; equal words, which 64 bits hardly ever give, in their own order.
std::vector<int64_t> permutation(uint64_t key, int64_t n);

} // namespace tds::rt
