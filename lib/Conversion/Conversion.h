//===- Conversion.h - from the tds dialect to linalg ------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Pass/Pass.h"
#include <memory>

namespace tds {

/// Names of what the conversion leaves in a module.
namespace conversion {
inline constexpr llvm::StringLiteral places = "tds.places";       // module: locations of index checks, in order
inline constexpr llvm::StringLiteral hosts = "tds.hosts";         // module: names of host functions, in order
inline constexpr llvm::StringLiteral report = "tds_report_index"; // (place: i32, value: i64, bound: i64)
inline constexpr llvm::StringLiteral fine = "tds_no_report";      // () -> i1
} // namespace conversion

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Conversion/Passes.h.inc"

} // namespace tds
