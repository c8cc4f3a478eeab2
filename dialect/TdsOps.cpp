//===- TdsOps.cpp - text, types and checks of the structural ops ----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/Tds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tds;

//===----------------------------------------------------------------------===//
// Parts of the text that several ops share
//===----------------------------------------------------------------------===//

/// (d0, d1)[s0] -> (d0 + s0, d1) sizes ["n"]
static ParseResult parseMap(OpAsmParser &p, AffineMapAttr &map, ArrayAttr &symbols) {
  AffineMap parsed;
  if (p.parseAffineMap(parsed))
    return failure();
  map = AffineMapAttr::get(parsed);
  symbols = p.getBuilder().getArrayAttr({});
  return p.parseOptionalKeyword("sizes") ? ParseResult(success()) : p.parseAttribute(symbols);
}

static void printMap(OpAsmPrinter &p, Operation *, AffineMapAttr map, ArrayAttr symbols) {
  map.getValue().print(p.getStream());
  if (!symbols.empty())
    p << " sizes " << symbols;
}

/// else %e | wrap | clamp
static ParseResult parseOutside(OpAsmParser &p, OutsideAttr &outside,
                                std::optional<OpAsmParser::UnresolvedOperand> &otherwise) {
  Outside how = Outside::none;
  if (succeeded(p.parseOptionalKeyword("else"))) {
    how = Outside::otherwise;
    if (p.parseOperand(otherwise.emplace()))
      return failure();
  } else if (succeeded(p.parseOptionalKeyword("wrap"))) {
    how = Outside::wrap;
  } else if (succeeded(p.parseOptionalKeyword("clamp"))) {
    how = Outside::clamp;
  }
  outside = OutsideAttr::get(p.getContext(), how);
  return success();
}

static void printOutside(OpAsmPrinter &p, Operation *, OutsideAttr outside, Value otherwise) {
  if (otherwise)
    p << " else " << otherwise;
  else if (outside.getValue() != Outside::none)
    p << ' ' << stringifyEnum(outside.getValue());
}

/// drop | wrap | clamp
static ParseResult parseDrop(OpAsmParser &p, OutsideAttr &outside) {
  Outside how = Outside::none;
  if (succeeded(p.parseOptionalKeyword("drop")))
    how = Outside::otherwise;
  else if (succeeded(p.parseOptionalKeyword("wrap")))
    how = Outside::wrap;
  else if (succeeded(p.parseOptionalKeyword("clamp")))
    how = Outside::clamp;
  outside = OutsideAttr::get(p.getContext(), how);
  return success();
}

static void printDrop(OpAsmPrinter &p, Operation *, OutsideAttr outside) {
  if (outside.getValue() == Outside::otherwise)
    p << " drop";
  else if (outside.getValue() != Outside::none)
    p << ' ' << stringifyEnum(outside.getValue());
}

using MaybeOperand = std::optional<OpAsmParser::UnresolvedOperand>;

/// A type after `else` is written unless it is the scalar of x's elements.
static ParseResult parseOtherwiseType(OpAsmParser &p, const MaybeOperand &value, Type x, Type &otherwise) {
  if (!value)
    return success();
  if (succeeded(p.parseOptionalComma()))
    return p.parseType(otherwise);
  if (auto tensor = dyn_cast<RankedTensorType>(x))
    otherwise = scalarType(tensor.getElementType());
  return success();
}

static void printOtherwiseType(OpAsmPrinter &p, Type x, Type otherwise) {
  if (otherwise && otherwise != scalarType(cast<RankedTensorType>(x).getElementType()))
    p << ", " << otherwise;
}

/// T [, E] -> U
static ParseResult parseAccessTypes(OpAsmParser &p, const MaybeOperand &value, Type &x, Type &otherwise, Type &result) {
  return failure(p.parseType(x) || parseOtherwiseType(p, value, x, otherwise) || p.parseArrow() || p.parseType(result));
}

