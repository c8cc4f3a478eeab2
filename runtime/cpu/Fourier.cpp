//===- Fourier.cpp - fast Fourier transforms ------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// pocketfft's, as NumPy's and SciPy's are: any size in O(n log n) steps, rows several at a time in vector registers. It
// keeps the tables of the last 16 sizes of each kind, under a lock. The rows of a chunk are its own work, chunks go to
// our pool.
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "runtime/abi/abi.h"

// It asks for sizes that are no multiples of their alignment, which the sanitizers' aligned_alloc refuses.
static void *allocateAligned(size_t alignment, size_t size) {
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
#define aligned_alloc allocateAligned
#define POCKETFFT_NO_MULTITHREADING
#define POCKETFFT_CACHE_SIZE 16
#include <pocketfft_hdronly.h>
#undef aligned_alloc

namespace {

template <class T> void transform(const tds_fft_arguments &a, int64_t begin, int64_t end) {
  using Complex = std::complex<T>;
  using Strides = pocketfft::stride_t;
  const int64_t n = a.size, half = n / 2 + 1;
  const pocketfft::shape_t shape{size_t(end - begin), size_t(n)};
  const Strides wide{n * int64_t(sizeof(Complex)), sizeof(Complex)},
      narrow{half * int64_t(sizeof(Complex)), sizeof(Complex)}, real{n * int64_t(sizeof(T)), sizeof(T)};
  const T whole = 1, mean = T(1) / T(n);
  switch (a.kind) {
  case 0:
  case 1:
    return pocketfft::c2c(shape, wide, wide, {1}, a.kind == 0, static_cast<const Complex *>(a.x) + begin * n,
                          static_cast<Complex *>(a.y) + begin * n, a.kind == 0 ? whole : mean);
  case 2:
    return pocketfft::r2c(shape, real, narrow, 1, true, static_cast<const T *>(a.x) + begin * n,
                          static_cast<Complex *>(a.y) + begin * half, whole);
  default:
    return pocketfft::c2r(shape, narrow, real, 1, false, static_cast<const Complex *>(a.x) + begin * half,
                          static_cast<T *>(a.y) + begin * n, mean);
  }
}

template <class T> void fft(const tds_call *call, const tds_fft_arguments &a) {
  if (a.size == 0) { // a sum over nothing
    if (a.kind == 2)
      std::fill_n(static_cast<std::complex<T> *>(a.y), a.rows, std::complex<T>());
    return;
  }
  auto part = [&](int64_t begin, int64_t end) {
    try { // nothing may leave compiled code's calls
      transform<T>(a, begin, end);
    } catch (const std::exception &) { // of memory; sizes and strides are right by now
      tds_report(call->error, TDS_NO_MEMORY, -1, a.size * int64_t(sizeof(std::complex<T>)), 0);
    }
  };
  // Of short rows enough to fill a register, and to be worth a thread.
  int64_t grain = std::max<int64_t>(a.size <= 16384 ? 4 : 1, 4096 / a.size);
  tds_parallel_for(
      call->pool,
      [](void *context, int64_t begin, int64_t end, int64_t) { (*static_cast<decltype(part) *>(context))(begin, end); },
      &part, 0, a.rows, grain);
}

} // namespace

void tds_fft(const tds_call *call, const tds_fft_arguments *a) {
  a->element == TDS_C64 ? fft<float>(call, *a) : fft<double>(call, *a);
}
