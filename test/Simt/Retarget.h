//===- Retarget.h - a kernel's LLVM IR for the processor --------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/IR/Module.h"
#include <string>
#include <vector>

namespace tds::simt {

struct KernelModule {
  std::vector<std::string> kernels;                   // each NAME has `tds_simt_NAME(void **parameters)`
  std::vector<std::pair<std::string, size_t>> shared; // variables, and their bytes
};

/// Puts calls of the emulator's shims in the place of NVVM's intrinsics and around accesses of shared memory. The empty
/// string, or what of the module it does not know.
std::string retarget(llvm::Module &module, KernelModule &out);

} // namespace tds::simt
