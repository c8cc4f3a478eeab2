//===- Passes.h - passes from linalg on tensors to LLVM ---------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_PASSES_H
#define TDS_LIB_CODEGEN_PASSES_H
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace tds {

/// Names of the attributes that the stages leave for each other.
namespace attribute {
inline constexpr llvm::StringLiteral entry = "tds.entry";            // function: the entry point's name
inline constexpr llvm::StringLiteral donated = "tds.donated";        // argument: may be overwritten
inline constexpr llvm::StringLiteral arena = "tds.arena";            // argument: the arena
inline constexpr llvm::StringLiteral arenaBytes = "tds.arena_bytes"; // module
inline constexpr llvm::StringLiteral contract = "tds.contract";      // linalg.generic: a contraction
} // namespace attribute

struct MemoryPlan;
/// Fills in a plan, unless it is null.
std::unique_ptr<mlir::Pass> createTdsPlanMemoryPass(MemoryPlan *plan);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Codegen/Passes.h.inc"

} // namespace tds

#endif
