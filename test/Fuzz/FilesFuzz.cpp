// Any bytes: a reader of files (TDS_READER, one a target) ends in an error or in tensors that hold together.
#include "runtime/Files.h"
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <zlib.h>

using namespace tds;

/// Shape and bytes fit each other, and a bool is 0 or 1.
static void hold(const Tensor &tensor) {
  auto count = countElements(tensor.shape(), tensor.element());
  if (!tensor.status() || !count || *count * elementSize(tensor.element()) != tensor.sizeInBytes())
    std::abort();
  unsigned char most = 0;
  for (std::byte byte : tensor.bytes())
    most = std::max(most, static_cast<unsigned char>(byte));
  if (tensor.element() == Element::boolean && most > 1)
    std::abort();
}
[[maybe_unused]] static void hold(const rt::NamedTensors &tensors) {
  for (const auto &[name, tensor] : tensors.entries)
    hold(tensor);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (auto read = rt::TDS_READER(std::as_bytes(std::span(data, size)), "fuzz"))
    hold(*read);
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/// Checksums that fit what was changed, three times in four: behind them lies most of the readers of png and npz.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  auto at = [&](size_t i) { return size_t(data[i]); };
  if (seed % 4 == 0)
    return size;
  if (size > 8 && std::memcmp(data, "\x89PNG", 4) == 0) {
    for (size_t chunk = 8; chunk + 12 <= size;) {
      size_t length = at(chunk) << 24 | at(chunk + 1) << 16 | at(chunk + 2) << 8 | at(chunk + 3);
      if (length > size - chunk - 12)
        break;
      uint8_t *sum = data + chunk + 8 + length;
      uint32_t crc = uint32_t(crc32_z(0, data + chunk + 4, length + 4));
      for (int i = 0; i < 4; ++i)
        sum[i] = uint8_t(crc >> (24 - 8 * i));
      chunk += length + 12;
    }
  }
  return size;
}
