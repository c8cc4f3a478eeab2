//===- Lowered.h - tds ops to callable code, for tests ----------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "lib/Compiler/Compiler.h"
#include <cstring>
#include <gtest/gtest.h>
#include <new>
#include <numeric>

namespace tds::test {

/// Bytes at a 64-byte boundary, as compiled code expects its buffers.
class Buffer {
public:
  explicit Buffer(size_t bytes)
      : bytes(bytes), data(static_cast<char *>(::operator new(bytes + 64, std::align_val_t(64)))) {
    std::memset(data, 0x5a, bytes + 64); // what nobody writes, or is written behind the end, shows
  }
  template <class T> Buffer(const std::vector<T> &values) : Buffer(values.size() * sizeof(T)) {
    if (!values.empty())
      std::memcpy(data, values.data(), bytes);
  }
  template <class T> Buffer(std::initializer_list<T> values) : Buffer(std::vector<T>(values)) {}
  Buffer(Buffer &&other) : bytes(other.bytes), data(std::exchange(other.data, nullptr)) {}
  ~Buffer() { ::operator delete(data, std::align_val_t(64)); }

  template <class T> std::vector<T> as() const {
    std::vector<T> values(bytes / sizeof(T));
    if (!values.empty())
      std::memcpy(values.data(), data, bytes);
    return values;
  }
  bool endIsWhole() const {
    return std::all_of(data + bytes, data + bytes + 64, [](char c) { return c == 0x5a; });
  }

  size_t bytes;
  char *data;
};

/// A function of tds ops through all stages, loaded.
class Lowered {
public:
  /// Text of a whole function, or of the inside of one from `signature`: "(%x: tensor<4xf32>) -> tensor<4xf32>".
  Lowered(const std::string &signature, const std::string &body) {
    static Compiler compiler; // a context takes longer to set up than a module to compile
    Result<Artefact> artefact = compiler.compile("func.func @entry" + signature + " {\n" + body + "\n}", "test.mlir");
    if (!artefact) {
      ADD_FAILURE() << artefact.error().message << "\nin " << signature << " {\n" << body << "\n}";
      return;
    }
    arena = artefact->arenaBytes;
    places = artefact->places;
    auto result = LoadedObject::load(artefact->object);
    if (!result)
      ADD_FAILURE() << llvm::toString(result.takeError());
    else
      loaded = std::move(*result);
  }

  /// Calls it; results have so many bytes each. They are all 0x5a if it did not compile.
  std::vector<Buffer> operator()(const std::vector<Buffer> &arguments, const std::vector<size_t> &resultBytes) {
    std::vector<Buffer> results;
    std::vector<void *> buffers;
    for (const Buffer &argument : arguments)
      buffers.push_back(argument.data);
    for (size_t bytes : resultBytes)
      buffers.push_back(results.emplace_back(bytes).data);
    Buffer scratch(arena);
    error = {};
    tds_call call = {buffers.data(), nullptr, arena ? scratch.data : nullptr, nullptr, &error};
    if (loaded)
      loaded->entry()(&call);
    for (const Buffer &result : results)
      EXPECT_TRUE(result.endIsWhole()) << "a result is written behind its end";
    EXPECT_TRUE(scratch.endIsWhole()) << "the arena is written behind its end";
    return results;
  }

  std::vector<SourceRange> places;
  tds_error error = {};

private:
  uint64_t arena = 0;
  std::unique_ptr<LoadedObject> loaded;
};

template <class... B> std::vector<Buffer> buffers(B &&...b) {
  std::vector<Buffer> all;
  (all.emplace_back(std::forward<B>(b)), ...);
  return all;
}

/// The one result of a function called once, `count` elements.
template <class R, class... B>
std::vector<R> run(size_t count, const std::string &signature, const std::string &body, B &&...arguments) {
  Lowered f(signature, body);
  return f(buffers(std::forward<B>(arguments)...), {count * sizeof(R)})[0].template as<R>();
}

/// `T{start}, start + 1, ...`
template <class T> std::vector<T> counting(size_t n, T start = 0) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), start);
  return values;
}

} // namespace tds::test
