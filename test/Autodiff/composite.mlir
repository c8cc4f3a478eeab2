// RUN: %tds-opt %s --tds-autodiff | FileCheck %s

// A derivative of one's own takes the place of the body's.
func.func @rule(%x: tensor<4xf32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %k = tds.composite "round_ste"(%a) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%b: tensor<4xf32>):
      %r = tds.round %b : tensor<4xf32>
      tds.yield %r : tensor<4xf32>
    } vjp {
    ^bb0(%b: tensor<4xf32>, %d: tensor<4xf32>):
      %two = tds.add %d, %d : tensor<4xf32>
      tds.yield %two : tensor<4xf32>
    }
    tds.yield %k : tensor<4xf32>
  }
  return %z, %dx : tensor<4xf32>, tensor<4xf32>
}
// CHECK-LABEL: @rule(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.composite "round_ste"(%[[ARG0]]) : (tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT: ^bb0(%[[ARG2:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[V_2:.*]] = tds.round %[[ARG2]] : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_2]] : tensor<4xf32>
// CHECK-NEXT: } vjp {
// CHECK-NEXT: ^bb0(%[[ARG2:.*]]: tensor<4xf32>, %[[ARG3:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[V_2:.*]] = tds.add %[[ARG3]], %[[ARG3]] : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_2]] : tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[V_1:.*]] = tds.add %[[ARG1]], %[[ARG1]] : tensor<4xf32>
// CHECK-NEXT: return %[[V_0]], %[[V_1]] : tensor<4xf32>, tensor<4xf32>

// Without one the body is differentiated.
func.func @body(%x: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %k = tds.composite "square"(%a) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%b: tensor<4xf32>):
      %r = tds.mul %b, %b : tensor<4xf32>
      tds.yield %r : tensor<4xf32>
    }
    tds.yield %k : tensor<4xf32>
  }
  return %dx : tensor<4xf32>
}
// CHECK-LABEL: @body(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.mul %[[ARG1]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.mul %[[ARG1]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.add %[[V_0]], %[[V_1]] : tensor<4xf32>
// CHECK-NEXT: return %[[V_2]] : tensor<4xf32>

// One that does not vary stays a call.
func.func @inactive(%x: tensor<4xf32>, %y: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %k = tds.composite "square"(%y) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%b: tensor<4xf32>):
      %r = tds.mul %b, %b : tensor<4xf32>
      tds.yield %r : tensor<4xf32>
    }
    %m = tds.mul %a, %k : tensor<4xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %dx : tensor<4xf32>
}
// CHECK-LABEL: @inactive(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.composite "square"(%[[ARG1]]) : (tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT: ^bb0(%[[ARG3:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG3]], %[[ARG3]] : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_2]] : tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[V_1:.*]] = tds.mul %[[ARG2]], %[[V_0]] : tensor<4xf32>
// CHECK-NEXT: return %[[V_1]] : tensor<4xf32>

// Forward mode transposes the rule.
func.func @transposed(%x: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<4xf32> {
  %z, %dz = tds.jvp wrt(%x : tensor<4xf32>) tangents(%v : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %k = tds.composite "odd"(%a) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%b: tensor<4xf32>):
      %r = tds.round %b : tensor<4xf32>
      tds.yield %r : tensor<4xf32>
    } vjp {
    ^bb0(%b: tensor<4xf32>, %d: tensor<4xf32>):
      %m = tds.mul %b, %d : tensor<4xf32>
      tds.yield %m : tensor<4xf32>
    }
    tds.yield %k : tensor<4xf32>
  }
  return %dz : tensor<4xf32>
}
// CHECK-LABEL: @transposed(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.mul %[[ARG1]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: return %[[V_0]] : tensor<4xf32>
