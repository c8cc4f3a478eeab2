//===- Runtime/PoolTest.cpp - parallel loops, reports and the processor as a device ---===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/Device.h"
#include "runtime/cpu/Pool.h"

using namespace tds::rt;

namespace {
/// tds_parallel_for over a C++ callable of (begin, end, worker).
template <class F> void parallelFor(tds_pool *pool, int64_t begin, int64_t end, int64_t grain, F body) {
  auto call = [](void *context, int64_t from, int64_t to, int64_t worker) {
    (*static_cast<F *>(context))(from, to, worker);
  };
  tds_parallel_for(pool, call, &body, begin, end, grain);
}
} // namespace

TEST(Pool, EachChunkRunsOnceWhateverTheThreads) {
  for (int64_t workers : {1, 2, 3, 16}) {
    Pool pool = createPool(workers);
    ASSERT_EQ(tds_pool_size(pool.get()), workers);
    for (int64_t length : {0, 1, 7, 64, 1001}) {
      std::vector<std::atomic<int>> seen(size_t(length) + 1);
      std::atomic<bool> aligned{true};
      parallelFor(pool.get(), -5, -5 + length, 7, [&](int64_t from, int64_t to, int64_t worker) {
        if ((from + 5) % 7 != 0 || (to - from != 7 && to != -5 + length) || worker < 0 || worker >= workers)
          aligned = false;
        for (int64_t i = from; i < to; ++i)
          ++seen[size_t(i + 5)];
      });
      EXPECT_TRUE(aligned);
      for (int64_t i = 0; i < length; ++i)
        EXPECT_EQ(seen[size_t(i)], 1);
    }
  }
}

TEST(Pool, ManyShortLoopsSeeEachOthersWrites) {
  Pool pool = createPool(4);
  std::vector<int64_t> values(64);
  for (int round = 0; round < 3000; ++round)
    parallelFor(pool.get(), 0, 64, 1, [&](int64_t from, int64_t to, int64_t) {
      for (int64_t i = from; i < to; ++i)
        values[size_t(i)] += i;
    });
  for (int64_t i = 0; i < 64; ++i)
    EXPECT_EQ(values[size_t(i)], 3000 * i);
}

TEST(Pool, WorkersOfOneTimeDiffer) {
  Pool pool = createPool(8);
  std::vector<std::atomic<int>> busy(8);
  std::atomic<bool> clash{false};
  parallelFor(pool.get(), 0, 200, 1, [&](int64_t, int64_t, int64_t worker) {
    if (busy[size_t(worker)].fetch_add(1) != 0)
      clash = true;
    std::this_thread::yield();
    // An inner loop keeps the outer's worker: its scratch memory is the same.
    parallelFor(pool.get(), 0, 3, 1, [&](int64_t, int64_t, int64_t inner) {
      if (inner != worker)
        clash = true;
    });
    --busy[size_t(worker)];
  });
  EXPECT_FALSE(clash);
}

TEST(Pool, SleepingThreadsWakeForTheNextLoop) {
  Pool pool = createPool(3);
  for (int round = 0; round < 5; ++round) {
    std::atomic<int64_t> sum{0};
    parallelFor(pool.get(), 0, 30, 1, [&](int64_t from, int64_t, int64_t) { sum += from; });
    EXPECT_EQ(sum, 435);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(Pool, ThreadsShareTheWork) {
  Pool pool = createPool(2);
  std::atomic<int> inside{0};
  std::atomic<bool> met{false};
  // Two chunks that wait for each other, for a while: they must run at one time.
  parallelFor(pool.get(), 0, 2, 1, [&](int64_t, int64_t, int64_t) {
    ++inside;
    for (int i = 0; i < 10000 && inside < 2; ++i)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    met = met || inside == 2;
  });
  EXPECT_TRUE(met);
}

TEST(Pool, CallersOfSeveralThreadsDoNotMeet) {
  Pool pool = createPool(3);
  std::vector<std::thread> callers;
  std::atomic<int64_t> total{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round)
        parallelFor(pool.get(), 0, 100, 9, [&](int64_t from, int64_t to, int64_t) { total += to - from; });
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(total, 4 * 200 * 100);
}

TEST(Pool, CreatedAndDestroyedWithoutALoop) {
  for (int i = 0; i < 1000; ++i)
    createPool(64);
  EXPECT_GE(tds_pool_size(createPool().get()), 1);
  EXPECT_EQ(tds_pool_size(nullptr), 1);
}

TEST(Report, TheFirstWinsWhole) {
  Pool pool = createPool(4);
  tds_error error{};
  parallelFor(pool.get(), 1, 100, 1, [&](int64_t from, int64_t, int64_t) {
    tds_report(&error, TDS_INDEX_OUTSIDE, int32_t(from), from, from);
  });
  EXPECT_EQ(error.code, TDS_INDEX_OUTSIDE);
  EXPECT_GT(error.place, 0);
  EXPECT_EQ(error.value, error.place);
  EXPECT_EQ(error.bound, error.place);
}

TEST(CpuDevice, RunsAnEntryWithScratchMemory) {
  auto device = createCpuDevice(2);
  ASSERT_TRUE(device);
  float in = 3, out = 0;
  void *buffers[] = {&in, &out};
  int64_t sizes[] = {5};
  Launch launch{[](const tds_call *call) {
                  auto *scratch = static_cast<float *>(call->arena);
                  scratch[25] = *static_cast<const float *>(call->buffers[0]);
                  *static_cast<float *>(call->buffers[1]) =
                      scratch[25] * float(call->sizes[0]) + float(uintptr_t(scratch) % 64);
                },
                buffers, sizes, 104};
  tds_error check;
  ASSERT_TRUE((*device)->execute(launch, check));
  EXPECT_EQ(out, 15);
  launch.arenaBytes = size_t(1) << 60;
  EXPECT_FALSE((*device)->execute(launch, check));
}

TEST(CpuDevice, AFailingCheckIsAnErrorAndTheNextCallGoesOn) {
  auto device = createCpuDevice(1);
  ASSERT_TRUE(device);
  tds_error check;
  Launch launch{[](const tds_call *call) { tds_report(call->error, TDS_INDEX_OUTSIDE, 4, 7, 5); }, {}, {}, 0};
  tds::Status status = (*device)->execute(launch, check);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "index 7 is outside a dimension of size 5");
  EXPECT_EQ(check.place, 4);
  launch.entry = [](const tds_call *) {};
  EXPECT_TRUE((*device)->execute(launch, check));
  EXPECT_EQ(check.code, TDS_FINE);
}

TEST(CpuDevice, CallsOfSeveralThreadsHaveScratchMemoryOfTheirOwn) {
  auto device = createCpuDevice(2);
  ASSERT_TRUE(device);
  std::atomic<bool> clash{false};
  std::vector<std::thread> callers;
  for (int64_t caller = 0; caller < 6; ++caller)
    callers.emplace_back([&, caller] {
      int64_t sizes[] = {caller};
      void *buffers[] = {&clash};
      for (int round = 0; round < 200; ++round) {
        tds_error check;
        Launch launch{[](const tds_call *call) {
                        auto *scratch = static_cast<volatile int64_t *>(call->arena);
                        *scratch = call->sizes[0];
                        std::this_thread::yield();
                        if (*scratch != call->sizes[0])
                          *static_cast<std::atomic<bool> *>(call->buffers[0]) = true;
                      },
                      buffers, sizes, size_t(64 * (caller + 1 + round % 7))};
        if (!(*device)->execute(launch, check))
          clash = true;
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_FALSE(clash);
}
