//===- Source.h - tds modules as TDS text -----------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include <memory>
#include <string>

namespace tds {

/// A function of the tds dialect as one TDS `def`, formatted, that parses again and means the same. Open sizes keep
/// their names; parameters and results are grouped into records and tuples by their `tds.name`; values with a name are
/// bound by it. What has no spelling in TDS is reported at its op, and nothing is returned.
///
/// The text does not repeat two things: a composite's name (its body is printed in its place) and the check of an index
/// that adds to a sum at a place that is data.
llvm::FailureOr<std::string> printSource(mlir::func::FuncOp function);
/// Every function of a module, in order.
llvm::FailureOr<std::string> printSource(mlir::ModuleOp module);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Source/Passes.h.inc"

} // namespace tds
