// Experts on every instruction set against the definition: products by expert, the choice, adding up.
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
  bool exact;
};

class Experts : public ::testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<Backend> backend = make_cpu_backend({.threads = 3, .isa = GetParam().isa, .exact = GetParam().exact});
  std::unique_ptr<Backend> reference = make_reference_backend();

  void compare(DType type, int64_t experts, int64_t outputs, const std::vector<int32_t>& expert_of_row) {
    const int64_t cols = 2 * std::max<int64_t>(dtype_info(type).block_elements, 19);
    const auto rows = static_cast<int64_t>(expert_of_row.size());
    SCOPED_TRACE(fmt::format("{} {} x [{}, {}], {} rows", dtype_info(type).name, experts, outputs, cols, rows));
    const RandomWeight weight(type, experts * outputs, cols, 1);
    Matrix x = Matrix::random(rows, cols, 2), y(rows, outputs), expected(rows, outputs);
    const auto packed = backend->pack(weight.view, weight.bytes), plain = reference->pack(weight.view, weight.bytes);
    backend->matmul_experts(y.view(), *packed, experts, x.view(), expert_of_row);
    reference->matmul_experts(expected.view(), *plain, experts, x.view(), expert_of_row);
    const double energy = testing::product_energy(x, weight.view) / static_cast<double>(experts);
    EXPECT_LE(nmse(y, expected, energy), GetParam().exact || !find_format(type)->coding ? 1e-7 : 5e-4);
    y.check_guards();
  }
};

TEST_P(Experts, EveryTypeAndOddSizes) {
  std::vector<int32_t> many;  // 1, 2, 3, 5 and 14 rows of an expert, in no order of experts
  for (const auto& [expert, rows] : {std::array{3, 1}, {0, 2}, {4, 14}, {1, 3}, {2, 5}})
    many.insert(many.end(), rows, expert);
  for (const DType type : testing::weight_types()) {
    for (const int64_t outputs : {3, 17, 32}) {
      compare(type, 5, outputs, {0});
      compare(type, 5, outputs, {4, 1});
      compare(type, 5, outputs, {0, 0, 1, 4, 4, 4});
      compare(type, 5, outputs, many);
      compare(type, 1, outputs, {0, 0, 0, 0, 0});
    }
  }
  compare(DType::q8_0, 5, 40, {});
}

TEST_P(Experts, ARowsResultDoesNotDependOnTheOthers) {
  if (GetParam().exact) return;
  const RandomWeight weight(DType::q4_k, 4 * 20, 512, 1);
  const auto packed = backend->pack(weight.view, weight.bytes);
  const std::vector<int32_t> experts = {0, 0, 1, 1, 1, 1, 1, 1, 3};
  Matrix x = Matrix::random(9, 512, 2), together(9, 20), alone(9, 20);
  backend->matmul_experts(together.view(), *packed, 4, x.view(), experts);
  for (int64_t r = 0; r < 9; ++r) {
    backend->matmul_experts(alone.view().slice(r, 1), *packed, 4, x.view().slice(r, 1),
                            {&experts[static_cast<size_t>(r)], 1});
  }
  EXPECT_EQ(nmse(together, alone), 0.0);
}

TEST_P(Experts, TopK) {
  for (const auto& [rows, experts, k] : {std::array{1, 1, 1}, {3, 5, 5}, {7, 256, 8}, {300, 128, 4}}) {
    Matrix logits = Matrix::random(rows, experts, 1, 3.0f);
    for (int64_t r = 0; r < rows; ++r) {  // some equal ones
      for (int64_t i = 0; i < experts; i += 3) logits.view().row(r)[i] = std::round(logits.view().row(r)[i]);
    }
    for (const bool renormalise : {false, true}) {
      const auto count = static_cast<size_t>(rows * k);
      std::vector<int32_t> ids(count), expected_ids(count);
      Matrix weights(1, rows * k), expected(1, rows * k);
      backend->top_k(ids, {weights.view().row(0), count}, logits.view(), k, renormalise);
      reference->top_k(expected_ids, {expected.view().row(0), count}, logits.view(), k, renormalise);
      EXPECT_EQ(ids, expected_ids);
      EXPECT_LE(nmse(weights, expected), 1e-12);
      weights.check_guards();
    }
  }
}

TEST_P(Experts, ScatterAdd) {
  for (const auto& [rows, cols] : {std::array{1, 5}, {9, 48}, {200, 515}}) {
    Matrix x = Matrix::random(rows, cols, 1), weights = Matrix::random(1, rows, 2);
    std::vector<int32_t> to;
    for (int32_t r = 0; r < rows; ++r) to.push_back(r * r % 7);
    Matrix actual = Matrix::random(7, cols, 3), expected = actual;
    const std::span<const float> factors(weights.view().row(0), static_cast<size_t>(rows));
    backend->scatter_add(actual.view(), x.view(), to, factors);
    reference->scatter_add(expected.view(), x.view(), to, factors);
    EXPECT_LE(nmse(actual, expected), 1e-12);
    actual.check_guards();
  }
}

TEST_P(Experts, WrongShapesAreRefused) {
  const RandomWeight weight(DType::q8_0, 12, 64, 1);
  const auto packed = backend->pack(weight.view, weight.bytes);
  Matrix x(2, 64), y(2, 4), logits(1, 3);
  const std::array<int32_t, 2> outside = {0, 3}, inside = {0, 2};
  EXPECT_THROW(backend->matmul_experts(y.view(), *packed, 3, x.view(), outside), InternalError);
  EXPECT_THROW(backend->matmul_experts(y.view(), *packed, 4, x.view(), inside), InternalError);
  std::array<int32_t, 4> ids;
  std::array<float, 4> weights;
  EXPECT_THROW(backend->top_k(ids, weights, logits.view(), 4, true), InternalError);
  EXPECT_THROW(backend->scatter_add(y.view(), x.view(), inside, std::span(weights).first(2)), InternalError);
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const std::string& isa : cpu_isas()) {
    for (const bool exact : {false, true}) result.push_back({isa, exact});
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Experts, ::testing::ValuesIn(cases()), [](const auto& instance) {
  return instance.param.isa + (instance.param.exact ? "_exact" : "");
});

}  // namespace
}  // namespace deskhand
