//===- Lowering.h - what the lowerings of tds ops share ---------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Tds.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Transforms/DialectConversion.h"

namespace tds {

/// A read or write at data whose ids IRGen has made those of the elements that go there: checked under a branch of each
/// element too. Without it what is under such a branch is `unchecked`.
inline constexpr llvm::StringLiteral guarded = "tds.guarded";
inline constexpr llvm::StringLiteral unchecked = "tds.unchecked";
/// An rt.call that may report.
inline constexpr llvm::StringLiteral checked = "tds.checked";

/// Where the checks of a module come from, in the order of their numbers.
using Places = llvm::SmallVector<mlir::Attribute>;
/// The host's functions that a module calls, each with the place of its first call.
struct Host {
  std::string name;
  int64_t place;
};
using Hosts = std::vector<Host>;

/// What a check says about its place: the source range below names.
mlir::Attribute placeOf(mlir::Location loc);

// Each adds the patterns of its file.
void addScalarPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addAccessPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addDataPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns, Places &places);
void addCallPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns, Places &places, Hosts &hosts);
void addReductionPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);

/// Elements in memory: signless, a bool is an i8.
mlir::Type storedElement(mlir::Type element);
mlir::RankedTensorType storedType(mlir::RankedTensorType type);
/// A scalar from memory as its element computes, and back; they differ for bool.
mlir::Value loadScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value stored, mlir::Type element);
mlir::Value storeScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value scalar, mlir::Type element);
/// The one element of a stored tensor of rank 0.
mlir::Value extractScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tensor);
/// Numbers as scalars of a stored element.
mlir::Value scalarConstant(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element, double value);
mlir::Value indexConstant(mlir::OpBuilder &b, mlir::Location loc, int64_t value);
mlir::Value i64Constant(mlir::OpBuilder &b, mlir::Location loc, int64_t value);
/// A scalar in another element, by the rules of `tds.convert`; both are elements of the dialect, the value computes.
mlir::Value convertScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value scalar, mlir::Type from, mlir::Type to);
/// The element in which sums of this element are kept: f32 for 16-bit floats.
mlir::Type accumulator(mlir::Type element);
mlir::Value addScalars(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y);
mlir::Value mulScalars(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y);

/// What a generic reads: a stored tensor at a map of the iteration space.
struct Input {
  mlir::Value tensor;
  mlir::AffineMap map;
};
/// The same through permutations and broadcasts that lowered to generics of their own: they need not be made.
Input readThrough(Input input);

using ScalarBody = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, llvm::ArrayRef<mlir::Value>)>;
/// One parallel linalg.generic; splats that are constants become scalars of its body.
mlir::Value parallelGeneric(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType result,
                            llvm::ArrayRef<Input> inputs, ScalarBody body);
/// A generic that also reduces: `space` dimensions, of which those outside of `result` (a projected permutation) are
/// reduced; the body takes the inputs and then the accumulator, which starts from `init`.
mlir::linalg::GenericOp reducingGeneric(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<Input> inputs,
                                        mlir::Value init, mlir::AffineMap result, ScalarBody body);
mlir::Value filled(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType type, mlir::Value scalar);

/// A loop over the points of a box, in order, that carries a tensor: the body gives the next one.
using PointBody = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange, mlir::Value)>;
mlir::Value walkPoints(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> sizes, mlir::Value carried,
                       PointBody body);

/// The least and greatest value of an expression over a box [0, sizes); nothing if it has symbols or the box is empty.
struct Interval {
  int64_t least, greatest;
};
std::optional<Interval> intervalOf(mlir::AffineExpr expr, llvm::ArrayRef<int64_t> sizes);

/// Whether a map of x's indices is a slice of y with a place for each element of x.
bool isSlice(mlir::AffineMap map, mlir::RankedTensorType x, mlir::RankedTensorType y);
/// y with x written, or added, in such a slice; null if it is none.
mlir::Value putSlice(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y, mlir::AffineMap map,
                     bool adds);

/// A map with its symbols replaced by the numbers that their texts are; `first` symbols (ids) stay.
mlir::AffineMap closeMap(mlir::AffineMap map, mlir::ArrayAttr symbols, unsigned first = 0);

/// Places of a body's point at a map, as index arithmetic.
struct Place {
  llvm::SmallVector<mlir::Value> at; ///< inside of the tensor, always
  mlir::Value inside;                ///< i1, whether that is where the map said; null: always
};
/// `shape` is what the coordinates index; what `outside` moves or leaves out is moved inside.
Place placeAt(mlir::OpBuilder &b, mlir::Location loc, mlir::AffineMap map, llvm::ArrayRef<int64_t> space,
              mlir::ValueRange dims, mlir::ValueRange ids, llvm::ArrayRef<int64_t> shape, Outside outside);

} // namespace tds
