//===- Tiles.cpp - contractions in tiles of shared memory -----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Gpu/Tiles.h"
#include "lib/Codegen/Gpu/Threads.h"
#include "lib/Codegen/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
using namespace mlir;

namespace tds {
namespace {

constexpr int64_t tileM = 64, tileN = 64, tileK = 16;
constexpr int64_t side = 16, perThread = tileM / side; // threads along m and n, and what each has of them
static_assert(side * side == blockSize && tileN == tileM);

class TileEmitter {
public:
  TileEmitter(OpBuilder &b, linalg::LinalgOp op, const Contraction &c, const IRMapping &map, ModuleOp kernels)
      : loc(op.getLoc()), c(c), kernels(kernels), rows(Contraction::count(c.m)), columns(Contraction::count(c.n)),
        depth(Contraction::count(c.k)), sum(c.element[out]) {
    for (int s : {lhs, rhs, out})
      flat[s] = flatten(b, map.lookupOrDefault(op->getOperand(c.operand[s])));
  }

  void emit(OpBuilder &b) {
    int64_t mTiles = llvm::divideCeil(rows, tileM), nTiles = llvm::divideCeil(columns, tileN);
    SmallVector<Value> tile = delinearized(b, loc, blockInGrid(b, loc), {Contraction::count(c.batch), mTiles, nTiles});
    for (int s : {lhs, rhs, out})
      base[s] = offset(b, c.batch, tile[0], s);
    thread = threadInBlock(b, loc);
    Value firstRow = times(b, tile[1], tileM), firstColumn = times(b, tile[2], tileN);
    SmallVector<Value> at = delinearized(b, loc, thread, {side, side});
    Value tileA = sharedTile(b, "a"), tileB = sharedTile(b, "b");

    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(sum));
    SmallVector<Value> sums(perThread * perThread, zero);
    auto loop = scf::ForOp::create(b, loc, index(b, 0), index(b, depth), index(b, tileK), sums,
                                   [&](OpBuilder &b, Location loc, Value k, ValueRange sums) {
                                     barrier(b, loc); // the tiles before have been read
                                     fill(b, tileA, lhs, c.m, firstRow, rows, k);
                                     fill(b, tileB, rhs, c.n, firstColumn, columns, k);
                                     barrier(b, loc);
                                     auto inner = scf::ForOp::create(
                                         b, loc, index(b, 0), index(b, tileK), index(b, 1), sums,
                                         [&](OpBuilder &b, Location loc, Value step, ValueRange sums) {
                                           scf::YieldOp::create(b, loc, multiply(b, tileA, tileB, step, at, sums));
                                         });
                                     scf::YieldOp::create(b, loc, inner.getResults());
                                   });

