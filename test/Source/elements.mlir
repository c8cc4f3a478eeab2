// RUN: %tds-opt %s --print-tds-source -o /dev/null | FileCheck %s

// Broadcasting does what it can.
func.func @broadcasts(%x: tensor<?x4xf32, ["n", "4"]> {tds.name = "x"}, %r: tensor<?xf32, ["n"]> {tds.name = "r"},
                      %c: tensor<4xf32> {tds.name = "c"}) -> (tensor<?x4xf32, ["n", "4"]>, tensor<?x4xf32, ["n", "4"]>) {
  %a = tds.access %r at (d0, d1) -> (d0) : tensor<?xf32, ["n"]> -> tensor<?x4xf32, ["n", "4"]>
  %b = tds.access %c at (d0, d1) -> (d1) : tensor<4xf32> -> tensor<?x4xf32, ["n", "4"]>
  %s = tds.add %x, %a : tensor<?x4xf32, ["n", "4"]>
  %t = tds.mul %s, %b : tensor<?x4xf32, ["n", "4"]>
  return %t, %a : tensor<?x4xf32, ["n", "4"]>, tensor<?x4xf32, ["n", "4"]>
}
// CHECK-LABEL: def broadcasts(x: f32[n, 4], r: f32[n], c: f32[4]) -> (f32[n, 4], f32[n, 4]) =
// CHECK-NEXT:   ((x + r[:, new]) * c, broadcast_to(r[:, new], (n, 4)))

func.func @slices(%x: tensor<8x?xf32, ["8", "m"]> {tds.name = "x"}, %t: tensor<i32> {tds.name = "t"})
    -> (tensor<3x?xf32, ["3", "m"]>, tensor<4xf32>, tensor<?x8xf32, ["m", "8"]>, tensor<?xf32, ["m"]>) {
  %a = tds.access %x at (d0, d1) -> (d0 + 2, d1) : tensor<8x?xf32, ["8", "m"]> -> tensor<3x?xf32, ["3", "m"]>
  %b = tds.access %x at (d0) -> (d0 * 2, 0) : tensor<8x?xf32, ["8", "m"]> -> tensor<4xf32>
  %c = tds.access %x at (d0, d1) -> (d1, d0) : tensor<8x?xf32, ["8", "m"]> -> tensor<?x8xf32, ["m", "8"]>
  %i = tds.access %t at (d0) -> () : tensor<i32> -> tensor<?xi32, ["m"]>
  %d = tds.gather %x[%i] at (d0)[s0] -> (s0, d0) : tensor<8x?xf32, ["8", "m"]>, (tensor<?xi32, ["m"]>) -> tensor<?xf32, ["m"]>
  return %a, %b, %c, %d : tensor<3x?xf32, ["3", "m"]>, tensor<4xf32>, tensor<?x8xf32, ["m", "8"]>, tensor<?xf32, ["m"]>
}
// CHECK-LABEL: def slices(x: f32[8, m], t: i32) -> (f32[3, m], f32[4], f32[m, 8], f32[m]) = (x[2:5], x[0:7:2, 0], transpose(x), x[t])

// A range is written where no subscript gives it.
func.func @window(%x: tensor<?xf32, ["n"]> {tds.name = "x"})
    -> (tensor<?x3xf32, ["n", "3"]>, tensor<?xf32, ["n"]>, tensor<?xf32, ["n"]>) {
  %zero = tds.constant dense<0.0> : tensor<f32>
  %a = tds.access %x at (d0, d1) -> (d0 + d1 - 1) else %zero : tensor<?xf32, ["n"]> -> tensor<?x3xf32, ["n", "3"]>
  %b = tds.access %x at (d0)[s0] -> (s0 - d0 - 1) sizes ["n"] : tensor<?xf32, ["n"]> -> tensor<?xf32, ["n"]>
  %c = tds.access %x at (d0) -> (d0 - 1) wrap : tensor<?xf32, ["n"]> -> tensor<?xf32, ["n"]>
  return %a, %b, %c : tensor<?x3xf32, ["n", "3"]>, tensor<?xf32, ["n"]>, tensor<?xf32, ["n"]>
}
// CHECK-LABEL: def window(x: f32[n]) -> (f32[n, 3], f32[n], f32[n]) =
// CHECK-NEXT:   ([i < n, j < 3] => x[i + j - 1 else 0], [i < n] => x[n - i - 1], [i < n] => x[i - 1 wrap])

