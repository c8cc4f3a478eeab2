//===- Compile.h - text to callable code, for tests -------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_TEST_UNIT_CODEGEN_COMPILE_H
#define TDS_TEST_UNIT_CODEGEN_COMPILE_H
#include "lib/Codegen/Codegen.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/AlignOf.h"
#include <cstring>
#include <gtest/gtest.h>
#include <new>

namespace tds::test {

/// Bytes at a 64-byte boundary, as compiled code expects its buffers.
class Block {
public:
  explicit Block(size_t bytes) : data(static_cast<char *>(::operator new(bytes + 64, std::align_val_t(64)))) {}
  Block(Block &&other) : data(std::exchange(other.data, nullptr)) {}
  ~Block() { ::operator delete(data, std::align_val_t(64)); }
  char *data;
};

/// A module of linalg on tensors with one public function @entry, compiled and loaded.
class Compiled {
public:
  explicit Compiled(llvm::StringRef text, CodegenOptions options = CodegenOptions::host()) {
    mlir::DialectRegistry registry;
    registerCodegenDialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << "the test's module does not parse";
      return;
    }
    mlir::PassManager passes(&context);
    addTensorPasses(passes, options);
    addBufferPasses(passes, options);
    addCpuPasses(passes, options);
    addLlvmPasses(passes, options);
    if (failed(passes.run(*module))) {
      ADD_FAILURE() << "compilation failed";
      return;
    }
    arena = arenaBytes(*module);
    auto object = emitObject(*module, options);
    if (!object) {
      ADD_FAILURE() << llvm::toString(object.takeError());
      return;
    }
    auto result = LoadedObject::load(*object);
    if (!result) {
      ADD_FAILURE() << llvm::toString(result.takeError());
      return;
    }
    loaded = std::move(*result);
  }

  /// Calls the entry point with aligned copies of the arguments; returns the results, each of so many elements.
  template <class R = float, class A = float>
  std::vector<std::vector<R>> operator()(const std::vector<std::vector<A>> &arguments,
                                         const std::vector<size_t> &results, tds_pool *pool = nullptr) {
    std::vector<Block> blocks;
    std::vector<void *> buffers;
    for (const auto &argument : arguments) {
      blocks.emplace_back(argument.size() * sizeof(A));
      if (!argument.empty())
        std::memcpy(blocks.back().data, argument.data(), argument.size() * sizeof(A));
      buffers.push_back(blocks.back().data);
    }
    for (size_t size : results) {
      blocks.emplace_back(size * sizeof(R));
      std::memset(blocks.back().data, 0x7f, size * sizeof(R)); // what nobody writes shows
      buffers.push_back(blocks.back().data);
    }
    Block scratch(arena);
    error = {};
    tds_call call = {buffers.data(), nullptr, arena ? scratch.data : nullptr, pool, &error};
    std::vector<std::vector<R>> out;
    if (!loaded)
      return out;
    loaded->entry()(&call);
    for (size_t i = 0; i < results.size(); ++i) {
      auto *data = reinterpret_cast<R *>(buffers[arguments.size() + i]);
      out.emplace_back(data, data + results[i]);
    }
    return out;
  }

  uint64_t arena = 0;
  tds_error error = {};

private:
  std::unique_ptr<LoadedObject> loaded;
};

} // namespace tds::test

#endif
