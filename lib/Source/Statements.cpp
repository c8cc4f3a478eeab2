//===- Statements.cpp - blocks, names, branches ---------------------------===//
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

/// A value used once is written where it is used, up to this length; a statement is cut in two when it is longer than
/// that.
static constexpr size_t inlineLimit = 48, statementLimit = 92;

/// Of ops at one place with one name, the last one has the value that was called so; the others led to it.
void SourcePrinter::findNames(Block &block) {
  llvm::DenseMap<Attribute, Operation *> last;
  for (Operation &op : block) {
    if (isa<NameLoc>(op.getLoc()))
      last[op.getLoc()] = &op;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        findNames(inner);
  }
  for (auto &[loc, op] : last)
    named.insert(op);
}

void SourcePrinter::visit(Block &block) {
  for (Operation &op : block.without_terminator())
    if (ok)
      visit(&op);
}

Text SourcePrinter::bind(Value v, const Text &text) {
  std::string name = nameOf(v);
  lines.push_back(name + " = " + text.text);
  return values[v] = {name, text.shape, text.weak, true};
}

void SourcePrinter::bindAll(ValueRange results, const std::string &text) {
  std::vector<std::string> targets;
  for (Value v : results) {
    targets.push_back(v.use_empty() ? "_" : nameOf(v));
    values[v] = {targets.back(), sizesOf(typeOf(v)), false, true};
  }
  lines.push_back(llvm::join(targets, ", ") + " = " + text);
}

Text SourcePrinter::nameFor(Value v) {
  Text text = whole(v);
  return text.atom && !text.weak ? text : bind(v, typed(text, elementOf(v)));
}

Text SourcePrinter::exactNameFor(Value v) {
  Text text = typed(v);
  return text.atom ? text : bind(v, text);
}

/// Whether a value is so little text that it is written anew at each use: it is no statement.
static bool isCheap(Operation *op) {
  return isa<SizeOp, IotaOp, tensor::FromElementsOp, tensor::EmptyOp>(op) || op->hasTrait<OpTrait::ConstantLike>() ||
         (op->getNumResults() == 1 && !isa<RankedTensorType>(op->getResult(0).getType()));
}

void SourcePrinter::visit(Operation *op) {
  if (isCheap(op) || op->use_empty())
    return;
  if (auto where = dyn_cast<WhereOp>(op))
    return typeOf(where.getCond()).getRank() ? whereOfEach(where) : whereOfAll(where);
  if (auto call = dyn_cast<CompositeOp>(op))
    return composite(call);
  if (auto same = dyn_cast<BarrierOp>(op)) {
    Text text = whole(same.getX());
    values[same.getResult()] = text.atom ? text : bind(same.getX(), text);
    return;
  }
  if (auto counted = dyn_cast<scf::ForOp>(op))
    return loop(counted);
  if (auto conditional = dyn_cast<scf::WhileOp>(op))
    return loop(conditional);
  if (auto scatter = dyn_cast<ScatterOp>(op); scatter && scatter.getKind() == ScatterKind::set)
    return write(scatter);
  if (auto order = dyn_cast<SortOp>(op))
    return sort(order);
  if (auto call = dyn_cast<HostOp>(op))
    return host(call);
  if (op->getNumResults() != 1) {
    refuse(op);
    return;
  }
  Text text = compute(op);
  // Long statements give their longest operand a name of its own.
  while (ok && text.text.size() > statementLimit) {
    Value longest;
    for (Value operand : op->getOperands()) {
      auto known = values.find(operand);
      if (known == values.end() || known->second.atom || known->second.text.size() < 16)
        continue;
      if (!longest || known->second.text.size() > values[longest].text.size())
        longest = operand;
    }
    if (!longest)
      break;
    bind(longest, Text(values[longest]));
    text = compute(op);
  }
  if (ok)
    place(op, text);
}

/// Keeps an op's text for where its result is used, or gives it a name.
void SourcePrinter::place(Operation *op, const Text &text) {
  Value v = op->getResult(0);
  // A broadcast of a name is written at each use: the broadcasting of the functions there may make it unnecessary.
  auto read = dyn_cast<AccessOp>(op);
  bool spread = read && !text.atom && values.count(read.getX()) && values[read.getX()].atom &&
                text.text.size() < inlineLimit && read.getOutside() == Outside::none &&
                typeOf(read.getX()).getRank() < typeOf(v).getRank();
  Operation *user = *v.user_begin();
  // What a round gives is assigned to the name that the loop carries: another one would say it twice.
  bool once = v.hasOneUse() && user->getBlock() == op->getBlock() && (!isNamed(op) || isa<scf::YieldOp>(user));
  bool last = (user->getNumOperands() == 1 && user->hasTrait<OpTrait::IsTerminator>()) || isa<scf::YieldOp>(user);
  if (text.atom || spread || (once && text.text.size() <= (last ? statementLimit : inlineLimit)))
    values[v] = text;
  else
    bind(v, typed(text, elementOf(v)));
}

