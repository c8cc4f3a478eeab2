//===- Ptx.h - kernels in the llvm dialect to PTX ---------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_GPU_PTX_H
#define TDS_LIB_CODEGEN_GPU_PTX_H
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace tds {

/// The targets that there is code for, the oldest first: "sm_80".
std::vector<std::string> gpuTargets();

/// PTX of the module `@kernels` for a target. Functions that have no code of ours are taken from CUDA's libdevice,
/// which is looked for in CUDA_HOME and CUDA_PATH; an error names the function and where it was looked for. With
/// `bitcode` the optimised LLVM bitcode goes along, as a comment at the end: `// nvvm-bc: <base64>`.
llvm::Expected<std::string> emitPtx(mlir::ModuleOp kernels, llvm::StringRef target, bool bitcode);

} // namespace tds

#endif
