//===- runtime/files/Csv.cpp - tables of numbers as text ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/AtomicFile.h"
#include "runtime/Files.h"
#include "runtime/files/Reader.h"
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

namespace tds::rt {

static std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

/// The number that a field is; what no float can hold is inf or 0.
static std::optional<float> parseField(std::string_view field) {
  if (!field.empty() && field.front() == '+')
    field.remove_prefix(1);
  float value = 0;
  auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || error == std::errc::invalid_argument || stop != field.data() + field.size())
    return std::nullopt;
  return error == std::errc() ? value : std::strtof(std::string(field).c_str(), nullptr);
}

static Result<Tensor> decode(const Source &source) {
  std::string text(source.size(), '\0');
  if (Status read = source.read(0, text.data(), text.size()); !read)
    return read.takeError();
  std::string_view rest = text;
  if (rest.starts_with("\xef\xbb\xbf")) // spreadsheets mark UTF-8
    rest.remove_prefix(3);
  std::vector<float> numbers;
  int64_t rows = 0, columns = 0;
  for (int64_t line = 1; !rest.empty(); ++line) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view content = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (content.empty())
      continue;
    int64_t count = 0, wrong = 0;
    std::string_view firstWrong;
    for (size_t begin = 0; begin <= content.size(); ++count) {
      size_t comma = std::min(content.find(',', begin), content.size());
      std::string_view field = trimmed(content.substr(begin, comma - begin));
      begin = comma + 1;
      if (auto number = parseField(field))
        numbers.push_back(*number);
      else if (wrong++ == 0)
        firstWrong = field;
    }
    // A first line without any number names the columns; one with some is a row with a slip.
    if (line == 1 && wrong == count)
      continue;
    std::string place = "line " + std::to_string(line) + " has ";
    if (wrong)
      return source.damaged(place + "`" + std::string(firstWrong.substr(0, 40)) + "`, which is no number");
    if (rows++ == 0)
      columns = count;
    else if (count != columns)
      return source.damaged(place + std::to_string(count) + " numbers, expected " + std::to_string(columns));
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
