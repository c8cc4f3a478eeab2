// What the parts of lib/Compiler share.
#pragma once
#include "lib/Compiler/Compiler.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

namespace tds {

/// The innermost place in a source that a location names.
SourceRange rangeOf(mlir::Location location);

struct Compiler::Impl {
  CodegenOptions options;
  std::vector<Note> *remarks = nullptr; ///< where they go; null: there should be none
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};

  Result<std::monostate> run(mlir::ModuleOp module, llvm::StringRef after, llvm::StringRef last);
  /// All stages behind `after` up to `last`, with derivatives that keep no more than the memory limit lets them.
  Result<std::monostate> runWithin(mlir::ModuleOp module, llvm::StringRef after, llvm::StringRef last);
  /// What CodegenOptions::keep has to be for the limit.
  Result<int64_t> chooseKeep(mlir::ModuleOp module, llvm::StringRef after = "");
  /// Runs all stages behind `after` up to "loops".
  Result<Compiler::Plan> plan(mlir::ModuleOp module, llvm::StringRef after = "");
  Result<std::string> print(mlir::ModuleOp module, llvm::StringRef stage);
  Result<Artefact> compile(mlir::ModuleOp module, llvm::StringRef after = "");
  /// The kernels of a module in the llvm dialect; they are not in it any more. None, if it is for the processor.
  Result<KernelCode> takeKernels(mlir::ModuleOp module);
};

/// What MLIR reports while this lives becomes one Error: the first error with its place, later ones and notes after it.
class Collector {
public:
  explicit Collector(mlir::MLIRContext *context, std::vector<Note> *remarks = nullptr)
      : handler(context, [this, remarks](mlir::Diagnostic &d) {
          if (remarks && d.getSeverity() == mlir::DiagnosticSeverity::Remark) {
            remarks->push_back({rangeOf(d.getLocation()), d.str()});
            return mlir::success();
          }
          if (d.getSeverity() == mlir::DiagnosticSeverity::Error && message.empty()) {
            message = d.str();
            range = rangeOf(d.getLocation());
          } else {
            notes.push_back({rangeOf(d.getLocation()), d.str()});
          }
          for (mlir::Diagnostic &note : d.getNotes())
            notes.push_back({rangeOf(note.getLocation()), note.str()});
          return mlir::success();
        }) {}

  /// Passes say what a form lacks at its place; anything else is the compiler's own failure.
  Error error(llvm::StringRef stage) {
    bool refusal = stage == "source" || (range.known() && llvm::StringRef(message).contains("not there yet"));
    Error e;
    if (range.known() && llvm::StringRef(message).ends_with("is an `extern def` and has no derivative")) {
      e = {"E0402", message, range, {}, {"give it one: `vjp` with its parameters and the cotangent of its result"}};
      return e;
    }
    e.code = refusal ? "E0901" : "E0902";
    e.message = refusal
                    ? message
                    : "the stage `" + stage.str() + "` failed: " + (message.empty() ? "no reason was given" : message);
    e.range = range;
    e.notes = notes;
    if (stage == "source")
      e.help.push_back("`--stage grad` shows it as IR");
    if (!refusal)
      e.help.push_back(
          "this is a defect of TDS, not of the program; `tdslc emit --stage ..` before that stage gives a reproducer");
    return e;
  }

private:
  std::string message;
  SourceRange range;
  std::vector<Note> notes;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace tds
