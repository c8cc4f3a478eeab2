//===- tds/engine.h - compile and call TDS from C++ -------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tds/result.h>
#include <tds/tensor.h>

namespace tds {

namespace engine {
struct EngineImpl;
struct ModuleImpl;
struct FunctionImpl;
} // namespace engine

/// One tensor that a function takes: a parameter, or a leaf of one that is a record.
struct Leaf {
  std::string name; ///< "x", "p.w1"
  std::string type; ///< as written: "float[n, 3]"; of a record's `float` leaf "f32"; "?" where the call says it
};

/// A `def`, or a derivative of one. Compiled for the types of its arguments at the first call with them; that may take
/// some 10 ms, a later call takes what the code takes and a microsecond. Any method from any thread.
class Function {
public:
  /// "loss(w: f32[n], x: f32[m, n]) -> f32".
  std::string signature() const;
  /// TDS text. For a derivative it says what is computed; an Error where TDS has no words for it.
  Result<std::string> source() const;

  /// The tensors that `call` takes, in order: the parameters, records as their leaves.
  std::vector<Leaf> parameters() const;

  /// The results' leaves in order. Parameters with a default may be left out at the end; a `dim` is an integer scalar.
  /// Element types and shapes are checked before any work. Arguments are read in place, at any alignment; results are
  /// tensors of their own. An index that is data and leaves its tensor is an Error with its place.
  Result<std::vector<Tensor>> call(std::span<const Tensor> arguments) const;
  Result<std::vector<Tensor>> call(std::initializer_list<Tensor> arguments) const {
    return call(std::span(arguments.begin(), arguments.size()));
  }

  /// The gradient by the named parameters: a function of the same parameters, whose results have their types. The
  /// function's result, or the first part of it, is a real floating scalar; that is checked at the call, where the
  /// types are known.
  Result<Function> grad(std::span<const std::string_view> parameters) const;
  Result<Function> grad(std::initializer_list<std::string_view> parameters) const {
    return grad(std::span(parameters.begin(), parameters.size()));
  }

private:
  friend class Module;
  explicit Function(std::shared_ptr<const engine::FunctionImpl> impl) : impl(std::move(impl)) {}
  std::shared_ptr<const engine::FunctionImpl> impl;
};

/// A file's definitions with all that it imports. Any method from any thread.
class Module {
public:
  /// An Error that names what there is if there is no such def.
  Result<Function> function(std::string_view name) const;
  /// The names of the defs, sorted.
  std::vector<std::string> functions() const;

private:
  friend class Engine;
  explicit Module(std::shared_ptr<engine::ModuleImpl> impl) : impl(std::move(impl)) {}
  std::shared_ptr<engine::ModuleImpl> impl;
};

struct Options {
  std::string device = "auto"; ///< "auto", "cpu", "cuda", "cuda:1"
  unsigned threads = 0;        ///< 0: one a core
  /// Bytes that a call may take with its arguments and results; 0: what it needs. Derivatives are made to compute again
  /// what they would keep; a call for which that is not enough is an Error before it runs.
  uint64_t memoryLimit = 0;
  /// A folder for compiled code that is kept between runs; none by default. It is made when something is stored.
  /// Several processes may share it; a file in it that is damaged is compiled anew.
  std::optional<std::filesystem::path> cache = std::nullopt;
  uint64_t cacheBytes = uint64_t(256) << 20; ///< what is used least goes beyond this
  /// Shared libraries whose functions stand for `extern def`s of their names: tds-c/host.h says how they are called.
  std::vector<std::filesystem::path> libraries = {};
};

/// Owns devices, threads and compiled code, which live as long as the engine or what it made. No globals: several
/// engines may coexist. Any method from any thread.
class Engine {
public:
  /// Takes the arguments' leaves in order, a `dim` as an i64 scalar, and gives the results' leaves. The tensors live as
  /// long as the call. It computes: for equal arguments it gives equal results, and it may be called less often than it
  /// is written, under indices once an element; by several threads at once if several call functions of the engine.
  using Host = std::function<Result<std::vector<Tensor>>(std::span<const Tensor>)>;

  /// An Error if the device is not there, or a library of the options.
  static Result<Engine> create(Options options = {});

  /// Reads and checks a file and what it imports; runs nothing. An Error is the first of what was found.
  Result<Module> load(const std::filesystem::path &file);
  /// The same for a text; `name` stands for it in messages. It imports from the library alone.
  Result<Module> parse(std::string_view source, std::string_view name = "<string>");
  /// Binds the `extern def`s of that name, of all modules; again: from the next call on to the new one. A call of one that
  /// is not bound, and results of other types than the def's, are Errors with the place of the call.
  Status define(std::string_view name, Host host);

private:
  explicit Engine(std::shared_ptr<engine::EngineImpl> impl) : impl(std::move(impl)) {}
  std::shared_ptr<engine::EngineImpl> impl;
};

} // namespace tds
