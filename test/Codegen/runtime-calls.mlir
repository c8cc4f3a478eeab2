// RUN: tds-opt --tds-bufferize --canonicalize --split-input-file %s | FileCheck %s
// RUN: tds-opt --tds-bufferize --canonicalize --tds-plan-memory --tds-loops --tds-lower-to-llvm --split-input-file %s | FileCheck %s --check-prefix=LLVM

// The results are written where the caller wants them; what is read must be contiguous.
// CHECK-LABEL: func private @entry_body
// CHECK-SAME: (%[[CALL:.*]]: !llvm.ptr, %[[X:.*]]: memref<4x8xf32>{{.*}}, %[[Y:.*]]: memref<4x4xf32>
// CHECK: %[[PART:.*]] = memref.subview %[[X]]
// CHECK: %[[COPY:.*]] = memref.alloc()
// CHECK: ins(%[[PART]] : {{.*}}) outs(%[[COPY]] :
// CHECK: rt.call "tds_cholesky"(%[[COPY]] : memref<4x4xf32>) into(%[[Y]] : memref<4x4xf32>) numbers [1, 4, 8, 0, 0] for %[[CALL]] : !llvm.ptr
// LLVM-LABEL: llvm.func internal @entry_body
// LLVM-SAME: (%[[CALL:[^:]*]]: !llvm.ptr
// LLVM: %[[ARGUMENTS:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr, ptr, i64, i64, i64, i64, i64)>
// LLVM: llvm.call @tds_cholesky(%[[CALL]], %[[ARGUMENTS]])
func.func @entry(%x: tensor<4x8xf32>) -> tensor<4x4xf32> {
  %part = tensor.extract_slice %x[0, 2] [4, 4] [1, 1] : tensor<4x8xf32> to tensor<4x4xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %y = rt.call "tds_cholesky"(%part : tensor<4x4xf32>) into(%e : tensor<4x4xf32>) numbers [1, 4, 8, 0, 0] -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// An input is not overwritten while it is read.
// CHECK-LABEL: func private @twice_body
// CHECK-SAME: (%{{[^,]*}}, %[[X:[^,]*]]: memref<4x4xf32> {{{[^}]*}}}, %[[Y:[^,]*]]: memref<4x4xf32>
// CHECK: %[[T:.*]] = memref.alloc()
// CHECK: rt.call "tds_cholesky"(%[[X]] : memref<4x4xf32>) into(%[[T]] : memref<4x4xf32>)
// CHECK: rt.call "tds_cholesky"(%[[T]] : memref<4x4xf32>) into(%[[Y]] : memref<4x4xf32>)
func.func @twice(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %y = rt.call "tds_cholesky"(%x : tensor<4x4xf32>) into(%e : tensor<4x4xf32>) numbers [1, 4, 8, 0, 0] -> tensor<4x4xf32>
  %z = rt.call "tds_cholesky"(%y : tensor<4x4xf32>) into(%e : tensor<4x4xf32>) numbers [1, 4, 8, 0, 0] -> tensor<4x4xf32>
  return %z : tensor<4x4xf32>
}
