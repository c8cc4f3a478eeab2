// RUN: %tds-opt %s --tds-autodiff --cse --split-input-file | FileCheck %s

// What is inside of a checkpoint is computed again behind barriers, so that no value of the first time is used by the
// reverse pass; what is outside is used.
// CHECK-LABEL: @again(
// CHECK: %[[S:.*]] = tds.sin %arg0
// CHECK: %[[E:.*]] = tds.exp %[[S]]
// CHECK: %[[Y:.*]] = tds.mul %[[E]], %[[S]]
// CHECK-NEXT: %[[B:.*]] = tds.barrier %[[S]] number 1
// CHECK-NEXT: %[[F:.*]] = tds.exp %[[B]]
// CHECK-NEXT: tds.mul %arg1, %[[B]]
// CHECK-NEXT: tds.mul %arg1, %[[F]]
// CHECK: tds.cos %arg0
// CHECK: return %[[Y]]
func.func @again(%x: tensor<4xf32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %y, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %s = tds.sin %a : tensor<4xf32>
    %c = tds.composite "checkpoint"() : tensor<4xf32> {
      %e = tds.exp %s : tensor<4xf32>
      %m = tds.mul %e, %s : tensor<4xf32>
      tds.yield %m : tensor<4xf32>
    }
    tds.yield %c : tensor<4xf32>
  }
  return %y, %dx : tensor<4xf32>, tensor<4xf32>
}

// -----

// Without a derivative it is what is inside.
// CHECK-LABEL: @plain(
// CHECK-NEXT: %[[Y:.*]] = tds.exp %arg0
// CHECK-NEXT: return %[[Y]]
func.func @plain(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = tds.composite "checkpoint"() : tensor<4xf32> {
    %e = tds.exp %x : tensor<4xf32>
    tds.yield %e : tensor<4xf32>
  }
  return %c : tensor<4xf32>
}
