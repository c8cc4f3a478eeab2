//===- TdsBase.td - the dialect and what its records share --------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_BASE_TD
#define TDS_BASE_TD
include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialect/TdsInterfaces.td"

def Tds_Dialect : Dialect {
  let name = "tds";
  let cppNamespace = "::tds";
  let summary = "one small algebra over tensors";
  let description = [{
    Every value is a ranked tensor; scalars have rank 0. Elements are i1 (`bool`), i8 i16 i32 i64, ui8 (`u8`), f16 bf16
    f32 f64, complex<f32>, complex<f64> and ui64 (`key`). A tensor with open sizes has `?` dimensions and carries the text
    of each dimension: `tensor<?x64xf32, ["n", "64"]>`.
  }];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 0;
}

class Tds_Op<string name, list<Trait> traits = []> : Op<Tds_Dialect, name, traits>;

#endif
