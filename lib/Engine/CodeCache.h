#pragma once
#include "lib/Engine/Hash.h"
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tds::engine {

/// Files named after what they were made from. Each has its content's checksum before it; one that is damaged, or of
/// another version, counts as missing. Written whole or not at all, so that processes may share the folder. A cache
/// that can't be read or written is slow, never an error.
class CodeCache {
public:
  CodeCache(std::filesystem::path folder, uint64_t limit) : folder(std::move(folder)), limit(limit) {}

  std::optional<std::string> load(const Hash &key);
  void store(const Hash &key, std::string_view content);

private:
  std::filesystem::path fileOf(const Hash &key) const { return folder / (key.text() + ".tdsc"); }
  void shrink();

  std::filesystem::path folder;
  uint64_t limit;
  std::mutex mutex;
  std::optional<uint64_t> size; ///< of all files, from the first time that something is stored
};

} // namespace tds::engine
