// RUN: %tds-opt %s --print-tds-source --split-input-file --verify-diagnostics

func.func @loop(%x: tensor<f32>) -> tensor<f32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @below {{`scf.for` can't be written as TDS: its step is not 1}}
  %l = scf.for %i = %c0 to %c2 step %c2 iter_args(%q = %x) -> tensor<f32> {
    scf.yield %q : tensor<f32>
  }
  return %l : tensor<f32>
}

// -----

func.func @bits(%k: tensor<ui64>) -> tensor<4xi32> {
  // expected-error @below {{`tds.random_bits` can't be written as TDS}}
  %l = tds.random_bits %k : tensor<ui64> -> tensor<4xi32>
  return %l : tensor<4xi32>
}

// -----

func.func @request(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{`tds.vjp` can't be written as TDS}}
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%x : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    tds.yield %a : tensor<f32>
  }
  return %dx : tensor<f32>
}

// -----

func.func @write(%x: tensor<4xf32> {tds.name = "x"}, %v: tensor<4xf32> {tds.name = "v"}) -> tensor<4xf32> {
  // expected-error @below {{`tds.scatter` can't be written as TDS: it writes at places that no subscript names}}
  %y = tds.scatter set %x, %v[] at (d0) -> (3 - d0) : tensor<4xf32>, tensor<4xf32>, ()
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{can't be written as TDS: its parameter `exp` hides a function of that name}}
func.func @hidden(%x: tensor<4xf32> {tds.name = "exp"}) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