static void printAccessTypes(OpAsmPrinter &p, Operation *, Value, Type x, Type otherwise, Type result) {
  p << x;
  printOtherwiseType(p, x, otherwise);
  p << " -> " << result;
}

static ParseResult parseTypeGroup(OpAsmParser &p, SmallVectorImpl<Type> &types) {
  return p.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] { return p.parseType(types.emplace_back()); });
}

/// T, (I, ...) [, E] -> U
static ParseResult parseGatherTypes(OpAsmParser &p, const MaybeOperand &value, Type &x, SmallVectorImpl<Type> &ids, Type &otherwise,
                                    Type &result) {
  return failure(p.parseType(x) || p.parseComma() || parseTypeGroup(p, ids) || parseOtherwiseType(p, value, x, otherwise) ||
                 p.parseArrow() || p.parseType(result));
}

static void printGatherTypes(OpAsmPrinter &p, Operation *, Value, Type x, TypeRange ids, Type otherwise, Type result) {
  p << x << ", (" << ids << ")";
  printOtherwiseType(p, x, otherwise);
  p << " -> " << result;
}

/// T, V, (I, ...)
static ParseResult parseScatterTypes(OpAsmParser &p, Type &init, Type &v, SmallVectorImpl<Type> &ids, Type &result) {
  if (p.parseType(init) || p.parseComma() || p.parseType(v) || p.parseComma() || parseTypeGroup(p, ids))
    return failure();
  result = init;
  return success();
}

static void printScatterTypes(OpAsmPrinter &p, Operation *, Type init, Type v, TypeRange ids, Type) {
  p << init << ", " << v << ", (" << ids << ")";
}

/// B, of which the result is one.
static ParseResult parseSolveTypes(OpAsmParser &p, Type &b, Type &result) {
  if (p.parseType(b))
    return failure();
  result = b;
  return success();
}

static void printSolveTypes(OpAsmPrinter &p, Operation *, Type b, Type) { p << b; }

/// A number without its type.
static ParseResult parseDim(OpAsmParser &p, IntegerAttr &dim) {
  int64_t value;
  if (p.parseInteger(value))
    return failure();
  dim = p.getBuilder().getI64IntegerAttr(value);
  return success();
}

static void printDim(OpAsmPrinter &p, Operation *, IntegerAttr dim) { p << dim.getInt(); }

static ParseResult parseWord(OpAsmParser &p, IntegerAttr &word) {
  int32_t value;
  if (p.parseInteger(value))
    return failure();
  word = p.getBuilder().getI32IntegerAttr(value);
  return success();
}

static void printWord(OpAsmPrinter &p, Operation *, IntegerAttr word) { p << word.getInt(); }

//===----------------------------------------------------------------------===//
// Checks that several ops share
//===----------------------------------------------------------------------===//

/// Whether two sizes may be one: open sizes that are written differently may be.
static bool mayEqual(RankedTensorType a, unsigned i, RankedTensorType b, unsigned j) {
  return a.isDynamicDim(i) || b.isDynamicDim(j) || a.getDimSize(i) == b.getDimSize(j);
}

static LogicalResult verifyMap(Operation *op, AffineMap map, unsigned indices, unsigned numIds, ArrayAttr symbols,
                               unsigned coordinates) {
  if (map.getNumDims() != indices)
    return op->emitOpError() << "map has " << map.getNumDims() << " indices, expected " << indices;
  if (map.getNumSymbols() != numIds + symbols.size())
    return op->emitOpError() << "map has " << map.getNumSymbols() << " symbols, expected " << numIds + symbols.size();
  if (map.getNumResults() != coordinates)
    return op->emitOpError() << "map gives " << map.getNumResults() << " coordinates, expected " << coordinates;
  return success();
}

static LogicalResult verifyOtherwise(Operation *op, Outside outside, Value otherwise, RankedTensorType result) {
  if ((outside == Outside::otherwise) != bool(otherwise))
    return op->emitOpError("has a value for what is outside if and only if `outside` says `otherwise`");
  if (!otherwise)
    return success();
  auto type = typeOf(otherwise);
  if (type != scalarType(result.getElementType()) && type != result)
    return op->emitOpError() << "value for what is outside has type " << type << ", expected a scalar or " << result;
  return success();
}

