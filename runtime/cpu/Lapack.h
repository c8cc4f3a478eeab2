//===- runtime/cpu/Lapack.h - LAPACK, bound when first used -----*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <complex>
#include <cstddef>
#include <string>

namespace tds::rt {

/// The routines in use for elements T, as Fortran calls them: column-major, 32-bit integers, all by address, the
/// lengths of strings last.
template <class T> struct LapackRoutines {
  void (*potrf)(const char *uplo, const int *n, T *a, const int *lda, int *info, size_t);
  void (*getrf)(const int *m, const int *n, T *a, const int *lda, int *pivots, int *info);
  void (*getrs)(const char *trans, const int *n, const int *columns, const T *a, const int *lda, const int *pivots,
                T *b, const int *ldb, int *info, size_t);
  void (*trtrs)(const char *uplo, const char *trans, const char *diag, const int *n, const int *columns, const T *a,
                const int *lda, T *b, const int *ldb, int *info, size_t, size_t, size_t);
};

struct Lapack {
  LapackRoutines<float> s;
  LapackRoutines<double> d;
  LapackRoutines<std::complex<float>> c;
  LapackRoutines<std::complex<double>> z;
  /// How many threads a call may use: OpenBLAS's setting of the process, OpenMP's of the calling thread; null where the
  /// library has no threads of its own.
  int (*threads)();
  void (*setThreads)(int);
  bool settingOfThread;

  template <class T> const LapackRoutines<T> &of() const {
    if constexpr (std::is_same_v<T, float>)
      return s;
    else if constexpr (std::is_same_v<T, double>)
      return d;
    else if constexpr (std::is_same_v<T, std::complex<float>>)
      return c;
    else
      return z;
  }
};

/// The library of this process, looked for at the first call: the one that TDS_LAPACK names, else OpenBLAS or what the
/// system has as liblapack.so.3. Null if there is none.
const Lapack *lapack();

/// What was tried where `lapack()` is null, and why it failed.
const std::string &lapackTried();

/// While one lives, the library works on the calling thread alone: our pool has the cores, and a result whose sums are
/// split among threads would depend on their number. What a host has set for itself is there again afterwards.
class OneThread {
public:
  explicit OneThread(const Lapack &);
  ~OneThread();
  OneThread(const OneThread &) = delete;
  OneThread &operator=(const OneThread &) = delete;

private:
  const Lapack &library;
  int before = 0;
};

} // namespace tds::rt
