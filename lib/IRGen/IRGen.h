//===- IRGen.h - from the typed AST to the tds dialect ----------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "lib/Sema/Graph.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <map>

namespace tds {

using Sizes = std::map<std::string, int64_t>;

/// A module with one function of the graph's name, in the tds dialect. Sizes that are given become numbers, the others
/// stay open: `?` with the text of the size. `sources` gives locations their lines; without it they are unknown.
/// Arguments and results carry `tds.name`, the path of their leaf. A failure is a null module and a diagnostic in the
/// context.
mlir::OwningOpRef<mlir::ModuleOp> generate(mlir::MLIRContext &context, const graph::Function &function,
                                           const Sizes &sizes, const Sources *sources);

} // namespace tds
