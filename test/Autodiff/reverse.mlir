// RUN: %tds-opt %s --tds-autodiff | FileCheck %s
// One op each: the derivative of what is between the argument and the yield.

func.func @product(%x: tensor<4xf32>, %y: tensor<4xf32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %z, %dx, %db = tds.vjp wrt(%x, %y : tensor<4xf32>, tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    %m = tds.mul %a, %b : tensor<4xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %dx, %db : tensor<4xf32>, tensor<4xf32>
}
// CHECK-LABEL: @product(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.mul %[[ARG2]], %[[ARG1]] : tensor<4xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.mul %[[ARG2]], %[[ARG0]] : tensor<4xf32>
// CHECK-NEXT: return %[[V_0]], %[[V_1]] : tensor<4xf32>, tensor<4xf32>

func.func @relu(%x: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %m = tds.relu %a : tensor<4xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %dx : tensor<4xf32>
}
// CHECK-LABEL: @relu(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.gt %[[ARG0]], %[[V_0]] : tensor<4xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[V_3:.*]] = tds.select %[[V_1]], %[[ARG1]], %[[V_2]] : tensor<4xf32>
// CHECK-NEXT: return %[[V_3]] : tensor<4xf32>

func.func @broadcast(%x: tensor<?xf32, ["n"]>, %dy: tensor<8x?xf32, ["8", "n"]>) -> tensor<?xf32, ["n"]> {
  %z, %dx = tds.vjp wrt(%x : tensor<?xf32, ["n"]>) cotangent(%dy : tensor<8x?xf32, ["8", "n"]>) -> tensor<8x?xf32, ["8", "n"]>, tensor<?xf32, ["n"]> {
  ^bb0(%a: tensor<?xf32, ["n"]>):
    %m = tds.access %a at (d0, d1) -> (d1) : tensor<?xf32, ["n"]> -> tensor<8x?xf32, ["8", "n"]>
    tds.yield %m : tensor<8x?xf32, ["8", "n"]>
  }
  return %dx : tensor<?xf32, ["n"]>
}
// CHECK-LABEL: @broadcast(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.reduce sum %[[ARG1]] over [0] : tensor<8x?xf32, ["8", "n"]>
// CHECK-NEXT: return %[[V_0]] : tensor<?xf32, ["n"]>

func.func @slice(%x: tensor<8xf32>, %dy: tensor<4xf32>) -> tensor<8xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<8xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %m = tds.access %a at (d0) -> (d0 + 2) : tensor<8xf32> -> tensor<4xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %dx : tensor<8xf32>
}
// CHECK-LABEL: @slice(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.accumulate %[[ARG1]] at (d0) -> (d0 + 2) : tensor<4xf32> -> tensor<8xf32>
// CHECK-NEXT: return %[[V_0]] : tensor<8xf32>

func.func @gather(%x: tensor<9xf32>, %i: tensor<4xi32>, %dy: tensor<4xf32>) -> tensor<9xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<9xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<9xf32> {
  ^bb0(%a: tensor<9xf32>):
    %m = tds.gather %a[%i] at (d0)[s0] -> (s0) : tensor<9xf32>, (tensor<4xi32>) -> tensor<4xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %dx : tensor<9xf32>
}
// CHECK-LABEL: @gather(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.constant dense<0.000000e+00> : tensor<9xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.scatter add %[[V_0]], %[[ARG2]][%[[ARG1]]] at (d0)[s0] -> (s0) : tensor<9xf32>, tensor<4xf32>, (tensor<4xi32>)
// CHECK-NEXT: return %[[V_1]] : tensor<9xf32>

