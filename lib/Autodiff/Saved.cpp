//===- Saved.cpp - what a loop keeps of a round ---------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A minimum cut. A value is an edge from where it is asked for to where it is at hand, as wide as it has bytes; what
// is computed from others joins their far ends to its near one. Sources are the states and results that are not
// computed twice, the sink is the reversed round. The cut nearest to the sink leaves the least to compute.
//
//===----------------------------------------------------------------------===//
#include "lib/Autodiff/Saved.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include <deque>

using namespace mlir;
using namespace tds;

int64_t tds::bytesOf(Value v) {
  constexpr int64_t openSize = 64, most = int64_t(1) << 40;
  auto type = dyn_cast<RankedTensorType>(v.getType());
  if (!type)
    return 8;
  Type element = type.getElementType();
  int64_t bytes = 1;
  if (auto pair = dyn_cast<ComplexType>(element)) {
    bytes = 2;
    element = pair.getElementType();
  }
  bytes *= std::max(1u, element.getIntOrFloatBitWidth() / 8);
  for (unsigned d = 0; d < type.getRank(); ++d)
    bytes = std::min(most, bytes * dimConstant(type, d).value_or(openSize));
  return bytes;
}

namespace {

/// Dinic's algorithm.
class Network {
public:
  static constexpr int64_t wide = int64_t(1) << 60;

  int node() { return edges.emplace_back(), int(edges.size()) - 1; }
  void edge(int from, int to, int64_t width) {
    edges[from].push_back({to, int(edges[to].size()), width});
    edges[to].push_back({from, int(edges[from].size()) - 1, 0});
  }
  void saturate(int source, int sink) {
    while (layer(source, sink)) {
      next.assign(edges.size(), 0);
      while (push(source, sink, wide) > 0)
        ;
    }
  }
  /// Nodes from which the sink can still be reached.
  std::vector<bool> before(int sink) const {
    std::vector<bool> seen(edges.size());
    std::deque<int> queue{sink};
    seen[sink] = true;
    for (; !queue.empty(); queue.pop_front())
      for (const Edge &back : edges[queue.front()])
        if (!seen[back.to] && edges[back.to][back.twin].left > 0) {
          seen[back.to] = true;
          queue.push_back(back.to);
        }
    return seen;
  }

private:
  struct Edge {
    int to, twin;
    int64_t left;
  };
  bool layer(int source, int sink) {
    depth.assign(edges.size(), -1);
    depth[source] = 0;
    for (std::deque<int> queue{source}; !queue.empty(); queue.pop_front())
      for (const Edge &e : edges[queue.front()])
        if (e.left > 0 && depth[e.to] < 0) {
          depth[e.to] = depth[queue.front()] + 1;
          queue.push_back(e.to);
        }
    return depth[sink] >= 0;
  }
  int64_t push(int at, int sink, int64_t flow) {
    if (at == sink)
      return flow;
    for (size_t &k = next[at]; k < edges[at].size(); ++k) {
      Edge &e = edges[at][k];
      if (e.left <= 0 || depth[e.to] != depth[at] + 1)
        continue;
      if (int64_t sent = push(e.to, sink, std::min(flow, e.left))) {
        e.left -= sent;
        edges[e.to][e.twin].left += sent;
        return sent;
      }
    }
    return 0;
  }
  std::vector<std::vector<Edge>> edges;
  std::vector<int> depth;
  std::vector<size_t> next;
};

} // namespace

/// What an op reads, also within its regions.
static llvm::SmallSetVector<Value, 8> readsOf(Operation *op) {
  llvm::SmallSetVector<Value, 8> reads;
  op->walk([&](Operation *inner) { reads.insert(inner->operand_begin(), inner->operand_end()); });
  return reads;
}

/// Whether each element of a result is a sum of many products.
static bool sumsMany(Operation *op) {
  constexpr int64_t many = 16;
  auto product = dyn_cast<ContractOp>(op);
  if (!product)
    return false;
  int64_t terms = 1;
  for (int64_t index : product.getReduce())
    for (unsigned operand : {0u, 1u})
      if (auto dim = product.mapOf(operand).getResultPosition(getAffineDimExpr(unsigned(index), op->getContext()))) {
        terms *= dimConstant(typeOf(op->getOperand(operand)), *dim).value_or(many);
        break;
      }
  return terms >= many;
}

/// Whether computing an op again costs much more than a pass over its result, or that and the result is no larger than
/// what it reads.
static bool isExpensive(Operation *op) {
  if (sumsMany(op))
    return true;
  bool heavy = op->walk([](Operation *inner) {
                   return isa<Pointwise, AccessOp, GatherOp, ScatterOp, ReshapeOp, BarrierOp, ConvertOp, ConstantOp,
                              IotaOp, WhereOp, YieldOp, SizeOp>(inner) ||
                                  !isa<TdsDialect, scf::SCFDialect>(inner->getDialect())
                              ? WalkResult::advance()
                              : WalkResult::interrupt();
                 }).wasInterrupted();
  if (!heavy)
    return false;
  int64_t reads = 0, results = 0;
  for (Value v : readsOf(op))
    reads += bytesOf(v);
  for (Value v : op->getResults())
    results += bytesOf(v);
  return results <= reads;
}

SmallVector<Value> tds::chooseSaved(ValueRange states, ArrayRef<Operation *> round,
                                    llvm::function_ref<bool(Value)> isNeeded,
                                    llvm::function_ref<bool(Operation *)> mustRepeat, bool anything) {
  Network network;
  int source = network.node(), sink = network.node();
  llvm::DenseMap<Value, int> at; // the near end; the far one comes next
  SmallVector<Value> values;
  auto add = [&](Value v, bool keepable) {
    int near = network.node(), far = network.node();
    network.edge(near, far, keepable ? bytesOf(v) : Network::wide);
    if (isNeeded(v))
      network.edge(far, sink, Network::wide);
    at[v] = near;
    values.push_back(v);
    return near;
  };
  for (Value state : states)
    network.edge(source, add(state, true), Network::wide);
  for (Operation *op : round) {
    bool repeated = mustRepeat(op), atHand = !repeated && !anything && isExpensive(op);
    llvm::SmallSetVector<Value, 8> reads = readsOf(op);
    for (Value result : op->getResults()) {
      bool keepable = !repeated && isa<RankedTensorType>(result.getType());
      int near = add(result, keepable);
      if (keepable && atHand) {
        network.edge(source, near, Network::wide);
        continue;
      }
      for (Value v : reads)
        if (auto known = at.find(v); known != at.end())
          network.edge(known->second + 1, near, Network::wide);
    }
  }
  network.saturate(source, sink);
  std::vector<bool> before = network.before(sink);
  SmallVector<Value> saved;
  for (Value v : values)
    if (!before[at[v]] && before[at[v] + 1])
      saved.push_back(v);
  return saved;
}
