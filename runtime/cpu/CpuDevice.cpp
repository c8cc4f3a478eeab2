//===- runtime/cpu/CpuDevice.cpp - compiled code on the processor ---------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "runtime/Device.h"
#include "runtime/Errors.h"
#include "runtime/cpu/Lapack.h"
#include "runtime/cpu/Pool.h"

namespace tds::rt {

Error checkFailed(const tds_error &check) {
  if (check.code == TDS_INDEX_OUTSIDE)
    return makeError(code::Check, "index " + std::to_string(check.value) + " is outside a dimension of size " +
                                      std::to_string(check.bound));
  if (check.code == TDS_NOT_POSITIVE_DEFINITE || check.code == TDS_SINGULAR) {
    std::string which = check.value ? "matrix " + std::to_string(check.value) + " of a batch" : "a matrix";
    return makeError(code::Check, which + (check.code == TDS_SINGULAR ? " is singular" : " is not positive definite"));
  }
  if (check.code == TDS_HOST_FAILED)
    return makeError(code::Host, "a function of the host failed");
  if (check.code == TDS_NO_MEMORY)
    return makeError(code::Memory, "no memory for " + std::to_string(check.value) + " bytes");
  if (check.code == TDS_NO_LIBRARY)
    return makeError(
        code::Library, "linear algebra needs LAPACK, which is not on this machine: tried " + lapackTried(),
        {"install OpenBLAS (Debian: `apt install libopenblas0-pthread`), or name a library of LAPACK in the "
         "environment variable TDS_LAPACK"});
  return makeError(code::Check, "an assertion does not hold");
}

namespace {

constexpr std::align_val_t alignment{64};

struct FreeMemory {
  void operator()(void *memory) const { ::operator delete(memory, alignment); }
};

/// Scratch memory of a call.
struct Arena {
  std::unique_ptr<void, FreeMemory> memory;
  size_t bytes = 0;
};

/// Arenas between calls. A call takes one for itself, so calls of several threads do not meet.
class ArenaCache {
public:
  Result<Arena> take(size_t bytes) {
    if (bytes == 0)
      return Arena();
    {
      std::lock_guard lock(mutex);
      Arena *best = nullptr;
      for (Arena &arena : arenas)
        if (arena.bytes >= bytes && (!best || arena.bytes < best->bytes))
          best = &arena;
      if (best) {
        std::swap(*best, arenas.back());
        Arena taken = std::move(arenas.back());
        arenas.pop_back();
        return taken;
      }
    }
    Arena fresh{std::unique_ptr<void, FreeMemory>(::operator new(bytes, alignment, std::nothrow)), bytes};
    if (!fresh.memory)
      return makeError(code::Memory, "no memory for the temporaries of a call, " + std::to_string(bytes) + " bytes");
    return fresh;
  }

  void give(Arena arena) {
    if (!arena.memory)
      return;
    std::lock_guard lock(mutex);
    arenas.push_back(std::move(arena));
    if (arenas.size() <= kept)
      return;
    // The smallest goes: a larger one serves its calls too.
    size_t smallest = 0;
    for (size_t i = 1; i < arenas.size(); ++i)
      if (arenas[i].bytes < arenas[smallest].bytes)
        smallest = i;
    std::swap(arenas[smallest], arenas.back());
    arenas.pop_back();
  }

private:
  static constexpr size_t kept = 4;
  std::mutex mutex;
  std::vector<Arena> arenas;
};

/// An arena of its own for one call, whose pages tell whether they were touched.
class WatchedArena {
public:
  explicit WatchedArena(size_t bytes) : bytes(bytes) {
    void *mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    memory = mapped == MAP_FAILED ? nullptr : mapped;
    if (memory)
      ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  }
  WatchedArena(const WatchedArena &) = delete;
  ~WatchedArena() {
    if (memory)
      ::munmap(memory, bytes);
  }
  void *data() const { return memory; }

  size_t touched() const {
    size_t page = size_t(::sysconf(_SC_PAGESIZE)), sum = 0;
    std::vector<unsigned char> resident((bytes + page - 1) / page);
    if (::mincore(memory, bytes, resident.data()) != 0)
      return 0;
    for (unsigned char there : resident)
      sum += there & 1 ? page : 0;
    return std::min(sum, bytes);
  }

private:
  void *memory;
  size_t bytes;
};

class CpuDevice final : public Device {
public:
  explicit CpuDevice(Pool pool) : pool(std::move(pool)) {}

  std::string name() const override { return "cpu"; }
  bool onHost() const override { return true; }

  Result<void *> allocate(size_t bytes) override {
    void *memory = ::operator new(bytes ? bytes : 1, alignment, std::nothrow);
    if (!memory)
      return makeError(code::Memory, "no memory for " + std::to_string(bytes) + " bytes");
    return memory;
  }
  void free(void *memory) override { FreeMemory()(memory); }

  Status copyFromHost(void *to, const void *from, size_t bytes) override {
    if (bytes)
      std::memcpy(to, from, bytes);
    return success();
  }
  Status copyToHost(void *to, const void *from, size_t bytes) override { return copyFromHost(to, from, bytes); }

  void watchArena(ArenaUse &use) override { watched = &use; }

  Status execute(const Launch &launch, tds_error &check) override {
    if (watched && launch.arenaBytes)
      return executeWatched(launch, check);
    Result<Arena> arena = arenas.take(launch.arenaBytes);
    if (!arena)
      return arena.takeError();
    check = {};
    tds_call call{launch.buffers.data(), launch.sizes.data(), arena->memory.get(), pool.get(), &check, launch.host};
    launch.entry(&call);
    arenas.give(arena.take());
    if (check.code != TDS_FINE)
      return checkFailed(check);
    return success();
  }
  Status wait() override { return success(); }

private:
  Status executeWatched(const Launch &launch, tds_error &check) {
    WatchedArena arena(launch.arenaBytes);
    if (!arena.data())
      return makeError(code::Memory,
                       "no memory for the temporaries of a call, " + std::to_string(launch.arenaBytes) + " bytes");
    check = {};
    tds_call call{launch.buffers.data(), launch.sizes.data(), arena.data(), pool.get(), &check, launch.host};
    launch.entry(&call);
    {
      std::lock_guard lock(watching);
      if (launch.arenaBytes >= watched->bytes)
        *watched = {launch.arenaBytes, arena.touched()};
    }
    return check.code == TDS_FINE ? success() : Status(checkFailed(check));
  }

  Pool pool;
  ArenaCache arenas;
  std::mutex watching;
  ArenaUse *watched = nullptr; // guarded by `watching`
};

} // namespace

Result<std::unique_ptr<Device>> createCpuDevice(int64_t workers) {
  Pool pool = createPool(workers);
  if (!pool)
    return makeError(code::Memory, "no memory for the threads of the processor");
  return std::unique_ptr<Device>(std::make_unique<CpuDevice>(std::move(pool)));
}

} // namespace tds::rt
