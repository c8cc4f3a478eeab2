//===- runtime/Device.h - where compiled code runs --------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tds/result.h>

#include "runtime/abi/abi.h"

namespace tds::rt {

/// A kernel's name in its image, and how it is launched.
struct Kernel {
  std::string name;
  int64_t grid, block; // blocks, threads of a block
  size_t parameters;
};

/// Kernels of an artefact, by their numbers.
struct KernelImage {
  std::string ptx;
  std::vector<Kernel> kernels;
};

/// Kernels that a device has loaded. They go with it, and are not used after their device.
class DeviceCode {
public:
  virtual ~DeviceCode() = default;
};

/// One call of compiled code on a device: what `tds_call` says, and what the device adds to it.
struct Launch {
  tds_entry entry = nullptr;
  std::span<void *const> buffers; // in the device's memory
  std::span<const int64_t> sizes;
  size_t arenaBytes = 0;
  tds_host *host = nullptr;
  DeviceCode *code = nullptr; // what `load` gave, if the entry launches kernels
};

/// What calls took of a device's scratch memory.
struct ArenaUse {
  size_t bytes = 0;   ///< the largest that a call was given
  size_t touched = 0; ///< of it, in whole pages, what the call wrote or read
};

/// A device with its memory and its queue. Any thread; what one thread executes runs in that order. Outlives its
/// memory.
class Device {
public:
  virtual ~Device() = default;

  /// "cpu", "cuda:1".
  virtual std::string name() const = 0;
  /// Whether its memory is the host's: then tensors need no copies.
  virtual bool onHost() const = 0;

  /// What kernels are compiled for, "sm_90"; empty: entries compute themselves.
  virtual std::string target() const { return {}; }
  /// Kernels for this device.
  virtual Result<std::unique_ptr<DeviceCode>> load(const KernelImage &) { return std::unique_ptr<DeviceCode>(); }

  /// Memory aligned to 64 bytes at least; an Error if it is lacking.
  virtual Result<void *> allocate(size_t bytes) = 0;
  virtual void free(void *memory) = 0;
  virtual Status copyFromHost(void *to, const void *from, size_t bytes) = 0;
  virtual Status copyToHost(void *to, const void *from, size_t bytes) = 0;

  /// Runs the entry after all that was executed before, with scratch memory that the device keeps between calls. An
  /// Error if the device fails or a check of the code does; then `check` holds what the code reported, so that a caller
  /// who knows the places can say where. A device with a queue may return before the code has run; `wait` then tells.
  virtual Status execute(const Launch &launch, tds_error &check) = 0;
  /// From now on the arena of each call is measured, which takes time; `use` stays the caller's, and is read after
  /// `wait`.
  virtual void watchArena(ArenaUse &use) = 0;
  /// Returns when all that was executed has run.
  virtual Status wait() = 0;
};

/// The processor, with a pool of so many workers (0: one a core). Runs an entry while the caller waits; several callers
/// may.
Result<std::unique_ptr<Device>> createCpuDevice(int64_t workers = 0);

/// An NVIDIA GPU by its number, found through the driver's library; a pool of so many workers for what the processor
/// does in between. An Error that says what is missing and what was tried.
Result<std::unique_ptr<Device>> createCudaDevice(int number, int64_t workers = 0);

/// How many GPUs the driver sees; 0 without a driver.
int countCudaDevices();

/// The error that a failed check of compiled code is reported as.
Error checkFailed(const tds_error &check);

} // namespace tds::rt
