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
  let constructor = "::tds::createTdsAutodiffPass(-1)";
  let dependentDialects = ["::tds::TdsDialect", "mlir::tensor::TensorDialect"];
}

def TdsWiden : Pass<"tds-widen", "mlir::ModuleOp"> {
  let summary = "compute in f64 and c128";
  let description = [{
    Every floating value within a function becomes an f64, every complex one a c128; arguments and results keep their types and
    are converted. What a program rounds on its way is not rounded then.
  }];
  let constructor = "::tds::createTdsWidenPass()";
  let dependentDialects = ["::tds::TdsDialect"];
}

def TdsCheckGradients : Pass<"tds-check-gradients", "mlir::ModuleOp"> {
  let summary = "measure what it takes to judge each derivative";
  let description = [{
    Before: floating values are f64 and complex ones c128; there are requests. After: a function has a result more for each request
    that can be measured, and the module the attribute `tds.gradient_checks`; GradientNumbers.h says what is in them. Requests
    stay: `tds-autodiff` comes behind.
  }];
  let constructor = "::tds::createTdsCheckGradientsPass()";
  let dependentDialects = ["::tds::TdsDialect", "mlir::tensor::TensorDialect", "mlir::arith::ArithDialect", "mlir::scf::SCFDialect"];
}

#endif
