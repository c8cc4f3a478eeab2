#pragma once
#include "lib/Engine/Workspace.h"
#include "lib/Script/Gradients.h"
#include "lib/Script/Progress.h"
#include "lib/Script/Value.h"
#include "lib/Syntax/Ast.h"
#include <chrono>
#include <map>
#include <set>
#include <unordered_map>

namespace tds::script {

/// Runs the top level of a script: statements are interpreted, tensor work is compiled, each expression for the types
/// that it meets, and kept by its place. All functions report into the program's diagnostics and then answer false or
/// an empty value.
class Interpreter {
public:
  /// `folder` is the script's.
  Interpreter(engine::Workspace &workspace, const sema::Module &module, std::filesystem::path folder);

  /// The statements of the file, in order.
  bool runTopLevel();
  bool run(const ast::Block &block);
  /// Where it is; any thread may look.
  const Whereabouts &whereabouts() const { return where; }
  /// Where Ctrl-C ended the run; empty if it did not.
  const std::string &endedAt() const { return interruptedAt; }
  /// Runs until something calls `program.watched`; nothing is printed or saved.
  void runToFirstCall();
  /// Compares derivatives with differences: the first evaluations of each place, for each of its types. Nothing is
  /// printed or saved.
  void checkGradients(GradientReport &report) {
    gradients = &report;
    quiet = true;
    progress.turnOff();
  }
  /// Nothing of one run is seen by the next.
  void forget() {
    variables.clear();
    bindings.clear();
  }

private:
  using Builtin = Value (Interpreter::*)(const ast::Call &);

  // Statements.cpp
  void bind(const std::string &name, Value value);
  bool statement(const ast::Stmt &s);
  bool interrupted();
  bool assign(const ast::AssignStmt &s);
  bool assignTo(const ast::Expr &target, Value value, const ast::Expr *valueExpr);
  bool assignParts(const std::vector<ast::ExprPtr> &targets, Value value, Range range);
  bool update(const ast::Expr &target, const ast::Expr &valueExpr);
  /// The rounds of a loop, for those who look on.
  class Rounds {
  public:
    /// -1: nobody knows how many.
    Rounds(Interpreter &interpreter, Range range, int64_t rounds);
    ~Rounds();
    Rounds(const Rounds &) = delete;
    /// A round begins; false: the run is to end.
    bool next();

  private:
    Interpreter &interpreter;
    Whereabouts::Loop *loop;
    uint32_t line;
  };
  bool forLoop(const ast::ForStmt &s, std::vector<Value> *yields);
  bool countedLoop(const ast::ForStmt &s, std::vector<Value> *yields);
  bool round(const ast::ForStmt &s, std::vector<Value> *yields);
  bool bindRound(const ast::ForStmt &s, std::vector<Value> parts);
  bool yieldLoop(const ast::AssignStmt &s);
  bool assertion(const ast::AssertStmt &s);
  std::optional<bool> condition(const ast::Expr &e);
  Value stacked(std::vector<Value> values, Range range);

  // Expressions.cpp
  Value eval(const ast::Expr &e);
  std::optional<std::string> deviceOf(const ast::OnStmt &on);
  /// What needs no compiled code: numbers, names, fields, strings. Nothing: compile it; nothing is reported then.
  std::optional<Value> host(const ast::Expr &e);
  std::optional<Value> hostBinary(const ast::Binary &e);
  std::optional<Value> hostCall(const ast::Call &e);
  std::optional<Value> constant(const std::string &name);
  /// `p`, `p.blocks.w`, if `p` is a variable.
  std::optional<Value> path(const ast::Expr &e);
  Value text(const ast::String &s);
  std::optional<std::string> formatted(const Value &value, const std::string &format, Range range);

  // Compiled.cpp
  /// A place of the script whose tensor work is compiled.
  struct Site {
    /// Of each input of a place with a derivative in it: the variables among the inputs that it was computed from.
    using Sources = std::vector<std::vector<std::string>>;
    struct Hidden {
      std::string name;
      const ast::Expr *expr; ///< of the script: a call that only scripts have, or a path
    };
    /// What the place was compiled for.
    struct Instance {
      std::vector<Value> inputs; ///< their types, and the values of those that have to be known
      std::vector<bool> known;
      Sources from;
      std::shared_ptr<const engine::Unit> unit;
      unsigned evaluations = 0; ///< with checks of gradients
    };
    ast::ExprPtr owned;   ///< the expression rewritten
    bool derives = false; ///< a derivative is written in it
    std::vector<Hidden> hidden;
    std::vector<std::string> free;  ///< names that it reads
    std::vector<std::string> names; ///< those that are variables
    size_t scope = 0;               ///< how many variables there were when `names` was made
    std::set<std::string> known;    ///< inputs that the compiler has to know
    std::vector<Instance> instances;
  };
  Value compiled(const ast::Expr &e) { return compiled(e, e.kind == ast::Expr::BlockK ? "block" : "", e); }
  /// `key` and `tag` tell the place; what is compiled is `e`.
  Value compiled(const ast::Expr &key, const char *tag, const ast::Expr &e);
  void prepare(Site &site, const ast::Expr &e);
  void findVariables(Site &site);
  std::shared_ptr<const engine::Unit> instantiate(Site &site, const char *tag, const ast::Expr &e,
                                                  std::vector<Value> &inputs, const std::vector<std::string> &names,
                                                  const Site::Sources &from, bool checkGradients);
  Site::Sources sources(const Site &site, const std::vector<Value> &inputs) const;
  std::vector<Origins> origins(const engine::Unit &unit, const std::vector<Value> &inputs) const;

  // Builtins.cpp
  static Builtin builtin(std::string_view name);
  /// The script-only function that a call is of, unless something else has its name.
  Builtin builtinOf(const ast::Expr &e);
  bool has(const std::string &name) const;
  /// The arguments' values; false if there are others than these.
  bool arguments(const ast::Call &e, size_t least, size_t most, std::initializer_list<std::string_view> named,
                 std::vector<Value> &positional, std::map<std::string, Value> &others);
  Value print(const ast::Call &e);
  Value time(const ast::Call &e);
  Value devices(const ast::Call &e);
  Value nonzero(const ast::Call &e);
  Value batches(const ast::Call &e);

  // Files.cpp
  Value load(const ast::Call &e);
  Value save(const ast::Call &e);
  std::optional<std::filesystem::path> found(const std::string &name, Range range);

  // Errors.
  Value fail(Code code, Range range, std::string message);
  Value fail(const Error &error, Range range);

  engine::Workspace &workspace;
  sema::Program &program;
  const sema::Module &module;
  std::filesystem::path folder;
  std::unordered_map<std::string, Value> variables;
  std::set<uint64_t> bindings; ///< the assignments that made what `variables` holds now
  uint64_t lastBinding = 0;
  std::map<std::string, Value> constants; ///< of `arg` and `const`
  std::unordered_map<const ast::Expr *, Site> sites;
  std::unordered_map<const ast::Stmt *, ast::ExprPtr> rewritten; ///< `a += e`, `c[i] := e` as expressions
  bool quiet = false;
  GradientReport *gradients = nullptr; ///< null: they are not checked
  Whereabouts where;
  Progress progress{where};
  std::string interruptedAt;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// The diagnostic code that a runtime error names.
Code codeOf(const Error &error);

} // namespace tds::script
