//===- StatesTest.cpp - loops that carry tensors --------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "test/Unit/Codegen/Compile.h"
#include <array>
#include <cmath>
using namespace tds;
using tds::test::Compiled;

namespace {

using Vector = std::vector<float>;

// A power and its derivative: the way back reads each state that the way there has saved.
TEST(States, SavedAndReadBackwards) {
  Compiled f(R"(
    #id = affine_map<(i) -> (i)>
    func.func @entry(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c5 = arith.constant 5 : index
      %c4 = arith.constant 4 : index
      %e0 = tensor.empty() : tensor<5x4xf32>
      %r:2 = scf.for %i = %c0 to %c5 step %c1 iter_args(%x = %a, %st = %e0) -> (tensor<4xf32>, tensor<5x4xf32>) {
        %s1 = tensor.insert_slice %x into %st[%i, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<5x4xf32>
        %e = tensor.empty() : tensor<4xf32>
        %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x: tensor<4xf32>) outs(%e : tensor<4xf32>) {
        ^bb0(%p: f32, %o: f32):
          %m = arith.mulf %p, %p : f32
          linalg.yield %m : f32 } -> tensor<4xf32>
        scf.yield %s, %s1 : tensor<4xf32>, tensor<5x4xf32>
      }
      %one = arith.constant 1.0 : f32
      %e1 = tensor.empty() : tensor<4xf32>
      %g0 = linalg.fill ins(%one : f32) outs(%e1 : tensor<4xf32>) -> tensor<4xf32>
      %g = scf.for %i = %c0 to %c5 step %c1 iter_args(%d = %g0) -> (tensor<4xf32>) {
        %j = arith.subi %c4, %i : index
        %x = tensor.extract_slice %r#1[%j, 0] [1, 4] [1, 1] : tensor<5x4xf32> to tensor<4xf32>
        %e = tensor.empty() : tensor<4xf32>
        %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %d: tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
        ^bb0(%p: f32, %q: f32, %o: f32):
          %m = arith.mulf %p, %q : f32
          %m2 = arith.addf %m, %m : f32
          linalg.yield %m2 : f32
    } -> tensor<4xf32>
        scf.yield %s : tensor<4xf32>
      }
      return %r#0, %g, %a : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
    }
  )");
  Vector a = {1, 1.25f, -0.5f, 0};
  auto out = f({a}, {4, 4, 4});
  ASSERT_EQ(out.size(), 3u);
  for (int i = 0; i < 4; ++i) {
    float x = a[i], slope = 1;
    std::array<float, 5> saved;
    for (float &s : saved) {
      s = x;
      x *= x;
    }
    for (int k = 4; k >= 0; --k)
      slope *= 2 * saved[k];
    EXPECT_FLOAT_EQ(out[0][i], x);
    EXPECT_FLOAT_EQ(out[1][i], slope);
  }
  EXPECT_EQ(out[2], a);
}

