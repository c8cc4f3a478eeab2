// RUN: %tds-opt %s --convert-tds-to-linalg -verify-diagnostics -split-input-file

func.func @open(%x: tensor<4xf32>) {
  // expected-error @+1 {{the size `n` is open; give it a number, as in --size n=64}}
  %0 = tds.constant dense<0.0> : tensor<f32> -> tensor<?xf32, ["n"]>
  return
}
// -----
func.func @derivative(%x: tensor<4xf32>, %dy: tensor<f32>) {
  // expected-error @+1 {{a derivative is left over}}
  %l, %g = tds.vjp wrt(%x : tensor<4xf32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<4xf32> {
  ^bb0(%q: tensor<4xf32>):
    %s = tds.reduce sum %q over [0] : tensor<4xf32>
    tds.yield %s : tensor<f32>
  }
  return
}
