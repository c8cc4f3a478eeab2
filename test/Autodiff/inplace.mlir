// RUN: %tds-opt %s --tds-autodiff --tds-simplify --cse --split-input-file | FileCheck %s

// Reads of a known place in a loop: the reversed round adds one element to the cotangent that it carries, two reads
// one after the other. Nothing of x's size is made in a round.
// CHECK-LABEL: @known(
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args(%[[DY:[^ ]*]] = %{{[^,]*}}, %[[DX:[^ ]*]] = %{{[^)]*}})
// CHECK-NOT: tensor<1000xf64> -> tensor<1000xf64>
// CHECK-NOT: tds.accumulate
// CHECK-NOT: tds.add %{{.*}} : tensor<1000xf64>
// CHECK: %[[ONE:.*]] = tds.scatter add %[[DX]], %{{.*}}[] at () -> ({{[03]}})
// CHECK: %[[TWO:.*]] = tds.scatter add %[[ONE]], %{{.*}}[] at () -> ({{[03]}})
// CHECK-NOT: tds.add %{{.*}} : tensor<1000xf64>
// CHECK: scf.yield %{{.*}}, %[[TWO]]
func.func @known(%x: tensor<1000xf64>, %y: tensor<f64>, %dy: tensor<f64>) -> tensor<1000xf64> {
  %z, %dx = tds.vjp wrt(%x : tensor<1000xf64>) cotangent(%dy : tensor<f64>) -> tensor<f64>, tensor<1000xf64> {
  ^bb0(%a: tensor<1000xf64>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    %l = scf.for %i = %c0 to %c9 step %c1 iter_args(%h = %y) -> tensor<f64> {
      %p = tds.access %a at () -> (0) : tensor<1000xf64> -> tensor<f64>
      %q = tds.access %a at () -> (3) : tensor<1000xf64> -> tensor<f64>
      %m = tds.mul %h, %p : tensor<f64>
      %s = tds.sin %m : tensor<f64>
      %t = tds.mul %s, %q : tensor<f64>
      scf.yield %t : tensor<f64>
    }
    tds.yield %l : tensor<f64>
  }
  return %dx : tensor<1000xf64>
}

// -----

// In an inner loop: it goes on with what the outer round is given of the cotangent, and makes no zeros.
// CHECK-LABEL: @nested(
// CHECK: scf.for {{.*}} iter_args(%{{.*}}, %[[OUTER:[^ ]*]] = %{{[^)]*}}) -> (tensor<f64>, tensor<1000xf64>)
// CHECK: scf.for {{.*}} iter_args(%{{.*}}, %[[INNER:[^ ]*]] = %[[OUTER]]) -> (tensor<f64>, tensor<1000xf64>)
// CHECK: tds.scatter add %[[INNER]]
func.func @nested(%x: tensor<1000xf64>, %y: tensor<f64>, %dy: tensor<f64>) -> tensor<1000xf64> {
  %z, %dx = tds.vjp wrt(%x : tensor<1000xf64>) cotangent(%dy : tensor<f64>) -> tensor<f64>, tensor<1000xf64> {
  ^bb0(%a: tensor<1000xf64>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    %l = scf.for %i = %c0 to %c9 step %c1 iter_args(%h = %y) -> tensor<f64> {
      %k = scf.for %j = %c0 to %c9 step %c1 iter_args(%g = %h) -> tensor<f64> {
        %p = tds.access %a at () -> (0) : tensor<1000xf64> -> tensor<f64>
        %m = tds.mul %g, %p : tensor<f64>
        %s = tds.sin %m : tensor<f64>
        scf.yield %s : tensor<f64>
      }
      scf.yield %k : tensor<f64>
    }
    tds.yield %l : tensor<f64>
  }
  return %dx : tensor<1000xf64>
}