Text SourcePrinter::compute(Operation *op) {
  return llvm::TypeSwitch<Operation *, Text>(op)
      .Case<AccessOp>([&](AccessOp op) { return access(op); })
      .Case<GatherOp>([&](GatherOp op) { return gather(op); })
      .Case<ScatterOp>([&](ScatterOp op) { return scatterAdd(op); })
      .Case<ReduceOp>([&](ReduceOp op) { return reduce(op); })
      .Case<ScanOp>([&](ScanOp op) { return scan(op); })
      .Case<ContractOp>([&](ContractOp op) { return contract(op); })
      .Case<FftOp, CholeskyOp, TriangularSolveOp, SolveOp, DetOp>([&](auto op) { return primitive(op); })
      .Case<ConvertOp>([&](ConvertOp op) { return convert(op, whole(op.getX()), elementOf(op.getResult())); })
      .Case<AccumulateOp>([&](AccumulateOp op) {
        return build(sizesOf(typeOf(op.getResult())), [&](const Place &at) { return compose(op, op.getResult(), at); });
      })
      .Case<ReshapeOp>([&](ReshapeOp op) {
        Sizes shape = sizesOf(typeOf(op.getResult()));
        return call("reshape", {exact(op.getX()).text, tuple(shape)}, shape);
      })
      .Case<DeriveKeyOp>([&](DeriveKeyOp op) {
        return build(sizesOf(typeOf(op.getResult())), [&](const Place &at) { return compose(op, op.getResult(), at); });
      })
      .Default([&](Operation *op) { return isa<Pointwise>(op) ? pointwise(op) : refuse(op); });
}

/// A side of a branch of all, as an expression.
std::string SourcePrinter::side(Region &region) {
  std::vector<std::string> outer = std::move(lines);
  lines.clear();
  visit(region.front());
  std::vector<std::string> parts;
  if (ok)
    for (Value v : region.front().getTerminator()->getOperands())
      parts.push_back(typed(v).text);
  std::string result = parts.size() == 1 ? parts[0] : "(" + llvm::join(parts, ", ") + ")";
  std::string text = lines.empty() ? result : "{\n" + llvm::join(lines, "\n") + "\n" + result + "\n}";
  lines = std::move(outer);
  return text;
}

void SourcePrinter::whereOfAll(WhereOp op) {
  std::string condition = whole(op.getCond()).text;
  // What the sides use of outside is named before them: a name bound in a side is not seen behind it.
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        if (auto known = values.find(v); ok && known != values.end() && !known->second.atom)
          bind(v, Text(known->second));
    });
  std::string first = side(op.getThenRegion()), second = side(op.getElseRegion());
  Text text{"(if " + condition + " then " + first + " else " + second + ")", {}, false, false};
  if (op.getNumResults() != 1)
    return bindAll(op.getResults(), text.text);
  text.shape = sizesOf(typeOf(op.getResult(0)));
  place(op, text);
}

void SourcePrinter::whereOfEach(WhereOp op) {
  SmallVector<unsigned> all = llvm::to_vector(llvm::seq(op.getNumResults()));
  Text text = build(sizesOf(typeOf(op.getCond())), [&](const Place &at) { return elementOfWhere(op, all, at); });
  if (ok)
    op.getNumResults() == 1 ? place(op, text) : bindAll(op.getResults(), text.text);
}

/// A composite is printed as its body.
void SourcePrinter::composite(CompositeOp op) {
  Block &body = op.getBody().front();
  for (auto [argument, value] : llvm::zip_equal(body.getArguments(), op.getArgs())) {
    Text text = whole(value);
    values[argument] = text.atom ? text : bind(value, text);
  }
  visit(body);
  if (ok)
    for (auto [result, value] : llvm::zip_equal(op.getResults(), op.bodyYield().getValues())) {
      Text text = whole(value);
      bool kept = text.atom || (result.hasOneUse() && text.text.size() <= inlineLimit &&
                                (*result.user_begin())->getBlock() == op->getBlock());
      values[result] = kept ? text : bind(value, text);
    }
}

/// A call of the primitive's own name.
Text SourcePrinter::primitive(Operation *op) {
  std::string name = op->getName().stripDialect().str();
  std::vector<std::string> arguments;
  for (Value v : op->getOperands())
    arguments.push_back(typed(v).text);
  Sizes shape = sizesOf(typeOf(op->getResult(0)));
  if (auto transform = dyn_cast<FftOp>(op)) {
    name = stringifyEnum(transform.getKind()).str();
    if (transform.getKind() == FftKind::irfft)
      arguments.push_back(shape.back());
  }
  if (auto triangular = dyn_cast<TriangularSolveOp>(op); triangular && triangular.getUpper())
    arguments.push_back("upper=true");
  return call(name, arguments, shape);
}