func.func @maximum_of(%x: tensor<4x8xf32>, %dy: tensor<4xf32>) -> tensor<4x8xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4x8xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4x8xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %m = tds.reduce max %a over [1] : tensor<4x8xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %dx : tensor<4x8xf32>
}
// CHECK-LABEL: @maximum_of(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.reduce max %[[ARG0]] over [1] : tensor<4x8xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.access %[[V_0]] at (d0, d1) -> (d0) : tensor<4xf32> -> tensor<4x8xf32>
// CHECK-NEXT: %[[V_2:.*]] = tds.eq %[[ARG0]], %[[V_1]] : tensor<4x8xf32>
// CHECK-NEXT: %[[V_3:.*]] = tds.convert %[[V_2]] : tensor<4x8xi1> -> tensor<4x8xf32>
// CHECK-NEXT: %[[V_4:.*]] = tds.reduce sum %[[V_3]] over [1] : tensor<4x8xf32>
// CHECK-NEXT: %[[V_5:.*]] = tds.div %[[ARG1]], %[[V_4]] : tensor<4xf32>
// CHECK-NEXT: %[[V_6:.*]] = tds.access %[[V_5]] at (d0, d1) -> (d0) : tensor<4xf32> -> tensor<4x8xf32>
// CHECK-NEXT: %[[V_7:.*]] = tds.constant dense<0.000000e+00> : tensor<4x8xf32>
// CHECK-NEXT: %[[V_8:.*]] = tds.select %[[V_2]], %[[V_6]], %[[V_7]] : tensor<4x8xf32>
// CHECK-NEXT: return %[[V_8]] : tensor<4x8xf32>

func.func @contract(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>, %dy: tensor<4x2xf32>) -> tensor<8x2xf32> {
  %z, %dx = tds.vjp wrt(%w : tensor<8x2xf32>) cotangent(%dy : tensor<4x2xf32>) -> tensor<4x2xf32>, tensor<8x2xf32> {
  ^bb0(%a: tensor<8x2xf32>):
    %m = tds.contract %x, %a maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2]
           : tensor<4x8xf32>, tensor<8x2xf32>
    tds.yield %m : tensor<4x2xf32>
  }
  return %dx : tensor<8x2xf32>
}
// CHECK-LABEL: @contract(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}, %[[ARG2:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.contract %[[ARG2]], %[[ARG0]] maps [{{.*}}] over [0] : tensor<4x2xf32>, tensor<4x8xf32>
// CHECK-NEXT: %[[V_1:.*]] = tds.access %[[V_0]] at (d0, d1) -> (d1, d0) : tensor<2x8xf32> -> tensor<8x2xf32>
// CHECK-NEXT: return %[[V_1]] : tensor<8x2xf32>

// The derivative passes a type of fewer bits and comes back.
func.func @convert(%x: tensor<4xf32>, %dy: tensor<4xf16>) -> tensor<4xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<4xf16>) -> tensor<4xf16>, tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %m = tds.convert %a : tensor<4xf32> -> tensor<4xf16>
    tds.yield %m : tensor<4xf16>
  }
  return %dx : tensor<4xf32>
}
// CHECK-LABEL: @convert(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.convert %[[ARG1]] : tensor<4xf16> -> tensor<4xf32>
// CHECK-NEXT: return %[[V_0]] : tensor<4xf32>

