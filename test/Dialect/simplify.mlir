// RUN: %tds-opt %s --tds-simplify | FileCheck %s

// A product summed over a shared index is a contraction, its reads absorbed.
// CHECK-LABEL: @matmul
func.func @matmul(%x: tensor<4x8xf32>, %y: tensor<8x2xf32>) -> tensor<4x2xf32> {
  // CHECK-NEXT: %[[C:.*]] = tds.contract %{{.*}}, %{{.*}} maps [#{{.*}}, #{{.*}}] over [2] : tensor<4x8xf32>, tensor<8x2xf32>
  // CHECK-NEXT: return %[[C]]
  %a = tds.access %x at (d0, d1, d2) -> (d0, d2) : tensor<4x8xf32> -> tensor<4x2x8xf32>
  %b = tds.access %y at (d0, d1, d2) -> (d2, d1) : tensor<8x2xf32> -> tensor<4x2x8xf32>
  %m = tds.mul %a, %b : tensor<4x2x8xf32>
  %s = tds.reduce sum %m over [2] : tensor<4x2x8xf32>
  return %s : tensor<4x2xf32>
}

// Both factors whole: a sum over elements stays one, it fuses with what is around it.
// CHECK-LABEL: @elements
func.func @elements(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4xf32> {
  // CHECK-NOT: tds.contract
  %m = tds.mul %x, %y : tensor<4x8xf32>
  %s = tds.reduce sum %m over [1] : tensor<4x8xf32>
  return %s : tensor<4xf32>
}

// CHECK-LABEL: @transposed
func.func @transposed(%x: tensor<4x8xf32>, %y: tensor<2x8xf32>) -> tensor<4x2xf32> {
  // CHECK-NEXT: tds.contract
  // CHECK-NEXT: return
  %t = tds.access %y at (d0, d1) -> (d1, d0) : tensor<2x8xf32> -> tensor<8x2xf32>
  %s = tds.contract %x, %t maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2] : tensor<4x8xf32>, tensor<8x2xf32>
  return %s : tensor<4x2xf32>
}

// CHECK-LABEL: @transpose_of_contract
func.func @transpose_of_contract(%x: tensor<4x8xf32>, %y: tensor<8x2xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: %[[C:.*]] = tds.contract
  // CHECK-NEXT: return %[[C]] : tensor<2x4xf32>
  %s = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2] : tensor<4x8xf32>, tensor<8x2xf32>
  %t = tds.access %s at (d0, d1) -> (d1, d0) : tensor<4x2xf32> -> tensor<2x4xf32>
  return %t : tensor<2x4xf32>
}

// CHECK-LABEL: @sum_of_contract
func.func @sum_of_contract(%x: tensor<4x8xf32>, %y: tensor<8x2xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: tds.contract {{.*}} over [1, 2]
  // CHECK-NEXT: return
  %s = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2] : tensor<4x8xf32>, tensor<8x2xf32>
  %t = tds.reduce sum %s over [1] : tensor<4x2xf32>
  return %t : tensor<4xf32>
}

// CHECK-LABEL: @reads_of_reads
func.func @reads_of_reads(%x: tensor<9xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: tds.access %{{.*}} at (d0) -> (d0 * 2 + 1) : tensor<9xf32> -> tensor<4xf32>
  // CHECK-NEXT: return
  %a = tds.access %x at (d0) -> (d0 + 1) : tensor<9xf32> -> tensor<8xf32>
  %b = tds.access %a at (d0) -> (d0 * 2) : tensor<8xf32> -> tensor<4xf32>
  return %b : tensor<4xf32>
}

// CHECK-LABEL: @repeated_last
func.func @repeated_last(%x: tensor<?xf32, ["n"]>) -> tensor<?x8xf32, ["n", "8"]> {
  // CHECK: %[[E:.*]] = tds.exp %{{.*}} : tensor<?xf32, ["n"]>
  // CHECK-NEXT: tds.access %[[E]]
  %a = tds.access %x at (d0, d1) -> (d0) : tensor<?xf32, ["n"]> -> tensor<?x8xf32, ["n", "8"]>
  %b = tds.exp %a : tensor<?x8xf32, ["n", "8"]>
  return %b : tensor<?x8xf32, ["n", "8"]>
}

