// RUN: %tds-opt %s --tds-autodiff --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// The op that makes the cotangent of a named value has the name `d_NAME`; what a rule makes on the way has none.
// CHECK-LABEL: @named
// All that was made says so: 3 is the first derivative of the module, a reverse one.
// CHECK: tds.exp {{.*}} loc("h"){{$}}
// CHECK: tds.cos {{.*}} loc(fused<3 : i64>[unknown])
// CHECK: tds.mul {{.*}} loc("d_h"(fused<3 : i64>
// CHECK: tds.mul {{.*}} loc("d_p.w"(fused<3 : i64>
func.func @named(%x: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %z, %dx = tds.vjp wrt(%x : tensor<f32>) cotangent(%dy : tensor<f32>) -> tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32> loc("p.w")):
    %h = tds.exp %a : tensor<f32> loc("h")
    %s = tds.sin %h : tensor<f32> loc("s")
    tds.yield %s : tensor<f32>
  }
  return %dx : tensor<f32>
}
