// Everything but products, on every instruction set against the definition.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "kernels/cpu/cores.h"
#include "tests/kernels/op_support.h"

namespace deskhand {
namespace {

using testing::Matrix;
using testing::nmse;

class Ops : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> backend = make_cpu_backend({.threads = 2, .isa = GetParam()});
  std::unique_ptr<Backend> reference = make_reference_backend();

  /// Runs an op that works in place on equal matrices.
  template <class Op>
  void compare(Matrix start, const Op& op) {
    Matrix actual = start, expected = start;
    op(*backend, actual.view());
    op(*reference, expected.view());
    EXPECT_LE(nmse(actual, expected), 1e-7) << start.rows() << " x " << start.cols();
    actual.check_guards();
  }
};

constexpr std::array<std::array<int64_t, 2>, 5> shapes = {{{1, 5}, {3, 48}, {2, 1001}, {64, 896}, {130, 515}}};

TEST_P(Ops, RmsNorm) {
  for (const auto& [rows, cols] : shapes) {
    Matrix w = Matrix::random(1, cols, 3);
    compare(Matrix::random(rows, cols, 1), [&](Backend& device, View x) {
      device.rms_norm(x, x, {w.view().row(0), static_cast<size_t>(cols)}, 1e-6f);
    });
  }
  Matrix w = Matrix::random(1, 20, 3);
  compare(Matrix::random(4, 80, 1), [&](Backend& device, View x) {
    device.rms_norm(x, x, {w.view().row(0), 20}, 1e-6f);
  });
}

TEST_P(Ops, LayerNorm) {
  for (const auto& [rows, cols] : shapes) {
    Matrix w = Matrix::random(1, cols, 3), b = Matrix::random(1, cols, 4);
    const std::span<const float> weight(w.view().row(0), static_cast<size_t>(cols));
    const std::span<const float> bias(b.view().row(0), static_cast<size_t>(cols));
    for (const float offset : {0.0f, 30.0f}) {
      Matrix x = Matrix::random(rows, cols, 1);
      for (int64_t r = 0; r < rows; ++r) std::for_each_n(x.view().row(r), cols, [&](float& value) { value += offset; });
      compare(x, [&](Backend& device, View y) { device.layer_norm(y, x.view(), weight, bias, 1e-6f); });
      compare(x, [&](Backend& device, View y) { device.layer_norm(y, y, weight, bias, 1e-6f); });
    }
  }
  Matrix w = Matrix::random(1, 20, 3), b = Matrix::random(1, 20, 4);
  compare(Matrix::random(4, 80, 1), [&](Backend& device, View x) {
    device.layer_norm(x, x, {w.view().row(0), 20}, {b.view().row(0), 20}, 1e-6f);
  });
}

TEST_P(Ops, RopeOnSeveralAxes) {
  const std::array<int32_t, 9> positions = {0, 0, 0, 1, 77, 5, 4095, 3, 100};
  for (const RopePairing pairing : {RopePairing::adjacent, RopePairing::halves}) {
    for (const auto& [head_dim, pairs] : {std::array{64, 32}, {72, 36}, {10, 5}, {300, 150}}) {
      std::vector<float> frequencies;
      std::vector<int32_t> axis;
      for (int i = 0; i < pairs; ++i) {
        frequencies.push_back(std::pow(10000.0f, -static_cast<float>(i) / static_cast<float>(pairs)));
        axis.push_back(i * i % 3);
      }
      compare(Matrix::random(3, 2 * head_dim, 1), [&](Backend& device, View x) {
        device.rope(x, head_dim, {.inv_freq = frequencies, .pairing = pairing, .axis = axis, .axes = 3}, positions);
      });
    }
  }
}

TEST_P(Ops, Rope) {
  const std::array<int32_t, 5> positions = {0, 1, 77, 4095, 100000};
  for (const RopePairing pairing : {RopePairing::adjacent, RopePairing::halves}) {
    for (const auto& [head_dim, pairs] : {std::array{64, 32}, {48, 12}, {256, 128}, {10, 5}, {300, 150}}) {
      std::vector<float> frequencies;
      for (int i = 0; i < pairs; ++i) frequencies.push_back(std::pow(10000.0f, -static_cast<float>(i) / pairs));
      compare(Matrix::random(5, 3 * head_dim, 1), [&](Backend& device, View x) {
        device.rope(x, head_dim, {.inv_freq = frequencies, .scale = 1.2f, .pairing = pairing}, positions);
      });
    }
  }
}

constexpr std::array every_activation = {Activation::silu, Activation::gelu_tanh, Activation::sigmoid,
                                         Activation::gelu_erf, Activation::gelu_quick};

TEST_P(Ops, Activate) {
  for (const Activation activation : every_activation) {
    for (const auto& [rows, cols] : shapes) {
      for (const float size : {1.0f, 100.0f}) {
        compare(Matrix::random(rows, cols, 1, size), [&](Backend& device, View x) { device.activate(x, activation); });
      }
    }
  }
}

// Far from zero the error of x Φ(x) stays small beside the value itself.
TEST_P(Ops, GeluKeepsItsTails) {
  Matrix actual(1, 1601), expected(1, 1601);
  for (int i = 0; i < 1601; ++i)
    actual.view().row(0)[i] = expected.view().row(0)[i] = 0.01f * static_cast<float>(i - 800);
  backend->activate(actual.view(), Activation::gelu_erf);
  reference->activate(expected.view(), Activation::gelu_erf);
  for (int i = 0; i < 1601; ++i) {
    const float value = expected.view().row(0)[i];
    EXPECT_NEAR(actual.view().row(0)[i], value, 5e-6f * std::abs(value)) << i;
  }
}

TEST_P(Ops, Clamp) {
  for (const auto& [rows, cols] : shapes) {
    compare(Matrix::random(rows, cols, 1), [&](Backend& device, View x) { device.clamp(x, -0.5f, 1.0f); });
  }
}

TEST_P(Ops, Glu) {
  for (const Activation activation : every_activation) {
    for (const auto& [rows, cols] : shapes) {
      Matrix up = Matrix::random(rows, cols, 2);
      for (const float size : {1.0f, 100.0f}) {
        compare(Matrix::random(rows, cols, 1, size),
                [&](Backend& device, View x) { device.glu(x, x, up.view(), activation); });
      }
    }
  }
}

// Rows far apart: heads of 24 columns every second of which is another thing, as rows of a narrow view.
TEST_P(Ops, HeadsOfAWiderMatrix) {
  constexpr int64_t rows = 30, heads = 3, width = 24;
  Matrix w = Matrix::random(1, width, 3);
  std::vector<float> up(static_cast<size_t>(rows * heads * width));
  for (size_t i = 0; i < up.size(); ++i) up[i] = std::sin(static_cast<float>(i));
  const ConstView up_view(up.data(), DType::f32, rows * heads, width);
  std::vector<float> results[2];
  for (int side = 0; side < 2; ++side) {
    Backend& device = side ? *reference : *backend;
    std::vector<float>& all = results[side];
    for (int64_t i = 0; i < rows * heads * 2 * width; ++i) all.push_back(std::cos(static_cast<float>(i * i % 1009)));
    const std::vector<float> before = all;
    const auto half = [&](int64_t which) {
      return View(all.data() + which * width, DType::f32, rows * heads, width, 2 * width * sizeof(float));
    };
    device.rms_norm(half(0), half(0), {w.view().row(0), width}, 1e-6f);
    for (size_t i = 0; i < all.size(); ++i) {
      if (i / width % 2 == 1) {
        ASSERT_EQ(all[i], before[i]) << i;
      }
    }
    device.glu(half(1), half(1), up_view, Activation::sigmoid);
    device.glu(half(0), half(1), half(0), Activation::silu);  // y may be up
  }
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_NEAR(results[0][i], results[1][i], 2e-6) << i;
}

TEST_P(Ops, AddGatherAndSoftCap) {
  for (const auto& [rows, cols] : shapes) {
    Matrix other = Matrix::random(rows, cols, 2);
    compare(Matrix::random(rows, cols, 1), [&](Backend& device, View x) { device.add(x, other.view()); });
    std::vector<int32_t> picks;
    for (int64_t r = 0; r < rows; ++r) picks.push_back(static_cast<int32_t>(r * r % rows));
    compare(Matrix(rows, cols), [&](Backend& device, View x) { device.gather_rows(x, other.view(), picks); });
    for (const float size : {0.01f, 10.0f, 1000.0f}) {
      compare(Matrix::random(rows, cols, 1, size), [&](Backend& device, View x) { device.soft_cap(x, 30.0f); });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Ops, ::testing::ValuesIn(cpu_isas().begin(), cpu_isas().end()),
                         [](const auto& instance) { return instance.param; });

TEST(CpuBackend, PicksTheBestAndRefusesTheUnknown) {
  const auto backend = make_cpu_backend({});
  EXPECT_EQ(backend->info().isa, cpu_isas().front());
  EXPECT_EQ(backend->info().threads, cpu::usable_cores());
  EXPECT_THROW(make_cpu_backend({.isa = "z80"}), std::runtime_error);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(backend->allocate(100)->data()) % 64, 0u);
}

}  // namespace
}  // namespace deskhand
