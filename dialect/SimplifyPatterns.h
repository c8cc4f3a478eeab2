// What the files of `tds-simplify` share.
#pragma once
#include "dialect/Tds.h"
#include "mlir/IR/PatternMatch.h"

namespace tds {

/// A read that only permutes, drops and repeats dimensions: each coordinate is one index, none twice, and runs over its
/// whole dimension: a slice from the front has the same map.
bool isPermutedRead(AccessOp op);

/// Sums of products become contractions, and contractions take in what is around them.
void addContractionPatterns(mlir::RewritePatternSet &patterns);

} // namespace tds
