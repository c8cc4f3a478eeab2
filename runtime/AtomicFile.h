//===- runtime/AtomicFile.h - files that appear whole or not at all ---*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <tds/result.h>

namespace tds::rt {

/// A file under construction: written under another name in the same folder, it takes its own name at `commit`, when
/// its bytes are on the disk. A reader sees the old file or the new one; a crash or an error leaves the old one.
class AtomicFile {
public:
  static Result<AtomicFile> create(const std::filesystem::path &path);

  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&) = delete;
  /// Without `commit`, removes what was written.
  ~AtomicFile();

  Status write(std::span<const std::byte> bytes);
  Status write(const std::string &bytes) { return write(std::as_bytes(std::span(bytes))); }
  Status commit();

private:
  AtomicFile(int file, std::filesystem::path path, std::filesystem::path temporary)
      : file(file), path(std::move(path)), temporary(std::move(temporary)) {}
  Error failure(const std::string &what) const;

  int file;
  std::filesystem::path path, temporary;
};

/// The bytes as the whole of a file.
Status atomicWrite(const std::filesystem::path &path, std::span<const std::byte> bytes);

} // namespace tds::rt
