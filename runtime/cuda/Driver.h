//===- runtime/cuda/Driver.h - the CUDA driver's library --------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The few of its functions that we use, bound when first asked for: neither CUDA's headers nor its libraries are needed
// to build or to run on a processor. Declarations follow the CUDA driver API's reference manual.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include <tds/result.h>

namespace tds::rt::cuda {

using Status = int; // CUresult; 0: success
using DevicePointer = unsigned long long;
using DeviceNumber = int;
struct ContextTag;
struct ModuleTag;
struct FunctionTag;
struct StreamTag;
using Context = ContextTag *;
using Module = ModuleTag *;
using KernelFunction = FunctionTag *;
using Stream = StreamTag *;

/// CUdevice_attribute
enum Attribute : int { computeMajor = 75, computeMinor = 76 };

struct Driver {
  Status (*cuInit)(unsigned flags);
  Status (*cuDriverGetVersion)(int *version);
  Status (*cuGetErrorName)(Status status, const char **name);
  Status (*cuGetErrorString)(Status status, const char **text);
  Status (*cuDeviceGetCount)(int *count);
  Status (*cuDeviceGet)(DeviceNumber *device, int ordinal);
  Status (*cuDeviceGetName)(char *name, int size, DeviceNumber device);
  Status (*cuDeviceGetAttribute)(int *value, int attribute, DeviceNumber device);
  Status (*cuDevicePrimaryCtxRetain)(Context *context, DeviceNumber device);
  Status (*cuDevicePrimaryCtxRelease_v2)(DeviceNumber device);
  Status (*cuCtxSetCurrent)(Context context);
  Status (*cuMemAlloc_v2)(DevicePointer *memory, size_t bytes);
  Status (*cuMemFree_v2)(DevicePointer memory);
  Status (*cuMemcpyHtoDAsync_v2)(DevicePointer to, const void *from, size_t bytes, Stream stream);
  Status (*cuMemcpyDtoHAsync_v2)(void *to, DevicePointer from, size_t bytes, Stream stream);
  Status (*cuMemcpyDtoDAsync_v2)(DevicePointer to, DevicePointer from, size_t bytes, Stream stream);
  Status (*cuStreamCreate)(Stream *stream, unsigned flags);
  Status (*cuStreamDestroy_v2)(Stream stream);
  Status (*cuStreamSynchronize)(Stream stream);
  Status (*cuModuleLoadDataEx)(Module *module, const void *image, unsigned count, int *options, void **values);
  Status (*cuModuleUnload)(Module module);
  Status (*cuModuleGetFunction)(KernelFunction *function, Module module, const char *name);
  Status (*cuLaunchKernel)(KernelFunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                           unsigned blockY, unsigned blockZ, unsigned sharedBytes, Stream stream, void **parameters,
                           void **extra);

  /// "out of memory (CUDA_ERROR_OUT_OF_MEMORY)"
  std::string text(Status status) const;
};

/// The driver, initialised; the same at every call. An Error names what is missing: the library, a function of it that
/// older drivers lack, a GPU.
Result<const Driver *> driver();

} // namespace tds::rt::cuda
