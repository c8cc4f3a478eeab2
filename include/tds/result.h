//===- tds/result.h - a value or the error in its place ---------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tds {

/// A place in a source. Lines and columns start at 1; line 0 means the place is not known. The length is in bytes.
struct SourceRange {
  std::string file;
  uint32_t line = 0, column = 0, length = 0;

  bool known() const { return line != 0; }
  /// "model.tds:3:14", or the file alone when the line is not known.
  std::string text() const {
    if (!known())
      return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
};

/// What else has to be looked at to understand an error.
struct Note {
  SourceRange range;
  std::string message;
};

/// What went wrong. `code` is a diagnostic's code ("E0201"); `message` is lower case and has no full stop; a line of
/// `help` says what edit would mend it.
struct Error {
  std::string code, message;
  SourceRange range;
  std::vector<Note> notes;
  std::vector<std::string> help;

  /// The error as text without the source's lines, each line ended by a newline:
  ///   model.tds:3:14: error[E0201]: inner dimensions differ: 8 and 7
  ///   model.tds:3:10: note: `f32[4, 8]`
  ///   help: transpose the second operand
  std::string render() const {
    std::string out = prefix(range) + "error" + (code.empty() ? "" : "[" + code + "]") + ": " + message + "\n";
    for (const Note &note : notes)
      out += prefix(note.range) + "note: " + note.message + "\n";
    for (const std::string &line : help)
      out += "help: " + line + "\n";
    return out;
  }

private:
  static std::string prefix(const SourceRange &range) {
    std::string place = range.text();
    return place.empty() ? place : place + ": ";
  }
};

/// A value, or the error that stands in its place. Ask with `if (result)` before `*result` and before `result.error()`.
template <class T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state.index() == 0; }

  T &operator*() & { return *std::get_if<0>(&state); }
  const T &operator*() const & { return *std::get_if<0>(&state); }
  T &&operator*() && { return std::move(*std::get_if<0>(&state)); }
  T *operator->() { return std::get_if<0>(&state); }
  const T *operator->() const { return std::get_if<0>(&state); }

  const Error &error() const & { return *std::get_if<1>(&state); }
  Error &error() & { return *std::get_if<1>(&state); }
  Error &&error() && { return std::move(*std::get_if<1>(&state)); }

  /// The value moved out, or the error moved out: a caller that passes either on does not copy.
  T take() { return std::move(**this); }
  Error takeError() { return std::move(*std::get_if<1>(&state)); }

private:
  std::variant<T, Error> state;
};

/// The result of what has no value.
using Status = Result<std::monostate>;
/// Nothing went wrong: `return success();`.
inline Status success() { return std::monostate(); }

} // namespace tds
