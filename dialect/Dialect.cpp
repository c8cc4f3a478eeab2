//===- Dialect.cpp --------------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Tds.h"

using namespace mlir;

#include "dialect/TdsDialect.cpp.inc"
#include "dialect/TdsEnums.cpp.inc"
#include "dialect/TdsInterfaces.cpp.inc"

void tds::TdsDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialect/TdsFunctions.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/TdsOps.cpp.inc"
      >();
}

Operation *tds::TdsDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements ? ConstantOp::create(b, loc, type, elements) : nullptr;
}
