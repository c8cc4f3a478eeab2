/*===- runtime/abi/Symbols.c - addresses of what compiled code may call ------===*\
|*
|* Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
/* C, since C++ overloads the names of libm: there `&exp` is three functions. */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/abi/abi.h"
#include "runtime/abi/half.h"

/* Half and bfloat16 are passed in vector registers, as these types are and integers are not. */
static float tds_extendhfsf2(_Float16 x) {
  uint16_t bits;
  memcpy(&bits, &x, sizeof bits);
  return tds_float_from_half(bits);
}

static _Float16 halfOf(uint16_t bits) {
  _Float16 x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
static _Float16 tds_truncsfhf2(float x) { return halfOf(tds_half_from_float(x)); }
static _Float16 tds_truncdfhf2(double x) { return halfOf(tds_half_from_double(x)); }

static __bf16 bfloatOf(uint16_t bits) {
  __bf16 x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
static __bf16 tds_truncsfbf2(float x) { return bfloatOf(tds_bfloat_from_float(x)); }
static __bf16 tds_truncdfbf2(double x) { return bfloatOf(tds_bfloat_from_double(x)); }

const tds_symbol tds_symbols[] = {
#define TDS_SYMBOL(name) {#name, (void *)(name)},
#define TDS_SYMBOL_AS(name, function) {#name, (void *)(function)},
#include "runtime/abi/Symbols.def"
    {NULL, NULL},
};
