//===- runtime/files/Npz.cpp - NumPy's archives of arrays ---------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
// Of the zip format, what is needed: the directory at the end of the file leads, since NumPy leaves the sizes before an
// entry's data open ("zip64" there) and streaming writers do too.
#include <algorithm>
#include <set>
#include <zlib.h>

#include "runtime/AtomicFile.h"
#include "runtime/Files.h"
#include "runtime/files/Npy.h"
#include "runtime/files/Reader.h"

namespace tds::rt {

namespace {

constexpr uint32_t localMark = 0x04034b50, entryMark = 0x02014b50, endMark = 0x06054b50, zip64EndMark = 0x07064b50;
constexpr size_t localBytes = 30, entryBytes = 46, endBytes = 22, zip64EndBytes = 20;
constexpr uint16_t stored = 0, deflated = 8;

/// An entry of the directory.
struct Entry {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t compressed = 0, size = 0, offset = 0;
};

uint32_t addToCrc(uint32_t crc, const void *data, size_t bytes) {
  return uint32_t(crc32_z(crc, static_cast<const unsigned char *>(data), bytes));
}

/// A deflated part of a source.
class InflateStream final : public Stream {
public:
  InflateStream(const Source &source, uint64_t offset, const Entry &entry)
      : Stream(source, entry.size), offset(offset), compressed(entry.compressed), name(entry.name) {
    ready = inflateInit2(&state, -MAX_WBITS) == Z_OK;
  }
  ~InflateStream() override {
    if (ready)
      inflateEnd(&state);
  }

  Status next(void *to, size_t bytes) override {
    if (!ready)
      return makeError(code::Memory, "no memory to inflate `" + source.name() + "`");
    auto *at = static_cast<Bytef *>(to);
    while (bytes) {
      if (Status status = fill(); !status)
        return status;
      uInt room = uInt(std::min(bytes, size_t(1) << 30));
      state.next_out = at;
      state.avail_out = room;
      int code = inflate(&state, Z_NO_FLUSH);
      size_t made = room - state.avail_out;
      at += made;
      bytes -= made;
      if (code == Z_STREAM_END && bytes)
        return source.damaged("`" + name + "` inflates to fewer bytes than the directory says");
      // Z_BUF_ERROR: no progress, since all that was compressed has been read.
      if (code != Z_OK && code != Z_STREAM_END)
        return source.damaged("`" + name + "` cannot be inflated");
    }
    return success();
  }

private:
  Status fill() {
    if (state.avail_in || !compressed)
      return success();
    size_t bytes = size_t(std::min<uint64_t>(compressed, sizeof buffer));
    if (Status status = source.read(offset, buffer, bytes); !status)
      return status;
    offset += bytes;
    compressed -= bytes;
    state.next_in = buffer;
    state.avail_in = uInt(bytes);
    return success();
  }

  uint64_t offset, compressed;
  std::string name;
  z_stream state{};
  bool ready = false;
  unsigned char buffer[1 << 16];
};

/// Sums up what passes through.
class SummedStream final : public Stream {
public:
  explicit SummedStream(Stream &inner) : Stream(inner.source, inner.left()), inner(inner) {}
  uint32_t crc() const { return sum; }

