//===- Reads.cpp - subscripts, and sums at ids ----------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsBuilder.h"
#include "lib/Source/SourcePrinter.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tds;
using namespace tds::source;

std::pair<Value, SmallVector<int64_t>> SourcePrinter::spreadFrom(Value ids) {
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(ids).getRank()));
  auto access = ids.getDefiningOp<AccessOp>();
  if (!access || access.getOutside() != Outside::none)
    return {ids, dims};
  SmallVector<int64_t> own;
  for (auto [k, expr] : llvm::enumerate(access.getMap().getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || (!own.empty() && own.back() >= int64_t(dim.getPosition())) ||
        dimText(typeOf(access.getX()), k) != dimText(access.getType(), dim.getPosition()))
      return {ids, dims};
    own.push_back(dim.getPosition());
  }
  return {access.getX(), own};
}

/// A read of ids that takes a part of them and spreads it  =>  two reads, of which the second spreads.
void source::partSpreads(func::FuncOp function) {
  function.walk([](Operation *op) {
    if (!isa<GatherOp, ScatterOp>(op))
      return;
    for (OpOperand &operand : op->getOpOperands()) {
      auto access = operand.get().getDefiningOp<AccessOp>();
      if (!access || access.getOutside() != Outside::none || !isa<IntegerType>(access.getType().getElementType()))
        continue;
      SmallVector<int64_t> own;
      bool part = false, ordered = true;
      for (auto [k, expr] : llvm::enumerate(access.getMap().getResults())) {
        unsigned dims = 0;
        for (unsigned d = 0; d < access.getMap().getNumDims(); ++d)
          if (expr.isFunctionOfDim(d)) {
            ordered &= own.empty() || own.back() < int64_t(d);
            own.push_back(d);
            ++dims;
          }
        ordered &= dims <= 1;
        part |= !isa<AffineDimExpr>(expr) ||
                dimText(typeOf(access.getX()), k) != dimText(access.getType(), cast<AffineDimExpr>(expr).getPosition());
      }
      if (!part || !ordered || int64_t(own.size()) == access.getType().getRank())
        continue;
      OpBuilder b(access);
      SmallVector<AffineExpr> dims(access.getMap().getNumDims());
      for (auto [k, d] : llvm::enumerate(own))
        dims[d] = b.getAffineDimExpr(unsigned(k));
      AffineMap map =
          access.getMap().replaceDimsAndSymbols(dims, {}, unsigned(own.size()), access.getMap().getNumSymbols());
      SmallVector<std::string> symbols;
      for (auto symbol : access.getSymbols().getAsValueRange<StringAttr>())
        symbols.push_back(symbol.str());
      Value taken = AccessOp::create(b, access.getLoc(), pickDims(access.getType(), own), access.getX(), map, symbols,
                                     Outside::none, Value());
      operand.set(broadcast(b, access.getLoc(), taken, access.getType(), own));
    }
  });
}

bool SourcePrinter::staysInside(Outside outside, ValueRange ids) {
  return outside == Outside::none || (outside == Outside::clamp && llvm::all_of(ids, [&](Value id) {
                                        auto [base, own] = spreadFrom(id);
                                        return own.empty() && whole(base).weak;
                                      }));
}

