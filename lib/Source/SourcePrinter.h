//===- SourcePrinter.h - one function on its way to text --------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Tds.h"
#include "lib/Shape/Dim.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <set>

namespace tds::source {

/// An expression. Compound ones stand in brackets where an operator could tear them apart; the formatter takes those
/// away that precedence does not need.
struct Text {
  std::string text;
  std::vector<std::string> shape; ///< of the text in TDS; the value's may be what this broadcasts to
  bool weak = false;              ///< a number that takes the type it meets
  bool atom = false;              ///< a name or a number: may be repeated, and subscripted
};

/// Where an element is: a coordinate a dimension, over sizes, indices in scope and data.
using Place = std::vector<Dim>;

/// Prints a function. A value is printed in one of two ways: whole, as functions of tensors, or an element at a place,
/// which is what stands inside of index notation. After an error the texts are of no use; `ok` says so.
class SourcePrinter {
public:
  explicit SourcePrinter(mlir::func::FuncOp function) : function(function) {}
  llvm::FailureOr<std::string> run();

private:
  // Source.cpp: the def, its names
  std::string parameters();
  std::string results(mlir::func::ReturnOp op, std::string &type);
  std::string fresh(llvm::StringRef wish);
  std::string nameOf(mlir::Value v);
  Text refuse(mlir::Operation *op, const llvm::Twine &why = "");

  // Statements.cpp: blocks
  void visit(mlir::Block &block);
  void visit(mlir::Operation *op);
  void findNames(mlir::Block &block);
  void findLabels();
  bool isNamed(mlir::Operation *op) const { return named.contains(op); }
  void place(mlir::Operation *op, const Text &text);
  Text compute(mlir::Operation *op);
  Text bind(mlir::Value v, const Text &text);
  void bindAll(mlir::ValueRange values, const std::string &text);
  /// A value that may be subscripted: its name, bound first if it has none.
  Text nameFor(mlir::Value v);
  Text exactNameFor(mlir::Value v);
  std::string side(mlir::Region &region);
  void whereOfAll(WhereOp op);
  void whereOfEach(WhereOp op);
  void composite(CompositeOp op);
  void write(ScatterOp op);
  void sort(SortOp op);
  void host(HostOp op);
  Text primitive(mlir::Operation *op);
  mlir::Value rowThatMayBeOutside(ScatterOp op);

  // Loops.cpp
  void loop(mlir::scf::ForOp op);
  void loop(mlir::scf::WhileOp op);
  std::vector<std::string> carry(mlir::ValueRange inits, mlir::ValueRange arguments);
  void nameUsed(mlir::Region &region);
  void next(llvm::ArrayRef<std::string> names, mlir::ValueRange arguments, mlir::ValueRange yields);
  /// A number that is no tensor: a loop's bound or counter, and what is computed of them.
  Text scalar(mlir::Value v);

  // Whole.cpp: tensors
  Text whole(mlir::Value v);
  /// With exactly the value's shape.
  Text exact(mlir::Value v);
  /// With exactly the value's type.
  Text typed(mlir::Value v);
  Text typed(Text text, mlir::Type element);
  Text literal(ConstantOp op);
  Text apply(mlir::Operation *op, llvm::ArrayRef<Text> operands);
  Text convert(mlir::Operation *op, Text x, mlir::Type to);
  Text pointwise(mlir::Operation *op);
  Text reduce(ReduceOp op);
  Text scan(ScanOp op);
  Text contract(ContractOp op);
  Text call(llvm::StringRef function, llvm::ArrayRef<std::string> arguments, std::vector<std::string> shape);

  // Reads.cpp: subscripts
  Text access(AccessOp op);
  Text gather(GatherOp op);
  Text scatterAdd(ScatterOp op);
  std::optional<Text> scatterAddInEach(ScatterOp op);
  /// `[subscripts]` that read x at a map, when slices, numbers and one tensor of ids do; and the shape that they give.
  struct Subscripts {
    std::string text;
    std::vector<std::string> shape;
    unsigned spread = 0; ///< leading dimensions that broadcasting adds
  };
  std::optional<Subscripts> subscripts(mlir::AffineMap map, mlir::ArrayAttr symbols, mlir::ValueRange ids,
                                       mlir::RankedTensorType x, mlir::RankedTensorType y, bool mayAddDims);
  /// Whether places are inside as far as TDS asks: they have to be, or a loop's counter moves them to no edge.
  bool staysInside(Outside outside, mlir::ValueRange ids);
  /// The ids of a gather before they were spread over other dimensions, with the dimensions that they have.
  std::pair<mlir::Value, llvm::SmallVector<int64_t>> spreadFrom(mlir::Value ids);

  // Elements.cpp: index notation
  Text element(mlir::Value v, const Place &at);
  Text compose(mlir::Operation *op, mlir::Value v, const Place &at);
  Text composed(mlir::Operation *op, mlir::Value v, const Place &at);
  Text read(const Text &base, const Place &at, llvm::StringRef outside = "");
  Text readOf(mlir::Value x, const Place &at, Outside outside, mlir::Value otherwise, const Place &of);
  Text elementOfReduce(ReduceOp op, const Place &at);
  Text elementOfContract(ContractOp op, const Place &at);
  Text elementOfWhere(WhereOp op, llvm::ArrayRef<unsigned> results, const Place &at);
  Text elementOfSum(mlir::Operation *op, mlir::Value init, mlir::Value x, mlir::ValueRange ids, mlir::AffineMap map,
                    mlir::ArrayAttr symbols, Outside outside, const Place &at);
  std::string sideAt(mlir::Operation *op, mlir::Region &region, llvm::ArrayRef<unsigned> results, const Place &at);
  /// `[i < n, j] => body`
  Text build(const std::vector<std::string> &sizes, llvm::function_ref<Text(const Place &)> body);
  /// A short name that nothing in sight has.
  std::string freeIndex() const;
  /// Opens indices over these sizes; `close` gives their declarations.
  Place open(llvm::ArrayRef<std::string> sizes);
  std::string close(const Place &indices, llvm::ArrayRef<std::string> sizes);
  Place through(mlir::AffineMap map, mlir::ArrayAttr symbols, mlir::ValueRange ids, const Place &at);
  Dim dimOf(mlir::AffineExpr expr, llvm::ArrayRef<Dim> dims, llvm::ArrayRef<Dim> symbols);

  mlir::func::FuncOp function;
  std::vector<std::string> lines;
  llvm::DenseMap<mlir::Value, Text> values;
  llvm::DenseSet<mlir::Operation *> named;
  llvm::StringSet<> names;
  llvm::StringMap<llvm::StringSet<>> labels; ///< of values, by their last parts
  std::map<std::string, std::set<std::string>>
      bare; ///< of each open index: the dimensions that it subscripts by itself
  struct Local {
    Place at;
    std::string name;
  };
  llvm::DenseMap<mlir::Value, Local> locals; ///< elements bound within a side of a branch
  unsigned temporaries = 0;
  bool ok = true;
};

using Sizes = std::vector<std::string>;

/// Reads of ids, as the printer can say them.
void partSpreads(mlir::func::FuncOp function);

std::string elementName(mlir::Type element);
Sizes sizesOf(mlir::RankedTensorType type);
/// `a`, or `(a, b)`.
std::string tuple(llvm::ArrayRef<std::string> parts);
Dim sizeOf(llvm::StringRef text);
std::string bracket(llvm::ArrayRef<std::string> parts);
std::string number(const HostValue &value, mlir::Type element, bool asFloat);

} // namespace tds::source
