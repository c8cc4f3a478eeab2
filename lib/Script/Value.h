#pragma once
#include "lib/Sema/Value.h"
#include "runtime/Batches.h"
#include <memory>
#include <string>
#include <tds/tensor.h>
#include <vector>

namespace tds::script {

using TypePtr = std::shared_ptr<const sema::Type>;

/// The assignments, by number, that made variables which something was computed from, as far as derivatives go: sorted.
/// Null: none. Shared by the leaves that have the same.
using Origins = std::shared_ptr<const std::vector<uint64_t>>;

Origins merged(const Origins &a, const Origins &b);

/// Batches under way, with how their leaves make up what each round of a loop gets.
struct BatchSource {
  rt::Batches batches;
  std::vector<TypePtr> types;   ///< of what is walked, a value each; leading dimensions are those of the whole
  std::vector<Origins> origins; ///< of the leaves of all values
};

/// What a name of a script stands for. Weak numbers live on the host; everything compiled code makes is `tensors`: the
/// leaves of a tensor, record or tuple, in order.
struct Value {
  enum Kind : uint8_t { none, integer, real, truth, text, tensors, batches } kind = none;
  int64_t number = 0; ///< of integer and truth
  double fraction = 0;
  std::string string;
  TypePtr type; ///< of integer, real and truth too
  std::vector<Tensor> leaves;
  std::vector<Origins> origins; ///< of each leaf; of a real, one
  uint64_t binding = 0;         ///< of a variable: the assignment that made it
  std::shared_ptr<BatchSource> source;

  explicit operator bool() const { return kind != none; }
  static Value ofInteger(int64_t value);
  static Value ofReal(double value);
  static Value ofTruth(bool value);
  static Value ofText(std::string value);
  static Value ofTensor(Tensor tensor);
  /// The leaves under a type; a weak scalar becomes the host's number.
  static Value of(TypePtr type, std::vector<Tensor> leaves, std::vector<Origins> origins = {});
  static Value ofBatches(std::shared_ptr<BatchSource> source);
  /// A tuple, or a record if there are names, of values with a type.
  static Value group(sema::Type::Kind kind, std::vector<Value> parts, std::vector<std::string> names = {});

  /// Of leaf `index`.
  Origins originsOf(size_t index) const { return index < origins.size() ? origins[index] : nullptr; }

  bool isNumber() const { return kind == integer || kind == real; }
  bool isHost() const { return kind == integer || kind == real || kind == truth; }
  bool isTensor() const { return kind == tensors && type->kind == sema::Type::tensor; }
  bool isScalar() const { return isHost() || (isTensor() && type->shape.empty()); }
  double asReal() const { return kind == real ? fraction : double(number); }

  size_t numParts() const { return kind == tensors ? type->parts.size() : 0; }
  Value part(size_t index) const;
  /// The field of a record; none if there is no such field.
  Value field(std::string_view name) const;
  /// `xs[index]` of each leaf.
  Value row(int64_t index) const;
  /// The leading dimension that all leaves have.
  std::optional<int64_t> length() const;
  /// Of a scalar integer; of a scalar bool.
  std::optional<int64_t> asInteger() const;
  std::optional<bool> asTruth() const;

  /// As compiled code takes them: the value's leaves, a number as a tensor of no dimensions.
  std::vector<Tensor> asTensors() const;
  /// The value as an element of a record or stack: weak numbers are i32 and f32.
  Value settled() const;

  /// As `print` shows it.
  std::string str() const;
  /// For messages: "f32[3]", "a weak int".
  std::string describe() const;
};

size_t numLeaves(const sema::Type &type);
/// The type with `index` dimensions of its leaves' front replaced by `front`.
sema::Type withFront(const sema::Type &type, size_t index, const Dims &front);

} // namespace tds::script
