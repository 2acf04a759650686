#include "kernels/cpu/machine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "kernels/cpu/isas.h"
#include "kernels/cpu/threads.h"

namespace deskhand {
namespace {

/// Seconds that a measurement goes on: a system may leave a new thread on its maker's core for tens of milliseconds.
constexpr double patience = 0.2;

/// Seconds of the fastest of the runs of `tasks` tasks.
template <class Task>
double fastest(cpu::Threads& threads, int64_t tasks, const Task& task) {
  double best = 1e30, all = 0;
  while (all < patience) {
    const auto start = std::chrono::steady_clock::now();
    threads.run(tasks, task);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::min(best, seconds);
    all += seconds;
  }
  return best;
}

double read_speed(cpu::Threads& threads) {
  constexpr size_t words = size_t{1} << 25,
                   piece = size_t{1} << 18;  // 256 MiB, well beyond any cache, in pieces of 2 MiB
  const std::vector<uint64_t> memory(words, 1);
  std::atomic<uint64_t> sink{0};
  const double seconds = fastest(threads, words / piece, [&](int64_t task, int) {
    const uint64_t* from = memory.data() + static_cast<size_t>(task) * piece;
    uint64_t sums[8] = {};
    for (size_t i = 0; i < piece; i += 8) {
      for (size_t j = 0; j < 8; ++j) sums[j] ^= from[i + j];
    }
    for (const uint64_t sum : sums) sink.fetch_add(sum, std::memory_order_relaxed);
  });
  return static_cast<double>(words * sizeof(uint64_t)) / seconds / 1e9;
}

}  // namespace

MachineSpeed measure_machine(int threads, std::string_view isa_name) {
  const cpu::Isa& isa = cpu::find_isa(isa_name);
  cpu::Threads team(threads);
  // Rounds that take some milliseconds: the plain C++ sets are an order of magnitude slower.
  const int64_t tasks = 8 * threads, rounds = 50000;
  std::atomic<float> sink{0};
  const double f32 = fastest(team, tasks, [&](int64_t, int) { sink = isa.peak_f32(rounds); });
  const double int8 = fastest(team, tasks, [&](int64_t, int) { sink = isa.peak_int8(rounds); });
  const auto products = static_cast<double>(tasks * rounds * isa.lanes);
  return {.read_gb_s = read_speed(team),
          .f32_flop_s = 2 * cpu::peak_sums_f32 * products / f32,
          .int8_op_s = 2 * cpu::peak_sums_int8 * 4 * products / int8};
}

}  // namespace deskhand
