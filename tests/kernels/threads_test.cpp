// The team of threads: every task once, also when the system has more to run than cores; and ops that allocate nothing.
#include "kernels/cpu/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "kernels/check.h"
#include "tests/kernels/op_support.h"

namespace {
std::atomic<int64_t> allocations{0};
}

// Counts what any thread of this program allocates. Not inline: g++ would see malloc'ed memory meet another delete.
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto unit = static_cast<size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace deskhand {
namespace {

using testing::Matrix;
using testing::RandomWeight;

TEST(Threads, EveryTaskRunsOnceByAThreadOfTheTeam) {
  for (const int count : {1, 2, 3, 7}) {
    cpu::Threads threads(count);
    EXPECT_EQ(threads.count(), count);
    for (int round = 0; round < 300; ++round) {
      const int64_t tasks = round % 50;
      std::vector<std::atomic<int>> ran(static_cast<size_t>(tasks));
      threads.run(tasks, [&](int64_t task, int thread) {
        EXPECT_GE(thread, 0);
        EXPECT_LT(thread, count);
        ++ran[static_cast<size_t>(task)];
      });
      for (const auto& times : ran) ASSERT_EQ(times, 1) << count << " threads, round " << round;
    }
  }
}

// A helper that was put aside with the last ticket of a small job must not take a task when a larger one begins.
TEST(Threads, ALateHelperNeverTakesATaskOfTheJobBefore) {
  cpu::Threads threads(6);  // more than there are cores, so that helpers are put aside
  std::atomic<int64_t> current{0}, stale{0};
  for (int64_t round = 1; round <= 600000; ++round) {
    const int64_t tasks = round % 2 == 0 ? 2 : 40;
    std::atomic<int64_t> ran{0};
    current = round;
    threads.run(tasks, [&, round](int64_t, int) {
      if (current != round) ++stale;
      ++ran;
    });
    ASSERT_EQ(ran, tasks) << "round " << round;
  }
  EXPECT_EQ(stale, 0);
}

TEST(Threads, ResultsAreVisibleAfterTheRun) {
  cpu::Threads threads(3);
  std::vector<int64_t> squares(1000);
  int64_t total = 0;
  for (int64_t round = 1; round <= 200; ++round) {
    threads.run(1000, [&](int64_t task, int) { squares[static_cast<size_t>(task)] = task * round; });
    for (const int64_t square : squares) total += square;
  }
  EXPECT_EQ(total, int64_t{999} * 1000 / 2 * (200 * 201 / 2));
}

TEST(Threads, SleepersWake) {
  cpu::Threads threads(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // long enough for the helper to fall asleep
    std::atomic<int> ran{0};
    threads.run(16, [&](int64_t, int) { ++ran; });
    EXPECT_EQ(ran, 16);
  }
}

/// Programs that never sleep, two for every core.
class BusyCores {
 public:
  BusyCores() {
    for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
      threads_.emplace_back([](std::stop_token stop) {
        while (!stop.stop_requested()) {
        }
      });
    }
  }

 private:
  std::vector<std::jthread> threads_;
};

TEST(Threads, MoreThreadsThanCoresFinish) {
  const BusyCores busy;
  cpu::Threads threads(8);
  std::atomic<int64_t> ran{0};
  for (int round = 0; round < 50; ++round) threads.run(64, [&](int64_t, int) { ++ran; });
  EXPECT_EQ(ran, 50 * 64);
}

/// Seconds of 300 jobs as a forward pass has them: 16 tasks of some tens of microseconds.
double seconds_of_jobs(int count) {
  cpu::Threads threads(count);
  std::vector<float> sums(16);
  const auto begin = std::chrono::steady_clock::now();
  for (int round = 0; round < 300; ++round) {
    threads.run(16, [&](int64_t task, int) {
      volatile float sum = 0;
      for (int i = 0; i < 20000; ++i) sum = sum + 1.0f;
      sums[static_cast<size_t>(task)] = sum;
    });
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// The caller takes whatever nobody has begun, so helpers that do not get a core cost what they hold and no more.
TEST(Threads, OnBusyCoresATeamDoesNotCollapse) {
  const BusyCores busy;
  const double one = seconds_of_jobs(1), team = seconds_of_jobs(2);
  std::printf("busy cores: one thread %.2f s, two %.2f s\n", one, team);
  EXPECT_LT(team, 3 * one);
}

TEST(Threads, ATeamHasAtLeastOne) {
  EXPECT_THROW(cpu::Threads(0), InternalError);
}

TEST(Allocations, OpsAllocateNothingOnceTheyHaveRun) {
  const auto backend = make_cpu_backend({.threads = 2});
  backend->reserve(40, 1024);
  const RandomWeight a(DType::q4_k, 64, 512, 1), b(DType::f16, 64, 512, 2);
  const auto wa = backend->pack(a.view, a.bytes), wb = backend->pack(b.view, b.bytes);
  Matrix x = Matrix::random(40, 512, 3), ya(40, 64), yb(40, 64), w = Matrix::random(1, 64, 4);
  const AttentionShape shape{.kv = {.type = DType::f16, .kv_heads = 1, .head_dim = 32, .page_tokens = 64}, .heads = 2};
  const auto page = backend->allocate(backend->kv_page_bytes(shape.kv));
  std::byte* const pages[] = {page->data()};
  std::vector<AttentionRow> rows;
  std::vector<int32_t> ids;
  for (int32_t r = 0; r < 40; ++r) {
    rows.push_back({pages, 0, r + 1});
    ids.push_back(r);
  }
  const std::array<float, 16> frequencies = {1, 0.5f, 0.25f};
  Matrix k(40, 32), out(40, 64);
  const auto pass = [&](int64_t count) {
    const View sa = ya.view().slice(0, count), sb = yb.view().slice(0, count);
    const auto some = std::span(ids).first(static_cast<size_t>(count));
    const auto ranges = std::span<const AttentionRow>(rows).first(static_cast<size_t>(count));
    const std::array terms = {MatmulTerm{sa, wa.get(), nullptr, false}, MatmulTerm{sb, wb.get(), nullptr, true}};
    backend->embed(x.view().slice(0, count), *wa, some, 1.0f);
    backend->matmul(terms, x.view().slice(0, count));
    backend->rms_norm(sa, sa, {w.view().row(0), 64}, 1e-6f);
    backend->rope(sa, 32, {.inv_freq = frequencies}, some);
    backend->kv_write(shape, ranges, k.view().slice(0, count), k.view().slice(0, count));
    backend->attention_paged(out.view().slice(0, count), sa, shape, ranges);
    backend->glu(sa, sa, sb, Activation::silu);
    backend->add(sa, sb);
    backend->soft_cap(sa, 30.0f);
  };
  pass(40);
  const int64_t before = allocations;
  pass(40);
  pass(1);
  EXPECT_EQ(allocations, before);
}

TEST(Allocations, ExpertsAndOpsWithAState) {
  const auto backend = make_cpu_backend({.threads = 2});
  backend->reserve(40, 512);
  const RandomWeight experts(DType::q4_0, 5 * 64, 64, 1);
  const auto packed = backend->pack(experts.view, experts.bytes);
  const std::vector<float> decay(4, -0.5f), bias(4, 0.1f), taps(4 * 256, 0.2f);
  const ConvShape conv{taps, 4, 0};
  const size_t conv_bytes = backend->conv_state_bytes(256, 4);
  const DeltaShape delta{2, 4, 32, 32, false, decay, bias, conv_bytes};
  const auto state = backend->allocate(conv_bytes + backend->delta_state_bytes(delta));
  Matrix x = Matrix::random(40, 256, 2), gates = Matrix::random(40, 4, 3), logits = Matrix::random(40, 5, 4);
  Matrix out(40, 128), said(80, 64), picked(80, 64), sum(40, 64), shares(1, 80);
  std::vector<int32_t> ids(80), rows(80);
  const auto columns = [&](int64_t first, int64_t width, int64_t count) {
    return View(x.view().row(0) + first, DType::f32, count, width, x.view().stride);
  };
  const auto pass = [&](int64_t count) {
    const RecurrentRun run{0, count, state->data(), nullptr};
    const View gate = gates.view().slice(0, count);
    backend->causal_conv(x.view().slice(0, count), x.view().slice(0, count), conv, {&run, 1});
    backend->delta_rule(out.view().slice(0, count),
                        {columns(0, 64, count), columns(64, 64, count), columns(128, 128, count), gate, gate}, delta,
                        {&run, 1});
    const auto pairs = static_cast<size_t>(2 * count);
    const std::span<int32_t> chosen = std::span(ids).first(pairs), places = std::span(rows).first(pairs);
    for (size_t i = 0; i < pairs; ++i) places[i] = static_cast<int32_t>(i / 2);
    const std::span<float> weights(shares.view().row(0), pairs);
    backend->top_k(chosen, weights, logits.view().slice(0, count), 2, true);
    const View all = picked.view().slice(0, 2 * count), answers = said.view().slice(0, 2 * count);
    backend->gather_rows(all, columns(0, 64, count), places);
    std::sort(chosen.begin(), chosen.end());
    backend->matmul_experts(answers, *packed, 5, all, chosen);
    backend->scatter_add(sum.view().slice(0, count), answers, places, weights);
  };
  pass(40);
  const int64_t before = allocations;
  pass(40);
  pass(1);
  EXPECT_EQ(allocations, before);
}

// The first short context makes the room that long ones are shared in.
TEST(Allocations, DecodeOverAGrowingContext) {
  const auto backend = make_cpu_backend({.threads = 2});
  const AttentionShape shape{.kv = {.type = DType::q8_0, .kv_heads = 1, .head_dim = 32, .page_tokens = 64}, .heads = 2};
  const auto page = backend->allocate(backend->kv_page_bytes(shape.kv));
  const std::vector<std::byte*> pages(400, page->data());
  Matrix q = Matrix::random(1, 64, 1), out(1, 64);
  int64_t before = 0;
  for (const int64_t length : {64, 300, 20000}) {
    const AttentionRow row{pages.data(), 0, length};
    backend->attention_paged(out.view(), q.view(), shape, {&row, 1});
    if (length == 64) before = allocations;
  }
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace deskhand
