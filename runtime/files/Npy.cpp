//===- runtime/files/Npy.cpp - NumPy's array format ---------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Npy.h"

#include <charconv>
#include <optional>

#include "runtime/AtomicFile.h"
#include "runtime/Files.h"

namespace tds::rt {

namespace {

struct NumpyType {
  const char *descr;
  Element element;
};
constexpr NumpyType types[] = {
    {"|b1", Element::boolean}, {"|i1", Element::i8},  {"|u1", Element::u8},    {"<i2", Element::i16},
    {"<i4", Element::i32},     {"<i8", Element::i64}, {"<f2", Element::f16},   {"<f4", Element::f32},
    {"<f8", Element::f64},     {"<c8", Element::c64}, {"<c16", Element::c128},
};

/// What the header's dictionary says.
struct Header {
  std::string descr;
  std::optional<bool> fortranOrder;
  std::optional<Shape> shape;
};

/// Reads the header, a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. The functions
/// return what was wrong, or nothing.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  std::optional<std::string> parse(Header &header) {
    if (!take('{'))
      return "its header is not a dictionary";
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':'))
        return "its header has no key where one is expected";
      if (key == "descr" && header.descr.empty()) {
        if (!descr(header.descr))
          return "its header has a `descr` that is not a type";
      } else if (key == "fortran_order" && !header.fortranOrder) {
        if (!word("True", true, header.fortranOrder) && !word("False", false, header.fortranOrder))
          return "its header has a `fortran_order` that is not True or False";
      } else if (key == "shape" && !header.shape) {
        if (!tuple(header.shape.emplace()))
          return "its header has a `shape` that is not a tuple of sizes";
      } else {
        return "its header has the key `" + key + "`, or has it twice";
      }
      if (!take(',') && !at('}'))
        return "its header has no comma between two keys";
    }
    space();
    if (position != text.size())
      return "its header goes on after the dictionary";
    if (header.descr.empty() || !header.fortranOrder || !header.shape)
      return "its header lacks one of `descr`, `fortran_order` and `shape`";
    return std::nullopt;
  }

private:
  void space() {
    while (position < text.size() && (text[position] == ' ' || text[position] == '\n'))
      ++position;
  }
  bool at(char c) {
    space();
    return position < text.size() && text[position] == c;
  }
  bool take(char c) {
    bool there = at(c);
    position += there;
    return there;
  }
  bool string(std::string &value) {
    char quote = at('"') ? '"' : '\'';
    if (!take(quote))
      return false;
    size_t end = text.find(quote, position);
    // No name in a header is longer, and it stands in messages.
    if (end == text.npos || end - position > 40)
      return false;
    value = std::string(text.substr(position, end - position));
    for (char c : value)
      if (c < ' ' || c > '~')
        return false;
    position = end + 1;
    return true;
  }
  /// A type's name; a structured type, a list, is taken over unread for the message.
  bool descr(std::string &value) {
    if (!at('['))
      return string(value) && !value.empty();
    int depth = 0;
    for (; position < text.size(); ++position) {
      depth += text[position] == '[';
      depth -= text[position] == ']';
      if (depth == 0)
        break;
    }
    value = "[...]";
    return take(']');
  }
  bool word(std::string_view word, bool meaning, std::optional<bool> &value) {
    space();
    if (text.substr(position, word.size()) != word)
      return false;
    position += word.size();
    value = meaning;
    return true;
  }
  bool tuple(Shape &shape) {
    if (!take('('))
      return false;
    while (!take(')')) {
      space();
      int64_t size = 0;
      auto [end, error] = std::from_chars(text.data() + position, text.data() + text.size(), size);
      if (error != std::errc() || size < 0 || shape.size() == 64)
        return false;
      position = size_t(end - text.data());
      take('L'); // Python 2 wrote its long integers so
      shape.push_back(size);
      if (!take(',') && !at(')'))
        return false;
    }
    return true;
  }

  std::string_view text;
  size_t position = 0;
};

Result<Element> elementOf(const std::string &descr, const Source &source, const std::string &what) {
  for (const NumpyType &type : types)
    if (descr == type.descr || (descr[0] == '<' && type.descr[0] == '|' && descr.substr(1) == type.descr + 1))
      return type.element;
  std::string holds = what + "holds `" + descr + "`, ";
  if (descr[0] == '>')
    return source.refused(holds + "big-endian numbers", {"convert in Python: `x.astype(x.dtype.newbyteorder('<'))`"});
  if (descr == "<u2" || descr == "<u4")
    return source.refused(holds + "unsigned integers other than u8", {"convert in Python: `x.astype('int64')`"});
  if (descr == "<u8")
    return source.refused(holds + "unsigned integers other than u8",
                          {"convert in Python, if all are below 2^63: `x.astype('int64')`"});
  if (descr.find('O') != descr.npos)
    return source.refused(holds + "Python objects",
                          {"convert in Python to numbers of one type: `x.astype('float32')`"});
  if (descr[0] == '[')
    return source.refused(what + "holds records of several fields", {"save each field as an array of its own"});
  if (descr.find_first_of("SU") != descr.npos)
    return source.refused(holds + "strings");
  return source.refused(holds + "a type that TDS does not have");
}

