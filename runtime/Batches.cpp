//===- runtime/Batches.cpp - tensors in batches -------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/Batches.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/Errors.h"
#include "runtime/Random.h"

namespace tds::rt {

namespace {
using Batch = Result<std::vector<Tensor>>;
}

struct Batches::Impl {
  std::vector<Tensor> tensors;
  std::vector<int64_t> order; // empty: rows as they stand
  int64_t rows = 0, size = 0, count = 0, given = 0;

  // The batch that the thread has gathered, if any. With `stopping` it is all that both sides change.
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Batch> ready;
  bool stopping = false;
  std::thread thread;

  ~Impl() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    if (thread.joinable())
      thread.join();
  }

  Batch gather(int64_t batch) const;
  void prefetch();
};

Batch Batches::Impl::gather(int64_t batch) const {
  int64_t begin = batch * size, end = std::min(rows - begin, size) + begin;
  std::vector<Tensor> out;
  for (const Tensor &tensor : tensors) {
    Shape shape(tensor.shape().begin(), tensor.shape().end());
    shape.front() = end - begin;
    Result<Tensor> part = Tensor::allocate(tensor.element(), std::move(shape));
    if (!part)
      return part.takeError();
    size_t stride = size_t(tensor.sizeInBytes() / rows);
    auto *to = static_cast<std::byte *>(part->writable());
    const auto *from = static_cast<const std::byte *>(tensor.data());
    if (order.empty())
      std::memcpy(to, from + size_t(begin) * stride, size_t(end - begin) * stride);
    else
      for (int64_t i = begin; i < end; ++i, to += stride)
        std::memcpy(to, from + size_t(order[size_t(i)]) * stride, stride);
    out.push_back(part.take());
  }
  return out;
}

void Batches::Impl::prefetch() {
  for (int64_t batch = 0; batch < count; ++batch) {
    Batch gathered = gather(batch);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stopping || !ready; });
    if (stopping)
      return;
    ready = std::move(gathered);
    changed.notify_all();
  }
}

Result<Batches> Batches::create(std::vector<Tensor> tensors, BatchOptions options) {
  if (tensors.empty())
    return makeError(code::TensorShape, "`batches` has no tensor to walk over");
  if (options.size < 1)
    return makeError(code::TensorShape, "`batches` of size " + std::to_string(options.size) + ", expected at least 1");
  for (const Tensor &tensor : tensors) {
    if (Status status = tensor.status(); !status)
      return status.takeError();
    if (tensor.rank() == 0)
      return makeError(code::TensorShape,
                       "`batches` walks over a leading dimension, a scalar `" + tensor.type() + "` has none");
    if (tensor.shape()[0] != tensors[0].shape()[0])
      return makeError(code::TensorShape, "`batches` walks over tensors of one length, not over `" + tensors[0].type() +
                                              "` and `" + tensor.type() + "`");
  }

  auto impl = std::make_unique<Impl>();
  impl->rows = tensors[0].shape()[0];
  impl->size = options.size;
  impl->tensors = std::move(tensors);
  impl->count = impl->rows / impl->size + (!options.dropLast && impl->rows % impl->size != 0);
  if (options.shuffle)
    impl->order = permutation(*options.shuffle, impl->rows);
  if (impl->count > 1) {
    try {
      impl->thread = std::thread([&walk = *impl] { walk.prefetch(); });
    } catch (const std::system_error &) {
      // Without a thread `next` gathers by itself.
    }
  }
  return Batches(std::move(impl));
}

Batches::Batches(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Batches::Batches(Batches &&) noexcept = default;
Batches &Batches::operator=(Batches &&) noexcept = default;
Batches::~Batches() = default;

int64_t Batches::count() const { return impl->count; }

Result<std::optional<std::vector<Tensor>>> Batches::next() {
  if (impl->given == impl->count)
    return std::optional<std::vector<Tensor>>();
  int64_t batch = impl->given++;
  std::optional<Batch> taken;
  if (impl->thread.joinable()) {
    std::unique_lock lock(impl->mutex);
    impl->changed.wait(lock, [&] { return impl->ready.has_value(); });
    taken.swap(impl->ready);
    impl->changed.notify_all();
  } else {
    taken = impl->gather(batch);
  }
  if (!*taken)
    return taken->takeError();
  return std::optional(taken->take());
}

} // namespace tds::rt
