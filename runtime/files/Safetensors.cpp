//===- runtime/files/Safetensors.cpp - the safetensors format -----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
// Eight bytes of header length, a header in JSON, and the tensors' bytes one after the other, without gaps.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "runtime/AtomicFile.h"
#include "runtime/Files.h"
#include "runtime/files/Npy.h"
#include "runtime/files/Reader.h"

namespace tds::rt {

namespace {

using Json = nlohmann::json;

struct SafetensorsType {
  std::string_view name;
  Element element;
};
constexpr SafetensorsType types[] = {
    {"BOOL", Element::boolean}, {"I8", Element::i8},   {"U8", Element::u8},   {"I16", Element::i16},
    {"I32", Element::i32},      {"I64", Element::i64}, {"F16", Element::f16}, {"BF16", Element::bf16},
    {"F32", Element::f32},      {"F64", Element::f64}, {"C64", Element::c64},
};

/// A tensor of the header: its bytes are [begin, end) of what follows.
struct Entry {
  std::string name;
  Element element;
  Shape shape;
  uint64_t begin, end;
};

/// Whether brackets nest deeper than a header's do: what a parser would build of that is many times the size of the
/// file.
bool nestsDeeply(std::string_view json) {
  constexpr int most = 4;
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (inString) {
      i += c == '\\';
      inString = c != '"';
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      if (++depth > most)
        return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

/// A list of so many non-negative integers; of any number without `length`.
std::optional<std::vector<int64_t>> integers(const Json &object, const char *key, std::optional<size_t> length) {
  auto found = object.find(key);
  if (found == object.end() || !found->is_array() || (length && found->size() != *length))
    return std::nullopt;
  std::vector<int64_t> out;
  for (const Json &item : *found) {
    if (!item.is_number_unsigned() || item.get<uint64_t>() > uint64_t(INT64_MAX))
      return std::nullopt;
    out.push_back(item.get<int64_t>());
  }
  return out;
}

Result<Entry> readEntry(const Source &source, const std::string &name, const Json &facts) {
  std::string quoted = "`" + name + "`";
  if (!facts.is_object())
    return source.damaged("its header has no object for " + quoted);
  auto type = facts.find("dtype");
  if (type == facts.end() || !type->is_string())
    return source.damaged(quoted + " has no `dtype`");
  auto shape = integers(facts, "shape", std::nullopt), offsets = integers(facts, "data_offsets", 2);
  if (!shape)
    return source.damaged(quoted + " has no `shape` of sizes");
  if (!offsets || (*offsets)[0] > (*offsets)[1])
    return source.damaged(quoted + " has no `data_offsets` of two ascending places");

  const std::string &typeText = type->get_ref<const std::string &>();
  for (const SafetensorsType &known : types) {
    if (known.name != typeText)
      continue;
    std::optional<int64_t> count = countElements(*shape, known.element);
    int64_t bytes = (*offsets)[1] - (*offsets)[0];
    if (!count || *count * elementSize(known.element) != bytes)
      return source.damaged(quoted + " is `" + typeName(known.element, *shape) + "`, but has " + std::to_string(bytes) +
                            " bytes");
    return Entry{name, known.element, std::move(*shape), uint64_t((*offsets)[0]), uint64_t((*offsets)[1])};
  }
  if (typeText == "U16" || typeText == "U32" || typeText == "U64")
    return source.refused(quoted + " holds `" + typeText + "`, unsigned integers other than u8",
                          {"convert in Python to int64"});
  return source.refused(quoted + " holds `" + typeText + "`, a type that TDS does not have",
                        {"convert in Python to float32"});
}

Result<NamedTensors> readTensors(const Source &source) {
  unsigned char start[8];
  if (Status status = source.read(0, start, sizeof start); !status)
    return status.takeError();
  uint64_t length = littleEndian<uint64_t>(start), dataStart = sizeof start + length;
  // The limit of the format's own library, too.
  constexpr uint64_t most = 100'000'000;
  if (length > most || length > source.size() - sizeof start)
    return source.damaged("its header is said to have " + std::to_string(length) + " bytes");
  std::string text(length, '\0');
  if (Status status = source.read(sizeof start, text.data(), text.size()); !status)
    return status.takeError();
  Json header = nestsDeeply(text) ? Json() : Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object())
    return source.damaged("its header is not JSON of the format");

  std::vector<Entry> entries;
  for (const auto &[name, facts] : header.items()) {
    if (name == "__metadata__")
      continue;
    Result<Entry> entry = readEntry(source, name, facts);
    if (!entry)
      return entry.takeError();
    entries.push_back(entry.take());
  }

  // The bytes belong to one tensor each: no two share them, none is left.
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t place = 0;
  for (const Entry &entry : entries) {
    if (entry.begin != place)
      return source.damaged("`" + entry.name + "` starts at byte " + std::to_string(entry.begin) +
                            " of the data, where byte " + std::to_string(place) + " is expected");
    place = entry.end;
  }
  if (place != source.size() - dataStart)
    return source.damaged("its tensors have " + std::to_string(place) + " bytes, but " +
                          std::to_string(source.size() - dataStart) + " follow the header");

  NamedTensors out;
  for (Entry &entry : entries) {
    Result<Tensor> tensor = Tensor::allocate(entry.element, std::move(entry.shape));
    if (!tensor)
      return tensor.takeError();
    if (Status status = source.read(dataStart + entry.begin, tensor->writable(), entry.end - entry.begin); !status)
      return status.takeError();
    normaliseBools(*tensor);
    out.entries.emplace_back(std::move(entry.name), tensor.take());
  }
  return out;
}

} // namespace

Result<NamedTensors> loadSafetensors(const std::filesystem::path &path) {
  Result<std::unique_ptr<Source>> source = Source::open(path);
  if (!source)
    return source.takeError();
  return readTensors(**source);
}

Result<NamedTensors> readSafetensors(std::span<const std::byte> bytes, const std::string &name) {
  return readTensors(*Source::memory(bytes, name));
}

Status saveSafetensors(const std::filesystem::path &path, const NamedTensors &tensors) {
  Json header = Json::object();
  uint64_t place = 0;
  for (const auto &[name, tensor] : tensors.entries) {
    if (Status status = tensor.status(); !status)
      return status;
    std::string_view type;
    for (const SafetensorsType &known : types)
      if (known.element == tensor.element())
        type = known.name;
    if (type.empty()) {
      bool key = tensor.element() == Element::key;
      return makeError(code::FileKind,
                       "`" + name + "` in `" + path.string() + "` cannot be saved: safetensors has no type for `" +
                           std::string(elementName(tensor.element())) + "`",
                       {key ? "save the number that the key was made of" : "save as npz"});
    }
    uint64_t end = place + uint64_t(tensor.sizeInBytes());
    header[name] = {{"dtype", type}, {"shape", tensor.shape()}, {"data_offsets", {place, end}}};
    place = end;
  }
  if (header.size() != tensors.entries.size())
    return makeError(code::FileKind, "`" + path.string() + "` cannot be saved: two of its tensors have one name");
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' '); // the data start at a multiple of 8

  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  uint64_t length = text.size();
  if (Status status = file->write(std::as_bytes(std::span(&length, 1))); !status)
    return status;
  if (Status status = file->write(text); !status)
    return status;
  for (const auto &[name, tensor] : tensors.entries)
    if (Status status = file->write(tensor.bytes()); !status)
      return status;
  return file->commit();
}

} // namespace tds::rt