  Status next(void *to, size_t bytes) override {
    Status status = inner.read(to, bytes);
    if (status)
      sum = addToCrc(sum, to, bytes);
    return status;
  }

private:
  Stream &inner;
  uint32_t sum = 0;
};

/// Where the directory stands and how many entries it has.
struct Directory {
  uint64_t offset = 0, bytes = 0;
  unsigned entries = 0;
};

Result<Directory> findDirectory(const Source &source) {
  // The end record is followed by a comment of at most 64 KiB.
  size_t bytes = size_t(std::min<uint64_t>(source.size(), endBytes + UINT16_MAX));
  std::vector<unsigned char> tail(bytes);
  uint64_t start = source.size() - bytes;
  if (Status status = source.read(start, tail.data(), bytes); !status)
    return status.takeError();
  for (size_t at = bytes >= endBytes ? bytes - endBytes + 1 : 0; at-- > 0;) {
    const unsigned char *end = tail.data() + at;
    if (littleEndian<uint32_t>(end) != endMark || at + endBytes + littleEndian<uint16_t>(end + 20) != bytes)
      continue;
    bool zip64 = at >= zip64EndBytes && littleEndian<uint32_t>(end - zip64EndBytes) == zip64EndMark;
    if (zip64 || littleEndian<uint16_t>(end + 10) == UINT16_MAX || littleEndian<uint32_t>(end + 16) == UINT32_MAX)
      return source.refused("it is a zip64 archive, of 4 GiB or 65535 arrays and more", {"save as safetensors"});
    if (littleEndian<uint16_t>(end + 4) != 0 || littleEndian<uint16_t>(end + 6) != 0)
      return source.refused("it is one part of an archive of several files");
    Directory directory{littleEndian<uint32_t>(end + 16), littleEndian<uint32_t>(end + 12),
                        littleEndian<uint16_t>(end + 10)};
    if (directory.offset + directory.bytes > start + at)
      return source.damaged("its directory is said to lie beyond its end");
    return directory;
  }
  return source.damaged("it has no directory, as a zip archive has at its end");
}

Result<std::vector<Entry>> readDirectory(const Source &source) {
  Result<Directory> directory = findDirectory(source);
  if (!directory)
    return directory.takeError();
  std::vector<unsigned char> bytes(directory->bytes);
  if (Status status = source.read(directory->offset, bytes.data(), bytes.size()); !status)
    return status.takeError();
  std::vector<Entry> entries;
  std::set<std::string> names;
  uint64_t allCompressed = 0;
  for (size_t at = 0; entries.size() < directory->entries;) {
    if (bytes.size() - at < entryBytes || littleEndian<uint32_t>(&bytes[at]) != entryMark)
      return source.damaged("its directory breaks off after " + std::to_string(entries.size()) + " entries");
    const unsigned char *entry = &bytes[at];
    size_t nameBytes = littleEndian<uint16_t>(entry + 28);
    size_t rest = nameBytes + littleEndian<uint16_t>(entry + 30) + littleEndian<uint16_t>(entry + 32);
    if (bytes.size() - at - entryBytes < rest)
      return source.damaged("its directory breaks off after " + std::to_string(entries.size()) + " entries");
    Entry read{std::string(reinterpret_cast<const char *>(entry + entryBytes), nameBytes),
               littleEndian<uint16_t>(entry + 8),
               littleEndian<uint16_t>(entry + 10),
               littleEndian<uint32_t>(entry + 16),
               littleEndian<uint32_t>(entry + 20),
               littleEndian<uint32_t>(entry + 24),
               littleEndian<uint32_t>(entry + 42)};
    at += entryBytes + rest;
    if (read.compressed == UINT32_MAX || read.size == UINT32_MAX || read.offset == UINT32_MAX)
      return source.refused("`" + read.name + "` has 4 GiB or more (zip64)", {"save as safetensors"});
    if (!names.insert(read.name).second)
      return source.damaged("it holds `" + read.name + "` twice");
    // Entries that share their bytes would make little of a file into much of memory.
    allCompressed += read.compressed;
    if (allCompressed > source.size())
      return source.damaged("its entries are said to have more bytes than it has");
    entries.push_back(std::move(read));
  }
  return entries;
}

Result<Tensor> readEntry(const Source &source, const Entry &entry) {
  std::string quoted = "`" + entry.name + "`";
  if (entry.flags & 1)
    return source.refused(quoted + " is encrypted");
  if (entry.method != stored && entry.method != deflated)
    return source.refused(quoted + " is compressed by method " + std::to_string(entry.method) +
                          ", known are 0 (stored) and 8 (deflate)");
  unsigned char local[localBytes];
  if (Status status = source.read(entry.offset, local, localBytes); !status)
    return status.takeError();
  if (littleEndian<uint32_t>(local) != localMark)
    return source.damaged("there is no entry where its directory says that " + quoted + " is");
  uint64_t data = entry.offset + localBytes + littleEndian<uint16_t>(local + 26) + littleEndian<uint16_t>(local + 28);
  if (data + entry.compressed > source.size())
    return source.damaged(quoted + " is said to lie beyond its end");

  std::unique_ptr<Stream> stream;
  if (entry.method == stored) {
    if (entry.size != entry.compressed)
      return source.damaged(quoted + " is stored, but has two sizes");
    stream = plainStream(source, data, entry.size);
  } else {
    // Deflate makes at most 258 bytes of two bits: a larger size is a lie, and memory must not be asked for it.
    if (entry.size / 1032 > entry.compressed)
      return source.damaged(quoted + " is said to inflate to " + std::to_string(entry.size) + " bytes");
    stream = std::make_unique<InflateStream>(source, data, entry);
  }
  SummedStream summed(*stream);
  Result<Tensor> tensor = readArray(summed, quoted + ": ");
  if (tensor && summed.crc() != entry.crc)
    return source.damaged("the checksum of " + quoted + " does not fit its data");
  return tensor;
}

Result<NamedTensors> readArchive(const Source &source) {
  Result<std::vector<Entry>> entries = readDirectory(source);
  if (!entries)
    return entries.takeError();
  NamedTensors out;
  for (const Entry &entry : *entries) {
    constexpr std::string_view suffix = ".npy";
    if (!std::string_view(entry.name).ends_with(suffix))
      return source.refused("`" + entry.name + "` in it is not an array (.npy)");
    Result<Tensor> tensor = readEntry(source, entry);
    if (!tensor)
      return tensor.takeError();
    out.entries.emplace_back(entry.name.substr(0, entry.name.size() - suffix.size()), tensor.take());
  }
  return out;
}

/// Fields of a record, little-endian.
class Record {
public:
  Record &u16(uint64_t value) { return put(value, 2); }
  Record &u32(uint64_t value) { return put(value, 4); }
  Record &text(const std::string &value) {
    bytes += value;
    return *this;
  }
  std::string bytes;

private:
  Record &put(uint64_t value, int count) {
    for (int i = 0; i < count; ++i)
      bytes += char(value >> 8 * i & 255);
    return *this;
  }
};

} // namespace

Result<NamedTensors> loadNpz(const std::filesystem::path &path) {
  Result<std::unique_ptr<Source>> source = Source::open(path);
  if (!source)
    return source.takeError();
  return readArchive(**source);
}

Result<NamedTensors> readNpz(std::span<const std::byte> bytes, const std::string &name) {
  return readArchive(*Source::memory(bytes, name));
}

Status saveNpz(const std::filesystem::path &path, const NamedTensors &tensors) {
  // 1 January 1980, the format's first day: what a file holds must not depend on when it was written.
  constexpr uint16_t date = 1 << 5 | 1, utf8Names = 1 << 11;
  std::string quoted = "`" + path.string() + "`";
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  Record directory;
  uint64_t offset = 0;
  for (const auto &[key, tensor] : tensors.entries) {
    if (Status status = tensor.status(); !status)
      return status;
    Result<std::string> header = arrayHeader(tensor, "`" + key + "` in " + quoted);
    if (!header)
      return header.takeError();
    std::string name = key + ".npy";
    uint64_t size = header->size() + uint64_t(tensor.sizeInBytes());
    if (name.size() >= UINT16_MAX || offset + size + localBytes + name.size() >= UINT32_MAX ||
        tensors.entries.size() >= UINT16_MAX)
      return makeError(code::FileKind, quoted + " cannot be saved: it would have 4 GiB, 65535 arrays or more",
                       {"save as safetensors"});
    uint32_t crc = addToCrc(addToCrc(0, header->data(), header->size()), tensor.data(), size_t(tensor.sizeInBytes()));
    Record facts; // what stands both before the data and in the directory
    facts.u16(20).u16(utf8Names).u16(stored).u16(0).u16(date).u32(crc).u32(size).u32(size).u16(name.size()).u16(0);
    Record local;
    local.u32(localMark).text(facts.bytes).text(name).text(*header);
    if (Status status = file->write(local.bytes); !status)
      return status;
    if (Status status = file->write(tensor.bytes()); !status)
      return status;
    directory.u32(entryMark).u16(20).text(facts.bytes).u16(0).u16(0).u16(0).u32(0).u32(offset).text(name);
    offset += localBytes + name.size() + size;
  }
  if (offset + directory.bytes.size() >= UINT32_MAX)
    return makeError(code::FileKind, quoted + " cannot be saved: it would have 4 GiB or more", {"save as safetensors"});
  Record end;
  end.u32(endMark).u16(0).u16(0).u16(tensors.entries.size()).u16(tensors.entries.size());
  end.u32(directory.bytes.size()).u32(offset).u16(0);
  if (Status status = file->write(directory.bytes + end.bytes); !status)
    return status;
  return file->commit();
}

} // namespace tds::rt
