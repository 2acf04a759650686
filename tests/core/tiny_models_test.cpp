// Tiny random checkpoints of every family, as GGUF and as Hugging Face directories, against transformers
// (tests/reference/tiny_models.py), fed in every way.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/token_state.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;

constexpr float logit_tolerance = 1e-4f;
constexpr float tie = 1e-3f;  // two best logits this close may change places

struct Fixture {
  fs::path model;
  int64_t context = 0;  // to open it with; 0: the trained one
  std::vector<int32_t> prompt, greedy;
  std::vector<float> margins;
  std::vector<std::pair<size_t, std::vector<float>>> rows;  // position, logits
};

/// `name` is that of a directory or a .gguf file of fixtures, unless its notes name another model.
Fixture read_fixture(const std::string& name) {
  const fs::path folder = "tests/core/fixtures";
  const std::string stem = fs::path(name).stem().string();
  const auto json = nlohmann::json::parse(testing::read_file(folder / (stem + ".json")));
  Fixture f{.model = folder / (json.value("model", stem) + fs::path(name).extension().string()),
            .context = json.value("context", 0),
            .prompt = json["prompt"],
            .greedy = json["greedy"],
            .margins = json["margins"],
            .rows = {}};
  for (const auto& row : json["rows"]) f.rows.emplace_back(row["at"], row["logits"]);
  return f;
}

float difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  float worst = 0.0f;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

std::vector<float> copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

using Make = std::unique_ptr<Backend> (*)();

class TinyModels : public ::testing::TestWithParam<std::tuple<std::string, std::pair<const char*, Make>>> {
 protected:
  void SetUp() override {
    fixture_ = read_fixture(std::get<0>(GetParam()));
    backend_ = std::get<1>(GetParam()).second();
    model_ = std::make_unique<LanguageModel>(
        ModelFile::open(fixture_.model), *backend_,
        LanguageModelOptions{.context = fixture_.context, .kv_type = DType::f32, .max_rows = 128});
  }
  /// Ids that are still fed after a rewind to so many: a state cannot go back.
  int64_t kept(size_t ids) const { return model_->decoder().plan().state_bytes() > 0 ? 0 : static_cast<int64_t>(ids); }
  TokenState state(int64_t chunk) { return {*model_, *backend_, chunk}; }
  std::span<const int32_t> prompt() const { return fixture_.prompt; }

  Fixture fixture_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<LanguageModel> model_;
};

TEST_P(TinyModels, LogitsAndGreedyTokensAreThoseOfTransformers) {
  TokenState s = state(128);
  for (const auto& [at, expected] : fixture_.rows) {
    s.set(prompt().first(at + 1), {});
    EXPECT_LE(difference(s.logits(), expected), logit_tolerance) << "position " << at;
  }
  for (size_t i = 0; i < fixture_.greedy.size(); ++i) {
    const auto logits = s.logits();
    const auto best = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    if (fixture_.margins[i] > tie) {
      EXPECT_EQ(best, fixture_.greedy[i]) << "token " << i;
    }
    s.push(fixture_.greedy[i]);
  }
}

TEST_P(TinyModels, ChunksStepsAndRewindsGiveTheSameLogits) {
  TokenState whole = state(128);
  whole.set(prompt(), {});
  const std::vector<float> expected = copy(whole.logits());
  for (int64_t chunk : {1, 7, 64}) {
    TokenState s = state(chunk);
    s.set(prompt(), {});
    EXPECT_LE(difference(s.logits(), expected), logit_tolerance) << "chunks of " << chunk;
  }
  TokenState steps = state(128);
  for (int32_t id : prompt()) {
    steps.push(id);
    steps.logits();
  }
  EXPECT_LE(difference(steps.logits(), expected), logit_tolerance) << "step by step";

  // Another continuation after a common prefix, then back.
  for (size_t common : {size_t{0}, size_t{1}, size_t{30}, size_t{63}, size_t{64}, prompt().size() - 1}) {
    if (common >= prompt().size()) continue;
    std::vector<int32_t> other(prompt().begin(), prompt().end());
    for (size_t i = common; i < other.size(); ++i)
      other[i] = (other[i] + 11) % static_cast<int32_t>(model_->config().vocabulary);
    EXPECT_EQ(whole.set(other, {}), kept(common));
    whole.logits();
    EXPECT_EQ(whole.set(prompt(), {}), kept(common));
    EXPECT_LE(difference(whole.logits(), expected), logit_tolerance) << "common prefix of " << common;
  }
}

