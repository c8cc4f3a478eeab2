// RUN: %tds-opt %s --tds-autodiff | FileCheck %s

// A branch of all: each side is computed again and walked back; the branch yields the cotangents of what the sides use.
func.func @of_all(%x: tensor<4xf32>, %y: tensor<4xf32>, %c: tensor<i1>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %z, %dx, %db = tds.vjp wrt(%x, %y : tensor<4xf32>, tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    %w = tds.where %c : tensor<i1> -> tensor<4xf32> {
      %e = tds.exp %a : tensor<4xf32>
      tds.yield %e : tensor<4xf32>
    } else {
      %m = tds.mul %a, %b : tensor<4xf32>
      tds.yield %m : tensor<4xf32>
    }
    tds.yield %w : tensor<4xf32>
  }
  return %dx, %db : tensor<4xf32>, tensor<4xf32>
}
// CHECK-LABEL: @of_all(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}, %[[ARG3:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]]:2 = tds.where %[[ARG2]] : tensor<i1> -> tensor<4xf32>, tensor<4xf32> {
// CHECK-NEXT: %[[V_1:.*]] = tds.exp %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG3]], %[[V_1]] : tensor<4xf32>
// CHECK-NEXT: %[[V_3:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_2]], %[[V_3]] : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[V_1:.*]] = tds.mul %[[ARG3]], %[[ARG1]] : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG3]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_1]], %[[V_2]] : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[V_0]]#0, %[[V_0]]#1 : tensor<4xf32>, tensor<4xf32>

// scf.if on a scalar becomes the same.
func.func @scf_if(%x: tensor<4xf32>, %c: i1, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %w = scf.if %c -> tensor<4xf32> {
      %e = tds.exp %a : tensor<4xf32>
      scf.yield %e : tensor<4xf32>
    } else {
      scf.yield %a : tensor<4xf32>
    }
    tds.yield %w : tensor<4xf32>
  }
  return %dx : tensor<4xf32>
}
// CHECK-LABEL: @scf_if(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[FROM_ELEMENTS:.*]] = tensor.from_elements %[[ARG1]] : tensor<i1>
// CHECK-NEXT: %[[V_0:.*]] = tds.where %[[FROM_ELEMENTS]] : tensor<i1> -> tensor<4xf32> {
// CHECK-NEXT: %[[V_1:.*]] = tds.exp %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG2]], %[[V_1]] : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_2]] : tensor<4xf32>
// CHECK-NEXT: } else {
// CHECK-NEXT: tds.yield %[[ARG2]] : tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[V_0]] : tensor<4xf32>

// A branch an element: 1 / x of an element that does not take the side stays within the tds.where.
func.func @of_each(%x: tensor<4xf32>, %c: tensor<4xi1>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %w = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
      %l = tds.log %a : tensor<4xf32>
      %s = tds.sin %l : tensor<4xf32>
      tds.yield %s : tensor<4xf32>
    } else {
      %0 = tds.constant dense<0.0> : tensor<4xf32>
      tds.yield %0 : tensor<4xf32>
    }
    tds.yield %w : tensor<4xf32>
  }
  return %dx : tensor<4xf32>
}
// CHECK-LABEL: @of_each(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.log %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.where %[[ARG1]] : tensor<4xi1> -> tensor<4xf32> {
// CHECK-NEXT: %[[V_2:.*]] = tds.cos %[[V_0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_3:.*]] = tds.mul %[[ARG2]], %[[V_2]] : tensor<4xf32>
// CHECK-NEXT: %[[V_4:.*]] = tds.constant dense<1.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[V_5:.*]] = tds.div %[[V_4]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_6:.*]] = tds.mul %[[V_3]], %[[V_5]] : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_6]] : tensor<4xf32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[V_2:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_2]] : tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[V_1]] : tensor<4xf32>

