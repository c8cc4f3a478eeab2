/*===- runtime/abi/half.h - half and bfloat16 from and to wider floats -------===*\
|*
|* Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
/* In integers alone, so that it neither needs an instruction nor calls what Symbols.c defines with it. All round to the
 * nearest, ties to even; a nan stays a nan, quiet, with its sign. */
#ifndef TDS_RUNTIME_HALF_H
#define TDS_RUNTIME_HALF_H
#include <stdint.h>
#include <string.h>

static inline uint32_t tds_bits_of_float(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float tds_float_of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline float tds_float_from_bfloat(uint16_t bits) { return tds_float_of_bits((uint32_t)bits << 16); }

static inline uint16_t tds_bfloat_from_float(float x) {
  uint32_t bits = tds_bits_of_float(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

static inline float tds_float_from_half(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
  if (exponent == 31)
    return tds_float_of_bits(sign | 0x7f800000u | fraction << 13 | (fraction ? 0x400000u : 0));
  if (exponent == 0) {
    if (fraction == 0)
      return tds_float_of_bits(sign);
    /* A subnormal half is a normal float: shift its leading one to the place of the hidden bit. */
    uint32_t shift = 0;
    for (; !(fraction & 0x400); ++shift)
      fraction <<= 1;
    return tds_float_of_bits(sign | (113 - shift) << 23 | (fraction & 0x3ff) << 13);
  }
  return tds_float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static inline uint16_t tds_half_from_float(float x) {
  uint32_t bits = tds_bits_of_float(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x47800000u) /* 2^16 and more, infinity */
    return (uint16_t)(sign | 0x7c00);
  if (magnitude < 0x33000000u) /* below half of the least subnormal, 2^-25 */
    return (uint16_t)sign;
  uint32_t exponent = magnitude >> 23, shift, kept;
  if (exponent >= 113) {
    shift = 13;
    kept = magnitude - (112u << 23); /* a carry out of the fraction goes to the exponent, as it should */
  } else {
    shift = 126 - exponent;
    kept = (magnitude & 0x7fffffu) | 0x800000u;
  }
  uint32_t rest = kept & ((1u << shift) - 1), tie = 1u << (shift - 1);
  kept >>= shift;
  kept += rest > tie || (rest == tie && (kept & 1));
  return (uint16_t)(sign | kept);
}

/* A double as the float that a second rounding to half or bfloat16 takes to where one rounding would: truncated, its
 * last bit set if anything was lost (round to odd). */
static inline float tds_odd_float(double x) {
  float near = (float)x;
  double back = (double)near;
  if (back == x || x != x)
    return near;
  uint32_t bits = tds_bits_of_float(near);
  if ((back < 0 ? -back : back) > (x < 0 ? -x : x))
    bits -= 1;
  return tds_float_of_bits(bits | 1);
}

static inline uint16_t tds_half_from_double(double x) { return tds_half_from_float(tds_odd_float(x)); }
static inline uint16_t tds_bfloat_from_double(double x) { return tds_bfloat_from_float(tds_odd_float(x)); }

#endif
