#include "lib/Script/Gradients.h"
#include "lib/Autodiff/GradientNumbers.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

using namespace tds;
using namespace tds::script;
using N = GradientNumbers;

namespace {
/// What differences say of one direction. Of several steps the best counts: a long one meets curvature, a short one the
/// last bits of the value.
struct Differences {
  explicit Differences(const double *numbers);
  double derivative, closest = 0, error = INFINITY;
  unsigned compared = 0;
  bool kink = false;
};
} // namespace

Differences::Differences(const double *numbers) : derivative(numbers[2]) {
  double middle = numbers[1], norm = numbers[3], noise = 0, shown = 0;
  double gaps[N::steps], slopes[N::steps], offs[N::steps];
  double h = N::firstStep;
  for (int64_t k = 0; k < N::steps; ++k, h *= N::stepRatio) {
    double above = numbers[N::firstValue + 2 * k], below = numbers[N::firstValue + 2 * k + 1];
    gaps[k] = slopes[k] = offs[k] = NAN;
    if (!std::isfinite(above) || !std::isfinite(below))
      continue;
    ++compared;
    double difference = (above - below) / (2 * h), off = std::abs(derivative - difference);
    noise = 8 * 0x1p-52 * std::max({std::abs(above), std::abs(below), std::abs(middle)}) / h;
    double scale = std::max({std::abs(derivative), std::abs(difference), norm});
    double own = !std::isfinite(derivative) || !std::isfinite(norm) ? INFINITY
                 : scale == 0                                       ? 0
                                                                    : std::max(0.0, off - noise) / scale;
    if (compared == 1 || own < error) {
      error = own, closest = difference;
      shown = own > GradientReport::bound || scale == 0 ? own : std::min(off / scale, GradientReport::bound);
    }
    gaps[k] = std::abs((above - middle) - (middle - below)) / h;
    slopes[k] = std::abs(difference);
    offs[k] = off;
  }
  if (std::exchange(error, shown) <= GradientReport::bound || !std::isfinite(derivative))
    return;
  static_assert(N::steps == 3);
  // What comes nearer with the step is met in the end: a derivative of 0, say, where the value is h ** 2.
  if (offs[1] < 0.1 * offs[0] && offs[2] < 0.1 * offs[1])
    error = GradientReport::bound;
  // Of what is smooth, the slopes to both sides come together as the steps become shorter, and do not grow.
  bool differs = gaps[2] > 0.3 * gaps[0] && gaps[2] > 1e-3 * std::abs(closest) + 10 * noise;
  bool grows = slopes[1] > 20 * slopes[0] && slopes[2] > 20 * slopes[1] && slopes[2] > 10 * noise;
  kink = differs || grows;
}

/// One evaluation. Along another direction the sides of a kink may happen to agree.
void GradientReport::judge(const double *numbers, Line &line) {
  std::vector<Differences> all;
  for (int64_t d = 0; d < N::directions; ++d)
    all.emplace_back(numbers + d * N::numbers);
  bool kink = std::ranges::any_of(all, &Differences::kink);
  for (const Differences &one : all) {
    ++line.directions;
    if (!one.compared) {
      ++line.unknown;
    } else if (one.error > bound && kink && std::isfinite(one.derivative)) {
      ++line.kinks;
    } else if (line.wrong |= one.error > bound; one.error >= line.error) {
      line.error = one.error;
      line.derivative = one.derivative;
      line.difference = one.closest;
    }
  }
}

void GradientReport::add(const std::vector<engine::Unit::GradientCheck> &checks, std::span<const Tensor> numbers) {
  size_t next = 0;
  for (const engine::Unit::GradientCheck &check : checks) {
    auto key = std::pair(check.place.file, check.place.begin);
    Line &line = lines[key];
    ranges[key] = check.place;
    line.rules = check.rules;
    if (check.result < 0) {
      line.obstacle = check.obstacle;
      continue;
    }
    const Tensor &all = numbers[next++];
    auto *values = static_cast<const double *>(all.data());
    int64_t rows = std::min(all.shape()[0], N::evaluations);
    for (int64_t row = 0; row < rows; ++row) {
      const double *of = values + row * N::directions * N::numbers;
      if (of[0] == 0)
        continue;
      ++line.evaluations;
      judge(of, line);
    }
  }
}

bool GradientReport::anyWrong() const {
  return std::any_of(lines.begin(), lines.end(), [](auto &line) { return line.second.wrong; });
}

std::string GradientReport::text(const Sources &sources) const {
  std::string out;
  unsigned right = 0, wrong = 0, kinks = 0, others = 0;
  auto number = [](const char *format, double value) {
    char text[40];
    std::snprintf(text, sizeof text, format, value);
    return std::string(text);
  };
  auto count = [](unsigned n, const std::string &what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); };
  for (auto &[key, line] : lines) {
    const Range &range = ranges.at(key);
    std::string place = "an unknown place", what = "a derivative";
    if (range.file && range.file < sources.size()) {
      Position at = sources.position(range.file, range.begin);
      place = std::string(sources.name(range.file)) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
      std::string_view written = sources.text(range.file).substr(range.begin);
      what = written.substr(0, std::min(written.find(']') + 1, written.find('\n')));
    }
    unsigned known = line.directions - line.kinks - line.unknown;
    const char *verdict = line.wrong ? "WRONG    " : known ? "right    " : line.kinks ? "kink     " : "unknown  ";
    ++(line.wrong ? wrong : known ? right : line.kinks ? kinks : others);
    out += verdict + place + "  " + what;
    if (known) {
      out += "  largest relative error " + number("%.1e", line.error) + ", " + count(line.directions, "direction") +
             " at " + count(line.evaluations, "evaluation");
      if (line.kinks)
        out += ", " + count(line.kinks, "kink");
    } else if (line.kinks) {
      out += "  the differences to both sides do not agree";
    } else if (line.unknown) {
      out += "  the values beside the point are not finite";
    } else {
      out += line.obstacle.empty() ? "  it was not evaluated" : "  not checked: " + line.obstacle;
    }
    out += "\n";
    if (line.wrong) {
      out += "           the derivative is " + number("%.9g", line.derivative) + ", differences give " +
             number("%.9g", line.difference) + "\n";
      for (const std::string &rule : line.rules)
        out += "           `" + rule + "` in it has a vjp of its own\n";
    }
  }
  out += count(unsigned(lines.size()), "derivative") + ": " + std::to_string(right) + " right, " +
         std::to_string(wrong) + " wrong" + (kinks ? ", " + std::to_string(kinks) + " at kinks" : "") +
         (others ? ", " + std::to_string(others) + " unknown" : "") + "\n";
  return out;
}
