// RUN: tds-opt --tds-fusion --tds-bufferize --canonicalize --tds-plan-memory %s | FileCheck %s --implicit-check-not=memref.copy

// A training step of two layers, 64 digits at a time, as lib/Conversion leaves it: w1 by Adam, the rest by plain descent.
// The 58 ops become few, no value is copied, and the arena holds no gradient of w1: it is made where w1 goes.

// CHECK: tds.arena_bytes = 71424
// CHECK-COUNT-20: linalg.generic
// CHECK-NOT: linalg.generic

#in3_02 = affine_map<(d0,d1,d2) -> (d0,d2)>
#in3_21 = affine_map<(d0,d1,d2) -> (d2,d1)>
#in3_01 = affine_map<(d0,d1,d2) -> (d0,d1)>
#in2_1 = affine_map<(d0,d1) -> (d1)>
#in2_01 = affine_map<(d0,d1) -> (d0,d1)>
#in2_0 = affine_map<(d0,d1) -> (d0)>
#in1_0 = affine_map<(d0) -> (d0)>
#in2_none = affine_map<(d0,d1) -> ()>
#in0_none = affine_map<() -> ()>
#in3_20 = affine_map<(d0,d1,d2) -> (d2,d0)>
#in3_12 = affine_map<(d0,d1,d2) -> (d1,d2)>

