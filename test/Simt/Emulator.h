//===- Emulator.h - blocks of GPU threads on the processor ------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a kernel's threads as fibers, one block after the other: a thread runs until it meets a barrier or ends. What
// the kernels do wrong shows by one of
//
//   order     threads run forwards, backwards, or shuffled between barriers (TDS_SIMT_ORDER: 0, 1, a seed)
//   poison    shared memory is full of ones at the start of a block: floats read from it are nan
//   races     a byte of shared memory that one thread writes and another touches with no barrier in between
//   barriers  threads that wait at different ones, or while others have ended
//
// Not shown by it: races between blocks (they run in turn), the memory model, speed, and what NVPTX and ptxas make of
// the kernel.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tds::simt {

struct SharedRange {
  char *begin;
  size_t bytes;
};

struct Grid {
  unsigned blocks, threads; // blocks, threads of each
};

/// Runs the body once for each thread. The empty string, or what the kernel did wrong.
std::string run(const Grid &grid, const std::vector<SharedRange> &shared, unsigned order,
                const std::function<void()> &body);

/// Name and address of a function that the kernel's code calls in place of an intrinsic.
struct Shim {
  const char *name;
  void *address;
};
/// Ended by a null name.
extern const Shim shims[];

} // namespace tds::simt