// dL/dre + i dL/dim: the partial derivative is conjugated, the cotangent of a real function of a complex number is complex.
func.func @complex(%x: tensor<complex<f32>>, %dy: tensor<f32>) -> tensor<complex<f32>> {
  %z, %dx = tds.vjp wrt(%x : tensor<complex<f32>>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<complex<f32>> {
  ^bb0(%a: tensor<complex<f32>>):
    %e = tds.exp %a : tensor<complex<f32>>
    %m = tds.imag %e : tensor<complex<f32>>
    tds.yield %m : tensor<f32>
  }
  return %dx : tensor<complex<f32>>
}
// CHECK-LABEL: @complex(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.exp %[[ARG0]] : tensor<complex<f32>>
// CHECK-NEXT: %[[V_1:.*]] = tds.convert %[[ARG1]] : tensor<f32> -> tensor<complex<f32>>
// CHECK-NEXT: %[[V_2:.*]] = tds.constant dense<(-0.000000e+00,1.000000e+00)> : tensor<complex<f32>>
// CHECK-NEXT: %[[V_3:.*]] = tds.mul %[[V_1]], %[[V_2]] : tensor<complex<f32>>
// CHECK-NEXT: %[[V_4:.*]] = tds.conj %[[V_0]] : tensor<complex<f32>>
// CHECK-NEXT: %[[V_5:.*]] = tds.mul %[[V_3]], %[[V_4]] : tensor<complex<f32>>
// CHECK-NEXT: return %[[V_5]] : tensor<complex<f32>>

// A value that is used twice gets the sum of both cotangents.
func.func @sum(%x: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    %s = tds.sin %a : tensor<f32>
    %m = tds.sub %s, %a : tensor<f32>
    tds.yield %m : tensor<f32>
  }
  return %dx : tensor<f32>
}
// CHECK-LABEL: @sum(
// CHECK-SAME: %[[ARG0:[^:]*]]: {{.*}}, %[[ARG1:[^:]*]]: {{.*}}
// CHECK-NEXT: %[[V_0:.*]] = tds.neg %[[ARG1]] : tensor<f32>
// CHECK-NEXT: %[[V_1:.*]] = tds.cos %[[ARG0]] : tensor<f32>
// CHECK-NEXT: %[[V_2:.*]] = tds.mul %[[ARG1]], %[[V_1]] : tensor<f32>
// CHECK-NEXT: %[[V_3:.*]] = tds.add %[[V_0]], %[[V_2]] : tensor<f32>
// CHECK-NEXT: return %[[V_3]] : tensor<f32>

// Where a value of an order comes from gets its cotangent.
func.func @sort(%x: tensor<4x8xf32>, %dy: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %z, %dx = tds.vjp wrt(%x : tensor<4x8xf32>) cotangent(%dy : tensor<4x8xf32>) -> tensor<4x8xf32>, tensor<4x8xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %s:2 = tds.sort %a : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4x8xi32>
    tds.yield %s#0 : tensor<4x8xf32>
  }
  return %dx : tensor<4x8xf32>
}
// CHECK-LABEL: @sort(
// CHECK: %{{.*}}, %[[IDS:.*]] = tds.sort
// CHECK: %[[ZERO:.*]] = tds.constant dense<0.000000e+00> : tensor<4x8xf32>
// CHECK-NEXT: tds.scatter add %[[ZERO]], %{{.*}}[%[[IDS]]] at (d0, d1)[s0] -> (d0, s0) {tds.unchecked}

// db = solve(a^H, dx), da = -db x^H
func.func @solve(%a: tensor<4x4xf32>, %b: tensor<4x2xf32>, %dy: tensor<4x2xf32>) -> (tensor<4x4xf32>, tensor<4x2xf32>) {
  %z, %da, %db = tds.vjp wrt(%a, %b : tensor<4x4xf32>, tensor<4x2xf32>) cotangent(%dy : tensor<4x2xf32>) -> tensor<4x2xf32>, tensor<4x4xf32>, tensor<4x2xf32> {
  ^bb0(%p: tensor<4x4xf32>, %q: tensor<4x2xf32>):
    %s = tds.solve %p, %q : tensor<4x4xf32>, tensor<4x2xf32>
    tds.yield %s : tensor<4x2xf32>
  }
  return %da, %db : tensor<4x4xf32>, tensor<4x2xf32>
}
// CHECK-LABEL: @solve(
// CHECK: %[[X:.*]] = tds.solve
// CHECK: %[[AT:.*]] = tds.access %{{.*}} at (d0, d1) -> (d1, d0)
// CHECK: %[[DB:.*]] = tds.solve %[[AT]], %{{.*}}
// CHECK: %[[XT:.*]] = tds.access %[[X]] at (d0, d1) -> (d1, d0)
// CHECK: %[[P:.*]] = tds.contract %[[DB]], %[[XT]]
// CHECK: tds.neg %[[P]]