TEST_P(TinyModels, SequencesDoNotDisturbEachOtherAndPagesAreUsedAgain) {
  TokenState a = state(16);
  a.set(prompt(), {});
  const std::vector<float> expected = copy(a.logits());
  a.rewind(10);
  size_t bytes = 0;
  for (int round = 0; round < 3; ++round) {
    TokenState b = state(16);
    std::vector<int32_t> reversed(prompt().rbegin(), prompt().rend());
    b.set(reversed, {});
    if (round == 0) bytes = model_->pages().bytes();
  }
  EXPECT_EQ(model_->pages().bytes(), bytes);
  EXPECT_EQ(a.set(prompt(), {}), kept(10));
  EXPECT_LE(difference(a.logits(), expected), logit_tolerance);
}

/// Some ids of a sequence that come after what it holds.
struct Part {
  KvSequence& sequence;
  std::span<const int32_t> ids;
};

TEST_P(TinyModels, OneBatchHoldsRowsOfSeveralSequences) {
  const std::vector<int32_t> reversed(prompt().rbegin(), prompt().rend());
  TokenState alone = state(128);
  alone.set(prompt().first(40), {});
  const std::vector<float> first = copy(alone.logits());
  alone.set(std::span(reversed).first(21), {});
  const std::vector<float> second = copy(alone.logits());
  alone.set(std::span(reversed).subspan(7, 33), {});
  const std::vector<float> third = copy(alone.logits());

  const int64_t vocabulary = model_->config().vocabulary;
  std::vector<float> logits(static_cast<size_t>(3 * vocabulary));
  Batch batch(model_->decoder().plan(), 128);
  const auto feed = [&](std::initializer_list<Part> parts, int64_t wanted) {
    batch.clear();
    for (const Part& part : parts) {
      part.sequence.reserve(part.sequence.size() + static_cast<int64_t>(part.ids.size()));
      for (size_t i = 0; i < part.ids.size(); ++i) {
        batch.add(part.sequence, part.ids[i], part.sequence.size() + static_cast<int64_t>(i),
                  wanted > 0 && i + 1 == part.ids.size());
      }
    }
    ASSERT_TRUE(model_->decoder().forward(batch, {logits.data(), DType::f32, wanted, vocabulary}));
    for (const Part& part : parts) part.sequence.advance(static_cast<int64_t>(part.ids.size()));
  };
  KvSequence a(model_->pages(), 100), b(model_->pages(), 100), c(model_->pages(), 100);
  feed({{b, std::span(reversed).first(20)}, {a, prompt().first(13)}}, 0);
  feed(
      {{a, prompt().subspan(13, 27)}, {b, std::span(reversed).subspan(20, 1)}, {c, std::span(reversed).subspan(7, 33)}},
      3);
  const auto row = [&](int64_t r) {
    return std::span(logits).subspan(static_cast<size_t>(r * vocabulary), first.size());
  };
  EXPECT_LE(difference(row(0), first), logit_tolerance);
  EXPECT_LE(difference(row(1), second), logit_tolerance);
  EXPECT_LE(difference(row(2), third), logit_tolerance);
}

TEST_P(TinyModels, StopsBetweenChunksAndKeepsWhatWasFed) {
  std::stop_source source;
  source.request_stop();
  TokenState s = state(7);
  s.set(prompt().first(20), {});
  s.set(prompt(), source.get_token());
  EXPECT_EQ(s.ids().size(), 20u);
  EXPECT_EQ(s.set(prompt(), {}), 20);
}

std::unique_ptr<Backend> cpu_backend() {
  return make_cpu_backend({.threads = 2, .isa = {}});
}

/// Every fixture as a directory and as a GGUF file; our own switches have no public spelling.
std::vector<std::string> fixtures() {
  std::vector<std::string> names;
  for (const std::string name :
       {"tiny_llama_tied_llama3", "tiny_llama_mqa_linear", "tiny_llama_yarn", "tiny_llama_longrope",
        "tiny_llama_longrope_short", "tiny_llama_dynamic", "tiny_mistral", "tiny_qwen2", "tiny_qwen2_window",
        "tiny_qwen3", "tiny_smollm3", "tiny_gemma3", "tiny_gemma3_capped", "tiny_qwen35", "tiny_qwen35moe"}) {
    names.push_back(name);
    names.push_back(name + ".gguf");
  }
  names.push_back("tiny_llama_switches.gguf");
  names.push_back("tiny_qwen35moe_packed");
  return names;
}

INSTANTIATE_TEST_SUITE_P(Families, TinyModels,
                         ::testing::Combine(::testing::ValuesIn(fixtures()),
                                            ::testing::Values(std::pair<const char*, Make>{"reference",
                                                                                           make_reference_backend},
                                                              std::pair<const char*, Make>{"cpu", cpu_backend})),
                         [](const auto& name) {
                           std::string model = std::get<0>(name.param);
                           std::replace(model.begin(), model.end(), '.', '_');
                           return model + "_" + std::get<1>(name.param).first;
                         });

}  // namespace
}  // namespace deskhand