// CHECK-LABEL: @sum_of_repeated
func.func @sum_of_repeated(%x: tensor<?xf32, ["n"]>) -> tensor<?xf32, ["n"]> {
  // CHECK-DAG: %[[N:.*]] = tds.constant dense<8.000000e+00> : tensor<{{.*}}
  // CHECK: tds.mul %{{.*}}, %[[N]]
  %a = tds.access %x at (d0, d1) -> (d0) : tensor<?xf32, ["n"]> -> tensor<?x8xf32, ["n", "8"]>
  %b = tds.reduce sum %a over [1] : tensor<?x8xf32, ["n", "8"]>
  return %b : tensor<?xf32, ["n"]>
}

// CHECK-LABEL: @factor_out
func.func @factor_out(%x: tensor<4x8xf32>, %v: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[S:.*]] = tds.reduce sum %{{.*}} over [1] : tensor<4x8xf32>
  // CHECK-NEXT: tds.mul %[[S]], %{{.*}} : tensor<4xf32>
  %a = tds.access %v at (d0, d1) -> (d0) : tensor<4xf32> -> tensor<4x8xf32>
  %m = tds.mul %x, %a : tensor<4x8xf32>
  %b = tds.reduce sum %m over [1] : tensor<4x8xf32>
  return %b : tensor<4xf32>
}

// CHECK-LABEL: @arithmetic
func.func @arithmetic(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[N:.*]] = tds.neg %[[X:.*]] : tensor<4xf32>
  // CHECK-DAG: %[[S:.*]] = tds.sub %{{.*}}, %{{.*}} : tensor<4xf32>
  // CHECK-DAG: %[[TWO:.*]] = tds.mul
  // CHECK: return %{{arg0|x}}, %[[S]], %[[N]], %[[TWO]]
  %zero = tds.constant dense<0.0> : tensor<4xf32>
  %one = tds.constant dense<1.0> : tensor<4xf32>
  %minus = tds.constant dense<-1.0> : tensor<4xf32>
  %a = tds.add %x, %zero : tensor<4xf32>
  %b = tds.mul %a, %one : tensor<4xf32>
  %ny = tds.neg %y : tensor<4xf32>
  %nny = tds.neg %ny : tensor<4xf32>
  %n3 = tds.neg %nny : tensor<4xf32>
  %c = tds.add %x, %n3 : tensor<4xf32>
  %d = tds.mul %minus, %x : tensor<4xf32>
  %e = tds.add %x, %x : tensor<4xf32>
  return %b, %c, %d, %e : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// x * 0 is nan where x is: only known factors fold.
// CHECK-LABEL: @zero_stays
func.func @zero_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: tds.mul
  %zero = tds.constant dense<0.0> : tensor<4xf32>
  %a = tds.mul %x, %zero : tensor<4xf32>
  return %a : tensor<4xf32>
}

// CHECK-LABEL: @constants
func.func @constants() -> tensor<4xf32> {
  // CHECK-NEXT: %[[C:.*]] = tds.constant dense<5.000000e+00> : tensor<4xf32>
  // CHECK-NEXT: return %[[C]]
  %a = tds.constant dense<2.0> : tensor<4xf32>
  %b = tds.constant dense<3.0> : tensor<4xf32>
  %c = tds.add %a, %b : tensor<4xf32>
  return %c : tensor<4xf32>
}

// CHECK-LABEL: @choices
// CHECK-SAME: (%[[C:.*]]: tensor<4xi1>, %[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>)
func.func @choices(%c: tensor<4xi1>, %x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: return %[[X]], %[[Y]], %[[X]]
  %true = tds.constant dense<true> : tensor<4xi1>
  %false = tds.constant dense<false> : tensor<4xi1>
  %0 = tds.select %true, %x, %y : tensor<4xf32>
  %1 = tds.select %false, %x, %y : tensor<4xf32>
  %2 = tds.select %c, %x, %x : tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @converted_last
func.func @converted_last(%x: tensor<4xf32>) -> tensor<4x8xf64> {
  // CHECK-NEXT: %[[C:.*]] = tds.convert %{{.*}} : tensor<4xf32> -> tensor<4xf64>
  // CHECK-NEXT: tds.access %[[C]]
  %a = tds.access %x at (d0, d1) -> (d0) : tensor<4xf32> -> tensor<4x8xf32>
  %b = tds.convert %a : tensor<4x8xf32> -> tensor<4x8xf64>
  return %b : tensor<4x8xf64>
}

// Folds take host values: -0 and 0 are told apart, as compiled code does.
// CHECK-LABEL: @signed_zeros
func.func @signed_zeros() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xi8>) {
  // CHECK-DAG: %[[MAX:.*]] = tds.constant dense<0.000000e+00> : tensor<2xf32>
  // CHECK-DAG: %[[MIN:.*]] = tds.constant dense<-0.000000e+00> : tensor<2xf32>
  // CHECK-DAG: %[[WRAP:.*]] = tds.constant dense<-56> : tensor<2xi8>
  // CHECK: return %[[MAX]], %[[MIN]], %[[WRAP]]
  %a = tds.constant dense<[-0.0, 0.0]> : tensor<2xf32>
  %b = tds.constant dense<[0.0, -0.0]> : tensor<2xf32>
  %0 = tds.maximum %a, %b : tensor<2xf32>
  %1 = tds.minimum %a, %b : tensor<2xf32>
  %c = tds.constant dense<100> : tensor<2xi8>
  %2 = tds.add %c, %c : tensor<2xi8>
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xi8>
}