    for (int64_t i = 0; i < perThread; ++i)
      for (int64_t j = 0; j < perThread; ++j) {
        Value row = plus(b, plus(b, firstRow, at[0]), index(b, i * side));
        Value column = plus(b, plus(b, firstColumn, at[1]), index(b, j * side));
        Value inside = both(b, below(b, row, rows, tileM), below(b, column, columns, tileN));
        auto store = [&](OpBuilder &b) {
          Value place = plus(b, base[out], plus(b, offset(b, c.m, row, out), offset(b, c.n, column, out)));
          Value old = memref::LoadOp::create(b, loc, flat[out], place);
          Value total = arith::AddFOp::create(b, loc, old, loop.getResult(unsigned(i * perThread + j)));
          memref::StoreOp::create(b, loc, total, flat[out], place);
        };
        if (!inside)
          store(b);
        else
          scf::IfOp::create(b, loc, inside, [&](OpBuilder &b, Location loc) {
            store(b);
            scf::YieldOp::create(b, loc);
          });
      }
  }

private:
  Value index(OpBuilder &b, int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value plus(OpBuilder &b, Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value times(OpBuilder &b, Value x, int64_t factor) { return arith::MulIOp::create(b, loc, x, index(b, factor)); }

  /// x < size; null where whole tiles make it true.
  Value below(OpBuilder &b, Value x, int64_t size, int64_t tile) {
    return size % tile == 0 ? Value()
                            : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, index(b, size)).getResult();
  }
  Value both(OpBuilder &b, Value x, Value y) {
    return !x ? y : !y ? x : arith::AndIOp::create(b, loc, x, y).getResult();
  }

  /// A buffer's elements by their distance from the first.
  Value flatten(OpBuilder &b, Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    auto [strides, start] = type.getStridesAndOffset();
    int64_t span = 1;
    for (auto [size, stride] : llvm::zip_equal(type.getShape(), strides))
      span += (size - 1) * stride;
    auto line = MemRefType::get({span}, type.getElementType(), StridedLayoutAttr::get(b.getContext(), start, {1}));
    return memref::ReinterpretCastOp::create(b, loc, line, buffer, start, ArrayRef<int64_t>{span},
                                             ArrayRef<int64_t>{1});
  }

  /// How far into an operand a number of some loops is.
  Value offset(OpBuilder &b, const ContractionLoops &loops, Value number, int s) {
    SmallVector<int64_t> sizes;
    for (const ContractionLoop &loop : loops)
      sizes.push_back(loop.size);
    Value sum = index(b, 0);
    for (auto [loop, at] : llvm::zip_equal(loops, delinearized(b, loc, number, sizes)))
      if (loop.stride[s] != 0)
        sum = plus(b, sum, times(b, at, loop.stride[s]));
    return sum;
  }

  /// [tileK][tileM], padded by one so that neither way of filling it meets one bank.
  Value sharedTile(OpBuilder &b, StringRef name) {
    return sharedMemory(b, loc, kernels, ("tile_" + name).str(), {tileK, tileM + 1}, sum);
  }

  /// tile[k][r] = x[first + r, firstK + k], 0 outside
  void fill(OpBuilder &b, Value tile, int s, const ContractionLoops &loops, Value first, int64_t size, Value firstK) {
    // Neighbouring threads read neighbours in memory.
    bool alongK = least(c.k, s) < least(loops, s);
    for (int64_t part = 0; part < tileM * tileK / blockSize; ++part) {
      Value number = plus(b, thread, index(b, part * blockSize));
      SmallVector<Value> at = delinearized(b, loc, number, {alongK ? tileM : tileK, alongK ? tileK : tileM});
      Value r = at[alongK ? 0 : 1], k = at[alongK ? 1 : 0];
      Value row = plus(b, first, r), step = plus(b, firstK, k);
      auto read = [&](OpBuilder &b) -> Value {
        Value place = plus(b, base[s], plus(b, offset(b, loops, row, s), offset(b, c.k, step, s)));
        Value element = memref::LoadOp::create(b, loc, flat[s], place);
        return element.getType() == sum ? element : arith::ExtFOp::create(b, loc, sum, element).getResult();
      };
      Value inside = both(b, below(b, row, size, tileM), below(b, step, depth, tileK)), element;
      if (!inside) {
        element = read(b);
      } else {
        auto branch = scf::IfOp::create(
            b, loc, inside, [&](OpBuilder &b, Location loc) { scf::YieldOp::create(b, loc, read(b)); },
            [&](OpBuilder &b, Location loc) {
              scf::YieldOp::create(b, loc, arith::ConstantOp::create(b, loc, b.getZeroAttr(sum)).getResult());
            });
        element = branch.getResult(0);
      }
      memref::StoreOp::create(b, loc, element, tile, ValueRange{k, r});
    }
  }

  static int64_t least(const ContractionLoops &loops, int s) {
    int64_t stride = std::numeric_limits<int64_t>::max();
    for (const ContractionLoop &loop : loops)
      if (loop.stride[s] != 0)
        stride = std::min(stride, std::abs(loop.stride[s]));
    return stride;
  }

  SmallVector<Value> multiply(OpBuilder &b, Value tileA, Value tileB, Value step, ArrayRef<Value> at, ValueRange sums) {
    SmallVector<Value> x, y, next;
    for (int64_t i = 0; i < perThread; ++i) {
      x.push_back(memref::LoadOp::create(b, loc, tileA, ValueRange{step, plus(b, at[0], index(b, i * side))}));
      y.push_back(memref::LoadOp::create(b, loc, tileB, ValueRange{step, plus(b, at[1], index(b, i * side))}));
    }
    for (auto [k, old] : llvm::enumerate(sums)) {
      Value product = arith::MulFOp::create(b, loc, x[k / perThread], y[k % perThread], arith::FastMathFlags::contract);
      next.push_back(arith::AddFOp::create(b, loc, old, product, arith::FastMathFlags::contract));
    }
    return next;
  }

  Location loc;
  const Contraction &c;
  ModuleOp kernels;
  int64_t rows, columns, depth;
  Type sum;
  Value flat[3], base[3], thread;
};

} // namespace

std::optional<Contraction> tiledContraction(linalg::LinalgOp op) {
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic || !op->hasAttr(attribute::contract))
    return std::nullopt;
  FailureOr<Contraction> contraction = Contraction::match(generic);
  if (failed(contraction))
    return std::nullopt;
  // Below this most of a tile is idle.
  constexpr int64_t least = 16;
  bool worth = Contraction::count(contraction->m) >= least && Contraction::count(contraction->n) >= least &&
               Contraction::count(contraction->k) >= least;
  return worth ? std::optional(*contraction) : std::nullopt;
}

int64_t numTiles(const Contraction &contraction) {
  return Contraction::count(contraction.batch) * int64_t(llvm::divideCeil(Contraction::count(contraction.m), tileM)) *
         int64_t(llvm::divideCeil(Contraction::count(contraction.n), tileN));
}

void emitTile(OpBuilder &b, linalg::LinalgOp op, const Contraction &contraction, const IRMapping &map,
              ModuleOp kernels) {
  TileEmitter(b, op, contraction, map, kernels).emit(b);
}

} // namespace tds
