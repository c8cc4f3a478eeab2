//===- runtime/cuda/CudaDevice.cpp - compiled code on an NVIDIA GPU -------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One stream a device: what is executed runs in that order. The entry is host code that launches kernels through the
// queue, and waits only where it reads.
//
//===----------------------------------------------------------------------===//
#include <array>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/Device.h"
#include "runtime/Errors.h"
#include "runtime/cpu/Pool.h"
#include "runtime/cuda/Driver.h"

namespace tds::rt {

namespace {

using namespace cuda;
using cuda::DevicePointer;

DevicePointer deviceAddress(const void *memory) { return reinterpret_cast<uintptr_t>(memory); }

struct LoadedKernel {
  KernelFunction function;
  unsigned grid, block;
  size_t parameters;
};

/// A module of kernels in a context.
class CudaCode final : public DeviceCode {
public:
  CudaCode(const Driver &driver, Context context) : driver(driver), context(context) {}
  ~CudaCode() override {
    if (module && driver.cuCtxSetCurrent(context) == 0)
      driver.cuModuleUnload(module);
  }

  const Driver &driver;
  Context context;
  Module module = nullptr;
  std::vector<LoadedKernel> kernels;
};

class CudaDevice final : public Device {
public:
  CudaDevice(const Driver &driver, int ordinal, Pool pool) : driver(driver), ordinal(ordinal), pool(std::move(pool)) {}

  ~CudaDevice() override {
    if (!context || driver.cuCtxSetCurrent(context))
      return;
    if (arena)
      driver.cuMemFree_v2(arena);
    if (stream)
      driver.cuStreamDestroy_v2(stream);
    driver.cuDevicePrimaryCtxRelease_v2(device);
  }

  tds::Status open() {
    int count = 0, major = 0, minor = 0;
    if (cuda::Status status = driver.cuDeviceGetCount(&count))
      return failed("counting the devices", status);
    if (ordinal >= count)
      return makeError(code::NoDevice, "there is no device " + name() + ": the driver sees " + std::to_string(count));
    cuda::Status status = driver.cuDeviceGet(&device, ordinal);
    if (!status)
      status = driver.cuDeviceGetAttribute(&major, computeMajor, device);
    if (!status)
      status = driver.cuDeviceGetAttribute(&minor, computeMinor, device);
    if (!status)
      status = driver.cuDevicePrimaryCtxRetain(&context, device);
    if (!status)
      status = driver.cuCtxSetCurrent(context);
    constexpr unsigned nonBlocking = 1; // CU_STREAM_NON_BLOCKING
    if (!status)
      status = driver.cuStreamCreate(&stream, nonBlocking);
    if (status)
      return failed("opening it", status);
    if (major < 8)
      return makeError(code::NoDevice, name() + " has compute capability " + std::to_string(major) + "." +
                                           std::to_string(minor) + "; 8.0 or later is needed");
    // The newest target that the device can run: PTX for an older one is compiled by the driver for a newer one.
    constexpr std::array<int, 6> targets = {80, 86, 89, 90, 100, 120};
    for (int target : targets)
      if (target <= major * 10 + minor)
        chip = "sm_" + std::to_string(target);
    return success();
  }

  std::string name() const override { return "cuda:" + std::to_string(ordinal); }
  bool onHost() const override { return false; }
  std::string target() const override { return chip; }

  Result<std::unique_ptr<DeviceCode>> load(const KernelImage &image) override {
    if (cuda::Status status = driver.cuCtxSetCurrent(context))
      return failed("loading kernels", status);
    auto loaded = std::make_unique<CudaCode>(driver, context);
    if (image.kernels.empty())
      return std::unique_ptr<DeviceCode>(std::move(loaded));
    constexpr int logBuffer = 5, logBytes = 6; // CU_JIT_ERROR_LOG_BUFFER and its size
    std::array<char, 4096> log{};
    std::array<int, 2> options = {logBuffer, logBytes};
    std::array<void *, 2> values = {log.data(), reinterpret_cast<void *>(log.size())};
    if (cuda::Status status = driver.cuModuleLoadDataEx(&loaded->module, image.ptx.c_str(), options.size(),
                                                        options.data(), values.data()))
      return makeError(code::Device, name() + " does not take the kernels: " + driver.text(status) +
                                         (log[0] ? std::string(": ") + log.data() : ""));
    for (const Kernel &kernel : image.kernels) {
      LoadedKernel entry{nullptr, unsigned(kernel.grid), unsigned(kernel.block), kernel.parameters};
      if (cuda::Status status = driver.cuModuleGetFunction(&entry.function, loaded->module, kernel.name.c_str()))
        return failed("finding the kernel " + kernel.name, status);
      loaded->kernels.push_back(entry);
    }
    return std::unique_ptr<DeviceCode>(std::move(loaded));
  }

