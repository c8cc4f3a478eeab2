//===- Calls.cpp ----------------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Calls/Calls.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace tds;

#include "lib/Calls/CallsDialect.cpp.inc"

void RtDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "lib/Calls/Calls.cpp.inc"
      >();
}

void RuntimeCallOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  auto touch = [&](MutableOperandRange operands, MemoryEffects::Effect *effect) {
    for (OpOperand &operand : operands)
      if (isa<MemRefType>(operand.get().getType()))
        effects.emplace_back(effect, &operand, SideEffects::DefaultResource::get());
  };
  touch(getInputsMutable(), MemoryEffects::Read::get());
  touch(getOutsMutable(), MemoryEffects::Write::get());
}

#define GET_OP_CLASSES
#include "lib/Calls/Calls.cpp.inc"
