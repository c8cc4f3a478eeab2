// RUN: tds-opt --tds-bufferize --canonicalize --split-input-file %s | FileCheck %s

// The copies that a program needs, and no more.

// CHECK-LABEL: func private @argument_body
// CHECK-COUNT-1: memref.copy %arg1, %arg2
// CHECK-NOT: memref.copy
func.func @argument(%x: tensor<8xf32>) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// A loop's state: one copy in, one out; the step in place.
// CHECK-LABEL: func private @state_body
// CHECK: %[[S:.*]] = memref.alloc
// CHECK: memref.copy %arg1, %[[S]]
// CHECK: scf.for
// CHECK-NOT: memref.copy
// CHECK: linalg.generic {{.*}} ins(%[[S]] : {{.*}}) outs(%[[S]] :
// CHECK-NOT: memref.copy
// CHECK: }
// CHECK: memref.copy %[[S]], %arg2
func.func @state(%a: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %r = scf.for %i = %c0 to %c5 step %c1 iter_args(%x = %a) -> (tensor<8xf32>) {
    %e = tensor.empty() : tensor<8xf32>
    %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x: tensor<8xf32>)
        outs(%e : tensor<8xf32>) {
    ^bb0(%p: f32, %o: f32):
      %m = arith.addf %p, %p : f32
      linalg.yield %m : f32
    } -> tensor<8xf32>
    scf.yield %s : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// -----

// States that change places: one of them is kept aside.
// CHECK-LABEL: func private @swap_body
// CHECK: scf.for
// CHECK-COUNT-4: memref.copy
// CHECK-NOT: memref.copy
// CHECK: }
// CHECK-COUNT-2: memref.copy
// CHECK-NOT: memref.copy
func.func @swap(%a: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %r:2 = scf.for %i = %c0 to %c5 step %c1 iter_args(%x = %a, %y = %b) -> (tensor<8xf32>, tensor<8xf32>) {
    scf.yield %y, %x : tensor<8xf32>, tensor<8xf32>
  }
  return %r#0, %r#1 : tensor<8xf32>, tensor<8xf32>
}

// -----

// A result's place that held, from before, a part of another result: that one is written first.
// CHECK-LABEL: func private @earlier_body
// CHECK-SAME: %[[R:[a-z0-9]*]]: memref<8xf32> {llvm.align = 64 : i64, llvm.noalias}, %[[P:[a-z0-9]*]]: memref<4xf32>
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: memref.store {{.*}}, %[[A]]
// CHECK: %[[S:.*]] = memref.subview %[[R]]
// CHECK: memref.copy %[[S]], %[[P]]
// CHECK: memref.copy %[[A]], %[[R]]
func.func @earlier(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %a = linalg.fill ins(%c : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %u = tensor.insert %c into %a[%c0] : tensor<8xf32>
  %p = tensor.extract_slice %a[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
  return %u, %p : tensor<8xf32>, tensor<4xf32>
}

// -----

// What canonicalisation leaves out of a condition, because no round reads it, is state all the same.
// CHECK-LABEL: func private @unread_body
// CHECK: scf.while
// CHECK: scf.condition
func.func @unread(%a: tensor<f64>, %b: tensor<f64>) -> tensor<f64> {
  %c = arith.constant 1.0 : f64
  %r = scf.while (%x = %a, %y = %b) : (tensor<f64>, tensor<f64>) -> tensor<f64> {
    %v = tensor.extract %x[] : tensor<f64>
    %go = arith.cmpf ogt, %v, %c : f64
    scf.condition(%go) %y : tensor<f64>
  } do {
  ^bb0(%y: tensor<f64>):
    %v = tensor.extract %y[] : tensor<f64>
    %w = arith.mulf %v, %c : f64
    %x = tensor.insert %w into %y[] : tensor<f64>
    scf.yield %x, %y : tensor<f64>, tensor<f64>
  }
  return %r : tensor<f64>
}
