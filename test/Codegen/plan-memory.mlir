// RUN: tds-opt --tds-plan-memory --split-input-file %s | FileCheck %s

// Buffers that meet lie apart, at multiples of 64 bytes; %c begins after %a's last use and takes its place.
// CHECK: tds.arena_bytes = 576
// CHECK-LABEL: func private @entry_body
// CHECK-SAME: , %[[ARENA:[a-z0-9]*]]: memref<576xi8> {llvm.align = 64 : i64, llvm.noalias, tds.arena})
// CHECK: memref.view %[[ARENA]][%{{c0.*}}][] : memref<576xi8> to memref<100xf32>
// CHECK-NEXT: %[[P:.*]] = arith.constant 448
// CHECK-NEXT: memref.view %[[ARENA]][%[[P]]][] : memref<576xi8> to memref<3x10xf32>
// CHECK: %[[Q:.*]] = arith.constant 0
// CHECK-NEXT: memref.view %[[ARENA]][%[[Q]]][] : memref<576xi8> to memref<100xf32>
func.func private @entry_body(%call: !llvm.ptr) attributes {tds.entry = "entry"} {
  %i = arith.constant 0 : index
  %v = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<100xf32>
  %b = memref.alloc() : memref<3x10xf32>
  memref.store %v, %a[%i] : memref<100xf32>
  memref.store %v, %b[%i, %i] : memref<3x10xf32>
  %c = memref.alloc() : memref<100xf32>
  memref.store %v, %c[%i] : memref<100xf32>
  memref.store %v, %b[%i, %i] : memref<3x10xf32>
  return
}

// -----

// A buffer from before a loop lives to the loop's end, whatever the place of its use there; one of a round is the round's.
// CHECK: tds.arena_bytes = 192
func.func private @loop_body(%call: !llvm.ptr, %n: memref<16xf32>) attributes {tds.entry = "loop"} {
  %i = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %v = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<16xf32>
  scf.for %k = %i to %c9 step %c1 {
    memref.copy %a, %n : memref<16xf32> to memref<16xf32>
    %b = memref.alloc() : memref<16xf32>
    memref.store %v, %b[%i] : memref<16xf32>
    memref.copy %b, %n : memref<16xf32> to memref<16xf32>
    %c = memref.alloc() : memref<32xf32>
    memref.store %v, %c[%i] : memref<32xf32>
  }
  return
}

// -----

// What an scf.if hands on is either buffer, alive while the result is.
// CHECK: tds.arena_bytes = 192
func.func private @choice_body(%call: !llvm.ptr, %c: i1, %n: memref<16xf32>) attributes {tds.entry = "choice"} {
  %v = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %r = scf.if %c -> memref<16xf32> {
    %a = memref.alloc() : memref<16xf32>
    scf.yield %a : memref<16xf32>
  } else {
    %b = memref.alloc() : memref<16xf32>
    scf.yield %b : memref<16xf32>
  }
  %d = memref.alloc() : memref<16xf32>
  memref.store %v, %d[%i] : memref<16xf32>
  memref.copy %r, %n : memref<16xf32> to memref<16xf32>
  return
}

// -----

// A select hands on either buffer, too.
// CHECK: tds.arena_bytes = 128
func.func private @select_body(%call: !llvm.ptr, %c: i1, %m: memref<16xf32>, %n: memref<16xf32>) attributes {tds.entry = "select"} {
  %v = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %a = memref.alloc() : memref<16xf32>
  memref.store %v, %a[%i] : memref<16xf32>
  %r = arith.select %c, %m, %a : memref<16xf32>
  %d = memref.alloc() : memref<16xf32>
  memref.store %v, %d[%i] : memref<16xf32>
  memref.copy %r, %n : memref<16xf32> to memref<16xf32>
  return
}
