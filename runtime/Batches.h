//===- runtime/Batches.h - tensors in batches -----------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <tds/tensor.h>

namespace tds::rt {

struct BatchOptions {
  int64_t size = 1;
  /// Rows in the order of `permutation(*shuffle, n)`; as they stand without it.
  std::optional<uint64_t> shuffle = std::nullopt;
  /// Leave out a last batch that is not full.
  bool dropLast = false;
};

/// Walks over tensors that share a leading dimension, some rows at a time. A thread of its own gathers the next batch
/// while the last one is worked on. One thread at a time may call it; it may be destroyed at any point.
class Batches {
public:
  /// An Error if there is no tensor, one has no leading dimension, the leading dimensions differ, or the size is
  /// below 1.
  static Result<Batches> create(std::vector<Tensor> tensors, BatchOptions options);

  Batches(Batches &&) noexcept;
  Batches &operator=(Batches &&) noexcept;
  ~Batches();

  /// How many batches there are in all.
  int64_t count() const;
  /// The next batch, a tensor for each of `create`, in memory of its own; nothing after the last.
  Result<std::optional<std::vector<Tensor>>> next();

private:
  struct Impl;
  explicit Batches(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace tds::rt
