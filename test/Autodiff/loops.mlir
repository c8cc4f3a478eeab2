// RUN: %tds-opt %s --tds-autodiff --tds-simplify --cse --split-input-file | FileCheck %s

// The loop keeps what the reversed one reads: h alone. The scatter of a gather's adjoint goes into the sum that the loop
// carries, not into zeros of its own.
// CHECK-LABEL: @reversed(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4xf32>, %[[Y:[^:]*]]: tensor<3x4xf32>, %[[DY:[^:]*]]: tensor<4xf32>
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<3x4xf32>
// CHECK-NEXT: %[[KEPT:.*]]:2 = scf.for {{.*}} iter_args(%[[H:[^ ]*]] = %[[X]], %[[STACK:[^ ]*]] = %[[EMPTY]])
// CHECK: %[[ROW:.*]] = tds.scatter set %[[STACK]], %[[H]][{{.*}}] at (d0)[s0] -> (s0, d0) clamp
// CHECK: %[[M:.*]] = tds.mul %[[H]]
// CHECK-NEXT: scf.yield %[[M]], %[[ROW]]
// CHECK: %[[D:.*]]:2 = scf.for {{.*}} iter_args(%[[DH:[^ ]*]] = %[[DY]], %[[SUM:[^ ]*]] = %{{.*}})
// CHECK-NOT: tds.scatter
// CHECK: %[[OLD:.*]] = tds.gather %[[KEPT]]#1[
// CHECK: %[[READ:.*]] = tds.gather %[[Y]][%[[ID:.*]]]
// CHECK-DAG: %[[DX:.*]] = tds.mul %[[DH]], %[[READ]]
// CHECK-DAG: %[[DR:.*]] = tds.mul %[[DH]], %[[OLD]]
// CHECK: %[[NEXT:.*]] = tds.scatter add %[[SUM]], %[[DR]][%[[ID]]]
// CHECK-NEXT: scf.yield %[[DX]], %[[NEXT]]
// CHECK: return %[[D]]#0, %[[D]]#1
func.func @reversed(%x: tensor<4xf32>, %y: tensor<3x4xf32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
  %z, %dx, %dz = tds.vjp wrt(%x, %y : tensor<4xf32>, tensor<3x4xf32>) cotangent(%dy : tensor<4xf32>)
      -> tensor<4xf32>, tensor<4xf32>, tensor<3x4xf32> {
  ^bb0(%a: tensor<4xf32>, %b: tensor<3x4xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %l = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %a) -> tensor<4xf32> {
      %k = arith.index_cast %i : index to i64
      %count = tensor.from_elements %k : tensor<i64>
      %ids = tds.access %count at (d0) -> () : tensor<i64> -> tensor<4xi64>
      %row = tds.gather %b[%ids] at (d0)[s0] -> (s0, d0) : tensor<3x4xf32>, (tensor<4xi64>) -> tensor<4xf32>
      %m = tds.mul %h, %row : tensor<4xf32>
      scf.yield %m : tensor<4xf32>
    }
    tds.yield %l : tensor<4xf32>
  }
  return %dx, %dz : tensor<4xf32>, tensor<3x4xf32>
}

// -----

