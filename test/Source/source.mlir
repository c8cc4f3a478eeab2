// RUN: %tds-opt %s --print-tds-source -o /dev/null | FileCheck %s

// Leaves are put together to records and tuples; named values keep their names, what led to them has none; gradients are called
// d_ and their variable.
func.func @step(%w: tensor<?x?xf32, ["i", "h"]> {tds.name = "p.w"}, %b: tensor<?xf32, ["h"]> {tds.name = "p.b"},
                %x: tensor<?x?xf32, ["n", "i"]> {tds.name = "x"})
    -> (tensor<f32> {tds.name = "0"}, tensor<?x?xf32, ["i", "h"]> {tds.name = "1.w"}, tensor<?xf32, ["h"]> {tds.name = "1.b"}) {
  %m = tds.contract %x, %w maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2]
         : tensor<?x?xf32, ["n", "i"]>, tensor<?x?xf32, ["i", "h"]> loc("h"("a":1:1))
  %bb = tds.access %b at (d0, d1) -> (d1) : tensor<?xf32, ["h"]> -> tensor<?x?xf32, ["n", "h"]> loc("h"("a":1:1))
  %s = tds.add %m, %bb : tensor<?x?xf32, ["n", "h"]> loc("h"("a":1:1))
  %t = tds.tanh %s : tensor<?x?xf32, ["n", "h"]>
  %l = tds.reduce sum %t over [0, 1] : tensor<?x?xf32, ["n", "h"]> loc("loss"("a":2:1))
  %one = tds.constant dense<1.0> : tensor<f32> -> tensor<?x?xf32, ["n", "h"]>
  %sq = tds.mul %t, %t : tensor<?x?xf32, ["n", "h"]>
  %dh = tds.sub %one, %sq : tensor<?x?xf32, ["n", "h"]> loc("d_h"("a":1:1))
  %db = tds.reduce sum %dh over [0] : tensor<?x?xf32, ["n", "h"]> loc("d_p.b"("a":1:1))
  %dw = tds.contract %x, %dh maps [affine_map<(d0, d1, d2) -> (d2, d0)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2]
         : tensor<?x?xf32, ["n", "i"]>, tensor<?x?xf32, ["n", "h"]> loc("d_p.w"("a":1:1))
  return %l, %dw, %db : tensor<f32>, tensor<?x?xf32, ["i", "h"]>, tensor<?xf32, ["h"]>
}
// CHECK-LABEL: def step(p: { w: f32[i, h], b: f32[h] }, x: f32[n, i]) -> (f32, { w: f32[i, h], b: f32[h] }) {
// CHECK-NEXT:   h_2 = x @ p.w + p.b
// CHECK-NEXT:   t1 = tanh(h_2)
// CHECK-NEXT:   loss = sum(t1)
// CHECK-NEXT:   d_h = 1 - t1 * t1
// CHECK-NEXT:   d_b = sum(d_h, axis=0)
// CHECK-NEXT:   d_w = transpose(x) @ d_h
// CHECK-NEXT:   (loss, (w=d_w, b=d_b))
// CHECK-NEXT: }

func.func @tuples(%a: tensor<3xf32> {tds.name = "s.0"}, %b: tensor<f32> {tds.name = "s.1"}) -> tensor<3xf32> {
  %f = tds.access %b at (d0) -> () : tensor<f32> -> tensor<3xf32>
  %m = tds.mul %a, %f : tensor<3xf32>
  return %m : tensor<3xf32>
}
// CHECK-LABEL: def tuples(s: (f32[3], f32)) -> f32[3] {
// CHECK-NEXT:   s_0, s_1 = s
// CHECK-NEXT:   s_0 * s_1
// CHECK-NEXT: }

// Brackets are there where the order needs them; numbers take the type that they meet, or are given one.
func.func @operators(%x: tensor<?xf64, ["n"]> {tds.name = "x"}, %y: tensor<?xf64, ["n"]> {tds.name = "y"})
    -> (tensor<?xf64, ["n"]>, tensor<?xi1, ["n"]>, tensor<?xf64, ["n"]>, tensor<?xf64, ["n"]>) {
  %two = tds.constant dense<2.0> : tensor<f64> -> tensor<?xf64, ["n"]>
  %tenth = tds.constant dense<0.1> : tensor<f64> -> tensor<?xf64, ["n"]>
  %minus = tds.constant dense<-1.5e-7> : tensor<f64> -> tensor<?xf64, ["n"]>
  %a = tds.sub %x, %y : tensor<?xf64, ["n"]>
  %b = tds.sub %x, %a : tensor<?xf64, ["n"]>
  %c = tds.mul %b, %tenth : tensor<?xf64, ["n"]>
  %p = tds.pow %c, %two : tensor<?xf64, ["n"]>
  %n = tds.neg %p : tensor<?xf64, ["n"]>
  %d = tds.div %n, %minus : tensor<?xf64, ["n"]>
  %lt = tds.lt %x, %two : tensor<?xf64, ["n"]>
  %ge = tds.ge %y, %tenth : tensor<?xf64, ["n"]>
  %or = tds.or %lt, %ge : tensor<?xi1, ["n"]>
  %not = tds.not %or : tensor<?xi1, ["n"]>
  %s = tds.select %not, %two, %tenth : tensor<?xf64, ["n"]>
  return %d, %not, %s, %two : tensor<?xf64, ["n"]>, tensor<?xi1, ["n"]>, tensor<?xf64, ["n"]>, tensor<?xf64, ["n"]>
}
// CHECK-LABEL: def operators(x: f64[n], y: f64[n]) -> (f64[n], bool[n], f64[n], f64[n]) {
// CHECK-NEXT:   t1 = -((x - (x - y)) * 0.1) ** 2.0 / -1.5e-7
// CHECK-NEXT:   t2 = not (x < 2 or y >= 0.1)
// CHECK-NEXT:   (t1, t2, where(t2, f64(2), 0.1), full(n, f64(2)))
// CHECK-NEXT: }

