//===- Codegen.h - from linalg on tensors to machine code -------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The stages after lib/Conversion, each a list of passes, and what follows them: LLVM IR, an object file, code in
// memory.
//
//   linalg    addTensorPasses    what is computed together
//   loops     addBufferPasses    where each value lives (contractions become loops here: their scratch is planned too)
//             addCpuPasses       loops, vectors, threads
//             addGpuPasses       or kernels and their launches
//   llvm      addLlvmPasses      the llvm dialect
//
// An entry point reads its arguments, writes its results, and may overwrite what `tds.donated` marks: a buffer of
// another argument must not be passed for that.
//
// Memrefs between our functions are static, and bare pointers in LLVM. The function of an entry point is
// `@NAME_body(%call: !llvm.ptr, arguments..., results..., [arena])`: what reads the pool or the error slot finds them
// by %call.
//
//===----------------------------------------------------------------------===//
#ifndef TDS_LIB_CODEGEN_CODEGEN_H
#define TDS_LIB_CODEGEN_CODEGEN_H
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "runtime/abi/abi.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace tds {

/// What a call of an entry point needs of the arena.
struct MemoryPlan {
  struct Buffer {
    uint64_t bytes;
    mlir::MemRefType type;
    mlir::Location where; ///< what writes it first
    bool saved;           ///< read by a reverse pass, and written before it
    bool atPeak;          ///< in use where most is
  };
  std::vector<Buffer> buffers;
  /// By fills, copies and loops over elements, not by contractions: bytes read and written, a loop's as often as it
  /// runs, of one without a known count once.
  double moved = 0;
};

/// The machine to compile for and what to leave out.
struct CodegenOptions {
  std::string cpu;           // LLVM's name of it
  std::string features;      // "+avx2,-sse4a,..."
  unsigned vectorBits = 256; // of the registers that kernels fill
  bool roundsToBf16 = false; // the processor has an instruction from f32 to bf16
  bool vectorize = true;
  bool parallel = true;
  std::string gpu;            // the target that kernels are for, "sm_90"; empty: all runs on the processor
  bool carryBitcode = false;  // the PTX has its LLVM bitcode along, for who runs kernels without a GPU
  bool explain = false;       // remarks: what contractions became, and why
  bool emitKernels = true;    // false: upstream's plain loops for everything, the reference in tests
  MemoryPlan *plan = nullptr; // filled in if it is there
  int64_t keep = -1;          // bytes that a loop, and straight code, keep for a reverse pass; negative: what they like
  uint64_t memoryLimit = 0;   // bytes of a call, with arguments and results, that `keep` is chosen for; 0: none

  /// The machine this runs on.
  static CodegenOptions host();
};

/// The dialects that these passes make or take, with the interfaces of bufferisation and translation.
void registerCodegenDialects(mlir::DialectRegistry &registry);

/// For tds-opt: the passes, and pipelines `tds-to-loops` and `tds-to-llvm`.
void registerCodegenPasses();

void addTensorPasses(mlir::OpPassManager &passes, const CodegenOptions &options);
void addBufferPasses(mlir::OpPassManager &passes, const CodegenOptions &options);
void addCpuPasses(mlir::OpPassManager &passes, const CodegenOptions &options);
void addGpuPasses(mlir::OpPassManager &passes, const CodegenOptions &options);
void addLlvmPasses(mlir::OpPassManager &passes, const CodegenOptions &options);

/// Bytes of arena that a call of the module's entry points needs; known after addBufferPasses.
uint64_t arenaBytes(mlir::ModuleOp module);

enum class Output { llvmIr, assembly, object };

/// Text or bytes of a module in the llvm dialect, after LLVM's passes. One thread at a time for a context.
llvm::Expected<std::vector<char>> emit(mlir::ModuleOp module, const CodegenOptions &options, Output output);

/// Kernels for a GPU, by their numbers, and their PTX.
struct KernelCode {
  struct Kernel {
    std::string name;
    int64_t grid, block; // blocks of a launch, threads of a block
    size_t parameters;
  };
  std::string ptx;
  std::vector<Kernel> kernels;
};

/// A relocatable object that LoadedObject takes, now or in another process.
inline llvm::Expected<std::vector<char>> emitObject(mlir::ModuleOp module, const CodegenOptions &options) {
  return emit(module, options, Output::object);
}

/// An object file's code in memory; it goes with this value. The code may call what runtime/abi/Symbols.def lists only.
/// Calls from several threads at once are fine.
class LoadedObject {
public:
  static llvm::Expected<std::unique_ptr<LoadedObject>> load(llvm::ArrayRef<char> object,
                                                            llvm::StringRef name = "entry");
  ~LoadedObject();

  tds_entry entry() const { return function; }

private:
  struct Session;
  LoadedObject(std::unique_ptr<Session> session, tds_entry function);
  std::unique_ptr<Session> session;
  tds_entry function;
};

} // namespace tds

#endif
