#pragma once
#include "mlir/Pass/Pass.h"
#include <memory>

namespace tds {

/// `tds-simplify`: rewrites tds ops to fewer and larger ones, to a fixed point; recognises contractions. It never makes code
/// worse and never needs its inverse.
std::unique_ptr<mlir::Pass> createTdsSimplifyPass();
void registerTdsSimplifyPass();

} // namespace tds
