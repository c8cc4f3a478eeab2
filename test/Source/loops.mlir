// RUN: %tds-opt %s --print-tds-source -o /dev/null | FileCheck %s

// A loop assigns to names that are bound before it; the counter stands in subscripts as it is.
func.func @rounds(%w: tensor<4x4xf32> {tds.name = "w"}, %x: tensor<?x4xf32, ["t", "4"]> {tds.name = "x"})
    -> (tensor<4xf32>, tensor<?x4xf32, ["t", "4"]>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tds.size "t"
  %n = tensor.extract %s[] : tensor<i64>
  %end = arith.index_cast %n : i64 to index
  %zero = tds.constant dense<0.0> : tensor<4xf32>
  %zeros = tds.constant dense<0.0> : tensor<f32> -> tensor<?x4xf32, ["t", "4"]>
  %r:2 = scf.for %i = %c0 to %end step %c1 iter_args(%h = %zero, %all = %zeros) -> (tensor<4xf32>, tensor<?x4xf32, ["t", "4"]>) {
    %k = arith.index_cast %i : index to i64
    %count = tensor.from_elements %k : tensor<i64>
    %ids = tds.access %count at (d0) -> () : tensor<i64> -> tensor<4xi64>
    %row = tds.gather %x[%ids] at (d0)[s0] -> (s0, d0) : tensor<?x4xf32, ["t", "4"]>, (tensor<4xi64>) -> tensor<4xf32>
    %m = tds.contract %h, %w maps [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d1, d0)>] over [1]
           : tensor<4xf32>, tensor<4x4xf32>
    %a = tds.add %m, %row : tensor<4xf32>
    %next = tds.tanh %a : tensor<4xf32>
    %kept = tds.scatter set %all, %next[%ids] at (d0)[s0] -> (s0, d0) clamp : tensor<?x4xf32, ["t", "4"]>, tensor<4xf32>, (tensor<4xi64>)
    scf.yield %next, %kept : tensor<4xf32>, tensor<?x4xf32, ["t", "4"]>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<?x4xf32, ["t", "4"]>
}
// CHECK-LABEL: def rounds(w: f32[4, 4], x: f32[t, 4]) -> (f32[4], f32[t, 4]) {
// CHECK-NEXT:   t1 = zeros(4)
// CHECK-NEXT:   t2 = zeros((t, 4))
// CHECK-NEXT:   for i in 0..t {
// CHECK-NEXT:     t3 = tanh(t1 @ w + x[i])
// CHECK-NEXT:     t2[i] = t3
// CHECK-NEXT:     t1 = t3
// CHECK-NEXT:   }
// CHECK-NEXT:   (t1, t2)
// CHECK-NEXT: }

// A condition that takes statements is a block.
func.func @condition(%x: tensor<4xf32> {tds.name = "x"}) -> tensor<4xf32> {
  %limit = tds.constant dense<9.0> : tensor<f32>
  %r = scf.while (%y = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    %e = tds.exp %y : tensor<4xf32>
    %m = tds.mul %e, %e : tensor<4xf32>
    %s = tds.reduce sum %m over [0] : tensor<4xf32>
    %c = tds.lt %s, %limit : tensor<f32>
    %go = tensor.extract %c[] : tensor<i1>
    scf.condition(%go) %y : tensor<4xf32>
  } do {
  ^bb0(%y: tensor<4xf32>):
    %n = tds.add %y, %y : tensor<4xf32>
    scf.yield %n : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
// CHECK-LABEL: def condition(x: f32[4]) -> f32[4] {
// CHECK-NEXT:   t1 = x
// CHECK-NEXT:   while {
// CHECK-NEXT:     t2 = exp(t1)
// CHECK-NEXT:     sum(t2 * t2) < 9
// CHECK-NEXT:   } {
// CHECK-NEXT:     t1 = t1 + t1
// CHECK-NEXT:   }
// CHECK-NEXT:   t1
// CHECK-NEXT: }

// A size that is no dimension of a parameter is a parameter.
func.func @size(%x: tensor<?xf32, ["n"]> {tds.name = "x"}) -> tensor<?x?xf32, ["n", "k"]> {
  %y = tds.access %x at (d0, d1)[s0] -> (d0 floordiv s0) sizes ["k"] : tensor<?xf32, ["n"]> -> tensor<?x?xf32, ["n", "k"]>
  return %y : tensor<?x?xf32, ["n", "k"]>
}
// CHECK-LABEL: def size(x: f32[n], k: dim) -> f32[n, k] = [i < n, j < k] => x[i // k]