// Sums into places are turned around: what is at a place is read from where it comes.
func.func @accumulates(%x: tensor<4xf32> {tds.name = "x"}, %y: tensor<4x3xf32> {tds.name = "y"})
    -> (tensor<8xf32>, tensor<8xf32>, tensor<10xf32>, tensor<6xf32>) {
  %a = tds.accumulate %x at (d0) -> (d0 + 2) : tensor<4xf32> -> tensor<8xf32>
  %b = tds.accumulate %x at (d0) -> (d0 * 2) : tensor<4xf32> -> tensor<8xf32>
  %c = tds.accumulate %y at (d0, d1) -> (d0 * 2 + d1) : tensor<4x3xf32> -> tensor<10xf32>
  %d = tds.accumulate %y at (d0, d1) -> (d0 + d1 - 1) clamp : tensor<4x3xf32> -> tensor<6xf32>
  return %a, %b, %c, %d : tensor<8xf32>, tensor<8xf32>, tensor<10xf32>, tensor<6xf32>
}
// CHECK-LABEL: def accumulates(x: f32[4], y: f32[4, 3]) -> (f32[8], f32[8], f32[10], f32[6]) {
// CHECK-NEXT:   t1 = [i < 8] => if i % 2 == 0 then x[i // 2 else 0] else f32(0)
// CHECK-NEXT:   t2 = [i < 10] => sum[j](if (i + j) % 2 == 0 then y[(i - j) // 2, j else 0] else f32(0))
// CHECK-NEXT:   t3 = [i < 6] => sum[j, k](if i == minimum(maximum(j + k - 1, 0), 5) then y[j, k] else f32(0))
// CHECK-NEXT:   ([i < 8] => x[i - 2 else 0], t1, t2, t3)
// CHECK-NEXT: }

func.func @data(%t: tensor<9x4xf32> {tds.name = "t"}, %i: tensor<3xi32> {tds.name = "i"}, %v: tensor<3x4xf32> {tds.name = "v"},
                %w: tensor<3xf32> {tds.name = "w"}) -> (tensor<3x4xf32>, tensor<9x4xf32>, tensor<3xf32>, tensor<9x4xf32>, tensor<9x4xf32>) {
  %ids = tds.access %i at (d0, d1) -> (d0) : tensor<3xi32> -> tensor<3x4xi32>
  %a = tds.gather %t[%ids] at (d0, d1)[s0] -> (s0, d1) : tensor<9x4xf32>, (tensor<3x4xi32>) -> tensor<3x4xf32>
  %b = tds.scatter add %t, %v[%ids] at (d0, d1)[s0] -> (s0, d1) : tensor<9x4xf32>, tensor<3x4xf32>, (tensor<3x4xi32>)
  %one = tds.constant dense<1.0> : tensor<f32>
  %c = tds.gather %t[%i] at (d0)[s0] -> (d0, s0 + 1) else %one : tensor<9x4xf32>, (tensor<3xi32>) -> tensor<3xf32>
  %d = tds.scatter add %t, %w[%i] at (d0)[s0] -> (s0, d0) : tensor<9x4xf32>, tensor<3xf32>, (tensor<3xi32>)
  %e = tds.scatter set %t, %v[%ids] at (d0, d1)[s0] -> (s0, d1) : tensor<9x4xf32>, tensor<3x4xf32>, (tensor<3x4xi32>)
  return %a, %b, %c, %d, %e : tensor<3x4xf32>, tensor<9x4xf32>, tensor<3xf32>, tensor<9x4xf32>, tensor<9x4xf32>
}
// CHECK-LABEL: def data(t: f32[9, 4], i: i32[3], v: f32[3, 4], w: f32[3]) -> (f32[3, 4], f32[9, 4], f32[3], f32[9, 4], f32[9, 4]) {
// CHECK-NEXT:   t1 = [j, k] => t[j, k] + sum[l](if j == i[l] and k == l then w[l] else f32(0))
// CHECK-NEXT:   t2 = t
// CHECK-NEXT:   t2[i] = v
// CHECK-NEXT:   (t[i], scatter_add(t, i, v), [j < 3] => t[j, i[j] + 1 else 1], t1, t2)
// CHECK-NEXT: }

