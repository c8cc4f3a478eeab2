// RUN: %tds-opt %s --tds-autodiff | FileCheck %s

// The loop keeps what each round begins with; the reversed one reads it, computes the round again and walks it back. The scatter
// of a gather's adjoint goes into the sum that the loop carries, not into zeros of its own.
func.func @reversed(%x: tensor<4xf32>, %y: tensor<3x4xf32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
  %z, %dx, %dz = tds.vjp wrt(%x, %y : tensor<4xf32>, tensor<3x4xf32>) cotangent(%dy : tensor<4xf32>)
      -> tensor<4xf32>, tensor<4xf32>, tensor<3x4xf32> {
  ^bb0(%a: tensor<4xf32>, %b: tensor<3x4xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %l = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %a) -> tensor<4xf32> {
      %k = arith.index_cast %i : index to i64
      %count = tensor.from_elements %k : tensor<i64>
      %ids = tds.access %count at (d0) -> () : tensor<i64> -> tensor<4xi64>
      %row = tds.gather %b[%ids] at (d0)[s0] -> (s0, d0) : tensor<3x4xf32>, (tensor<4xi64>) -> tensor<4xf32>
      %m = tds.mul %h, %row : tensor<4xf32>
      scf.yield %m : tensor<4xf32>
    }
    tds.yield %l : tensor<4xf32>
  }
  return %dx, %dz : tensor<4xf32>, tensor<3x4xf32>
}
// CHECK-LABEL: @reversed(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[C0:.*]] = arith.constant 0 : index
// CHECK-NEXT: %[[C1:.*]] = arith.constant 1 : index
// CHECK-NEXT: %[[C3:.*]] = arith.constant 3 : index
// CHECK-NEXT: %[[V_0:.*]] = tds.constant dense<0.000000e+00> : tensor<3x4xf32>
// CHECK-NEXT: %[[V_1:.*]]:2 = scf.for %[[ARG3:.*]] = %[[C0]] to %[[C3]] step %[[C1]] iter_args(%[[ARG4:.*]] = %[[ARG0]], %[[ARG5:.*]] = %[[V_0]]) -> (tensor<4xf32>, tensor<3x4xf32>) {
// CHECK-NEXT: %[[V_4:.*]] = arith.index_cast %[[ARG3]] : index to i64
// CHECK-NEXT: %[[FROM_ELEMENTS:.*]] = tensor.from_elements %[[V_4]] : tensor<i64>
// CHECK-NEXT: %[[V_5:.*]] = tds.access %[[FROM_ELEMENTS]] at (d0) -> () : tensor<i64> -> tensor<4xi64>
// CHECK-NEXT: %[[V_6:.*]] = tds.gather %[[ARG1]][%[[V_5]]] at (d0)[s0] -> (s0, d0) : tensor<3x4xf32>, (tensor<4xi64>) -> tensor<4xf32>
// CHECK-NEXT: %[[V_7:.*]] = tds.mul %[[ARG4]], %[[V_6]] : tensor<4xf32>
// CHECK-NEXT: %[[V_8:.*]] = arith.subi %[[ARG3]], %[[C0]] : index
// CHECK-NEXT: %[[V_9:.*]] = arith.index_cast %[[V_8]] : index to i64
// CHECK-NEXT: %[[FROM_ELEMENTS_0:.*]] = tensor.from_elements %[[V_9]] : tensor<i64>
// CHECK-NEXT: %[[V_10:.*]] = tds.access %[[FROM_ELEMENTS_0]] at (d0) -> () : tensor<i64> -> tensor<4xi64>
// CHECK-NEXT: %[[V_11:.*]] = tds.scatter set %[[ARG5]], %[[ARG4]][%[[V_10]]] at (d0)[s0] -> (s0, d0) clamp : tensor<3x4xf32>, tensor<4xf32>, (tensor<4xi64>)
// CHECK-NEXT: scf.yield %[[V_7]], %[[V_11]] : tensor<4xf32>, tensor<3x4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[V_2:.*]] = tds.constant dense<0.000000e+00> : tensor<3x4xf32>
// CHECK-NEXT: %[[V_3:.*]]:2 = scf.for %[[ARG3:.*]] = %[[C0]] to %[[C3]] step %[[C1]] iter_args(%[[ARG4:.*]] = %[[ARG2]], %[[ARG5:.*]] = %[[V_2]]) -> (tensor<4xf32>, tensor<3x4xf32>) {
// CHECK-NEXT: %[[V_4:.*]] = arith.addi %[[C0]], %[[C3]] : index
// CHECK-NEXT: %[[C1_0:.*]] = arith.constant 1 : index
// CHECK-NEXT: %[[V_5:.*]] = arith.subi %[[V_4]], %[[C1_0]] : index
// CHECK-NEXT: %[[V_6:.*]] = arith.subi %[[V_5]], %[[ARG3]] : index
// CHECK-NEXT: %[[V_7:.*]] = arith.subi %[[V_6]], %[[C0]] : index
// CHECK-NEXT: %[[V_8:.*]] = arith.index_cast %[[V_7]] : index to i64
// CHECK-NEXT: %[[FROM_ELEMENTS:.*]] = tensor.from_elements %[[V_8]] : tensor<i64>
// CHECK-NEXT: %[[V_9:.*]] = tds.access %[[FROM_ELEMENTS]] at (d0) -> () : tensor<i64> -> tensor<4xi64>
// CHECK-NEXT: %[[V_10:.*]] = tds.gather %[[V_1]]#1[%[[V_9]]] at (d0)[s0] -> (s0, d0) clamp : tensor<3x4xf32>, (tensor<4xi64>) -> tensor<4xf32>
// CHECK-NEXT: %[[V_11:.*]] = arith.index_cast %[[V_6]] : index to i64
// CHECK-NEXT: %[[FROM_ELEMENTS_1:.*]] = tensor.from_elements %[[V_11]] : tensor<i64>
// CHECK-NEXT: %[[V_12:.*]] = tds.access %[[FROM_ELEMENTS_1]] at (d0) -> () : tensor<i64> -> tensor<4xi64>
// CHECK-NEXT: %[[V_13:.*]] = tds.gather %[[ARG1]][%[[V_12]]] at (d0)[s0] -> (s0, d0) : tensor<3x4xf32>, (tensor<4xi64>) -> tensor<4xf32>
// CHECK-NEXT: %[[V_14:.*]] = tds.mul %[[ARG4]], %[[V_13]] : tensor<4xf32>
// CHECK-NEXT: %[[V_15:.*]] = tds.mul %[[ARG4]], %[[V_10]] : tensor<4xf32>
// CHECK-NEXT: %[[V_16:.*]] = tds.scatter add %[[ARG5]], %[[V_15]][%[[V_12]]] at (d0)[s0] -> (s0, d0) : tensor<3x4xf32>, tensor<4xf32>, (tensor<4xi64>)
// CHECK-NEXT: scf.yield %[[V_14]], %[[V_16]] : tensor<4xf32>, tensor<3x4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[V_3]]#0, %[[V_3]]#1 : tensor<4xf32>, tensor<3x4xf32>