// A slice from the front has the map of a permutation, and is none.
// CHECK-LABEL: @slice
func.func @slice(%x: tensor<3x4xf32>, %v: tensor<4xf32>) -> tensor<3xf32> {
  // CHECK: tds.access %{{.*}} at (d0, d1) -> (d0, d1) : tensor<3x4xf32> -> tensor<3x2xf32>
  // CHECK: tds.contract {{.*}} : tensor<3x2xf32>, tensor<2xf32>
  %a = tds.access %x at (d0, d1) -> (d0, d1) : tensor<3x4xf32> -> tensor<3x2xf32>
  %b = tds.access %v at (d0) -> (d0) : tensor<4xf32> -> tensor<2xf32>
  %c = tds.access %b at (d0, d1) -> (d1) : tensor<2xf32> -> tensor<3x2xf32>
  %m = tds.mul %a, %c : tensor<3x2xf32>
  %s = tds.reduce sum %m over [1] : tensor<3x2xf32>
  return %s : tensor<3xf32>
}


// CHECK-LABEL: @conj_of_conj
// CHECK-NEXT: return %arg0
func.func @conj_of_conj(%x: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  %a = tds.conj %x : tensor<4xcomplex<f32>>
  %b = tds.conj %a : tensor<4xcomplex<f32>>
  return %b : tensor<4xcomplex<f32>>
}

