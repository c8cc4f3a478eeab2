//===- Elements.cpp - index notation --------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Source/SourcePrinter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tds;
using namespace tds::source;

//===----------------------------------------------------------------------===//
// Places and indices
//===----------------------------------------------------------------------===//

Dim SourcePrinter::dimOf(AffineExpr expr, ArrayRef<Dim> dims, ArrayRef<Dim> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Dim lhs = dimOf(binary.getLHS(), dims, symbols), rhs = dimOf(binary.getRHS(), dims, symbols);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::FloorDiv:
    return Dim::floorDiv(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return -Dim::floorDiv(-lhs, rhs);
  default:
    return Dim::mod(lhs, rhs);
  }
}

/// The coordinates of a map at a place; ids are read there.
Place SourcePrinter::through(AffineMap map, ArrayAttr symbols, ValueRange ids, const Place &at) {
  SmallVector<Dim> sizes;
  for (Value id : ids) {
    std::string text = element(id, at).text;
    sizes.push_back(Dim::parse(text).value_or(Dim::name(text)));
  }
  for (Attribute symbol : symbols)
    sizes.push_back(sizeOf(cast<StringAttr>(symbol).getValue()));
  Place place;
  for (AffineExpr expr : map.getResults())
    place.push_back(dimOf(expr, at, sizes));
  return place;
}

std::string SourcePrinter::freeIndex() const {
  static constexpr StringLiteral pool[] = {"i", "j", "k", "l", "p", "q", "r", "s", "t", "u", "v", "w"};
  for (unsigned round = 1;; ++round)
    for (StringRef letter : pool) {
      std::string wish = round == 1 ? letter.str() : letter.str() + std::to_string(round);
      if (!names.contains(wish) && !bare.count(wish))
        return wish;
    }
}

Place SourcePrinter::open(ArrayRef<std::string> sizes) {
  Place indices;
  for (size_t d = 0; d < sizes.size(); ++d) {
    indices.push_back(Dim::name(freeIndex()));
    bare[*indices.back().asName()];
  }
  return indices;
}

std::string SourcePrinter::close(const Place &indices, ArrayRef<std::string> sizes) {
  std::vector<std::string> parts;
  for (auto [index, size] : llvm::zip_equal(indices, sizes)) {
    std::string name = *index.asName();
    // A subscript by the index alone gives it its range, if all that do agree.
    parts.push_back(bare[name] == std::set<std::string>{size} ? name : name + " < " + sizeOf(size).str());
    bare.erase(name);
  }
  return bracket(parts);
}

Text SourcePrinter::build(const std::vector<std::string> &sizes, llvm::function_ref<Text(const Place &)> body) {
  Place indices = open(sizes);
  Text text = body(indices);
  std::string head = close(indices, sizes);
  if (sizes.empty())
    return text;
  Sizes shape = sizes;
  llvm::append_range(shape, text.shape);
  return {"(" + head + " => " + text.text + ")", shape, false, false};
}

