// RUN: tds-opt --tds-parallel --split-input-file %s | FileCheck %s

// Constants are made again in the body; the static memref goes as a pointer; the chunk is one step.
// CHECK-LABEL: func @outlined(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr, %[[X:.*]]: memref<100x8xf32>, %[[N:.*]]: index)
// CHECK: %[[CONTEXT:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(f32, ptr)>
// CHECK: memref.extract_aligned_pointer_as_index %[[X]]
// CHECK: %[[STEPS:.*]] = arith.divsi
// CHECK: %[[COUNT:.*]] = arith.index_cast %[[STEPS]]
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[CALL]][24]
// CHECK: %[[POOL:.*]] = llvm.load %[[PLACE]]
// CHECK: %[[BODY:.*]] = constant @outlined.par
// CHECK: %[[CODE:.*]] = builtin.unrealized_conversion_cast %[[BODY]]
// CHECK: call @tds_parallel_for(%[[POOL]], %[[CODE]], %[[CONTEXT]], %{{.*}}, %[[COUNT]], %{{.*}})
// CHECK-NOT: scf.parallel
// CHECK: func private @outlined.par(%[[CTX:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %{{.*}}: i64)
// CHECK: llvm.getelementptr %[[CTX]][0, 1]
// CHECK: builtin.unrealized_conversion_cast %{{.*}} to memref<100x8xf32>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.store
// CHECK-NOT: scf.parallel
func.func @outlined(%call: !llvm.ptr, %x: memref<100x8xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %eight = arith.constant 8 : index
  %bits = arith.index_cast %n : index to i32
  %value = arith.sitofp %bits : i32 to f32
  scf.parallel (%i) = (%zero) to (%n) step (%four) {
    scf.parallel (%j) = (%zero) to (%eight) step (%one) {
      memref.store %value, %x[%i, %j] : memref<100x8xf32>
    }
  }
  return
}

// -----

// No call, no pool: plain loops, in several dimensions and with reductions too.
// CHECK-LABEL: func @serial
// CHECK: scf.for
// CHECK: scf.for
// CHECK: %[[SUM:.*]] = scf.for {{.*}} iter_args(%[[OLD:.*]] = %{{.*}}) -> (f32)
// CHECK: %[[X:.*]] = memref.load
// CHECK: %[[NEW:.*]] = arith.addf %[[OLD]], %[[X]]
// CHECK: scf.yield %[[NEW]]
// CHECK: return %[[SUM]]
// CHECK-NOT: call @
func.func @serial(%x: memref<100x8xf32>) -> f32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %hundred = arith.constant 100 : index
  %init = arith.constant 0.0 : f32
  scf.parallel (%i, %j) = (%zero, %zero) to (%hundred, %eight) step (%one, %one) {
    memref.store %init, %x[%i, %j] : memref<100x8xf32>
  }
  %sum = scf.parallel (%i) = (%zero) to (%hundred) step (%one) init (%init) -> f32 {
    %y = memref.load %x[%i, %zero] : memref<100x8xf32>
    scf.reduce(%y : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %sum : f32
}

// -----

// A view whose offset is not known goes as its whole descriptor.
// CHECK-LABEL: func @view
// CHECK: llvm.alloca %{{.*}} x !llvm.struct<(struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>)>
// CHECK: func private @view.par
// CHECK: builtin.unrealized_conversion_cast %{{.*}} to memref<8xf32, strided<[1], offset: ?>>
func.func @view(%call: !llvm.ptr, %x: memref<100xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %value = arith.constant 1.0 : f32
  %part = memref.subview %x[%n] [8] [1] : memref<100xf32> to memref<8xf32, strided<[1], offset: ?>>
  scf.parallel (%i) = (%zero) to (%eight) step (%one) {
    memref.store %value, %part[%i] : memref<8xf32, strided<[1], offset: ?>>
  }
  return
}
