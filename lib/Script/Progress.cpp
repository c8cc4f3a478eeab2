#include "lib/Script/Progress.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace tds;
using namespace tds::script;
using namespace std::chrono_literals;

//===--- Whereabouts ---------------------------------------------------------------------------------------------===//

namespace {
/// Text into a buffer, by nothing that a signal handler may not call.
struct Buffer {
  char *at, *end;
  void add(const char *text) {
    while (*text && at < end)
      *at++ = *text++;
  }
  void add(int64_t number) {
    char digits[24];
    int count = 0;
    do
      digits[count++] = char('0' + number % 10);
    while (number /= 10);
    while (count && at < end)
      *at++ = digits[--count];
  }
};
} // namespace

size_t Whereabouts::describe(char *buffer, size_t size) const {
  Buffer out{buffer, buffer + size - 1};
  out.add(line.load());
  for (uint32_t i = 0; i < known(); ++i) {
    out.add(i == 0 ? ", in round " : ", round ");
    out.add(loops[i].round.load());
    if (loops[i].rounds >= 0) {
      out.add(" of ");
      out.add(loops[i].rounds.load());
    }
    out.add(" of the loop in line ");
    out.add(loops[i].line.load());
  }
  *out.at = 0;
  return size_t(out.at - buffer);
}

//===--- Progress ------------------------------------------------------------------------------------------------===//

Progress::Progress(const Whereabouts &where) : where(where), on(isatty(STDERR_FILENO)) {
  const char *terminal = std::getenv("TERM");
  on = on && !(terminal && std::strcmp(terminal, "dumb") == 0);
}

void Progress::entered() {
  if (on && where.known())
    starts[where.known() - 1] = Clock::now();
}

void Progress::left() {
  if (where.depth == 0)
    erase();
}

void Progress::erase() {
  if (shown)
    std::fputs("\r\033[K", stderr);
  shown = false;
}

/// "26 s", "2 min 5 s", "1 h 12 min"
static std::string durationText(double seconds) {
  auto s = int64_t(seconds + 0.5);
  if (s < 60)
    return std::to_string(s) + " s";
  if (s < 3600)
    return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s % 3600 / 60) + " min";
}

std::string Progress::text(Clock::time_point now) const {
  uint32_t depth = where.known();
  std::string rounds;
  double part = 0, whole = 1; // what is done of the outermost loop, the inner ones' rounds as parts of its own
  bool counted = true;
  for (uint32_t i = 0; i < depth; ++i) {
    const Whereabouts::Loop &loop = where.loops[i];
    int64_t round = loop.round, all = loop.rounds;
    rounds += (i ? ", " : "") + std::to_string(round) + (all >= 0 ? "/" + std::to_string(all) : "");
    counted = counted && (i > 0 || all > 0);
    if (all > 0) {
      part += whole * double(round - 1) / double(all);
      whole /= double(all);
    } else {
      whole = 0;
    }
  }
  auto seconds = [&](uint32_t i) { return std::chrono::duration<double>(now - starts[i]).count(); };
  uint32_t inner = depth - 1;
  while (inner > 0 && (where.loops[inner].round < 3 || seconds(inner) < 0.2))
    --inner; // just begun
  char rate[40] = "";
  if (int64_t done = where.loops[inner].round - 1; done > 0) {
    double aSecond = double(done) / seconds(inner);
    std::snprintf(rate, sizeof rate, aSecond < 1 ? "  %.1f s a round" : "  %.4g/s",
                  aSecond < 1 ? 1 / aSecond : aSecond);
  }
  std::string left = counted && part > 0 ? "  " + durationText(seconds(0) * (1 - part) / part) + " left" : "";
  return "line " + std::to_string(where.loops[0].line) + ": round " + rounds + rate + left;
}

void Progress::show() {
  Clock::time_point now = Clock::now();
  if (where.depth == 0 || now - starts[0] < 1s || now - last < 100ms)
    return;
  last = now;
  std::string line = text(now);
  winsize size{};
  size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
  line.resize(std::min(line.size(), columns - 1)); // a line that wraps can't be taken away
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  shown = true;
}
