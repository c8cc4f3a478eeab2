// RUN: %tds-opt %s --convert-tds-to-linalg --canonicalize --cse | FileCheck %s
// RUN: %tds-opt %s --convert-tds-to-linalg --cse --tds-to-loops | FileCheck %s --check-prefix=LOOPS

// A barrier keeps two computations apart up to where there are buffers, and takes no copy there.
// CHECK-LABEL: @twice(
// CHECK: linalg.generic
// CHECK: rt.barrier %arg0 number 1
// CHECK: linalg.generic
// LOOPS-LABEL: @twice_body(
// LOOPS-NOT: memref.copy
// LOOPS: math.roundeven
// LOOPS: math.roundeven
func.func @twice(%x: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %e = tds.exp %x : tensor<64xf32>
  %b = tds.barrier %x number 1 : tensor<64xf32>
  %f = tds.exp %b : tensor<64xf32>
  return %e, %f : tensor<64xf32>, tensor<64xf32>
}
