//===- Indices.cpp - index variables, coordinates, subscripts -------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/IRGen/Generator.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tds;
using graph::Node;

/// The number after the mark of a name like `$3`, or nothing.
static std::optional<int> marked(StringRef name, char mark) {
  int number;
  if (name.empty() || name.front() != mark || name.drop_front().getAsInteger(10, number))
    return std::nullopt;
  return number;
}

static AffineExpr dimAt(ArrayRef<int> indices, int id, MLIRContext *context) {
  return getAffineDimExpr(unsigned(llvm::find(indices, id) - indices.begin()), context);
}

void Generator::registerVars(const Node *node) {
  for (const graph::IndexVar &var : node->vars)
    ranges.insert_or_assign(var.id, var.range);
}

Indices Generator::indicesIn(ArrayRef<Dim> dims) const {
  Indices found;
  for (const Dim &dim : dims)
    for (const std::string &name : dim.names())
      if (std::optional<int> id = marked(name, '$'))
        found.push_back(*id);
  llvm::sort(found);
  found.erase(llvm::unique(found), found.end());
  return found;
}

RankedTensorType Generator::typeFor(ArrayRef<int> indices, const Dims &shape, Type element) const {
  SmallVector<std::string> texts;
  for (int id : indices)
    texts.push_back(resolve(ranges.at(id)).str());
  for (const Dim &dim : shape)
    texts.push_back(resolve(dim).str());
  return tensorType(texts, element);
}

Value Generator::align(OpBuilder &b, Location loc, const IndexedValue &value, ArrayRef<int> indices,
                       const Dims *shape) {
  RankedTensorType type = typeOf(value.v);
  unsigned own = unsigned(type.getRank() - int64_t(value.indices.size()));
  bool stretch = shape && own == 0 && !shape->empty();
  if (!stretch && ArrayRef<int>(value.indices) == indices)
    return value.v;
  SmallVector<AffineExpr> map;
  for (int id : value.indices)
    map.push_back(dimAt(indices, id, &context));
  SmallVector<std::string> texts;
  for (int id : indices)
    texts.push_back(resolve(ranges.at(id)).str());
  for (unsigned d = 0; d < own; ++d) {
    map.push_back(b.getAffineDimExpr(unsigned(indices.size()) + d));
    texts.push_back(dimText(type, unsigned(value.indices.size()) + d));
  }
  if (stretch)
    for (const Dim &dim : *shape)
      texts.push_back(resolve(dim).str());
  return AccessOp::create(b, loc, tensorType(texts, type.getElementType()), value.v,
                          AffineMap::get(unsigned(texts.size()), 0, map, &context));
}

namespace {
/// Writes Dims as affine expressions; what mentions sizes only becomes a symbol that stands for its text.
struct AffineWriter {
  MLIRContext *context;
  llvm::function_ref<AffineExpr(StringRef)> variable; ///< of `$3`, `#0`, `@1`; null for a size
  unsigned firstSymbol;
  SmallVectorImpl<StringRef> &symbols;
  std::string problem;

  bool mentionsVariable(const Dim &dim) {
    return llvm::any_of(dim.names(), [&](const std::string &name) { return bool(variable(name)); });
  }

  AffineExpr sizeOnly(const Dim &dim) {
    if (std::optional<int64_t> number = dim.constant())
      return getAffineConstantExpr(*number, context);
    StringRef text = StringAttr::get(context, dim.str()).getValue();
    auto place = llvm::find(symbols, text);
    unsigned position = unsigned(place - symbols.begin());
    if (place == symbols.end())
      symbols.push_back(text);
    return getAffineSymbolExpr(firstSymbol + position, context);
  }

  AffineExpr write(const Dim &dim) {
    if (!mentionsVariable(dim))
      return sizeOnly(dim);
    AffineExpr sum = getAffineConstantExpr(0, context);
    Dim rest;
    for (auto &[monomial, coefficient] : dim.getTerms()) {
      Dim factor(coefficient);
      AffineExpr term;
      for (const Atom &atom : monomial) {
        Dim single = asDim(atom);
        if (!mentionsVariable(single)) {
          factor = factor * single;
        } else if (term) {
          problem = "a product of indices is not affine";
          return sum;
        } else {
          term = write(atom);
        }
      }
      if (term)
        sum = sum + term * sizeOnly(factor);
      else
        rest = rest + factor;
    }
    return sum + sizeOnly(rest);
  }