// Sizes are names.
func.func @sizes(%x: tensor<?x?xf32, ["n", "m"]> {tds.name = "x"}) -> (tensor<f32>, tensor<?xi32, ["n + 2 * m"]>) {
  %s = tds.size "n * m"
  %f = tds.convert %s : tensor<i64> -> tensor<f32>
  %i = tds.iota 0 : tensor<?xi32, ["n + 2 * m"]>
  return %f, %i : tensor<f32>, tensor<?xi32, ["n + 2 * m"]>
}
// CHECK-LABEL: def sizes(x: f32[n, m]) -> (f32, i32[n + 2 * m]) = (f32(m * n), arange(n + 2 * m))

// A value that is used twice is bound, long expressions are cut.
func.func @statements(%x: tensor<4xf32> {tds.name = "x"}) -> tensor<4xf32> {
  %e = tds.exp %x : tensor<4xf32>
  %a = tds.mul %e, %e : tensor<4xf32>
  %c = tds.constant dense<[0.5, 1.0, 2.0, 4.0]> : tensor<4xf32>
  %b = tds.add %a, %c : tensor<4xf32>
  return %b : tensor<4xf32>
}
// CHECK-LABEL: def statements(x: f32[4]) -> f32[4] {
// CHECK-NEXT:   t1 = exp(x)
// CHECK-NEXT:   t1 * t1 + [f32(0.5), 1, 2, 4]
// CHECK-NEXT: }

// A composite is printed as its body.
func.func @composite(%x: tensor<4xf32> {tds.name = "x"}) -> tensor<4xf32> {
  %0 = tds.composite "nn.silu"(%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %s = tds.sigmoid %a : tensor<4xf32>
    %m = tds.mul %a, %s : tensor<4xf32>
    tds.yield %m : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
// CHECK-LABEL: def composite(x: f32[4]) -> f32[4] = x * sigmoid(x)

// Primitives have their functions' names; an order is said by what is used of it.
func.func @primitives(%x: tensor<?x8xf64, ["n", "8"]> {tds.name = "x"}, %a: tensor<4x4xf64> {tds.name = "a"})
    -> (tensor<?x8xf64, ["n", "8"]>, tensor<?x2xi32, ["n", "2"]>, tensor<?x9xf64, ["n", "9"]>, tensor<4x4xf64>, tensor<f64>) {
  %0:2 = tds.sort %x : tensor<?x8xf64, ["n", "8"]> -> tensor<?x8xf64, ["n", "8"]>, tensor<?x8xi32, ["n", "8"]>
  %1:2 = tds.sort descending %x : tensor<?x8xf64, ["n", "8"]> -> tensor<?x2xf64, ["n", "2"]>, tensor<?x2xi32, ["n", "2"]>
  %2 = tds.fft rfft %x : tensor<?x8xf64, ["n", "8"]> -> tensor<?x5xcomplex<f64>, ["n", "5"]>
  %3 = tds.fft irfft %2 : tensor<?x5xcomplex<f64>, ["n", "5"]> -> tensor<?x9xf64, ["n", "9"]>
  %4 = tds.cholesky %a : tensor<4x4xf64>
  %5 = tds.triangular_solve upper %4, %a : tensor<4x4xf64>, tensor<4x4xf64>
  %6 = tds.det %a : tensor<4x4xf64>
  return %0#0, %1#1, %3, %5, %6 : tensor<?x8xf64, ["n", "8"]>, tensor<?x2xi32, ["n", "2"]>, tensor<?x9xf64, ["n", "9"]>, tensor<4x4xf64>, tensor<f64>
}
// CHECK-LABEL: def primitives(x: f64[n, 8], a: f64[4, 4])
// CHECK-NEXT: t1 = sort(x)
// CHECK-NEXT: _, t2 = topk(x, 2)
// CHECK-NEXT: (t1, t2, irfft(rfft(x), 9), triangular_solve(cholesky(a), a, upper=true), det(a))

// A function of the host by its name; of a batch, for each.
func.func @host(%x: tensor<?x8xf64, ["n", "8"]> {tds.name = "x"}) -> (tensor<?x8xf64, ["n", "8"]>, tensor<?xf64, ["n"]>) {
  %0 = tds.host "f" batch 0 (%x) : (tensor<?x8xf64, ["n", "8"]>) -> tensor<?x8xf64, ["n", "8"]>
  %1 = tds.host "g" batch 1 (%0) : (tensor<?x8xf64, ["n", "8"]>) -> tensor<?xf64, ["n"]>
  return %0, %1 : tensor<?x8xf64, ["n", "8"]>, tensor<?xf64, ["n"]>
}
// CHECK-LABEL: def host(x: f64[n, 8]) -> (f64[n, 8], f64[n]) {
// CHECK-NEXT: t1 = f(x)
// CHECK-NEXT: (t1, [i] => g(t1[i]))
