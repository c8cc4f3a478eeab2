//===- runtime/Report.cpp - failing checks, and calls of the host -----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <atomic>

#include "runtime/abi/abi.h"

void tds_report(tds_error *error, int32_t code, int32_t place, int64_t value, int64_t bound) {
  if (!error || code == TDS_FINE)
    return;
  // Who sets the code owns the rest, which nobody reads before the call has returned.
  int32_t fine = TDS_FINE;
  if (!std::atomic_ref(error->code).compare_exchange_strong(fine, code, std::memory_order_relaxed))
    return;
  error->place = place;
  error->value = value;
  error->bound = bound;
}

void tds_host_call(const tds_call *call, const tds_host_arguments *arguments) {
  if (call->error->code != TDS_FINE)
    return;
  const int64_t *description = arguments->description;
  int64_t masked = description[3];
  auto *mask = masked ? static_cast<const uint8_t *>(arguments->buffers[0]) : nullptr;
  if (!call->host || call->host->call(call->host, description, mask, arguments->buffers + masked) != 0)
    tds_report(call->error, TDS_HOST_FAILED, int32_t(description[1]), 0, 0);
}
