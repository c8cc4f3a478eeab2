#pragma once
#include "lib/Codegen/Codegen.h"
#include "lib/Compiler/Work.h"
#include "lib/Sema/Graph.h"
#include "lib/Support/Source.h"
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tds/result.h>
#include <vector>

namespace tds {

/// A derivative in a function, and how it is told whether it is right.
struct GradientCheck {
  SourceRange place;
  int64_t result = -1;            ///< of the function: lib/Autodiff/GradientNumbers.h says what it holds; -1: none
  std::vector<int64_t> shape;     ///< of that result
  std::string obstacle;           ///< why there is none
  std::vector<std::string> rules; ///< functions in it that have a vjp of their own
};

/// Compiled code and what it takes to call it.
struct Artefact {
  std::vector<char> object;        ///< LoadedObject loads it
  KernelCode kernels;              ///< what the code launches, where it is for a GPU
  uint64_t arenaBytes = 0;
  std::vector<SourceRange> places; ///< what `tds_error::place` means
  std::vector<GradientCheck> gradientChecks; ///< their results come after the function's own
  /// Functions of the host that it calls, by their numbers in `tds_host::call`, each with a place that calls it.
  std::vector<std::pair<std::string, uint32_t>> hosts;
};

/// One MLIR context with the stages of Stages.cpp over it. One thread at a time.
class Compiler {
public:
  explicit Compiler(CodegenOptions options = CodegenOptions::host());
  ~Compiler();

  /// Machine code of a function, all of whose sizes must be given.
  Result<Artefact> compile(const graph::Function &function, const std::map<std::string, int64_t> &sizes, const Sources *sources);
  /// The same computing in f64, with results behind the function's own that tell whether its derivatives are right. A function
  /// without any is compiled as it is.
  Result<Artefact> compileToCheckGradients(const graph::Function &function, const Sources *sources);
  /// The same of a module of tds ops as text, with one function; `name` stands for it in messages.
  Result<Artefact> compile(std::string_view text, std::string_view name);

  /// What a stage leaves, as text: "tds", "grad", "linalg", "loops", "llvm", "asm", "ptx" (of code for a GPU), or
  /// "source" (TDS).
  Result<std::string> emit(const graph::Function &function, const std::map<std::string, int64_t> &sizes, const Sources *sources,
                           std::string_view stage);
  /// The same for a module that stage `from` printed.
  Result<std::string> emit(std::string_view text, std::string_view name, std::string_view from, std::string_view stage);

  /// What a compiled function consists of, for people.
  struct Explanation {
    std::vector<Note> notes; ///< each contraction and each composite: what it became and why, at its place
    uint64_t arenaBytes = 0;
  };
  Result<Explanation> explain(const graph::Function &function, const std::map<std::string, int64_t> &sizes, const Sources *sources);

  /// What a call needs and does, known before it runs.
  struct Plan {
    struct Buffer {
      uint64_t bytes;
      std::string type;  ///< "f32[64, 128]"
      std::string name;  ///< of the value, if it has one
      SourceRange range; ///< what it comes from
      bool saved;        ///< for a reverse pass
      bool atPeak;       ///< in use where most of the arena is
    };
    uint64_t argumentBytes = 0, resultBytes = 0, arenaBytes = 0;
    std::vector<Buffer> buffers; ///< of the arena, the largest first
    Work work;
    double moved = 0; ///< bytes, by what is no contraction

    uint64_t peak() const { return argumentBytes + resultBytes + arenaBytes; }
  };
  Result<Plan> plan(const graph::Function &function, const std::map<std::string, int64_t> &sizes, const Sources *sources);

  /// The names that `emit` takes, in order.
  static std::vector<std::string_view> stages();

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace tds