  static Dim asDim(const Atom &atom) {
    switch (atom.kind) {
    case Atom::name:
      return Dim::name(atom.text);
    case Atom::floorDiv:
      return Dim::floorDiv(*atom.lhs, *atom.rhs);
    case Atom::mod:
      return Dim::mod(*atom.lhs, *atom.rhs);
    }
    llvm_unreachable("an atom of another version");
  }

  AffineExpr write(const Atom &atom) {
    if (atom.kind == Atom::name)
      return variable(atom.text);
    AffineExpr lhs = write(*atom.lhs);
    if (mentionsVariable(*atom.rhs)) {
      problem = "a division by an index is not affine";
      return lhs;
    }
    // MLIR wants positive divisors; by 0 gives 0.
    if (std::optional<int64_t> by = atom.rhs->constant(); by && *by <= 0) {
      if (*by == 0)
        return getAffineConstantExpr(0, context);
      AffineExpr quotient = (-lhs).floorDiv(-*by);
      return atom.kind == Atom::floorDiv ? quotient : lhs - quotient * *by;
    }
    AffineExpr rhs = sizeOnly(*atom.rhs);
    return atom.kind == Atom::floorDiv ? lhs.floorDiv(rhs) : lhs % rhs;
  }
};
} // namespace

std::optional<Generator::Coordinates> Generator::coordinates(const Node *node, ArrayRef<Dim> places,
                                                             ArrayRef<int> indices, ArrayRef<int> ofOperand,
                                                             unsigned numIds, unsigned rank) {
  unsigned lead = unsigned(indices.size());
  auto variable = [&](StringRef name) -> AffineExpr {
    if (std::optional<int> id = marked(name, '$'))
      return dimAt(indices, *id, &context);
    if (std::optional<int> dim = marked(name, '#'))
      return getAffineDimExpr(lead + unsigned(*dim), &context);
    if (std::optional<int> id = marked(name, '@'))
      return getAffineSymbolExpr(unsigned(*id), &context);
    return nullptr;
  };
  Coordinates result;
  SmallVector<AffineExpr> map;
  for (int id : ofOperand)
    map.push_back(dimAt(indices, id, &context));
  AffineWriter writer{&context, variable, numIds, result.symbols, {}};
  for (const Dim &coordinate : places)
    map.push_back(writer.write(resolve(coordinate)));
  if (!writer.problem.empty()) {
    error(node, writer.problem);
    return std::nullopt;
  }
  result.map = AffineMap::get(lead + rank, numIds + unsigned(result.symbols.size()), map, &context);
  return result;
}

IndexedValue Generator::size(const Node *node) {
  auto position = [&](StringRef name) -> IndexedValue {
    std::optional<int> id = marked(name, '$');
    if (!id)
      return {};
    OpBuilder &b = builderOf(node);
    return {IotaOp::create(b, locationOf(node), typeFor(*id, {}, b.getI64Type()), 0), {*id}};
  };
  return polynomial(node, resolve(node->size), {}, position);
}

