//===- Calls.h - calls of the runtime ---------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between lib/Conversion, which asks for what the runtime does better than generated loops (sorting, factorising), and
// lib/Codegen, which gives the operands buffers and makes the call.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "lib/Calls/CallsDialect.h.inc"

#define GET_OP_CLASSES
#include "lib/Calls/Calls.h.inc"
