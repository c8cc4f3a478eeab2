//===- runtime/files/Reader.cpp - bytes of a file, checked against its end ---===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Reader.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace tds::rt {

static_assert(std::endian::native == std::endian::little, "files are read and written in the machine's byte order");

namespace {

class FileSource final : public Source {
public:
  FileSource(std::string name, uint64_t size, int file) : Source(std::move(name), size), file(file) {}
  ~FileSource() override { ::close(file); }

  Status readInside(uint64_t offset, void *to, size_t bytes) const override {
    auto *at = static_cast<std::byte *>(to);
    while (bytes) {
      ssize_t got = ::pread(file, at, std::min(bytes, size_t(1) << 30), off_t(offset));
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return makeError(code::FileAccess,
                         "`" + name() + "` cannot be read: " + std::generic_category().message(errno));
      if (got == 0)
        return makeError(code::FileAccess, "`" + name() + "` became shorter while it was read");
      at += got;
      offset += uint64_t(got);
      bytes -= size_t(got);
    }
    return success();
  }

private:
  int file;
};

class MemorySource final : public Source {
public:
  MemorySource(std::string name, std::span<const std::byte> bytes)
      : Source(std::move(name), bytes.size()), bytes(bytes) {}

  Status readInside(uint64_t offset, void *to, size_t count) const override {
    if (count)
      std::memcpy(to, bytes.data() + offset, count);
    return success();
  }

private:
  std::span<const std::byte> bytes;
};

class PlainStream final : public Stream {
public:
  PlainStream(const Source &source, uint64_t offset, uint64_t bytes) : Stream(source, bytes), offset(offset) {}

  Status next(void *to, size_t bytes) override {
    uint64_t from = offset;
    offset += bytes;
    return source.read(from, to, bytes);
  }

private:
  uint64_t offset;
};

} // namespace

Result<std::unique_ptr<Source>> Source::open(const std::filesystem::path &path) {
  auto failure = [&](const std::string &why) {
    return makeError(code::FileAccess, "`" + path.string() + "` cannot be read: " + why);
  };
  // Not to wait for a writer where the name is a pipe's.
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return failure(std::generic_category().message(errno));
  struct stat facts;
  if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(file);
    return failure("it is not a regular file");
  }
  return std::unique_ptr<Source>(std::make_unique<FileSource>(path.string(), uint64_t(facts.st_size), file));
}

std::unique_ptr<Source> Source::memory(std::span<const std::byte> bytes, std::string name) {
  return std::make_unique<MemorySource>(std::move(name), bytes);
}

Status Source::read(uint64_t offset, void *to, size_t bytes) const {
  if (offset > size() || bytes > size() - offset)
    return damaged("it ends at byte " + std::to_string(size()) + ", where " + std::to_string(bytes) +
                   " bytes from byte " + std::to_string(offset) + " on are expected");
  return readInside(offset, to, bytes);
}

Error Source::damaged(const std::string &why) const {
  return makeError(code::FileDamaged, "`" + name() + "` is damaged: " + why);
}

Error Source::refused(const std::string &why, std::vector<std::string> help) const {
  return makeError(code::FileKind, "`" + name() + "` cannot be loaded: " + why, std::move(help));
}

Status Stream::read(void *to, size_t bytes) {
  if (bytes > left())
    return source.damaged("it has " + std::to_string(left()) + " bytes where " + std::to_string(bytes) +
                          " are expected");
  bytesLeft -= bytes;
  return next(to, bytes);
}

std::unique_ptr<Stream> plainStream(const Source &source, uint64_t offset, uint64_t bytes) {
  return std::make_unique<PlainStream>(source, offset, bytes);
}

} // namespace tds::rt
