//===- Driver.cpp - a stand-in for the CUDA driver ------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libcuda.so.1 whose device is the emulator, for tests on machines without a GPU. A module is PTX that carries its
// LLVM bitcode (TDS_PTX_BITCODE=1). Device memory is the host's at addresses that only the driver's functions accept as
// device's: what is copied the wrong way is an error. TDS_SIMT_FAIL=init|version|memory makes it answer as a machine
// would that lacks something; TDS_SIMT_WITHOUT_BARRIER=N leaves a barrier of each module out, which tests must notice.
//
//===----------------------------------------------------------------------===//
#include "test/Simt/Emulator.h"
#include "test/Simt/Retarget.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

using namespace tds::simt;

namespace {

/// CUresult
enum Status : int {
  success = 0,
  invalidValue = 1,
  outOfMemory = 2,
  noDevice = 100,
  invalidImage = 200,
  invalidPtx = 218,
  notFound = 500,
  launchFailed = 719
};

struct Kernel {
  void (*thunk)(void **);
  struct LoadedModule *module;
};

struct LoadedModule {
  std::unique_ptr<llvm::orc::LLJIT> code;
  std::map<std::string, Kernel> kernels;
  std::vector<SharedRange> shared;
};

std::mutex mutex;
std::map<uintptr_t, size_t> memory; // allocations: address, bytes
int sticky = success;               // of the context: a failed kernel ends it

bool asked(const char *failure) {
  const char *wanted = std::getenv("TDS_SIMT_FAIL");
  return wanted && std::string_view(wanted) == failure;
}

/// Whether [address, address + bytes) is in one allocation.
bool isDevice(uintptr_t address, size_t bytes) {
  auto next = memory.upper_bound(address);
  if (next == memory.begin())
    return false;
  auto &[begin, size] = *std::prev(next);
  return address + bytes <= begin + size;
}

int refuse(int status, const std::string &why) {
  std::fprintf(stderr, "simt: %s\n", why.c_str());
  return status;
}
int report(int status, const std::string &why) { return sticky = refuse(status, why); }

int load(llvm::StringRef image, LoadedModule &module) {
  using namespace llvm;
  static const bool once = (InitializeNativeTarget(), InitializeNativeTargetAsmPrinter(), true);
  (void)once;
  constexpr StringLiteral mark = "// nvvm-bc: ";
  size_t begin = image.find(mark);
  if (begin == StringRef::npos)
    return refuse(invalidImage, "PTX without bitcode: set TDS_PTX_BITCODE=1");
  std::vector<char> bitcode;
  StringRef encoded = image.substr(begin + mark.size());
  if (Error error = decodeBase64(encoded.take_until([](char c) { return c == '\n'; }), bitcode))
    return refuse(invalidImage, toString(std::move(error)));
  auto context = std::make_unique<LLVMContext>();
  SMDiagnostic diagnostic;
  auto ir = parseIR(MemoryBufferRef(StringRef(bitcode.data(), bitcode.size()), "kernels"), diagnostic, *context);
  if (!ir)
    return refuse(invalidPtx, diagnostic.getMessage().str());
  KernelModule found;
  if (std::string unknown = retarget(*ir, found); !unknown.empty())
    return refuse(invalidPtx, unknown);
  auto code = orc::LLJITBuilder().create();
  if (!code)
    return refuse(invalidPtx, toString(code.takeError()));
  module.code = std::move(*code);
  ir->setTargetTriple(module.code->getTargetTriple());
  ir->setDataLayout(module.code->getDataLayout());
  orc::SymbolMap symbols;
  for (const Shim *shim = shims; shim->name; ++shim)
    symbols[module.code->getExecutionSession().intern(shim->name)] = {orc::ExecutorAddr::fromPtr(shim->address),
                                                                      JITSymbolFlags::Exported};
  orc::JITDylib &library = module.code->getMainJITDylib();
  library.addGenerator(cantFail(
      orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(module.code->getDataLayout().getGlobalPrefix())));
  Error error = library.define(orc::absoluteSymbols(std::move(symbols)));
  if (!error)
    error = module.code->addIRModule(orc::ThreadSafeModule(std::move(ir), std::move(context)));
  if (error)
    return refuse(invalidPtx, toString(std::move(error)));
  auto find = [&](const std::string &name) -> orc::ExecutorAddr {
    auto address = module.code->lookup(name);
    if (address)
      return *address;
    refuse(invalidPtx, toString(address.takeError()));
    return {};
  };
  for (const std::string &name : found.kernels) {
    orc::ExecutorAddr address = find("tds_simt_" + name);
    if (!address)
      return invalidPtx;
    module.kernels[name] = {address.toPtr<void (*)(void **)>(), &module};
  }
  for (auto &[name, bytes] : found.shared) {
    orc::ExecutorAddr address = find(name);
    if (!address)
      return invalidPtx;
    module.shared.push_back({address.toPtr<char *>(), bytes});
  }
  return success;
}

} // namespace

#define TDS_DRIVER extern "C" __attribute__((visibility("default"))) int

