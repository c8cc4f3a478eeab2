#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace tds::script {

/// Where a script is: its line and the rounds of the loops around it. Plain numbers, as a signal handler reads them.
struct Whereabouts {
  struct Loop {
    std::atomic<uint32_t> line{0};
    std::atomic<int64_t> round{0};   ///< from 1
    std::atomic<int64_t> rounds{-1}; ///< -1: not known
  };
  std::atomic<uint32_t> line{0};
  std::atomic<uint32_t> depth{0}; ///< of loops; those beyond the array are not kept
  std::array<Loop, 8> loops;

  uint32_t known() const { return depth < loops.size() ? depth.load() : uint32_t(loops.size()); }
  /// "14, in round 38 of 200 of the loop in line 12" into a buffer, ended by a zero; the length. Allocates nothing.
  size_t describe(char *buffer, size_t size) const;
  std::string text() const {
    char buffer[400];
    return {buffer, describe(buffer, sizeof buffer)};
  }
};

/// A line on the terminal about loops that take long: rounds, rate, time left. Nothing if standard error is no
/// terminal, nor in a loop's first second.
class Progress {
public:
  explicit Progress(const Whereabouts &where);
  ~Progress() { erase(); }
  Progress(const Progress &) = delete;

  void turnOff() { on = false; }
  void entered();
  /// A round begins.
  void round() {
    if (on)
      show();
  }
  void left();
  /// Takes the line away: something else is to be written.
  void erase();

private:
  using Clock = std::chrono::steady_clock;
  void show();
  std::string text(Clock::time_point now) const;

  const Whereabouts &where;
  bool on, shown = false;
  std::array<Clock::time_point, 8> starts;
  Clock::time_point last{};
};

} // namespace tds::script
