// The decoders of models with eyes, without a picture, against transformers (tests/reference/tiny_vision.py).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "core/token_state.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;

const fs::path folder = "tests/vision/fixtures";

nlohmann::json case_of(const fs::path& family, const std::string& name) {
  const auto json = nlohmann::json::parse(testing::read_file(family / "cases.json"));
  for (const auto& c : json["cases"]) {
    if (c["name"] == name) return c;
  }
  throw std::runtime_error("no such case: " + name);
}

/// The last row of a tensor.
std::vector<float> last_row(const fs::path& family, const std::string& name) {
  const Safetensors dump = Safetensors::open(family / "dump.safetensors");
  for (const TensorInfo& tensor : dump.tensors()) {
    if (tensor.name != name) continue;
    const auto* values = reinterpret_cast<const float*>(tensor.data);
    const auto width = static_cast<size_t>(tensor.shape[0]), rows = static_cast<size_t>(tensor.shape[1]);
    return {values + (rows - 1) * width, values + rows * width};
  }
  throw std::runtime_error("no such tensor: " + name);
}

class EyesText : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(EyesText, LogitsAndGreedyTokensAreThoseOfTransformers) {
  const fs::path family = folder / GetParam().first;
  const auto backend = make_reference_backend();
  LanguageModel model(ModelFile::open(family / GetParam().second), *backend, {.kv_type = DType::f32});
  ForwardQueue queue(model, *backend, 128);
  TokenState state(queue);
  const auto text = case_of(family, "text");
  const std::vector<int32_t> ids = text["ids"], greedy = text["greedy"];
  const std::vector<float> margins = text["margins"];
  state.set(ids);
  const std::vector<float> expected = last_row(family, "text.logits");
  const auto logits = state.logits();
  ASSERT_EQ(logits.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(logits[i], expected[i], 1e-4F) << "id " << i;
  for (size_t i = 0; i < greedy.size(); ++i) {
    const auto now = state.logits();
    const auto best = static_cast<int32_t>(std::max_element(now.begin(), now.end()) - now.begin());
    if (margins[i] > 1e-3F) {
      EXPECT_EQ(best, greedy[i]) << "token " << i;
    }
    state.push(greedy[i]);
  }
}

/// Every family as a directory and as a GGUF file.
std::vector<std::pair<const char*, const char*>> models() {
  std::vector<std::pair<const char*, const char*>> all;
  for (const char* family : {"qwen35", "qwen35moe", "qwen3vl", "qwen25vl", "gemma4"}) {
    all.emplace_back(family, "");
    all.emplace_back(family, "text.gguf");
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Families, EyesText, ::testing::ValuesIn(models()), [](const auto& name) {
  return std::string(name.param.first) + (*name.param.second != 0 ? "_gguf" : "_directory");
});

}  // namespace
}  // namespace deskhand