func.func @sums(%x: tensor<4x5xf32> {tds.name = "x"}, %y: tensor<5x3xf32> {tds.name = "y"}, %z: tensor<4x5xi8> {tds.name = "z"})
    -> (tensor<f32>, tensor<5xi32>, tensor<4xi8>, tensor<4x5xf32>, tensor<4x3x5xf32>) {
  %a = tds.reduce max %x over [0, 1] : tensor<4x5xf32>
  %b = tds.reduce argmax %x over [0] : tensor<4x5xf32>
  %c = tds.reduce sum %z over [1] : tensor<4x5xi8>
  %d = tds.scan sum %x along 1 reverse : tensor<4x5xf32>
  %e = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over []
         : tensor<4x5xf32>, tensor<5x3xf32>
  return %a, %b, %c, %d, %e : tensor<f32>, tensor<5xi32>, tensor<4xi8>, tensor<4x5xf32>, tensor<4x3x5xf32>
}
// CHECK-LABEL: def sums(x: f32[4, 5], y: f32[5, 3], z: i8[4, 5]) -> (f32, i32[5], i8[4], f32[4, 5], f32[4, 3, 5]) =
// CHECK-NEXT:   (
// CHECK-NEXT:     max(x),
// CHECK-NEXT:     argmax(x, axis=0),
// CHECK-NEXT:     i8(sum(z, axis=1)),
// CHECK-NEXT:     flip(cumsum(flip(x, axis=1), axis=1), axis=1),
// CHECK-NEXT:     [i, j, k] => x[i, k] * y[k, j]
// CHECK-NEXT:   )

func.func @products(%x: tensor<4x5xf32> {tds.name = "x"}, %y: tensor<3x5xf32> {tds.name = "y"}, %v: tensor<5xf32> {tds.name = "v"},
                    %a: tensor<2x4x5xf32> {tds.name = "a"}, %b: tensor<2x5x3xf32> {tds.name = "b"})
    -> (tensor<4x3xf32>, tensor<3x4xf32>, tensor<4xf32>, tensor<2x4x3xf32>, tensor<f32>, tensor<4x3xf32>) {
  %0 = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>] over [2]
         : tensor<4x5xf32>, tensor<3x5xf32>
  %1 = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>] over [2]
         : tensor<4x5xf32>, tensor<3x5xf32>
  %2 = tds.contract %x, %v maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>] over [1]
         : tensor<4x5xf32>, tensor<5xf32>
  %3 = tds.contract %a, %b maps [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>] over [3]
         : tensor<2x4x5xf32>, tensor<2x5x3xf32>
  %4 = tds.contract %v, %v maps [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>] over [0] : tensor<5xf32>, tensor<5xf32>
  %5 = tds.contract %a, %b maps [affine_map<(d0, d1, d2, d3) -> (d2, d0, d3)>, affine_map<(d0, d1, d2, d3) -> (d2, d3, d1)>] over [2, 3]
         : tensor<2x4x5xf32>, tensor<2x5x3xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<4x3xf32>, tensor<3x4xf32>, tensor<4xf32>, tensor<2x4x3xf32>, tensor<f32>, tensor<4x3xf32>
}
// CHECK-LABEL: def products(x: f32[4, 5], y: f32[3, 5], v: f32[5], a: f32[2, 4, 5], b: f32[2, 5, 3]) -> (
// CHECK-NEXT:   f32[4, 3],
// CHECK-NEXT:   f32[3, 4],
// CHECK-NEXT:   f32[4],
// CHECK-NEXT:   f32[2, 4, 3],
// CHECK-NEXT:   f32,
// CHECK-NEXT:   f32[4, 3]
// CHECK-NEXT: ) = (x @ transpose(y), y @ transpose(x), x @ v, a @ b, sum(v * v), [i, j] => sum[k, l](a[k, i, l] * b[k, l, j]))
