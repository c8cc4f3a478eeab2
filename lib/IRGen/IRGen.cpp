//===- IRGen.cpp - nodes without scopes -----------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/IRGen/IRGen.h"
#include "dialect/TdsBuilder.h"
#include "lib/IRGen/Generator.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tds;
using graph::Node;
using graph::Scope;

Indices tds::unite(ArrayRef<int> a, ArrayRef<int> b) {
  Indices all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

Generator::Generator(MLIRContext &context, const graph::Function &function, const Sizes &given, const Sources *sources)
    : context(context), function(function), sources(sources) {
  for (auto &[name, value] : given)
    sizes.emplace(name, Dim(value));
}

Generator::Enter::Enter(Generator &generator, const Scope *scope, Block *block, ArrayRef<IndexedValue> params)
    : builder(generator.frames.emplace_back(scope, OpBuilder(&generator.context)).builder), generator(generator) {
  builder.setInsertionPointToEnd(block); // a block of no op yet
  for (auto [node, value] : llvm::zip_equal(scope->params, params))
    generator.frames.back().memo[node] = {value};
}

Generator::Frame &Generator::frameOf(const Node *node) {
  for (Frame &frame : llvm::reverse(frames))
    if (frame.scope == node->scope)
      return frame;
  return frames.front();
}

Location Generator::locationOf(const Node *node) const {
  Location place = UnknownLoc::get(&context);
  if (sources && node->range.file != 0 && node->range.file < sources->size()) {
    Position begin = sources->position(node->range.file, node->range.begin);
    Position end = sources->position(node->range.file, node->range.end);
    std::string_view name = sources->name(node->range.file);
    place = FileLineColRange::get(StringAttr::get(&context, StringRef(name.data(), name.size())), begin.line,
                                  begin.column, end.line, end.column);
  }
  return node->label.empty() ? place : NameLoc::get(StringAttr::get(&context, node->label), place);
}

Type Generator::elementType(Element element) const {
  Builder b(&context);
  switch (element) {
  case Element::boolean:
    return b.getI1Type();
  case Element::i8:
    return b.getI8Type();
  case Element::i16:
    return b.getI16Type();
  case Element::i32:
    return b.getI32Type();
  case Element::i64:
    return b.getI64Type();
  case Element::u8:
    return b.getIntegerType(8, /*isSigned=*/false);
  case Element::f16:
    return b.getF16Type();
  case Element::bf16:
    return b.getBF16Type();
  case Element::f32:
    return b.getF32Type();
  case Element::f64:
    return b.getF64Type();
  case Element::c64:
    return ComplexType::get(b.getF32Type());
  case Element::c128:
    return ComplexType::get(b.getF64Type());
  case Element::key:
    return b.getIntegerType(64, /*isSigned=*/false);
  }
  llvm_unreachable("an element of another version");
}

IndexedValues Generator::error(const Node *node, const Twine &message) {
  failed = true;
  emitError(locationOf(node)) << message;
  return {};
}

OwningOpRef<ModuleOp> Generator::run() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Type> params, results;
  for (const graph::Leaf &leaf : function.params)
    params.push_back(typeFor({}, leaf.shape, elementType(leaf.element)));
  for (const graph::Leaf &leaf : function.results)
    results.push_back(typeFor({}, leaf.shape, elementType(leaf.element)));
  Location loc = UnknownLoc::get(&context);
  auto func = func::FuncOp::create(b, loc, function.name, b.getFunctionType(params, results));
  for (auto [i, leaf] : llvm::enumerate(function.params))
    func.setArgAttr(i, "tds.name", b.getStringAttr(leaf.path));
  for (auto [i, leaf] : llvm::enumerate(function.results))
    func.setResultAttr(i, "tds.name", b.getStringAttr(leaf.path));

  Block *entry = func.addEntryBlock();
  SmallVector<IndexedValue> arguments;
  for (auto [node, argument] : llvm::zip_equal(function.body->params, entry->getArguments())) {
    argument.setLoc(locationOf(node));
    arguments.push_back({argument, {}});
  }
  Enter scope(*this, function.body, entry, arguments);
  SmallVector<IndexedValue> values;
  if (!evaluateAll(function.body->results, values) || failed)
    return nullptr;
  SmallVector<Value> returned;
  for (auto [node, value] : llvm::zip(function.body->results, values)) {
    if (!value.indices.empty()) {
      error(node, "a result depends on an index that nothing binds");
      return nullptr;
    }
    returned.push_back(value.v);
  }
  func::ReturnOp::create(scope.builder, loc, returned);
  return module;
}