Text SourcePrinter::read(const Text &base, const Place &at, StringRef outside) {
  if (base.shape.empty())
    return base;
  std::vector<std::string> parts;
  size_t lead = at.size() - base.shape.size();
  for (auto [k, size] : llvm::enumerate(base.shape)) {
    // A loose name has ones where the value is to be broadcast.
    const Dim place = size == "1" && outside.empty() ? Dim(0) : at[lead + k];
    std::optional<std::string> name = place.asName();
    if (auto index = name ? bare.find(*name) : bare.end(); index != bare.end())
      index->second.insert(outside.ends_with("wrap") || outside.ends_with("clamp") ? "" : size);
    parts.push_back(place.str());
  }
  return {base.text + "[" + llvm::join(parts, ", ") + outside.str() + "]", {}, false, false};
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Text SourcePrinter::element(Value v, const Place &at) {
  if (auto local = locals.find(v); local != locals.end() && local->second.at == at)
    return {local->second.name, {}, false, true};
  auto known = values.find(v);
  if (known != values.end() && known->second.atom) {
    return read(Text(known->second), at);
  }
  Operation *op = v.getDefiningOp();
  if (!op)
    return refuse(function, "an argument of a body has no text");
  if (auto constant = dyn_cast<ConstantOp>(op))
    return splatValue(v) ? literal(constant) : read(nameFor(v), at);
  if (isa<SizeOp, tensor::FromElementsOp>(op))
    return whole(v);
  if (auto iota = dyn_cast<IotaOp>(op)) {
    std::string text = at[iota.getDim()].str();
    bool simple = llvm::all_of(text, llvm::isAlnum);
    return {simple ? text : "(" + text + ")", {}, true, true};
  }
  bool composable = isa<Pointwise, ConvertOp, AccessOp, GatherOp, ContractOp>(op) ||
                    (isa<ReduceOp>(op) && cast<ReduceOp>(op).getDims().size() > 0);
  if (known != values.end() && !composable)
    return read(nameFor(v), at);
  return compose(op, v, at);
}

/// A size that all numbers are below, of a constant or of positions along a dimension.
static std::optional<std::string> boundOf(Value v) {
  if (std::optional<HostValue> number = splatValue(v); number && std::holds_alternative<host::Int>(*number))
    return std::to_string(std::get<host::Int>(*number).v + 1);
  if (auto access = v.getDefiningOp<AccessOp>(); access && access.getOutside() == Outside::none)
    return boundOf(access.getX());
  if (auto iota = v.getDefiningOp<IotaOp>())
    return dimText(typeOf(v), unsigned(iota.getDim()));
  return std::nullopt;
}

/// What an op computes at a place.
Text SourcePrinter::compose(Operation *op, Value v, const Place &at) {
  if (!ok)
    return {};
  Text text = composed(op, v, at);
  // Within a side of a branch values that are used twice may be written twice.
  return text.text.size() > (1 << 14) ? refuse(op, "the expression would be too long") : text;
}

Text SourcePrinter::composed(Operation *op, Value v, const Place &at) {
  return llvm::TypeSwitch<Operation *, Text>(op)
      .Case<DeriveKeyOp>([&](DeriveKeyOp op) {
        std::string key = element(op.getKey(), at).text, i = element(op.getI(), at).text;
        if (op.getDomain() == 1)
          return call("fold_in", {key, i}, {});
        // split(k, n)[i] is the same for each n beyond i.
        std::optional<std::string> count = boundOf(op.getI());
        if (op.getDomain() != 2 || !count)
          return refuse(op, "`split` at a place that is computed");
        return Text{call("split", {key, *count}, {}).text + "[" + i + "]", {}, false, false};
      })
      .Case<ConvertOp>([&](ConvertOp op) { return convert(op, element(op.getX(), at), elementOf(op.getResult())); })
      .Case<AccessOp>([&](AccessOp op) {
        return readOf(op.getX(), through(op.getMap(), op.getSymbols(), {}, at), op.getOutside(), op.getOtherwise(), at);
      })
      .Case<GatherOp>([&](GatherOp op) {
        Place place = through(op.getMap(), op.getSymbols(), op.getIds(), at);
        Outside outside = staysInside(op.getOutside(), op.getIds()) ? Outside::none : op.getOutside();
        return readOf(op.getX(), place, outside, op.getOtherwise(), at);
      })
      .Case<ReduceOp>([&](ReduceOp op) { return elementOfReduce(op, at); })
      .Case<ContractOp>([&](ContractOp op) { return elementOfContract(op, at); })
      .Case<AccumulateOp>([&](AccumulateOp op) {
        return elementOfSum(op, {}, op.getX(), {}, op.getMap(), op.getSymbols(), op.getOutside(), at);
      })
      .Case<ScatterOp>([&](ScatterOp op) {
        if (op.getKind() == ScatterKind::set)
          return refuse(op, "it writes in index notation");
        return elementOfSum(op, op.getInit(), op.getV(), op.getIds(), op.getMap(), op.getSymbols(), op.getOutside(),
                            at);
      })
      .Case<WhereOp>([&](WhereOp op) { return elementOfWhere(op, {cast<OpResult>(v).getResultNumber()}, at); })
      .Default([&](Operation *op) -> Text {
        if (!isa<Pointwise>(op))
          return refuse(op, "it stands in index notation");
        SmallVector<Text> operands;
        for (Value operand : op->getOperands())
          operands.push_back(element(operand, at));
        return ok ? apply(op, operands) : Text();
      });
}

/// x at a place that may be outside of it.
Text SourcePrinter::readOf(Value x, const Place &at, Outside outside, Value otherwise, const Place &of) {
  switch (outside) {
  case Outside::none:
    return element(x, at);
  case Outside::wrap:
    return read(exactNameFor(x), at, " wrap");
  case Outside::clamp:
    return read(exactNameFor(x), at, " clamp");
  case Outside::otherwise:
    break;
  }
  Text value = element(otherwise, typeOf(otherwise).getRank() ? of : Place());
  return read(exactNameFor(x), at, " else " + value.text);
}

Text SourcePrinter::elementOfReduce(ReduceOp op, const Place &at) {
  auto x = typeOf(op.getX());
  std::vector<std::string> sizes;
  for (int64_t dim : op.getDims())
    sizes.push_back(dimText(x, dim));
  Place indices = open(sizes), place;
  for (int64_t dim = 0, kept = 0, reduced = 0; dim < x.getRank(); ++dim)
    place.push_back(llvm::is_contained(op.getDims(), dim) ? indices[reduced++] : at[kept++]);
  Text body = typed(element(op.getX(), place), x.getElementType());
  std::string head = close(indices, sizes);
  Type element = x.getElementType();
  bool narrow = isa<IntegerType>(element) && element.getIntOrFloatBitWidth() < 32 && !element.isInteger(1);
  bool widens = op.getKind() == ReduceKind::sum || op.getKind() == ReduceKind::prod;
  std::string text = stringifyEnum(op.getKind()).str() + head + "(" + body.text + ")";
  return narrow && widens ? call(elementName(element), {text}, {}) : Text{text, {}, false, false};
}

Text SourcePrinter::elementOfContract(ContractOp op, const Place &at) {
  std::vector<std::string> sizes;
  for (int64_t dim : op.getReduce()) {
    AffineExpr index = getAffineDimExpr(unsigned(dim), op.getContext());
    unsigned k = op.mapOf(0).getResultPosition(index) ? 0 : 1;
    sizes.push_back(dimText(typeOf(op.getOperand(k)), *op.mapOf(k).getResultPosition(index)));
  }
  Place indices = open(sizes), space;
  for (int64_t dim = 0, kept = 0, reduced = 0; dim < int64_t(op.getIterationRank()); ++dim)
    space.push_back(llvm::is_contained(op.getReduce(), dim) ? indices[reduced++] : at[kept++]);
  std::string factors[2];
  ArrayAttr none = ArrayAttr::get(op.getContext(), {});
  for (unsigned k : {0, 1})
    factors[k] = element(op.getOperand(k), through(op.mapOf(k), none, {}, space)).text;
  std::string head = close(indices, sizes), product = "(" + factors[0] + " * " + factors[1] + ")";
  for (unsigned k : {0, 1})
    if (isSplat(op.getOperand(k), 1) && !isSplat(op.getOperand(1 - k), 1))
      product = "(" + factors[1 - k] + ")";
  return {sizes.empty() ? product : "sum" + head + product, {}, false, false};
}

//===----------------------------------------------------------------------===//
// Branches an element
//===----------------------------------------------------------------------===//

/// A side at a place. What it uses more than once, and at the place itself, is bound within it.
std::string SourcePrinter::sideAt(Operation *op, Region &region, ArrayRef<unsigned> results, const Place &at) {
  std::string text;
  auto space = typeOf(cast<WhereOp>(op).getCond());
  bool lines = false;
  for (Operation &inner : region.front().without_terminator()) {
    if (!ok || inner.getNumResults() != 1 || isa<ConstantOp, SizeOp, IotaOp>(inner))
      continue;
    Value v = inner.getResult(0);
    bool sameSpace = typeOf(v).getShape() == space.getShape() && typeOf(v).getEncoding() == space.getEncoding();
    if (!sameSpace || v.use_empty() || (v.hasOneUse() && !isNamed(&inner)))
      continue;
    Text value = typed(compose(&inner, v, at), elementOf(v));
    std::string name = nameOf(v);
    text += name + " = " + value.text + "\n";
    locals[v] = {at, name};
    lines = true;
  }
  std::vector<std::string> parts;
  Operation *yield = region.front().getTerminator();
  for (unsigned result : results)
    parts.push_back(ok ? typed(element(yield->getOperand(result), at), elementOf(yield->getOperand(result))).text : "");
  std::string value = parts.size() == 1 ? parts[0] : "(" + llvm::join(parts, ", ") + ")";
  return lines ? "{\n" + text + value + "\n}" : value;
}

Text SourcePrinter::elementOfWhere(WhereOp op, ArrayRef<unsigned> results, const Place &at) {
  bool each = typeOf(op.getCond()).getRank() > 0;
  std::string condition = element(op.getCond(), each ? at : Place()).text;
  std::string first = sideAt(op, op.getThenRegion(), results, at), second = sideAt(op, op.getElseRegion(), results, at);
  return {"(if " + condition + " then " + first + " else " + second + ")", {}, false, false};
}

//===----------------------------------------------------------------------===//
// Sums into places, turned around
//===----------------------------------------------------------------------===//

/// y[p] = init[p] + the sum of x[d] over all d whose place map(d) is p. Where a coordinate of the place is `a * d +
/// rest`, d is known: (p - rest) / a. The other dimensions of x are summed over, the other coordinates compared.
Text SourcePrinter::elementOfSum(Operation *op, Value init, Value x, ValueRange ids, AffineMap map, ArrayAttr symbols,
                                 Outside outside, const Place &at) {
  auto type = typeOf(x), y = typeOf(op->getResult(0));
  unsigned rank = unsigned(type.getRank());
  SmallVector<Dim> dims, data;
  for (unsigned d = 0; d < rank; ++d)
    dims.push_back(Dim::name("$" + std::to_string(d)));
  for (unsigned s = 0; s < ids.size(); ++s)
    data.push_back(Dim::name("@" + std::to_string(s)));
  for (Attribute symbol : symbols)
    data.push_back(sizeOf(cast<StringAttr>(symbol).getValue()));
  Place coordinates;
  for (AffineExpr expr : map.getResults())
    coordinates.push_back(dimOf(expr, dims, data));

  Place known(rank);
  SmallVector<bool> isKnown(rank), mustSum(rank), solved(coordinates.size());
  SmallVector<Dim> divisible;
  bool mayLeave = false;
  auto marked = [](const std::string &name, char mark) { return name[0] == mark; };
  for (auto [k, coordinate] : llvm::enumerate(coordinates)) {
    std::set<std::string> used = coordinate.names();
    bool bareDim = false;
    bool moved = outside == Outside::wrap || outside == Outside::clamp;
    if (llvm::any_of(used, [&](const std::string &name) { return marked(name, '@'); }))
      continue;
    for (unsigned d = 0; d < rank && !solved[k]; ++d) {
      std::string name = "$" + std::to_string(d);
      std::optional<Dim::Linear> linear = used.count(name) ? coordinate.linearIn(name) : std::nullopt;
      bool elsewhere = llvm::any_of(llvm::enumerate(coordinates),
                                    [&](auto other) { return other.index() != k && other.value().mentions(name); });
      if (!linear || elsewhere || isKnown[d] || mustSum[d] || !linear->coefficient.constant())
        continue;
      int64_t a = *linear->coefficient.constant();
      bareDim = a == 1 && linear->rest.isConstant(0) && dimText(type, d) == dimText(y, k);
      if (!bareDim && (moved || !ids.empty()))
        continue; // ids could be read outside of them
      if (llvm::any_of(linear->rest.names(), [&](const std::string &other) {
            return marked(other, '$') && isKnown[std::stoul(other.substr(1))];
          }))
        continue;
      for (const std::string &other : linear->rest.names())
        if (marked(other, '$'))
          mustSum[std::stoul(other.substr(1))] = true;
      Dim difference = a < 0 ? linear->rest - at[k] : at[k] - linear->rest;
      known[d] = Dim::floorDiv(difference, Dim(std::abs(a)));
      if (std::abs(a) != 1)
        divisible.push_back(Dim::mod(difference, Dim(std::abs(a))));
      isKnown[d] = solved[k] = true;
      mayLeave |= !bareDim;
    }
  }
  std::vector<std::string> sizes;
  for (unsigned d = 0; d < rank; ++d)
    if (!isKnown[d])
      sizes.push_back(dimText(type, d));
  Place indices = open(sizes), place;
  std::map<std::string, Dim> substitution;
  for (unsigned d = 0, next = 0; d < rank; ++d) {
    place.push_back(isKnown[d] ? known[d] : indices[next++]);
    if (!isKnown[d])
      substitution.emplace("$" + std::to_string(d), place[d]);
  }
  for (unsigned d = 0; d < rank; ++d) {
    place[d] = place[d].substitute(substitution);
    substitution.emplace("$" + std::to_string(d), place[d]);
  }
  for (auto [s, id] : llvm::enumerate(ids)) {
    std::string text = element(id, place).text;
    substitution.emplace("@" + std::to_string(s), Dim::parse(text).value_or(Dim::name(text)));
  }
  std::vector<std::string> conditions;
  for (const Dim &rest : divisible)
    conditions.push_back(rest.substitute(substitution).str() + " == 0");
  for (auto [k, coordinate] : llvm::enumerate(coordinates))
    if (!solved[k]) {
      std::string target = coordinate.substitute(substitution).str();
      Dim size = sizeOf(dimText(y, k));
      if (outside == Outside::wrap)
        target = Dim::mod(coordinate.substitute(substitution), size).str();
      else if (outside == Outside::clamp)
        target = "minimum(maximum(" + target + ", 0), " + (size - Dim(1)).str() + ")";
      conditions.push_back(at[k].str() + " == " + target);
    }

  Text value = mayLeave ? read(exactNameFor(x), place, " else 0") : element(x, place);
  std::string zero = elementName(type.getElementType()) + "(0)", text = value.text;
  if (!conditions.empty())
    text = "(if " + llvm::join(conditions, " and ") + " then " + typed(value, type.getElementType()).text + " else " +
           zero + ")";
  std::string head = close(indices, sizes);
  if (!sizes.empty())
    text = "sum" + head + "(" + text + ")";
  if (init && !isSplat(init, 0))
    text = "(" + element(init, at).text + " + " + text + ")";
  return {text, {}, false, false};
}
