#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tds::engine {

/// 128 bits that stand for what was hashed.
struct Hash {
  uint64_t low = 0, high = 0;
  bool operator==(const Hash &) const = default;
  std::string text() const; ///< 32 hexadecimal digits
};

struct HashOfHash {
  size_t operator()(const Hash &hash) const { return size_t(hash.low); }
};

/// Takes in values one after the other; texts with their lengths, so that none runs into the next.
class Hasher {
public:
  Hasher();
  ~Hasher();
  Hasher &add(std::string_view text);
  Hasher &add(uint64_t number);
  Hasher &add(const Hash &hash) { return add(hash.low).add(hash.high); }
  Hash finish() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

uint64_t checksum(std::span<const std::byte> bytes);

/// Tells this build of the compiler from others: the linker's build id of the program or library that holds this code,
/// else size and time of its file. Code that another build made is not used.
std::string buildId();

} // namespace tds::engine
