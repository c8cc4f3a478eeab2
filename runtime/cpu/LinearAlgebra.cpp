//===- LinearAlgebra.cpp - factors of matrices and what they solve --------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LAPACK's, on one thread a matrix: the matrices of a batch, or the right sides of one matrix in runs of a fixed
// number, go to our pool, so that a result does not depend on the number of threads.
//
// Ours are row-major, LAPACK's column-major. A Cholesky factor needs no copy: U of x^T = U^H U is L of x = L L^H, read
// by rows. For LU the matrix is turned, so that pivots are those that NumPy's users know.
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <new>

#include "runtime/abi/abi.h"
#include "runtime/cpu/Lapack.h"

using tds::rt::Lapack;
using tds::rt::OneThread;

namespace {

template <class Body> void parallelFor(tds_pool *pool, int64_t end, int64_t grain, Body &&body) {
  auto call = [](void *context, int64_t begin, int64_t end, int64_t) {
    (*static_cast<std::remove_reference_t<Body> *>(context))(begin, end);
  };
  tds_parallel_for(pool, call, &body, 0, end, grain);
}

/// to[j, i] = from[i, j], row-major, in tiles that stay in the cache.
template <class T>
void transpose(const T *from, int64_t fromStride, T *to, int64_t toStride, int64_t rows, int64_t columns) {
  constexpr int64_t tile = 16;
  for (int64_t top = 0; top < rows; top += tile)
    for (int64_t left = 0; left < columns; left += tile)
      for (int64_t i = top; i < std::min(rows, top + tile); ++i)
        for (int64_t j = left; j < std::min(columns, left + tile); ++j)
          to[j * toStride + i] = from[i * fromStride + j];
}

template <class T> std::unique_ptr<T[]> allocate(const tds_call *call, int64_t size) {
  std::unique_ptr<T[]> memory(new (std::nothrow) T[size_t(size)]);
  if (!memory)
    tds_report(call->error, TDS_NO_MEMORY, -1, size * int64_t(sizeof(T)), 0);
  return memory;
}

template <class T> void fillWithNan(T *result, int64_t size) {
  std::fill_n(result, size, T(std::numeric_limits<decltype(std::abs(T()))>::quiet_NaN()));
}

/// A matrix that failed: the check, where it is wanted, and nan.
template <class T, class Arguments>
void fails(const tds_call *call, const Arguments &a, int32_t code, int64_t which, T *result, int64_t size) {
  if (a.checked)
    tds_report(call->error, code, int32_t(a.place), which, 0);
  fillWithNan(result, size);
}

/// body(library, begin, end, pool) for the matrices of a batch: on all cores, unless there is one matrix, which has the
/// pool. Without LAPACK the results, `size` elements a matrix, are nan.
template <class T, class Arguments, class Body>
void eachMatrix(const tds_call *call, const Arguments &a, T *result, int64_t size, Body body) {
  const Lapack *library = tds::rt::lapack();
  if (!library) {
    tds_report(call->error, TDS_NO_LIBRARY, int32_t(a.place), 0, 0);
    return fillWithNan(result, a.count * size);
  }
  auto part = [&](int64_t begin, int64_t end) {
    OneThread one(*library);
    body(*library, begin, end, a.count == 1 ? call->pool : nullptr);
  };
  if (a.count == 1)
    return part(0, 1);
  parallelFor(call->pool, a.count, std::max<int64_t>(1, 20000 / (a.n * a.n * a.n + 200)), part);
}

/// x = b solved by solve(columns, count), which works in place on columns that lie one after the other.
template <class T, class Solve>
void solveColumns(const tds_call *call, const Lapack &library, tds_pool *pool, int64_t n, int64_t columns, const T *b,
                  T *x, Solve solve) {
  if (columns == 1) {
    std::copy_n(b, n, x);
    return solve(x, 1);
  }
  constexpr int64_t run = 64;
  parallelFor(pool, columns, run, [&](int64_t begin, int64_t end) {
    auto turned = allocate<T>(call, n * (end - begin));
    if (!turned)
      return;
    transpose(b + begin, columns, turned.get(), n, n, end - begin);
    OneThread one(library); // maybe on a thread that has not been told yet
    solve(turned.get(), int(end - begin));
    transpose(turned.get(), n, x + begin, columns, end - begin, n);
  });
}

template <class T> void choleskyOf(const tds_call *call, const tds_cholesky_arguments &a) {
  const int n = int(a.n);
  const int64_t size = a.n * a.n;
  auto body = [&](const Lapack &library, int64_t begin, int64_t end, tds_pool *) {
    for (int64_t which = begin; which < end; ++which) {
      const T *x = static_cast<const T *>(a.x) + which * size;
      T *l = static_cast<T *>(a.l) + which * size;
      for (int64_t i = 0; i < n; ++i) {
        std::copy_n(x + i * n, i + 1, l + i * n);
        std::fill_n(l + i * n + i + 1, n - i - 1, T(0));
      }
      int info = 0;
      library.of<T>().potrf("U", &n, l, &n, &info, 1);
      for (int64_t i = 0; i < n && info == 0; ++i) // nan passes OpenBLAS's own test
        info = !(std::real(l[i * n + i]) > 0);
      if (info != 0)
        fails(call, a, TDS_NOT_POSITIVE_DEFINITE, which, l, size);
    }
  };
  eachMatrix(call, a, static_cast<T *>(a.l), size, body);
}

template <class T> void triangularSolveOf(const tds_call *call, const tds_triangular_solve_arguments &a) {
  const int n = int(a.n);
  const int64_t size = a.n * a.columns;
  auto body = [&](const Lapack &library, int64_t begin, int64_t end, tds_pool *pool) {
    for (int64_t which = begin; which < end; ++which) {
      const T *matrix = static_cast<const T *>(a.a) + which * n * n;
      T *x = static_cast<T *>(a.x) + which * size;
      bool singular = false;
      for (int64_t i = 0; i < n; ++i)
        singular |= matrix[i * n + i] == T(0);
      if (singular) {
        fails(call, a, TDS_SINGULAR, which, x, size);
        continue;
      }
      solveColumns(call, library, pool, n, a.columns, static_cast<const T *>(a.b) + which * size, x,
                   [&](T *columns, int count) { // by columns it is the transpose, and its other triangle
                     int info = 0;
                     library.of<T>().trtrs(a.upper ? "L" : "U", "T", "N", &n, &count, matrix, &n, columns, &n, &info, 1,
                                           1, 1);
                   });
    }
  };
  eachMatrix(call, a, static_cast<T *>(a.x), size, body);
}

/// P a = L U of a row-major a, U and what is below the diagonal of L by columns.
template <class T> class Factors {
public:
  Factors(const tds_call *call, const Lapack &library, int n)
      : library(library), n(n), lu(allocate<T>(call, int64_t(n) * n)), pivots(allocate<int>(call, n)) {}
  explicit operator bool() const { return lu && pivots; }

  /// Whether no pivot is zero.
  bool of(const T *a) {
    transpose(a, n, lu.get(), n, n, n);
    int info = 0;
    library.of<T>().getrf(&n, &n, lu.get(), &n, pivots.get(), &info);
    return info == 0;
  }
  void solve(T *columns, int count) const {
    int info = 0;
    library.of<T>().getrs("N", &n, &count, lu.get(), &n, pivots.get(), columns, &n, &info, 1);
  }
  T determinant() const {
    T product = 1;
    for (int64_t i = 0; i < n; ++i)
      product *= pivots[size_t(i)] == i + 1 ? lu[size_t(i * n + i)] : -lu[size_t(i * n + i)];
    return product;
  }

private:
  const Lapack &library;
  const int n;
  std::unique_ptr<T[]> lu;
  std::unique_ptr<int[]> pivots; ///< from 1
};

template <class T> void solveOf(const tds_call *call, const tds_solve_arguments &a) {
  const int64_t n = a.n, size = n * a.columns;
  auto body = [&](const Lapack &library, int64_t begin, int64_t end, tds_pool *pool) {
    Factors<T> factors(call, library, int(n));
    for (int64_t which = begin; which < end && factors; ++which) {
      T *x = static_cast<T *>(a.x) + which * size;
      if (!factors.of(static_cast<const T *>(a.a) + which * n * n)) {
        fails(call, a, TDS_SINGULAR, which, x, size);
        continue;
      }
      solveColumns(call, library, pool, n, a.columns, static_cast<const T *>(a.b) + which * size, x,
                   [&](T *columns, int count) { factors.solve(columns, count); });
    }
  };
  eachMatrix(call, a, static_cast<T *>(a.x), size, body);
}

template <class T> void detOf(const tds_call *call, const tds_det_arguments &a) {
  const int64_t n = a.n;
  T *det = static_cast<T *>(a.det);
  if (n == 0) // the product of nothing
    return void(std::fill_n(det, a.count, T(1)));
  auto body = [&](const Lapack &library, int64_t begin, int64_t end, tds_pool *) {
    Factors<T> factors(call, library, int(n));
    for (int64_t which = begin; which < end && factors; ++which) {
      factors.of(static_cast<const T *>(a.a) + which * n * n);
      det[which] = factors.determinant();
    }
  };
  eachMatrix(call, a, det, 1, body);
}

/// f<T> for the element of the arguments.
template <class Arguments, class F> void dispatch(const Arguments &a, F f) {
  switch (a.element) {
  case TDS_F32:
    return f(float());
  case TDS_F64:
    return f(double());
  case TDS_C64:
    return f(std::complex<float>());
  default:
    return f(std::complex<double>());
  }
}

} // namespace

void tds_cholesky(const tds_call *call, const tds_cholesky_arguments *a) {
  dispatch(*a, [&](auto like) { choleskyOf<decltype(like)>(call, *a); });
}
void tds_triangular_solve(const tds_call *call, const tds_triangular_solve_arguments *a) {
  dispatch(*a, [&](auto like) { triangularSolveOf<decltype(like)>(call, *a); });
}
void tds_solve(const tds_call *call, const tds_solve_arguments *a) {
  dispatch(*a, [&](auto like) { solveOf<decltype(like)>(call, *a); });
}
void tds_det(const tds_call *call, const tds_det_arguments *a) {
  dispatch(*a, [&](auto like) { detOf<decltype(like)>(call, *a); });
}
