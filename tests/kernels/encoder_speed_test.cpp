// How much of the peak in float32 the ops of a vision encoder reach: attention among rows, and products with many rows.
//
// DESKHAND_ENCODER_ROWS=4096,8160 asks for other numbers of rows than 192.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sstream>

#include "kernels/cpu/machine.h"
#include "tests/kernels/op_support.h"

namespace deskhand {
namespace {

using testing::RandomWeight;

std::vector<int64_t> row_counts() {
  const char* asked = std::getenv("DESKHAND_ENCODER_ROWS");
  std::istringstream list(asked != nullptr ? asked : "192");
  std::vector<int64_t> out;
  for (std::string number; std::getline(list, number, ',');) out.push_back(std::stoll(number));
  return out;
}

class EncoderSpeed : public ::testing::Test {
 protected:
  /// Peak and op in turns, so that other work on the machine meets both; the best of each.
  void report(const std::string& what, double operations, const std::function<void()>& op) {
    const int threads = backend->info().threads;
    double seconds = 1e300;
    op();
    for (int i = 0; i < 3; ++i) {
      const MachineSpeed speed = measure_machine(threads);
      peak = std::max(peak, speed.f32_flop_s);
      const auto start = std::chrono::steady_clock::now();
      op();
      seconds = std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    const double reached = operations / seconds;
    std::printf("%s: %.1f ms, %.1f of %.1f GFLOP/s in float32, %.0f %%\n", what.c_str(), seconds * 1e3, reached / 1e9,
                peak / 1e9, 100 * reached / peak);
    EXPECT_GT(reached, peak / 100);
  }

  std::unique_ptr<Backend> backend = make_cpu_backend({});
  double peak = 0;
};

TEST_F(EncoderSpeed, Attention) {
  constexpr int64_t heads = 16;
  for (const int64_t rows : row_counts()) {
    for (const int64_t d : {64, 72, 80}) {
      const int64_t width = heads * d;
      std::vector<float> qkv(static_cast<size_t>(rows * 3 * width)), out(static_cast<size_t>(rows * width));
      std::mt19937 engine(1);
      std::normal_distribution<float> normal;
      for (float& value : qkv) value = normal(engine);
      const auto part = [&](int64_t i) {
        return ConstView(qkv.data() + i * width, DType::f32, rows, width, static_cast<size_t>(3 * width) * 4);
      };
      const DenseAttentionShape shape{heads, heads, d, 1 / std::sqrt(static_cast<float>(d))};
      const std::array segments = {DenseSegment{0, rows, 0, rows}};
      const auto n = static_cast<double>(rows);
      report(
          fmt::format("attention among {} rows, {} heads of {}", rows, heads, d),
          4 * n * n * static_cast<double>(width), [&] {
            backend->attention_dense({out.data(), DType::f32, rows, width}, part(0), part(1), part(2), shape, segments);
          });
    }
  }
}

TEST_F(EncoderSpeed, Products) {
  constexpr int64_t inputs = 1152;
  for (const int64_t rows : row_counts()) {
    for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::q8_0}) {
      for (const int64_t outputs : {1152, 4608}) {
        const RandomWeight weight(type, outputs, inputs, 1);
        const auto packed = backend->pack(weight.view, weight.bytes);
        std::vector<float> x(static_cast<size_t>(rows * inputs)), y(static_cast<size_t>(rows * outputs)),
            bias(static_cast<size_t>(outputs), 1.0f);
        for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7919 % 1009) / 1009 - 0.5f;
        const std::array terms = {MatmulTerm{{y.data(), DType::f32, rows, outputs}, packed.get(), bias.data(), false}};
        report(fmt::format("{} [{}, {}] on {} rows", dtype_info(type).name, outputs, inputs, rows),
               2.0 * static_cast<double>(rows) * static_cast<double>(inputs * outputs), [&] {
                 backend->matmul(terms, {x.data(), DType::f32, rows, inputs});
               });
      }
    }
  }
}

}  // namespace
}  // namespace deskhand
