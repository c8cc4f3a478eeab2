//===- LinearAlgebra.cpp - factors of matrices and what they solve --------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Our own rather than LAPACK's: a program runs on a machine that has none, and gives the same bits whatever is
// installed and however many threads run. Blocks of 64: what is left of each is C -= A B, by panels of B that stay in
// the cache. One matrix uses all cores in those products, several are shared out.
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <memory>
#include <new>

#include "runtime/abi/abi.h"

// Products may be fused and sums reordered as the compiler likes: fixed when this is built.
#pragma clang fp contract(fast) reassociate(on)

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !__has_feature(thread_sanitizer) &&                       \
    !__has_feature(address_sanitizer)
#define TDS_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TDS_CLONES
#endif

namespace {

constexpr int64_t block = 64;

template <class T> struct Real {
  using type = T;
};
template <class T> struct Real<std::complex<T>> {
  using type = T;
};

template <class T> T conjugate(T x) { return x; }
template <class T> std::complex<T> conjugate(std::complex<T> x) { return std::conj(x); }
template <class T> T times(T x, T y) { return x * y; }
/// Without the rules of C for infinities, which no product of matrices follows.
template <class T> std::complex<T> times(std::complex<T> x, std::complex<T> y) {
  return {x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real()};
}

/// A part of a row-major matrix.
template <class T> struct Part {
  T *at;
  int64_t stride;
  T *row(int64_t i) const { return at + i * stride; }
  Part from(int64_t i, int64_t j) const { return {at + i * stride + j, stride}; }
};

template <class Body> void parallelFor(tds_pool *pool, int64_t end, int64_t grain, Body &&body) {
  auto call = [](void *context, int64_t begin, int64_t end, int64_t) {
    (*static_cast<std::remove_reference_t<Body> *>(context))(begin, end);
  };
  tds_parallel_for(pool, call, &body, 0, end, grain);
}

//===----------------------------------------------------------------------===//
// C -= A B
//===----------------------------------------------------------------------===//

/// The columns of a panel of B: 64 bytes, packed row after row.
template <class T> constexpr int64_t panel = std::max<int64_t>(64 / int64_t(sizeof(T)), 1);

template <class T, int rows>
[[gnu::always_inline]] inline void tile(Part<T> c, Part<const T> a, const T *b, int64_t depth) {
  typedef T Vector __attribute__((vector_size(64)));
  Vector sums[rows] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Vector v;
    __builtin_memcpy(&v, b + k * panel<T>, sizeof v);
    for (int i = 0; i < rows; ++i)
      sums[i] += a.row(i)[k] * v;
  }
  for (int i = 0; i < rows; ++i) {
    Vector v;
    __builtin_memcpy(&v, c.row(i), sizeof v);
    v -= sums[i];
    __builtin_memcpy(c.row(i), &v, sizeof v);
  }
}

/// Rows of C, all of a panel wide.
template <class T>
[[gnu::always_inline]] inline void strip(Part<T> c, Part<const T> a, const T *b, int64_t rows, int64_t depth) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4)
    tile<T, 4>(c.from(i, 0), a.from(i, 0), b, depth);
  for (; i < rows; ++i)
    tile<T, 1>(c.from(i, 0), a.from(i, 0), b, depth);
}

TDS_CLONES void stripOf(Part<float> c, Part<const float> a, const float *b, int64_t rows, int64_t depth) {
  strip(c, a, b, rows, depth);
}
TDS_CLONES void stripOf(Part<double> c, Part<const double> a, const double *b, int64_t rows, int64_t depth) {
  strip(c, a, b, rows, depth);
}
template <class T> void stripOf(Part<T> c, Part<const T> a, const T *b, int64_t rows, int64_t depth) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panel<T>; ++j) {
      T sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += times(a.row(i)[k], b[k * panel<T> + j]);
      c.row(i)[j] -= sum;
    }
}

