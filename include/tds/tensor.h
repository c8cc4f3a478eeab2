//===- tds/tensor.h - immutable tensors -------------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tds/result.h>

namespace tds {

/// What a tensor holds. A `key` is 64 bits, the state of a counter-based random generator.
enum class Element : uint8_t { boolean, i8, i16, i32, i64, u8, f16, bf16, f32, f64, c64, c128, key };
inline constexpr int numElements = 13;

namespace detail {
struct ElementFact {
  std::string_view name;
  uint8_t size;
};
inline constexpr ElementFact elementFacts[numElements] = {
    {"bool", 1}, {"i8", 1},  {"i16", 2}, {"i32", 4}, {"i64", 8},   {"u8", 1},  {"f16", 2},
    {"bf16", 2}, {"f32", 4}, {"f64", 8}, {"c64", 8}, {"c128", 16}, {"key", 8},
};
} // namespace detail

/// The element's name in TDS: "f32", "bool".
constexpr std::string_view elementName(Element e) { return detail::elementFacts[unsigned(e)].name; }
/// Bytes of one element.
constexpr int64_t elementSize(Element e) { return detail::elementFacts[unsigned(e)].size; }
/// The element so named in TDS.
constexpr std::optional<Element> elementNamed(std::string_view name) {
  for (unsigned i = 0; i < numElements; ++i)
    if (detail::elementFacts[i].name == name)
      return Element(i);
  return std::nullopt;
}
constexpr bool isFloating(Element e) { return e >= Element::f16 && e <= Element::f64; }
constexpr bool isComplex(Element e) { return e == Element::c64 || e == Element::c128; }
constexpr bool isInteger(Element e) { return e >= Element::i8 && e <= Element::u8; }

/// The bits of an IEEE half and of a bfloat16: C++20 has no arithmetic type for them.
struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};

namespace detail {
template <class T> constexpr std::optional<Element> elementOf() {
  using std::is_same_v;
  if (is_same_v<T, bool>)
    return Element::boolean;
  if (is_same_v<T, Half>)
    return Element::f16;
  if (is_same_v<T, BFloat>)
    return Element::bf16;
  if (is_same_v<T, float>)
    return Element::f32;
  if (is_same_v<T, double>)
    return Element::f64;
  if (is_same_v<T, std::complex<float>>)
    return Element::c64;
  if (is_same_v<T, std::complex<double>>)
    return Element::c128;
  // `long` and `long long` are two types of one size: integers go by size and sign.
  if (std::is_integral_v<T> && !is_same_v<T, char> && !is_same_v<T, wchar_t> && !is_same_v<T, char8_t> &&
      !is_same_v<T, char16_t> && !is_same_v<T, char32_t>) {
    if (std::is_unsigned_v<T>)
      return sizeof(T) == 1 ? std::optional(Element::u8) : sizeof(T) == 8 ? std::optional(Element::key) : std::nullopt;
    return sizeof(T) == 1 ? Element::i8 : sizeof(T) == 2 ? Element::i16 : sizeof(T) == 4 ? Element::i32 : Element::i64;
  }
  return std::nullopt;
}
} // namespace detail

/// A C++ type that a tensor's elements can be seen as.
template <class T>
concept ElementType = detail::elementOf<std::remove_cv_t<T>>().has_value();
/// The element that T holds: `Element::f32` for float, `Element::key` for uint64_t.
template <ElementType T> inline constexpr Element elementFor = *detail::elementOf<std::remove_cv_t<T>>();

using Shape = std::vector<int64_t>;

/// How many elements a tensor of this shape has; nothing if a dimension is negative, or if the bytes of the tensor,
/// counted as though its empty dimensions had size 1, are beyond an int64_t.
std::optional<int64_t> countElements(std::span<const int64_t> shape, Element element);
/// "f32[2, 3]"; of a scalar "f32".
std::string typeName(Element element, std::span<const int64_t> shape);