func.func @entry(%x: tensor<64x784xf32>, %t: tensor<64x10xf32>, %w1: tensor<784x128xf32> {tds.donated}, %b1:
      tensor<128xf32> {tds.donated}, %w2: tensor<128x10xf32> {tds.donated}, %b2: tensor<10xf32> {tds.donated}, %mean:
      tensor<784x128xf32> {tds.donated}, %square: tensor<784x128xf32> {tds.donated}) -> (tensor<f32>,
      tensor<784x128xf32>, tensor<784x128xf32>, tensor<784x128xf32>, tensor<128xf32>, tensor<128x10xf32>,
      tensor<10xf32>) {
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %invb = arith.constant 0.015625 : f32
  %be1 = arith.constant 0.9 : f32
  %ob1 = arith.constant 0.1 : f32
  %be2 = arith.constant 0.999 : f32
  %ob2 = arith.constant 0.001 : f32
  %eps = arith.constant 1.0e-8 : f32
  %lr = arith.constant 0.001 : f32
  %v1 = tensor.empty() : tensor<64x128xf32>
  %v2 = linalg.fill ins(%zero : f32) outs(%v1 : tensor<64x128xf32>) -> tensor<64x128xf32>
  %v3 = linalg.generic {indexing_maps = [#in3_02,#in3_21,#in3_01], iterator_types =
      ["parallel","parallel","reduction"], tds.contract} ins(%x,%w1 : tensor<64x784xf32>,tensor<784x128xf32>)
      outs(%v2 : tensor<64x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %m = arith.mulf %a0, %a1 : f32
    %q = arith.addf %o, %m : f32
    linalg.yield %q : f32
  } -> tensor<64x128xf32>
  %v4 = tensor.empty() : tensor<64x128xf32>
  %v5 = linalg.generic {indexing_maps = [#in2_1,#in2_01], iterator_types = ["parallel","parallel"]} ins(%b1 :
      tensor<128xf32>) outs(%v4 : tensor<64x128xf32>) {
  ^bb0(%a0: f32, %o: f32):
    linalg.yield %a0 : f32
  } -> tensor<64x128xf32>
  %v6 = tensor.empty() : tensor<64x128xf32>
  %v7 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v3,%v5 : tensor<64x128xf32>,tensor<64x128xf32>) outs(%v6 : tensor<64x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.addf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x128xf32>
  %v8 = tensor.empty() : tensor<64x128xf32>
  %v9 = linalg.generic {indexing_maps = [#in2_01,#in2_01], iterator_types = ["parallel","parallel"]} ins(%v7 :
      tensor<64x128xf32>) outs(%v8 : tensor<64x128xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = arith.maximumf %a0, %zero : f32
    linalg.yield %q : f32
  } -> tensor<64x128xf32>
  %v10 = tensor.empty() : tensor<64x10xf32>
  %v11 = linalg.fill ins(%zero : f32) outs(%v10 : tensor<64x10xf32>) -> tensor<64x10xf32>
  %v12 = linalg.generic {indexing_maps = [#in3_02,#in3_21,#in3_01], iterator_types =
      ["parallel","parallel","reduction"], tds.contract} ins(%v9,%w2 : tensor<64x128xf32>,tensor<128x10xf32>)
      outs(%v11 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %m = arith.mulf %a0, %a1 : f32
    %q = arith.addf %o, %m : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v13 = tensor.empty() : tensor<64x10xf32>
  %v14 = linalg.generic {indexing_maps = [#in2_1,#in2_01], iterator_types = ["parallel","parallel"]} ins(%b2 :
      tensor<10xf32>) outs(%v13 : tensor<64x10xf32>) {
  ^bb0(%a0: f32, %o: f32):
    linalg.yield %a0 : f32
  } -> tensor<64x10xf32>
  %v15 = tensor.empty() : tensor<64x10xf32>
  %v16 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v12,%v14 : tensor<64x10xf32>,tensor<64x10xf32>) outs(%v15 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.addf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v17 = tensor.empty() : tensor<64xf32>
  %v18 = linalg.fill ins(%ninf : f32) outs(%v17 : tensor<64xf32>) -> tensor<64xf32>
  %v19 = linalg.generic {indexing_maps = [#in2_01,#in2_0], iterator_types = ["parallel","reduction"]} ins(%v16 :
      tensor<64x10xf32>) outs(%v18 : tensor<64xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = arith.maximumf %o, %a0 : f32
    linalg.yield %q : f32
  } -> tensor<64xf32>
  %v20 = tensor.empty() : tensor<64x10xf32>
  %v21 = linalg.generic {indexing_maps = [#in2_0,#in2_01], iterator_types = ["parallel","parallel"]} ins(%v19 :
      tensor<64xf32>) outs(%v20 : tensor<64x10xf32>) {
  ^bb0(%a0: f32, %o: f32):
    linalg.yield %a0 : f32
  } -> tensor<64x10xf32>
  %v22 = tensor.empty() : tensor<64x10xf32>
  %v23 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v16,%v21 : tensor<64x10xf32>,tensor<64x10xf32>) outs(%v22 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.subf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v24 = tensor.empty() : tensor<64x10xf32>
  %v25 = linalg.generic {indexing_maps = [#in2_01,#in2_01], iterator_types = ["parallel","parallel"]} ins(%v23 :
      tensor<64x10xf32>) outs(%v24 : tensor<64x10xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = math.exp %a0 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v26 = tensor.empty() : tensor<64xf32>
  %v27 = linalg.fill ins(%zero : f32) outs(%v26 : tensor<64xf32>) -> tensor<64xf32>
  %v28 = linalg.generic {indexing_maps = [#in2_01,#in2_0], iterator_types = ["parallel","reduction"]} ins(%v25 :
      tensor<64x10xf32>) outs(%v27 : tensor<64xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = arith.addf %o, %a0 : f32
    linalg.yield %q : f32
  } -> tensor<64xf32>
  %v29 = tensor.empty() : tensor<64xf32>
  %v30 = linalg.generic {indexing_maps = [#in1_0,#in1_0], iterator_types = ["parallel"]} ins(%v28 : tensor<64xf32>)
      outs(%v29 : tensor<64xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = math.log %a0 : f32
    linalg.yield %q : f32
  } -> tensor<64xf32>
  %v31 = tensor.empty() : tensor<64x10xf32>
  %v32 = linalg.generic {indexing_maps = [#in2_0,#in2_01], iterator_types = ["parallel","parallel"]} ins(%v30 :
      tensor<64xf32>) outs(%v31 : tensor<64x10xf32>) {
  ^bb0(%a0: f32, %o: f32):
    linalg.yield %a0 : f32
  } -> tensor<64x10xf32>
  %v33 = tensor.empty() : tensor<64x10xf32>
  %v34 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v23,%v32 : tensor<64x10xf32>,tensor<64x10xf32>) outs(%v33 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.subf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v35 = tensor.empty() : tensor<64x10xf32>
  %v36 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v34,%t : tensor<64x10xf32>,tensor<64x10xf32>) outs(%v35 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v37 = tensor.empty() : tensor<f32>
  %v38 = linalg.fill ins(%zero : f32) outs(%v37 : tensor<f32>) -> tensor<f32>
  %v39 = linalg.generic {indexing_maps = [#in2_01,#in2_none], iterator_types = ["reduction","reduction"]} ins(%v36 :
      tensor<64x10xf32>) outs(%v38 : tensor<f32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = arith.addf %o, %a0 : f32
    linalg.yield %q : f32
  } -> tensor<f32>
  %v40 = tensor.empty() : tensor<f32>
  %v41 = linalg.generic {indexing_maps = [#in0_none,#in0_none], iterator_types = []} ins(%v39 : tensor<f32>)
      outs(%v40 : tensor<f32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = arith.negf %a0 : f32
    linalg.yield %q : f32
  } -> tensor<f32>
  %v42 = tensor.empty() : tensor<f32>
  %v43 = linalg.generic {indexing_maps = [#in0_none], iterator_types = []} outs(%v42 : tensor<f32>) {
  ^bb0(%o: f32):
    linalg.yield %invb : f32
  } -> tensor<f32>
  %v44 = tensor.empty() : tensor<f32>
  %v45 = linalg.generic {indexing_maps = [#in0_none,#in0_none,#in0_none], iterator_types = []} ins(%v41,%v43 :
      tensor<f32>,tensor<f32>) outs(%v44 : tensor<f32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<f32>
  %v46 = tensor.empty() : tensor<64x10xf32>
  %v47 = linalg.generic {indexing_maps = [#in2_0,#in2_01], iterator_types = ["parallel","parallel"]} ins(%v28 :
      tensor<64xf32>) outs(%v46 : tensor<64x10xf32>) {
  ^bb0(%a0: f32, %o: f32):
    linalg.yield %a0 : f32
  } -> tensor<64x10xf32>
  %v48 = tensor.empty() : tensor<64x10xf32>
  %v49 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v25,%v47 : tensor<64x10xf32>,tensor<64x10xf32>) outs(%v48 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.divf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v50 = tensor.empty() : tensor<64x10xf32>
  %v51 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v49,%t : tensor<64x10xf32>,tensor<64x10xf32>) outs(%v50 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.subf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v52 = tensor.empty() : tensor<64x10xf32>
  %v53 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v52 : tensor<64x10xf32>) {
  ^bb0(%o: f32):
    linalg.yield %invb : f32
  } -> tensor<64x10xf32>
  %v54 = tensor.empty() : tensor<64x10xf32>
  %v55 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v51,%v53 : tensor<64x10xf32>,tensor<64x10xf32>) outs(%v54 : tensor<64x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<64x10xf32>
  %v56 = tensor.empty() : tensor<128x10xf32>
  %v57 = linalg.fill ins(%zero : f32) outs(%v56 : tensor<128x10xf32>) -> tensor<128x10xf32>
  %v58 = linalg.generic {indexing_maps = [#in3_20,#in3_21,#in3_01], iterator_types =
      ["parallel","parallel","reduction"], tds.contract} ins(%v9,%v55 : tensor<64x128xf32>,tensor<64x10xf32>)
      outs(%v57 : tensor<128x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %m = arith.mulf %a0, %a1 : f32
    %q = arith.addf %o, %m : f32
    linalg.yield %q : f32
  } -> tensor<128x10xf32>
  %v59 = tensor.empty() : tensor<10xf32>
  %v60 = linalg.fill ins(%zero : f32) outs(%v59 : tensor<10xf32>) -> tensor<10xf32>
  %v61 = linalg.generic {indexing_maps = [#in2_01,#in2_1], iterator_types = ["reduction","parallel"]} ins(%v55 :
      tensor<64x10xf32>) outs(%v60 : tensor<10xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = arith.addf %o, %a0 : f32
    linalg.yield %q : f32
  } -> tensor<10xf32>
  %v62 = tensor.empty() : tensor<64x128xf32>
  %v63 = linalg.fill ins(%zero : f32) outs(%v62 : tensor<64x128xf32>) -> tensor<64x128xf32>
  %v64 = linalg.generic {indexing_maps = [#in3_02,#in3_12,#in3_01], iterator_types =
      ["parallel","parallel","reduction"], tds.contract} ins(%v55,%w2 : tensor<64x10xf32>,tensor<128x10xf32>)
      outs(%v63 : tensor<64x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %m = arith.mulf %a0, %a1 : f32
    %q = arith.addf %o, %m : f32
    linalg.yield %q : f32
  } -> tensor<64x128xf32>
  %v65 = tensor.empty() : tensor<64x128xf32>
  %v66 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v7,%v64 : tensor<64x128xf32>,tensor<64x128xf32>) outs(%v65 : tensor<64x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %c = arith.cmpf ogt, %a0, %zero : f32
    %q = arith.select %c, %a1, %zero : f32
    linalg.yield %q : f32
  } -> tensor<64x128xf32>
  %v67 = tensor.empty() : tensor<784x128xf32>
  %v68 = linalg.fill ins(%zero : f32) outs(%v67 : tensor<784x128xf32>) -> tensor<784x128xf32>
  %v69 = linalg.generic {indexing_maps = [#in3_20,#in3_21,#in3_01], iterator_types =
      ["parallel","parallel","reduction"], tds.contract} ins(%x,%v66 : tensor<64x784xf32>,tensor<64x128xf32>)
      outs(%v68 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %m = arith.mulf %a0, %a1 : f32
    %q = arith.addf %o, %m : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v70 = tensor.empty() : tensor<128xf32>
  %v71 = linalg.fill ins(%zero : f32) outs(%v70 : tensor<128xf32>) -> tensor<128xf32>
  %v72 = linalg.generic {indexing_maps = [#in2_01,#in2_1], iterator_types = ["reduction","parallel"]} ins(%v66 :
      tensor<64x128xf32>) outs(%v71 : tensor<128xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = arith.addf %o, %a0 : f32
    linalg.yield %q : f32
  } -> tensor<128xf32>
  %v73 = tensor.empty() : tensor<784x128xf32>
  %v74 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v73 : tensor<784x128xf32>) {
  ^bb0(%o: f32):
    linalg.yield %be1 : f32
  } -> tensor<784x128xf32>
  %v75 = tensor.empty() : tensor<784x128xf32>
  %v76 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%mean,%v74 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v75 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v77 = tensor.empty() : tensor<784x128xf32>
  %v78 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v77 : tensor<784x128xf32>) {
  ^bb0(%o: f32):
    linalg.yield %ob1 : f32
  } -> tensor<784x128xf32>
  %v79 = tensor.empty() : tensor<784x128xf32>
  %v80 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v69,%v78 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v79 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v81 = tensor.empty() : tensor<784x128xf32>
  %v82 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v76,%v80 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v81 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.addf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v83 = tensor.empty() : tensor<784x128xf32>
  %v84 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v83 : tensor<784x128xf32>) {
  ^bb0(%o: f32):
    linalg.yield %be2 : f32
  } -> tensor<784x128xf32>
  %v85 = tensor.empty() : tensor<784x128xf32>
  %v86 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%square,%v84 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v85 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v87 = tensor.empty() : tensor<784x128xf32>
  %v88 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v69,%v69 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v87 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v89 = tensor.empty() : tensor<784x128xf32>
  %v90 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v89 : tensor<784x128xf32>) {
  ^bb0(%o: f32):
    linalg.yield %ob2 : f32
  } -> tensor<784x128xf32>
  %v91 = tensor.empty() : tensor<784x128xf32>
  %v92 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v88,%v90 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v91 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v93 = tensor.empty() : tensor<784x128xf32>
  %v94 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v86,%v92 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v93 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.addf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v95 = tensor.empty() : tensor<784x128xf32>
  %v96 = linalg.generic {indexing_maps = [#in2_01,#in2_01], iterator_types = ["parallel","parallel"]} ins(%v94 :
      tensor<784x128xf32>) outs(%v95 : tensor<784x128xf32>) {
  ^bb0(%a0: f32, %o: f32):
    %q = math.sqrt %a0 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v97 = tensor.empty() : tensor<784x128xf32>
  %v98 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v97 : tensor<784x128xf32>) {
  ^bb0(%o: f32):
    linalg.yield %eps : f32
  } -> tensor<784x128xf32>
  %v99 = tensor.empty() : tensor<784x128xf32>
  %v100 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v96,%v98 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v99 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.addf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v101 = tensor.empty() : tensor<784x128xf32>
  %v102 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v82,%v100 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v101 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.divf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v103 = tensor.empty() : tensor<784x128xf32>
  %v104 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v103 : tensor<784x128xf32>) {
  ^bb0(%o: f32):
    linalg.yield %lr : f32
  } -> tensor<784x128xf32>
  %v105 = tensor.empty() : tensor<784x128xf32>
  %v106 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v102,%v104 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v105 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v107 = tensor.empty() : tensor<784x128xf32>
  %v108 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%w1,%v106 : tensor<784x128xf32>,tensor<784x128xf32>) outs(%v107 : tensor<784x128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.subf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<784x128xf32>
  %v109 = tensor.empty() : tensor<128xf32>
  %v110 = linalg.generic {indexing_maps = [#in1_0], iterator_types = ["parallel"]} outs(%v109 : tensor<128xf32>) {
  ^bb0(%o: f32):
    linalg.yield %lr : f32
  } -> tensor<128xf32>
  %v111 = tensor.empty() : tensor<128xf32>
  %v112 = linalg.generic {indexing_maps = [#in1_0,#in1_0,#in1_0], iterator_types = ["parallel"]} ins(%v72,%v110 :
      tensor<128xf32>,tensor<128xf32>) outs(%v111 : tensor<128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<128xf32>
  %v113 = tensor.empty() : tensor<128xf32>
  %v114 = linalg.generic {indexing_maps = [#in1_0,#in1_0,#in1_0], iterator_types = ["parallel"]} ins(%b1,%v112 :
      tensor<128xf32>,tensor<128xf32>) outs(%v113 : tensor<128xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.subf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<128xf32>
  %v115 = tensor.empty() : tensor<128x10xf32>
  %v116 = linalg.generic {indexing_maps = [#in2_01], iterator_types = ["parallel","parallel"]}
      outs(%v115 : tensor<128x10xf32>) {
  ^bb0(%o: f32):
    linalg.yield %lr : f32
  } -> tensor<128x10xf32>
  %v117 = tensor.empty() : tensor<128x10xf32>
  %v118 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%v58,%v116 : tensor<128x10xf32>,tensor<128x10xf32>) outs(%v117 : tensor<128x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<128x10xf32>
  %v119 = tensor.empty() : tensor<128x10xf32>
  %v120 = linalg.generic {indexing_maps = [#in2_01,#in2_01,#in2_01], iterator_types = ["parallel","parallel"]}
      ins(%w2,%v118 : tensor<128x10xf32>,tensor<128x10xf32>) outs(%v119 : tensor<128x10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.subf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<128x10xf32>
  %v121 = tensor.empty() : tensor<10xf32>
  %v122 = linalg.generic {indexing_maps = [#in1_0], iterator_types = ["parallel"]} outs(%v121 : tensor<10xf32>) {
  ^bb0(%o: f32):
    linalg.yield %lr : f32
  } -> tensor<10xf32>
  %v123 = tensor.empty() : tensor<10xf32>
  %v124 = linalg.generic {indexing_maps = [#in1_0,#in1_0,#in1_0], iterator_types = ["parallel"]} ins(%v61,%v122 :
      tensor<10xf32>,tensor<10xf32>) outs(%v123 : tensor<10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.mulf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<10xf32>
  %v125 = tensor.empty() : tensor<10xf32>
  %v126 = linalg.generic {indexing_maps = [#in1_0,#in1_0,#in1_0], iterator_types = ["parallel"]} ins(%b2,%v124 :
      tensor<10xf32>,tensor<10xf32>) outs(%v125 : tensor<10xf32>) {
  ^bb0(%a0: f32,%a1: f32, %o: f32):
    %q = arith.subf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<10xf32>
  return %v45, %v108, %v82, %v94, %v114, %v120, %v126 : tensor<f32>, tensor<784x128xf32>, tensor<784x128xf32>,
      tensor<784x128xf32>, tensor<128xf32>, tensor<128x10xf32>, tensor<10xf32>
}
  