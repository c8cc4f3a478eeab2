//===- runtime/Random.cpp - permutations --------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/Random.h"

#include <algorithm>

namespace tds::rt {

std::vector<int64_t> permutation(uint64_t key, int64_t n) {
  struct Entry {
    uint64_t word;
    int64_t index;
  };
  std::vector<Entry> entries;
  entries.reserve(size_t(n));
  for (int64_t i = 0; i < n; ++i)
    entries.push_back({permutationWord(key, uint64_t(i)), i});
  // The index breaks ties, which makes an unstable sort stable.
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.word != b.word ? a.word < b.word : a.index < b.index; });
  std::vector<int64_t> order;
  order.reserve(entries.size());
  for (const Entry &entry : entries)
    order.push_back(entry.index);
  return order;
}

} // namespace tds::rt