// A vector that is updated in place is not kept, but the element that is read of it. In the reversed round the element
// of the cotangent is read before a zero is written there. No table of who wrote last: there is one id.
// CHECK-LABEL: @update(
// CHECK-NOT: x8xf32>
// CHECK: tensor.empty() : tensor<7xf32>
// CHECK: scf.for
// CHECK: %[[V:.*]] = tds.gather
// CHECK: tds.scatter set %{{.*}}, %[[V]][{{.*}}] {{.*}} : tensor<7xf32>, tensor<f32>
// CHECK: tds.sin %[[V]]
// CHECK: scf.for {{.*}} iter_args(%[[DS:[^ ]*]] = %arg1) -> (tensor<8xf32>) {
// CHECK: %[[DW:.*]] = tds.gather %[[DS]]
// CHECK: %[[REST:.*]] = tds.scatter set %[[DS]], %{{[0-9a-z_]*}}[
// CHECK-NOT: tds.eq
// CHECK: %[[COS:.*]] = tds.cos
// CHECK: %[[DV:.*]] = tds.mul %[[DW]], %[[COS]]
// CHECK: %[[ALL:.*]] = tds.scatter add %[[REST]], %[[DV]]
// CHECK: scf.yield %[[ALL]]
func.func @update(%x: tensor<8xf32>, %dy: tensor<8xf32>) -> tensor<8xf32> {
  %y, %dx = tds.vjp wrt(%x : tensor<8xf32>) cotangent(%dy : tensor<8xf32>) -> tensor<8xf32>, tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %one = tds.constant dense<1> : tensor<i64>
    %l = scf.for %i = %c1 to %c8 step %c1 iter_args(%s = %a) -> tensor<8xf32> {
      %k = arith.index_cast %i : index to i64
      %id = tensor.from_elements %k : tensor<i64>
      %before = tds.sub %id, %one : tensor<i64>
      %v = tds.gather %s[%before] at ()[s0] -> (s0) : tensor<8xf32>, (tensor<i64>) -> tensor<f32>
      %w = tds.sin %v : tensor<f32>
      %t = tds.scatter set %s, %w[%id] at ()[s0] -> (s0) : tensor<8xf32>, tensor<f32>, (tensor<i64>)
      scf.yield %t : tensor<8xf32>
    }
    tds.yield %l : tensor<8xf32>
  }
  return %dx : tensor<8xf32>
}

// -----

// What a round does linearly keeps nothing.
// CHECK-LABEL: @linear(
// CHECK-NOT: tds.scatter
// CHECK: return
func.func @linear(%x: tensor<8xf32>, %dy: tensor<8xf32>) -> tensor<8xf32> {
  %y, %dx = tds.vjp wrt(%x : tensor<8xf32>) cotangent(%dy : tensor<8xf32>) -> tensor<8xf32>, tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %l = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %a) -> tensor<8xf32> {
      %t = tds.sub %a, %s : tensor<8xf32>
      scf.yield %t : tensor<8xf32>
    }
    tds.yield %l : tensor<8xf32>
  }
  return %dx : tensor<8xf32>
}

// -----