OwningOpRef<ModuleOp> tds::generate(MLIRContext &context, const graph::Function &function, const Sizes &sizes,
                                    const Sources *sources) {
  return Generator(context, function, sizes, sources).run();
}

IndexedValue Generator::evaluate(const Node *node) {
  if (node->op == graph::Op::result) {
    const IndexedValues &all = evaluateAll(node->operands[0]);
    return all.empty() ? IndexedValue() : all[node->index];
  }
  const IndexedValues &all = evaluateAll(node);
  return all.empty() ? IndexedValue() : all[0];
}

/// Operands first, by a stack of our own: a def may be a chain of any length.
const IndexedValues &Generator::evaluateAll(const Node *node) {
  auto isKnown = [&](const Node *node) { return frameOf(node).memo.contains(node); };
  SmallVector<const Node *> pending;
  if (!isKnown(node))
    pending.push_back(node);
  while (!pending.empty()) {
    const Node *top = pending.back();
    size_t before = pending.size();
    registerVars(top); // operands may depend on them
    for (const Node *operand : llvm::reverse(top->operands)) {
      const Node *whole = operand->op == graph::Op::result ? operand->operands[0] : operand;
      if (!failed && !isKnown(whole))
        pending.push_back(whole);
    }
    if (pending.size() != before)
      continue;
    pending.pop_back();
    if (isKnown(top))
      continue;
    IndexedValues values = failed ? IndexedValues() : create(top);
    failed |= values.empty() || !values.front();
    if (failed)
      values.clear();
    frameOf(top).memo[top] = std::move(values);
  }
  return frameOf(node).memo[node];
}

bool Generator::evaluateAll(ArrayRef<Node *> nodes, SmallVectorImpl<IndexedValue> &values) {
  for (const Node *node : nodes) {
    IndexedValue value = evaluate(node);
    if (!value)
      return false;
    values.push_back(value);
  }
  return true;
}

