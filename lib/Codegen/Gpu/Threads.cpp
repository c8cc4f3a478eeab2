//===- Threads.cpp - a linalg op over the threads of a GPU ----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Gpu/Threads.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
using namespace mlir;

namespace tds {
namespace {

Value constantIndex(OpBuilder &b, Location loc, int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

Value special(OpBuilder &b, Location loc, StringRef name) {
  auto call = LLVM::CallIntrinsicOp::create(b, loc, b.getI32Type(), b.getStringAttr(name), ValueRange());
  return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), call.getResult(0));
}

/// The op that puts a new element to what is reduced so far, if that is all that happens to it.
Operation *combinerOf(Block &body, BlockArgument sum, Value yielded) {
  Operation *op = yielded.getDefiningOp();
  if (!op || !sum.hasOneUse() || *sum.user_begin() != op || op->getNumOperands() != 2 || op->getBlock() != &body)
    return nullptr;
  return arith::getNeutralElement(op) ? op : nullptr;
}

SmallVector<Operation *> combinersOf(linalg::LinalgOp op) {
  Block &body = *op.getBlock();
  SmallVector<Operation *> combiners;
  for (auto [sum, yielded] : llvm::zip_equal(op.getRegionOutputArgs(), body.getTerminator()->getOperands())) {
    Operation *combiner = combinerOf(body, sum, yielded);
    if (!combiner)
      return {};
    combiners.push_back(combiner);
  }
  return combiners;
}

/// One linalg op while it is written.
class Emitter {
public:
  Emitter(linalg::LinalgOp op, IRMapping &map, ModuleOp kernels)
      : op(op), map(map), kernels(kernels), loc(op.getLoc()), maps(op.getIndexingMapsArray()) {
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    for (auto [d, type] : llvm::enumerate(op.getIteratorTypesArray())) {
      bool parallel = type == utils::IteratorType::parallel;
      (parallel ? points : reduced).push_back(unsigned(d));
      (parallel ? pointSizes : reducedSizes).push_back(sizes[d]);
    }
    at.resize(sizes.size());
  }

  void onPoints(OpBuilder &b, const Threads &threads) {
    share(b, threads, [&](OpBuilder &b, Value point) {
      setPoint(b, point);
      SmallVector<Value> sums = readOutputs(b);
      writeOutputs(b, reduce(b, sums, 0));
    });
  }

  void onRows(OpBuilder &b, const Threads &threads) {
    SmallVector<Operation *> combiners = combinersOf(op);
    Value thread = threadInBlock(b, loc);
    share(b, threads, [&](OpBuilder &b, Value point) {
      setPoint(b, point);
      SmallVector<Value> sums;
      for (Operation *combiner : combiners)
        sums.push_back(arith::ConstantOp::create(b, loc, *arith::getNeutralElement(combiner)));
      int64_t total = ShapedType::getNumElements(reducedSizes);
      auto loop = scf::ForOp::create(b, loc, thread, constantIndex(b, loc, total), constantIndex(b, loc, blockSize),
                                     sums, [&](OpBuilder &b, Location loc, Value number, ValueRange sums) {
                                       for (auto [d, value] :
                                            llvm::zip_equal(reduced, delinearized(b, loc, number, reducedSizes)))
                                         at[d] = value;
                                       scf::YieldOp::create(b, loc, body(b, sums));
                                     });
      for (auto [k, combiner] : llvm::enumerate(combiners)) {
        if (k > 0 || !threads.inGrid)
          barrier(b, loc); // thread 0 may still read the last sum
        combineInBlock(b, thread, combiner, loop.getResult(unsigned(k)), unsigned(k));
      }
    });
  }

private:
  using Body = function_ref<void(OpBuilder &, Value)>;

  void share(OpBuilder &b, const Threads &threads, Body body) {
    int64_t total = ShapedType::getNumElements(pointSizes);
    Value end = constantIndex(b, loc, total);
    if (!threads.inGrid) {
      scf::ForOp::create(b, loc, threads.id, end, constantIndex(b, loc, threads.count), ValueRange(),
                         [&](OpBuilder &b, Location loc, Value point, ValueRange) {
                           body(b, point);
                           scf::YieldOp::create(b, loc);
                         });
    } else if (threads.count == total) {
      body(b, threads.id);
    } else {
      Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, threads.id, end);
      scf::IfOp::create(b, loc, inside, [&](OpBuilder &b, Location loc) {
        body(b, threads.id);
        scf::YieldOp::create(b, loc);
      });
    }
  }

