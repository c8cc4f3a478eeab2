//===- runtime/cpu/Pool.cpp - threads for parallel loops ------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One loop at a time. Its chunks are dealt out in equal runs, one a worker; a worker takes the chunks of its own run
// one by one, then those that others have left. So it touches nobody else's counter while it has work, and a worker
// that the system does not run holds up no more than the chunk in its hands: the caller waits for the workers that
// entered the loop, not for those that have yet to wake.
//
// `gate` says which loop is open and how many helpers are inside it. A helper enters by raising the count while the
// loop is open; the caller closes the loop once no chunk is left, waits for the count to fall to 0, and only then may
// the loop's data be overwritten.
//
//===----------------------------------------------------------------------===//
#include "runtime/cpu/Pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <sched.h>
#include <system_error>
#include <thread>
#include <vector>

namespace {

/// The worker that this thread is inside a body, -1 outside: a loop in a body runs serially, as the same worker.
thread_local int64_t currentWorker = -1;

struct InsideBody {
  int64_t before = currentWorker;
  explicit InsideBody(int64_t worker) { currentWorker = worker; }
  ~InsideBody() { currentWorker = before; }
};

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// A loop as the workers see it.
struct Loop {
  tds_body body = nullptr;
  void *context = nullptr;
  int64_t begin = 0, end = 0, grain = 1;

  void runChunk(int64_t chunk, int64_t worker) const {
    // `chunk * grain` is below end - begin: only the end of the last chunk could overflow.
    int64_t from = begin + chunk * grain;
    body(context, from, end - from < grain ? end : from + grain, worker);
  }
};

/// The chunks of one worker's run that nobody has taken. A cache line each.
struct alignas(64) Run {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
};

// The gate: bit 0 open, bits 1-31 helpers inside, bits 32-63 the number of the loop.
constexpr uint64_t openBit = 1, oneInside = 2, insideMask = 0xfffffffe;
uint64_t loopNumber(uint64_t gate) { return gate >> 32; }

/// Microseconds: about what it takes to wake a sleeper.
constexpr int spins = 100;

} // namespace

struct tds_pool {
  explicit tds_pool(int64_t workers) : workers(workers), runs(size_t(workers)) {}
  ~tds_pool();

  void run(const Loop &loop, int64_t chunks);

  const int64_t workers;

private:
  void startThreads();
  void help(int64_t worker);
  void work(int64_t worker);
  void close();
  bool waitForLoop(uint64_t &done);

  // Who has it owns the loop's data. Never waited for: a second caller runs its loop alone.
  std::mutex callers;
  friend void tds_parallel_for(tds_pool *, tds_body, void *, int64_t, int64_t, int64_t);

  Loop loop;
  std::vector<Run> runs;
  std::vector<std::thread> threads;
  bool started = false;
  int spinsHere = spins;

  alignas(64) std::atomic<uint64_t> gate{0};
  std::atomic<int64_t> sleepers{0};
  std::atomic<bool> callerSleeps{false}, stopping{false};
  std::mutex sleep;
  std::condition_variable opened, emptied;
};

tds_pool::~tds_pool() {
  {
    std::lock_guard lock(sleep);
    stopping = true;
  }
  opened.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

void tds_pool::startThreads() {
  started = true;
  // With more threads than cores a spinning one keeps the core from one that has work.
  if (workers > tds::rt::usableCores())
    spinsHere = 0;
  threads.reserve(size_t(workers - 1));
  for (int64_t worker = 1; worker < workers; ++worker) {
    try {
      threads.emplace_back([this, worker] { help(worker); });
    } catch (const std::system_error &) {
      return; // the system gives no more: those there are do the work
    }
  }
}

void tds_pool::work(int64_t worker) {
  InsideBody inside(worker);
  for (int64_t i = 0; i < workers; ++i) {
    Run &run = runs[size_t((worker + i) % workers)];
    // The load keeps finished runs from being counted up by every passer-by.
    while (run.next.load(std::memory_order_relaxed) < run.end) {
      int64_t chunk = run.next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= run.end)
        break;
      loop.runChunk(chunk, worker);
    }
  }
}

