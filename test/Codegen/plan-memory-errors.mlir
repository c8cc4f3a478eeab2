// RUN: tds-opt --tds-plan-memory --split-input-file --verify-diagnostics %s

func.func private @open_body(%call: !llvm.ptr, %n: index) attributes {tds.entry = "open"} {
  // expected-error @+1 {{a buffer of 'memref<?xf32>', expected a static shape}}
  %a = memref.alloc(%n) : memref<?xf32>
  return
}

// -----

func.func private @parallel_body(%call: !llvm.ptr, %n: index) attributes {tds.entry = "parallel"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    // expected-error @+1 {{a buffer made in a parallel loop, expected outside of it}}
    %a = memref.alloc() : memref<4xf32>
  }
  return
}
