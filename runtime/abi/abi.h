/*===- runtime/abi/abi.h - what compiled code is called with and calls -------===*\
|*
|* Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef TDS_RUNTIME_ABI_H
#define TDS_RUNTIME_ABI_H
#include <stdint.h>

#if defined(__GNUC__)
#define TDS_ABI __attribute__((visibility("default")))
#else
#define TDS_ABI
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever a struct or a function's meaning below does: kept code of another version is not loaded. */
#define TDS_ABI_VERSION 5

/* What a check of compiled code can find. */
enum tds_error_code {
  TDS_FINE = 0,
  TDS_INDEX_OUTSIDE = 1,         /* an index that is data: value, and the size that it must be below */
  TDS_ASSERTION = 2,             /* an `assert` in a def: value and bound are 0 */
  TDS_NOT_POSITIVE_DEFINITE = 3, /* a matrix given to Cholesky: value, its number in the batch */
  TDS_SINGULAR = 4,              /* a matrix that is divided by: the same */
  TDS_NO_MEMORY = 5,             /* no scratch memory of value bytes; the place is -1 */
  TDS_NO_LIBRARY = 6,            /* no LAPACK on this machine */
  TDS_HOST_FAILED = 7,           /* a function of the host: value and bound are 0 */
  TDS_DEVICE_FAILED = 8          /* the device did not do what it was asked; it has the reason. The place is -1 */
};

/* The first failing check of a call. */
typedef struct tds_error {
  int32_t code;  /* 0: none failed */
  int32_t place; /* index into the artefact's table of source places */
  int64_t value;
  int64_t bound;
} tds_error;

typedef struct tds_pool tds_pool;

/* What compiled code finds behind `extern def`s. `description`: the function's number in the artefact, the place of the
 * call, the number of rows, whether there is a mask, the number of arguments and of results; then of each argument and
 * result its element (tds_element), its rank and its sizes. `mask`: if there is one, a bool a row; where it is false
 * nothing is called, and the results are 0. `buffers` are the arguments' and then the results', each with a tensor a
 * row. Not 0: it failed, and the host knows why. */
typedef struct tds_host {
  int32_t (*call)(struct tds_host *self, const int64_t *description, const uint8_t *mask, void *const *buffers);
} tds_host;

/* What a device does for a call, one after the other; `read` waits. After a failure nothing more is done. Addresses are of
 * the host or of the device. */
typedef struct tds_queue {
  void (*launch)(struct tds_queue *queue, int64_t kernel, const int64_t *arguments);
  void (*read)(struct tds_queue *queue, int64_t to_host, int64_t from_device, int64_t bytes);
  void (*write)(struct tds_queue *queue, int64_t to_device, int64_t from_host, int64_t bytes);
  void (*copy)(struct tds_queue *queue, int64_t to_device, int64_t from_device, int64_t bytes);
} tds_queue;

/* One call of compiled code. */
typedef struct tds_call {
  void *const *buffers; /* arguments, then results, row-major, in the artefact's order */
  const int64_t *sizes; /* the open sizes, in the artefact's order */
  void *arena;          /* scratch memory of the artefact's size, 64-byte aligned; null if that is 0 */
  tds_pool *pool;       /* null: run serially */
  tds_error *error;     /* code 0 at the call */
  tds_host *host;       /* null: there is none */
  tds_queue *queue;     /* of the device that buffers and arena are on; null: they are the host's */
} tds_call;

typedef void (*tds_entry)(const tds_call *call);

/* A part [begin, end) of a parallel loop. No two calls that run at one time have the same worker, which is below
 * tds_pool_size(pool). */
typedef void (*tds_body)(void *context, int64_t begin, int64_t end, int64_t worker);

/* Calls the body once for each chunk of [begin, end): chunks start at multiples of grain (at least 1) from begin and
 * are grain long, the last one maybe shorter, whatever the number of threads; so what a chunk computes cannot depend on
 * that number. Returns when all are done. Serial, in order, for one chunk, without a pool, inside a body, or while
 * another thread has the pool; a body inside a body gets the worker of the outer one. */
TDS_ABI void tds_parallel_for(tds_pool *pool, tds_body body, void *context, int64_t begin, int64_t end, int64_t grain);

/* How many workers bodies can tell apart; 1 without a pool. */
TDS_ABI int64_t tds_pool_size(const tds_pool *pool);

/* A pool of so many workers, the caller of a loop included; 0: one for each core that this process may use. Its threads
 * start at the first loop that needs them. Null if memory is lacking. Destroy it when no loop runs. */
TDS_ABI tds_pool *tds_pool_create(int64_t workers);
TDS_ABI void tds_pool_destroy(tds_pool *pool);

