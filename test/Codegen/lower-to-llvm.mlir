// RUN: tds-opt --tds-lower-to-llvm %s | FileCheck %s

// CHECK-NOT: func.func
// CHECK: llvm.func @entry(%[[CALL:.*]]: !llvm.ptr)
// CHECK: %[[T:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK: %[[X:.*]] = llvm.load
// CHECK: %[[R:.*]] = llvm.load
// CHECK: %[[ARENA:.*]] = llvm.load
// CHECK: llvm.call @entry_body(%[[CALL]], %[[X]], %[[R]], %[[ARENA]])
// CHECK: llvm.func internal @entry_body(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr
func.func private @entry_body(%call: !llvm.ptr, %x: memref<8xf32> {llvm.noalias}, %r: memref<8xf32> {llvm.noalias},
                              %arena: memref<64xi8> {tds.arena}) attributes {tds.entry = "entry"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %t = memref.view %arena[%c0][] : memref<64xi8> to memref<8xf32>
  scf.for %i = %c0 to %c8 step %c1 {
    %v = memref.load %x[%i] : memref<8xf32>
    memref.store %v, %t[%i] : memref<8xf32>
    memref.store %v, %r[%i] : memref<8xf32>
  }
  return
}
