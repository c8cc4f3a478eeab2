#pragma once
#include "lib/Engine/Unit.h"
#include "lib/Support/Source.h"
#include <map>
#include <string>

namespace tds::script {

/// What central differences say of a program's derivatives, by the place of each in the source.
class GradientReport {
public:
  /// Above this a derivative is wrong: differences in f64 are right to 1e-9 or so.
  static constexpr double bound = 1e-6;

  /// One evaluation of a piece: its checks, and what its code gave for them, in the same order.
  void add(const std::vector<engine::Unit::GradientCheck> &checks, std::span<const Tensor> numbers);
  /// A line a place, and one for all.
  std::string text(const Sources &sources) const;
  bool anyWrong() const;

private:
  struct Line {
    unsigned evaluations = 0, directions = 0, kinks = 0, unknown = 0;
    bool wrong = false;
    double error = 0;                      ///< the largest
    double derivative = 0, difference = 0; ///< that it is between
    std::string obstacle;
    std::vector<std::string> rules;
  };
  static void judge(const double *numbers, Line &line);

  std::map<std::pair<uint32_t, uint32_t>, Line> lines; ///< by file and first byte
  std::map<std::pair<uint32_t, uint32_t>, Range> ranges;
};

} // namespace tds::script
