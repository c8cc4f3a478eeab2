//===- TdsFunctions.cpp - the methods that the records say ----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Expr.h"
#include "dialect/Tds.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialect/TdsFunctions.cpp.inc"
