//===- Passes.td - passes from the tds dialect ----------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_CONVERSION_PASSES
#define TDS_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertTdsToLinalg : Pass<"convert-tds-to-linalg", "mlir::ModuleOp"> {
  let summary = "write tds ops as linalg on tensors";
  let description = [{
    Before: tds, scf, func and scalars of arith; all sizes are numbers; no derivative is asked for.
    After: linalg, tensor, scf, arith, math and complex; elements are signless, a bool is an i8 that holds 0 or 1. Indices that
    are data are checked by `@tds_report_index(place, value, bound)`; the module's `tds.places` lists the locations of those
    checks, and a `while` with such checks in it goes on only while `@tds_no_report()`. A contraction is a linalg.generic with
    `tds.contract` over a zero fill, a primitive an `rt.call`.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::complex::ComplexDialect", "mlir::func::FuncDialect",
                           "mlir::linalg::LinalgDialect", "mlir::math::MathDialect", "mlir::scf::SCFDialect",
                           "mlir::tensor::TensorDialect", "tds::RtDialect"];
}

#endif
