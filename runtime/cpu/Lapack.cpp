//===- Lapack.cpp - LAPACK, bound when first used -------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cpu/Lapack.h"

#include <cstdlib>
#include <dlfcn.h>
#include <mutex>
#include <vector>

using namespace tds::rt;

namespace {

/// Library names, the first that has all routines is taken.
std::vector<std::string> candidates() {
  if (const char *named = std::getenv("TDS_LAPACK"); named && *named)
    return {named};
  return {"libopenblas.so.0", "liblapack.so.3"};
}

struct Binding {
  Lapack library{};
  bool bound = false;
  std::string tried;

  Binding() {
    for (const std::string &name : candidates()) {
      tried += (tried.empty() ? "`" : ", `") + name + "`";
      void *handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (!handle) {
        tried += ": not found";
        continue;
      }
      const char *lacking = bind(handle);
      bound = !lacking;
      if (bound)
        return;
      tried += std::string(": it has no `") + lacking + "`";
      dlclose(handle);
    }
  }

private:
  /// The name of a routine that the library lacks, or null.
  const char *bind(void *handle) {
    const char *lacking = nullptr;
    auto find = [&](auto &routine, const char *name) {
      void *address = dlsym(handle, name);
      if (!address && !lacking)
        lacking = name;
      routine = reinterpret_cast<std::remove_reference_t<decltype(routine)>>(address);
    };
    find(library.s.potrf, "spotrf_"), find(library.s.getrf, "sgetrf_");
    find(library.s.getrs, "sgetrs_"), find(library.s.trtrs, "strtrs_");
    find(library.d.potrf, "dpotrf_"), find(library.d.getrf, "dgetrf_");
    find(library.d.getrs, "dgetrs_"), find(library.d.trtrs, "dtrtrs_");
    find(library.c.potrf, "cpotrf_"), find(library.c.getrf, "cgetrf_");
    find(library.c.getrs, "cgetrs_"), find(library.c.trtrs, "ctrtrs_");
    find(library.z.potrf, "zpotrf_"), find(library.z.getrf, "zgetrf_");
    find(library.z.getrs, "zgetrs_"), find(library.z.trtrs, "ztrtrs_");
    if (lacking)
      return lacking;
    bindThreads(handle);
    return nullptr;
  }

  void bindThreads(void *handle) {
    // OpenBLAS on OpenMP takes the number that OpenMP has for the calling thread, whatever it was told itself.
    auto kind = reinterpret_cast<int (*)()>(dlsym(handle, "openblas_get_parallel"));
    constexpr int openmp = 2;
    library.settingOfThread = kind && kind() == openmp;
    void *threads = dlsym(handle, library.settingOfThread ? "omp_get_max_threads" : "openblas_get_num_threads");
    void *set = dlsym(handle, library.settingOfThread ? "omp_set_num_threads" : "openblas_set_num_threads");
    if (!threads || !set)
      return;
    library.threads = reinterpret_cast<int (*)()>(threads);
    library.setThreads = reinterpret_cast<void (*)(int)>(set);
  }
};

const Binding &binding() {
  static const Binding found;
  return found;
}

/// Who is inside, where the setting is the process's: the first comer changes it, the last to go restores it.
struct Inside {
  std::mutex mutex;
  int count = 0, before = 0;
};
Inside &inside() {
  static Inside those;
  return those;
}

} // namespace

const Lapack *tds::rt::lapack() { return binding().bound ? &binding().library : nullptr; }
const std::string &tds::rt::lapackTried() { return binding().tried; }

OneThread::OneThread(const Lapack &library) : library(library) {
  if (!library.setThreads)
    return;
  if (library.settingOfThread) {
    before = library.threads();
    library.setThreads(1);
    return;
  }
  std::lock_guard lock(inside().mutex);
  if (inside().count++ > 0)
    return;
  inside().before = library.threads();
  library.setThreads(1);
}

OneThread::~OneThread() {
  if (!library.setThreads)
    return;
  if (library.settingOfThread) {
    library.setThreads(before);
    return;
  }
  std::lock_guard lock(inside().mutex);
  if (--inside().count == 0)
    library.setThreads(inside().before);
}
