#pragma once
#include "lib/Codegen/Codegen.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace tds {

/// A stage takes what the one before it left. Its postcondition holds for the module that it leaves, and is verified.
struct Stage {
  llvm::StringRef name;
  llvm::StringRef leaves;
  void (*add)(mlir::OpPassManager &passes, const CodegenOptions &options);
};

/// All stages, in order.
llvm::ArrayRef<Stage> allStages();

} // namespace tds
