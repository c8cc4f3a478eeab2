//===- runtime/AtomicFile.cpp - files that appear whole or not at all ---===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/AtomicFile.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include "runtime/Errors.h"

namespace tds::rt {

Error AtomicFile::failure(const std::string &what) const {
  return makeError(code::FileAccess, "`" + path.string() + "` " + what + ": " + std::generic_category().message(errno));
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path &path) {
  // Not mkstemp: its files are for the owner alone, whatever the umask says.
  static std::atomic<unsigned> counter{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::filesystem::path temporary = path;
    temporary += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0)
      return AtomicFile(file, path, std::move(temporary));
    if (errno != EEXIST)
      break;
  }
  return AtomicFile(-1, path, {}).failure("cannot be written");
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : file(std::exchange(other.file, -1)), path(std::move(other.path)), temporary(std::move(other.temporary)) {}

AtomicFile::~AtomicFile() {
  if (file < 0)
    return;
  ::close(file);
  ::unlink(temporary.c_str());
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    // Linux writes at most 2 GiB at a time.
    ssize_t written = ::write(file, bytes.data(), std::min(bytes.size(), size_t(1) << 30));
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return failure("cannot be written");
    bytes = bytes.subspan(size_t(written));
  }
  return success();
}

Status AtomicFile::commit() {
  if (::fsync(file) != 0)
    return failure("cannot be written to the disk");
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return failure("cannot be written");
  ::close(std::exchange(file, -1));
  // The new name is safe once the folder is; not every file system lets a folder be synchronised, and the file is whole
  // anyway.
  std::filesystem::path folder = path.parent_path();
  int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return success();
}

Status atomicWrite(const std::filesystem::path &path, std::span<const std::byte> bytes) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  if (Status status = file->write(bytes); !status)
    return status;
  return file->commit();
}

} // namespace tds::rt