/* Fills the error slot unless an earlier report has; any thread. To be read after the call has returned. */
TDS_ABI void tds_report(tds_error *error, int32_t code, int32_t place, int64_t value, int64_t bound);

/* What code with kernels calls. A kernel's arguments are 64 bits each: an address, or a number in the low bits. What is
 * written is read from the host's memory before the return. */
TDS_ABI void tds_device_launch(const tds_call *call, int64_t kernel, int64_t arguments);
TDS_ABI void tds_device_read(const tds_call *call, int64_t to_host, int64_t from_device, int64_t bytes);
TDS_ABI void tds_device_write(const tds_call *call, int64_t to_device, int64_t from_host, int64_t bytes);
TDS_ABI void tds_device_copy(const tds_call *call, int64_t to_device, int64_t from_device, int64_t bytes);

/* Elements of tensors; a bool is a byte that holds 0 or 1. */
enum tds_element {
  TDS_BOOL,
  TDS_I8,
  TDS_I16,
  TDS_I32,
  TDS_I64,
  TDS_U8,
  TDS_F16,
  TDS_BF16,
  TDS_F32,
  TDS_F64,
  TDS_C64,
  TDS_C128,
  TDS_KEY
};

/* Calls a function of the host, unless something has failed before: it never sees what a failed check left. */
typedef struct tds_host_arguments {
  const int64_t *description; /* as tds_host takes it */
  void *buffers[1];           /* the mask's if there is one, then as many as that says */
} tds_host_arguments;
TDS_ABI void tds_host_call(const tds_call *call, const tds_host_arguments *arguments);

/* The order of each of `rows` rows of `size` elements, its first `count`: values, and the places in the row that they
 * come from. Stable, nan after all numbers; descending: from the greatest, nan before all numbers. On all cores. */
typedef struct tds_sort_arguments {
  const void *x;
  void *values;              /* if wanted */
  int32_t *ids;              /* if wanted */
  int64_t rows, size, count; /* size is below 2^31 */
  int64_t element;           /* real; tds_element */
  int64_t descending, wants_values, wants_ids;
} tds_sort_arguments;
TDS_ABI void tds_sort(const tds_call *call, const tds_sort_arguments *arguments);

/* A Fourier transform of each of `rows` rows, inverse ones with the factor 1/size. `kind`: 0 and 1, forward
 * and inverse of complex rows of `size`; 2, of real rows of `size` the first size / 2 + 1; 3, those to real rows. */
typedef struct tds_fft_arguments {
  const void *x;
  void *y;
  int64_t rows, size;
  int64_t element; /* TDS_C64 or TDS_C128 */
  int64_t kind;
} tds_fft_arguments;
TDS_ABI void tds_fft(const tds_call *call, const tds_fft_arguments *arguments);

/* Linear algebra over batches of `count` matrices, row-major; elements are floating or complex, 32 or 64 bits a part. A
 * matrix that fails has results of nan and, where `checked`, is reported at `place`, its number in the batch as the
 * value. Without LAPACK all results are nan, and that is reported there. */

/* L, lower triangular, of x = L L^H. The lower triangle of x is read. */
typedef struct tds_cholesky_arguments {
  const void *x; /* [count, n, n] */
  void *l;       /* the same */
  int64_t count, n, element, checked, place;
} tds_cholesky_arguments;
TDS_ABI void tds_cholesky(const tds_call *call, const tds_cholesky_arguments *arguments);

/* x of a x = b; a triangular, its other triangle is not read. */
typedef struct tds_triangular_solve_arguments {
  const void *a; /* [count, n, n] */
  const void *b; /* [count, n, columns] */
  void *x;       /* the same */
  int64_t count, n, columns, element, upper, checked, place;
} tds_triangular_solve_arguments;
TDS_ABI void tds_triangular_solve(const tds_call *call, const tds_triangular_solve_arguments *arguments);

/* x of a x = b, by LU with partial pivoting. */
typedef struct tds_solve_arguments {
  const void *a; /* [count, n, n] */
  const void *b; /* [count, n, columns] */
  void *x;       /* the same */
  int64_t count, n, columns, element, checked, place;
} tds_solve_arguments;
TDS_ABI void tds_solve(const tds_call *call, const tds_solve_arguments *arguments);

/* The determinant, by the same. */
typedef struct tds_det_arguments {
  const void *a; /* [count, n, n] */
  void *det;     /* [count] */
  int64_t count, n, element, place;
} tds_det_arguments;
TDS_ABI void tds_det(const tds_call *call, const tds_det_arguments *arguments);

/* Names and addresses of all that compiled code may call (Symbols.def), for a JIT; ended by a null name. */
typedef struct tds_symbol {
  const char *name;
  void *address;
} tds_symbol;
TDS_ABI extern const tds_symbol tds_symbols[];

#ifdef __cplusplus
}
#endif
#endif
