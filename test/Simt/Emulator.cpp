//===- Emulator.cpp - blocks of GPU threads on the processor --------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "test/Simt/Emulator.h"

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <random>

#include "runtime/abi/half.h"

// Saves what a call must keep on one stack, and goes on with another.
extern "C" void tds_simt_switch(void **save, void *to);
asm(R"(.text
.globl tds_simt_switch
.hidden tds_simt_switch
.type tds_simt_switch, @function
tds_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

namespace tds::simt {
namespace {

constexpr size_t stackBytes = 32 << 10;

/// A thread of the block that runs.
struct Thread {
  enum State { ready, waiting, ended };

  unsigned number = 0;
  State state = ready;
  const void *barrier = nullptr; // where it waits
  void *context = nullptr;
  std::unique_ptr<char[]> stack{new char[stackBytes]};
};

/// Who last touched a byte of shared memory since the last barrier.
struct Touched {
  unsigned interval = 0;
  int writer = -1, reader = -1;
  bool manyReaders = false;
};

struct Block {
  const Grid &grid;
  const std::vector<SharedRange> &shared;
  const std::function<void()> &body;
  unsigned number = 0;
  unsigned interval = 1; // between barriers
  std::vector<Thread> threads;
  std::vector<std::vector<Touched>> touched; // of each range
  Thread *current = nullptr;
  void *scheduler = nullptr;
  std::string error;

  void fail(const std::string &what) {
    if (error.empty())
      error = what + " (block " + std::to_string(number) + ")";
  }
};

thread_local Block *block = nullptr;

void pause() { tds_simt_switch(&block->current->context, block->scheduler); }

void enter() {
  block->body();
  block->current->state = Thread::ended;
  for (;;)
    pause();
}

/// A stack on which `enter` is about to start.
void prepare(Thread &thread) {
  uintptr_t top = reinterpret_cast<uintptr_t>(thread.stack.get() + stackBytes) & ~uintptr_t(15);
  void **stack = reinterpret_cast<void **>(top);
  *--stack = nullptr; // aligns as a call would
  *--stack = reinterpret_cast<void *>(enter);
  for (int i = 0; i < 6; ++i)
    *--stack = nullptr;
  thread.context = stack;
  thread.state = Thread::ready;
}

//===--- What kernels call ---------------------------------------------------------------------------------------===//

unsigned threadNumber() { return block->current->number; }
unsigned blockNumber() { return block->number; }

void barrier() {
  block->current->state = Thread::waiting;
  block->current->barrier = __builtin_return_address(0);
  pause();
}

void access(void *address, int bytes, int writes) {
  char *begin = static_cast<char *>(address);
  for (size_t r = 0; r < block->shared.size(); ++r) {
    const SharedRange &range = block->shared[r];
    if (begin < range.begin || begin + bytes > range.begin + range.bytes)
      continue;
    int self = int(block->current->number);
    for (int i = 0; i < bytes; ++i) {
      Touched &byte = block->touched[r][size_t(begin - range.begin) + size_t(i)];
      if (byte.interval != block->interval)
        byte = {block->interval};
      int other = byte.writer >= 0 && byte.writer != self ? byte.writer : -1;
      if (writes && other < 0 && (byte.manyReaders || (byte.reader >= 0 && byte.reader != self)))
        other = byte.reader;
      if (other >= 0)
        block->fail("threads " + std::to_string(self) + " and " + std::to_string(other) +
                    " race for a byte of shared memory");
      if (writes)
        byte.writer = self;
      else {
        byte.manyReaders |= byte.reader >= 0 && byte.reader != self;
        byte.reader = self;
      }
    }
    return;
  }
  block->fail("an access to shared memory outside of it");
}

/// With the processor's rounding set to `mode` for the time of one operation.
template <class F> auto rounded(int mode, F operation) {
  int before = std::fegetround();
  std::fesetround(mode);
  volatile auto result = operation();
  std::fesetround(before);
  return result;
}

// What libdevice's functions ask for. Approximations are exact here: the functions refine them.
double fmaRnD(double x, double y, double z) { return std::fma(x, y, z); }
float fmaRnF(float x, float y, float z) { return std::fma(x, y, z); }
float fmaRzF(volatile float x, volatile float y, volatile float z) {
  return rounded(FE_TOWARDZERO, [&] { return std::fma(x, y, z); });
}
float fmaRmF(volatile float x, volatile float y, volatile float z) {
  return rounded(FE_DOWNWARD, [&] { return std::fma(x, y, z); });
}
double mulRnD(double x, double y) { return x * y; }
float mulRnF(float x, float y) { return x * y; }
double addRnD(double x, double y) { return x + y; }
float addRnF(float x, float y) { return x + y; }
float addRzF(volatile float x, volatile float y) {
  return rounded(FE_TOWARDZERO, [&] { return x + y; });
}
double addRzD(volatile double x, volatile double y) {
  return rounded(FE_TOWARDZERO, [&] { return x + y; });
}
int32_t highWord(double x) { return int32_t(std::bit_cast<uint64_t>(x) >> 32); }
int32_t lowWord(double x) { return int32_t(std::bit_cast<uint64_t>(x)); }
double fromWords(int32_t low, int32_t high) {
  return std::bit_cast<double>(uint64_t(uint32_t(high)) << 32 | uint32_t(low));
}
template <class To, class From> To saturated(From x) {
  if (std::isnan(x))
    return 0;
  constexpr From least = From(std::numeric_limits<To>::min()), most = From(std::numeric_limits<To>::max());
  return x <= least ? std::numeric_limits<To>::min() : x >= most ? std::numeric_limits<To>::max() : To(x);
}
int32_t toIntRnD(double x) { return saturated<int32_t>(std::nearbyint(x)); }
int32_t toIntRnF(float x) { return saturated<int32_t>(std::nearbyint(x)); }
int32_t toIntRzF(float x) { return saturated<int32_t>(x); }
int64_t toLongRnD(double x) { return saturated<int64_t>(std::nearbyint(x)); }
int64_t toLongRnF(float x) { return saturated<int64_t>(std::nearbyint(x)); }
double rcpD(double x) { return 1 / x; }
double rsqrtD(double x) { return 1 / std::sqrt(x); }
float rsqrtF(float x) { return 1 / std::sqrt(x); }
float ex2F(float x) { return std::exp2(x); }
float lg2F(float x) { return std::log2(x); }
float divF(float x, float y) { return x / y; }
double divD(double x, double y) { return x / y; }
double sqrtD(double x) { return std::sqrt(x); }
float sqrtF(float x) { return std::sqrt(x); }
double truncD(double x) { return std::trunc(x); }
float truncF(float x) { return std::trunc(x); }
double floorD(double x) { return std::floor(x); }
float floorF(float x) { return std::floor(x); }
double roundD(double x) { return std::nearbyint(x); } // cvt.rni
float roundF(float x) { return std::nearbyint(x); }
double minD(double x, double y) { return std::fmin(x, y); }
float minF(float x, float y) { return std::fmin(x, y); }
double maxD(double x, double y) { return std::fmax(x, y); }
float maxF(float x, float y) { return std::fmax(x, y); }
float saturateF(float x) { return std::isnan(x) ? 0 : std::fmin(std::fmax(x, 0.0f), 1.0f); }

// What LLVM calls where the processor has no instruction.
__bf16 bfloatOf(uint16_t bits) { return std::bit_cast<__bf16>(bits); }
__bf16 bfloatFromFloat(float x) { return bfloatOf(tds_bfloat_from_float(x)); }
__bf16 bfloatFromDouble(double x) { return bfloatOf(tds_bfloat_from_double(x)); }
_Float16 halfFromFloat(float x) { return std::bit_cast<_Float16>(tds_half_from_float(x)); }
_Float16 halfFromDouble(double x) { return std::bit_cast<_Float16>(tds_half_from_double(x)); }
float floatFromHalf(_Float16 x) { return tds_float_from_half(std::bit_cast<uint16_t>(x)); }

template <class F> void *at(F *function) { return reinterpret_cast<void *>(function); }

} // namespace

const Shim shims[] = {{"tds_simt_tid", at(threadNumber)},
                      {"tds_simt_ctaid", at(blockNumber)},
                      {"tds_simt_barrier", at(barrier)},
                      {"tds_simt_access", at(access)},
                      {"tds_simt_fma.rn.d", at(fmaRnD)},
                      {"tds_simt_fma.rn.f", at(fmaRnF)},
                      {"tds_simt_fma.rz.f", at(fmaRzF)},
                      {"tds_simt_fma.rm.f", at(fmaRmF)},
                      {"tds_simt_mul.rn.d", at(mulRnD)},
                      {"tds_simt_mul.rn.f", at(mulRnF)},
                      {"tds_simt_add.rn.d", at(addRnD)},
                      {"tds_simt_add.rn.f", at(addRnF)},
                      {"tds_simt_add.rz.f", at(addRzF)},
                      {"tds_simt_add.rz.d", at(addRzD)},
                      {"tds_simt_d2i.hi", at(highWord)},
                      {"tds_simt_d2i.lo", at(lowWord)},
                      {"tds_simt_lohi.i2d", at(fromWords)},
                      {"tds_simt_d2i.rn", at(toIntRnD)},
                      {"tds_simt_f2i.rn", at(toIntRnF)},
                      {"tds_simt_f2i.rz", at(toIntRzF)},
                      {"tds_simt_d2ll.rn", at(toLongRnD)},
                      {"tds_simt_f2ll.rn", at(toLongRnF)},
                      {"tds_simt_rcp.approx.ftz.d", at(rcpD)},
                      {"tds_simt_rsqrt.approx.d", at(rsqrtD)},
                      {"tds_simt_rsqrt.approx.f", at(rsqrtF)},
                      {"tds_simt_rsqrt.approx.ftz.f", at(rsqrtF)},
                      {"tds_simt_rsqrt.approx.ftz.d", at(rsqrtD)},
                      {"tds_simt_div.rn.f", at(divF)},
                      {"tds_simt_div.rn.d", at(divD)},
                      {"tds_simt_ex2.approx.f32", at(ex2F)},
                      {"tds_simt_ex2.approx.ftz.f32", at(ex2F)},
                      {"tds_simt_lg2.approx.f", at(lg2F)},
                      {"tds_simt_lg2.approx.ftz.f", at(lg2F)},
                      {"tds_simt_div.approx.f", at(divF)},
                      {"tds_simt_sqrt.rn.d", at(sqrtD)},
                      {"tds_simt_sqrt.rn.f", at(sqrtF)},
                      {"tds_simt_sqrt.approx.f", at(sqrtF)},
                      {"tds_simt_trunc.d", at(truncD)},
                      {"tds_simt_trunc.f", at(truncF)},
                      {"tds_simt_floor.d", at(floorD)},
                      {"tds_simt_floor.f", at(floorF)},
                      {"tds_simt_round.d", at(roundD)},
                      {"tds_simt_round.f", at(roundF)},
                      {"tds_simt_fmin.d", at(minD)},
                      {"tds_simt_fmin.f", at(minF)},
                      {"tds_simt_fmax.d", at(maxD)},
                      {"tds_simt_fmax.f", at(maxF)},
                      {"tds_simt_saturate.f", at(saturateF)},
                      {"__truncsfbf2", at(bfloatFromFloat)},
                      {"__truncdfbf2", at(bfloatFromDouble)},
                      {"__truncsfhf2", at(halfFromFloat)},
                      {"__truncdfhf2", at(halfFromDouble)},
                      {"__extendhfsf2", at(floatFromHalf)},
                      {nullptr, nullptr}};

std::string run(const Grid &grid, const std::vector<SharedRange> &shared, unsigned order,
                const std::function<void()> &body) {
  Block state{grid, shared, body};
  block = &state;
  state.threads.resize(grid.threads);
  for (const SharedRange &range : shared)
    state.touched.emplace_back(range.bytes);
  std::vector<unsigned> turns(grid.threads);
  std::iota(turns.begin(), turns.end(), 0u);
  if (order == 1)
    std::reverse(turns.begin(), turns.end());
  std::mt19937 random(order);
  for (state.number = 0; state.number < grid.blocks && state.error.empty(); ++state.number) {
    for (const SharedRange &range : shared)
      std::memset(range.begin, 0xff, range.bytes);
    ++state.interval;
    for (unsigned i = 0; i < grid.threads; ++i) {
      state.threads[i].number = i;
      prepare(state.threads[i]);
    }
    for (;;) {
      if (order > 1)
        std::shuffle(turns.begin(), turns.end(), random);
      for (unsigned i : turns)
        if (Thread &thread = state.threads[i]; thread.state == Thread::ready) {
          state.current = &thread;
          tds_simt_switch(&state.scheduler, thread.context);
        }
      size_t ended = 0, waiting = 0;
      const void *where = nullptr;
      bool apart = false;
      for (const Thread &thread : state.threads) {
        ended += thread.state == Thread::ended;
        if (thread.state != Thread::waiting)
          continue;
        apart |= waiting && thread.barrier != where;
        where = thread.barrier;
        ++waiting;
      }
      if (waiting == 0)
        break;
      if (ended)
        state.fail(std::to_string(waiting) + " threads wait at a barrier that " + std::to_string(ended) +
                   " others never reach");
      else if (apart)
        state.fail("threads of a block wait at different barriers");
      if (!state.error.empty())
        break;
      for (Thread &thread : state.threads)
        thread.state = Thread::ready;
      ++state.interval;
    }
  }
  block = nullptr;
  return state.error;
}

} // namespace tds::simt
