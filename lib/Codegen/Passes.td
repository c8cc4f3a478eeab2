//===- Passes.td - passes from linalg on tensors to LLVM ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TDS_CODEGEN_PASSES
#define TDS_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def TdsFusion : Pass<"tds-fusion", "mlir::func::FuncOp"> {
  let summary = "make one linalg.generic of many";
  let description = [{
    Fuses pointwise `linalg.generic`s into the pointwise ones and the reductions that read them, and neighbours over one
    iteration space into one op of several results. What a `tds.contract` op reads stays a tensor of its own.

    Before: linalg on tensors. After: the same, with fewer ops; no linalg.fill or splat constant feeds the input of a generic,
    an accumulator's fill stands before it and is its own;
    multiplications and additions of floats carry `contract`: the language leaves fused multiply-add to the compiler.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def TdsBufferize : Pass<"tds-bufferize", "mlir::ModuleOp"> {
  let summary = "give each tensor a buffer";
  let description = [{
    Before: public functions from tensors to tensors of static shape; `tds.donated` marks an argument that may be overwritten;
    checks are calls of `@tds_report_index(place, value, bound)`; `@tds_no_report()` tells whether all have held.
    After: `func.func private @NAME_body(%call: !llvm.ptr, arguments..., results...)` on memrefs of identity layout, with
    attribute `tds.entry = "NAME"`; buffers that nothing was left to share are memref.allocs; checks are calls of `tds_report`
    with the error slot that `%call` points to.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::bufferization::BufferizationDialect",
                           "mlir::memref::MemRefDialect"];
}

def TdsPlanMemory : Pass<"tds-plan-memory", "mlir::ModuleOp"> {
  let summary = "place all temporary buffers in one arena";
  let description = [{
    Gives each memref.alloc an offset in one block of bytes, the `tds.arena` argument added to a `tds.entry` function, so that
    buffers which live at one time are disjoint: greedy, the largest buffer first, at the lowest offset that is free.

    Before: static memref.allocs in `tds.entry` functions, at any depth. After: none; the module has `tds.arena_bytes`.
  }];
  let constructor = "::tds::createTdsPlanMemoryPass(nullptr)";
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect"];
}

def TdsLowerToLlvm : Pass<"tds-lower-to-llvm", "mlir::ModuleOp"> {
  let summary = "leave the llvm dialect only, with C entry points";
  let description = [{
    Before: functions on static memrefs, scalars and vectors; scf, cf, affine, arith, math, complex, vector, memref.
    After: the llvm dialect; a memref argument is a bare pointer, and each `tds.entry` function has a public
    `void NAME(const tds_call *)` that unpacks the call.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect",
                           "mlir::index::IndexDialect", "mlir::math::MathDialect", "mlir::memref::MemRefDialect",
                           "mlir::vector::VectorDialect"];
}

#endif
