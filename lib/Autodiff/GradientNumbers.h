//===- GradientNumbers.h - what a derivative is judged by -------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>

namespace tds {

/// The result that `tds-check-gradients` adds for a derivative, f64[rows, directions, numbers]: a row an evaluation,
/// the first ones of a loop's and a row to spare; all 0 where there was none. The numbers of a direction d:
///   0  1
///   1  the value at x, in one number: its product with the cotangents, of a jvp with random weights
///   2  its derivative along d, as it was computed
///   3  the norm of what that is a sum of
///   4  the value at x + 1e-4 d, then at x - 1e-4 d, x + 1e-6 d, ...
struct GradientNumbers {
  static constexpr int64_t evaluations = 3, directions = 2;
  static constexpr int64_t steps = 3;
  static constexpr double firstStep = 1e-4, stepRatio = 0.01;
  static constexpr int64_t firstValue = 4, numbers = firstValue + 2 * steps;
  /// Of the module: a list a derivative [place, number of the result or -1, why there is none, functions in it that
  /// have a vjp of their own].
  static constexpr const char *attribute = "tds.gradient_checks";
};

} // namespace tds