  void setPoint(OpBuilder &b, Value number) {
    for (auto [d, value] : llvm::zip_equal(points, delinearized(b, loc, number, pointSizes)))
      at[d] = value;
  }

  Value read(OpBuilder &b, OpOperand &operand) {
    Value from = map.lookupOrDefault(operand.get());
    if (!isa<MemRefType>(from.getType()))
      return from;
    return memref::LoadOp::create(b, loc, from, placeOf(b, operand));
  }

  SmallVector<Value> placeOf(OpBuilder &b, OpOperand &operand) {
    SmallVector<Value> place;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
      place.push_back(affine::expandAffineExpr(b, loc, expr, at, {}));
    return place;
  }

  SmallVector<Value> readOutputs(OpBuilder &b) {
    SmallVector<Value> values;
    for (auto [k, operand] : llvm::enumerate(op.getDpsInitsMutable())) {
      BlockArgument argument = op.getRegionOutputArgs()[k];
      if (reduced.empty() && argument.use_empty())
        values.push_back(Value()); // overwritten
      else
        values.push_back(read(b, operand));
    }
    return values;
  }

  void writeOutputs(OpBuilder &b, ValueRange values) {
    for (auto [operand, value] : llvm::zip_equal(op.getDpsInitsMutable(), values))
      memref::StoreOp::create(b, loc, value, map.lookupOrDefault(operand.get()), placeOf(b, operand));
  }

  /// The reduced dimensions from `depth` on, one in another.
  SmallVector<Value> reduce(OpBuilder &b, ValueRange sums, size_t depth) {
    if (depth == reduced.size())
      return body(b, sums);
    auto loop =
        scf::ForOp::create(b, loc, constantIndex(b, loc, 0), constantIndex(b, loc, reducedSizes[depth]),
                           constantIndex(b, loc, 1), sums, [&](OpBuilder &b, Location loc, Value i, ValueRange sums) {
                             at[reduced[depth]] = i;
                             scf::YieldOp::create(b, loc, reduce(b, sums, depth + 1));
                           });
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// The op's region at `at`.
  SmallVector<Value> body(OpBuilder &b, ValueRange sums) {
    Block &block = *op.getBlock();
    for (auto [operand, argument] : llvm::zip_equal(op.getDpsInputOperands(), op.getRegionInputArgs()))
      if (!argument.use_empty())
        map.map(argument, read(b, *operand));
    for (auto [sum, argument] : llvm::zip_equal(sums, op.getRegionOutputArgs()))
      if (sum)
        map.map(argument, sum);
    for (Operation &inner : block.without_terminator()) {
      Operation *copy = b.clone(inner, map);
      copy->walk([&](linalg::IndexOp index) {
        index.replaceAllUsesWith(at[index.getDim()]);
        if (index.getOperation() == copy)
          map.map(inner.getResult(0), at[index.getDim()]);
        index.erase();
      });
    }
    SmallVector<Value> results;
    for (Value value : block.getTerminator()->getOperands())
      results.push_back(map.lookupOrDefault(value));
    return results;
  }

  /// A tree over the threads of the block, whose shape depends on the block's size alone: the same bits each run.
  /// Thread 0 puts the sum to the output.
  void combineInBlock(OpBuilder &b, Value thread, Operation *combiner, Value sum, unsigned output) {
    Type type = sum.getType();
    Value shared = sharedMemory(b, loc, kernels, "sums", {blockSize}, type);
    auto combine = [&](OpBuilder &b, Value x, Value y) {
      Operation *copy = b.clone(*combiner);
      copy->setOperands({x, y});
      return copy->getResult(0);
    };
    memref::StoreOp::create(b, loc, sum, shared, thread);
    barrier(b, loc);
    for (int64_t half = blockSize / 2; half > 0; half /= 2) {
      Value width = constantIndex(b, loc, half);
      Value low = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, thread, width);
      scf::IfOp::create(b, loc, low, [&](OpBuilder &b, Location loc) {
        Value other = memref::LoadOp::create(b, loc, shared, arith::AddIOp::create(b, loc, thread, width).getResult());
        Value own = memref::LoadOp::create(b, loc, shared, thread);
        memref::StoreOp::create(b, loc, combine(b, own, other), shared, thread);
        scf::YieldOp::create(b, loc);
      });
      if (half > 1) // the last sum is read by who wrote it
        barrier(b, loc);
    }
    Value zero = constantIndex(b, loc, 0);
    Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, thread, zero);
    scf::IfOp::create(b, loc, first, [&](OpBuilder &b, Location loc) {
      OpOperand &operand = op.getDpsInitsMutable()[output];
      Value total = combine(b, read(b, operand), memref::LoadOp::create(b, loc, shared, zero));
      memref::StoreOp::create(b, loc, total, map.lookupOrDefault(operand.get()), placeOf(b, operand));
      scf::YieldOp::create(b, loc);
    });
  }

  linalg::LinalgOp op;
  IRMapping &map;
  ModuleOp kernels;
  Location loc;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> points, reduced; // dimensions
  SmallVector<int64_t> pointSizes, reducedSizes;
  SmallVector<Value> at; // of all dimensions
};

} // namespace