IndexedValues Generator::create(const Node *node) {
  switch (node->op) {
  case graph::Op::param:
    return error(node, "a parameter is used outside of its scope");
  case graph::Op::constant:
    return {constant(node)};
  case graph::Op::size:
    return {size(node)};
  case graph::Op::point:
    return {point(node, node->name, node->operands)};
  case graph::Op::convert: {
    IndexedValue x = evaluate(node->operands[0]);
    if (!x)
      return {};
    x.v =
        ConvertOp::create(builderOf(node), locationOf(node), withElement(typeOf(x.v), elementType(node->element)), x.v);
    return {x};
  }
  case graph::Op::access:
    return {access(node)};
  case graph::Op::gather:
    return {gather(node)};
  case graph::Op::scatter:
    return {scatter(node)};
  case graph::Op::reduce:
    return {reduce(node)};
  case graph::Op::scan: {
    IndexedValue x = evaluate(node->operands[0]);
    std::optional<ScanKind> kind = symbolizeScanKind(node->name);
    if (!x || !kind)
      return x ? error(node, "no running " + node->name) : IndexedValues();
    x.v = ScanOp::create(builderOf(node), locationOf(node), typeFor(x.indices, node->shape, elementType(node->element)),
                         *kind, x.v, node->dims[0] + int64_t(x.indices.size()), /*reverse=*/false);
    return {x};
  }
  case graph::Op::indexReduce:
    return {indexReduce(node)};
  case graph::Op::build:
    return {build(node)};
  case graph::Op::sort: {
    IndexedValue x = evaluate(node->operands[0]);
    if (!x)
      return {};
    OpBuilder &b = builderOf(node);
    Type values = typeFor(x.indices, node->resultShapes[0], elementOf(x.v));
    Type ids = typeFor(x.indices, node->resultShapes[1], b.getI32Type());
    auto op = SortOp::create(b, locationOf(node), values, ids, x.v, /*descending=*/node->dims[0] != 0);
    return {{op.getValues(), x.indices}, {op.getIds(), x.indices}};
  }
  case graph::Op::primitive:
    return {primitive(node)};
  case graph::Op::host:
    return host(node);
  case graph::Op::reshape: {
    IndexedValue x = evaluate(node->operands[0]);
    if (!x)
      return {};
    x.v = ReshapeOp::create(builderOf(node), locationOf(node), typeFor(x.indices, node->shape, elementOf(x.v)), x.v);
    return {x};
  }
  case graph::Op::randomBits: {
    IndexedValue key = evaluate(node->operands[0]);
    if (!key)
      return {};
    OpBuilder &b = builderOf(node);
    key.v = RandomBitsOp::create(b, locationOf(node), typeFor(key.indices, node->shape, b.getI32Type()), key.v);
    return {key};
  }
  case graph::Op::deriveKey: {
    IndexedValue key = evaluate(node->operands[0]), number = evaluate(node->operands[1]);
    if (!key || !number)
      return {};
    OpBuilder &b = builderOf(node);
    Location loc = locationOf(node);
    Indices indices = unite(key.indices, number.indices);
    Value k = align(b, loc, key, indices), i = align(b, loc, number, indices);
    return {{DeriveKeyOp::create(b, loc, k.getType(), k, i, node->dims[0]), indices}};
  }
  case graph::Op::contraction:
    return {contraction(node)};
  case graph::Op::where:
    return where(node);
  case graph::Op::loop:
    return loop(node);
  case graph::Op::whileLoop:
    return whileLoop(node);
  case graph::Op::derivative:
    return derivative(node);
  case graph::Op::composite:
    return composite(node);
  case graph::Op::result:
    return {evaluate(node)};
  }
  llvm_unreachable("a node of another version");
}

Value Generator::zero(OpBuilder &b, Location loc, RankedTensorType type) { return tds::constant(b, loc, 0.0, type); }

/// One number of a constant in the form that dense attributes take.
static Attribute numberAttribute(Type element, double number, std::optional<int64_t> integer) {
  if (auto complex = dyn_cast<ComplexType>(element)) {
    Attribute part = FloatAttr::get(complex.getElementType(), number);
    return ArrayAttr::get(element.getContext(), {part, FloatAttr::get(complex.getElementType(), 0.0)});
  }
  if (isa<FloatType>(element))
    return FloatAttr::get(element, integer ? double(*integer) : number);
  unsigned width = element.getIntOrFloatBitWidth();
  return IntegerAttr::get(element, APInt(64, uint64_t(integer.value_or(int64_t(number)))).trunc(width));
}

IndexedValue Generator::constant(const Node *node) {
  Type element = elementType(node->element);
  SmallVector<Attribute> numbers;
  for (int64_t value : node->integers)
    numbers.push_back(numberAttribute(element, 0, value));
  if (node->integers.empty())
    for (double value : node->numbers)
      numbers.push_back(numberAttribute(element, value, std::nullopt));
  RankedTensorType type = typeFor({}, node->shape, element);
  // A splat is one number: its shape may be open.
  RankedTensorType held = numbers.size() == 1 ? scalarType(element) : type;
  if (!held.hasStaticShape() || held.getNumElements() != int64_t(numbers.size())) {
    error(node, "a literal needs a number for each of its elements");
    return {};
  }
  return {ConstantOp::create(builderOf(node), locationOf(node), type, DenseElementsAttr::get(held, numbers)), {}};
}

