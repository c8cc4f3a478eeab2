//===- runtime/FormatTensor.cpp - tensors as text -----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "runtime/Errors.h"
#include "runtime/Format.h"
#include "runtime/abi/half.h"

namespace tds::rt {

namespace {

template <class T> T elementAt(const Tensor &tensor, int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const std::byte *>(tensor.data()) + size_t(index) * sizeof(T), sizeof(T));
  return value;
}

std::string keyText(uint64_t key) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(key));
  return text;
}

/// The shortest digits that give the same half or bfloat16 again: fewer than those of the float it is.
std::string narrowText(float value, uint16_t bits, uint16_t (*narrow)(float)) {
  if (value - value != 0)
    return formatNumber(value);
  char text[32];
  for (int digits = 1; digits <= 8; ++digits) {
    char *end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, digits - 1).ptr;
    float back = value;
    std::from_chars(text, end, back);
    if (narrow(back) == bits)
      return formatNumber(back);
  }
  return formatNumber(value);
}

/// Writes nested brackets.
class Printer {
public:
  explicit Printer(const Tensor &tensor) : tensor(tensor), shape(tensor.shape()), brief(tensor.numElements() > most) {
    strides.resize(shape.size());
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0; stride *= shape[i])
      strides[i] = stride;
    visit(0, 0, [&](int64_t index) { width = std::max(width, formatElement(tensor, index).size()); });
  }

  std::string print() {
    write(0, 0);
    return std::move(out);
  }

private:
  static constexpr int64_t most = 1000, edge = 3;
  static constexpr size_t lineLength = 100;

  bool shortened(int64_t size) const { return brief && size > 2 * edge; }

  /// Calls `see` for the elements that are shown.
  template <class F> void visit(size_t dim, int64_t offset, const F &see) const {
    if (dim == shape.size())
      return see(offset);
    for (int64_t i = 0; i < shape[dim]; ++i) {
      if (shortened(shape[dim]) && i == edge)
        i = shape[dim] - edge;
      visit(dim + 1, offset + i * strides[dim], see);
    }
  }

  /// The innermost dimension: as many items a line as fit.
  void writeRow(size_t dim, int64_t offset) {
    size_t column = dim + 1;
    for (int64_t i = 0; i < shape[dim]; ++i) {
      bool gap = shortened(shape[dim]) && i == edge;
      if (i) {
        out += ',';
        column += width + 2;
        if (column + width + 1 > lineLength) {
          out += '\n' + std::string(dim + 1, ' ');
          column = dim + 1;
        } else {
          out += ' ';
        }
      }
      if (gap) {
        out += "..., ";
        column += 5;
        i = shape[dim] - edge;
      }
      std::string text = formatElement(tensor, offset + i);
      out += std::string(width - text.size(), ' ') + text;
    }
  }

  void write(size_t dim, int64_t offset) {
    out += '[';
    if (dim + 1 == shape.size()) {
      writeRow(dim, offset);
    } else {
      // Rows stand below each other, blocks of them have a line between.
      std::string next = "," + std::string(shape.size() - dim - 1, '\n') + std::string(dim + 1, ' ');
      for (int64_t i = 0; i < shape[dim]; ++i) {
        if (i)
          out += next;
        if (shortened(shape[dim]) && i == edge) {
          out += "..." + next;
          i = shape[dim] - edge;
        }
        write(dim + 1, offset + i * strides[dim]);
      }
    }
    out += ']';
  }

  const Tensor &tensor;
  std::span<const int64_t> shape;
  bool brief;
  std::vector<int64_t> strides;
  size_t width = 0;
  std::string out;
};

} // namespace

std::string formatElement(const Tensor &tensor, int64_t index) {
  switch (tensor.element()) {
  case Element::boolean:
    return elementAt<uint8_t>(tensor, index) ? "true" : "false";
  case Element::i8:
    return formatNumber(int64_t(elementAt<int8_t>(tensor, index)));
  case Element::i16:
    return formatNumber(int64_t(elementAt<int16_t>(tensor, index)));
  case Element::i32:
    return formatNumber(int64_t(elementAt<int32_t>(tensor, index)));
  case Element::i64:
    return formatNumber(elementAt<int64_t>(tensor, index));
  case Element::u8:
    return formatNumber(int64_t(elementAt<uint8_t>(tensor, index)));
  case Element::f16: {
    uint16_t bits = elementAt<uint16_t>(tensor, index);
    return narrowText(tds_float_from_half(bits), bits, tds_half_from_float);
  }
  case Element::bf16: {
    uint16_t bits = elementAt<uint16_t>(tensor, index);
    return narrowText(tds_float_from_bfloat(bits), bits, tds_bfloat_from_float);
  }
  case Element::f32:
    return formatNumber(elementAt<float>(tensor, index));
  case Element::f64:
    return formatNumber(elementAt<double>(tensor, index));
  case Element::c64:
    return formatNumber(elementAt<std::complex<float>>(tensor, index));
  case Element::c128:
    return formatNumber(elementAt<std::complex<double>>(tensor, index));
  case Element::key:
    return keyText(elementAt<uint64_t>(tensor, index));
  }
  return "";
}

std::string formatTensor(const Tensor &tensor) {
  if (Status status = tensor.status(); !status)
    return status.error().message;
  if (tensor.rank() == 0)
    return formatElement(tensor, 0);
  if (tensor.numElements() == 0)
    return "[]";
  return Printer(tensor).print();
}

static Result<std::string> formatElement(const Tensor &tensor, int64_t index, std::string_view spec) {
  auto real = [&](double value) { return formatScalar(value, formatElement(tensor, index), spec); };
  switch (tensor.element()) {
  case Element::boolean:
    return formatScalar(int64_t(elementAt<uint8_t>(tensor, index) != 0), spec);
  case Element::i8:
    return formatScalar(int64_t(elementAt<int8_t>(tensor, index)), spec);
  case Element::i16:
    return formatScalar(int64_t(elementAt<int16_t>(tensor, index)), spec);
  case Element::i32:
    return formatScalar(int64_t(elementAt<int32_t>(tensor, index)), spec);
  case Element::i64:
    return formatScalar(elementAt<int64_t>(tensor, index), spec);
  case Element::u8:
    return formatScalar(int64_t(elementAt<uint8_t>(tensor, index)), spec);
  case Element::f16:
    return real(tds_float_from_half(elementAt<uint16_t>(tensor, index)));
  case Element::bf16:
    return real(tds_float_from_bfloat(elementAt<uint16_t>(tensor, index)));
  case Element::f32:
    return real(elementAt<float>(tensor, index));
  case Element::f64:
    return real(elementAt<double>(tensor, index));
  case Element::c64:
  case Element::c128:
  case Element::key:
    break;
  }
  return makeError(code::Format, "format `" + std::string(spec) + "` is for a real number, not for one of type `" +
                                     tensor.type() + "`");
}

Result<std::string> formatTensor(const Tensor &tensor, std::string_view spec) {
  if (Status status = tensor.status(); !status)
    return status.takeError();
  if (spec == "c" && tensor.rank() == 1) {
    std::string text;
    for (int64_t i = 0; i < tensor.shape()[0]; ++i) {
      Result<std::string> character = formatElement(tensor, i, spec);
      if (!character)
        return character;
      text += *character;
    }
    return text;
  }
  if (tensor.rank() != 0)
    return makeError(code::Format, "format `" + std::string(spec) + "` is for a number, not for a tensor of type `" +
                                       tensor.type() + "`");
  return formatElement(tensor, 0, spec);
}

} // namespace tds::rt