// A product of matrices is not computed twice: what it went into is kept beside the state, as it is no larger.
// CHECK-LABEL: @cell(
// CHECK: %[[KEPT:.*]]:3 = scf.for {{.*}} -> (tensor<4xf32>, tensor<9x4xf32>, tensor<9x4xf32>)
// CHECK: tds.contract
// CHECK: tds.tanh
// CHECK: scf.for
// CHECK-NOT: tds.tanh
// CHECK: tds.contract {{.*}} over [0]
// CHECK-NOT: tds.contract
func.func @cell(%w: tensor<4x4xf32>, %h: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4x4xf32> {
  %y, %dw = tds.vjp wrt(%w : tensor<4x4xf32>) cotangent(%dy : tensor<4xf32>) -> tensor<4xf32>, tensor<4x4xf32> {
  ^bb0(%m: tensor<4x4xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    %l = scf.for %i = %c0 to %c9 step %c1 iter_args(%s = %h) -> tensor<4xf32> {
      %p = tds.contract %m, %s maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>] over [1]
        : tensor<4x4xf32>, tensor<4xf32>
      %t = tds.tanh %p : tensor<4xf32>
      scf.yield %t : tensor<4xf32>
    }
    tds.yield %l : tensor<4xf32>
  }
  return %dw : tensor<4x4xf32>
}

// -----

// A loop on a condition counts its rounds, keeps rows while there are any, and its state every so many rounds, which are
// twice as many where there is no room. Chunks are walked back; rounds are run again where not all of them were kept.
// CHECK-LABEL: @conditional(
// CHECK: %[[R:.*]]:5 = scf.while (%{{.*}} = %arg0, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (tensor<f64>, tensor<i64>, tensor<i64>, tensor<4096xf64>, tensor<4096xf64>)
// CHECK: ^bb0(%[[Y:[^:]*]]: tensor<f64>, %[[N:[^:]*]]: tensor<i64>, %[[STRIDE:[^:]*]]: tensor<i64>, %[[ROWS:[^:]*]]: tensor<4096xf64>, %[[STATES:[^:]*]]: tensor<4096xf64>):
// CHECK: %[[THIN:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[STATES]])
// CHECK: tds.scatter set %[[ROWS]], %[[Y]][%[[N]]] at ()[s0] -> (s0) drop
// CHECK: tds.scatter set %[[THIN]], %[[Y]][{{.*}}] at ()[s0] -> (s0) drop
// CHECK: tds.sin %[[Y]]
// CHECK: scf.for {{.*}} iter_args(%[[D:[^ ]*]] = %arg1) -> (tensor<f64>) {
// CHECK: %[[FROM:.*]] = tds.gather %[[R]]#4
// CHECK: %[[AGAIN:.*]]:2 = scf.for {{.*}} iter_args(%[[Z:[^ ]*]] = %[[FROM]], {{.*}}) -> (tensor<f64>, tensor<4096xf64>)
// CHECK: tds.sin %[[Z]]
// CHECK: %[[B:.*]] = scf.for {{.*}} iter_args(%[[DY:[^ ]*]] = %[[D]]) -> (tensor<f64>)
// CHECK: tds.gather %[[R]]#3
// CHECK: tds.gather %[[AGAIN]]#1
// CHECK: tds.cos
// CHECK: scf.yield %[[B]]
func.func @conditional(%x: tensor<f64>, %dy: tensor<f64>) -> tensor<f64> {
  %y, %dx = tds.vjp wrt(%x : tensor<f64>) cotangent(%dy : tensor<f64>) -> tensor<f64>, tensor<f64> {
  ^bb0(%a: tensor<f64>):
    %ten = tds.constant dense<10.0> : tensor<f64>
    %l = scf.while (%s = %a) : (tensor<f64>) -> tensor<f64> {
      %c = tds.lt %s, %ten : tensor<f64>
      %go = tensor.extract %c[] : tensor<i1>
      scf.condition(%go) %s : tensor<f64>
    } do {
    ^bb0(%s: tensor<f64>):
      %u = tds.sin %s : tensor<f64>
      %t = tds.add %s, %u : tensor<f64>
      scf.yield %t : tensor<f64>
    }
    tds.yield %l : tensor<f64>
  }
  return %dx : tensor<f64>
}

// -----

// Forward mode carries the tangents of what varies along; a count that nobody reads is not carried.
// CHECK-LABEL: @tangents(
// CHECK: %[[L:.*]]:2 = scf.for {{.*}} iter_args(%[[S:[^ ]*]] = %arg0, %[[DS:[^ ]*]] = %arg1) -> (tensor<f64>, tensor<f64>)
// CHECK: %[[U:.*]] = tds.sin %[[S]]
// CHECK: %[[C:.*]] = tds.cos %[[S]]
// CHECK: %[[DU:.*]] = tds.mul %[[DS]], %[[C]]
// CHECK: scf.yield %[[U]], %[[DU]]
// CHECK: %[[W:.*]]:2 = scf.while (%{{[^ ]*}} = %[[L]]#0, %{{[^ ]*}} = %[[L]]#1)
// CHECK: scf.condition(%{{.*}}) %[[P:[^ ]*]], %[[DP:[^ ]*]] :
// CHECK: ^bb0(%[[Q:[^:]*]]: tensor<f64>, %[[DQ:[^:]*]]: tensor<f64>):
// CHECK: tds.exp %[[Q]]
// CHECK: tds.mul %[[DQ]]
// CHECK: return %[[W]]#1
func.func @tangents(%x: tensor<f64>, %dx: tensor<f64>) -> tensor<f64> {
  %y, %dy = tds.jvp wrt(%x : tensor<f64>) tangents(%dx : tensor<f64>) -> tensor<f64>, tensor<f64> {
  ^bb0(%a: tensor<f64>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %zero = tds.constant dense<0> : tensor<i64>
    %ten = tds.constant dense<10.0> : tensor<f64>
    %l:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%s = %a, %k = %zero) -> (tensor<f64>, tensor<i64>) {
      %u = tds.sin %s : tensor<f64>
      %m = tds.add %k, %k : tensor<i64>
      scf.yield %u, %m : tensor<f64>, tensor<i64>
    }
    %w = scf.while (%s = %l#0) : (tensor<f64>) -> tensor<f64> {
      %c = tds.lt %s, %ten : tensor<f64>
      %go = tensor.extract %c[] : tensor<i1>
      scf.condition(%go) %s : tensor<f64>
    } do {
    ^bb0(%s: tensor<f64>):
      %t = tds.exp %s : tensor<f64>
      scf.yield %t : tensor<f64>
    }
    tds.yield %w : tensor<f64>
  }
  return %dy : tensor<f64>
}
