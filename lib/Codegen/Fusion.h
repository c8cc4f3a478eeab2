//===- Fusion.h - two linalg.generics made one ------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_FUSION_H
#define TDS_LIB_CODEGEN_FUSION_H
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace tds {

/// All iterators parallel, each point written once, nothing read from the results' first contents, no contraction.
bool isPointwise(mlir::linalg::GenericOp op);

/// Where in the producer's loops a point of the reader's lies:  inverse(map of the result) . map of the operand
mlir::AffineMap producerLoops(mlir::linalg::GenericOp producer, mlir::linalg::GenericOp reader,
                              mlir::OpOperand &operand);

/// What becomes of a producer when it is fused: it is gone; the reader computes its results too; it stays, computed
/// twice.
enum class Producer { vanishes, becomesResult, stays };

/// Fuses the pointwise `producer` into the reads of it that agree with `operand`. Null, and nothing changed, if the
/// fused op's operands would not determine its sizes.
mlir::linalg::GenericOp fuseProducer(mlir::RewriterBase &rewriter, mlir::linalg::GenericOp producer,
                                     mlir::linalg::GenericOp reader, mlir::OpOperand &operand, Producer fate);

/// Fuses two pointwise ops over one space, in the place of `second`; no use of `first` may come before it.
mlir::linalg::GenericOp fuseSibling(mlir::RewriterBase &rewriter, mlir::linalg::GenericOp first,
                                    mlir::linalg::GenericOp second);

/// Reads each input once, fills and splat constants as scalars, and none that the body does not use; the op itself if
/// there is nothing to do.
mlir::linalg::GenericOp simplifyOperands(mlir::RewriterBase &rewriter, mlir::linalg::GenericOp op);

} // namespace tds

#endif
