//===- Tds.h - the dialect and its ops --------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Pointwise.h"
#include "dialect/TdsTypes.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/TdsInterfaces.h.inc"

#include "dialect/TdsDialect.h.inc"

#include "dialect/TdsEnums.h.inc"

#define GET_OP_CLASSES
#include "dialect/TdsFunctions.h.inc"

#define GET_OP_CLASSES
#include "dialect/TdsOps.h.inc"
