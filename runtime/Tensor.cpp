//===- runtime/Tensor.cpp - immutable tensors -----------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <tds/tensor.h>

#include <cstring>
#include <new>

#include "runtime/Errors.h"

namespace tds {

namespace {
constexpr std::align_val_t dataAlignment{64};

std::string shapeText(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

/// Memory of a tensor; null if it is lacking.
std::shared_ptr<std::byte> allocateData(int64_t bytes) {
  // An empty tensor has an address too, so that null always means failure.
  size_t size = bytes ? size_t(bytes) : 1;
  auto *data = static_cast<std::byte *>(::operator new(size, dataAlignment, std::nothrow));
  return {data, [](std::byte *p) { ::operator delete(p, dataAlignment); }};
}
} // namespace

/// Shape and element of a tensor and its hold on the data, or why there are none.
struct Tensor::Impl {
  Element element;
  Shape shape;
  int64_t count = 0;
  std::byte *data = nullptr;
  std::shared_ptr<const void> owner; // null: borrowed from a caller who keeps the data alive
  bool owned = false;                // `owner` is memory of `allocateData`, starting at `data`
  std::optional<Error> failure;
};

std::optional<int64_t> countElements(std::span<const int64_t> shape, Element element) {
  int64_t bytes = elementSize(element);
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    empty |= size == 0;
    if (size != 0 && __builtin_mul_overflow(bytes, size, &bytes))
      return std::nullopt;
  }
  return empty ? 0 : bytes / elementSize(element);
}

std::string typeName(Element element, std::span<const int64_t> shape) {
  return std::string(elementName(element)) + (shape.empty() ? "" : shapeText(shape));
}

Result<Tensor> Tensor::make(Element element, Shape shape, bool zero) {
  std::optional<int64_t> count = countElements(shape, element);
  if (!count)
    return rt::makeError(rt::code::TensorShape, "no tensor can have the shape " + shapeText(shape));
  int64_t bytes = *count * elementSize(element);
  std::shared_ptr<std::byte> data = allocateData(bytes);
  if (!data)
    return rt::makeError(rt::code::Memory, "no memory for a tensor of type `" + typeName(element, shape) + "`, " +
                                               std::to_string(bytes) + " bytes");
  if (zero)
    std::memset(data.get(), 0, size_t(bytes));
  auto impl = std::make_shared<Impl>();
  *impl = {element, std::move(shape), *count, data.get(), data, /*owned=*/true, std::nullopt};
  return Tensor(std::move(impl));
}

Result<Tensor> Tensor::allocate(Element element, Shape shape) { return make(element, std::move(shape), false); }
Result<Tensor> Tensor::zeros(Element element, Shape shape) { return make(element, std::move(shape), true); }

Tensor Tensor::failed(Error error, Element element, Shape shape) {
  auto impl = std::make_shared<Impl>();
  impl->element = element;
  impl->count = countElements(shape, element).value_or(0);
  impl->shape = std::move(shape);
  impl->failure = std::move(error);
  return Tensor(std::move(impl));
}

Tensor Tensor::viewBytes(std::span<const std::byte> data, Element element, Shape shape,
                         std::shared_ptr<const void> owner) {
  std::optional<int64_t> count = countElements(shape, element);
  if (!count || size_t(*count) * size_t(elementSize(element)) != data.size()) {
    std::string held = std::to_string(data.size() / size_t(elementSize(element))) + " elements of " +
                       std::string(elementName(element)) + " do not make a tensor of shape " + shapeText(shape);
    return failed(rt::makeError(rt::code::TensorShape, std::move(held)), element, std::move(shape));
  }
  // The tensor never writes through the pointer: `writable` is null for what it does not own.
  auto *bytes = const_cast<std::byte *>(data.data());
  static std::byte nowhere{};
  auto impl = std::make_shared<Impl>();
  *impl = {element, std::move(shape), *count, bytes ? bytes : &nowhere, std::move(owner), false, std::nullopt};
  return Tensor(std::move(impl));
}

Tensor Tensor::copyBytes(std::span<const std::byte> data, Element element, Shape shape) {
  // The view finds what does not fit, before memory of any such size is asked for.
  Tensor seen = viewBytes(data, element, shape, nullptr);
  if (!seen.data())
    return seen;
  Result<Tensor> made = allocate(element, shape);
  if (!made)
    return failed(made.takeError(), element, std::move(shape));
  if (!data.empty())
    std::memcpy(made->writable(), data.data(), data.size());
  return made.take();
}

Element Tensor::element() const { return impl->element; }
std::span<const int64_t> Tensor::shape() const { return impl->shape; }
int64_t Tensor::numElements() const { return impl->count; }
int64_t Tensor::sizeInBytes() const { return impl->data ? impl->count * elementSize(impl->element) : 0; }
const void *Tensor::data() const { return impl->data; }
void *Tensor::writable() { return impl->owned ? impl->data : nullptr; }

Status Tensor::status() const {
  if (!impl)
    return rt::makeError(rt::code::TensorElement, "a tensor that holds nothing is used");
  if (impl->failure)
    return *impl->failure;
  return success();
}

bool Tensor::unique() const { return impl->owned && impl.use_count() == 1 && impl->owner.use_count() == 1; }

Status Tensor::checkRead(Element wanted) const {
  if (Status usable = status(); !usable)
    return usable;
  if (wanted != impl->element)
    return rt::makeError(rt::code::TensorElement, "a tensor of type `" + type() + "` is read as elements of `" +
                                                      std::string(elementName(wanted)) + "`");
  return success();
}

Result<Tensor> Tensor::reshape(Shape shape) const {
  if (impl->failure)
    return *impl->failure;
  std::optional<int64_t> count = countElements(shape, impl->element);
  if (count != impl->count)
    return rt::makeError(rt::code::TensorShape, "a tensor of shape " + shapeText(impl->shape) +
                                                    " cannot be given the shape " + shapeText(shape));
  auto other = std::make_shared<Impl>(*impl);
  other->shape = std::move(shape);
  return Tensor(std::move(other));
}

Result<Tensor> Tensor::rows(int64_t begin, int64_t end) const {
  if (impl->failure)
    return *impl->failure;
  int64_t length = impl->shape.empty() ? 0 : impl->shape.front();
  if (impl->shape.empty() || begin < 0 || begin > end || end > length)
    return rt::makeError(rt::code::TensorShape, "rows " + std::to_string(begin) + " to " + std::to_string(end) +
                                                    " are outside a tensor of shape " + shapeText(impl->shape));
  Shape shape = impl->shape;
  shape.front() = end - begin;
  int64_t stride = length ? impl->count / length * elementSize(impl->element) : 0;
  return viewBytes({impl->data + begin * stride, size_t((end - begin) * stride)}, impl->element, std::move(shape),
                   impl->owner);
}

Result<Tensor> Tensor::row(int64_t index) const {
  if (Result<Tensor> one = rows(index, index == INT64_MAX ? index : index + 1); !one)
    return one.takeError();
  else
    return one->reshape(Shape(impl->shape.begin() + 1, impl->shape.end()));
}

} // namespace tds
