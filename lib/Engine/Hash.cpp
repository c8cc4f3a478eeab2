#include "lib/Engine/Hash.h"
#define XXH_INLINE_ALL
#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <xxhash.h>

using namespace tds::engine;

struct Hasher::State {
  XXH3_state_t xxh;
};

Hasher::Hasher() : state(std::make_unique<State>()) { XXH3_128bits_reset(&state->xxh); }
Hasher::~Hasher() = default;

Hasher &Hasher::add(std::string_view text) {
  add(uint64_t(text.size()));
  XXH3_128bits_update(&state->xxh, text.data(), text.size());
  return *this;
}

Hasher &Hasher::add(uint64_t number) {
  XXH3_128bits_update(&state->xxh, &number, sizeof number);
  return *this;
}

Hash Hasher::finish() const {
  XXH128_hash_t hash = XXH3_128bits_digest(&state->xxh);
  return {hash.low64, hash.high64};
}

std::string Hash::text() const {
  std::string out;
  for (uint64_t half : {high, low})
    for (int shift = 60; shift >= 0; shift -= 4)
      out += "0123456789abcdef"[half >> shift & 15];
  return out;
}

uint64_t tds::engine::checksum(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

namespace {
struct Search {
  uintptr_t code;
  std::string id, path;
};

/// The build id among a loaded object's notes, if the object holds `search.code`.
int visitObject(dl_phdr_info *info, size_t, void *data) {
  auto &search = *static_cast<Search *>(data);
  std::span headers(info->dlpi_phdr, info->dlpi_phnum);
  bool holds = false;
  for (const ElfW(Phdr) &header : headers)
    holds |= header.p_type == PT_LOAD && search.code - info->dlpi_addr - header.p_vaddr < header.p_memsz;
  if (!holds)
    return 0;
  search.path = info->dlpi_name && *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
  for (const ElfW(Phdr) &header : headers) {
    if (header.p_type != PT_NOTE)
      continue;
    auto *at = reinterpret_cast<const char *>(info->dlpi_addr + header.p_vaddr), *end = at + header.p_memsz;
    while (end - at >= ptrdiff_t(sizeof(ElfW(Nhdr)))) {
      auto *note = reinterpret_cast<const ElfW(Nhdr) *>(at);
      const char *name = at + sizeof *note, *id = name + (note->n_namesz + 3) / 4 * 4;
      if (note->n_type == NT_GNU_BUILD_ID && std::string_view(name, note->n_namesz) == std::string_view("GNU\0", 4))
        search.id.assign(id, note->n_descsz);
      at = id + (note->n_descsz + 3) / 4 * 4;
    }
  }
  return 1;
}
} // namespace

std::string tds::engine::buildId() {
  Search search{reinterpret_cast<uintptr_t>(&visitObject), "", ""};
  dl_iterate_phdr(visitObject, &search);
  struct stat file;
  if (search.id.empty() && stat(search.path.c_str(), &file) == 0)
    search.id = std::to_string(file.st_size) + "," + std::to_string(file.st_mtim.tv_sec) + "." +
                std::to_string(file.st_mtim.tv_nsec);
  return search.id;
}
