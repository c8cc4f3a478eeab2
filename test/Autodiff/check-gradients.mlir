// RUN: %tds-opt %s --tds-widen --tds-check-gradients --tds-autodiff | FileCheck %s
// RUN: %tds-opt %s --tds-widen | FileCheck %s --check-prefix=WIDE

// Values within are f64, those at the border what they were.
// WIDE-LABEL: @once(%{{.*}}: tensor<3xf32>) -> tensor<3xf32>
// WIDE: %[[X:.*]] = tds.convert %{{.*}} : tensor<3xf32> -> tensor<3xf64>
// WIDE-NOT: f32
// WIDE: tds.vjp wrt(%[[X]] : tensor<3xf64>)
// WIDE-NOT: f32
// WIDE: tds.convert %{{.*}} : tensor<3xf64> -> tensor<3xf32>

// CHECK: module attributes {tds.gradient_checks =
// CHECK-SAME: [#loc, 1, "", []], [#loc1, 1, "", []], [#loc2, 2, "", []], [#loc3, -1, "it is in a branch of each element", []]

// A result more: what one evaluation gives. The body is there twice: once for the derivative, once for points beside x.
// CHECK-LABEL: @once
// CHECK-SAME: -> (tensor<3xf32>, tensor<1x2x10xf64> {tds.name = "$1"})
// CHECK: tds.sin
// CHECK: scf.for
// CHECK: tds.random_bits
// CHECK: scf.for
// CHECK: tds.sin
// CHECK-NOT: tds.sin
// CHECK: return %{{.*}}, %{{.*}} : tensor<3xf32>, tensor<1x2x10xf64>
func.func @once(%x: tensor<3xf32>) -> tensor<3xf32> {
  %one = tds.constant dense<1.0> : tensor<f32>
  %l, %g = tds.vjp wrt(%x : tensor<3xf32>) cotangent(%one : tensor<f32>) -> tensor<f32>, tensor<3xf32> {
  ^bb0(%a: tensor<3xf32>):
    %h = tds.convert %a : tensor<3xf32> -> tensor<3xbf16>
    %f = tds.convert %h : tensor<3xbf16> -> tensor<3xf32>
    %s = tds.sin %f : tensor<3xf32>
    %m = tds.reduce sum %s over [0] : tensor<3xf32>
    tds.yield %m : tensor<f32>
  }
  return %g : tensor<3xf32>
}

// A loop carries the rows of its first rounds, in which alone points beside x are looked at; so does a request around.
// CHECK-LABEL: @nested
// CHECK-SAME: -> (tensor<f64>, tensor<4x2x10xf64> {tds.name = "$1"}, tensor<4x2x10xf64> {tds.name = "$2"})
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (tensor<f64>, tensor<4x2x10xf64>, tensor<i64>, tensor<4x2x10xf64>, tensor<i64>)
// CHECK: tds.lt
// CHECK: tds.where
// CHECK: return %{{.*}}#0, %{{.*}}#1, %{{.*}}#3
func.func @nested(%x: tensor<f64>) -> tensor<f64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %one = tds.constant dense<1.0> : tensor<f64>
  %r = scf.for %i = %c0 to %c9 step %c1 iter_args(%y = %x) -> tensor<f64> {
    %g, %h = tds.vjp wrt(%y : tensor<f64>) cotangent(%one : tensor<f64>) -> tensor<f64>, tensor<f64> {
    ^bb0(%a: tensor<f64>):
      %v, %d = tds.vjp wrt(%a : tensor<f64>) cotangent(%one : tensor<f64>) -> tensor<f64>, tensor<f64> {
      ^bb0(%b: tensor<f64>):
        %s = tds.sin %b : tensor<f64>
        tds.yield %s : tensor<f64>
      }
      tds.yield %d : tensor<f64>
    }
    scf.yield %h : tensor<f64>
  }
  return %r : tensor<f64>
}

// CHECK-LABEL: @eachElement
// CHECK-SAME: -> tensor<3xf64> {
func.func @eachElement(%c: tensor<3xi1>, %x: tensor<3xf64>) -> tensor<3xf64> {
  %0 = tds.where %c : tensor<3xi1> -> tensor<3xf64> {
    %v, %d = tds.vjp wrt(%x : tensor<3xf64>) cotangent(%x : tensor<3xf64>) -> tensor<3xf64>, tensor<3xf64> {
    ^bb0(%b: tensor<3xf64>):
      %s = tds.sin %b : tensor<3xf64>
      tds.yield %s : tensor<3xf64>
    }
    tds.yield %d : tensor<3xf64>
  } else {
    tds.yield %x : tensor<3xf64>
  }
  return %0 : tensor<3xf64>
}