/// topk(x, k), or sort(x) and argsort(x) as far as they are used.
void SourcePrinter::sort(SortOp op) {
  Sizes shape = sizesOf(typeOf(op.getValues()));
  std::string x = nameFor(op.getX()).text;
  if (op.getDescending())
    return bindAll(op.getResults(), "topk(" + x + ", " + shape.back() + ")");
  if (shape != sizesOf(typeOf(op.getX()))) {
    refuse(op, "it gives a part of a rising order");
    return;
  }
  StringRef functions[] = {"sort", "argsort"};
  for (auto [result, function] : llvm::zip_equal(op.getResults(), functions))
    if (!result.use_empty())
      bind(result, {(function + "(" + x + ")").str(), shape, false, false});
}

/// f(x, y), or [i] => f(x[i], y[i]) of a batch. That a parameter was a record is not known any more: its leaves are printed.
void SourcePrinter::host(HostOp op) {
  auto batch = size_t(op.getBatch());
  SmallVector<Text> arguments;
  for (Value v : op.getArgs().drop_front(op->hasAttr("tds.guarded")))
    arguments.push_back(batch ? exactNameFor(v) : typed(v));
  if (!ok)
    return;
  auto calledAt = [&](const Place &at) {
    std::vector<std::string> parts;
    for (Text &argument : arguments) {
      Sizes lead(argument.shape.begin(), argument.shape.begin() + ptrdiff_t(at.size()));
      parts.push_back(at.empty() ? argument.text : read({argument.text, lead, false, true}, at).text);
    }
    return Text{op.getName().str() + "(" + llvm::join(parts, ", ") + ")", {}, false, false};
  };
  if (op.getNumResults() != 1) {
    if (batch)
      refuse(op, "it is called under indices and gives several results");
    else
      bindAll(op.getResults(), calledAt({}).text);
    return;
  }
  Sizes shape = sizesOf(typeOf(op.getResult(0)));
  Text text = build(Sizes(shape.begin(), shape.begin() + ptrdiff_t(batch)), calledAt);
  text.shape = shape;
  place(op, text);
}

/// Where a write of whole rows leaves out those outside: one id for all that is written, and the first coordinate.
Value SourcePrinter::rowThatMayBeOutside(ScatterOp op) {
  if (op.getOutside() != Outside::otherwise || op.getIds().size() != 1)
    return {};
  for (auto [k, expr] : llvm::enumerate(op.getMap().getResults()))
    if (k == 0 ? expr != getAffineSymbolExpr(0, op.getContext()) : !isa<AffineDimExpr>(expr))
      return {};
  auto [base, own] = spreadFrom(op.getIds()[0]);
  return own.empty() ? base : Value();
}

/// Whether what is written to is carried by the loop that the op is in, is carried on as it is then, and not read
/// before.
static bool isStateInPlace(ScatterOp op) {
  auto state = dyn_cast<BlockArgument>(op.getInit());
  auto loop = dyn_cast<scf::ForOp>(op->getParentOp());
  if (!state || !loop || state.getOwner() != op->getBlock() || !state.hasOneUse() || !op->hasOneUse())
    return false;
  OpOperand &use = *op->use_begin();
  return isa<scf::YieldOp>(use.getOwner()) && use.getOperandNumber() + 1 == state.getArgNumber();
}

/// y = init;  y[places] = v
void SourcePrinter::write(ScatterOp op) {
  Value result = op.getResult(), row = rowThatMayBeOutside(op);
  std::optional<Subscripts> places;
  Text at;
  if (row && !(at = exact(row)).atom)
    at = bind(row, at);
  if (row || staysInside(op.getOutside(), op.getIds()))
    places =
        subscripts(op.getMap(), op.getSymbols(), op.getIds(), op.getType(), typeOf(op.getV()), /*mayAddDims=*/false);
  if (!places) {
    refuse(op, "it writes at places that no subscript names");
    return;
  }
  Text v = typed(op.getV()), name;
  if (isStateInPlace(op))
    name = values[result] = Text(values[op.getInit()]);
  else
    name = bind(result, typed(op.getInit()));
  std::string line = name.text + "[" + places->text + "] = " + v.text;
  if (row)
    line = "if " + at.text + " >= 0 and " + at.text + " < " + sizesOf(op.getType())[0] + " { " + line + " }";
  lines.push_back(line);
}
