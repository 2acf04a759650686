// The 260 K-parameter model of children's stories against another implementation's logits.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/token_state.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;

struct Step {
  int32_t id = 0, next = 0;
  std::vector<float> logits;
};

/// Lines "STEP n tok T next N logits …".
std::vector<Step> read_golden(const fs::path& path) {
  std::vector<Step> steps;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    int number = 0;
    Step step;
    if (!(words >> word >> number >> word >> step.id >> word >> step.next >> word)) continue;
    for (float value = 0; words >> value;) step.logits.push_back(value);
    steps.push_back(std::move(step));
  }
  return steps;
}

struct Case {
  std::string name;
  std::unique_ptr<Backend> (*make)();
  DType kv_type;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class Stories : public ::testing::TestWithParam<Case> {};

TEST_P(Stories, LogitsOfAllPositionsAreTheGoldenOnes) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  const std::vector<Step> golden = read_golden(folder / "golden_logits_200.txt");
  ASSERT_EQ(golden.size(), 200u);
  const auto backend = GetParam().make();
  LanguageModel model(ModelFile::open(folder / "stories260K-f32.gguf"), *backend, {.kv_type = GetParam().kv_type});
  ForwardQueue queue(model, *backend, 64);
  TokenState state(queue);
  const float tolerance = GetParam().kv_type == DType::f32 ? 1e-3f : 5e-2f;
  float worst = 0.0f;
  for (const Step& step : golden) {
    ASSERT_EQ(step.logits.size(), 512u);
    state.push(step.id);
    const std::span<const float> logits = state.logits();
    int32_t best = 0;
    for (int32_t i = 0; i < 512; ++i) {
      worst = std::max(worst, std::abs(logits[static_cast<size_t>(i)] - step.logits[static_cast<size_t>(i)]));
      if (logits[static_cast<size_t>(i)] > logits[static_cast<size_t>(best)]) best = i;
    }
    if (GetParam().kv_type == DType::f32) {
      EXPECT_EQ(best, step.next);
    }
  }
  EXPECT_LE(worst, tolerance);
  RecordProperty("worst_difference", std::to_string(worst));
}

std::unique_ptr<Backend> cpu_backend() {
  return make_cpu_backend({.threads = 2, .isa = {}});
}

INSTANTIATE_TEST_SUITE_P(Backends, Stories,
                         ::testing::Values(Case{"reference", make_reference_backend, DType::f32},
                                           Case{"reference_f16", make_reference_backend, DType::f16},
                                           Case{"cpu", cpu_backend, DType::f32},
                                           Case{"cpu_f16", cpu_backend, DType::f16}),
                         [](const auto& name) { return name.param.name; });

}  // namespace
}  // namespace deskhand