static LogicalResult verifySameElement(Operation *op, Type a, Type b) {
  Type x = cast<RankedTensorType>(a).getElementType(), y = cast<RankedTensorType>(b).getElementType();
  return x == y ? success() : op->emitOpError() << "elements differ: " << x << " and " << y;
}

static LogicalResult verifyIds(Operation *op, ValueRange ids, RankedTensorType space) {
  for (Value id : ids) {
    auto type = typeOf(id);
    if (type != withElement(space, type.getElementType()))
      return op->emitOpError() << "indices have type " << type << ", expected the shape of " << space;
  }
  return success();
}

static LogicalResult verifyDims(Operation *op, ArrayRef<int64_t> dims, int64_t rank) {
  for (auto [k, dim] : llvm::enumerate(dims)) {
    if (dim < 0 || dim >= rank)
      return op->emitOpError() << "dimension " << dim << " of " << rank;
    if (k && dims[k - 1] >= dim)
      return op->emitOpError("dimensions are not in rising order");
  }
  return success();
}

/// Types of a body's arguments or yields against those of other values.
static LogicalResult verifyTypes(Operation *op, const char *what, TypeRange seen, TypeRange expected) {
  if (seen.size() != expected.size())
    return op->emitOpError() << what << ": seen " << seen.size() << ", expected " << expected.size();
  for (auto [k, a, b] : llvm::enumerate(seen, expected))
    if (a != b)
      return op->emitOpError() << what << " #" << k << " has type " << a << ", expected " << b;
  return success();
}

//===----------------------------------------------------------------------===//
// constant, size, iota, convert
//===----------------------------------------------------------------------===//

ParseResult ConstantOp::parse(OpAsmParser &p, OperationState &state) {
  ElementsAttr value;
  Type type;
  if (p.parseAttribute(value, "value", state.attributes) || p.parseOptionalAttrDict(state.attributes))
    return failure();
  type = value.getType();
  if (succeeded(p.parseOptionalArrow()) && p.parseType(type))
    return failure();
  state.addTypes(type);
  return success();
}

void ConstantOp::print(OpAsmPrinter &p) {
  p << ' ' << getValue();
  p.printOptionalAttrDict((*this)->getAttrs(), {"value"});
  if (getValue().getType() != getType())
    p << " -> " << getType();
}

LogicalResult ConstantOp::verify() {
  ShapedType value = getValue().getShapedType();
  RankedTensorType type = getType();
  if (value.getElementType() != type.getElementType())
    return emitOpError() << "value has elements " << value.getElementType() << ", expected " << type.getElementType();
  if (value.getRank() && value != ShapedType(type))
    return emitOpError() << "value has type " << value << ", expected a scalar or " << type;
  return success();
}

LogicalResult SizeOp::inferReturnTypes(MLIRContext *context, std::optional<Location>, Adaptor,
                                       SmallVectorImpl<Type> &types) {
  types.push_back(scalarType(IntegerType::get(context, 64)));
  return success();
}

ParseResult IotaOp::parse(OpAsmParser &p, OperationState &state) {
  IntegerAttr dim;
  Type type;
  if (parseDim(p, dim) || p.parseOptionalAttrDict(state.attributes) || p.parseColonType(type))
    return failure();
  state.addAttribute("dim", dim);
  state.addTypes(type);
  return success();
}

void IotaOp::print(OpAsmPrinter &p) {
  p << ' ' << getDim();
  p.printOptionalAttrDict((*this)->getAttrs(), {"dim"});
  p << " : " << getType();
}

LogicalResult IotaOp::verify() {
  return verifyDims(*this, int64_t(getDim()), cast<RankedTensorType>(getType()).getRank());
}

