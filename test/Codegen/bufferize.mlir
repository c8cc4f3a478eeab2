// RUN: tds-opt --tds-bufferize --canonicalize --split-input-file %s | FileCheck %s --implicit-check-not=memref.copy

#id = affine_map<(i) -> (i)>

// Results are computed where the caller wants them.
// CHECK-LABEL: func private @entry_body
// CHECK-SAME: (%[[CALL:.*]]: !llvm.ptr, %[[X:.*]]: memref<8xf32> {llvm.align = 64 : i64, llvm.noalias}, %[[R:.*]]: memref<8xf32> {llvm.align = 64 : i64, llvm.noalias})
// CHECK-SAME: tds.entry = "entry"
// CHECK: linalg.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%[[T:.*]] : memref<8xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[T]] : {{.*}}) outs(%[[R]] : memref<8xf32>)
func.func @entry(%x: tensor<8xf32>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>)
      outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  } -> tensor<8xf32>
  %f = tensor.empty() : tensor<8xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%y : tensor<8xf32>)
      outs(%f : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  } -> tensor<8xf32>
  return %z : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// An update of a donated argument writes to the result: both may be one buffer or two.
// CHECK-LABEL: func private @donated_body
// CHECK: linalg.generic {{.*}} outs(%arg2 : memref<8xf32>)
func.func @donated(%x: tensor<8xf32> {tds.donated}) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>)
      outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  } -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

// A part goes straight into its place.
// CHECK-LABEL: func private @part_body
// CHECK: %[[P:.*]] = memref.subview %arg2[2] [4] [1]
// CHECK: linalg.generic {{.*}} outs(%[[P]]
#id = affine_map<(i) -> (i)>
func.func @part(%x: tensor<4xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>)
      outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  } -> tensor<4xf32>
  %w = tensor.empty() : tensor<8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%w : tensor<8xf32>) -> tensor<8xf32>
  %r = tensor.insert_slice %y into %f[2] [4] [1] : tensor<4xf32> into tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

// A check finds the error slot of the call, once.
// CHECK-LABEL: func private @check_body
// CHECK: %[[SLOT:.*]] = llvm.getelementptr %arg0[0, 4]
// CHECK: %[[ERROR:.*]] = llvm.load %[[SLOT]]
// CHECK: linalg.generic
// CHECK: llvm.call @tds_report(%[[ERROR]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
// CHECK-NOT: tds_report_index
#id = affine_map<(i) -> (i)>
func.func private @tds_report_index(i32, i64, i64)
func.func @check(%x: tensor<8xi64>) -> tensor<8xi64> {
  %e = tensor.empty() : tensor<8xi64>
  %place = arith.constant 3 : i32
  %n = arith.constant 10 : i64
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xi64>)
      outs(%e : tensor<8xi64>) {
  ^bb0(%a: i64, %o: i64):
    %bad = arith.cmpi uge, %a, %n : i64
    scf.if %bad {
      func.call @tds_report_index(%place, %a, %n) : (i32, i64, i64) -> ()
    }
    linalg.yield %a : i64
  } -> tensor<8xi64>
  return %y : tensor<8xi64>
}

// -----

// An inner loop starts from a state of the outer one that is read again behind it: it goes on in a copy.
// CHECK-LABEL: func private @inner_loop_body
// CHECK: memref.copy %arg1, %[[STATE:[^ ]*]] :
// CHECK: scf.for
// CHECK: memref.copy %[[STATE]], %[[OWN:[^ ]*]] :
// CHECK: scf.for
// CHECK: linalg.generic {{.*}} ins(%[[OWN]] : {{.*}}) outs(%[[OWN]]
// CHECK: linalg.generic {{.*}} ins(%[[STATE]], %[[OWN]] :
// CHECK: memref.copy %[[OWN]], %[[STATE]]
// CHECK: memref.copy %{{.*}}, %arg2
// CHECK: memref.copy %{{.*}}, %arg3
#id = affine_map<(i) -> (i)>
func.func @inner_loop(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%y = %x, %s = %x) -> (tensor<4xf32>, tensor<4xf32>) {
    %z = scf.for %j = %c0 to %c3 step %c1 iter_args(%w = %y) -> (tensor<4xf32>) {
      %e = tensor.empty() : tensor<4xf32>
      %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%w : tensor<4xf32>)
          outs(%e : tensor<4xf32>) {
      ^bb0(%a: f32, %o: f32):
        %n = math.exp %a : f32
        linalg.yield %n : f32
      } -> tensor<4xf32>
      scf.yield %m : tensor<4xf32>
    }
    %e = tensor.empty() : tensor<4xf32>
    %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%y, %z : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %n = arith.mulf %a, %b : f32
      linalg.yield %n : f32
    } -> tensor<4xf32>
    scf.yield %z, %p : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// A large constant of one number is written where it is used, in place; a small one is data.
// CHECK-LABEL: func.func private @constants_body
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%arg2
// CHECK-NOT: memref.global
// CHECK: memref.store %{{.*}}, %arg2[
func.func @constants(%t: tensor<f32>) -> (tensor<2000xf32>) {
  %z = arith.constant dense<1.0> : tensor<2000xf32>
  %c3 = arith.constant 3 : index
  %x = tensor.extract %t[] : tensor<f32>
  %y = tensor.insert %x into %z[%c3] : tensor<2000xf32>
  return %y : tensor<2000xf32>
}