// A reciprocal that one product reads is a quotient; one that several read is computed once.
// CHECK-LABEL: @quotient
// CHECK: %[[Q:.*]] = tds.div %arg0, %arg1
// CHECK: %[[I:.*]] = tds.div %{{.*}}, %arg0
// CHECK: %[[M:.*]] = tds.mul %arg0, %[[I]]
// CHECK: %[[N:.*]] = tds.mul %arg1, %[[I]]
// CHECK: return %[[Q]], %[[M]], %[[N]]
func.func @quotient(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %one = tds.constant dense<1.0> : tensor<4xf32>
  %i = tds.div %one, %y : tensor<4xf32>
  %q = tds.mul %x, %i : tensor<4xf32>
  %j = tds.div %one, %x : tensor<4xf32>
  %m = tds.mul %x, %j : tensor<4xf32>
  %n = tds.mul %y, %j : tensor<4xf32>
  return %q, %m, %n : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Of three factors the two are multiplied first that leave the least: w and b over i, never w * b * x over everything.
// CHECK-LABEL: @pairs
func.func @pairs(%w: tensor<1000x22xf64>, %b: tensor<22x3x4xf64>, %x: tensor<1000x4xf64>) -> tensor<1000x3xf64> {
  // CHECK: %[[T:.*]] = tds.contract %arg0, %arg1 {{.*}} : tensor<1000x22xf64>, tensor<22x3x4xf64>
  // CHECK: tds.contract %[[T]], %arg2
  %0 = tds.access %w at (d0, d1, d2, d3) -> (d0, d2) : tensor<1000x22xf64> -> tensor<1000x3x22x4xf64>
  %1 = tds.access %b at (d0, d1, d2, d3) -> (d2, d1, d3) : tensor<22x3x4xf64> -> tensor<1000x3x22x4xf64>
  %2 = tds.access %x at (d0, d1, d2, d3) -> (d0, d3) : tensor<1000x4xf64> -> tensor<1000x3x22x4xf64>
  %3 = tds.mul %0, %1 : tensor<1000x3x22x4xf64>
  %4 = tds.mul %3, %2 : tensor<1000x3x22x4xf64>
  %5 = tds.reduce sum %4 over [2, 3] : tensor<1000x3x22x4xf64>
  return %5 : tensor<1000x3xf64>
}

// A sum of products over one index space stays one pass.
// CHECK-LABEL: @elements_of_three
func.func @elements_of_three(%x: tensor<8x4xf64>, %y: tensor<8x4xf64>, %z: tensor<8x4xf64>) -> tensor<8xf64> {
  // CHECK: tds.mul
  // CHECK: tds.mul
  // CHECK: tds.reduce sum {{.*}} over [1]
  %0 = tds.mul %x, %y : tensor<8x4xf64>
  %1 = tds.mul %0, %z : tensor<8x4xf64>
  %2 = tds.reduce sum %1 over [1] : tensor<8x4xf64>
  return %2 : tensor<8xf64>
}

// CHECK-LABEL: @one_element
// CHECK-NEXT: tds.access %arg0 at (d0) -> (d0, 0)
func.func @one_element(%x: tensor<8x1xf64>) -> tensor<8xf64> {
  %0 = tds.reduce sum %x over [1] : tensor<8x1xf64>
  return %0 : tensor<8xf64>
}

// What reaches all of its places is read, and so is a shift: between zeros.
// CHECK-LABEL: @accumulated
func.func @accumulated(%x: tensor<8x3xf64>) -> (tensor<8x1xf64>, tensor<8x4xf64>, tensor<4x3xf64>) {
  // CHECK-DAG: tds.access %arg0 at (d0, d1) -> (d0, d1 + 2) : tensor<8x3xf64> -> tensor<8x1xf64>
  // CHECK-DAG: tds.access %arg0 at (d0, d1) -> (d0, d1 - 1) else %{{.*}} : tensor<8x3xf64> -> tensor<8x4xf64>
  %0 = tds.accumulate %x at (d0, d1) -> (d0, d1 - 2) drop : tensor<8x3xf64> -> tensor<8x1xf64>
  %1 = tds.accumulate %x at (d0, d1) -> (d0, d1 + 1) : tensor<8x3xf64> -> tensor<8x4xf64>
  // CHECK-DAG: tds.accumulate %arg0 at (d0, d1) -> (d0, d1) wrap : tensor<8x3xf64> -> tensor<4x3xf64>
  %2 = tds.accumulate %x at (d0, d1) -> (d0, d1) wrap : tensor<8x3xf64> -> tensor<4x3xf64>
  return %0, %1, %2 : tensor<8x1xf64>, tensor<8x4xf64>, tensor<4x3xf64>
}

// An element of [a, b] is a or b.
// CHECK-LABEL: @element_of_list
// CHECK-SAME: (%[[A:.*]]: tensor<8x1xf64>, %[[B:.*]]: tensor<8x2xf64>)
func.func @element_of_list(%a: tensor<8x1xf64>, %b: tensor<8x2xf64>) -> (tensor<8xf64>, tensor<8xf64>) {
  // CHECK-DAG: tds.access %[[A]] at (d0) -> (d0, 0)
  // CHECK-DAG: tds.access %[[B]] at (d0) -> (d0, 0)
  %0 = tds.access %a at (d0, d1) -> (d0, d1 - 1) else %b : tensor<8x1xf64>, tensor<8x2xf64> -> tensor<8x2xf64>
  %1 = tds.access %0 at (d0) -> (d0, 1) : tensor<8x2xf64> -> tensor<8xf64>
  %2 = tds.access %0 at (d0) -> (d0, 0) : tensor<8x2xf64> -> tensor<8xf64>
  return %1, %2 : tensor<8xf64>, tensor<8xf64>
}

// CHECK-LABEL: @condition_again
// CHECK-SAME: (%[[C:.*]]: tensor<8xi1>)
func.func @condition_again(%c: tensor<8xi1>) -> (tensor<8xi1>, tensor<2x8xi1>) {
  // CHECK: %[[R:.*]] = tds.access %[[C]] at (d0, d1) -> (d1)
  // CHECK: return %[[C]], %[[R]]
  %three = tds.constant dense<3.0> : tensor<8xf64>
  %zero = tds.constant dense<0.0> : tensor<8xf64>
  %zeros = tds.constant dense<0.0> : tensor<2x8xf64>
  %n = tds.convert %c : tensor<8xi1> -> tensor<8xf64>
  %m = tds.mul %n, %three : tensor<8xf64>
  %0 = tds.ne %m, %zero : tensor<8xf64>
  %r = tds.access %n at (d0, d1) -> (d1) : tensor<8xf64> -> tensor<2x8xf64>
  %1 = tds.ne %r, %zeros : tensor<2x8xf64>
  return %0, %1 : tensor<8xi1>, tensor<2x8xi1>
}
