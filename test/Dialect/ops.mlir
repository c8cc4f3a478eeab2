// RUN: %tds-opt %s | %tds-opt | FileCheck %s
// Each op prints what it parses.

// CHECK-LABEL: @numbers
func.func @numbers(%x: tensor<?x64xf32, ["n", "64"]>, %i: tensor<4xi32>) {
  // CHECK: tds.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  %0 = tds.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: tds.constant dense<0.000000e+00> : tensor<f32> -> tensor<?xf32, ["n"]>
  %1 = tds.constant dense<0.0> : tensor<f32> -> tensor<?xf32, ["n"]>
  // CHECK: tds.size "2 * n"
  %2 = tds.size "2 * n"
  // CHECK: tds.iota 1 : tensor<3x5xi64>
  %3 = tds.iota 1 : tensor<3x5xi64>
  // CHECK: tds.convert %{{.*}} : tensor<4xi32> -> tensor<4xf64>
  %4 = tds.convert %i : tensor<4xi32> -> tensor<4xf64>
  // CHECK: tds.exp %{{.*}} : tensor<?x64xf32, ["n", "64"]>
  %5 = tds.exp %x : tensor<?x64xf32, ["n", "64"]>
  // CHECK: tds.lt %{{.*}}, %{{.*}} : tensor<?x64xf32, ["n", "64"]>
  %6 = tds.lt %x, %5 : tensor<?x64xf32, ["n", "64"]>
  // CHECK: tds.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xf32, ["n", "64"]>
  %7 = tds.select %6, %x, %5 : tensor<?x64xf32, ["n", "64"]>
  return
}

// CHECK-LABEL: @reads
func.func @reads(%x: tensor<4x8xf32>, %v: tensor<?xf32, ["n"]>, %i: tensor<3xi32>, %e: tensor<f32>, %w: tensor<3xf32>) {
  // CHECK: tds.access %{{.*}} at (d0, d1) -> (d1, d0) : tensor<4x8xf32> -> tensor<8x4xf32>
  %0 = tds.access %x at (d0, d1) -> (d1, d0) : tensor<4x8xf32> -> tensor<8x4xf32>
  // CHECK: tds.access %{{.*}} at (d0)[s0] -> (-d0 + s0) sizes ["n"] else %{{.*}} : tensor<?xf32, ["n"]> -> tensor<8xf32>
  %1 = tds.access %v at (d0)[s0] -> (s0 - d0) sizes ["n"] else %e : tensor<?xf32, ["n"]> -> tensor<8xf32>
  // CHECK: tds.access %{{.*}} at (d0) -> (d0 + 3, 0) wrap : tensor<4x8xf32> -> tensor<4xf32>
  %2 = tds.access %x at (d0) -> (d0 + 3, 0) wrap : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK: tds.gather %{{.*}}[%{{.*}}] at (d0)[s0] -> (s0, d0) : tensor<4x8xf32>, (tensor<3xi32>) -> tensor<3xf32>
  %3 = tds.gather %x[%i] at (d0)[s0] -> (s0, d0) : tensor<4x8xf32>, (tensor<3xi32>) -> tensor<3xf32>
  // CHECK: tds.accumulate %{{.*}} at (d0) -> (d0 + 1) drop : tensor<3xf32> -> tensor<3xf32>
  %4 = tds.accumulate %w at (d0) -> (d0 + 1) drop : tensor<3xf32> -> tensor<3xf32>
  // CHECK: tds.scatter add %{{.*}}, %{{.*}}[%{{.*}}] at (d0)[s0] -> (s0) : tensor<3xf32>, tensor<3xf32>, (tensor<3xi32>)
  %5 = tds.scatter add %w, %w[%i] at (d0)[s0] -> (s0) : tensor<3xf32>, tensor<3xf32>, (tensor<3xi32>)
  return
}

// CHECK-LABEL: @sums
func.func @sums(%x: tensor<4x8xf32>, %y: tensor<8x2xf32>) {
  // CHECK: tds.reduce max %{{.*}} over [1] : tensor<4x8xf32>
  %0 = tds.reduce max %x over [1] : tensor<4x8xf32>
  // CHECK: tds.scan sum %{{.*}} along 0 : tensor<4x8xf32>
  %1 = tds.scan sum %x along 0 : tensor<4x8xf32>
  // CHECK: tds.contract %{{.*}}, %{{.*}} maps [#{{.*}}, #{{.*}}] over [2] : tensor<4x8xf32>, tensor<8x2xf32>
  %2 = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2] : tensor<4x8xf32>, tensor<8x2xf32>
  // CHECK: tds.reshape %{{.*}} : tensor<4x8xf32> -> tensor<2x16xf32>
  %3 = tds.reshape %x : tensor<4x8xf32> -> tensor<2x16xf32>
  return
}

