//===- Generator.h - evaluates a graph over its index space -----*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Tds.h"
#include "lib/IRGen/IRGen.h"
#include "llvm/ADT/DenseMap.h"
#include <list>

namespace tds {

using Indices = llvm::SmallVector<int, 4>;

/// Says to the lowering that ids are those of the elements that go there (lib/Conversion/Lowering.h).
inline constexpr llvm::StringLiteral guarded = "tds.guarded";

/// The elements of a node for all values of the index variables that it depends on: these lead its dimensions, sorted.
struct IndexedValue {
  mlir::Value v;
  Indices indices;
  explicit operator bool() const { return bool(v); }
};
using IndexedValues = llvm::SmallVector<IndexedValue, 1>;

Indices unite(llvm::ArrayRef<int> a, llvm::ArrayRef<int> b);

class Generator {
public:
  Generator(mlir::MLIRContext &context, const graph::Function &function, const Sizes &sizes, const Sources *sources);
  mlir::OwningOpRef<mlir::ModuleOp> run();

private:
  /// A scope that is being filled. Its block grows at the end: a region op is created after its blocks, so what an
  /// inner scope needs of an outer one lands before that op.
  struct Frame {
    const graph::Scope *scope;
    mlir::OpBuilder builder;
    llvm::DenseMap<const graph::Node *, IndexedValues> memo;
    IndexedValue guard; ///< which elements go here: a branch's condition, who makes a loop's round; null: all
    bool negated = false;
    Frame(const graph::Scope *scope, mlir::OpBuilder builder) : scope(scope), builder(builder) {}
  };
  /// Enters a scope whose parameters have these values; leaves it at its end.
  class Enter {
  public:
    Enter(Generator &generator, const graph::Scope *scope, mlir::Block *block,
          llvm::ArrayRef<IndexedValue> params = {});
    ~Enter() { generator.frames.pop_back(); }
    Enter(const Enter &) = delete;

    mlir::OpBuilder &builder;

  private:
    Generator &generator;
  };

  // IRGen.cpp
  IndexedValue evaluate(const graph::Node *node);
  /// All values of a node, empty after an error.
  const IndexedValues &evaluateAll(const graph::Node *node);
  bool evaluateAll(llvm::ArrayRef<graph::Node *> nodes, llvm::SmallVectorImpl<IndexedValue> &values);
  bool alignAll(const graph::Node *node, llvm::ArrayRef<graph::Node *> operands, llvm::SmallVector<mlir::Value> &aligned, Indices &indices);
  IndexedValues create(const graph::Node *node);
  Frame &frameOf(const graph::Node *node);
  mlir::OpBuilder &builderOf(const graph::Node *node) { return frameOf(node).builder; }
  mlir::Location locationOf(const graph::Node *node) const;
  mlir::Type elementType(Element element) const;
  IndexedValue constant(const graph::Node *node);
  IndexedValue point(const graph::Node *node, llvm::StringRef name, llvm::ArrayRef<graph::Node *> operands);
  IndexedValue reduce(const graph::Node *node);
  IndexedValue indexReduce(const graph::Node *node);
  IndexedValue primitive(const graph::Node *node);
  IndexedValues host(const graph::Node *node);
  IndexedValue build(const graph::Node *node);
  IndexedValue contraction(const graph::Node *node);
  IndexedValues error(const graph::Node *node, const llvm::Twine &message);
  mlir::Value zero(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType type);

  // Indices.cpp
  Dim resolve(const Dim &dim) const { return dim.substitute(sizes); }
  mlir::RankedTensorType typeFor(llvm::ArrayRef<int> indices, const Dims &shape, mlir::Type element) const;
  /// `value` over these indices, which include its own; a scalar is also broadcast to `shape` when that is given.
  mlir::Value align(mlir::OpBuilder &b, mlir::Location loc, const IndexedValue &value, llvm::ArrayRef<int> indices,
                    const Dims *shape = nullptr);
  /// A graph's coordinates as an affine map over `indices` and the node's own dimensions.
  struct Coordinates {
    mlir::AffineMap map;
    llvm::SmallVector<llvm::StringRef> symbols;
  };
  std::optional<Coordinates> coordinates(const graph::Node *node, llvm::ArrayRef<Dim> places,
                                         llvm::ArrayRef<int> indices, llvm::ArrayRef<int> ofOperand, unsigned numIds,
                                         unsigned rank);
  void registerVars(const graph::Node *node);
  Indices indicesIn(llvm::ArrayRef<Dim> dims) const;
  IndexedValue size(const graph::Node *node);
  IndexedValue polynomial(const graph::Node *node, const Dim &dim, const Dims &points,
                          llvm::function_ref<IndexedValue(llvm::StringRef)> variable);
  /// Who goes for several elements goes if one of them does.
  IndexedValue reducedTo(mlir::OpBuilder &b, mlir::Location loc, const IndexedValue &guard, llvm::ArrayRef<int> indices);
  bool guardIds(const graph::Node *node, const Dims &points, llvm::ArrayRef<int> indices, std::vector<Dim> &coordinates,
                llvm::SmallVectorImpl<IndexedValue> &ids);
  IndexedValue access(const graph::Node *node);
  IndexedValue gather(const graph::Node *node);
  IndexedValue scatter(const graph::Node *node);

  // Regions.cpp
  IndexedValues where(const graph::Node *node);
  IndexedValues loop(const graph::Node *node);
  IndexedValues whileLoop(const graph::Node *node);
  IndexedValues derivative(const graph::Node *node);
  IndexedValues composite(const graph::Node *node);
  mlir::Value asIndex(const graph::Node *node, mlir::Value number);
  bool maskedRound(const graph::Node *node, const IndexedValue &active, llvm::ArrayRef<IndexedValue> params,
                   mlir::OpBuilder &b, llvm::SmallVectorImpl<IndexedValue> &results);
  /// Which elements the branches around a node take it for; empty: all.
  llvm::SmallVector<IndexedValue> guardsOf(const graph::Node *node);
  void yield(Enter &scope, mlir::Location loc, llvm::ArrayRef<IndexedValue> values, llvm::ArrayRef<Indices> indices,
             llvm::SmallVectorImpl<mlir::Type> &types);

  mlir::MLIRContext &context;
  const graph::Function &function;
  std::map<std::string, Dim> sizes;
  const Sources *sources;
  std::list<Frame> frames; // stable: evaluation inside keeps references
  std::map<int, Dim> ranges;
  bool failed = false;
};

} // namespace tds