/// What C -= A B is done to: a depth of `block` at most; `adjoint`: B is the conjugate transpose of what is given.
template <class T> struct Product {
  int64_t rows, columns, depth;
  Part<T> c;
  Part<const T> a, b;
  bool adjoint = false;
  bool lower = false; ///< only where the row is not above the panel's first column

  void subtract(tds_pool *pool) const {
    if (rows <= 0 || columns <= 0 || depth <= 0)
      return;
    int64_t panels = (columns + panel<T> - 1) / panel<T>;
    int64_t grain = std::max<int64_t>(1, (int64_t(1) << 16) / std::max<int64_t>(1, rows * depth * panel<T>));
    parallelFor(pool, panels, grain, [this](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p)
        onePanel(p * panel<T>);
    });
  }

private:
  void onePanel(int64_t first) const {
    alignas(64) T packed[block * panel<T>], edge[block * panel<T>];
    int64_t width = std::min(panel<T>, columns - first);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t j = 0; j < panel<T>; ++j)
        packed[k * panel<T> + j] = j >= width ? T(0) : adjoint ? conjugate(b.row(first + j)[k]) : b.row(k)[first + j];
    int64_t top = lower ? first : 0;
    if (width == panel<T>)
      return stripOf(c.from(top, first), a.from(top, 0), packed, rows - top, depth);
    for (int64_t i = top; i < rows; i += block) { // the last columns go through a buffer
      int64_t some = std::min(block, rows - i);
      for (int64_t r = 0; r < some; ++r)
        for (int64_t j = 0; j < panel<T>; ++j)
          edge[r * panel<T> + j] = j < width ? c.row(i + r)[first + j] : T(0);
      stripOf(Part<T>{edge, panel<T>}, a.from(i, 0), packed, some, depth);
      for (int64_t r = 0; r < some; ++r)
        std::copy_n(edge + r * panel<T>, width, c.row(i + r) + first);
    }
  }
};

//===----------------------------------------------------------------------===//
// Triangular systems
//===----------------------------------------------------------------------===//

/// x = A^-1 x for one column that is contiguous; A is triangular.
template <class T> void solveColumn(Part<const T> a, T *x, int64_t n, bool upper, bool unit) {
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = upper ? n - 1 - step : step, begin = upper ? i + 1 : 0, end = upper ? n : i;
    T sum = 0;
    for (int64_t k = begin; k < end; ++k)
      sum += times(a.row(i)[k], x[k]);
    x[i] = unit ? x[i] - sum : (x[i] - sum) / a.row(i)[i];
  }
}

/// The same for rows of several columns, within a block.
template <class T> void solveBlock(Part<const T> a, Part<T> x, int64_t n, int64_t columns, bool upper, bool unit) {
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = upper ? n - 1 - step : step;
    T *target = x.row(i);
    for (int64_t k = upper ? i + 1 : 0; k < (upper ? n : i); ++k) {
      T factor = a.row(i)[k];
      const T *from = x.row(k);
      for (int64_t j = 0; j < columns; ++j)
        target[j] -= times(factor, from[j]);
    }
    if (!unit)
      for (int64_t j = 0; j < columns; ++j)
        target[j] /= a.row(i)[i];
  }
}

template <class T>
void triangularSolve(tds_pool *pool, Part<const T> a, Part<T> x, int64_t n, int64_t columns, bool upper, bool unit) {
  if (columns == 1 && x.stride == 1)
    return solveColumn(a, x.at, n, upper, unit);
  int64_t blocks = (n + block - 1) / block;
  for (int64_t step = 0; step < blocks; ++step) {
    int64_t first = (upper ? blocks - 1 - step : step) * block, size = std::min(block, n - first), last = first + size;
    parallelFor(pool, columns, 256, [&](int64_t begin, int64_t end) {
      solveBlock(a.from(first, first), x.from(first, begin), size, end - begin, upper, unit);
    });
    Part<const T> solved{x.row(first), x.stride};
    if (upper)
      Product<T>{first, columns, size, x, a.from(0, first), solved}.subtract(pool);
    else
      Product<T>{n - last, columns, size, x.from(last, 0), a.from(last, first), solved}.subtract(pool);
  }
}

//===----------------------------------------------------------------------===//
// Cholesky and LU
//===----------------------------------------------------------------------===//

