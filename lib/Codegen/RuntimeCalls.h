//===- RuntimeCalls.h - rt.call on buffers and in LLVM ----------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/PatternMatch.h"

namespace mlir {
class DialectRegistry;
class LLVMTypeConverter;
} // namespace mlir

namespace tds {

/// How one-shot bufferisation sees rt.call: inputs are read, and copied where they are not contiguous; results are
/// written where `into` says.
void registerRuntimeCalls(mlir::DialectRegistry &registry);

/// rt.call on buffers  =>  llvm.call with the call and a struct.
void addRuntimeCallPatterns(const mlir::LLVMTypeConverter &types, mlir::RewritePatternSet &patterns);

} // namespace tds