Extent extentOf(linalg::LinalgOp op) {
  Extent extent;
  for (auto [size, type] : llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    (type == utils::IteratorType::parallel ? extent.points : extent.reduced) *= size;
  return extent;
}

Sharing sharingOf(linalg::LinalgOp op) {
  Extent extent = extentOf(op);
  // A few threads that walk long rows leave the machine idle; many of them fill it, and neighbours share what they
  // read.
  constexpr int64_t longRow = 256, enoughThreads = 1 << 14;
  bool rows = extent.reduced >= longRow && extent.points < enoughThreads && !combinersOf(op).empty();
  return rows ? Sharing::rows : Sharing::points;
}

Value threadInBlock(OpBuilder &b, Location loc) { return special(b, loc, "llvm.nvvm.read.ptx.sreg.tid.x"); }
Value blockInGrid(OpBuilder &b, Location loc) { return special(b, loc, "llvm.nvvm.read.ptx.sreg.ctaid.x"); }

// In 32 bits where they suffice: a GPU divides 64 bits in software.
SmallVector<Value> delinearized(OpBuilder &b, Location loc, Value number, ArrayRef<int64_t> sizes) {
  SmallVector<Value> at(sizes.size());
  if (sizes.empty())
    return at;
  int64_t total = 1;
  for (int64_t size : sizes)
    total *= size;
  Type type = total <= std::numeric_limits<int32_t>::max() ? b.getI32Type() : b.getI64Type();
  auto constant = [&](int64_t value) {
    return arith::ConstantOp::create(b, loc, type, b.getIntegerAttr(type, value)).getResult();
  };
  Value rest = arith::IndexCastUIOp::create(b, loc, type, number);
  for (size_t d = sizes.size(); d-- > 0;) {
    Value coordinate = rest;
    if (d != 0) {
      coordinate = arith::RemUIOp::create(b, loc, rest, constant(sizes[d]));
      rest = arith::DivUIOp::create(b, loc, rest, constant(sizes[d]));
    }
    at[d] = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), coordinate);
  }
  return at;
}

Value sharedMemory(OpBuilder &b, Location loc, ModuleOp kernels, StringRef name, ArrayRef<int64_t> shape,
                   Type element) {
  auto type = MemRefType::get(shape, element, AffineMap(), b.getI64IntegerAttr(3));
  std::string symbol;
  llvm::raw_string_ostream(symbol) << name << "_" << element;
  if (!kernels.lookupSymbol(symbol)) {
    OpBuilder top = OpBuilder::atBlockBegin(kernels.getBody());
    memref::GlobalOp::create(top, loc, symbol, top.getStringAttr("private"), type, top.getUnitAttr(),
                             /*constant=*/false, IntegerAttr());
  }
  return memref::GetGlobalOp::create(b, loc, type, symbol);
}

void barrier(OpBuilder &b, Location loc) {
  Value zero = LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(0));
  LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr("llvm.nvvm.barrier.cta.sync.aligned.all"), ValueRange{zero});
}

LogicalResult emit(OpBuilder &b, linalg::LinalgOp op, Sharing sharing, const Threads &threads, IRMapping &map,
                   ModuleOp kernels) {
  if (op.hasDynamicShape())
    return op.emitError("an op of open sizes in a kernel, expected static ones");
  Emitter emitter(op, map, kernels);
  if (sharing == Sharing::points)
    emitter.onPoints(b, threads);
  else
    emitter.onRows(b, threads);
  return success();
}

} // namespace tds
