// RUN: tds-opt --tds-fusion %s | FileCheck %s

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
#scalar = affine_map<() -> ()>
#all = affine_map<(i, j) -> (i, j)>
#swapped = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (i)>

// sum(exp(x * 2)): one pass over x.
// CHECK-LABEL: func @chain
// CHECK: linalg.fill
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["reduction"]
// CHECK: arith.mulf {{.*}} fastmath<contract>
// CHECK-NEXT: math.exp
// CHECK-NEXT: arith.addf
// CHECK-NOT: linalg.generic
func.func @chain(%x: tensor<100xf32>) -> tensor<f32> {
  %two = arith.constant 2.0 : f32
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<100xf32>
  %twos = linalg.fill ins(%two : f32) outs(%e : tensor<100xf32>) -> tensor<100xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %twos : tensor<100xf32>, tensor<100xf32>) outs(%e : tensor<100xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<100xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%y : tensor<100xf32>)
      outs(%e : tensor<100xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  } -> tensor<100xf32>
  %s = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%s : tensor<f32>) -> tensor<f32>
  %r = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%z : tensor<100xf32>)
      outs(%f : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %a, %o : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  return %r : tensor<f32>
}

// What is wanted for itself and read by a later op is a result of one op; the product is computed once.
// CHECK-LABEL: func @result_and_operand
// CHECK: %[[R:.*]]:2 = linalg.generic
// CHECK: %[[E:.*]] = math.exp
// CHECK: %[[D:.*]] = arith.divf %{{.*}}, %[[E]]
// CHECK: linalg.yield %[[D]], %[[E]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[R]]#1, %[[R]]#0
func.func @result_and_operand(%x: tensor<100xf32>) -> (tensor<100xf32>, tensor<100xf32>) {
  %e = tensor.empty() : tensor<100xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<100xf32>)
      outs(%e : tensor<100xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  } -> tensor<100xf32>
  %z = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %y : tensor<100xf32>, tensor<100xf32>) outs(%e : tensor<100xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.divf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<100xf32>
  return %y, %z : tensor<100xf32>, tensor<100xf32>
}

// An exp a row is not made an exp an element; the negation is.
// CHECK-LABEL: func @rows
// CHECK: %[[E:.*]] = linalg.generic
// CHECK-SAME: iterator_types = ["parallel"]
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %[[E]], %arg2
// CHECK: arith.negf
// CHECK-NOT: linalg.generic
func.func @rows(%x: tensor<8x100xf32>, %u: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<8x100xf32> {
  %er = tensor.empty() : tensor<8xf32>
  %e = tensor.empty() : tensor<8x100xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%u : tensor<8xf32>)
      outs(%er : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.exp %a : f32
    linalg.yield %m : f32
  } -> tensor<8xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : tensor<8xf32>)
      outs(%er : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.negf %a : f32
    linalg.yield %m : f32
  } -> tensor<8xf32>
  %z = linalg.generic {indexing_maps = [#all, #row, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y, %n : tensor<8x100xf32>, tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8x100xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %m, %c : f32
    linalg.yield %s : f32
  } -> tensor<8x100xf32>
  return %z : tensor<8x100xf32>
}

// A contraction reads tensors that are there.
// CHECK-LABEL: func @contraction
// CHECK: linalg.generic
// CHECK: arith.negf
// CHECK: linalg.generic
// CHECK-SAME: tds.contract
// CHECK-NOT: arith.negf
// CHECK: return
func.func @contraction(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %n = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x8xf32>)
      outs(%e : tensor<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.negf %a : f32
    linalg.yield %m : f32
  } -> tensor<8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                                        affine_map<(i, j, k) -> (i, j)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%n, %n : tensor<8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) attrs = {tds.contract} {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}

// Both read x: one loop.
// CHECK-LABEL: func @siblings
// CHECK: linalg.generic
// CHECK-SAME: ins(%arg0 : tensor<100xf32>)
// CHECK: math.sin
// CHECK: math.cos
// CHECK-NOT: linalg.generic
func.func @siblings(%x: tensor<100xf32>) -> (tensor<100xf32>, tensor<100xf32>) {
  %e = tensor.empty() : tensor<100xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<100xf32>)
      outs(%e : tensor<100xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.sin %a : f32
    linalg.yield %m : f32
  } -> tensor<100xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<100xf32>)
      outs(%e : tensor<100xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = math.cos %a : f32
    linalg.yield %m : f32
  } -> tensor<100xf32>
  return %y, %z : tensor<100xf32>, tensor<100xf32>
}

// The producer's indices in the reader's loops.
// CHECK-LABEL: func @transposed_index
// CHECK: %[[J:.*]] = linalg.index 1
// CHECK: arith.index_cast %[[J]]
// CHECK-NOT: linalg.generic
func.func @transposed_index() -> tensor<4x3xi32> {
  %e = tensor.empty() : tensor<3x4xi32>
  %n = linalg.generic {indexing_maps = [#all], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<3x4xi32>) {
  ^bb0(%o: i32):
    %i = linalg.index 0 : index
    %m = arith.index_cast %i : index to i32
    linalg.yield %m : i32
  } -> tensor<3x4xi32>
  %t = tensor.empty() : tensor<4x3xi32>
  %r = linalg.generic {indexing_maps = [#swapped, #all], iterator_types = ["parallel", "parallel"]}
      ins(%n : tensor<3x4xi32>) outs(%t : tensor<4x3xi32>) {
  ^bb0(%a: i32, %o: i32):
    %m = arith.addi %a, %a : i32
    linalg.yield %m : i32
  } -> tensor<4x3xi32>
  return %r : tensor<4x3xi32>
}

// A sum's length is known from what it reads alone: an iota is not taken in.
// CHECK-LABEL: func @length
// CHECK-COUNT-2: linalg.generic
func.func @length() -> tensor<i32> {
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<5xi32>
  %n = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%e : tensor<5xi32>) {
  ^bb0(%o: i32):
    %i = linalg.index 0 : index
    %m = arith.index_cast %i : index to i32
    linalg.yield %m : i32
  } -> tensor<5xi32>
  %s = tensor.empty() : tensor<i32>
  %f = linalg.fill ins(%zero : i32) outs(%s : tensor<i32>) -> tensor<i32>
  %r = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%n : tensor<5xi32>)
      outs(%f : tensor<i32>) {
  ^bb0(%a: i32, %o: i32):
    %m = arith.addi %a, %o : i32
    linalg.yield %m : i32
  } -> tensor<i32>
  return %r : tensor<i32>
}

// Two sums that start from one fill start from two.
// CHECK-LABEL: func @accumulators
// CHECK: %[[F:.*]] = linalg.fill
// CHECK-NEXT: linalg.generic {{.*}} outs(%[[F]] :
// CHECK: %[[G:.*]] = linalg.fill
// CHECK-NEXT: linalg.generic {{.*}} outs(%[[G]] :
func.func @accumulators(%x: tensor<5xf32>, %y: tensor<5xf32>) -> (tensor<f32>, tensor<f32>) {
  %zero = arith.constant 0.0 : f32
  %s = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%s : tensor<f32>) -> tensor<f32>
  %a = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : tensor<5xf32>)
      outs(%f : tensor<f32>) {
  ^bb0(%v: f32, %o: f32):
    %m = arith.addf %v, %o : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  %b = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%y : tensor<5xf32>)
      outs(%f : tensor<f32>) {
  ^bb0(%v: f32, %o: f32):
    %m = arith.addf %v, %o : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  return %a, %b : tensor<f32>, tensor<f32>
}
