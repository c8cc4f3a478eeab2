//===- runtime/cuda/Calls.cpp - what code with kernels calls --------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/abi/abi.h"

void tds_device_launch(const tds_call *call, int64_t kernel, int64_t arguments) {
  call->queue->launch(call->queue, kernel, reinterpret_cast<const int64_t *>(arguments));
}
void tds_device_read(const tds_call *call, int64_t to_host, int64_t from_device, int64_t bytes) {
  call->queue->read(call->queue, to_host, from_device, bytes);
}
void tds_device_write(const tds_call *call, int64_t to_device, int64_t from_host, int64_t bytes) {
  call->queue->write(call->queue, to_device, from_host, bytes);
}
void tds_device_copy(const tds_call *call, int64_t to_device, int64_t from_device, int64_t bytes) {
  call->queue->copy(call->queue, to_device, from_device, bytes);
}