LogicalResult ConvertOp::verify() {
  RankedTensorType from = typeOf(getX()), to = getType();
  if (withElement(from, to.getElementType()) != to)
    return emitOpError() << "result has type " << to << ", expected the shape of " << from;
  if (!elementKind(from.getElementType()) || !elementKind(to.getElementType()))
    return emitOpError("has elements that tensors do not have");
  if (isa<ComplexType>(from.getElementType()) && !isa<ComplexType>(to.getElementType()))
    return emitOpError("makes a real number of a complex one, expected `real` or `abs`");
  return success();
}

//===----------------------------------------------------------------------===//
// access, accumulate, gather, scatter
//===----------------------------------------------------------------------===//

void AccessOp::build(OpBuilder &b, OperationState &state, Type result, Value x, AffineMap map) {
  build(b, state, result, x, Value(), map, b.getArrayAttr({}), Outside::none);
}

void AccessOp::build(OpBuilder &b, OperationState &state, Type result, Value x, AffineMap map,
                     ArrayRef<std::string> symbols, Outside outside, Value otherwise) {
  SmallVector<StringRef> texts(symbols.begin(), symbols.end());
  build(b, state, result, x, otherwise, map, b.getStrArrayAttr(texts), outside);
}

LogicalResult AccessOp::verify() {
  RankedTensorType x = typeOf(getX()), y = getType();
  return failure(failed(verifyMap(*this, getMap(), y.getRank(), 0, getSymbols(), x.getRank())) ||
                 failed(verifySameElement(*this, x, y)) ||
                 failed(verifyOtherwise(*this, getOutside(), getOtherwise(), y)));
}

LogicalResult AccumulateOp::verify() {
  RankedTensorType x = typeOf(getX()), y = getType();
  return failure(failed(verifyMap(*this, getMap(), x.getRank(), 0, getSymbols(), y.getRank())) ||
                 failed(verifySameElement(*this, x, y)));
}

LogicalResult GatherOp::verify() {
  RankedTensorType x = typeOf(getX()), y = getType();
  return failure(failed(verifyMap(*this, getMap(), y.getRank(), getIds().size(), getSymbols(), x.getRank())) ||
                 failed(verifySameElement(*this, x, y)) || failed(verifyIds(*this, getIds(), y)) ||
                 failed(verifyOtherwise(*this, getOutside(), getOtherwise(), y)));
}

LogicalResult ScatterOp::verify() {
  RankedTensorType init = typeOf(getInit()), v = typeOf(getV());
  if (getType() != init)
    return emitOpError() << "result has type " << getType() << ", expected " << init;
  return failure(failed(verifyMap(*this, getMap(), v.getRank(), getIds().size(), getSymbols(), init.getRank())) ||
                 failed(verifySameElement(*this, init, v)) || failed(verifyIds(*this, getIds(), v)));
}

//===----------------------------------------------------------------------===//
// reduce, scan, contract, reshape
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor a,
                                         SmallVectorImpl<Type> &types) {
  auto x = dyn_cast<RankedTensorType>(a.getX().getType());
  if (!x)
    return emitOptionalError(loc, "`tds.reduce` of what is no tensor");
  SmallVector<int64_t> keep;
  for (int64_t dim = 0; dim < x.getRank(); ++dim)
    if (!llvm::is_contained(a.getDims(), dim))
      keep.push_back(dim);
  RankedTensorType y = pickDims(x, keep);
  bool place = a.getKind() == ReduceKind::argmax || a.getKind() == ReduceKind::argmin;
  types.push_back(place ? withElement(y, IntegerType::get(context, 32)) : y);
  return success();
}