// What mixes elements is walked back outside, with the elements that are live; a read at data is not checked again.
func.func @mixing(%x: tensor<9xf32>, %i: tensor<4x3xi32>, %c: tensor<4xi1>, %dy: tensor<4xf32>) -> tensor<9xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<9xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<9xf32> {
  ^bb0(%a: tensor<9xf32>):
    %w = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
      %r = tds.gather %a[%i] at (d0, d1)[s0] -> (s0) : tensor<9xf32>, (tensor<4x3xi32>) -> tensor<4x3xf32>
      %l = tds.log %r : tensor<4x3xf32>
      %s = tds.reduce sum %l over [1] : tensor<4x3xf32>
      tds.yield %s : tensor<4xf32>
    } else {
      %0 = tds.constant dense<0.0> : tensor<4xf32>
      tds.yield %0 : tensor<4xf32>
    }
    tds.yield %w : tensor<4xf32>
  }
  return %dx : tensor<9xf32>
}
// CHECK-LABEL: @mixing(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}, %[[ARG3:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.gather %[[ARG0]][%[[ARG1]]] at (d0, d1)[s0] -> (s0) clamp : tensor<9xf32>, (tensor<4x3xi32>) -> tensor<4x3xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.where %[[ARG2]] : tensor<4xi1> -> tensor<4xf32> {
// CHECK-NEXT: tds.yield %[[ARG3]] : tensor<4xf32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[V_7:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_7]] : tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[V_2:.*]] = tds.access %[[V_1]] at (d0, d1) -> (d0) : tensor<4xf32> -> tensor<4x3xf32>
// CHECK-NEXT: %[[V_3:.*]] = tds.access %[[ARG2]] at (d0, d1) -> (d0) : tensor<4xi1> -> tensor<4x3xi1>
// CHECK-NEXT: %[[V_4:.*]] = tds.where %[[V_3]] : tensor<4x3xi1> -> tensor<4x3xf32> {
// CHECK-NEXT: %[[V_7:.*]] = tds.constant dense<1.000000e+00> : tensor<4x3xf32>
// CHECK-NEXT: %[[V_8:.*]] = tds.div %[[V_7]], %[[V_0]] : tensor<4x3xf32>
// CHECK-NEXT: %[[V_9:.*]] = tds.mul %[[V_2]], %[[V_8]] : tensor<4x3xf32>
// CHECK-NEXT: tds.yield %[[V_9]] : tensor<4x3xf32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[V_7:.*]] = tds.constant dense<0.000000e+00> : tensor<4x3xf32>
// CHECK-NEXT: tds.yield %[[V_7]] : tensor<4x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[V_5:.*]] = tds.constant dense<0.000000e+00> : tensor<9xf32>
// CHECK-NEXT: %[[V_6:.*]] = tds.scatter add %[[V_5]], %[[V_4]][%[[ARG1]]] at (d0, d1)[s0] -> (s0) clamp : tensor<9xf32>, tensor<4x3xf32>, (tensor<4x3xi32>)
// CHECK-NEXT: return %[[V_6]] : tensor<9xf32>

// A contract keeps its form: elements that no live result uses are set to 0.
func.func @contract(%w: tensor<8xf32>, %x: tensor<4x8xf32>, %c: tensor<4xi1>, %dy: tensor<4xf32>) -> tensor<8xf32> {
  %z, %dx = tds.vjp wrt(%w : tensor<8xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %w1 = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
      %s = tds.contract %x, %a maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>] over [1]
             : tensor<4x8xf32>, tensor<8xf32>
      tds.yield %s : tensor<4xf32>
    } else {
      %0 = tds.constant dense<0.0> : tensor<4xf32>
      tds.yield %0 : tensor<4xf32>
    }
    tds.yield %w1 : tensor<4xf32>
  }
  return %dx : tensor<8xf32>
}
// CHECK-LABEL: @contract(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}, %[[ARG3:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.where %[[ARG2]] : tensor<4xi1> -> tensor<4xf32> {
// CHECK-NEXT: tds.yield %[[ARG3]] : tensor<4xf32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[V_5:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: tds.yield %[[V_5]] : tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[V_1:.*]] = tds.access %[[ARG2]] at (d0, d1) -> (d0) : tensor<4xi1> -> tensor<4x8xi1>
// CHECK-NEXT: %[[V_2:.*]] = tds.constant dense<0.000000e+00> : tensor<4x8xf32>
// CHECK-NEXT: %[[V_3:.*]] = tds.select %[[V_1]], %[[ARG1]], %[[V_2]] : tensor<4x8xf32>
// CHECK-NEXT: %[[V_4:.*]] = tds.contract %[[V_0]], %[[V_3]] maps [{{.*}}] over [0] : tensor<4xf32>, tensor<4x8xf32>
// CHECK-NEXT: return %[[V_4]] : tensor<8xf32>
