/*===- tds-c/host.h - C functions behind `extern def`s -----------------------===*\
|*
|* Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
/* A shared library gives functions to programs (tdslc run --library FILE, Options::libraries) by exporting one of the
 * name of each `extern def`:
 *
 *     extern def hypot2(x: f32[n], y: f32[n]) -> f32[n]
 *
 *     const char *hypot2(const tds_array *arguments, const tds_array *results) {
 *       const float *x = arguments[0].data, *y = arguments[1].data;
 *       float *z = results[0].data;
 *       for (int64_t i = 0; i < results[0].shape[0]; ++i)
 *         z[i] = x[i] * x[i] + y[i] * y[i];
 *       return 0;
 *     }
 */
#ifndef TDS_C_HOST_H
#define TDS_C_HOST_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tds_array_element {
  TDS_ARRAY_BOOL, /* a byte, 0 or 1 */
  TDS_ARRAY_I8,
  TDS_ARRAY_I16,
  TDS_ARRAY_I32,
  TDS_ARRAY_I64,
  TDS_ARRAY_U8,
  TDS_ARRAY_F16,
  TDS_ARRAY_BF16,
  TDS_ARRAY_F32,
  TDS_ARRAY_F64,
  TDS_ARRAY_C64, /* two floats: the real part, the imaginary part */
  TDS_ARRAY_C128,
  TDS_ARRAY_KEY /* 64 bits */
};

/* Elements in memory, row-major, without gaps. What the types of the `extern def` say holds. */
typedef struct tds_array {
  void *data;
  const int64_t *shape;
  int32_t rank;
  int32_t element; /* tds_array_element */
} tds_array;

/* The arguments' tensors in order, a record as its leaves, a `dim` as an i64 scalar, are read; all elements of the
 * results' are written. Null if that went well, else what was wrong: a text that stays. It computes, and no more: for
 * equal arguments it writes equal results, and it may be called less often than it is written; by several threads. */
typedef const char *(*tds_host_function)(const tds_array *arguments, const tds_array *results);

#ifdef __cplusplus
}
#endif
#endif
