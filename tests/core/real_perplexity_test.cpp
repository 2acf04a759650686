// What rounded arithmetic and quantising cost a real model, in perplexity.

#include <gtest/gtest.h>

#include "core/perplexity.h"
#include "core/prompt.h"
#include "core/quantise/quantise.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;

class RealPerplexity : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto folder = testing::test_models_folder();
    if (!folder || !fs::exists(*folder / "smollm2-135m.gguf")) GTEST_SKIP() << "smollm2-135m.gguf is not there";
    quantise(*ModelFile::open(*folder / "smollm2-135m.gguf"), path("F16"), *find_recipe("F16"), {.threads = 2});
  }
  fs::path path(const std::string& type) const { return folder_.path() / (type + ".gguf"); }
  double measure(const std::string& type, bool exact) {
    if (!fs::exists(path(type)))
      quantise(*ModelFile::open(path("F16")), path(type), *find_recipe(type), {.threads = 2});
    const auto engine =
        Engine::open(path(type), {.context = 512, .kv_type = exact ? DType::f32 : DType::f16, .exact = exact});
    const std::string text = testing::read_file("tests/text/devils_dictionary.txt");
    return measure_perplexity(*engine, raw_prompt_ids(engine->tokenizer(), text), {.window = 512, .most_windows = 4})
        .value;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(RealPerplexity, Q8KernelsAreWithinHalfAPercentOfFloats) {
  const double rounded = measure("Q8_0", false), exact = measure("Q8_0", true);
  EXPECT_NEAR(rounded / exact, 1.0, 0.005) << rounded << " beside " << exact;
}

TEST_F(RealPerplexity, QuantisingCostsLittle) {
  const double whole = measure("F16", false);
  EXPECT_NEAR(measure("Q8_0", false) / whole, 1.0, 0.01) << whole;
  EXPECT_LT(measure("Q4_K_M", false) / whole, 1.10) << whole;
  EXPECT_LT(measure("Q4_0", false) / whole, 1.35) << whole;
}

}  // namespace
}  // namespace deskhand
