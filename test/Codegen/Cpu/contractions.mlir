// RUN: tds-opt --tds-contractions=vector-bits=512 --split-input-file %s | FileCheck %s
// RUN: tds-opt --tds-contractions="vector-bits=256 parallel=false" --split-input-file %s | FileCheck %s --check-prefix=AVX2

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// Small enough for one thread and the second cache: read in place; the fill is gone, so the kernel is one that never adds.
// CHECK-LABEL: func @in_place
// CHECK-NOT: linalg.fill
// CHECK-NOT: memref.alloc
// CHECK: call @tds.contraction_0
// CHECK-NOT: linalg.generic
// CHECK: func private @tds.contraction_0
// CHECK-NOT: scf.parallel
// CHECK: call @tds.micro_f32_f32_f32_14x32f_32_1_32
// CHECK: func private @tds.micro_f32_f32_f32_14x32f_32_1_32(%{{.*}}: index, %{{.*}}: !llvm.ptr {llvm.noalias}
// CHECK: %[[SUMS:.*]]:30 = scf.for
// CHECK-COUNT-28: vector.fma {{.*}} : vector<16xf32>
// CHECK: scf.yield
// CHECK-COUNT-28: llvm.store
// AVX2: call @tds.micro_f32_f32_f32_4x16f_32_1_32
// AVX2-COUNT-8: vector.fma {{.*}} : vector<8xf32>
func.func @in_place(%a: memref<28x32xf32>, %b: memref<32x32xf32>, %c: memref<28x32xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<28x32xf32>)
  linalg.generic {tds.contract, indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<28x32xf32>, memref<32x32xf32>) outs(%c : memref<28x32xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Vectors along n need b transposed: into panels of 32 columns, the last one padded.
// CHECK-LABEL: func @packed
// CHECK: %[[B:.*]] = memref.alloc() {alignment = 64 : i64} : memref<2048xf32>
// CHECK: call @tds.contraction_0(%{{.*}}, %{{.*}}, %{{.*}}, %[[B]])
// CHECK: func private @tds.contraction_0
// CHECK: call @tds.pack_f32_f32_32_transposed
// CHECK: call @tds.micro_f32_f32_f32_14x16pf_32_1_32
// CHECK: call @tds.micro_f32_f32_f32_14x32f_32_1_32
// CHECK: func private @tds.pack_f32_f32_32_transposed(
// CHECK: vector.shuffle
// CHECK: llvm.intr.masked.store
// AVX2-LABEL: func @packed
func.func @packed(%a: memref<28x32xf32>, %b: memref<44x32xf32>, %c: memref<28x44xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<28x44xf32>)
  linalg.generic {tds.contract, indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<28x32xf32>, memref<44x32xf32>) outs(%c : memref<28x44xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// Two contractions of one shape share a function; long ones take the call and are cut into tasks.
// CHECK-LABEL: func @shared(%arg0: !llvm.ptr
// CHECK: call @tds.contraction_0(%arg0,
// CHECK: call @tds.contraction_0(%arg0,
// CHECK: func private @tds.contraction_0
// CHECK: scf.parallel
// CHECK-NOT: func private @tds.contraction_1
// AVX2-LABEL: func @shared
// AVX2-NOT: scf.parallel
func.func @shared(%call: !llvm.ptr, %a: memref<128x128xf32>, %b: memref<128x128xf32>, %c: memref<128x128xf32>) {
  linalg.generic {tds.contract, indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<128x128xf32>, memref<128x128xf32>) outs(%c : memref<128x128xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {tds.contract, indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%b, %a : memref<128x128xf32>, memref<128x128xf32>) outs(%c : memref<128x128xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %p, %old : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// Nothing to add: the fill is the result.
// CHECK-LABEL: func @empty_sum
// CHECK: linalg.fill
// CHECK-NOT: linalg.generic
// CHECK-NOT: call
// AVX2-LABEL: func @empty_sum
func.func @empty_sum(%a: memref<3x0xf32>, %b: memref<0x4xf32>, %c: memref<3x4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<3x4xf32>)
  linalg.generic {tds.contract, indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<3x0xf32>, memref<0x4xf32>) outs(%c : memref<3x4xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// What is read between the fill and the contraction keeps the fill.
// CHECK-LABEL: func @fill_is_read
// CHECK: linalg.fill
// CHECK: memref.copy
// CHECK: call @tds.contraction_0
// AVX2-LABEL: func @fill_is_read
func.func @fill_is_read(%a: memref<4x9xf32>, %b: memref<9x8xf32>, %c: memref<4x8xf32>, %d: memref<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<4x8xf32>)
  memref.copy %c, %d : memref<4x8xf32> to memref<4x8xf32>
  linalg.generic {tds.contract, indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x9xf32>, memref<9x8xf32>) outs(%c : memref<4x8xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// A view goes as its buffer and where it begins there. One row, both contiguous along k: dot products.
// CHECK-LABEL: func @view
// CHECK: %[[BASE:.*]], %[[OFFSET:.*]], %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata
// CHECK: call @tds.contraction_0(%{{.*}}, %[[BASE]], %[[OFFSET]], %{{.*}}) : (memref<1x64xf32>, memref<f32>, index, memref<1x9xf32>)
// CHECK: func private @tds.dot_f32_f32_f32_1x1
// CHECK: func private @tds.dot_f32_f32_f32_1x4
// AVX2-LABEL: func @view
func.func @view(%a: memref<1x64xf32>, %b: memref<20x64xf32>, %c: memref<1x9xf32>, %i: index) {
  %rows = memref.subview %b[%i, 0] [9, 64] [1, 1] : memref<20x64xf32> to memref<9x64xf32, strided<[64, 1], offset: ?>>
  linalg.generic {tds.contract, indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %rows : memref<1x64xf32>, memref<9x64xf32, strided<[64, 1], offset: ?>>) outs(%c : memref<1x9xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#all = affine_map<(i) -> (i)>

// Left to the loops pass: no reuse for a kernel to find (element by element), sums that are not of floats.
// CHECK-LABEL: func @left
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: call
// AVX2-LABEL: func @left
func.func @left(%a: memref<64xf32>, %b: memref<64xf32>, %c: memref<64xf32>, %i: memref<64xi32>, %j: memref<64xi32>) {
  linalg.generic {tds.contract, indexing_maps = [#all, #all, #all], iterator_types = ["parallel"]}
      ins(%a, %b : memref<64xf32>, memref<64xf32>) outs(%c : memref<64xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %old, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {tds.contract, indexing_maps = [#all, #all, #all], iterator_types = ["parallel"]}
      ins(%i, %i : memref<64xi32>, memref<64xi32>) outs(%j : memref<64xi32>) {
  ^bb0(%x: i32, %y: i32, %old: i32):
    %p = arith.muli %x, %y : i32
    %s = arith.addi %old, %p : i32
    linalg.yield %s : i32
  }
  return
}
