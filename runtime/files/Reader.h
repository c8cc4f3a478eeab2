//===- runtime/files/Reader.h - bytes of a file, checked against its end ---*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include <tds/result.h>

#include "runtime/Errors.h"

namespace tds::rt {

/// Bytes that can be read at any place: a file or memory. Errors carry the name.
class Source {
public:
  virtual ~Source() = default;

  static Result<std::unique_ptr<Source>> open(const std::filesystem::path &path);
  static std::unique_ptr<Source> memory(std::span<const std::byte> bytes, std::string name);

  const std::string &name() const { return sourceName; }
  uint64_t size() const { return sourceSize; }

  /// All of [offset, offset + bytes), or an Error.
  Status read(uint64_t offset, void *to, size_t bytes) const;

  /// "`a.npz` is damaged: ..."
  Error damaged(const std::string &why) const;
  /// "`a.npz` cannot be loaded: ..."
  Error refused(const std::string &why, std::vector<std::string> help = {}) const;

protected:
  Source(std::string name, uint64_t size) : sourceName(std::move(name)), sourceSize(size) {}
  virtual Status readInside(uint64_t offset, void *to, size_t bytes) const = 0;

private:
  std::string sourceName;
  uint64_t sourceSize;
};

/// Bytes that come one after the other: a part of a source, maybe compressed.
class Stream {
public:
  virtual ~Stream() = default;
  /// How many bytes are left, as far as the file tells.
  uint64_t left() const { return bytesLeft; }
  /// The next bytes, all of them or an Error.
  Status read(void *to, size_t bytes);

  const Source &source;

protected:
  Stream(const Source &source, uint64_t left) : source(source), bytesLeft(left) {}
  virtual Status next(void *to, size_t bytes) = 0;

private:
  uint64_t bytesLeft;
};

/// [offset, offset + bytes) of a source, which has them.
std::unique_ptr<Stream> plainStream(const Source &source, uint64_t offset, uint64_t bytes);

/// A number of the file's, little-endian, in the host's order. TDS runs on little-endian machines alone.
template <class T> T littleEndian(const unsigned char *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

} // namespace tds::rt
