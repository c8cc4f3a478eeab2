//===- Fourier.cpp - fast Fourier transforms ------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stockham's form of the mixed-radix transform (no reordering, the inner loop contiguous) on real and imaginary parts
// apart; sizes with a large prime factor by Bluestein's convolution, real rows of even size by a complex one of half
// the size. Roots of unity are rounded once from long double, so that errors grow with log(n) as they should.
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cmath>
#include <complex>
#include <new>
#include <vector>

#include "runtime/abi/abi.h"

#pragma clang fp contract(fast)

namespace {

/// Prime factors above these are not worth their squares.
constexpr int64_t smallFactors[] = {2, 3, 5, 7, 11, 13};

/// Real and imaginary parts of a row.
template <class T> struct Parts {
  T *re, *im;
  Parts swapped() const { return {im, re}; }
};

template <class T> struct Buffer {
  explicit Buffer(int64_t size) : re(size_t(size)), im(size_t(size)) {}
  Parts<T> parts() { return {re.data(), im.data()}; }
  std::vector<T> re, im;
};

/// exp(-2 pi i k / n): the product of two table entries, the tables of about sqrt(n).
class Roots {
public:
  explicit Roots(int64_t n) : n(n), step(int64_t(std::sqrt(double(n))) + 1) {
    for (int64_t k = 0; k < step; ++k)
      fine.push_back(root(k));
    for (int64_t k = 0; k * step < n; ++k)
      coarse.push_back(root(k * step));
  }
  std::complex<long double> at(int64_t k) const {
    auto &a = coarse[size_t(k / step)], &b = fine[size_t(k % step)];
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
  }

private:
  std::complex<long double> root(int64_t k) const {
    constexpr long double pi = 3.141592653589793238462643383279502884L;
    // Quarters exactly, which cos and sin of rounded angles are not.
    int64_t quarter = 4 * k / n, rest = 4 * k - quarter * n;
    long double angle = pi / 2 * (long double)rest / (long double)n, c = std::cos(angle), s = std::sin(angle);
    switch (quarter) {
    case 0:
      return {c, -s};
    case 1:
      return {-s, -c};
    case 2:
      return {-c, s};
    default:
      return {s, c};
    }
  }
  int64_t n, step;
  std::vector<std::complex<long double>> fine, coarse;
};

/// One step of a transform: radix p of a sequence of p * m at a stride.
template <class T, int p> struct Butterfly {
  static void apply(T (&re)[p], T (&im)[p]);
};

template <class T> struct Butterfly<T, 2> {
  static void apply(T (&re)[2], T (&im)[2]) {
    T r = re[1], i = im[1];
    re[1] = re[0] - r, im[1] = im[0] - i;
    re[0] += r, im[0] += i;
  }
};

template <class T> struct Butterfly<T, 3> {
  static void apply(T (&re)[3], T (&im)[3]) {
    constexpr T s = T(0.866025403784438646763723170752936183L);
    T sr = re[1] + re[2], si = im[1] + im[2], dr = s * (re[1] - re[2]), di = s * (im[1] - im[2]);
    T mr = re[0] - T(0.5) * sr, mi = im[0] - T(0.5) * si;
    re[0] += sr, im[0] += si;
    re[1] = mr + di, im[1] = mi - dr;
    re[2] = mr - di, im[2] = mi + dr;
  }
};

template <class T> struct Butterfly<T, 4> {
  static void apply(T (&re)[4], T (&im)[4]) {
    T ar = re[0] + re[2], ai = im[0] + im[2], br = re[0] - re[2], bi = im[0] - im[2];
    T cr = re[1] + re[3], ci = im[1] + im[3], dr = re[1] - re[3], di = im[1] - im[3];
    re[0] = ar + cr, im[0] = ai + ci;
    re[1] = br + di, im[1] = bi - dr;
    re[2] = ar - cr, im[2] = ai - ci;
    re[3] = br - di, im[3] = bi + dr;
  }
};

template <class T> struct Butterfly<T, 5> {
  static void apply(T (&re)[5], T (&im)[5]) {
    constexpr T c1 = T(0.309016994374947424102293417182819059L), c2 = T(-0.809016994374947424102293417182819059L);
    constexpr T s1 = T(0.951056516295153572116439333379382143L), s2 = T(0.587785252292473129168705954639072769L);
    T ar = re[1] + re[4], ai = im[1] + im[4], br = re[1] - re[4], bi = im[1] - im[4];
    T cr = re[2] + re[3], ci = im[2] + im[3], dr = re[2] - re[3], di = im[2] - im[3];
    T xr = re[0] + c1 * ar + c2 * cr, xi = im[0] + c1 * ai + c2 * ci;
    T yr = re[0] + c2 * ar + c1 * cr, yi = im[0] + c2 * ai + c1 * ci;
    T ur = s1 * br + s2 * dr, ui = s1 * bi + s2 * di, vr = s2 * br - s1 * dr, vi = s2 * bi - s1 * di;
    re[0] += ar + cr, im[0] += ai + ci;
    re[1] = xr + ui, im[1] = xi - ur;
    re[4] = xr - ui, im[4] = xi + ur;
    re[2] = yr + vi, im[2] = yi - vr;
    re[3] = yr - vi, im[3] = yi + vr;
  }
};

/// Forward transforms of one size whose prime factors are small.
template <class T> class Smooth {
public:
  explicit Smooth(int64_t n) : n(n), root(n) {
    Roots roots(n);
    for (int64_t k = 0; k < n; ++k) {
      auto w = roots.at(k);
      root.re[size_t(k)] = T(w.real());
      root.im[size_t(k)] = T(w.imag());
    }
    int64_t rest = n;
    for (; rest % 4 == 0; rest /= 4)
      radices.push_back(4);
    for (int64_t p : smallFactors)
      for (; rest % p == 0; rest /= p)
        radices.push_back(p);
  }

  /// Transforms x in place; y is scratch.
  void run(Parts<T> x, Parts<T> y) const {
    Parts<T> from = x, to = y;
    int64_t length = n, stride = 1;
    for (int64_t p : radices) {
      switch (p) {
      case 2:
        step<2>(from, to, length, stride);
        break;
      case 3:
        step<3>(from, to, length, stride);
        break;
      case 4:
        step<4>(from, to, length, stride);
        break;
      case 5:
        step<5>(from, to, length, stride);
        break;
      default:
        step(p, from, to, length, stride);
      }
      std::swap(from, to);
      length /= p;
      stride *= p;
    }
    if (from.re != x.re) {
      std::copy_n(from.re, n, x.re);
      std::copy_n(from.im, n, x.im);
    }
  }

private:
  // for q < m, r < stride:  y[r + stride (p q + j)] = w^(q j) sum over k of x[r + stride (q + m k)] exp(-2 pi i j k /
  // p)
  template <int p> void step(Parts<T> x, Parts<T> y, int64_t length, int64_t stride) const {
    int64_t m = length / p;
    for (int64_t q = 0; q < m; ++q) {
      T wr[p], wi[p];
      for (int j = 1; j < p; ++j) {
        wr[j] = root.re[size_t(q * j * stride)];
        wi[j] = root.im[size_t(q * j * stride)];
      }
      const T *xr = x.re + stride * q, *xi = x.im + stride * q;
      T *yr = y.re + stride * p * q, *yi = y.im + stride * p * q;
#pragma clang loop vectorize(assume_safety)
      for (int64_t r = 0; r < stride; ++r) {
        T re[p], im[p];
        for (int k = 0; k < p; ++k) {
          re[k] = xr[r + stride * m * k];
          im[k] = xi[r + stride * m * k];
        }
        Butterfly<T, p>::apply(re, im);
        yr[r] = re[0];
        yi[r] = im[0];
        for (int j = 1; j < p; ++j) {
          yr[r + stride * j] = re[j] * wr[j] - im[j] * wi[j];
          yi[r + stride * j] = re[j] * wi[j] + im[j] * wr[j];
        }
      }
    }
  }

  void step(int64_t p, Parts<T> x, Parts<T> y, int64_t length, int64_t stride) const {
    int64_t m = length / p;
    for (int64_t q = 0; q < m; ++q)
      for (int64_t r = 0; r < stride; ++r)
        for (int64_t j = 0; j < p; ++j) {
          T re = 0, im = 0;
          for (int64_t k = 0; k < p; ++k) { // exp(-2 pi i j (k m + q) / length)
            size_t w = size_t(j * (k * m + q) % length * stride);
            T xr = x.re[r + stride * (q + m * k)], xi = x.im[r + stride * (q + m * k)];
            re += xr * root.re[w] - xi * root.im[w];
            im += xr * root.im[w] + xi * root.re[w];
          }
          y.re[r + stride * (p * q + j)] = re;
          y.im[r + stride * (p * q + j)] = im;
        }
  }

  int64_t n;
  Buffer<T> root;
  std::vector<int64_t> radices;
};

int64_t withoutSmallFactors(int64_t n) {
  for (int64_t p : smallFactors)
    while (n % p == 0)
      n /= p;
  return n;
}

/// The size of the convolution that a transform goes through; the size itself if it needs none.
int64_t convolutionSize(int64_t n) {
  if (withoutSmallFactors(n) == 1)
    return n;
  int64_t size = 2 * n - 1;
  auto rough = [](int64_t size) {
    while (size % 2 == 0)
      size /= 2;
    return size != 1 && size != 3 && size != 5;
  };
  while (rough(size))
    ++size;
  return size;
}

/// Forward transforms of any one size.
template <class T> class Transform {
public:
  explicit Transform(int64_t n) : n(n), size(convolutionSize(n)), smooth(size), chirp(0), kernel(0) {
    if (size == n)
      return;
    // x[j] w[j] convolved with conj(w), times w[k]:  w[j] = exp(-pi i j^2 / n), as j k = (j^2 + k^2 - (k - j)^2) / 2
    Roots roots(2 * n);
    chirp = Buffer<T>(n);
    kernel = Buffer<T>(size);
    int64_t square = 0; // j^2 modulo 2 n
    for (int64_t j = 0; j < n; ++j) {
      auto w = roots.at(square);
      square = (square + 2 * j + 1) % (2 * n);
      chirp.re[size_t(j)] = T(w.real());
      chirp.im[size_t(j)] = T(w.imag());
      for (int64_t at : {j, (size - j) % size}) {
        kernel.re[size_t(at)] = T(w.real());
        kernel.im[size_t(at)] = -T(w.imag());
      }
    }
    Buffer<T> scratch(size);
    smooth.run(kernel.parts(), scratch.parts());
  }

  /// Elements of scratch that `run` takes.
  int64_t scratchSize() const { return size == n ? n : 2 * size; }

  void run(Parts<T> x, Parts<T> scratch) const {
    if (size == n)
      return smooth.run(x, scratch);
    Parts<T> a = scratch, b{scratch.re + size, scratch.im + size};
    for (int64_t j = 0; j < n; ++j) {
      a.re[j] = x.re[j] * chirp.re[size_t(j)] - x.im[j] * chirp.im[size_t(j)];
      a.im[j] = x.re[j] * chirp.im[size_t(j)] + x.im[j] * chirp.re[size_t(j)];
    }
    std::fill(a.re + n, a.re + size, T(0));
    std::fill(a.im + n, a.im + size, T(0));
    smooth.run(a, b);
    for (int64_t k = 0; k < size; ++k) {
      T re = a.re[k] * kernel.re[size_t(k)] - a.im[k] * kernel.im[size_t(k)];
      a.im[k] = a.re[k] * kernel.im[size_t(k)] + a.im[k] * kernel.re[size_t(k)];
      a.re[k] = re;
    }
    smooth.run(a.swapped(), b.swapped());
    T scale = T(1) / T(size);
    for (int64_t k = 0; k < n; ++k) {
      x.re[k] = scale * (a.re[k] * chirp.re[size_t(k)] - a.im[k] * chirp.im[size_t(k)]);
      x.im[k] = scale * (a.re[k] * chirp.im[size_t(k)] + a.im[k] * chirp.re[size_t(k)]);
    }
  }

private:
  int64_t n, size;
  Smooth<T> smooth;
  Buffer<T> chirp, kernel;
};

/// All rows of a call.
template <class T> class Rows {
  using Complex = std::complex<T>;

public:
  explicit Rows(const tds_fft_arguments &a)
      : a(a), n(a.size), halved(a.kind >= 2 && n % 2 == 0), points(halved ? n / 2 : n), transform(points), root(0) {
    if (!halved)
      return;
    Roots roots(n);
    root = Buffer<T>(points + 1);
    for (int64_t k = 0; k <= points; ++k) {
      auto w = roots.at(k);
      root.re[size_t(k)] = T(w.real());
      root.im[size_t(k)] = T(w.imag());
    }
  }

  void run(int64_t begin, int64_t end) const {
    Buffer<T> row(points), scratch(transform.scratchSize());
    for (int64_t r = begin; r < end; ++r)
      switch (a.kind) {
      case 0:
        complexRow(r, row.parts(), scratch.parts(), false);
        break;
      case 1:
        complexRow(r, row.parts(), scratch.parts(), true);
        break;
      case 2:
        fromReal(r, row.parts(), scratch.parts());
        break;
      default:
        toReal(r, row.parts(), scratch.parts());
      }
  }

  int64_t work() const { return n * 16; } // of a row, in about elements of a simple loop

private:
  void complexRow(int64_t r, Parts<T> x, Parts<T> scratch, bool inverse) const {
    const Complex *from = static_cast<const Complex *>(a.x) + r * n;
    Complex *to = static_cast<Complex *>(a.y) + r * n;
    for (int64_t k = 0; k < n; ++k) {
      x.re[k] = from[k].real();
      x.im[k] = from[k].imag();
    }
    inverse ? transform.run(x.swapped(), scratch)
            : transform.run(x, scratch); // with the parts exchanged it is the inverse
    for (int64_t k = 0; k < n; ++k)
      to[k] = inverse ? Complex(x.re[k] / T(n), x.im[k] / T(n)) : Complex(x.re[k], x.im[k]);
  }

  void fromReal(int64_t r, Parts<T> x, Parts<T> scratch) const {
    const T *from = static_cast<const T *>(a.x) + r * n;
    Complex *to = static_cast<Complex *>(a.y) + r * (n / 2 + 1);
    for (int64_t k = 0; k < points; ++k) {
      x.re[k] = halved ? from[2 * k] : from[k];
      x.im[k] = halved ? from[2 * k + 1] : T(0);
    }
    transform.run(x, scratch);
    if (!halved) {
      for (int64_t k = 0; k <= n / 2; ++k)
        to[k] = {x.re[k], k ? x.im[k] : T(0)};
      return;
    }
    // z = even + i odd:  y[k] = (z[k] + conj z[-k]) / 2 + w^k (z[k] - conj z[-k]) / 2i
    for (int64_t k = 0; k <= points; ++k) {
      int64_t i = k % points, j = (points - k) % points;
      T er = (x.re[i] + x.re[j]) / 2, ei = (x.im[i] - x.im[j]) / 2, orr = (x.im[i] + x.im[j]) / 2,
        oi = (x.re[j] - x.re[i]) / 2;
      T wr = root.re[size_t(k)], wi = root.im[size_t(k)];
      to[k] = {er + wr * orr - wi * oi, i ? ei + wr * oi + wi * orr : T(0)};
    }
  }

  void toReal(int64_t r, Parts<T> x, Parts<T> scratch) const {
    const Complex *from = static_cast<const Complex *>(a.x) + r * (n / 2 + 1);
    T *to = static_cast<T *>(a.y) + r * n;
    auto at = [&](int64_t k) { return 2 * k == n || k == 0 ? Complex(from[k].real(), 0) : from[k]; };
    if (!halved) {
      for (int64_t k = 0; k < n; ++k) {
        Complex z = 2 * k <= n ? at(k) : std::conj(at(n - k));
        x.re[k] = z.real();
        x.im[k] = z.imag();
      }
      transform.run(x.swapped(), scratch);
      for (int64_t k = 0; k < n; ++k)
        to[k] = x.re[k] / T(n);
      return;
    }
    // z[k] = even[k] + i odd[k] of y[k] = even[k] + w^k odd[k], conj y[n/2 - k] = even[k] - w^k odd[k]
    for (int64_t k = 0; k < points; ++k) {
      Complex y = at(k), other = std::conj(at(points - k));
      T sr = y.real() + other.real(), si = y.imag() + other.imag(), dr = y.real() - other.real(),
        di = y.imag() - other.imag();
      T wr = root.re[size_t(k)], wi = -root.im[size_t(k)];
      T orr = wr * dr - wi * di, oi = wr * di + wi * dr;
      x.re[k] = sr - oi;
      x.im[k] = si + orr;
    }
    transform.run(x.swapped(), scratch);
    for (int64_t k = 0; k < points; ++k) {
      to[2 * k] = x.re[k] / T(n);
      to[2 * k + 1] = x.im[k] / T(n);
    }
  }

  const tds_fft_arguments &a;
  int64_t n;
  bool halved;
  int64_t points;
  Transform<T> transform;
  Buffer<T> root;
};

template <class T> void fft(const tds_call *call, const tds_fft_arguments &a) {
  // Vectors throw when memory is lacking; nothing may leave compiled code's calls.
  auto guarded = [&](auto body) {
    try {
      body();
    } catch (const std::bad_alloc &) {
      tds_report(call->error, TDS_NO_MEMORY, -1, a.size * int64_t(sizeof(std::complex<T>)), 0);
    }
  };
  if (a.size == 0) { // a sum over nothing
    if (a.kind == 2)
      std::fill_n(static_cast<std::complex<T> *>(a.y), a.rows, std::complex<T>());
    return;
  }
  guarded([&] {
    Rows<T> rows(a);
    auto part = [&](int64_t begin, int64_t end) { guarded([&] { rows.run(begin, end); }); };
    tds_parallel_for(
        call->pool,
        [](void *context, int64_t begin, int64_t end, int64_t) {
          (*static_cast<decltype(part) *>(context))(begin, end);
        },
        &part, 0, a.rows, std::max<int64_t>(1, (int64_t(1) << 16) / rows.work()));
  });
}

} // namespace

void tds_fft(const tds_call *call, const tds_fft_arguments *a) {
  a->element == TDS_C64 ? fft<float>(call, *a) : fft<double>(call, *a);
}
