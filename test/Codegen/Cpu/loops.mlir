// RUN: %tds-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(tds-loops{vector-bits=512}))' | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// What a row shares is computed once a row; ten columns are one masked vector.
// CHECK-LABEL: @scale_rows
// CHECK: scf.for
// CHECK: memref.load
// CHECK: arith.divf {{.*}} : f32
// CHECK: vector.broadcast
// CHECK-NOT: scf.for
// CHECK: vector.maskedload {{.*}} into vector<16xf32>
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK: vector.maskedstore
func.func @scale_rows(%x: memref<64x10xf32>, %s: memref<64xf32>, %y: memref<64x10xf32>) {
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %s : memref<64x10xf32>, memref<64xf32>) outs(%y : memref<64x10xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %one = arith.constant 1.0 : f32
    %r = arith.divf %one, %b : f32
    %p = arith.mulf %a, %r : f32
    linalg.yield %p : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// Dimensions that memory joins are one loop, and 640 is a multiple of 16.
// CHECK-LABEL: @whole
// CHECK: %[[END:.*]] = arith.constant 640 : index
// CHECK: scf.for {{.*}} to %[[END]]
// CHECK-NEXT: vector.load {{.*}} memref<640xf32>, vector<16xf32>
// CHECK-NOT: masked
// CHECK-NOT: scf.for
// CHECK: return
func.func @whole(%x: memref<64x10xf32>, %y: memref<64x10xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<64x10xf32>) outs(%y : memref<64x10xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.negf %a : f32
    linalg.yield %p : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// Four sums a row, added up as a tree, then the former value.
// CHECK-LABEL: @sum_rows
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: vector.reduction <add>, {{.*}} fastmath<reassoc> : vector<16xf32> into f32
// CHECK: memref.load
// CHECK: arith.addf {{.*}} : f32
// CHECK: memref.store
func.func @sum_rows(%x: memref<8x1024xf32>, %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<8x1024xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.addf %o, %a : f32
    linalg.yield %p : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// Sums of columns stay in registers over a strip of columns.
// CHECK-LABEL: @sum_columns
// CHECK: scf.for {{.*}} {
// CHECK-COUNT-4: vector.load {{.*}} vector<16xf32>
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: scf.yield
// CHECK: }
// CHECK-COUNT-4: vector.store
func.func @sum_columns(%x: memref<8x1024xf32>, %y: memref<1024xf32>) {
  linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<8x1024xf32>) outs(%y : memref<1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.addf %o, %a : f32
    linalg.yield %p : f32
  }
  return
}

// -----

// A long sum is one of blocks, whose number the size gives, in order.
// CHECK-LABEL: @sum_all
// CHECK: memref.alloca() : memref<[[BLOCKS:[0-9]+]]xf32>
// CHECK: scf.parallel
// CHECK: vector.reduction <add>
// CHECK: scf.reduce
// CHECK: arith.constant [[BLOCKS]] : index
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (f32)
func.func @sum_all(%x: memref<1000000xf32>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<1000000xf32>) outs(%y : memref<f32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.addf %o, %a : f32
    linalg.yield %p : f32
  }
  return
}

// -----

// Long loops are cut into tiles; what does not fill a vector is done once, after them.
// CHECK-LABEL: @fill
// CHECK: scf.parallel
// CHECK: scf.for
// CHECK: vector.store
// CHECK: scf.reduce
// CHECK: vector.maskedstore
func.func @fill(%x: memref<1000003xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%x : memref<1000003xf32>)
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// Rows picked by data are read as vectors.
// CHECK-LABEL: @pick_rows
// CHECK: scf.for
// CHECK: arith.index_cast {{.*}} : i32 to index
// CHECK: scf.for
// CHECK: vector.load {{.*}} : memref<50x64xf32>, vector<16xf32>
func.func @pick_rows(%ids: memref<40xi32>, %table: memref<50x64xf32>, %y: memref<40x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%ids : memref<40xi32>) outs(%y : memref<40x64xf32>) {
  ^bb0(%id: i32, %o: f32):
    %j = linalg.index 1 : index
    %i = arith.index_cast %id : i32 to index
    %v = memref.load %table[%i, %j] : memref<50x64xf32>
    linalg.yield %v : f32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// No vector instruction divides integers.
// CHECK-LABEL: @divide
// CHECK-NOT: vector
// CHECK: arith.divsi {{.*}} : i32
// CHECK: return
func.func @divide(%x: memref<64x10xi32>, %y: memref<64x10xi32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<64x10xi32>) outs(%y : memref<64x10xi32>) {
  ^bb0(%a: i32, %o: i32):
    %c = arith.constant 7 : i32
    %p = arith.divsi %c, %a : i32
    linalg.yield %p : i32
  }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// What a row alone needs may be divided.
// CHECK-LABEL: @half_rows
// CHECK: arith.divsi {{.*}} : index
// CHECK: vector.load {{.*}} : memref<20x64xf32>, vector<16xf32>
func.func @half_rows(%x: memref<20x64xf32>, %y: memref<40x64xf32>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%y : memref<40x64xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %c2 = arith.constant 2 : index
    %h = arith.divsi %i, %c2 : index
    %v = memref.load %x[%h, %j] : memref<20x64xf32>
    linalg.yield %v : f32
  }
  return
}

// -----

// Sizes that are open: plain loops.
// CHECK-LABEL: @open
// CHECK: memref.dim
// CHECK: scf.for
// CHECK: memref.load
// CHECK: scf.for {{.*}} iter_args
// CHECK: memref.store
func.func @open(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.addf %o, %a : f32
    linalg.yield %p : f32
  }
  return
}

// -----

// A copy of a whole buffer stays: it is a memcpy.
// CHECK-LABEL: @copies
// CHECK: memref.copy
// CHECK-NOT: memref.copy
// CHECK: vector.load
func.func @copies(%x: memref<64x32xf32>, %y: memref<64x32xf32>, %z: memref<64x16xf32>) {
  memref.copy %x, %y : memref<64x32xf32> to memref<64x32xf32>
  %part = memref.subview %x[0, 16] [64, 16] [1, 1] : memref<64x32xf32> to memref<64x16xf32, strided<[32, 1], offset: 16>>
  memref.copy %part, %z : memref<64x16xf32, strided<[32, 1], offset: 16>> to memref<64x16xf32>
  return
}
