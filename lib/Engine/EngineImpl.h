#pragma once
#include "lib/Engine/Workspace.h"

namespace tds::engine {

/// A module of the C++ API: a program, guarded.
struct ModuleImpl {
  explicit ModuleImpl(std::shared_ptr<EngineImpl> engine) : workspace(std::move(engine)) {}
  std::mutex mutex;
  Workspace workspace;
  const sema::Module *module = nullptr;
};

/// A parameter as the host sees it.
struct Parameter {
  const ast::Param *param;
  bool isSize;                    ///< `k: dim`
  std::optional<sema::Type> type; ///< with open sizes; none where the def does not say: one tensor of any type
  size_t numLeaves = 1;
};

/// A def under some gradients. The module's mutex guards what changes.
struct FunctionImpl {
  FunctionImpl(std::shared_ptr<ModuleImpl> module, const ast::DefItem *def,
               std::vector<std::vector<std::string>> gradients);

  std::shared_ptr<ModuleImpl> module;
  const ast::DefItem *def;
  std::vector<std::vector<std::string>> gradients; ///< the innermost first
  std::vector<Parameter> parameters;
  size_t leastLeaves = 0, mostLeaves = 0; ///< of a call

  /// What the function was compiled for.
  struct Known {
    std::vector<std::pair<Element, Shape>> arguments;
    std::vector<int64_t> sizes; ///< of the `dim`s
    std::shared_ptr<const Unit> unit;
  };
  mutable std::vector<Known> known; ///< the latest last

  const std::string &name() const { return def->name.text; }
  /// The expression that the function stands for: "grad[w](loss(w=w, x=x))".
  std::string text(const std::vector<sema::Input> &inputs) const;
  Piece piece(std::vector<sema::Input> inputs) const;
  Result<std::shared_ptr<const Unit>> unit(std::span<const Tensor> arguments) const;
  Result<std::shared_ptr<const Unit>> compile(std::span<const Tensor> arguments) const;
};

} // namespace tds::engine