/// An immutable tensor; copies share the data. Row-major. A default-constructed one holds nothing and may only be
/// assigned to, copied and tested. Any thread may read; the functions here do not change what they are called on, but
/// `writable`.
///
/// `copy` and `view` cannot fail at the place of the call, nor can a device that computes while the host goes on: a
/// tensor whose making failed keeps the error, which `status` and `read` return. Its data are null.
class Tensor {
public:
  Tensor() = default;

  /// A tensor with a copy of the data, row-major.
  template <std::ranges::contiguous_range R>
    requires ElementType<std::ranges::range_value_t<R>>
  static Tensor copy(const R &data, Shape shape) {
    return copyBytes(std::as_bytes(std::span(std::ranges::data(data), std::ranges::size(data))),
                     elementFor<std::ranges::range_value_t<R>>, std::move(shape));
  }

  /// A tensor over the data: borrows, the data must outlive it and its copies unchanged.
  template <std::ranges::contiguous_range R>
    requires ElementType<std::ranges::range_value_t<R>>
  static Tensor view(const R &data, Shape shape) {
    return viewBytes(std::as_bytes(std::span(std::ranges::data(data), std::ranges::size(data))),
                     elementFor<std::ranges::range_value_t<R>>, std::move(shape), nullptr);
  }

  /// A tensor of no dimensions.
  template <ElementType T> static Tensor scalar(T value) { return copy(std::span<const T>(&value, 1), {}); }

  /// A tensor to be filled through `writable` before anybody else sees it. The data are 64-byte aligned and not
  /// initialised.
  static Result<Tensor> allocate(Element element, Shape shape);
  /// The same with all bytes 0.
  static Result<Tensor> zeros(Element element, Shape shape);

  /// `copy` and `view` for data whose type is not known when compiled. The data live as long as `owner` where there is
  /// one.
  static Tensor copyBytes(std::span<const std::byte> data, Element element, Shape shape);
  static Tensor viewBytes(std::span<const std::byte> data, Element element, Shape shape,
                          std::shared_ptr<const void> owner);
  /// A tensor that could not be made.
  static Tensor failed(Error error, Element element, Shape shape);

  explicit operator bool() const { return impl != nullptr; }

  Element element() const;
  std::span<const int64_t> shape() const;
  int64_t rank() const { return int64_t(shape().size()); }
  int64_t numElements() const;
  int64_t sizeInBytes() const;
  /// "f32[2, 3]".
  std::string type() const { return typeName(element(), shape()); }

  /// Waits for whoever computes the tensor.
  Status status() const;
  /// The elements on the host; an Error if T is not element(). The span lives as long as the tensor or a copy of it.
  template <ElementType T> Result<std::span<const T>> read() const {
    if (Status readable = checkRead(elementFor<T>); !readable)
      return readable.takeError();
    return std::span<const T>(static_cast<const T *>(data()), size_t(numElements()));
  }
  /// The bytes on the host, row-major; null if the tensor failed. Aligned to 64 bytes if the tensor owns its data, else
  /// as what it looks at.
  const void *data() const;
  std::span<const std::byte> bytes() const { return {static_cast<const std::byte *>(data()), size_t(sizeInBytes())}; }
  /// The bytes, for the one who allocated the tensor and has not shared it yet. Null for a view.
  void *writable();
  /// No other Tensor shares the data, and nobody but the tensor owns them: they may be reused for a result.
  bool unique() const;

  /// The same data under another shape of as many elements.
  Result<Tensor> reshape(Shape shape) const;
  /// The part [begin, end) of the leading dimension; shares the data.
  Result<Tensor> rows(int64_t begin, int64_t end) const;
  /// One place of the leading dimension, which goes: `xs[index]`; shares the data.
  Result<Tensor> row(int64_t index) const;

private:
  struct Impl;
  explicit Tensor(std::shared_ptr<Impl> impl) : impl(std::move(impl)) {}
  static Result<Tensor> make(Element element, Shape shape, bool zero);
  Status checkRead(Element wanted) const;

  std::shared_ptr<Impl> impl;
};

} // namespace tds
