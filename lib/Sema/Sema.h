#pragma once
#include "lib/Sema/Graph.h"
#include "lib/Sema/Module.h"
#include "lib/Sema/Value.h"
#include <memory>
#include <set>

/// What later stages ask of Sema. All report into `program.diagnostics()` and answer null when they reported an error.
namespace tds::sema {

/// A value that an expression or def is instantiated for: its type, or a constant that is known when compiled.
struct Input {
  std::string name;
  Type type;
  /// A weak int, weak float or bool known when compiled, or a string: Value::ofSize, ofNumber, ofTruth.
  std::optional<Value> known;
  /// Names of other inputs that it was computed from as they are now: a derivative by these may not read it (E0403).
  std::vector<std::string> from = {};
};

/// A typed graph with the structure that its leaves make up.
struct Instance {
  std::unique_ptr<graph::Function> function;
  Type result; ///< of records and tuples; the leaves are `function->results`, in order
  /// Inputs that were used as a size: instantiate again with their value in `known`. Set together with an error.
  std::set<std::string> wanted;
};

/// Checks a module's defs whose parameters are all typed, with open sizes. True when nothing was reported.
bool check(Program &program, const Module &module);

/// The parameters of a def, with open sizes under the names of its signature; untyped parameters with a default are left out.
std::optional<std::vector<Input>> openInputs(Program &program, const Module &module, const ast::DefItem &def);

/// `def(inputs…)`; the inputs are positional in the order of the parameters, or named.
std::optional<Instance> instantiate(Program &program, const Module &module, const ast::DefItem &def, const std::vector<Input> &inputs);

/// An expression of a script over its variables: `inputs` are the names that it may read, those that are not `known` become
/// parameters of the function when they are read, in the order of `inputs`. On an error that `wanted` explains, the answer
/// has a null function and `wanted` set, and nothing is left in the diagnostics.
std::optional<Instance> elaborate(Program &program, const Module &module, const ast::Expr &expr, const std::vector<Input> &inputs);

/// The same for a text, such as "grad[p](loss(p, x, y))".
std::optional<Instance> elaborateText(Program &program, const Module &module, const std::string &text, const std::vector<Input> &inputs);

/// The names that an expression reads and does not bind itself.
std::set<std::string> freeNames(const ast::Expr &expr);
std::set<std::string> freeNames(const ast::Stmt &stmt);

/// The type that an expression writes: `load("p.npz", Mlp[64, 128, 10])`.
std::optional<Type> typeOfExpr(Program &program, const Module &module, const ast::Expr &expr, const std::vector<Input> &inputs);

/// The value of an `arg` or `const`: a weak number, bool, string, or of an expression of these.
std::optional<Value> constantValue(Program &program, const Module &module, const ast::ConstItem &item);

} // namespace tds::sema