/// L of x = L L^H in place of the lower triangle; false if there is none.
template <class T> bool choleskyBlock(Part<T> x, int64_t n) {
  using R = typename Real<T>::type;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j; i < n; ++i) {
      T sum = x.row(i)[j];
      for (int64_t k = 0; k < j; ++k)
        sum -= times(x.row(i)[k], conjugate(x.row(j)[k]));
      if (i > j) {
        x.row(i)[j] = sum / x.row(j)[j];
        continue;
      }
      R pivot = std::real(sum);
      if (!(pivot > 0)) // also nan
        return false;
      x.row(j)[j] = std::sqrt(pivot);
    }
  return true;
}

template <class T> bool cholesky(tds_pool *pool, Part<T> x, int64_t n) {
  for (int64_t first = 0; first < n; first += block) {
    int64_t size = std::min(block, n - first), last = first + size;
    Part<T> diagonal = x.from(first, first);
    if (!choleskyBlock(diagonal, size))
      return false;
    // L21 = A21 L11^-H, a row at a time
    parallelFor(pool, n - last, 16, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        T *row = x.row(last + r) + first;
        for (int64_t j = 0; j < size; ++j) {
          T sum = row[j];
          for (int64_t k = 0; k < j; ++k)
            sum -= times(row[k], conjugate(diagonal.row(j)[k]));
          row[j] = sum / diagonal.row(j)[j];
        }
      }
    });
    Part<const T> panel{x.row(last) + first, x.stride};
    Product<T>{n - last, n - last, size, x.from(last, last), panel, panel, true, true}.subtract(pool);
  }
  return true;
}

/// P A = L U in place, with the greatest pivots; `swapped[i]` is the row that i was exchanged with. Whether no pivot is
/// zero.
template <class T> bool factorise(tds_pool *pool, Part<T> a, int64_t n, int64_t *swapped) {
  bool regular = true;
  for (int64_t first = 0; first < n; first += block) {
    int64_t size = std::min(block, n - first), last = first + size;
    for (int64_t j = first; j < last; ++j) {
      int64_t best = j;
      for (int64_t i = j + 1; i < n; ++i)
        if (std::abs(a.row(i)[j]) > std::abs(a.row(best)[j]))
          best = i;
      swapped[j] = best;
      if (best != j)
        std::swap_ranges(a.row(j), a.row(j) + n, a.row(best));
      T pivot = a.row(j)[j];
      if (pivot == T(0)) {
        regular = false;
        continue;
      }
      for (int64_t i = j + 1; i < n; ++i) {
        T factor = a.row(i)[j] = a.row(i)[j] / pivot;
        const T *from = a.row(j);
        for (int64_t k = j + 1; k < last; ++k)
          a.row(i)[k] -= times(factor, from[k]);
      }
    }
    // U12 = L11^-1 A12;  A22 -= L21 U12
    Part<const T> lower = {a.row(first) + first, a.stride};
    parallelFor(pool, n - last, 256, [&](int64_t begin, int64_t end) {
      solveBlock(lower, a.from(first, last + begin), size, end - begin, false, true);
    });
    Product<T>{n - last, n - last, size, a.from(last, last), lower.from(size, 0), {a.row(first) + last, a.stride}}
        .subtract(pool);
  }
  return regular;
}

//===----------------------------------------------------------------------===//
// Batches
//===----------------------------------------------------------------------===//

/// Calls the body for each matrix of a batch: on all cores, unless there is one, which may use them.
template <class Body> void eachMatrix(const tds_call *call, int64_t count, int64_t n, Body body) {
  if (count == 1)
    return body(0, call->pool);
  int64_t grain = std::max<int64_t>(1, 20000 / std::max<int64_t>(1, n * n * n));
  parallelFor(call->pool, count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      body(i, nullptr);
  });
}

template <class T> std::unique_ptr<T[]> allocate(const tds_call *call, int64_t size) {
  std::unique_ptr<T[]> memory(new (std::nothrow) T[size_t(size)]);
  if (!memory)
    tds_report(call->error, TDS_NO_MEMORY, -1, size * int64_t(sizeof(T)), 0);
  return memory;
}