/// A Dim as an i64 over the space of what it mentions; values of its variables may have the dimensions `points` of
/// their own.
IndexedValue Generator::polynomial(const Node *node, const Dim &dim, const Dims &points,
                                   llvm::function_ref<IndexedValue(StringRef)> variable) {
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Type i64 = b.getI64Type();
  auto sizeOnly = [&](const Dim &size) -> IndexedValue {
    if (std::optional<int64_t> number = size.constant())
      return {tds::constant(b, loc, HostValue(host::Int(*number)), scalarType(i64)), {}};
    return {SizeOp::create(b, loc, scalarType(i64), size.str()), {}};
  };
  auto hasPoints = [&](const IndexedValue &x) { return typeOf(x.v).getRank() > int64_t(x.indices.size()); };
  auto combine = [&](StringRef name, const IndexedValue &x, const IndexedValue &y) -> IndexedValue {
    Indices indices = unite(x.indices, y.indices);
    const Dims *shape = hasPoints(x) || hasPoints(y) ? &points : nullptr;
    return {pointwise(b, loc, name, {align(b, loc, x, indices, shape), align(b, loc, y, indices, shape)}), indices};
  };
  auto isVariable = [](const Dim &part) {
    return llvm::any_of(part.names(), [](StringRef name) {
      return name.starts_with("$") || name.starts_with("#") || name.starts_with("@");
    });
  };
  if (!isVariable(dim))
    return sizeOnly(dim);
  Dim rest;
  IndexedValue sum;
  for (auto &[monomial, coefficient] : dim.getTerms()) {
    Dim factor(coefficient);
    IndexedValue term;
    for (const Atom &atom : monomial) {
      Dim single = AffineWriter::asDim(atom);
      if (!isVariable(single)) {
        factor = factor * single;
        continue;
      }
      IndexedValue value;
      if (atom.kind == Atom::name) {
        value = variable(atom.text);
        if (elementOf(value.v) != i64)
          value.v = convertTo(b, loc, value.v, i64);
      } else {
        IndexedValue lhs = polynomial(node, *atom.lhs, points, variable),
                     rhs = polynomial(node, *atom.rhs, points, variable);
        value = combine(atom.kind == Atom::floorDiv ? "floordiv" : "mod", lhs, rhs);
      }
      term = term ? combine("mul", term, value) : value;
    }
    if (!term) {
      rest = rest + factor;
      continue;
    }
    if (!factor.isConstant(1))
      term = combine("mul", term, sizeOnly(factor));
    sum = sum ? combine("add", sum, term) : term;
  }
  return rest.isConstant(0) ? sum : combine("add", sum, sizeOnly(rest));
}

IndexedValue Generator::reducedTo(OpBuilder &b, Location loc, const IndexedValue &guard, ArrayRef<int> indices) {
  SmallVector<int64_t> others;
  Indices kept;
  for (auto [position, id] : llvm::enumerate(guard.indices))
    llvm::is_contained(indices, id) ? kept.push_back(id) : others.push_back(int64_t(position));
  if (others.empty())
    return guard;
  return {ReduceOp::create(b, loc, typeFor(kept, {}, b.getI1Type()), ReduceKind::any, guard.v, others), kept};
}


/// Under a branch of each element, or in rounds that not all make, a coordinate that is data is 0 where the element
/// does not go: only what is read is checked. Says whether there is such a branch or round.
bool Generator::guardIds(const Node *node, const Dims &points, ArrayRef<int> indices, std::vector<Dim> &coordinates,
                         SmallVectorImpl<IndexedValue> &ids) {
  SmallVector<IndexedValue> guards =
      node->outside == graph::Outside::none ? guardsOf(node) : SmallVector<IndexedValue>();
  if (guards.empty())
    return false;
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  for (IndexedValue &guard : guards)
    guard = reducedTo(b, loc, guard, indices);
  auto variable = [&](StringRef name) -> IndexedValue {
    if (std::optional<int> id = marked(name, '@'))
      return ids[*id];
    if (std::optional<int> id = marked(name, '$'))
      return {IotaOp::create(b, loc, typeFor(*id, {}, b.getI64Type()), 0), {*id}};
    return {IotaOp::create(b, loc, typeFor({}, points, b.getI64Type()), *marked(name, '#')), {}};
  };
  SmallVector<IndexedValue> masked;
  for (Dim &coordinate : coordinates) {
    if (llvm::none_of(coordinate.names(), [](StringRef name) { return name.starts_with("@"); }))
      continue;
    std::optional<std::string> alone = coordinate.asName();
    IndexedValue value = alone ? variable(*alone) : polynomial(node, resolve(coordinate), points, variable);
    for (const IndexedValue &guard : guards) {
      Indices all = unite(value.indices, guard.indices);
      bool hasPoints = typeOf(value.v).getRank() > int64_t(value.indices.size());
      Value at = align(b, loc, value, all), goes = align(b, loc, guard, all, hasPoints ? &points : nullptr);
      value = {pointwise(b, loc, "select", {goes, at, tds::constant(b, loc, 0.0, typeOf(at))}), all};
    }
    coordinate = Dim::name("@" + std::to_string(masked.size()));
    masked.push_back(value);
  }
  ids = masked;
  return true;
}

static Outside outsideOf(const Node *node) {
  switch (node->outside) {
  case graph::Outside::none:
    return Outside::none;
  case graph::Outside::otherwise:
    return Outside::otherwise;
  case graph::Outside::wrap:
    return Outside::wrap;
  case graph::Outside::clamp:
    return Outside::clamp;
  }
  llvm_unreachable("an Outside of another version");
}

