//===- runtime/Errors.h - errors that the runtime finds ---------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <tds/result.h>

namespace tds::rt {

namespace code {
#define TDS_RUNTIME_ERROR(name, code, summary) inline constexpr const char *name = code;
#include "runtime/Errors.def"
#undef TDS_RUNTIME_ERROR
} // namespace code

inline Error makeError(const char *code, std::string message, std::vector<std::string> help = {}) {
  return Error{code, std::move(message), {}, {}, std::move(help)};
}

} // namespace tds::rt
