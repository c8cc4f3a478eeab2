// RUN: %tds-opt %s --pass-pipeline='builtin.module(func.func(tds-loops))' -verify-diagnostics

func.func @tensors(%x: tensor<8xf32>, %v: f32) -> tensor<8xf32> {
  // expected-error @below {{`tds-loops` takes ops on memrefs}}
  %y = linalg.fill ins(%v : f32) outs(%x : tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
