#pragma once
#include "lib/Engine/CodeCache.h"
#include "lib/Engine/Unit.h"
#include "lib/Sema/Sema.h"
#include "runtime/Device.h"
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <tds/engine.h>
#include <unordered_map>

namespace tds {
class Compiler;
} // namespace tds

namespace tds::engine {

/// Where time goes; several threads may add.
struct Times {
  enum Part { read, elaborate, compile, load, cache, run, parts };
  std::array<std::atomic<uint64_t>, parts> nanoseconds{};
  std::array<std::atomic<uint64_t>, parts> counts{};

  /// Adds the time from its making to its end.
  class Watch {
  public:
    Watch(Times &times, Part part) : times(times), part(part), start(std::chrono::steady_clock::now()) {}
    Watch(const Watch &) = delete;
    ~Watch() {
      auto span = std::chrono::steady_clock::now() - start;
      times.nanoseconds[part] += uint64_t(std::chrono::nanoseconds(span).count());
      ++times.counts[part];
    }

  private:
    Times &times;
    Part part;
    std::chrono::steady_clock::time_point start;
  };
};

class Backend;

/// A device, and the compiler of code for it.
struct Place {
  std::unique_ptr<rt::Device> device;
  std::string target; ///< machine, build and device, part of every key

  /// The compiler, made when something has to be compiled, for one at a time.
  struct BackendUse {
    std::unique_lock<std::mutex> lock;
    Backend &backend;
    Backend *operator->() const { return &backend; }
  };
  BackendUse useBackend();

  explicit Place(uint64_t memoryLimit) : memoryLimit(memoryLimit) {}
  ~Place();

private:
  uint64_t memoryLimit;
  std::mutex mutex;
  std::unique_ptr<Backend> backend;
};

/// What all programs of an engine share.
struct EngineImpl {
  Options options;
  std::mutex placesMutex;
  std::map<std::string, std::unique_ptr<Place>> places; ///< by their devices' names; they outlive the units
  std::unique_ptr<CodeCache> cache; ///< null: none on disk
  Times times;
  HostFunctions hosts;
  Place *home = nullptr; ///< where work goes that says nothing else

  std::mutex unitsMutex;
  std::unordered_map<Hash, std::shared_ptr<const Unit>, HashOfHash> units;

  /// The device "cpu" or "cuda:1", opened when it is first asked for; an Error if it is not there.
  Result<Place *> place(const std::string &name);

  static Result<std::shared_ptr<EngineImpl>> create(Options options);
  EngineImpl();
  ~EngineImpl();
};

/// A part of a program that is compiled on its own: a def for some arguments, an expression of a script.
struct Piece {
  std::string name; ///< tells it from the program's other pieces
  Range range;      ///< for messages that have no other place
  /// In order. What the piece does not read may be left out, and had better be.
  std::vector<sema::Input> inputs;
  std::set<std::string> names; ///< that its text mentions; an `arg` among them is part of what it is
  std::function<std::optional<sema::Instance>(sema::Program &, const std::vector<sema::Input> &)> elaborate;
  bool checkGradients = false; ///< in f64, with `Unit::gradientChecks`
};

/// A program with the machine code of its pieces. One thread at a time.
class Workspace {
public:
  explicit Workspace(std::shared_ptr<EngineImpl> engine) : engine(std::move(engine)), place(this->engine->home) {}

  /// Reads the root file. Null: it can't be read. Errors are in `program.diagnostics()`.
  const sema::Module *load(const std::filesystem::path &file);
  const sema::Module *parse(std::string name, std::string text);

  /// The code of a piece: from memory, from the cache, or compiled now. Null when errors were reported in the program's
  /// diagnostics. A unit with `wanted` asks for the piece again with these inputs known.
  std::shared_ptr<const Unit> unit(const Piece &piece);

  sema::Program program;
  const std::shared_ptr<EngineImpl> engine;
  Place *place; ///< where the next pieces run

private:
  const sema::Module *root = nullptr;
  Hash keyOf(const Piece &piece);
  std::shared_ptr<const Unit> make(const Piece &piece);

  std::optional<Hash> texts;           ///< of all files
  std::set<std::string> argumentsUsed; ///< by definitions: any piece may depend on these
};

/// The error that the program's diagnostics begin with; clears them.
Error takeError(sema::Program &program);

/// The error of a failed call, at the place of the check that failed if one did.
Error callError(Error error, const Unit &unit, const tds_error &check, const Sources &sources);

/// lib/Compiler as the engine sees it: without MLIR's headers.
class Backend {
public:
  /// For a GPU's target, or for the processor where it is empty.
  Backend(std::string gpu, uint64_t memoryLimit);
  ~Backend();
  /// Fills in all but `result`, `reads` and `code`. Nothing, and a diagnostic, if the function can't be compiled.
  std::optional<Unit> compile(const graph::Function &function, const Piece &piece, sema::Program &program);
  /// A function as TDS text, its open sizes by their names.
  Result<std::string> source(const graph::Function &function, const Sources &sources);
  /// Loads `unit.object` and its kernels. An Error if it is not code for this machine.
  static Status load(Unit &unit, rt::Device &device);
  /// "znver4 +avx2,…": the machine that code is made for.
  static std::string machine();
  /// Whether PTX has its bitcode along (CodegenOptions::carryBitcode): the environment has TDS_PTX_BITCODE.
  static bool carriesBitcode();

private:
  std::unique_ptr<Compiler> compiler;
};

} // namespace tds::engine