LogicalResult ReduceOp::verify() {
  RankedTensorType x = typeOf(getX());
  if (failed(verifyDims(*this, getDims(), x.getRank())))
    return failure();
  unsigned kind = elementKind(x.getElementType()), expected = elements::Integer | elements::Floating;
  switch (getKind()) {
  case ReduceKind::sum:
  case ReduceKind::prod: expected |= elements::Complex; break;
  case ReduceKind::any:
  case ReduceKind::all: expected = elements::Boolean; break;
  case ReduceKind::argmax:
  case ReduceKind::argmin:
    if (getDims().size() != 1)
      return emitOpError() << "has " << getDims().size() << " dimensions, expected one";
    if (dimConstant(x, getDims()[0]) == 0)
      return emitOpError("looks for a place in a dimension of size 0");
    break;
  default: break;
  }
  if (!(kind & expected))
    return emitOpError() << "`" << stringifyEnum(getKind()) << "` of elements " << x.getElementType();
  return success();
}

LogicalResult ScanOp::verify() {
  if (!(elementKind(elementOf(getX())) & (elements::Integer | elements::Floating | elements::Complex)))
    return emitOpError() << "of elements " << elementOf(getX());
  return verifyDims(*this, int64_t(getDim()), typeOf(getX()).getRank());
}

AffineMap ContractOp::resultMap() {
  SmallVector<AffineExpr> results;
  for (unsigned dim = 0; dim < getIterationRank(); ++dim)
    if (!llvm::is_contained(getReduce(), int64_t(dim)))
      results.push_back(getAffineDimExpr(dim, getContext()));
  return AffineMap::get(getIterationRank(), 0, results, getContext());
}

/// Sizes of the index space, from the operands; empty where no operand has the index.
static SmallVector<std::string> iterationSizes(ArrayAttr maps, TypeRange types) {
  SmallVector<std::string> sizes(cast<AffineMapAttr>(maps[0]).getValue().getNumDims());
  for (auto [attr, type] : llvm::zip(maps, types))
    for (auto [k, expr] : llvm::enumerate(cast<AffineMapAttr>(attr).getValue().getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && k < cast<RankedTensorType>(type).getRank())
        if (std::string &size = sizes[dim.getPosition()]; size.empty() || !sizeConstant(size))
          size = dimText(cast<RankedTensorType>(type), k);
  return sizes;
}

LogicalResult ContractOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a,
                                           SmallVectorImpl<Type> &types) {
  if (a.getMaps().size() != 2)
    return emitOptionalError(loc, "`tds.contract` has ", a.getMaps().size(), " maps, expected 2");
  SmallVector<std::string> sizes, all = iterationSizes(a.getMaps(), a.getOperands().getTypes());
  for (auto [dim, size] : llvm::enumerate(all)) {
    if (size.empty())
      return emitOptionalError(loc, "`tds.contract` has no operand with index d", dim);
    if (!llvm::is_contained(a.getReduce(), int64_t(dim)))
      sizes.push_back(size);
  }
  types.push_back(tensorType(sizes, cast<RankedTensorType>(a.getA().getType()).getElementType()));
  return success();
}

LogicalResult ContractOp::verify() {
  if (failed(verifySameElement(*this, getA().getType(), getB().getType())) ||
      failed(verifyDims(*this, getReduce(), getIterationRank())))
    return failure();
  if (!(elementKind(elementOf(getA())) & (elements::Integer | elements::Floating | elements::Complex)))
    return emitOpError() << "of elements " << elementOf(getA());
  SmallVector<std::string> sizes = iterationSizes(getMaps(), getOperandTypes());
  for (unsigned k : {0, 1}) {
    AffineMap map = mapOf(k);
    auto type = typeOf(getOperand(k));
    if (map.getNumDims() != getIterationRank() || map.getNumSymbols() || !map.isProjectedPermutation())
      return emitOpError() << "map #" << k << " is no projected permutation of the index space";
    if (map.getNumResults() != type.getRank())
      return emitOpError() << "map #" << k << " gives " << map.getNumResults() << " coordinates, expected "
                           << type.getRank();
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      std::string &size = sizes[cast<AffineDimExpr>(expr).getPosition()], seen = dimText(type, position);
      if (sizeConstant(size) && sizeConstant(seen) && size != seen)
        return emitOpError() << "sizes of d" << cast<AffineDimExpr>(expr).getPosition() << " differ: " << size << " and "
                             << seen;
    }
  }
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType x = typeOf(getX()), y = getType();
  if (failed(verifySameElement(*this, x, y)))
    return failure();
  if (x.hasStaticShape() && y.hasStaticShape() && x.getNumElements() != y.getNumElements())
    return emitOpError() << "has " << y.getNumElements() << " elements, expected " << x.getNumElements();
  return success();
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

