// Ctrl-C. A kernel can't be stopped from outside, and may run for hours: the process ends by force a second after the
// signal unless the interpreter has ended the run itself by then. All that a file may lose by that is its temporary
// name (runtime/AtomicFile.h). The handlers call only what POSIX lets them.
#include "lib/Script/Interrupt.h"
#include "lib/Script/Progress.h"
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <tds/tools.h>
#include <unistd.h>

using namespace tds;
using namespace tds::script;

namespace {
// What handlers see: a signal has no other argument.
std::atomic<bool> signalled{false};
std::atomic<int> holds{0};
std::atomic<const Whereabouts *> place{nullptr};
std::atomic<const char *> fileName{nullptr};

struct sigaction previous[2]; // SIGINT, SIGALRM

/// "interrupted at train.tds:14, in round 38 of 200 of the loop in line 12"
void say(const char *file, const char *where) {
  auto write = [](const char *text) {
    [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
  };
  if (isatty(STDERR_FILENO))
    write("\r\033[K"); // in place of what progress has written
  write("interrupted at ");
  write(file);
  write(":");
  write(where);
  write("\n");
}

[[noreturn]] void endNow() {
  if (const Whereabouts *where = place) {
    char text[400];
    where->describe(text, sizeof text);
    say(fileName, text);
  }
  _exit(tools::interrupted);
}

void onSecond(int) {
  if (holds > 0)
    alarm(1);
  else
    endNow();
}

void onInterrupt(int) {
  int saved = errno;
  if (signalled.exchange(true))
    endNow();
  alarm(1);
  errno = saved;
}
} // namespace

Interrupt::Interrupt(std::string name, const Whereabouts &where) : file(std::move(name)) {
  sigaction(SIGINT, nullptr, &previous[0]);
  if (previous[0].sa_handler == SIG_IGN)
    return;
  signalled = false;
  fileName = file.c_str();
  place = &where;
  struct sigaction action{};
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  action.sa_handler = onSecond;
  sigaction(SIGALRM, &action, &previous[1]);
  action.sa_handler = onInterrupt;
  sigaction(SIGINT, &action, nullptr);
  installed = true;
}

Interrupt::~Interrupt() {
  if (!installed)
    return;
  sigaction(SIGINT, &previous[0], nullptr);
  alarm(0);
  sigaction(SIGALRM, &previous[1], nullptr);
  place = nullptr;
}

bool Interrupt::came() { return signalled.load(std::memory_order_relaxed); }

void Interrupt::report(const std::string &where) const { say(file.c_str(), where.c_str()); }

Interrupt::Hold::Hold() { ++holds; }
Interrupt::Hold::~Hold() { --holds; }
