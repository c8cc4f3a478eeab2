//===- Sort.cpp - rows in order -------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every element becomes an unsigned key of its order, every row a list of entries (key, place). No two entries of a row
// are equal, so any way of sorting is stable and any number of threads gives one answer: short rows by comparing, long
// ones by the bytes of their keys, a few very long ones in parts that are merged.
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <bit>
#include <compare>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "runtime/abi/abi.h"
#include "runtime/abi/half.h"

namespace {

/// Up to 32 bits of key: an entry is one number.
struct Narrow {
  uint64_t bits;
  static Narrow make(uint32_t key, uint32_t place) { return {uint64_t(key) << 32 | place}; }
  uint32_t place() const { return uint32_t(bits); }
  unsigned digit(unsigned i) const { return unsigned(bits >> (32 + 8 * i)) & 255; }
  static constexpr unsigned digits = 4;
  auto operator<=>(const Narrow &) const = default;
};

struct Wide {
  uint64_t key;
  uint32_t at;
  static Wide make(uint64_t key, uint32_t place) { return {key, place}; }
  uint32_t place() const { return at; }
  unsigned digit(unsigned i) const { return unsigned(key >> (8 * i)) & 255; }
  static constexpr unsigned digits = 8;
  auto operator<=>(const Wide &) const = default;
};

/// Numbers rise with their keys, nan has the last, both zeros have one.
template <class Bits> Bits keyOfFloat(Bits bits, Bits infinity) {
  constexpr Bits sign = Bits(1) << (8 * sizeof(Bits) - 1);
  Bits magnitude = bits & ~sign;
  if (magnitude > infinity)
    return ~Bits(0);
  if (magnitude == 0)
    return sign;
  return bits & sign ? ~bits : bits | sign;
}

uint32_t keyOf(float x) { return keyOfFloat<uint32_t>(std::bit_cast<uint32_t>(x), 0x7f800000u); }
uint64_t keyOf(double x) { return keyOfFloat<uint64_t>(std::bit_cast<uint64_t>(x), 0x7ff0000000000000u); }
uint32_t keyOf(int32_t x) { return uint32_t(x) ^ 0x80000000u; }
uint64_t keyOf(int64_t x) { return uint64_t(x) ^ 0x8000000000000000u; }

/// How an element is stored, and the number that has its order.
template <class T> struct Plain {
  using Stored = T;
  static auto number(T x) { return std::conditional_t<(std::is_integral_v<T> && sizeof(T) < 4), int32_t, T>(x); }
};
struct Half {
  using Stored = uint16_t;
  static float number(uint16_t x) { return tds_float_from_half(x); }
};
struct Bfloat {
  using Stored = uint16_t;
  static float number(uint16_t x) { return tds_float_from_bfloat(x); }
};

/// By the bytes of the keys, the lowest first; passes that would move nothing are left out. The result is in `entries`.
template <class Entry> void sortByDigits(Entry *entries, Entry *scratch, int64_t size) {
  uint32_t counts[Entry::digits][256] = {};
  for (int64_t i = 0; i < size; ++i)
    for (unsigned d = 0; d < Entry::digits; ++d)
      ++counts[d][entries[i].digit(d)];
  Entry *from = entries, *to = scratch;
  for (unsigned d = 0; d < Entry::digits; ++d) {
    uint32_t *count = counts[d];
    if (count[from[0].digit(d)] == size)
      continue;
    uint32_t next = 0;
    for (unsigned k = 0; k < 256; ++k)
      next += std::exchange(count[k], next);
    for (int64_t i = 0; i < size; ++i)
      to[count[from[i].digit(d)]++] = from[i];
    std::swap(from, to);
  }
  if (from != entries)
    std::copy_n(from, size, entries);
}

template <class Entry> void sortEntries(Entry *entries, Entry *scratch, int64_t size) {
  if (size < 256)
    std::sort(entries, entries + size);
  else
    sortByDigits(entries, scratch, size);
}

/// The smallest `count` in order, at the front.
template <class Entry> void selectEntries(Entry *entries, Entry *scratch, int64_t size, int64_t count) {
  if (count > size / 8)
    return sortEntries(entries, scratch, size);
  std::nth_element(entries, entries + count, entries + size);
  sortEntries(entries, scratch, count);
}

/// How many of the first `count` in the merge of two lists come from the first one.
template <class Entry> int64_t splitOfMerge(const Entry *a, int64_t na, const Entry *b, int64_t nb, int64_t count) {
  int64_t least = std::max<int64_t>(0, count - nb), most = std::min(count, na);
  while (least < most) {
    int64_t middle = least + (most - least) / 2;
    if (a[middle] < b[count - middle - 1])
      least = middle + 1;
    else
      most = middle;
  }
  return least;
}

template <class Body> void parallelFor(tds_pool *pool, int64_t end, int64_t grain, Body &body) {
  tds_parallel_for(
      pool, [](void *context, int64_t begin, int64_t end, int64_t) { (*static_cast<Body *>(context))(begin, end); },
      &body, 0, end, grain);
}

template <class T> class Sorter {
  using Stored = typename T::Stored;
  using Key = decltype(keyOf(T::number(Stored())));
  using Entry = std::conditional_t<sizeof(Key) == 4, Narrow, Wide>;

public:
  Sorter(const tds_call *call, const tds_sort_arguments &a) : call(call), a(a) {}

  void run() {
    constexpr int64_t part = 1 << 15; // entries that are worth a thread
    if (a.rows < 8 && a.size >= 2 * part) {
      for (int64_t row = 0; row < a.rows; ++row)
        longRow(row, part);
      return;
    }
    auto rows = [&](int64_t begin, int64_t end) {
      auto entries = allocate(2 * a.size);
      if (!entries)
        return;
      for (int64_t row = begin; row < end; ++row) {
        fill(row, entries.get(), 0, a.size);
        selectEntries(entries.get(), entries.get() + a.size, a.size, a.count);
        write(row, entries.get(), 0, a.count);
      }
    };
    parallelFor(call->pool, a.rows, std::max<int64_t>(1, part / std::max<int64_t>(a.size, 1)), rows);
  }

private:
  /// Parts of the row, whose number depends on its size alone, are sorted, then merged in pairs.
  void longRow(int64_t row, int64_t part) {
    auto entries = allocate(2 * a.size);
    if (!entries)
      return;
    Entry *from = entries.get(), *to = from + a.size;
    int64_t length = std::max(part, (a.size + 15) / 16);
    auto parts = [&](int64_t begin, int64_t end) {
      fill(row, from, begin, end);
      sortEntries(from + begin, to + begin, end - begin);
    };
    parallelFor(call->pool, a.size, length, parts);
    for (; length < a.size; length *= 2) {
      auto merge = [&](int64_t begin, int64_t end) {
        while (begin < end) { // a stretch of the result within one pair
          int64_t first = begin / (2 * length) * (2 * length), middle = std::min(first + length, a.size);
          int64_t last = std::min(first + 2 * length, a.size), stop = std::min(end, last);
          const Entry *x = from + first, *y = from + middle;
          int64_t nx = middle - first, ny = last - middle;
          int64_t i = splitOfMerge(x, nx, y, ny, begin - first), j = splitOfMerge(x, nx, y, ny, stop - first);
          std::merge(x + i, x + j, y + (begin - first - i), y + (stop - first - j), to + begin);
          begin = stop;
        }
      };
      parallelFor(call->pool, a.size, part, merge);
      std::swap(from, to);
    }
    auto results = [&](int64_t begin, int64_t end) { write(row, from, begin, end); };
    parallelFor(call->pool, a.count, part, results);
  }

  void fill(int64_t row, Entry *entries, int64_t begin, int64_t end) {
    const Stored *x = static_cast<const Stored *>(a.x) + row * a.size;
    Key flip = a.descending ? ~Key(0) : 0;
    for (int64_t i = begin; i < end; ++i)
      entries[i] = Entry::make(keyOf(T::number(x[i])) ^ flip, uint32_t(i));
  }

  void write(int64_t row, const Entry *entries, int64_t begin, int64_t end) {
    const Stored *x = static_cast<const Stored *>(a.x) + row * a.size;
    if (a.wants_values)
      for (int64_t i = begin; i < end; ++i)
        static_cast<Stored *>(a.values)[row * a.count + i] = x[entries[i].place()];
    if (a.wants_ids)
      for (int64_t i = begin; i < end; ++i)
        a.ids[row * a.count + i] = int32_t(entries[i].place());
  }

  std::unique_ptr<Entry[]> allocate(int64_t size) {
    std::unique_ptr<Entry[]> entries(new (std::nothrow) Entry[size_t(size)]);
    if (!entries)
      tds_report(call->error, TDS_NO_MEMORY, -1, size * int64_t(sizeof(Entry)), 0);
    return entries;
  }

  const tds_call *call;
  const tds_sort_arguments &a;
};

} // namespace

void tds_sort(const tds_call *call, const tds_sort_arguments *arguments) {
  const tds_sort_arguments &a = *arguments;
  switch (a.element) {
  case TDS_BOOL:
  case TDS_U8:
    return Sorter<Plain<uint8_t>>(call, a).run();
  case TDS_I8:
    return Sorter<Plain<int8_t>>(call, a).run();
  case TDS_I16:
    return Sorter<Plain<int16_t>>(call, a).run();
  case TDS_I32:
    return Sorter<Plain<int32_t>>(call, a).run();
  case TDS_I64:
    return Sorter<Plain<int64_t>>(call, a).run();
  case TDS_F16:
    return Sorter<Half>(call, a).run();
  case TDS_BF16:
    return Sorter<Bfloat>(call, a).run();
  case TDS_F32:
    return Sorter<Plain<float>>(call, a).run();
  default:
    return Sorter<Plain<double>>(call, a).run();
  }
}
