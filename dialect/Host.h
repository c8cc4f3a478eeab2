//===- Host.h - scalar functions on the host --------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the host texts of TdsFunctions.td are written in: one overload set over integers, doubles and complex numbers.
// Standard headers only, so that the tests of the records need no compiler.
//===----------------------------------------------------------------------===//
#pragma once
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>

namespace tds::host {

/// An integer that wraps at 64 bits; elements of fewer bits are cut when they are stored.
struct Int {
  int64_t v = 0;
  constexpr Int() = default;
  constexpr Int(int64_t v) : v(v) {}
  friend constexpr Int operator+(Int a, Int b) { return int64_t(uint64_t(a.v) + uint64_t(b.v)); }
  friend constexpr Int operator-(Int a, Int b) { return int64_t(uint64_t(a.v) - uint64_t(b.v)); }
  friend constexpr Int operator*(Int a, Int b) { return int64_t(uint64_t(a.v) * uint64_t(b.v)); }
  friend constexpr Int operator-(Int a) { return Int(0) - a; }
  friend constexpr Int operator&(Int a, Int b) { return a.v & b.v; }
  friend constexpr Int operator|(Int a, Int b) { return a.v | b.v; }
  friend constexpr Int operator^(Int a, Int b) { return a.v ^ b.v; }
  friend constexpr auto operator<=>(Int a, Int b) = default;
};

using Complex = std::complex<double>;
inline constexpr Complex i{0, 1};
inline constexpr double two_sqrtpi = 1.1283791670955126, ln2 = 0.6931471805599453, pi = 3.141592653589793;

using std::abs, std::exp, std::log, std::sqrt, std::sin, std::cos, std::tan, std::tanh, std::sinh, std::cosh;
using std::expm1, std::log1p, std::log2, std::asin, std::acos, std::atan, std::atan2, std::erf, std::floor, std::ceil;
using std::isfinite, std::isnan, std::conj, std::real, std::imag;

template <class T> T where(bool c, T a, T b) { return c ? a : b; }

inline double conj(double x) { return x; }
inline Int abs(Int x) { return x.v < 0 ? -x : x; }
inline Int sign(Int x) { return (x.v > 0) - (x.v < 0); }
inline double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
inline Complex sign(Complex x) { return x == 0.0 ? x : x / std::abs(x); }
inline double angle(Complex x) { return std::arg(x); }
inline Complex complex(double re, double im) { return {re, im}; }
inline double rsqrt(double x) { return 1 / std::sqrt(x); }
inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
inline double relu(double x) { return x > 0 || x != x ? x : 0; }
inline double round(double x) { return std::nearbyint(x); }

inline Int maximum(Int x, Int y) { return x > y ? x : y; }
inline Int minimum(Int x, Int y) { return x < y ? x : y; }
/// IEEE's: a nan is passed on, and -0 is less than 0.
inline double maximum(double x, double y) { return x > y || x != x || (x == y && !std::signbit(x)) ? x : y; }
inline double minimum(double x, double y) { return x < y || x != x || (x == y && std::signbit(x)) ? x : y; }

/// NumPy's: the sign of y, and nan where y is 0.
inline double mod(double x, double y) {
  double m = std::fmod(x, y);
  return m != 0 && (m < 0) != (y < 0) ? m + y : m == 0 ? std::copysign(0.0, y) : m;
}
inline double floordiv(double x, double y) {
  if (y == 0)
    return x / y;
  double m = std::fmod(x, y), q = (x - m) / y;
  return std::nearbyint(m != 0 && (m < 0) != (y < 0) ? q - 1 : q);
}
inline Int floordiv(Int x, Int y) {
  if (y.v == 0)
    return 0;
  if (y.v == -1)
    return -x;
  int64_t q = x.v / y.v;
  return q - (x.v % y.v != 0 && (x.v < 0) != (y.v < 0));
}
inline Int mod(Int x, Int y) { return y.v == 0 ? Int(0) : x - floordiv(x, y) * y; }

inline double pow(double x, double y) { return std::pow(x, y); }
/// A negative power is rounded to zero, 0 to such a power is 0.
inline Int pow(Int x, Int y) {
  if (y.v < 0)
    return x.v == 1 ? Int(1) : x.v == -1 ? Int(y.v % 2 ? -1 : 1) : Int(0);
  Int r = 1;
  for (uint64_t n = uint64_t(y.v); n; n >>= 1, x = x * x)
    if (n & 1)
      r = r * x;
  return r;
}

/// A shift by a negative number, or by all bits and more, leaves none (or copies of the sign).
inline Int shl(Int x, Int n) { return n.v < 0 || n.v > 63 ? Int(0) : Int(int64_t(uint64_t(x.v) << n.v)); }
inline Int shr(Int x, Int n) { return x.v >> (n.v < 0 || n.v > 63 ? 63 : n.v); }

/// The logarithm of |gamma(x)|; std::lgamma sets a global sign.
double lgamma(double x);
double digamma(double x);

struct Philox {
  uint32_t words[4];
};
/// Philox4x32-10, the generator of all random numbers.
inline Philox philox(Philox ctr, uint64_t key) {
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32), *c = ctr.words;
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    uint64_t p0 = uint64_t(0xD2511F53u) * c[0], p1 = uint64_t(0xCD9E8D57u) * c[2];
    ctr = {{uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ k1, uint32_t(p0)}};
  }
  return ctr;
}
inline uint64_t deriveKey(uint64_t key, int64_t i, uint32_t domain) {
  Philox r = philox({{uint32_t(i), uint32_t(uint64_t(i) >> 32), domain, 0}}, key);
  return r.words[0] | uint64_t(r.words[1]) << 32;
}

// lgamma by Lanczos' series (g = 7, nine terms), 1e-15 of the larger of 1 and the value; reflected below 1/2.
inline double lgamma(double x) {
  constexpr double c[] = {676.5203681218851,     -1259.1392167224028,  771.32342877765313,     -176.61502916214059,
                          12.507343278686905,    -0.13857109526572012, 9.9843695780195716e-6,  1.5056327351493116e-7};
  if (x < 0.5) // log |gamma(x)| = log(pi / |sin(pi x)|) - log gamma(1 - x)
    return std::log(pi / std::fabs(std::sin(pi * (x - 2 * std::floor(x / 2))))) - lgamma(1 - x);
  if (std::isinf(x))
    return x;
  double z = x - 1, sum = 0.99999999999980993, t = z + 7.5;
  for (int k = 0; k < 8; ++k)
    sum += c[k] / (z + (k + 1));
  return 0.91893853320467274 + (z + 0.5) * std::log(t) - t + std::log(sum);
}

// digamma: shifted by eight, then the asymptotic series; reflected below 1/2.
inline double digamma(double x) {
  if (x < 0.5) // psi(x) = psi(1 - x) - pi / tan(pi x)
    return digamma(1 - x) - pi / std::tan(pi * (x - std::floor(x)));
  double shift = 0;
  for (int k = 0; k < 8; ++k)
    shift += 1 / (x + k);
  double z = x + 8, w = 1 / (z * z);
  double series = w * (1.0 / 12 - w * (1.0 / 120 - w * (1.0 / 252 - w * (1.0 / 240 - w * (1.0 / 132 - w * 691.0 / 32760)))));
  return std::log(z) - 0.5 / z - series - shift;
}

} // namespace tds::host
