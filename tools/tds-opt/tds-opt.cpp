//===- tds-opt.cpp - runs passes on a module ------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Simplify.h"
#include "dialect/Tds.h"
#include "lib/Autodiff/Autodiff.h"
#include "lib/Codegen/Codegen.h"
#include "lib/Conversion/Conversion.h"
#include "lib/Source/Source.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<tds::TdsDialect, mlir::bufferization::BufferizationDialect>();
  tds::registerCodegenDialects(registry);
  mlir::registerTransformsPasses();
  tds::registerTdsSimplifyPass();
  tds::registerTdsAutodiffPasses();
  tds::registerTdsSourcePasses();
  tds::registerTdsConversionPasses();
  tds::registerCodegenPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "TDS optimizer driver\n", registry));
}
