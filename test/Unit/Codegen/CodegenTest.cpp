//===- CodegenTest.cpp - modules compiled, called and compared ------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "test/Unit/Codegen/Compile.h"
using namespace tds;
using tds::test::Compiled;

namespace {

TEST(Codegen, SumOfDoubledValues) {
  Compiled f(R"(
    func.func @entry(%x: tensor<100xf32>) -> tensor<f32> {
      %two = arith.constant 2.0 : f32
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<100xf32>
      %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
           ins(%x : tensor<100xf32>) outs(%e : tensor<100xf32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.mulf %a, %two : f32
        linalg.yield %m : f32
      } -> tensor<100xf32>
      %s = tensor.empty() : tensor<f32>
      %f = linalg.fill ins(%zero : f32) outs(%s : tensor<f32>) -> tensor<f32>
      %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
           ins(%y : tensor<100xf32>) outs(%f : tensor<f32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.addf %a, %o : f32
        linalg.yield %m : f32
      } -> tensor<f32>
      return %r : tensor<f32>
    })");
  std::vector<float> x(100);
  for (int i = 0; i < 100; ++i)
    x[i] = i;
  auto out = f({x}, {1});
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0][0], 9900.0f);
}

} // namespace
