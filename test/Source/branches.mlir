// RUN: %tds-opt %s --print-tds-source -o /dev/null | FileCheck %s

func.func @of_all(%x: tensor<4xf32> {tds.name = "x"}, %k: tensor<f32> {tds.name = "k"}) -> (tensor<4xf32>, tensor<f32>) {
  %zero = tds.constant dense<0.0> : tensor<f32>
  %c = tds.gt %k, %zero : tensor<f32>
  %y:2 = tds.where %c : tensor<i1> -> tensor<4xf32>, tensor<f32> {
    %e = tds.exp %x : tensor<4xf32>
    %m = tds.mul %e, %e : tensor<4xf32>
    tds.yield %m, %k : tensor<4xf32>, tensor<f32>
  } else {
    tds.yield %x, %zero : tensor<4xf32>, tensor<f32>
  }
  return %y#0, %y#1 : tensor<4xf32>, tensor<f32>
}
// CHECK-LABEL: def of_all(x: f32[4], k: f32) -> (f32[4], f32) {
// CHECK-NEXT:   t2, t3 = if k > 0
// CHECK-NEXT:     then {
// CHECK-NEXT:       t1 = exp(x)
// CHECK-NEXT:       (t1 * t1, k)
// CHECK-NEXT:     }
// CHECK-NEXT:     else (x, f32(0))
// CHECK-NEXT:   (t2, t3)
// CHECK-NEXT: }

// A branch an element stands in index notation; what a side uses twice is bound within it.
func.func @of_each(%x: tensor<?x8xf32, ["n", "8"]> {tds.name = "x"}, %w: tensor<8xf32> {tds.name = "w"}) -> tensor<?xf32, ["n"]> {
  %i = tds.iota 0 : tensor<?xi64, ["n"]>
  %two = tds.constant dense<2> : tensor<i64> -> tensor<?xi64, ["n"]>
  %c = tds.lt %i, %two : tensor<?xi64, ["n"]>
  %y = tds.where %c : tensor<?xi1, ["n"]> -> tensor<?xf32, ["n"]> {
    %s = tds.contract %x, %w maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>] over [1]
           : tensor<?x8xf32, ["n", "8"]>, tensor<8xf32>
    %m = tds.mul %s, %s : tensor<?xf32, ["n"]>
    tds.yield %m : tensor<?xf32, ["n"]>
  } else {
    %f = tds.access %x at (d0) -> (d0, 3) : tensor<?x8xf32, ["n", "8"]> -> tensor<?xf32, ["n"]>
    %0 = tds.constant dense<0.0> : tensor<f32> -> tensor<?xf32, ["n"]>
    %p = tds.gt %f, %0 : tensor<?xf32, ["n"]>
    %q = tds.where %p : tensor<?xi1, ["n"]> -> tensor<?xf32, ["n"]> {
      %l = tds.log %f : tensor<?xf32, ["n"]>
      tds.yield %l : tensor<?xf32, ["n"]>
    } else {
      tds.yield %0 : tensor<?xf32, ["n"]>
    }
    tds.yield %q : tensor<?xf32, ["n"]>
  }
  return %y : tensor<?xf32, ["n"]>
}
// CHECK-LABEL: def of_each(x: f32[n, 8], w: f32[8]) -> f32[n] {
// CHECK-NEXT:   t3 = [i] =>
// CHECK-NEXT:     if i < 2
// CHECK-NEXT:       then {
// CHECK-NEXT:         t1 = sum[j](x[i, j] * w[j])
// CHECK-NEXT:         t1 * t1
// CHECK-NEXT:       }
// CHECK-NEXT:       else {
// CHECK-NEXT:         t2 = x[i, 3]
// CHECK-NEXT:         if t2 > 0 then log(t2) else f32(0)
// CHECK-NEXT:       }
// CHECK-NEXT:   t3
// CHECK-NEXT: }
