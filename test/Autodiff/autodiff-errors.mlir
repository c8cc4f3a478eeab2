// RUN: %tds-opt %s --tds-autodiff --split-input-file --verify-diagnostics

func.func @counted(%x: tensor<f32>, %k: index, %dy: tensor<f32>) -> tensor<f32> {
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    // expected-error @below {{the derivative of a loop whose step is not 1 is not there yet}}
    %l = scf.for %i = %c0 to %k step %c2 iter_args(%q = %a) -> tensor<f32> {
      %m = tds.mul %q, %a : tensor<f32>
      scf.yield %m : tensor<f32>
    }
    tds.yield %l : tensor<f32>
  }
  return %dx : tensor<f32>
}

// -----

func.func @conditional(%x: tensor<f32>, %t: i1, %dy: tensor<f32>) -> tensor<f32> {
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    // expected-error @below {{the derivative of a loop whose condition computes what it ends with is not there yet}}
    %l = scf.while (%q = %a) : (tensor<f32>) -> tensor<f32> {
      %m = tds.mul %q, %a : tensor<f32>
      scf.condition(%t) %m : tensor<f32>
    } do {
    ^bb0(%q: tensor<f32>):
      scf.yield %q : tensor<f32>
    }
    tds.yield %l : tensor<f32>
  }
  return %dx : tensor<f32>
}

// -----

func.func @without(%x: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    // expected-error @below {{`digamma` has no derivative}}
    %l = tds.digamma %a : tensor<f32>
    tds.yield %l : tensor<f32>
  }
  return %dx : tensor<f32>
}

// -----

func.func @captured(%x: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    // expected-error @below {{`f` has a derivative of its own, and uses a variable of this derivative that is no argument}}
    %l = tds.composite "f"(%a) : (tensor<f32>) -> tensor<f32> {
    ^bb0(%b: tensor<f32>):
      %m = tds.mul %b, %a : tensor<f32>
      tds.yield %m : tensor<f32>
    } vjp {
    ^bb0(%b: tensor<f32>, %d: tensor<f32>):
      tds.yield %d : tensor<f32>
    }
    tds.yield %l : tensor<f32>
  }
  return %dx : tensor<f32>
}

// -----

func.func @of_the_host(%x: tensor<f32>, %one: tensor<f32>) -> tensor<f32> {
  %y, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%one : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>):
    // expected-error @below {{`f` is an `extern def` and has no derivative}}
    %l = tds.host "f" batch 0 (%a) : (tensor<f32>) -> tensor<f32>
    tds.yield %l : tensor<f32>
  }
  return %dx : tensor<f32>
}