std::optional<SourcePrinter::Subscripts> SourcePrinter::subscripts(AffineMap map, ArrayAttr symbols, ValueRange ids,
                                                                   RankedTensorType x, RankedTensorType y,
                                                                   bool mayAddDims) {
  Subscripts result;
  Sizes parts;
  int64_t next = 0; // the first dimension of y that no subscript has given yet
  bool tensorSeen = false;
  auto giveUpTo = [&](int64_t dim) {
    if (dim < next || (dim > next && !mayAddDims))
      return false;
    for (; next < dim; ++next) {
      if (result.shape.empty() && parts.empty()) {
        ++result.spread;
        continue;
      }
      parts.push_back("new");
      result.shape.push_back("1");
    }
    return true;
  };
  SmallVector<Dim> dims, sizes;
  for (unsigned d = 0; d < map.getNumDims(); ++d)
    dims.push_back(Dim::name("$" + std::to_string(d)));
  for (unsigned s = 0; s < ids.size(); ++s)
    sizes.push_back(Dim::name("@" + std::to_string(s)));
  for (Attribute symbol : symbols)
    sizes.push_back(sizeOf(cast<StringAttr>(symbol).getValue()));
  for (auto [k, expr] : llvm::enumerate(map.getResults())) {
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr); symbol && symbol.getPosition() < ids.size()) {
      auto [base, own] = spreadFrom(ids[symbol.getPosition()]);
      if (own.empty()) {
        parts.push_back(whole(base).text);
        continue;
      }
      for (size_t i = 1; i < own.size(); ++i)
        if (own[i] != own[i - 1] + 1)
          return std::nullopt;
      if (tensorSeen || !giveUpTo(own[0]))
        return std::nullopt;
      tensorSeen = true;
      for (int64_t dim : own)
        result.shape.push_back(dimText(y, dim));
      next = own.back() + 1;
      parts.push_back(exact(base).text);
      continue;
    }
    Dim place = dimOf(expr, dims, sizes);
    std::set<std::string> names = place.names();
    auto isIndex = [](const std::string &name) { return name[0] == '$'; };
    if (llvm::any_of(names, [](const std::string &name) { return name[0] == '@'; }))
      return std::nullopt;
    if (place.isConstant(0) && dimConstant(x, k) == 1 && mayAddDims && next < y.getRank() &&
        !map.isFunctionOfDim(next)) {
      parts.push_back(":"); // a one that stretches
      result.shape.push_back("1");
      ++next;
      continue;
    }
    if (llvm::none_of(names, isIndex)) {
      if (place.constant().value_or(0) < 0)
        return std::nullopt;
      parts.push_back(place.str());
      continue;
    }
    std::string index = *llvm::find_if(names, isIndex);
    std::optional<Dim::Linear> linear = place.linearIn(index);
    if (!linear || llvm::any_of(linear->rest.names(), isIndex) || !linear->coefficient.constant())
      return std::nullopt;
    int64_t dim = std::stoll(index.substr(1)), step = *linear->coefficient.constant();
    std::string size = dimText(y, dim);
    bool all = step == 1 && linear->rest.isConstant(0) && size == dimText(x, k);
    Dim begin = linear->rest, end = begin + sizeOf(size);
    if (!giveUpTo(dim) || step < 1 || begin.constant().value_or(0) < 0)
      return std::nullopt;
    if (step > 1) {
      // The length that a subscript gives is known to be this one if all is numbers.
      if (!begin.constant() || !sizeOf(size).constant() || *sizeOf(size).constant() == 0)
        return std::nullopt;
      end = begin + Dim(step) * (sizeOf(size) - Dim(1)) + Dim(1);
    }
    parts.push_back(all ? ":" : begin.str() + ":" + end.str() + (step > 1 ? ":" + std::to_string(step) : ""));
    result.shape.push_back(size);
    next = dim + 1;
  }
  if (!giveUpTo(y.getRank()))
    return std::nullopt;
  while (!parts.empty() && parts.back() == ":")
    parts.pop_back();
  result.text = llvm::join(parts, ", ");
  return result;
}

