// RUN: %tds-opt %s --tds-autodiff | FileCheck %s

// Nothing is computed for what does not depend on the variables, or leads to no result that has a cotangent: the sine of what was
// captured is there once, and its cosine is not; the second yield is passed on.
func.func @inactive(%x: tensor<f32>, %y: tensor<f32>, %dy: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  %z, %aux, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    %s = tds.sin %y : tensor<f32>
    %m = tds.mul %a, %s : tensor<f32>
    %e = tds.exp %a : tensor<f32>
    tds.yield %m, %e : tensor<f32>, tensor<f32>
  }
  return %z, %aux, %dx : tensor<f32>, tensor<f32>, tensor<f32>
}
// CHECK-LABEL: @inactive(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.sin %[[ARG1]] : tensor<f32>
// CHECK-NEXT: %[[V_1:.*]] = tds.mul %[[ARG0]], %[[V_0]] : tensor<f32>
// CHECK-NEXT: %[[V_2:.*]] = tds.exp %[[ARG0]] : tensor<f32>
// CHECK-NEXT: %[[V_3:.*]] = tds.mul %[[ARG2]], %[[V_0]] : tensor<f32>
// CHECK-NEXT: return %[[V_1]], %[[V_2]], %[[V_3]] : tensor<f32>, tensor<f32>, tensor<f32>

// A zero gradient is there as a result only.
func.func @zero(%x: tensor<4xf32>, %y: tensor<f32>, %dy: tensor<f32>) -> tensor<4xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    tds.yield %y : tensor<f32>
  }
  return %dx : tensor<4xf32>
}
// CHECK-LABEL: @zero(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: return %[[V_0]] : tensor<4xf32>

// One value at two variables: two gradients.
func.func @same(%x: tensor<f32>, %dy: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %z, %da, %db = tds.vjp wrt(%x, %x : tensor<f32>, tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %m = tds.sub %a, %b : tensor<f32>
    tds.yield %m : tensor<f32>
  }
  return %da, %db : tensor<f32>, tensor<f32>
}
// CHECK-LABEL: @same(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.neg %[[ARG1]] : tensor<f32>
// CHECK-NEXT: return %[[ARG1]], %[[V_0]] : tensor<f32>, tensor<f32>

// stop_gradient and what has a derivative of zero end the walk: a loop behind them is no matter.
func.func @flat(%x: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %s = tds.floor %a : tensor<f32>
    %l = scf.for %i = %c0 to %c1 step %c1 iter_args(%q = %s) -> tensor<f32> {
      scf.yield %q : tensor<f32>
    }
    %m = tds.mul %a, %l : tensor<f32>
    tds.yield %m : tensor<f32>
  }
  return %dx : tensor<f32>
}
// CHECK-LABEL: @flat(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[C0:.*]] = arith.constant 0 : index
// CHECK-NEXT: %[[C1:.*]] = arith.constant 1 : index
// CHECK-NEXT: %[[V_0:.*]] = tds.floor %[[ARG0]] : tensor<f32>
// CHECK-NEXT: %[[V_1:.*]] = scf.for %[[ARG2:.*]] = %[[C0]] to %[[C1]] step %[[C1]] iter_args(%[[ARG3:.*]] = %[[V_0]]) -> (tensor<f32>) {
// CHECK-NEXT: scf.yield %[[ARG3]] : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG1]], %[[V_1]] : tensor<f32>
// CHECK-NEXT: return %[[V_2]] : tensor<f32>

// Requests within requests: the inner one is expanded first.
func.func @second(%x: tensor<f32>, %one: tensor<f32>) -> tensor<f32> {
  %l, %h = tds.vjp wrt(%x : tensor<f32>) cotangent(%one : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    %m, %g = tds.vjp wrt(%a : tensor<f32>) cotangent(%one : tensor<f32>) -> tensor<f32>, tensor<f32> {
    ^bb0(%b: tensor<f32>):
      %s = tds.sin %b : tensor<f32>
      tds.yield %s : tensor<f32>
    }
    tds.yield %g : tensor<f32>
  }
  return %h : tensor<f32>
}
// CHECK-LABEL: @second(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.mul %[[ARG1]], %[[ARG1]] : tensor<f32>
// CHECK-NEXT: %[[V_1:.*]] = tds.sin %[[ARG0]] : tensor<f32>
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[V_0]], %[[V_1]] : tensor<f32>
// CHECK-NEXT: %[[V_3:.*]] = tds.neg %[[V_2]] : tensor<f32>
// CHECK-NEXT: return %[[V_3]] : tensor<f32>
