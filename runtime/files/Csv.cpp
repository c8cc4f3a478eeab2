//===- runtime/files/Csv.cpp - tables of numbers as text ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/AtomicFile.h"
#include "runtime/Files.h"
#include "runtime/Format.h"
#include "runtime/files/Reader.h"
#include <charconv>
#include <optional>

namespace tds::rt {

static std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

/// The numbers of a line, or the field that is none.
static std::optional<std::string> parseLine(std::string_view line, std::vector<float> &out) {
  for (size_t begin = 0; begin <= line.size();) {
    size_t end = std::min(line.find(',', begin), line.size());
    std::string_view field = trimmed(line.substr(begin, end - begin));
    if (!field.empty() && field.front() == '+')
      field.remove_prefix(1);
    double value;
    auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (field.empty() || error == std::errc::invalid_argument || stop != field.data() + field.size())
      return std::string(field.substr(0, 40));
    out.push_back(float(value));
    begin = end + 1;
  }
  return std::nullopt;
}

static Result<Tensor> decode(const Source &source) {
  std::string text(source.size(), '\0');
  if (Status read = source.read(0, text.data(), text.size()); !read)
    return read.takeError();
  std::vector<float> numbers;
  int64_t rows = 0, columns = 0, line = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view content = trimmed(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    ++line;
    if (content.empty())
      continue;
    size_t before = numbers.size();
    if (auto wrong = parseLine(content, numbers)) {
      numbers.resize(before);
      if (line == 1)
        continue; // names of columns
      return source.damaged("line " + std::to_string(line) + " has `" + *wrong + "`, which is no number");
    }
    int64_t count = int64_t(numbers.size() - before);
    if (rows++ == 0)
      columns = count;
    else if (count != columns)
      return source.damaged("line " + std::to_string(line) + " has " + std::to_string(count) + " numbers, expected " + std::to_string(columns));
  }
  return Tensor::copy(numbers, {rows, columns});
}

Result<Tensor> loadCsv(const std::filesystem::path &path) {
  auto source = Source::open(path);
  return source ? decode(**source) : source.takeError();
}

Result<Tensor> readCsv(std::span<const std::byte> bytes, const std::string &name) { return decode(*Source::memory(bytes, name)); }

Status saveCsv(const std::filesystem::path &path, const Tensor &tensor) {
  if (tensor.rank() < 1 || tensor.rank() > 2)
    return makeError(code::FileKind, "a csv has one or two dimensions; this is " + tensor.type());
  int64_t rows = tensor.shape()[0], columns = tensor.rank() == 2 ? tensor.shape()[1] : 1;
  std::string text;
  auto write = [&](auto values) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        char buffer[32];
        auto end = std::to_chars(buffer, buffer + sizeof buffer, values[size_t(i * columns + j)]).ptr;
        text.append(buffer, end).push_back(j + 1 < columns ? ',' : '\n');
      }
  };
  if (auto floats = tensor.read<float>())
    write(*floats);
  else if (auto doubles = tensor.read<double>())
    write(*doubles);
  else if (auto ints = tensor.read<int32_t>())
    write(*ints);
  else if (auto longs = tensor.read<int64_t>())
    write(*longs);
  else
    return makeError(code::FileKind, "a csv takes f32, f64, i32 or i64; this is " + tensor.type(), {"convert it: `f32(x)`"});
  return atomicWrite(path, std::as_bytes(std::span(text)));
}

} // namespace tds::rt
