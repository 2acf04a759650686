// Products on every instruction set against the definition.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>

#include "kernels/check.h"
#include "tests/kernels/op_support.h"

namespace deskhand {
namespace {

using testing::Matrix;
using testing::nmse;
using testing::RandomWeight;

struct Case {
  std::string isa;
  int threads;
  bool exact;
};

class Matmul : public ::testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<Backend> backend =
      make_cpu_backend({.threads = GetParam().threads, .isa = GetParam().isa, .exact = GetParam().exact});
  std::unique_ptr<Backend> reference = make_reference_backend();

  double tolerance(DType type) const { return GetParam().exact || !find_format(type)->coding ? 1e-7 : 5e-4; }

  void compare(DType type, int64_t batch, int64_t rows, int64_t cols) {
    SCOPED_TRACE(fmt::format("{} x[{}, {}] w[{}, {}]", dtype_info(type).name, batch, cols, rows, cols));
    const RandomWeight weight(type, rows, cols, 1);
    Matrix x = Matrix::random(batch, cols, 2), y(batch, rows), expected(batch, rows);
    const auto packed = backend->pack(weight.view, weight.bytes);
    const auto plain = reference->pack(weight.view, weight.bytes);
    EXPECT_EQ(packed->rows(), rows);
    EXPECT_EQ(packed->cols(), cols);
    const std::array actual_terms = {MatmulTerm{y.view(), packed.get(), nullptr, false}};
    const std::array expected_terms = {MatmulTerm{expected.view(), plain.get(), nullptr, false}};
    backend->matmul(actual_terms, x.view());
    reference->matmul(expected_terms, x.view());
    EXPECT_LE(nmse(y, expected, testing::product_energy(x, weight.view)), tolerance(type));
    y.check_guards();
  }
};

TEST_P(Matmul, EveryTypeAndOddSizes) {
  for (const DType type : testing::weight_types()) {
    const int64_t block = dtype_info(type).block_elements;
    const int64_t odd = block == 1 ? 37 : block;
    for (const int64_t batch : {1, 2, 3, 4, 5, 17, 64}) compare(type, batch, 17, 3 * odd);
    for (const int64_t rows : {1, 3, 8, 16, 33}) {
      compare(type, 1, rows, odd);
      compare(type, 7, rows, odd);
    }
  }
}

// More than one panel of columns, and more rows of x than one block.
TEST_P(Matmul, LongRowsAndManyRows) {
  for (const DType type : testing::weight_types()) {
    compare(type, 1, 20, 2560);
    compare(type, 6, 20, 2560);
    compare(type, 3, 5, 4352);
    compare(type, 261, 9, 256);
  }
}

TEST_P(Matmul, TermsBiasAndResidual) {
  const RandomWeight a(DType::q4_k, 40, 512, 1), b(DType::q6_k, 8, 512, 2), c(DType::f16, 24, 512, 3);
  const Matrix bias_values = Matrix::random(1, 40, 4);
  const float* bias = const_cast<Matrix&>(bias_values).view().row(0);
  for (const int64_t batch : {1, 9}) {
    Matrix x = Matrix::random(batch, 512, 5);
    std::vector<Matrix> results[2];
    for (int side = 0; side < 2; ++side) {
      Backend& device = side ? *reference : *backend;
      const auto wa = device.pack(a.view, a.bytes), wb = device.pack(b.view, b.bytes),
                 wc = device.pack(c.view, c.bytes);
      auto& y = results[side];
      y = {Matrix::random(batch, 40, 6), Matrix::random(batch, 8, 7), Matrix::random(batch, 24, 8)};
      const std::array terms = {MatmulTerm{y[0].view(), wa.get(), bias, true},
                                MatmulTerm{y[1].view(), wb.get(), bias, false},
                                MatmulTerm{y[2].view(), wc.get(), nullptr, true}};
      device.matmul(terms, x.view());
    }
    for (int i = 0; i < 3; ++i) {
      EXPECT_LE(nmse(results[0][i], results[1][i]), i == 2 ? 1e-7 : tolerance(DType::q4_k)) << "term " << i;
      results[0][i].check_guards();
    }
  }
}

// Prefill in any chunks, decode and drafts agree to the last bit.
TEST_P(Matmul, ARowsResultDoesNotDependOnTheOthers) {
  for (const DType type : testing::weight_types()) {
    if (!find_format(type)->coding || GetParam().exact) continue;
    const RandomWeight weight(type, 35, 1280, 1);
    const auto packed = backend->pack(weight.view, weight.bytes);
    Matrix x = Matrix::random(19, 1280, 2), together(19, 35), alone(19, 35);
    const std::array all = {MatmulTerm{together.view(), packed.get(), nullptr, false}};
    backend->matmul(all, x.view());
    for (int64_t r = 0; r < 19; r += 3) {
      const int64_t rows = std::min<int64_t>(3, 19 - r);
      const std::array some = {MatmulTerm{alone.view().slice(r, rows), packed.get(), nullptr, false}};
      backend->matmul(some, x.view().slice(r, rows));
    }
    EXPECT_EQ(nmse(together, alone), 0.0) << dtype_info(type).name;
  }
}

TEST_P(Matmul, EmbedIsExactForEveryType) {
  for (const DType type : testing::weight_types()) {
    const RandomWeight weight(type, 21, 512, 1);
    const auto packed = backend->pack(weight.view, weight.bytes);
    const auto plain = reference->pack(weight.view, weight.bytes);
    const std::array<int32_t, 4> ids = {20, 0, 7, 7};
    Matrix y(4, 512), expected(4, 512);
    backend->embed(y.view(), *packed, ids, 1.5f);
    reference->embed(expected.view(), *plain, ids, 1.5f);
    EXPECT_EQ(nmse(y, expected), 0.0) << dtype_info(type).name;
    y.check_guards();
  }
}

TEST_P(Matmul, ExtremeActivations) {
  const RandomWeight weight(DType::q4_0, 16, 64, 1);
  const auto packed = backend->pack(weight.view, weight.bytes);
  const auto plain = reference->pack(weight.view, weight.bytes);
  for (const float size : {0.0f, 1e-30f, 1e-10f, 1e20f}) {
    Matrix x = Matrix::random(5, 64, 2, size), y(5, 16), expected(5, 16);
    const std::array actual_terms = {MatmulTerm{y.view(), packed.get(), nullptr, false}};
    const std::array expected_terms = {MatmulTerm{expected.view(), plain.get(), nullptr, false}};
    backend->matmul(actual_terms, x.view());
    reference->matmul(expected_terms, x.view());
    EXPECT_LE(nmse(y, expected), 5e-4) << size;
  }
}

TEST_P(Matmul, WrongShapesAreRefused) {
  const RandomWeight weight(DType::q8_0, 16, 64, 1);
  const auto packed = backend->pack(weight.view, weight.bytes);
  Matrix x(2, 32), y(2, 16);
  const std::array terms = {MatmulTerm{y.view(), packed.get(), nullptr, false}};
  EXPECT_THROW(backend->matmul(terms, x.view()), InternalError);
  EXPECT_THROW(backend->pack({weight.bytes->data(), DType::q4_k, 1, 100, 64}, nullptr), InternalError);
}

std::vector<Case> cases() {
  std::vector<Case> result;
  int threads = 0;
  for (const std::string& isa : cpu_isas()) {
    for (const bool exact : {false, true}) result.push_back({isa, threads++ % 3 + 1, exact});
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Matmul, ::testing::ValuesIn(cases()), [](const auto& instance) {
  return fmt::format("{}_{}_threads{}", instance.param.isa, instance.param.threads,
                     instance.param.exact ? "_exact" : "");
});

}  // namespace
}  // namespace deskhand
