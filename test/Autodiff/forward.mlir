// RUN: %tds-opt %s --tds-autodiff | FileCheck %s

func.func @pointwise(%x: tensor<4xf32>, %v: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %z, %dz = tds.jvp wrt(%x : tensor<4xf32>) tangents(%v : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %s = tds.sin %a : tensor<4xf32>
    %m = tds.mul %s, %a : tensor<4xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %z, %dz : tensor<4xf32>, tensor<4xf32>
}
// CHECK-LABEL: @pointwise(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.sin %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.cos %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG1]], %[[V_1]] : tensor<4xf32>
// CHECK-NEXT: %[[V_3:.*]] = tds.mul %[[V_0]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_4:.*]] = tds.mul %[[V_2]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_5:.*]] = tds.mul %[[ARG1]], %[[V_0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_6:.*]] = tds.add %[[V_4]], %[[V_5]] : tensor<4xf32>
// CHECK-NEXT: return %[[V_3]], %[[V_6]] : tensor<4xf32>, tensor<4xf32>

// Of a linear op the tangent is the op on the tangent.
func.func @linear(%x: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<f32> {
  %z, %dz = tds.jvp wrt(%x : tensor<8xf32>) tangents(%v : tensor<8xf32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<8xf32>):
    %s = tds.access %a at (d0) -> (d0 + 1) : tensor<8xf32> -> tensor<4xf32>
    %m = tds.reduce sum %s over [0] : tensor<4xf32>
    tds.yield %m : tensor<f32>
  }
  return %dz : tensor<f32>
}
// CHECK-LABEL: @linear(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.access %[[ARG1]] at (d0) -> (d0 + 1) : tensor<8xf32> -> tensor<4xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.reduce sum %[[V_0]] over [0] : tensor<4xf32>
// CHECK-NEXT: return %[[V_1]] : tensor<f32>

// A branch yields the tangents with the values.
func.func @branch(%x: tensor<4xf32>, %c: tensor<4xi1>, %v: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %z, %dz = tds.jvp wrt(%x : tensor<4xf32>) tangents(%v : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %w = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
      %e = tds.exp %a : tensor<4xf32>
      tds.yield %e : tensor<4xf32>
    } else {
      %0 = tds.constant dense<0.0> : tensor<4xf32>
      tds.yield %0 : tensor<4xf32>
    }
    tds.yield %w : tensor<4xf32>
  }
  return %z, %dz : tensor<4xf32>, tensor<4xf32>
}
// CHECK-LABEL: @branch(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]]:2 = tds.where %[[ARG1]] : tensor<4xi1> -> tensor<4xf32>, tensor<4xf32> {
// CHECK-NEXT: %[[V_1:.*]] = tds.exp %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG2]], %[[V_1]] : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_1]], %[[V_2]] : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[V_1:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_1]], %[[V_2]] : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[V_0]]#0, %[[V_0]]#1 : tensor<4xf32>, tensor<4xf32>

// Integers have zeros for tangents.
func.func @integers(%x: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<4xi32> {
  %z, %dz = tds.jvp wrt(%x : tensor<4xf32>) tangents(%v : tensor<4xf32>) -> tensor<4xi32>, tensor<4xi32> {
  ^bb0(%a: tensor<4xf32>):
    %s = tds.convert %a : tensor<4xf32> -> tensor<4xi32>
    tds.yield %s : tensor<4xi32>
  }
  return %dz : tensor<4xi32>
}
// CHECK-LABEL: @integers(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.constant dense<0> : tensor<4xi32>
// CHECK-NEXT: return %[[V_0]] : tensor<4xi32>