// CHECK-LABEL: @keys
func.func @keys(%k: tensor<ui64>, %i: tensor<i64>) {
  // CHECK: tds.derive_key %{{.*}}, %{{.*}} domain 1 : tensor<ui64>, tensor<i64>
  %0 = tds.derive_key %k, %i domain 1 : tensor<ui64>, tensor<i64>
  // CHECK: tds.random_bits %{{.*}} : tensor<ui64> -> tensor<4x8xi32>
  %1 = tds.random_bits %0 : tensor<ui64> -> tensor<4x8xi32>
  return
}

// CHECK-LABEL: @bodies
func.func @bodies(%c: tensor<4xi1>, %x: tensor<4xf32>, %dy: tensor<f32>) {
  // CHECK: tds.where %{{.*}} : tensor<4xi1> -> tensor<4xf32> {
  // CHECK: tds.yield %{{.*}} : tensor<4xf32>
  // CHECK: } else {
  %0 = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
    %t = tds.log %x : tensor<4xf32>
    tds.yield %t : tensor<4xf32>
  } else {
    tds.yield %x : tensor<4xf32>
  }
  // CHECK: tds.composite "twice"(%{{.*}}) : (tensor<4xf32>) -> tensor<4xf32> {
  %1 = tds.composite "twice"(%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %t = tds.add %a, %a : tensor<4xf32>
    tds.yield %t : tensor<4xf32>
  }
  // CHECK: tds.vjp
  %2:2 = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<4xf32> {
  ^bb0(%q: tensor<4xf32>):
    %s = tds.reduce sum %q over [0] : tensor<4xf32>
    tds.yield %s : tensor<f32>
  }
  // CHECK: tds.jvp wrt(%{{.*}} : tensor<4xf32>) tangents(%{{.*}} : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  %3:2 = tds.jvp wrt(%x : tensor<4xf32>) tangents(%x : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%q: tensor<4xf32>):
    %s = tds.sin %q : tensor<4xf32>
    tds.yield %s : tensor<4xf32>
  }
  return
}

// CHECK-LABEL: @primitives
func.func @primitives(%x: tensor<4x8xf32>, %u: tensor<4x?xf32, ["4", "n"]>, %z: tensor<4x5xcomplex<f32>>, %a: tensor<7x4x4xf64>, %b: tensor<7x4x2xf64>) {
  // CHECK: tds.sort %{{.*}} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4x8xi32>
  %0:2 = tds.sort %x : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4x8xi32>
  // CHECK: tds.sort descending %{{.*}} : tensor<4x?xf32, ["4", "n"]> -> tensor<4x3xf32>, tensor<4x3xi32>
  %1:2 = tds.sort descending %u : tensor<4x?xf32, ["4", "n"]> -> tensor<4x3xf32>, tensor<4x3xi32>
  // CHECK: tds.fft fft %{{.*}} : tensor<4x5xcomplex<f32>> -> tensor<4x5xcomplex<f32>>
  %2 = tds.fft fft %z : tensor<4x5xcomplex<f32>> -> tensor<4x5xcomplex<f32>>
  // CHECK: tds.fft rfft %{{.*}} : tensor<4x8xf32> -> tensor<4x5xcomplex<f32>>
  %3 = tds.fft rfft %x : tensor<4x8xf32> -> tensor<4x5xcomplex<f32>>
  // CHECK: tds.fft irfft %{{.*}} : tensor<4x5xcomplex<f32>> -> tensor<4x9xf32>
  %4 = tds.fft irfft %z : tensor<4x5xcomplex<f32>> -> tensor<4x9xf32>
  // CHECK: tds.cholesky %{{.*}} : tensor<7x4x4xf64>
  %5 = tds.cholesky %a : tensor<7x4x4xf64>
  // CHECK: tds.cholesky %{{.*}} unchecked : tensor<7x4x4xf64>
  %6 = tds.cholesky %a unchecked : tensor<7x4x4xf64>
  // CHECK: tds.triangular_solve upper %{{.*}}, %{{.*}} : tensor<7x4x4xf64>, tensor<7x4x2xf64>
  %7 = tds.triangular_solve upper %a, %b : tensor<7x4x4xf64>, tensor<7x4x2xf64>
  // CHECK: tds.solve %{{.*}}, %{{.*}} : tensor<7x4x4xf64>, tensor<7x4x2xf64>
  %8 = tds.solve %a, %b : tensor<7x4x4xf64>, tensor<7x4x2xf64>
  // CHECK: tds.det %{{.*}} : tensor<7x4x4xf64>
  %9 = tds.det %a : tensor<7x4x4xf64>
  // CHECK: tds.abs %{{.*}} : tensor<7xf64>
  %10 = tds.abs %9 : tensor<7xf64>
  return
}

// CHECK-LABEL: @host
func.func @host(%x: tensor<3x4xf32>, %k: tensor<3xui64>) {
  // CHECK: tds.host "f" batch 1(%{{.*}}, %{{.*}}) : (tensor<3x4xf32>, tensor<3xui64>) -> (tensor<3xi1>, tensor<3x2xf64>)
  %0:2 = tds.host "f" batch 1 (%x, %k) : (tensor<3x4xf32>, tensor<3xui64>) -> (tensor<3xi1>, tensor<3x2xf64>)
  return
}
