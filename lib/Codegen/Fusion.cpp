//===- Fusion.cpp - make one linalg.generic of many -----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Passes.h"
using namespace mlir;

namespace tds {
#define GEN_PASS_DEF_TDSFUSION
#include "lib/Codegen/Passes.h.inc"

namespace {
struct FusionPass : impl::TdsFusionBase<FusionPass> {
  void runOnOperation() override {}
};
} // namespace
} // namespace tds