/// The elements in row-major order, from column-major data.
Result<Tensor> rowMajor(const Tensor &columns, const Shape &shape) {
  Result<Tensor> made = Tensor::allocate(columns.element(), shape);
  if (!made)
    return made;
  size_t size = size_t(elementSize(columns.element()));
  const auto *from = static_cast<const std::byte *>(columns.data());
  auto *to = static_cast<std::byte *>(made->writable());
  std::vector<size_t> strides(shape.size()), index(shape.size());
  size_t stride = size;
  for (size_t i = 0; i < shape.size(); ++i, stride *= size_t(shape[i - 1]))
    strides[i] = stride;
  size_t offset = 0;
  for (int64_t n = made->numElements(); n > 0; --n, to += size) {
    std::memcpy(to, from + offset, size);
    for (size_t i = shape.size(); i-- > 0;) {
      offset += strides[i];
      if (++index[i] < size_t(shape[i]))
        break;
      offset -= strides[i] * size_t(shape[i]);
      index[i] = 0;
    }
  }
  return made;
}

} // namespace

void normaliseBools(Tensor &tensor) {
  if (tensor.element() != Element::boolean)
    return;
  auto *bytes = static_cast<unsigned char *>(tensor.writable());
  for (int64_t i = 0; i < tensor.numElements(); ++i)
    bytes[i] = bytes[i] != 0;
}

Result<Tensor> readArray(Stream &stream, const std::string &what) {
  const Source &source = stream.source;
  unsigned char start[12];
  if (Status status = stream.read(start, 8); !status)
    return status.takeError();
  if (std::memcmp(start, "\x93NUMPY", 6) != 0)
    return source.damaged(what + "it does not start as an npy file does");
  if (start[6] < 1 || start[6] > 3)
    return source.refused(what + "it is npy version " + std::to_string(start[6]) + ", known are 1 to 3");
  size_t lengthBytes = start[6] == 1 ? 2 : 4;
  if (Status status = stream.read(start + 8, lengthBytes); !status)
    return status.takeError();
  uint64_t length = lengthBytes == 2 ? littleEndian<uint16_t>(start + 8) : littleEndian<uint32_t>(start + 8);
  // NumPy's own limit is 10000; structured types alone come near it.
  if (length > (1 << 20))
    return source.damaged(what + "its header has " + std::to_string(length) + " bytes");
  std::string text(length, '\0');
  if (Status status = stream.read(text.data(), text.size()); !status)
    return status.takeError();
  Header header;
  if (auto wrong = HeaderParser(text).parse(header))
    return source.damaged(what + *wrong);

  Result<Element> element = elementOf(header.descr, source, what);
  if (!element)
    return element.takeError();
  std::optional<int64_t> count = countElements(*header.shape, *element);
  uint64_t bytes = count ? uint64_t(*count) * uint64_t(elementSize(*element)) : 0;
  if (!count || bytes != stream.left())
    return source.damaged(what + "its header says `" + typeName(*element, *header.shape) + "`, but " +
                          std::to_string(stream.left()) + " bytes of elements follow");

  Result<Tensor> tensor = Tensor::allocate(*element, *header.shape);
  if (!tensor)
    return tensor;
  if (Status status = stream.read(tensor->writable(), bytes); !status)
    return status.takeError();
  normaliseBools(*tensor);
  if (*header.fortranOrder && header.shape->size() > 1)
    return rowMajor(*tensor, *header.shape);
  return tensor;
}

Result<std::string> arrayHeader(const Tensor &tensor, const std::string &what) {
  const char *descr = nullptr;
  for (const NumpyType &type : types)
    if (type.element == tensor.element())
      descr = type.descr;
  if (!descr) {
    bool key = tensor.element() == Element::key;
    return makeError(code::FileKind,
                     what + " cannot be saved: NumPy has no type for `" + std::string(elementName(tensor.element())) +
                         "`",
                     {key ? "save the number that the key was made of" : "save as safetensors, or as `f32(x)`"});
  }
  std::string text = std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': (";
  for (int64_t size : tensor.shape())
    text += std::to_string(size) + (tensor.rank() == 1 ? "," : ", ");
  if (tensor.rank() > 1)
    text.resize(text.size() - 2);
  text += "), }";
  // The elements start at a multiple of 64, after a newline.
  size_t total = (10 + text.size() + 1 + 63) / 64 * 64;
  text += std::string(total - 10 - text.size() - 1, ' ') + "\n";
  if (text.size() > UINT16_MAX)
    return makeError(code::FileKind, what + " cannot be saved: it has too many dimensions");
  std::string start("\x93NUMPY\x01\x00", 8);
  start += char(text.size() & 255);
  start += char(text.size() >> 8);
  return start + text;
}

Result<Tensor> loadNpy(const std::filesystem::path &path) {
  Result<std::unique_ptr<Source>> source = Source::open(path);
  if (!source)
    return source.takeError();
  return readArray(*plainStream(**source, 0, (*source)->size()), "");
}

Result<Tensor> readNpy(std::span<const std::byte> bytes, const std::string &name) {
  std::unique_ptr<Source> source = Source::memory(bytes, name);
  return readArray(*plainStream(*source, 0, source->size()), "");
}

Status saveNpy(const std::filesystem::path &path, const Tensor &tensor) {
  if (Status status = tensor.status(); !status)
    return status;
  Result<std::string> header = arrayHeader(tensor, "`" + path.string() + "`");
  if (!header)
    return header.takeError();
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  if (Status status = file->write(*header); !status)
    return status;
  if (Status status = file->write(tensor.bytes()); !status)
    return status;
  return file->commit();
}

} // namespace tds::rt
