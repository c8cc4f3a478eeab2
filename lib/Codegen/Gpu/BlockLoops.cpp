//===- BlockLoops.cpp - loops that one block of threads runs --------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Gpu/BlockLoops.h"
#include "lib/Codegen/Gpu/Threads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
using namespace mlir;

namespace tds {
namespace {

class SmallLoop {
public:
  static bool is(scf::ForOp loop) {
    bool unused = llvm::all_of(loop.getResults(), [](Value result) { return result.use_empty(); });
    return unused && SmallLoop().fits(*loop.getBody());
  }

private:
  static constexpr int64_t mostElements = 1 << 14; // of an op: what a block does while a kernel is launched

  bool fits(Block &block) {
    for (Operation &op : block) {
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
        if (linalgOp.hasDynamicShape())
          return false;
        Extent extent = extentOf(linalgOp);
        if (extent.points * extent.reduced > mostElements)
          return false;
      } else if (auto copy = dyn_cast<memref::CopyOp>(op)) {
        if (cast<MemRefType>(copy.getSource().getType()).getNumElements() > mostElements)
          return false;
      } else if (isa<scf::ForOp, scf::IfOp, scf::WhileOp>(op)) {
        for (Region &region : op.getRegions())
          for (Block &inner : region)
            if (!fits(inner))
              return false;
      } else if (!isa<memref::LoadOp, memref::StoreOp>(op) && !op.hasTrait<OpTrait::IsTerminator>() && !isPure(&op)) {
        return false;
      }
    }
    return true;
  }
};

class BlockEmitter {
public:
  BlockEmitter(IRMapping &map, ModuleOp kernels) : map(map), kernels(kernels) {}

  LogicalResult emit(OpBuilder &b, Operation *op) {
    Location loc = op->getLoc();
    if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
      return emitLinalg(b, linalgOp);
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      OpBuilder before(op);
      auto generic = linalg::makeMemRefCopyOp(before, loc, copy.getSource(), copy.getTarget());
      LogicalResult done = emitLinalg(b, generic);
      generic.erase();
      return done;
    }
    if (isa<memref::StoreOp>(op)) {
      barrier(b, loc);
      Value zero = arith::ConstantIndexOp::create(b, loc, 0);
      Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, threadInBlock(b, loc), zero);
      scf::IfOp::create(b, loc, first, [&](OpBuilder &b, Location loc) {
        b.clone(*op, map);
        scf::YieldOp::create(b, loc);
      });
      barrier(b, loc);
      return success();
    }
    if (!isa<scf::ForOp, scf::IfOp, scf::WhileOp>(op)) {
      b.clone(*op, map);
      return success();
    }
    Operation *copy = op->cloneWithoutRegions(map);
    b.insert(copy);
    for (auto [from, to] : llvm::zip_equal(op->getRegions(), copy->getRegions()))
      for (Block &block : from) {
        Block *inner = new Block;
        to.push_back(inner);
        for (BlockArgument argument : block.getArguments())
          map.map(argument, inner->addArgument(argument.getType(), argument.getLoc()));
        OpBuilder inside = OpBuilder::atBlockBegin(inner);
        for (Operation &next : block)
          if (failed(emit(inside, &next)))
            return failure();
      }
    for (auto [from, to] : llvm::zip_equal(op->getResults(), copy->getResults()))
      map.map(from, to);
    return success();
  }

private:
  LogicalResult emitLinalg(OpBuilder &b, linalg::LinalgOp op) {
    Location loc = op.getLoc();
    Extent extent = extentOf(op);
    if (extent.points == 0 || extent.reduced == 0)
      return success();
    Sharing sharing = sharingOf(op);
    Threads threads{threadInBlock(b, loc), blockSize, false};
    if (sharing == Sharing::rows)
      threads = {arith::ConstantIndexOp::create(b, loc, 0), 1, false};
    barrier(b, loc);
    if (failed(tds::emit(b, op, sharing, threads, map, kernels)))
      return failure();
    barrier(b, loc);
    return success();
  }

  IRMapping &map;
  ModuleOp kernels;
};

} // namespace

bool isSmallLoop(scf::ForOp loop) { return SmallLoop::is(loop); }

LogicalResult emitInBlock(OpBuilder &b, scf::ForOp loop, IRMapping &map, ModuleOp kernels) {
  return BlockEmitter(map, kernels).emit(b, loop);
}

} // namespace tds
