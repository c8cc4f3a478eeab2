//===- Loops.cpp - loops, and numbers that are no tensors ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Source/SourcePrinter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tds;
using namespace tds::source;

Text SourcePrinter::scalar(Value v) {
  if (auto known = values.find(v); known != values.end())
    return known->second;
  Operation *op = v.getDefiningOp();
  APInt number;
  if (op && matchPattern(v, m_ConstantInt(&number)))
    return {std::to_string(number.getSExtValue()), {}, true, true};
  if (auto cast = dyn_cast_or_null<arith::IndexCastOp>(op))
    return scalar(cast.getIn());
  if (auto extract = dyn_cast_or_null<tensor::ExtractOp>(op); extract && extract.getIndices().empty())
    return whole(extract.getTensor());
  if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return op ? refuse(op) : refuse(function, "a number has no text");
  StringRef sign = isa<arith::AddIOp>(op) ? " + " : isa<arith::SubIOp>(op) ? " - " : " * ";
  Text x = scalar(op->getOperand(0)), y = scalar(op->getOperand(1));
  std::string text = x.text + sign.str() + y.text;
  if (std::optional<Dim> size = Dim::parse("(" + x.text + ")" + sign.str() + "(" + y.text + ")"))
    text = size->str(); // as short as it can be
  return {"(" + text + ")", {}, x.weak && y.weak, true};
}

/// Names for what a loop carries, bound to what it begins with.
Sizes SourcePrinter::carry(ValueRange inits, ValueRange arguments) {
  Sizes names;
  for (auto [init, argument] : llvm::zip_equal(inits, arguments)) {
    Text value = typed(init);
    names.push_back(nameOf(argument));
    lines.push_back(names.back() + " = " + value.text);
    values[argument] = {names.back(), value.shape, false, true};
  }
  return names;
}

/// What a region uses of outside is named before it: a name bound within is not seen behind it.
void SourcePrinter::nameUsed(Region &region) {
  region.walk([&](Operation *inner) {
    for (Value v : inner->getOperands())
      if (auto known = values.find(v); ok && known != values.end() && !known->second.atom)
        bind(v, Text(known->second));
  });
}

/// Whether a text has a name in it as a word.
static bool mentions(StringRef text, StringRef name) {
  auto isWord = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1))
    if ((at == 0 || !(isWord(text[at - 1]) || text[at - 1] == '.')) &&
        (at + name.size() == text.size() || !isWord(text[at + name.size()])))
      return true;
  return false;
}

/// The end of a round: what is carried becomes what the round gave, one after the other where none of them reads the
/// old value of one before it, the rest at once.
void SourcePrinter::next(ArrayRef<std::string> names, ValueRange arguments, ValueRange yields) {
  SmallVector<std::pair<std::string, std::string>> left;
  for (auto [name, argument, yielded] : llvm::zip_equal(names, arguments, yields))
    if (ok && yielded != argument)
      if (std::string text = typed(yielded).text; text != name) // it may have been written in place
        left.emplace_back(name, text);
  for (bool found = true; found && !left.empty();) {
    auto *free = llvm::find_if(left, [&](auto &one) {
      return llvm::none_of(left, [&](auto &other) { return &one != &other && mentions(other.second, one.first); });
    });
    if (found = free != left.end(); found) {
      lines.push_back(free->first + " = " + free->second);
      left.erase(free);
    }
  }
  Sizes targets, texts;
  for (auto &[name, text] : left) {
    targets.push_back(name);
    texts.push_back(text);
  }
  if (!texts.empty())
    lines.push_back(llvm::join(targets, ", ") + " = " + tuple(texts));
}

/// A counted loop assigns to what it carries.
void SourcePrinter::loop(scf::ForOp op) {
  std::string begin = scalar(op.getLowerBound()).text, end = scalar(op.getUpperBound()).text;
  if (APInt step; !matchPattern(op.getStep(), m_ConstantInt(&step)) || step != 1) {
    refuse(op, "its step is not 1");
    return;
  }
  nameUsed(op.getRegion());
  Sizes carried = carry(op.getInitArgs(), op.getRegionIterArgs());
  for (auto [result, argument] : llvm::zip_equal(op.getResults(), op.getRegionIterArgs()))
    values[result] = Text(values[argument]); // a copy: the map may grow
  std::string counter = freeIndex();
  names.insert(counter);
  values[op.getInductionVar()] = {counter, {}, true, true};
  Sizes outer = std::exchange(lines, {});
  visit(*op.getBody());
  next(carried, op.getRegionIterArgs(), op.getYieldedValues());
  names.erase(counter);
  outer.push_back("for " + counter + " in " + begin + ".." + end + " {\n" + llvm::join(lines, "\n") + "\n}");
  lines = std::move(outer);
}

/// A loop on a condition. What the condition's block computes is written in the condition, and once more in the round
/// if that uses it.
void SourcePrinter::loop(scf::WhileOp op) {
  nameUsed(op.getBefore());
  nameUsed(op.getAfter());
  Sizes carried = carry(op.getInits(), op.getBeforeArguments());
  Sizes outer = std::exchange(lines, {});
  visit(*op.getBeforeBody());
  auto last = op.getConditionOp();
  std::string condition = ok ? scalar(last.getCondition()).text : "";
  if (!lines.empty())
    condition = "({\n" + llvm::join(lines, "\n") + "\n" + condition + "\n})";
  bool again = false;
  for (auto [passed, argument] : llvm::zip_equal(last.getArgs(), op.getAfterArguments())) {
    again |= !llvm::is_contained(op.getBeforeArguments(), passed) && !argument.use_empty();
    if (ok && !argument.use_empty())
      values[argument] = whole(passed);
  }
  if (!again)
    lines.clear();
  for (BlockArgument argument : op.getAfterArguments())
    if (ok && !argument.use_empty() && !values[argument].atom)
      bind(argument, Text(values[argument]));
  visit(*op.getAfterBody());
  next(carried, op.getBeforeArguments(), op.getYieldOp().getOperands());
  for (auto [passed, result] : llvm::zip_equal(last.getArgs(), op.getResults())) {
    if (!llvm::is_contained(op.getBeforeArguments(), passed) && !result.use_empty())
      refuse(op, "its condition computes what it ends with");
    values[result] = Text(values[passed]);
  }
  outer.push_back("while " + condition + " {\n" + llvm::join(lines, "\n") + "\n}");
  lines = std::move(outer);
}