/// Operands evaluated and spread over the indices of all.
bool Generator::alignAll(const Node *node, ArrayRef<Node *> operands, SmallVector<Value> &aligned, Indices &indices) {
  SmallVector<IndexedValue> values;
  if (!evaluateAll(operands, values))
    return false;
  for (const IndexedValue &value : values)
    indices = unite(indices, value.indices);
  for (const IndexedValue &value : values)
    aligned.push_back(align(builderOf(node), locationOf(node), value, indices));
  return true;
}

/// A scalar function of operands of one shape, over the indices of all.
IndexedValue Generator::point(const Node *node, StringRef name, ArrayRef<Node *> operands) {
  SmallVector<Value> aligned;
  Indices indices;
  if (!alignAll(node, operands, aligned, indices))
    return {};
  return {pointwise(builderOf(node), locationOf(node), name, aligned), indices};
}

IndexedValue Generator::reduce(const Node *node) {
  IndexedValue x = evaluate(node->operands[0]);
  if (!x)
    return {};
  std::optional<ReduceKind> kind = symbolizeReduceKind(node->name);
  if (!kind) {
    error(node, "no reduction `" + node->name + "`");
    return {};
  }
  SmallVector<int64_t> dims(node->dims.begin(), node->dims.end());
  for (int64_t &dim : dims)
    dim += int64_t(x.indices.size());
  llvm::sort(dims);
  x.v = ReduceOp::create(builderOf(node), locationOf(node), typeFor(x.indices, node->shape, elementType(node->element)),
                         *kind, x.v, dims);
  return x;
}

/// What the runtime computes of the last dimensions: those before, and indices, are a batch.
IndexedValue Generator::primitive(const Node *node) {
  SmallVector<Value> v;
  Indices indices;
  if (!alignAll(node, node->operands, v, indices))
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  RankedTensorType type = typeFor(indices, node->shape, elementType(node->element));
  if (std::optional<FftKind> kind = symbolizeFftKind(node->name))
    return {FftOp::create(b, loc, type, *kind, v[0]), indices};
  if (node->name == "cholesky")
    return {CholeskyOp::create(b, loc, type, v[0], /*unchecked=*/false), indices};
  if (node->name == "triangular_solve")
    return {TriangularSolveOp::create(b, loc, type, v[0], v[1], /*upper=*/node->dims[0] != 0, /*unchecked=*/false),
            indices};
  if (node->name == "solve")
    return {SolveOp::create(b, loc, type, v[0], v[1], /*unchecked=*/false), indices};
  return {DetOp::create(b, loc, type, v[0]), indices};
}

/// Indices are a batch: the host's function sees one element of the index space at a time, and under a branch those alone
/// that take it, which a first operand then says.
IndexedValues Generator::host(const Node *node) {
  SmallVector<Value> operands;
  Indices indices;
  if (!alignAll(node, node->operands, operands, indices))
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Value mask;
  for (IndexedValue &guard : guardsOf(node)) {
    Value goes = align(b, loc, reducedTo(b, loc, guard, indices), indices);
    mask = mask ? pointwise(b, loc, "and", {mask, goes}) : goes;
  }
  if (mask)
    operands.insert(operands.begin(), mask);
  SmallVector<Type> types;
  for (size_t i = 0; i < node->resultElements.size(); ++i)
    types.push_back(typeFor(indices, node->resultShapes[i], elementType(node->resultElements[i])));
  auto op = HostOp::create(b, loc, types, node->name, indices.size(), operands);
  if (mask)
    op->setAttr(guarded, b.getUnitAttr());
  IndexedValues results;
  for (Value result : op.getResults())
    results.push_back({result, indices});
  return results;
}