Text SourcePrinter::access(AccessOp op) {
  auto x = typeOf(op.getX()), y = typeOf(op.getResult());
  Sizes shape = sizesOf(y);
  if (op.getOutside() == Outside::none) {
    if (std::optional<Subscripts> read = subscripts(op.getMap(), op.getSymbols(), {}, x, y, /*mayAddDims=*/true)) {
      if (read->text.empty()) {
        // Ones that broadcasting would stretch are no dimensions that were read whole.
        Text text = exact(op.getX());
        return {text.text, text.shape, text.weak, text.atom};
      }
      Text base = exact(op.getX());
      if (!base.atom)
        base.text = "(" + base.text + ")";
      return {base.text + "[" + read->text + "]", read->shape, false, false};
    }
    // A permutation: the dimension of x that each of y reads.
    SmallVector<int64_t> order(y.getRank(), -1);
    bool permutation = x.getRank() == y.getRank();
    for (auto [k, expr] : llvm::enumerate(op.getMap().getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      permutation &=
          dim && permutation && order[dim.getPosition()] < 0 && dimText(x, k) == dimText(y, dim.getPosition());
      if (permutation)
        order[dim.getPosition()] = k;
    }
    if (permutation) {
      bool reversed = llvm::equal(llvm::reverse(order), llvm::seq<int64_t>(0, y.getRank()));
      Sizes axes;
      for (int64_t axis : order)
        axes.push_back(std::to_string(axis));
      std::string base = exact(op.getX()).text;
      return call("transpose", reversed ? Sizes{base} : Sizes{base, tuple(axes)}, shape);
    }
  }
  return build(shape, [&](const Place &at) { return compose(op, op.getResult(), at); });
}

Text SourcePrinter::gather(GatherOp op) {
  auto x = typeOf(op.getX()), y = typeOf(op.getResult());
  if (staysInside(op.getOutside(), op.getIds()))
    if (std::optional<Subscripts> read =
            subscripts(op.getMap(), op.getSymbols(), op.getIds(), x, y, /*mayAddDims=*/true)) {
      Text base = exact(op.getX());
      if (!base.atom)
        base.text = "(" + base.text + ")";
      return {base.text + "[" + read->text + "]", read->shape, false, false};
    }
  return build(sizesOf(y), [&](const Place &at) { return compose(op, op.getResult(), at); });
}

Text SourcePrinter::scatterAdd(ScatterOp op) {
  auto y = typeOf(op.getResult());
  if (op.getIds().size() == 1 && staysInside(op.getOutside(), op.getIds()) && y.getRank() > 0 &&
      op.getMap().getResult(0) == getAffineSymbolExpr(0, op.getContext())) {
    // Rows: the ids have the first dimensions of v, the others are read along.
    auto [base, own] = spreadFrom(op.getIds()[0]);
    bool rows = llvm::equal(own, llvm::seq<int64_t>(0, int64_t(own.size()))) &&
                int64_t(own.size()) + y.getRank() - 1 == typeOf(op.getV()).getRank();
    for (int64_t k = 1; k < y.getRank(); ++k)
      rows &= op.getMap().getResult(k) == getAffineDimExpr(own.size() + k - 1, op.getContext());
    if (rows)
      return call("scatter_add", {typed(op.getInit()).text, exact(base).text, exact(op.getV()).text}, sizesOf(y));
  }
  if (std::optional<Text> rows = scatterAddInEach(op))
    return *rows;
  return build(sizesOf(y), [&](const Place &at) { return compose(op, op.getResult(), at); });
}

/// y[d0, .., ids[d0, .., e], ..] += v[d0, .., e, ..]  =>  [d0, ..] => scatter_add(y[d0, ..], ids[d0, ..], v[d0, ..])
std::optional<Text> SourcePrinter::scatterAddInEach(ScatterOp op) {
  auto y = typeOf(op.getResult()), v = typeOf(op.getV());
  auto dim = [&](int64_t k) { return getAffineDimExpr(unsigned(k), op.getContext()); };
  auto results = op.getMap().getResults();
  auto *id = llvm::find(results, getAffineSymbolExpr(0, op.getContext()));
  if (op.getIds().size() != 1 || op.getOutside() != Outside::none || id == results.begin() || id == results.end())
    return std::nullopt;
  int64_t each = id - results.begin(), rest = y.getRank() - each - 1, added = v.getRank() - each - rest;
  if (added < 0)
    return std::nullopt;
  for (int64_t k = 0; k < y.getRank(); ++k)
    if (k != each && results[k] != dim(k < each ? k : k - 1 + added))
      return std::nullopt;
  Sizes ySizes = sizesOf(y), vSizes = sizesOf(v);
  if (!std::equal(ySizes.begin(), ySizes.begin() + each, vSizes.begin()))
    return std::nullopt;
  // The ids of one: all that they have beyond the first dimensions are those that are added over.
  auto [base, own] = spreadFrom(op.getIds()[0]);
  SmallVector<int64_t> shared, listed;
  for (int64_t d : own)
    (d < each ? shared : listed).push_back(d);
  if (!llvm::equal(listed, llvm::seq(each, each + added)) || !llvm::is_sorted(own) ||
      (added && !shared.empty() && int64_t(shared.size()) != each))
    return std::nullopt;

  Sizes outer(ySizes.begin(), ySizes.begin() + each), inner(ySizes.begin() + each, ySizes.end());
  // Named before: what is bound within an index is not seen behind it.
  bool zeros = isSplat(op.getInit(), 0), single = added == 0 && rest == 0;
  std::string init = zeros ? "" : exactNameFor(op.getInit()).text;
  std::string values = single ? "" : exactNameFor(op.getV()).text, ids = added ? exactNameFor(base).text : "";
  return build(outer, [&](const Place &at) {
    auto row = [&](const std::string &name) {
      Sizes parts;
      for (auto [index, size] : llvm::zip_equal(at, outer)) {
        parts.push_back(index.str());
        bare[parts.back()].insert(size);
      }
      return name + bracket(parts);
    };
    Place whole = at;
    whole.resize(size_t(v.getRank()), Dim(0));
    std::string start = zeros ? call("zeros", {tuple(inner), elementName(y.getElementType())}, {}).text : row(init);
    std::string places = !added ? element(op.getIds()[0], whole).text : shared.empty() ? ids : row(ids);
    std::string numbers = single ? typed(element(op.getV(), whole), y.getElementType()).text : row(values);
    return call("scatter_add", {start, places, numbers}, inner);
  });
}