/// A subscript without data: over the indices of its operand and those that its coordinates mention.
IndexedValue Generator::access(const Node *node) {
  IndexedValue x = evaluate(node->operands[0]);
  IndexedValue otherwise;
  if (!x)
    return {};
  Indices indices = unite(x.indices, indicesIn(node->coordinates));
  bool hasElse = node->outside == graph::Outside::otherwise;
  if (hasElse) {
    otherwise = evaluate(node->operands[1]);
    if (!otherwise)
      return {};
    indices = unite(indices, otherwise.indices);
  }
  std::optional<Coordinates> at =
      coordinates(node, node->coordinates, indices, x.indices, 0, unsigned(node->shape.size()));
  if (!at)
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Value outside = hasElse ? otherwise.v : Value();
  if (hasElse && typeOf(outside).getRank() != 0)
    outside = align(b, loc, otherwise, indices, &node->shape);
  auto type = typeFor(indices, node->shape, elementOf(x.v));
  return {AccessOp::create(b, loc, type, x.v, outside, at->map, b.getStrArrayAttr(at->symbols), outsideOf(node)),
          indices};
}

/// A subscript with data: the ids are tensors of the result's shape.
IndexedValue Generator::gather(const Node *node) {
  IndexedValue x = evaluate(node->operands[0]);
  SmallVector<IndexedValue> ids;
  if (!x || !evaluateAll(ArrayRef(node->operands).slice(1, node->numIds), ids))
    return {};
  Indices indices = unite(x.indices, indicesIn(node->coordinates));
  for (const IndexedValue &id : ids)
    indices = unite(indices, id.indices);
  IndexedValue otherwise;
  bool hasElse = node->outside == graph::Outside::otherwise;
  if (hasElse) {
    otherwise = evaluate(node->operands.back());
    if (!otherwise)
      return {};
    indices = unite(indices, otherwise.indices);
  }
  std::vector<Dim> places = node->coordinates;
  bool isGuarded = guardIds(node, node->shape, indices, places, ids);
  std::optional<Coordinates> at =
      coordinates(node, places, indices, x.indices, unsigned(ids.size()), unsigned(node->shape.size()));
  if (!at)
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  SmallVector<Value> aligned;
  for (const IndexedValue &id : ids)
    aligned.push_back(align(b, loc, id, indices, &node->shape));
  Value outside = hasElse ? otherwise.v : Value();
  if (hasElse && typeOf(outside).getRank() != 0)
    outside = align(b, loc, otherwise, indices, &node->shape);
  auto type = typeFor(indices, node->shape, elementOf(x.v));
  auto op =
      GatherOp::create(b, loc, type, x.v, aligned, outside, at->map, b.getStrArrayAttr(at->symbols), outsideOf(node));
  if (isGuarded)
    op->setAttr(guarded, b.getUnitAttr());
  return {op, indices};
}

/// An update: the values, and with them the result, are over all indices in play.
IndexedValue Generator::scatter(const Node *node) {
  SmallVector<IndexedValue> operands; // what is updated, the values, the ids
  if (!evaluateAll(ArrayRef(node->operands).take_front(2 + node->numIds), operands))
    return {};
  std::optional<ScatterKind> kind = symbolizeScatterKind(node->name);
  if (!kind) {
    error(node, "no update `" + node->name + "`");
    return {};
  }
  Indices indices = indicesIn(node->coordinates);
  for (const IndexedValue &operand : operands)
    indices = unite(indices, operand.indices);
  const Dims &points = node->operands[1]->shape;
  std::vector<Dim> places = node->coordinates;
  SmallVector<IndexedValue> ids(ArrayRef(operands).drop_front(2));
  bool isGuarded = guardIds(node, points, indices, places, ids);
  std::optional<Coordinates> at =
      coordinates(node, places, indices, indices, unsigned(ids.size()), unsigned(points.size()));
  if (!at)
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Value init = align(b, loc, operands[0], indices);
  Value written = align(b, loc, operands[1], indices);
  SmallVector<Value> aligned;
  for (const IndexedValue &id : ids)
    aligned.push_back(align(b, loc, id, indices, &points));
  auto op = ScatterOp::create(b, loc, init.getType(), *kind, init, written, aligned, at->map,
                              b.getStrArrayAttr(at->symbols), outsideOf(node));
  if (isGuarded)
    op->setAttr(guarded, b.getUnitAttr());
  return {op, indices};
}
