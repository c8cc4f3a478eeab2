//===- Passes.td - printing as a pass -------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_SOURCE_PASSES
#define TDS_SOURCE_PASSES

include "mlir/Pass/PassBase.td"

def PrintTdsSource : Pass<"print-tds-source", "mlir::ModuleOp"> {
  let summary = "print functions as TDS text";
  let description = [{
    Writes every function of the module to the standard output as a `def`, and leaves the module as it is. What has no
    spelling in TDS is an error.
  }];
}

#endif
