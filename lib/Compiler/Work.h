#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace tds {

/// Floating-point operations of a call: a contraction 2 for each product, a function of an element 1 (`exp` too), a sum
/// 1 for each term. A complex product of a contraction counts 8. What moves, compares or chooses counts nothing.
struct Work {
  double written = 0;     ///< of what was written
  double derivatives = 0; ///< of what was added for derivatives
  bool open = false;      ///< a loop without a known number of rounds was counted once

  double total() const { return written + derivatives; }
};

/// Of a module of tds ops whose sizes are numbers.
Work workOf(mlir::ModuleOp module);

} // namespace tds
