//===- tds/tds.h - all of the C++ API ---------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <tds/engine.h>
#include <tds/result.h>
#include <tds/tensor.h>
#include <tds/tools.h>
