//===- runtime/cpu/Pool.h - threads for parallel loops ----------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <memory>

#include "runtime/abi/abi.h"

namespace tds::rt {

struct DestroyPool {
  void operator()(tds_pool *pool) const { tds_pool_destroy(pool); }
};

/// An owned pool. What it does is said at `tds_parallel_for`.
using Pool = std::unique_ptr<tds_pool, DestroyPool>;

/// A pool of so many workers, the caller included; 0: as many as `usableCores`.
inline Pool createPool(int64_t workers = 0) { return Pool(tds_pool_create(workers)); }

/// The cores that this process may run on, at least 1.
int64_t usableCores();

} // namespace tds::rt
