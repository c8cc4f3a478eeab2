//===- Passes.td - derivatives --------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_AUTODIFF_PASSES
#define TDS_AUTODIFF_PASSES

include "mlir/Pass/PassBase.td"

def TdsAutodiff : Pass<"tds-autodiff", "mlir::ModuleOp"> {
  let summary = "write out derivatives";
  let description = [{
    Before: tds, scf and func. After: the same without tds.vjp and tds.jvp; each was replaced, innermost first, by its body and
    the ops that compute the derivative. Dead ops are gone from functions that held a request. An op that computes the
    cotangent of a value with a name has the name `d_NAME`.
  }];
  let constructor = "::tds::createTdsAutodiffPass()";
  let dependentDialects = ["::tds::TdsDialect", "mlir::tensor::TensorDialect"];
}

#endif