LogicalResult RandomBitsOp::verify() {
  RankedTensorType key = typeOf(getKey()), y = cast<RankedTensorType>(getType());
  if (y.getRank() < key.getRank())
    return emitOpError() << "result has rank " << y.getRank() << ", expected at least that of the key, " << key.getRank();
  for (unsigned dim = 0; dim < key.getRank(); ++dim)
    if (!mayEqual(key, dim, y, dim))
      return emitOpError() << "result has type " << y << ", expected it to begin with the dimensions of " << key;
  return success();
}

const FunctionInfo &DeriveKeyOp::info() {
  static constexpr FunctionInfo info{"derive_key", 2, 0, "Key", ResultRule::Same, false};
  return info;
}

LogicalResult DeriveKeyOp::inferReturnTypes(MLIRContext *, std::optional<Location>, ValueRange operands, DictionaryAttr,
                                            OpaqueProperties, RegionRange, SmallVectorImpl<Type> &types) {
  types.push_back(operands[0].getType());
  return success();
}

LogicalResult DeriveKeyOp::verify() {
  RankedTensorType key = typeOf(getKey()), i = typeOf(getI());
  if (withElement(key, i.getElementType()) != i)
    return emitOpError() << "number has type " << i << ", expected the shape of " << key;
  return success();
}

std::optional<HostValue> DeriveKeyOp::host(ArrayRef<HostValue> v) {
  return host::Int(int64_t(host::deriveKey(uint64_t(std::get<host::Int>(v[0]).v), std::get<host::Int>(v[1]).v, getDomain())));
}

Value DeriveKeyOp::scalar(ScalarBuilder &b, ValueRange v) {
  Type i32 = b.b.getI32Type(), i64 = b.b.getI64Type();
  Value shift = arith::ConstantOp::create(b.b, b.loc, b.b.getI64IntegerAttr(32));
  Value low = arith::TruncIOp::create(b.b, b.loc, i32, v[1]);
  Value high = arith::TruncIOp::create(b.b, b.loc, i32, arith::ShRUIOp::create(b.b, b.loc, v[1], shift));
  Value domain = arith::ConstantOp::create(b.b, b.loc, b.b.getI32IntegerAttr(getDomain()));
  Value zero = arith::ConstantOp::create(b.b, b.loc, b.b.getI32IntegerAttr(0));
  std::array<Value, 4> words = philox(b.b, b.loc, {low, high, domain, zero}, v[0]);
  Value first = arith::ExtUIOp::create(b.b, b.loc, i64, words[0]);
  Value second = arith::ExtUIOp::create(b.b, b.loc, i64, words[1]);
  return arith::OrIOp::create(b.b, b.loc, first, arith::ShLIOp::create(b.b, b.loc, second, shift));
}

SmallVector<Expr> DeriveKeyOp::partials(ExprBuilder &) { return {Expr(0.0), Expr(0.0)}; }

OpFoldResult DeriveKeyOp::fold(FoldAdaptor a) { return foldPointwise(*this, a.getOperands()); }

//===----------------------------------------------------------------------===//
// Functions of the host
//===----------------------------------------------------------------------===//

