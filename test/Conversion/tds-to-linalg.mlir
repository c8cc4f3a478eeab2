// RUN: %tds-opt %s --convert-tds-to-linalg --canonicalize | FileCheck %s
// What becomes of each op; the numbers are held by test/Gradients and test/Differential.

// CHECK-LABEL: @pointwise
func.func @pointwise(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: linalg.generic {{.*}}iterator_types = ["parallel"]
  // CHECK: arith.addf
  %0 = tds.add %x, %y : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// A bool is a byte in memory.
// CHECK-LABEL: @compare
// CHECK-SAME: -> tensor<4xi8>
func.func @compare(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xi1> {
  // CHECK: arith.cmpf olt
  // CHECK: arith.extui
  %0 = tds.lt %x, %y : tensor<4xf32>
  return %0 : tensor<4xi1>
}

// An unsigned byte divides as one.
// CHECK-LABEL: @unsigned
func.func @unsigned(%x: tensor<4xui8>, %y: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK: arith.divui
  %0 = tds.floordiv %x, %y : tensor<4xui8>
  return %0 : tensor<4xui8>
}

// A permutation is an indexing map, which fuses.
// CHECK-LABEL: @transpose
func.func @transpose(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // CHECK-NOT: tensor.extract
  // CHECK: linalg.{{generic|transpose}}
  %0 = tds.access %x at (d0, d1) -> (d1, d0) : tensor<4x8xf32> -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// CHECK-LABEL: @otherwise
func.func @otherwise(%x: tensor<4xf32>, %e: tensor<f32>) -> tensor<6xf32> {
  // CHECK: {{arith.select|tensor.pad|tensor.insert_slice}}
  %0 = tds.access %x at (d0) -> (d0 - 1) else %e : tensor<4xf32> -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// An index that is data is checked by its greatest unsigned value, and clamped where it is read.
// CHECK-LABEL: @gather
func.func @gather(%x: tensor<9xf32>, %i: tensor<3xi32>) -> tensor<3xf32> {
  // CHECK: arith.max{{[us]}}i
  // CHECK: call @tds_report_index
  // CHECK: tensor.extract
  %0 = tds.gather %x[%i] at (d0)[s0] -> (s0) : tensor<9xf32>, (tensor<3xi32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// A loop with a check in it goes on only while all have held; another pays nothing.
// CHECK-LABEL: @search
func.func @search(%x: tensor<9xf32>, %i: tensor<i32>, %one: tensor<i32>) -> tensor<i32> {
  // CHECK: scf.while
  // CHECK: call @tds_report_index
  // CHECK: %[[FINE:.*]] = func.call @tds_no_report() : () -> i1
  // CHECK: %[[GO:.*]] = arith.andi %{{.*}}, %[[FINE]] : i1
  // CHECK: scf.condition(%[[GO]])
  %r = scf.while (%s = %i) : (tensor<i32>) -> tensor<i32> {
    %v = tds.gather %x[%s] at ()[s0] -> (s0) : tensor<9xf32>, (tensor<i32>) -> tensor<f32>
    %z = tds.constant dense<0.0> : tensor<f32>
    %c = tds.gt %v, %z : tensor<f32>
    %b = tensor.extract %c[] : tensor<i1>
    scf.condition(%b) %s : tensor<i32>
  } do {
  ^bb0(%s: tensor<i32>):
    %n = tds.add %s, %one : tensor<i32>
    scf.yield %n : tensor<i32>
  }
  return %r : tensor<i32>
}

// CHECK-LABEL: @count
func.func @count(%i: tensor<i32>, %n: tensor<i32>) -> tensor<i32> {
  // CHECK: scf.while
  // CHECK-NOT: @tds_no_report
  // CHECK: return
  %r = scf.while (%s = %i) : (tensor<i32>) -> tensor<i32> {
    %c = tds.lt %s, %n : tensor<i32>
    %b = tensor.extract %c[] : tensor<i1>
    scf.condition(%b) %s : tensor<i32>
  } do {
  ^bb0(%s: tensor<i32>):
    %m = tds.add %s, %s : tensor<i32>
    scf.yield %m : tensor<i32>
  }
  return %r : tensor<i32>
}

// CHECK-LABEL: @scatter
func.func @scatter(%x: tensor<9xf32>, %v: tensor<3xf32>, %i: tensor<3xi32>) -> tensor<9xf32> {
  // CHECK: scf.for
  // CHECK: arith.addf
  // CHECK: tensor.insert
  %0 = tds.scatter add %x, %v[%i] at (d0)[s0] -> (s0) : tensor<9xf32>, tensor<3xf32>, (tensor<3xi32>)
  return %0 : tensor<9xf32>
}

// CHECK-LABEL: @contract
func.func @contract(%x: tensor<4x8xf32>, %y: tensor<8x2xf32>) -> tensor<4x2xf32> {
  // CHECK: linalg.fill
  // CHECK: linalg.generic {{.*}}["parallel", "parallel", "reduction"]
  // CHECK-SAME: attrs = {tds.contract}
  %0 = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2] : tensor<4x8xf32>, tensor<8x2xf32>
  return %0 : tensor<4x2xf32>
}

// 16-bit elements are summed in 32.
// CHECK-LABEL: @half
func.func @half(%x: tensor<8xf16>) -> tensor<f16> {
  // CHECK: arith.extf
  // CHECK: arith.addf {{.*}} : f32
  %0 = tds.reduce sum %x over [0] : tensor<8xf16>
  return %0 : tensor<f16>
}

// CHECK-LABEL: @argmax
func.func @argmax(%x: tensor<8xf32>) -> tensor<i32> {
  // CHECK: linalg.generic {{.*}}["reduction"]
  %0 = tds.reduce argmax %x over [0] : tensor<8xf32>
  return %0 : tensor<i32>
}

// CHECK-LABEL: @scan
func.func @scan(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: scf.for
  %0 = tds.scan sum %x along 0 : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: @reshape
func.func @reshape(%x: tensor<4x8xf32>) -> tensor<2x16xf32> {
  // CHECK: tensor.{{collapse_shape|expand_shape|reshape}}
  %0 = tds.reshape %x : tensor<4x8xf32> -> tensor<2x16xf32>
  return %0 : tensor<2x16xf32>
}

// Philox' multipliers.
// CHECK-LABEL: @random
func.func @random(%k: tensor<ui64>) -> tensor<8xi32> {
  // CHECK-DAG: 3528531795
  // CHECK-DAG: 3449720151
  %0 = tds.random_bits %k : tensor<ui64> -> tensor<8xi32>
  return %0 : tensor<8xi32>
}

// CHECK-LABEL: @branch_of_all
func.func @branch_of_all(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: scf.if
  %0 = tds.where %c : tensor<i1> -> tensor<4xf32> {
    %t = tds.log %x : tensor<4xf32>
    tds.yield %t : tensor<4xf32>
  } else {
    tds.yield %x : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @branch_of_each
func.func @branch_of_each(%c: tensor<4xi1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NOT: scf.if
  // CHECK: arith.select
  %0 = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
    %t = tds.log %x : tensor<4xf32>
    tds.yield %t : tensor<4xf32>
  } else {
    tds.yield %x : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @composite
func.func @composite(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NOT: tds.composite
  // CHECK: arith.addf
  %0 = tds.composite "twice"(%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %t = tds.add %a, %a : tensor<4xf32>
    tds.yield %t : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// A primitive is a call of the runtime: rows, size, count, element, descending, and which results are read.
// CHECK-LABEL: @sort
func.func @sort(%x: tensor<4x8xf32>) -> tensor<4x8xi32> {
  // CHECK: rt.call "tds_sort"(%{{.*}} : tensor<4x8xf32>) into(%{{.*}}, %{{.*}} : tensor<0xf32>, tensor<4x8xi32>) numbers [4, 8, 8, 8, 0, 0, 1]
  %0:2 = tds.sort %x : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4x8xi32>
  return %0#1 : tensor<4x8xi32>
}

// Whether a failure is checked, and the number of the place.
// CHECK-LABEL: @factors
func.func @factors(%a: tensor<7x4x4xf64>, %b: tensor<7x4x2xf64>) -> (tensor<7x4x4xf64>, tensor<7x4x2xf64>, tensor<7xf64>) {
  // CHECK: rt.call "tds_cholesky"({{.*}}) into({{.*}}) numbers [7, 4, 9, 0, {{[0-9]+}}]
  %0 = tds.cholesky %a unchecked : tensor<7x4x4xf64>
  // CHECK: rt.call "tds_solve"({{.*}}) into({{.*}}) numbers [7, 4, 2, 9, 1, {{[0-9]+}}]
  %1 = tds.solve %a, %b : tensor<7x4x4xf64>, tensor<7x4x2xf64>
  // CHECK: rt.call "tds_det"({{.*}}) into({{.*}}) numbers [7, 4, 9, {{[0-9]+}}]
  %2 = tds.det %a : tensor<7x4x4xf64>
  return %0, %1, %2 : tensor<7x4x4xf64>, tensor<7x4x2xf64>, tensor<7xf64>
}

// In a branch an element a failing matrix may be one whose result nobody takes.
// CHECK-LABEL: @factor_of_some
func.func @factor_of_some(%c: tensor<4x4xi1>, %a: tensor<4x4xf64>) -> tensor<4x4xf64> {
  // CHECK: rt.call "tds_cholesky"({{.*}}) into({{.*}}) numbers [1, 4, 9, 0, {{[0-9]+}}]
  %0 = tds.where %c : tensor<4x4xi1> -> tensor<4x4xf64> {
    %t = tds.cholesky %a : tensor<4x4xf64>
    tds.yield %t : tensor<4x4xf64>
  } else {
    tds.yield %a : tensor<4x4xf64>
  }
  return %0 : tensor<4x4xf64>
}

// CHECK-LABEL: @transform
func.func @transform(%x: tensor<4x8xf32>) -> tensor<4x5xcomplex<f32>> {
  // CHECK: rt.call "tds_fft"({{.*}}) into({{.*}}) numbers [4, 8, 10, 2]
  %0 = tds.fft rfft %x : tensor<4x8xf32> -> tensor<4x5xcomplex<f32>>
  return %0 : tensor<4x5xcomplex<f32>>
}

// Nothing is asked of tensors without elements.
// CHECK-LABEL: @nothing
// CHECK-NOT: rt.call
func.func @nothing(%x: tensor<0x8xf32>) -> tensor<0x8xf32> {
  %0:2 = tds.sort %x : tensor<0x8xf32> -> tensor<0x8xf32>, tensor<0x8xi32>
  return %0#0 : tensor<0x8xf32>
}

// A function of the host: its number, the place, rows, whether there is a mask, how many arguments and results; of each
// element, rank, sizes. The first operand of a guarded one is the mask.
// CHECK-LABEL: @host
func.func @host(%x: tensor<3x4xf32>, %k: tensor<3xui64>, %n: index) -> (tensor<3xi1>, tensor<3x2xf64>) {
  // CHECK: %[[D:.*]] = arith.constant dense<[0, [[P:[0-9]+]], 3, 0, 2, 2, 8, 1, 4, 12, 0, 0, 0, 9, 1, 2]> : tensor<16xi64>
  // CHECK: rt.call "tds_host_call"(%[[D]], {{.*}} : tensor<16xi64>, tensor<3x4xf32>, tensor<3xi64>) into({{.*}} : tensor<3xi8>, tensor<3x2xf64>) numbers [[[P]]] {tds.checked}
  %0:2 = tds.host "f" batch 1 (%x, %k) : (tensor<3x4xf32>, tensor<3xui64>) -> (tensor<3xi1>, tensor<3x2xf64>)
  return %0#0, %0#1 : tensor<3xi1>, tensor<3x2xf64>
}

// CHECK-LABEL: @host_of_some
func.func @host_of_some(%c: tensor<3xi1>, %x: tensor<3xf32>) -> tensor<3xf32> {
  // CHECK: arith.constant dense<[0, {{[0-9]+}}, 3, 1, 1, 1, 8, 0, 8, 0]> : tensor<10xi64>
  // CHECK: rt.call "tds_host_call"({{.*}} : tensor<10xi64>, tensor<3xi8>, tensor<3xf32>) into({{.*}} : tensor<3xf32>)
  %0 = tds.host "f" batch 1 (%c, %x) {tds.guarded} : (tensor<3xi1>, tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// The adjoint of a slice is added to the slice alone: no zeros are made.
// CHECK-LABEL: func.func @added_to_slice
// CHECK-NOT: linalg.fill
// CHECK: %[[S:.*]] = tensor.extract_slice %arg0[0, 3] [8, 1] [1, 1]
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[S]], %arg1
// CHECK: tensor.insert_slice %[[SUM]] into %arg0[0, 3] [8, 1] [1, 1]
func.func @added_to_slice(%y: tensor<8x5xf64>, %x: tensor<8xf64>) -> tensor<8x5xf64> {
  %0 = tds.accumulate %x at (d0) -> (d0, 3) : tensor<8xf64> -> tensor<8x5xf64>
  %1 = tds.add %y, %0 : tensor<8x5xf64>
  return %1 : tensor<8x5xf64>
}