  Result<void *> allocate(size_t bytes) override {
    std::lock_guard lock(mutex);
    DevicePointer memory = 0;
    cuda::Status status = driver.cuCtxSetCurrent(context);
    if (!status)
      status = driver.cuMemAlloc_v2(&memory, bytes ? bytes : 1);
    if (status)
      return makeError(code::Memory,
                       "no memory on " + name() + " for " + std::to_string(bytes) + " bytes: " + driver.text(status));
    return reinterpret_cast<void *>(uintptr_t(memory));
  }
  void free(void *memory) override {
    if (memory && driver.cuCtxSetCurrent(context) == 0)
      driver.cuMemFree_v2(deviceAddress(memory));
  }

  tds::Status copyFromHost(void *to, const void *from, size_t bytes) override {
    if (bytes == 0)
      return success();
    cuda::Status status = driver.cuCtxSetCurrent(context);
    if (!status)
      status = driver.cuMemcpyHtoDAsync_v2(deviceAddress(to), from, bytes, stream);
    if (!status)
      status = driver.cuStreamSynchronize(stream);
    return status ? failed("copying to it", status) : success();
  }
  tds::Status copyToHost(void *to, const void *from, size_t bytes) override {
    if (bytes == 0)
      return success();
    cuda::Status status = driver.cuCtxSetCurrent(context);
    if (!status)
      status = driver.cuMemcpyDtoHAsync_v2(to, deviceAddress(from), bytes, stream);
    if (!status)
      status = driver.cuStreamSynchronize(stream);
    return status ? failed("copying from it", status) : success();
  }

  tds::Status execute(const Launch &launch, tds_error &check) override {
    std::lock_guard lock(mutex);
    if (cuda::Status status = driver.cuCtxSetCurrent(context))
      return failed("a call", status);
    if (launch.arenaBytes > arenaBytes) {
      if (cuda::Status status = finish())
        return failed("a call before", status);
      if (arena)
        driver.cuMemFree_v2(arena);
      arena = 0;
      arenaBytes = 0;
      if (cuda::Status status = driver.cuMemAlloc_v2(&arena, launch.arenaBytes))
        return makeError(code::Memory, "no memory on " + name() + " for the temporaries of a call, " +
                                           std::to_string(launch.arenaBytes) + " bytes: " + driver.text(status));
      arenaBytes = launch.arenaBytes;
    }
    check = {};
    Queue queue(*this, static_cast<CudaCode *>(launch.code), check);
    tds_call call{launch.buffers.data(),
                  launch.sizes.data(),
                  reinterpret_cast<void *>(uintptr_t(arena)),
                  pool.get(),
                  &check,
                  launch.host,
                  &queue};
    if (watched && launch.arenaBytes > watched->bytes)
      *watched = {launch.arenaBytes, launch.arenaBytes};
    launch.entry(&call);
    cuda::Status finished = finish();
    if (queue.error)
      return *queue.error;
    if (finished)
      return failed("a call", finished);
    if (check.code != TDS_FINE)
      return checkFailed(check);
    return success();
  }
  /// What a kernel touches of it nobody tells: all counts.
  void watchArena(ArenaUse &use) override { watched = &use; }
  tds::Status wait() override {
    cuda::Status status = driver.cuCtxSetCurrent(context);
    if (!status)
      status = finish();
    return status ? failed("waiting for it", status) : success();
  }

private:
  /// The device as the code of one call sees it.
  struct Queue : tds_queue {
    Queue(CudaDevice &device, CudaCode *code, tds_error &check)
        : tds_queue{launchKernel, readBytes, writeBytes, copyBytes}, device(device), code(code), check(check) {}