LogicalResult HostOp::verify() {
  auto batch = int64_t(getBatch());
  RankedTensorType first;
  for (Type type : llvm::concat<const Type>(getArgs().getTypes(), getResultTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    if (batch < 0 || tensor.getRank() < batch)
      return emitOpError() << "with " << tensor << ", expected " << batch << " dimensions of the batch or more";
    if (!first)
      first = tensor;
    for (int64_t dim = 0; dim < batch; ++dim)
      if (!mayEqual(first, dim, tensor, dim))
        return emitOpError() << "with " << first << " and " << tensor << ": the batches differ";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Ops with bodies
//===----------------------------------------------------------------------===//

LogicalResult WhereOp::verifyRegions() {
  auto cond = typeOf(getCond());
  for (Type type : getResultTypes())
    if (cond.getRank() && type != withElement(cond, cast<RankedTensorType>(type).getElementType()))
      return emitOpError() << "result has type " << type << ", expected the shape of " << cond;
  return failure(failed(verifyTypes(*this, "yield of the first side", thenYield().getOperandTypes(), getResultTypes())) ||
                 failed(verifyTypes(*this, "yield of the second side", elseYield().getOperandTypes(), getResultTypes())));
}

LogicalResult CompositeOp::verifyRegions() {
  if (failed(verifyTypes(*this, "argument of the body", getBody().getArgumentTypes(), getArgs().getTypes())) ||
      failed(verifyTypes(*this, "yield of the body", bodyYield().getOperandTypes(), getResultTypes())))
    return failure();
  if (!hasRule())
    return success();
  SmallVector<Type> arguments(getArgs().getTypes()), yields;
  llvm::append_range(arguments, getResultTypes());
  for (Value arg : getArgs())
    if (isDifferentiable(elementOf(arg)))
      yields.push_back(arg.getType());
  auto yield = cast<YieldOp>(getRule().front().getTerminator());
  return failure(failed(verifyTypes(*this, "argument of `vjp`", getRule().getArgumentTypes(), arguments)) ||
                 failed(verifyTypes(*this, "yield of `vjp`", yield.getOperandTypes(), yields)));
}

LogicalResult VjpOp::verifyRegions() {
  for (Value x : getWrt())
    if (!isDifferentiable(elementOf(x)))
      return emitOpError() << "asks for a derivative by " << x.getType() << ", expected floating or complex elements";
  TypeRange yields = bodyYield().getOperandTypes();
  if (getCotangents().size() > yields.size())
    return emitOpError() << "has " << getCotangents().size() << " cotangents, expected at most " << yields.size();
  SmallVector<Type> results(yields);
  llvm::append_range(results, getWrt().getTypes());
  return failure(
      failed(verifyTypes(*this, "argument of the body", getBody().getArgumentTypes(), getWrt().getTypes())) ||
      failed(verifyTypes(*this, "cotangent", getCotangents().getTypes(), yields.take_front(getCotangents().size()))) ||
      failed(verifyTypes(*this, "result", getResultTypes(), results)));
}

LogicalResult JvpOp::verifyRegions() {
  for (Value x : getWrt())
    if (!isDifferentiable(elementOf(x)))
      return emitOpError() << "asks for a derivative by " << x.getType() << ", expected floating or complex elements";
  SmallVector<Type> results(bodyYield().getOperandTypes());
  llvm::append_range(results, bodyYield().getOperandTypes());
  return failure(
      failed(verifyTypes(*this, "argument of the body", getBody().getArgumentTypes(), getWrt().getTypes())) ||
      failed(verifyTypes(*this, "tangent", getTangents().getTypes(), getWrt().getTypes())) ||
      failed(verifyTypes(*this, "result", getResultTypes(), results)));
}

void YieldOp::build(OpBuilder &, OperationState &) {}

// Declared before YieldOp is complete, so not in the records.
YieldOp WhereOp::thenYield() { return cast<YieldOp>(getThenRegion().front().getTerminator()); }
YieldOp WhereOp::elseYield() { return cast<YieldOp>(getElseRegion().front().getTerminator()); }
YieldOp CompositeOp::bodyYield() { return cast<YieldOp>(getBody().front().getTerminator()); }
YieldOp VjpOp::bodyYield() { return cast<YieldOp>(getBody().front().getTerminator()); }
YieldOp JvpOp::bodyYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

#define GET_OP_CLASSES
#include "dialect/TdsOps.cpp.inc"