/// sum[k](body): the body for all k, reduced over the leading dimension that is k.
IndexedValue Generator::indexReduce(const Node *node) {
  IndexedValue x = evaluate(node->operands[0]);
  if (!x)
    return {};
  std::optional<ReduceKind> kind = symbolizeReduceKind(node->name);
  if (!kind) {
    error(node, "no reduction `" + node->name + "`");
    return {};
  }
  Indices vars;
  for (const graph::IndexVar &var : node->vars)
    vars.push_back(var.id);
  llvm::sort(vars);
  Indices all = unite(x.indices, vars), left;
  SmallVector<int64_t> dims;
  for (auto [position, id] : llvm::enumerate(all))
    llvm::is_contained(vars, id) ? dims.push_back(int64_t(position)) : left.push_back(id);
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Value body = align(b, loc, x, all);
  return {ReduceOp::create(b, loc, typeFor(left, node->shape, elementType(node->element)), *kind, body, dims), left};
}

/// [i, j] => body: the dimensions of i and j become the first of the element's.
IndexedValue Generator::build(const Node *node) {
  IndexedValue x = evaluate(node->operands[0]);
  if (!x)
    return {};
  Indices left, order;
  for (const graph::IndexVar &var : node->vars)
    order.push_back(var.id);
  Indices vars = order;
  llvm::sort(vars);
  Indices all = unite(x.indices, vars);
  for (int id : all)
    if (!llvm::is_contained(vars, id))
      left.push_back(id);
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  Value body = align(b, loc, x, all);
  order.insert(order.begin(), left.begin(), left.end());
  if (order == all)
    return {body, left};
  // The result's dimension p holds index order[p]: x at the position of each of its own.
  SmallVector<AffineExpr> map;
  unsigned rank = unsigned(typeOf(body).getRank());
  for (int id : all)
    map.push_back(b.getAffineDimExpr(unsigned(llvm::find(order, id) - order.begin())));
  for (unsigned d = unsigned(all.size()); d < rank; ++d)
    map.push_back(b.getAffineDimExpr(d));
  auto type = typeFor(left, node->shape, elementOf(body));
  return {AccessOp::create(b, loc, type, body, AffineMap::get(rank, 0, map, &context)), left};
}

/// y[..., m, n] = sum over k of a[..., m, k] * b[..., k, n], written over one index space; the simplifier sees a
/// contract.
IndexedValue Generator::contraction(const Node *node) {
  IndexedValue lhs = evaluate(node->operands[0]), rhs = evaluate(node->operands[1]);
  if (!lhs || !rhs)
    return {};
  OpBuilder &b = builderOf(node);
  Location loc = locationOf(node);
  const Dims &shape = node->shape; // batch dimensions, m, n
  unsigned batch = unsigned(shape.size()) - 2;
  Dims space = shape;
  space.push_back(node->operands[0]->shape.back());
  Indices indices = unite(lhs.indices, rhs.indices);
  unsigned lead = unsigned(indices.size()), m = lead + batch, n = m + 1, k = m + 2;
  Type element = elementType(node->element);
  auto spread = [&](const IndexedValue &x, unsigned row, unsigned column) {
    SmallVector<AffineExpr> map;
    for (int id : x.indices)
      map.push_back(b.getAffineDimExpr(unsigned(llvm::find(indices, id) - indices.begin())));
    for (unsigned d = lead; d < m; ++d)
      map.push_back(b.getAffineDimExpr(d));
    map.push_back(b.getAffineDimExpr(row));
    map.push_back(b.getAffineDimExpr(column));
    Value v = x.v;
    if (elementOf(v) != element && !isa<FloatType>(element)) // narrow integers multiply in the element of the sum
      v = ConvertOp::create(b, loc, withElement(typeOf(v), element), v);
    return AccessOp::create(b, loc, typeFor(indices, space, elementOf(v)), v, AffineMap::get(k + 1, 0, map, &context));
  };
  Value a = spread(lhs, m, k), c = spread(rhs, k, n);
  Value product = pointwise(b, loc, "mul", {a, c});
  return {ReduceOp::create(b, loc, typeFor(indices, shape, element), ReduceKind::sum, product,
                           SmallVector<int64_t>{int64_t(k)}),
          indices};
}
