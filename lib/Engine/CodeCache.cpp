#include "lib/Engine/CodeCache.h"
#include "runtime/AtomicFile.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <vector>

using namespace tds;
using namespace tds::engine;
namespace fs = std::filesystem;

namespace {
struct Header {
  char magic[8];
  uint64_t size, checksum;
};
constexpr char magic[8] = {'t', 'd', 's', 'c', 'o', 'd', 'e', '1'};

uint64_t checksumOf(std::string_view content) { return checksum(std::as_bytes(std::span(content))); }
} // namespace

std::optional<std::string> CodeCache::load(const Hash &key) {
  fs::path path = fileOf(key);
  std::FILE *file = std::fopen(path.c_str(), "rb");
  if (!file)
    return std::nullopt;
  Header header;
  struct stat facts;
  std::string content;
  bool good = std::fread(&header, sizeof header, 1, file) == 1 && std::memcmp(header.magic, magic, sizeof magic) == 0 &&
              fstat(fileno(file), &facts) == 0 && uint64_t(facts.st_size) - sizeof header == header.size;
  if (good) {
    content.resize(header.size);
    good =
        std::fread(content.data(), 1, content.size(), file) == content.size() && checksumOf(content) == header.checksum;
  }
  if (good)
    futimens(fileno(file), nullptr); // used just now: among the last to go
  std::fclose(file);
  if (good)
    return content;
  std::error_code ignored;
  fs::remove(path, ignored);
  return std::nullopt;
}

void CodeCache::store(const Hash &key, std::string_view content) {
  std::lock_guard lock(mutex);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return;
  Header header{{}, content.size(), checksumOf(content)};
  std::memcpy(header.magic, magic, sizeof magic);
  std::string bytes(reinterpret_cast<const char *>(&header), sizeof header);
  bytes += content;
  if (!rt::atomicWrite(fileOf(key), std::as_bytes(std::span(bytes))))
    return;
  if (size)
    *size += bytes.size();
  if (!size || *size > limit)
    shrink();
}

/// Counts what is there; beyond the limit the files that were not used for longest go, to four fifths of it.
void CodeCache::shrink() {
  struct Entry {
    fs::file_time_type used;
    uint64_t size;
    fs::path path;
  };
  std::vector<Entry> entries;
  std::error_code error;
  size = 0;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone; // by another process
    if (it->path().extension() != ".tdsc")
      continue;
    Entry entry{it->last_write_time(gone), it->file_size(gone), it->path()};
    if (gone)
      continue;
    *size += entry.size;
    entries.push_back(std::move(entry));
  }
  if (*size <= limit)
    return;
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) { return a.used < b.used; });
  for (const Entry &entry : entries) {
    if (*size <= limit / 5 * 4)
      break;
    std::error_code gone;
    fs::remove(entry.path, gone);
    *size -= entry.size;
  }
}
