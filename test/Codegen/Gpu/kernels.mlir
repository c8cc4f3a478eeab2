// RUN: tds-opt %s -tds-to-kernels -split-input-file | FileCheck %s

// A thread a point, 300 points in two blocks of 256 threads; the last one has threads without a point.
// CHECK-LABEL: func.func private @scale_body(
// CHECK: call @tds_device_launch(
// CHECK: module @kernels
// CHECK: func.func @pointwise_0(%[[X:.*]]: memref<300xf32>, %[[Y:.*]]: memref<300xf32>) attributes {tds.block = 256 : i64, tds.grid = 2 : i64}
// CHECK: "llvm.nvvm.read.ptx.sreg.ctaid.x"
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %{{.*}}, %[[N:.*]] : index
// CHECK: scf.if %[[INSIDE]]
// CHECK: memref.load %[[X]]
// CHECK: arith.mulf
// CHECK: memref.store %{{.*}}, %[[Y]]
func.func @scale(%x: tensor<300xf32>) -> tensor<300xf32> {
  %c = arith.constant 3.0 : f32
  %e = tensor.empty() : tensor<300xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<300xf32>) outs(%e : tensor<300xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.mulf %in, %c : f32
    linalg.yield %1 : f32
  } -> tensor<300xf32>
  return %0 : tensor<300xf32>
}

// -----

// A block a row: partial sums in shared memory, halved behind a barrier, added to the output by thread 0.
// CHECK: memref.global "private" @sums_f32 : memref<256xf32, 3>
// CHECK: func.func @reduce_1({{.*}}) attributes {tds.block = 256 : i64, tds.grid = 4 : i64}
// CHECK: scf.for
// CHECK: memref.store %{{.*}}, %[[S:.*]][%{{.*}}] : memref<256xf32, 3>
// CHECK-COUNT-8: "llvm.nvvm.barrier.cta.sync.aligned.all"
// CHECK-NOT: "llvm.nvvm.barrier
func.func @rows(%x: tensor<4x1000xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x1000xf32>) outs(%f : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.addf %in, %out : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// What the runtime computes works on copies in the host's memory.
// CHECK-LABEL: func.func private @sorted_body(
// CHECK: %[[IN:.*]] = memref.alloc() : memref<5xf32>
// CHECK: call @tds_device_read(
// CHECK: %[[OUT:.*]] = memref.alloc() : memref<5xf32>
// CHECK: rt.call "tds_sort"(%[[IN]]
// CHECK: call @tds_device_write(
// CHECK: memref.dealloc %[[IN]]
func.func @sorted(%x: tensor<5xf32>) -> tensor<5xf32> {
  %e = tensor.empty() : tensor<5xf32>
  %y = rt.call "tds_sort"(%x : tensor<5xf32>) into(%e : tensor<5xf32>) numbers [1, 5, 5, 8, 0, 1, 0] -> tensor<5xf32>
  return %y : tensor<5xf32>
}
