//===- ContractionKernels.h - inner functions of contractions ---*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private functions on pointers, made once a module for each key however many contractions call them: what surrounds
// them is short, and most of a contraction's compile time is theirs.
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_CPU_CONTRACTIONKERNELS_H
#define TDS_LIB_CODEGEN_CPU_CONTRACTIONKERNELS_H
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace tds {

/// Index arithmetic, loops and accesses through pointers, at one place of a function under construction.
class Emitter {
public:
  /// At the top of a function.
  Emitter(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc), top(builder.getBlock()) {}

  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, index(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  /// Of values that are not negative.
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, int64_t b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value equal(mlir::Value a, mlir::Value b);

  /// `pointer` moved by a count of elements.
  mlir::Value at(mlir::Value pointer, mlir::Value elements, mlir::Type element);
  mlir::Value at(mlir::Value pointer, int64_t elements, mlir::Type element);
  /// An element or a vector of them, aligned as an element is.
  mlir::Value load(mlir::Type type, mlir::Value pointer);
  void store(mlir::Value value, mlir::Value pointer);
  mlir::Value maskedLoad(mlir::VectorType type, mlir::Value pointer, mlir::Value mask);
  void maskedStore(mlir::Value value, mlir::Value pointer, mlir::Value mask);
  /// The first `count` lanes.
  mlir::Value mask(mlir::Value count, int64_t lanes);
  /// To a wider float type, or as it is.
  mlir::Value widen(mlir::Value value, mlir::Type element);

  using Body = llvm::function_ref<void(mlir::Value)>;
  void loop(mlir::Value begin, mlir::Value end, mlir::Value step, Body body);
  void loop(mlir::Value end, Body body) { loop(index(0), end, index(1), body); }
  /// `carry` through each round, as `body` returns it.
  llvm::SmallVector<mlir::Value>
  loop(mlir::Value end, mlir::ValueRange carry,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  void branch(mlir::Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);

  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  mlir::Block *top;
  llvm::DenseMap<int64_t, mlir::Value> indices; // constants, once each, at the function's top
};

/// c[rows, width] (+)= a[rows, k] * b[k, width], the tile in registers while k passes.
struct MicroKernel {
  mlir::Type element, lhs, rhs; // of c, a, b
  int64_t rows, vectors;        // the tile; its width is vectors * lanes
  bool partial;                 // the last vector is not full: takes the width
  bool masked;                  // and b has no padding: reads no more than the width
  bool scattered;               // c's columns are not neighbours
  bool fresh;                   // never adds to what c holds
  int64_t lhsRow, lhsK, rhsK;   // strides in elements
};

/// c[rows, columns] (+)= a[rows, k] * b[columns, k], both contiguous along k.
struct DotKernel {
  mlir::Type element, lhs, rhs;
  int64_t rows, columns;
  int64_t lhsRow, rhsRow;
};

/// A panel: panel[k1, k0, i] = source[i, k1, k0] for i < width, and anything for i beyond the count.
struct PackKernel {
  enum Order { alongWidth, alongK, scattered }; // what is contiguous in the source
  mlir::Type element, source;
  int64_t width; // a multiple of the vector, or a smaller power of two of 128 bits at least
  Order order;
  bool full;   // the count is the width
  bool shortK; // k0 may be less than a vector
};

class ContractionKernels {
public:
  ContractionKernels(mlir::ModuleOp module, unsigned vectorBits) : module(module), vectorBits(vectorBits) {}

  /// (k, a, b, c, row stride of c, column stride of c, accumulate: i1, width)
  mlir::func::FuncOp get(const MicroKernel &kernel);
  /// (k, a, b, c, row stride of c, column stride of c, accumulate: i1)
  mlir::func::FuncOp get(const DotKernel &kernel);
  /// (source, panel, count, its stride, k0, its stride, k1, its stride)
  mlir::func::FuncOp get(const PackKernel &kernel);

  int64_t lanes(mlir::Type element) const { return vectorBits / element.getIntOrFloatBitWidth(); }

private:
  using Fill = llvm::function_ref<void(Emitter &, mlir::ValueRange)>;
  mlir::func::FuncOp get(const std::string &name, llvm::ArrayRef<mlir::Type> arguments, Fill fill);

  mlir::ModuleOp module;
  unsigned vectorBits;
};

} // namespace tds

#endif