bool tds_pool::waitForLoop(uint64_t &done) {
  auto ready = [&] {
    uint64_t now = gate.load();
    return stopping.load() || ((now & openBit) && loopNumber(now) != done);
  };
  for (int i = 0; i < spinsHere; ++i) {
    if (ready())
      return !stopping.load();
    relax();
  }
  std::unique_lock lock(sleep);
  // Counted before the gate is looked at, as the caller opens the gate before it looks at the count: one sees the
  // other.
  ++sleepers;
  opened.wait(lock, ready);
  --sleepers;
  return !stopping.load();
}

void tds_pool::help(int64_t worker) {
  uint64_t done = 0;
  while (waitForLoop(done)) {
    uint64_t now = gate.load();
    // A failed exchange reads the gate anew: it may have closed, or the next loop may be open.
    while ((now & openBit) && !gate.compare_exchange_weak(now, now + oneInside)) {
    }
    if (!(now & openBit))
      continue;
    done = loopNumber(now);
    work(worker);
    uint64_t before = gate.fetch_sub(oneInside);
    if ((before & insideMask) == oneInside && callerSleeps.load()) {
      {
        std::lock_guard lock(sleep);
      }
      emptied.notify_one();
    }
  }
}

void tds_pool::close() {
  gate.fetch_and(~openBit);
  auto empty = [&] { return (gate.load() & insideMask) == 0; };
  for (int i = 0; i < spinsHere; ++i) {
    if (empty())
      return;
    relax();
  }
  std::unique_lock lock(sleep);
  callerSleeps = true;
  emptied.wait(lock, empty);
  callerSleeps = false;
}

void tds_pool::run(const Loop &next, int64_t chunks) {
  loop = next;
  for (int64_t worker = 0; worker < workers; ++worker) {
    // In 128 bits: chunks * workers need not fit 64.
    runs[size_t(worker)].next.store(int64_t(__int128(chunks) * worker / workers), std::memory_order_relaxed);
    runs[size_t(worker)].end = int64_t(__int128(chunks) * (worker + 1) / workers);
  }
  if (!started)
    startThreads();
  // Number 0 is what a new helper has done.
  uint64_t number = (loopNumber(gate.load()) + 1) & 0xffffffff;
  gate.store((number ? number : 1) << 32 | openBit);

  int64_t wake = std::min(sleepers.load(), chunks - 1);
  if (wake > 0) {
    {
      std::lock_guard lock(sleep);
    }
    if (wake == workers - 1)
      opened.notify_all();
    else
      for (int64_t i = 0; i < wake; ++i)
        opened.notify_one();
  }
  work(0);
  close();
}

int64_t tds::rt::usableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

void tds_parallel_for(tds_pool *pool, tds_body body, void *context, int64_t begin, int64_t end, int64_t grain) {
  if (begin >= end)
    return;
  Loop loop{body, context, begin, end, std::max<int64_t>(grain, 1)};
  int64_t chunks = (end - begin - 1) / loop.grain + 1;
  if (chunks > 1 && pool && pool->workers > 1 && currentWorker < 0 && pool->callers.try_lock()) {
    pool->run(loop, chunks);
    pool->callers.unlock();
    return;
  }
  InsideBody inside(std::max<int64_t>(currentWorker, 0));
  for (int64_t chunk = 0; chunk < chunks; ++chunk)
    loop.runChunk(chunk, currentWorker);
}

int64_t tds_pool_size(const tds_pool *pool) { return pool ? pool->workers : 1; }

tds_pool *tds_pool_create(int64_t workers) {
  // Far beyond any machine; keeps the count inside the gate's bits.
  constexpr int64_t most = 4096;
  return new (std::nothrow) tds_pool(std::min(workers > 0 ? workers : tds::rt::usableCores(), most));
}

void tds_pool_destroy(tds_pool *pool) { delete pool; }
