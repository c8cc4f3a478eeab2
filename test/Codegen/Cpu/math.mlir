// RUN: %tds-opt %s --pass-pipeline='builtin.module(tds-math)' | FileCheck %s

// CHECK-DAG: func.func private @erf(f64) -> f64
// CHECK-DAG: func.func private @sinf(f32) -> f32

// CHECK-LABEL: @exp
// CHECK-NOT: call
// CHECK: math.roundeven
// CHECK: math.fma
// CHECK: return
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// A lane at a time.
// CHECK-LABEL: @libm
// CHECK: scf.for {{.*}} -> (vector<8xf64>)
// CHECK: vector.extract
// CHECK: call @erf
// CHECK: vector.insert
func.func @libm(%x: vector<8xf64>) -> vector<8xf64> {
  %y = math.erf %x : vector<8xf64>
  return %y : vector<8xf64>
}

// Large arguments take a path of their own.
// CHECK-LABEL: @sine
// CHECK: vector.reduction <or>
// CHECK: scf.if
// CHECK: call @sinf
// CHECK: arith.select
// CHECK: else
func.func @sine(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.sin %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: @small_floats
// CHECK: arith.extf {{.*}} : bf16 to f32
// CHECK: math.sqrt {{.*}} : f32
// Rounded to even in its bits, a nan aside; an instruction where there is one (roundsToBf16).
// CHECK: arith.bitcast {{.*}} : f32 to i32
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast {{.*}} : i16 to bf16
func.func @small_floats(%x: bf16) -> bf16 {
  %y = math.sqrt %x : bf16
  return %y : bf16
}

// What is an instruction stays.
// CHECK-LABEL: @instructions
// CHECK-NEXT: math.sqrt
// CHECK-NEXT: math.floor
// CHECK-NEXT: math.fma
func.func @instructions(%x: vector<16xf32>) -> vector<16xf32> {
  %a = math.sqrt %x : vector<16xf32>
  %b = math.floor %a : vector<16xf32>
  %c = math.fma %a, %b, %x : vector<16xf32>
  return %c : vector<16xf32>
}
