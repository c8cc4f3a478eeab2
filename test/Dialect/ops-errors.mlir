// RUN: %tds-opt %s -verify-diagnostics -split-input-file
// What the verifier refuses, an op each.

func.func @constant() {
  // expected-error @+1 {{'tds.constant' op value has type 'tensor<2xf32>', expected a scalar or 'tensor<3xf32>'}}
  %0 = tds.constant dense<[1.0, 2.0]> : tensor<2xf32> -> tensor<3xf32>
  return
}
// -----
// expected-note @+1 {{prior use here}}
func.func @pointwise(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @+1 {{use of value '%y' expects different type than prior uses: 'tensor<4xf32>' vs 'tensor<5xf32>'}}
  %0 = tds.add %x, %y : tensor<4xf32>
  return
}
// -----
func.func @element(%x: tensor<4xi32>) {
  // expected-error @+1 {{`exp` of elements 'i32', expected Analytic}}
  %0 = tds.exp %x : tensor<4xi32>
  return
}
// -----
func.func @iota() {
  // expected-error @+1 {{'tds.iota' op dimension 2 of 2}}
  %0 = tds.iota 2 : tensor<3x5xi64>
  return
}
// -----
func.func @access(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'tds.access' op map gives 1 coordinates, expected 2}}
  %0 = tds.access %x at (d0, d1) -> (d1) : tensor<4x8xf32> -> tensor<8x4xf32>
  return
}
// -----
func.func @access_element(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tds.access' op elements differ: 'f32' and 'f64'}}
  %0 = tds.access %x at (d0) -> (d0) : tensor<4xf32> -> tensor<4xf64>
  return
}
// -----
func.func @gather(%x: tensor<4xf32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{'tds.gather' op indices have type 'tensor<3xi32>', expected the shape of 'tensor<5xf32>'}}
  %0 = tds.gather %x[%i] at (d0)[s0] -> (s0) : tensor<4xf32>, (tensor<3xi32>) -> tensor<5xf32>
  return
}
// -----
func.func @scatter(%x: tensor<4xf32>, %v: tensor<3xf64>, %i: tensor<3xi32>) {
  // expected-error @+1 {{'tds.scatter' op elements differ: 'f32' and 'f64'}}
  %0 = tds.scatter add %x, %v[%i] at (d0)[s0] -> (s0) : tensor<4xf32>, tensor<3xf64>, (tensor<3xi32>)
  return
}
// -----
func.func @reduce(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'tds.reduce' op dimension 2 of 2}}
  %0 = tds.reduce sum %x over [2] : tensor<4x8xf32>
  return
}
// -----
func.func @argmax(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'tds.reduce' op has 2 dimensions, expected one}}
  %0 = tds.reduce argmax %x over [0, 1] : tensor<4x8xf32>
  return
}
// -----
func.func @scan(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tds.scan' op dimension 1 of 1}}
  %0 = tds.scan sum %x along 1 : tensor<4xf32>
  return
}
// -----
func.func @contract(%x: tensor<4x8xf32>, %y: tensor<7x2xf32>) {
  // expected-error @+1 {{'tds.contract' op sizes of d2 differ: 8 and 7}}
  %0 = tds.contract %x, %y maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2] : tensor<4x8xf32>, tensor<7x2xf32>
  return
}
// -----
func.func @reshape(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'tds.reshape' op has 40 elements, expected 32}}
  %0 = tds.reshape %x : tensor<4x8xf32> -> tensor<5x8xf32>
  return
}
// -----
func.func @random(%k: tensor<3xui64>) {
  // expected-error @+1 {{'tds.random_bits' op result has type 'tensor<4x8xi32>', expected it to begin with the dimensions of 'tensor<3xui64>'}}
  %0 = tds.random_bits %k : tensor<3xui64> -> tensor<4x8xi32>
  return
}
// -----
func.func @where(%c: tensor<4xi1>, %x: tensor<4xf32>, %y: tensor<4xf64>) {
  // expected-error @+1 {{'tds.where' op yield of the second side #0 has type 'tensor<4xf64>', expected 'tensor<4xf32>'}}
  %0 = tds.where %c : tensor<4xi1> -> tensor<4xf32> {
    tds.yield %x : tensor<4xf32>
  } else {
    tds.yield %y : tensor<4xf64>
  }
  return
}
// -----
func.func @vjp(%x: tensor<4xi32>, %dy: tensor<f32>) {
  // expected-error @+1 {{'tds.vjp' op asks for a derivative by 'tensor<4xi32>', expected floating or complex elements}}
  %0:2 = tds.vjp wrt(%x : tensor<4xi32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<4xi32> {
  ^bb0(%q: tensor<4xi32>):
    tds.yield %dy : tensor<f32>
  }
  return
}
// -----
func.func @jvp(%x: tensor<4xi32>) {
  // expected-error @+1 {{'tds.jvp' op asks for a derivative by 'tensor<4xi32>', expected floating or complex elements}}
  %0:2 = tds.jvp wrt(%x : tensor<4xi32>) tangents(%x : tensor<4xi32>) -> tensor<4xi32>, tensor<4xi32> {
  ^bb0(%q: tensor<4xi32>):
    tds.yield %q : tensor<4xi32>
  }
  return
}
// -----
func.func @convert_shape(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tds.convert' op result has type 'tensor<5xi32>', expected the shape of 'tensor<4xf32>'}}
  %0 = tds.convert %x : tensor<4xf32> -> tensor<5xi32>
  return
}
// -----
func.func @convert_complex(%x: tensor<4xcomplex<f32>>) {
  // expected-error @+1 {{'tds.convert' op makes a real number of a complex one, expected `real` or `abs`}}
  %0 = tds.convert %x : tensor<4xcomplex<f32>> -> tensor<4xf32>
  return
}
// -----
func.func @accumulate(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tds.accumulate' op map gives 1 coordinates, expected 2}}
  %0 = tds.accumulate %x at (d0) -> (d0) : tensor<4xf32> -> tensor<4x4xf32>
  return
}
// -----
func.func @otherwise(%x: tensor<4xf32>, %e: tensor<3xf32>) {
  // expected-error @+1 {{'tds.access' op value for what is outside has type 'tensor<3xf32>', expected a scalar or 'tensor<6xf32>'}}
  %0 = tds.access %x at (d0) -> (d0 - 1) else %e : tensor<4xf32>, tensor<3xf32> -> tensor<6xf32>
  return
}
// -----
func.func @argmax_of_nothing(%x: tensor<4x0xf32>) {
  // expected-error @+1 {{'tds.reduce' op looks for a place in a dimension of size 0}}
  %0 = tds.reduce argmax %x over [1] : tensor<4x0xf32>
  return
}
// -----
func.func @contract_index(%x: tensor<4xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{`tds.contract` has no operand with index d1}}
  %0 = tds.contract %x, %y maps [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>] over [1] : tensor<4xf32>, tensor<4xf32>
  return
}
// -----
func.func @derive_key(%k: tensor<4xui64>, %i: tensor<3xi64>) {
  // expected-error @+1 {{'tds.derive_key' op number has type 'tensor<3xi64>', expected the shape of 'tensor<4xui64>'}}
  %0 = tds.derive_key %k, %i domain 1 : tensor<4xui64>, tensor<3xi64>
  return
}
// -----
func.func @composite(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tds.composite' op}}
  %0 = tds.composite "half"(%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %s = tds.reduce sum %a over [0] : tensor<4xf32>
    tds.yield %s : tensor<f32>
  }
  return
}
// -----
func.func @sort_more(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'tds.sort' op gives 9 of 8}}
  %0:2 = tds.sort descending %x : tensor<4x8xf32> -> tensor<4x9xf32>, tensor<4x9xi32>
  return
}
// -----
func.func @sort_complex(%x: tensor<4xcomplex<f32>>) {
  // expected-error @+1 {{'tds.sort' op of elements 'complex<f32>'}}
  %0:2 = tds.sort %x : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>, tensor<4xi32>
  return
}
// -----
func.func @sort_batch(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{the dimensions before the last differ}}
  %0:2 = tds.sort %x : tensor<4x8xf32> -> tensor<3x8xf32>, tensor<3x8xi32>
  return
}
// -----
func.func @fft_size(%x: tensor<8xf32>) {
  // expected-error @+1 {{'tds.fft' op rfft of 8 elements gives 8}}
  %0 = tds.fft rfft %x : tensor<8xf32> -> tensor<8xcomplex<f32>>
  return
}
// -----
func.func @fft_elements(%x: tensor<8xf32>) {
  // expected-error @+1 {{'tds.fft' op fft of elements 'f32' to 'complex<f32>'}}
  %0 = tds.fft fft %x : tensor<8xf32> -> tensor<8xcomplex<f32>>
  return
}
// -----
func.func @cholesky_square(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'tds.cholesky' op of 'tensor<4x3xf32>', expected square matrices}}
  %0 = tds.cholesky %x : tensor<4x3xf32>
  return
}
// -----
func.func @solve_rows(%a: tensor<4x4xf32>, %b: tensor<3x2xf32>) {
  // expected-error @+1 {{the rows differ}}
  %0 = tds.solve %a, %b : tensor<4x4xf32>, tensor<3x2xf32>
  return
}
// -----
func.func @host_rank(%x: tensor<f32>) {
  // expected-error @+1 {{expected 1 dimensions of the batch or more}}
  %0 = tds.host "f" batch 1 (%x) : (tensor<f32>) -> tensor<4xf32>
  return
}
// -----
func.func @host_batch(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{the batches differ}}
  %0 = tds.host "f" batch 1 (%x) : (tensor<3x4xf32>) -> tensor<4x3xf32>
  return
}