template <class T> T notANumber() { return T(std::numeric_limits<typename Real<T>::type>::quiet_NaN()); }

/// A failed matrix: the check, where it is wanted, and nan.
template <class T>
void fails(const tds_call *call, int32_t code, int64_t place, int64_t which, T *result, int64_t size) {
  if (place >= 0)
    tds_report(call->error, code, int32_t(place), which, 0);
  std::fill_n(result, size, notANumber<T>());
}

template <class T> void choleskyOf(const tds_call *call, const tds_cholesky_arguments &a) {
  int64_t n = a.n;
  eachMatrix(call, a.count, n, [&](int64_t which, tds_pool *pool) {
    const T *x = static_cast<const T *>(a.x) + which * n * n;
    Part<T> l{static_cast<T *>(a.l) + which * n * n, n};
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(x + i * n, i + 1, l.row(i));
      std::fill_n(l.row(i) + i + 1, n - i - 1, T(0));
    }
    if (!cholesky(pool, l, n))
      return fails(call, TDS_NOT_POSITIVE_DEFINITE, a.place, which, l.at, n * n);
    for (int64_t i = 0; i < n; ++i) // products of panels went beyond the diagonal
      std::fill_n(l.row(i) + i + 1, n - i - 1, T(0));
  });
}

template <class T> void triangularSolveOf(const tds_call *call, const tds_triangular_solve_arguments &a) {
  int64_t n = a.n, size = n * a.columns;
  eachMatrix(call, a.count, n, [&](int64_t which, tds_pool *pool) {
    Part<const T> matrix{static_cast<const T *>(a.a) + which * n * n, n};
    T *x = static_cast<T *>(a.x) + which * size;
    for (int64_t i = 0; i < n; ++i)
      if (matrix.row(i)[i] == T(0))
        return fails(call, TDS_SINGULAR, a.place, which, x, size);
    std::copy_n(static_cast<const T *>(a.b) + which * size, size, x);
    triangularSolve(pool, matrix, Part<T>{x, a.columns}, n, a.columns, a.upper != 0, false);
  });
}

template <class T> void solveOf(const tds_call *call, const tds_solve_arguments &a) {
  int64_t n = a.n, size = n * a.columns;
  eachMatrix(call, a.count, n, [&](int64_t which, tds_pool *pool) {
    auto factors = allocate<T>(call, n * n);
    auto swapped = allocate<int64_t>(call, n);
    if (!factors || !swapped)
      return;
    std::copy_n(static_cast<const T *>(a.a) + which * n * n, n * n, factors.get());
    T *x = static_cast<T *>(a.x) + which * size;
    Part<T> lu{factors.get(), n};
    if (!factorise(pool, lu, n, swapped.get()))
      return fails(call, TDS_SINGULAR, a.place, which, x, size);
    std::copy_n(static_cast<const T *>(a.b) + which * size, size, x);
    for (int64_t i = 0; i < n; ++i)
      if (swapped[i] != i)
        std::swap_ranges(x + i * a.columns, x + (i + 1) * a.columns, x + swapped[i] * a.columns);
    Part<const T> solver{factors.get(), n};
    triangularSolve(pool, solver, Part<T>{x, a.columns}, n, a.columns, false, true);
    triangularSolve(pool, solver, Part<T>{x, a.columns}, n, a.columns, true, false);
  });
}

template <class T> void detOf(const tds_call *call, const tds_det_arguments &a) {
  int64_t n = a.n;
  eachMatrix(call, a.count, n, [&](int64_t which, tds_pool *pool) {
    auto factors = allocate<T>(call, n * n);
    auto swapped = allocate<int64_t>(call, n);
    if (!factors || !swapped)
      return;
    std::copy_n(static_cast<const T *>(a.a) + which * n * n, n * n, factors.get());
    Part<T> lu{factors.get(), n};
    factorise(pool, lu, n, swapped.get());
    T product = 1;
    for (int64_t i = 0; i < n; ++i)
      product = times(product, swapped[i] == i ? lu.row(i)[i] : -lu.row(i)[i]);
    static_cast<T *>(a.det)[which] = product;
  });
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