// Two states whose updates read each other, one through a shift, and one that is set to an argument.
TEST(States, ReadEachOther) {
  Compiled f(R"(
    #id = affine_map<(i) -> (i)>
    func.func @entry(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c5 = arith.constant 5 : index
      %r:3 = scf.for %i = %c0 to %c5 step %c1 iter_args(%x = %a, %v = %b, %w = %b) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
        %e = tensor.empty() : tensor<4xf32>
        %v1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %v: tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
        ^bb0(%p: f32, %q: f32, %o: f32):
          %m = arith.mulf %p, %p : f32
          %n = arith.subf %q, %m : f32
          linalg.yield %n : f32 } -> tensor<4xf32>
        %sh = tensor.extract_slice %x[1] [3] [1] : tensor<4xf32> to tensor<3xf32>
        %x0 = tensor.insert_slice %sh into %x[0] [3] [1] : tensor<3xf32> into tensor<4xf32>
        %x1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x0, %v1: tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
        ^bb0(%p: f32, %q: f32, %o: f32):
          %n = arith.addf %q, %p : f32
          linalg.yield %n : f32 } -> tensor<4xf32>
        scf.yield %x1, %v1, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
      }
      return %r#0, %r#1, %r#2, %a : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
    }
  )");
  Vector a = {1, 0.5f, 0.25f, -0.125f}, b = {0.5f, 0.25f, 0, 1}, c = {7, 8, 9, 10};
  auto out = f({a, b, c}, {4, 4, 4, 4});
  ASSERT_EQ(out.size(), 4u);
  Vector x = a, v = b;
  for (int step = 0; step < 5; ++step) {
    Vector next = v, moved = x;
    for (int i = 0; i < 4; ++i)
      next[i] = v[i] - x[i] * x[i];
    for (int i = 0; i < 4; ++i)
      moved[i] = next[i] + x[std::min(i + 1, 3)];
    x = moved;
    v = next;
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(out[0][i], x[i], 1e-4 * (1 + std::abs(x[i])));
    EXPECT_NEAR(out[1][i], v[i], 1e-4 * (1 + std::abs(v[i])));
  }
  EXPECT_EQ(out[2], c);
  EXPECT_EQ(out[3], a);
}

// A while in a for, its states changing places, and an if that keeps one of them.
TEST(States, OfNestedLoops) {
  Compiled f(R"(
    #id = affine_map<(i) -> (i)>
    func.func @entry(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c5 = arith.constant 5 : index
      %lim = arith.constant 10.0 : f32
      %r:2 = scf.for %i = %c0 to %c5 step %c1 iter_args(%x = %a, %u = %a) -> (tensor<4xf32>, tensor<4xf32>) {
        %q:2 = scf.while (%y = %x, %z = %u) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
          %v = tensor.extract %y[%c0] : tensor<4xf32>
          %c = arith.cmpf olt, %v, %lim : f32
          scf.condition(%c) %y, %z : tensor<4xf32>, tensor<4xf32>
        } do {
        ^bb0(%y: tensor<4xf32>, %z: tensor<4xf32>):
          %e = tensor.empty() : tensor<4xf32>
          %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%y, %z: tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
          ^bb0(%p: f32, %q2: f32, %o: f32):
            %m = arith.addf %p, %q2 : f32
            linalg.yield %m : f32 } -> tensor<4xf32>
          scf.yield %s, %y : tensor<4xf32>, tensor<4xf32>
        }
        %b = tensor.extract %q#0[%c1] : tensor<4xf32>
        %t = arith.cmpf ogt, %b, %lim : f32
        %w = scf.if %t -> tensor<4xf32> {
          %e = tensor.empty() : tensor<4xf32>
          %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%q#0: tensor<4xf32>) outs(%e : tensor<4xf32>) {
          ^bb0(%p: f32, %o: f32):
            %k = arith.constant 0.125 : f32
            %m = arith.mulf %p, %k : f32
            linalg.yield %m : f32 } -> tensor<4xf32>
          scf.yield %h : tensor<4xf32>
        } else { scf.yield %q#1 : tensor<4xf32> }
        scf.yield %w, %q#0 : tensor<4xf32>, tensor<4xf32>
      }
      return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
    }
  )");
  for (Vector a : {Vector{1, 2, 3, 4}, Vector{3, 1, 0, -1}, Vector{20, 11, 5, 6}}) {
    auto out = f({a}, {4, 4});
    ASSERT_EQ(out.size(), 2u);
    Vector x = a, u = a;
    for (int i = 0; i < 5; ++i) {
      Vector y = x, z = u;
      while (y[0] < 10) {
        Vector sum = y;
        for (int k = 0; k < 4; ++k)
          sum[k] += z[k];
        z = y;
        y = sum;
      }
      x = z;
      if (y[1] > 10) {
        x = y;
        for (float &value : x)
          value *= 0.125f;
      }
      u = y;
    }
    EXPECT_EQ(out[0], x);
    EXPECT_EQ(out[1], u);
  }
}

} // namespace