    CudaDevice &device;
    CudaCode *code;
    tds_error &check;
    std::optional<Error> error; // the first

    static Queue &of(tds_queue *queue) { return *static_cast<Queue *>(queue); }

    void note(const char *what, cuda::Status status) {
      if (!status || error)
        return;
      error = device.failed(what, status);
      tds_report(&check, TDS_DEVICE_FAILED, -1, 0, 0); // loops of the code end
    }

    static void launchKernel(tds_queue *queue, int64_t number, const int64_t *arguments) {
      Queue &self = of(queue);
      if (self.error)
        return;
      const LoadedKernel &kernel = self.code->kernels[size_t(number)];
      self.parameters.clear();
      for (size_t i = 0; i < kernel.parameters; ++i)
        self.parameters.push_back(const_cast<int64_t *>(arguments + i));
      self.note("a kernel", self.device.driver.cuLaunchKernel(kernel.function, kernel.grid, 1, 1, kernel.block, 1, 1, 0,
                                                              self.device.stream, self.parameters.data(), nullptr));
    }
    static void readBytes(tds_queue *queue, int64_t to, int64_t from, int64_t bytes) {
      Queue &self = of(queue);
      if (self.error || bytes == 0)
        return;
      const Driver &driver = self.device.driver;
      cuda::Status status = driver.cuMemcpyDtoHAsync_v2(reinterpret_cast<void *>(to), DevicePointer(from),
                                                        size_t(bytes), self.device.stream);
      self.note("a read", status ? status : driver.cuStreamSynchronize(self.device.stream));
    }
    static void writeBytes(tds_queue *queue, int64_t to, int64_t from, int64_t bytes) {
      Queue &self = of(queue);
      if (self.error || bytes == 0)
        return;
      const Driver &driver = self.device.driver;
      // From memory that is not pinned the copy has left it when the call returns (CUDA driver API, "API
      // synchronization behavior").
      self.note("a write", driver.cuMemcpyHtoDAsync_v2(DevicePointer(to), reinterpret_cast<const void *>(from),
                                                       size_t(bytes), self.device.stream));
    }
    static void copyBytes(tds_queue *queue, int64_t to, int64_t from, int64_t bytes) {
      Queue &self = of(queue);
      if (!self.error && bytes != 0)
        self.note("a copy", self.device.driver.cuMemcpyDtoDAsync_v2(DevicePointer(to), DevicePointer(from),
                                                                    size_t(bytes), self.device.stream));
    }

    std::vector<void *> parameters;
  };

  Error failed(const std::string &what, cuda::Status status) const {
    return makeError(code::Device, what + " on " + name() + " failed: " + driver.text(status));
  }
  cuda::Status finish() { return driver.cuStreamSynchronize(stream); }

  const Driver &driver;
  int ordinal;
  Pool pool;
  DeviceNumber device = 0;
  Context context = nullptr;
  Stream stream = nullptr;
  std::string chip;
  std::mutex mutex; // of the stream and the arena: one call at a time
  DevicePointer arena = 0;
  size_t arenaBytes = 0;
  ArenaUse *watched = nullptr;
};

} // namespace

int countCudaDevices() {
  Result<const Driver *> driver = cuda::driver();
  int count = 0;
  return driver && (*driver)->cuDeviceGetCount(&count) == 0 ? count : 0;
}

Result<std::unique_ptr<Device>> createCudaDevice(int number, int64_t workers) {
  Result<const Driver *> driver = cuda::driver();
  if (!driver)
    return driver.error();
  Pool pool = createPool(workers);
  if (!pool)
    return makeError(code::Memory, "no memory for the threads of the processor");
  auto device = std::make_unique<CudaDevice>(**driver, number, std::move(pool));
  if (tds::Status opened = device->open(); !opened)
    return opened.takeError();
  return std::unique_ptr<Device>(std::move(device));
}

} // namespace tds::rt
