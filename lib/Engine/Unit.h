#pragma once
#include "lib/Engine/Hash.h"
#include "lib/Engine/HostFunctions.h"
#include "lib/Sema/Value.h"
#include "runtime/Device.h"
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace tds::engine {

/// A piece of a program compiled for the types of its inputs, and all that a call of it needs.
struct Unit {
  struct Slot {
    std::string path; ///< "x", "p.w1"
    Element element;
    Shape shape;
  };

  /// A derivative in the piece: lib/Compiler's GradientCheck.
  struct GradientCheck {
    Range place;
    int64_t result = -1;
    std::string obstacle;
    std::vector<std::string> rules;
  };

  /// Inputs whose values have to be known before this piece can be compiled. Nothing else is set then.
  std::set<std::string> wanted;

  std::shared_ptr<const sema::Type> result; ///< its leaves are `results`, in order, up to those of checks
  std::vector<Slot> results;
  std::vector<uint32_t> reads; ///< the leaves among the inputs' that the code takes, in its order
  std::vector<uint64_t> readBytes; ///< of each of `reads`
  std::vector<std::vector<uint32_t>>
      depends;               ///< for each result: the inputs that it varies with, as derivatives see it
  std::vector<Range> places; ///< of run-time checks
  std::vector<GradientCheck> gradientChecks; ///< of a piece that asks for them; no cache keeps it
  std::vector<std::pair<std::string, uint32_t>> hosts; ///< functions of the host that it calls, each with a place of `places`
  uint64_t arenaBytes = 0;
  std::vector<char> object;
  rt::KernelImage image; ///< what the object launches

  tds_entry entry = nullptr;
  std::shared_ptr<const void> code; ///< owns `entry`
  std::shared_ptr<rt::DeviceCode> kernels; ///< `image`, loaded

  /// Runs the code on the inputs' leaves. After an error `check` says what failed, if it was one of the code's checks.
  Result<std::vector<Tensor>> call(rt::Device &device, HostFunctions &functions, std::span<const void *const> leaves,
                                   tds_error &check) const;

  /// The same on a device of its own memory: copies there and back.
  Status callFar(rt::Device &device, rt::Launch launch, tds_error &check) const;

  /// The unit as bytes, without the loaded code, and back; nothing if the bytes are not of this format.
  std::string serialise() const;
  static std::optional<Unit> deserialise(std::string_view bytes);
};

/// A type as a text that tells it from every other, also in what Sema alone looks at.
std::string typeKey(const sema::Type &type);

} // namespace tds::engine
