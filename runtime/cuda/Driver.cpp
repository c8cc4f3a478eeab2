//===- runtime/cuda/Driver.cpp - the CUDA driver's library ----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <dlfcn.h>

#include <optional>

#include "runtime/Errors.h"
#include "runtime/cuda/Driver.h"

namespace tds::rt::cuda {

namespace {

constexpr const char *library = "libcuda.so.1";
constexpr int oldest = 11000; // CUDA 11.0 reads PTX 7.0, the least that we write

Error missing(std::string what, std::string help) {
  return makeError(code::NoDevice, std::move(what), {std::move(help)});
}

std::string version(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

Result<const Driver *> open() {
  static Driver table;
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *reason = dlerror();
    return missing("there is no CUDA device: the driver's library can't be loaded (" +
                       std::string(reason ? reason : library) + ")",
                   "the NVIDIA driver brings " + std::string(library) + "; `--device cpu` needs none");
  }
  const char *lacking = nullptr;
  auto bind = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
    if (!function && !lacking)
      lacking = name;
  };
#define TDS_BIND(name) bind(table.name, #name);
  TDS_BIND(cuInit)
  TDS_BIND(cuDriverGetVersion)
  TDS_BIND(cuGetErrorName)
  TDS_BIND(cuGetErrorString)
  TDS_BIND(cuDeviceGetCount)
  TDS_BIND(cuDeviceGet)
  TDS_BIND(cuDeviceGetName)
  TDS_BIND(cuDeviceGetAttribute)
  TDS_BIND(cuDevicePrimaryCtxRetain)
  TDS_BIND(cuDevicePrimaryCtxRelease_v2)
  TDS_BIND(cuCtxSetCurrent)
  TDS_BIND(cuMemAlloc_v2)
  TDS_BIND(cuMemFree_v2)
  TDS_BIND(cuMemcpyHtoDAsync_v2)
  TDS_BIND(cuMemcpyDtoHAsync_v2)
  TDS_BIND(cuMemcpyDtoDAsync_v2)
  TDS_BIND(cuStreamCreate)
  TDS_BIND(cuStreamDestroy_v2)
  TDS_BIND(cuStreamSynchronize)
  TDS_BIND(cuModuleLoadDataEx)
  TDS_BIND(cuModuleUnload)
  TDS_BIND(cuModuleGetFunction)
  TDS_BIND(cuLaunchKernel)
#undef TDS_BIND
  if (lacking)
    return missing("the CUDA driver has no function `" + std::string(lacking) + "`", "a newer NVIDIA driver has it");
  if (Status status = table.cuInit(0))
    return missing("there is no CUDA device: the driver says " + table.text(status),
                   "`nvidia-smi` shows what the driver sees");
  int number = 0;
  if (Status status = table.cuDriverGetVersion(&number))
    return missing("the CUDA driver does not say its version: " + table.text(status), "a newer NVIDIA driver does");
  if (number < oldest)
    return missing("the CUDA driver is for CUDA " + version(number) + ", which is too old",
                   "TDS needs a driver for CUDA " + version(oldest) + " or later");
  return static_cast<const Driver *>(&table);
}

} // namespace

std::string Driver::text(Status status) const {
  const char *name = nullptr, *text = nullptr;
  if (!cuGetErrorName || cuGetErrorName(status, &name) || !name)
    name = "an unknown error";
  if (!cuGetErrorString || cuGetErrorString(status, &text) || !text)
    text = "error";
  return std::string(text) + " (" + name + ", " + std::to_string(status) + ")";
}

Result<const Driver *> driver() {
  static const Result<const Driver *> opened = open();
  return opened;
}

} // namespace tds::rt::cuda