TDS_DRIVER cuInit(unsigned) { return asked("init") ? 34 : success; } // 34: CUDA_ERROR_STUB_LIBRARY
TDS_DRIVER cuDriverGetVersion(int *version) {
  *version = asked("version") ? 10020 : 13000;
  return success;
}
TDS_DRIVER cuGetErrorName(int status, const char **name) {
  *name = status == 34             ? "CUDA_ERROR_STUB_LIBRARY"
          : status == outOfMemory  ? "CUDA_ERROR_OUT_OF_MEMORY"
          : status == invalidValue ? "CUDA_ERROR_INVALID_VALUE"
          : status == launchFailed ? "CUDA_ERROR_LAUNCH_FAILED"
          : status == notFound     ? "CUDA_ERROR_NOT_FOUND"
                                   : "CUDA_ERROR_UNKNOWN";
  return success;
}
TDS_DRIVER cuGetErrorString(int status, const char **text) {
  *text = status == 34             ? "the library is a stub"
          : status == outOfMemory  ? "out of memory"
          : status == invalidValue ? "invalid argument"
          : status == launchFailed ? "unspecified launch failure"
          : status == notFound     ? "named symbol not found"
                                   : "unknown error";
  return success;
}
TDS_DRIVER cuDeviceGetCount(int *count) {
  *count = 1;
  return success;
}
TDS_DRIVER cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal == 0 ? success : 101;
}
TDS_DRIVER cuDeviceGetName(char *name, int size, int) {
  std::snprintf(name, size_t(size), "SIMT emulator");
  return success;
}
TDS_DRIVER cuDeviceGetAttribute(int *value, int attribute, int) {
  *value = attribute == 75 ? 9 : 0; // compute capability 9.0
  return success;
}
TDS_DRIVER cuDevicePrimaryCtxRetain(void **context, int) {
  *context = &sticky;
  return success;
}
TDS_DRIVER cuDevicePrimaryCtxRelease_v2(int) { return success; }
TDS_DRIVER cuCtxSetCurrent(void *) { return success; }

TDS_DRIVER cuMemAlloc_v2(unsigned long long *out, size_t bytes) {
  std::lock_guard lock(mutex);
  if (bytes == 0)
    return invalidValue;
  size_t rounded = (bytes + 255) / 256 * 256;
  void *block = asked("memory") ? nullptr : std::aligned_alloc(256, rounded);
  if (!block)
    return outOfMemory;
  std::memset(block, 0xff, rounded); // poison
  memory[reinterpret_cast<uintptr_t>(block)] = bytes;
  *out = reinterpret_cast<uintptr_t>(block);
  return success;
}
TDS_DRIVER cuMemFree_v2(unsigned long long address) {
  std::lock_guard lock(mutex);
  if (memory.erase(uintptr_t(address)) == 0)
    return report(invalidValue, "memory is freed that was not allocated");
  std::free(reinterpret_cast<void *>(uintptr_t(address)));
  return success;
}
TDS_DRIVER cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t bytes, void *) {
  std::lock_guard lock(mutex);
  if (!isDevice(uintptr_t(to), bytes) || isDevice(reinterpret_cast<uintptr_t>(from), 1))
    return report(invalidValue, "a copy to the device goes elsewhere or comes from it");
  std::memcpy(reinterpret_cast<void *>(uintptr_t(to)), from, bytes);
  return sticky;
}
TDS_DRIVER cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t bytes, void *) {
  std::lock_guard lock(mutex);
  if (!isDevice(uintptr_t(from), bytes) || isDevice(reinterpret_cast<uintptr_t>(to), 1))
    return report(invalidValue, "a copy from the device comes from elsewhere or goes to it");
  std::memcpy(to, reinterpret_cast<void *>(uintptr_t(from)), bytes);
  return sticky;
}
TDS_DRIVER cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from, size_t bytes, void *) {
  std::lock_guard lock(mutex);
  if (!isDevice(uintptr_t(to), bytes) || !isDevice(uintptr_t(from), bytes))
    return report(invalidValue, "a copy on the device leaves it");
  std::memmove(reinterpret_cast<void *>(uintptr_t(to)), reinterpret_cast<void *>(uintptr_t(from)), bytes);
  return sticky;
}

TDS_DRIVER cuStreamCreate(void **stream, unsigned) {
  *stream = &memory;
  return success;
}
TDS_DRIVER cuStreamDestroy_v2(void *) { return success; }
TDS_DRIVER cuStreamSynchronize(void *) { return sticky; }

TDS_DRIVER cuModuleLoadDataEx(void **out, const void *image, unsigned, int *, void **) {
  std::lock_guard lock(mutex);
  auto module = std::make_unique<LoadedModule>();
  if (int status = load(static_cast<const char *>(image), *module))
    return status;
  *out = module.release();
  return success;
}
TDS_DRIVER cuModuleUnload(void *module) {
  delete static_cast<LoadedModule *>(module);
  return success;
}
TDS_DRIVER cuModuleGetFunction(void **out, void *module, const char *name) {
  auto &kernels = static_cast<LoadedModule *>(module)->kernels;
  auto found = kernels.find(name);
  if (found == kernels.end())
    return notFound;
  *out = &found->second;
  return success;
}
TDS_DRIVER cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned, void *, void **parameters, void **) {
  std::lock_guard lock(mutex);
  if (sticky)
    return sticky;
  if (gridX == 0 || gridX > 0x7fffffffu || gridY != 1 || gridZ != 1 || blockX == 0 || blockX > 1024 || blockY != 1 ||
      blockZ != 1)
    return report(invalidValue, "a launch of a shape that no device takes");
  auto *kernel = static_cast<Kernel *>(function);
  const char *order = std::getenv("TDS_SIMT_ORDER");
  std::string error = run({gridX, blockX}, kernel->module->shared, order ? unsigned(std::atoi(order)) : 0,
                          [&] { kernel->thunk(parameters); });
  return error.empty() ? success : report(launchFailed, error);
}
