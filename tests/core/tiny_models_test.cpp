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
    open(0);
  }
  /// With no bytes of cache nothing is known of a sequence that has ended.
  void open(size_t cache_bytes) {
    model_ = std::make_unique<LanguageModel>(
        ModelFile::open(fixture_.model), *backend_,
        LanguageModelOptions{
            .context = fixture_.context, .kv_type = DType::f32, .cache_bytes = cache_bytes, .max_rows = 128});
    queue_ = std::make_unique<ForwardQueue>(*model_, *backend_, 128);
  }
  std::span<const int32_t> prompt() const { return fixture_.prompt; }
  bool recurrent() const { return model_->decoder().plan().state_bytes() > 0; }
  /// Without a cache, windows and states do not go back.
  bool keeps_all() const {
    const auto groups = model_->decoder().plan().groups();
    return !recurrent() && std::all_of(groups.begin(), groups.end(), [](const auto& g) { return g.window == 0; });
  }
  /// The prompt, but other ids from `common` on.
  std::vector<int32_t> other_after(size_t common) const {
    std::vector<int32_t> out(prompt().begin(), prompt().end());
    for (size_t i = common; i < out.size(); ++i)
      out[i] = (out[i] + 11) % static_cast<int32_t>(model_->config().vocabulary);
    return out;
  }
  /// Logits after ids that nothing is known of.
  std::vector<float> logits_after(std::span<const int32_t> ids, int64_t chunk = 128) {
    ForwardQueue queue(*model_, *backend_, chunk);
    TokenState state(queue);
    EXPECT_EQ(state.set(ids), 0);
    return copy(state.logits());
  }

  Fixture fixture_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<ForwardQueue> queue_;
};

TEST_P(TinyModels, LogitsAndGreedyTokensAreThoseOfTransformers) {
  TokenState s(*queue_);
  for (const auto& [at, expected] : fixture_.rows) {
    s.set(prompt().first(at + 1));
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

TEST_P(TinyModels, ChunksAndStepsGiveTheSameLogits) {
  const std::vector<float> expected = logits_after(prompt());
  for (int64_t chunk : {1, 7, 64}) {
    EXPECT_LE(difference(logits_after(prompt(), chunk), expected), logit_tolerance) << "chunks of " << chunk;
  }
  TokenState steps(*queue_);
  for (int32_t id : prompt()) {
    steps.push(id);
    steps.logits();
  }
  EXPECT_LE(difference(steps.logits(), expected), logit_tolerance) << "step by step";
}

TEST_P(TinyModels, GoingBackAndAnotherTextGiveTheSameLogits) {
  const std::vector<float> expected = logits_after(prompt());
  for (size_t common : {size_t{0}, size_t{1}, size_t{30}, size_t{63}, size_t{64}, prompt().size() - 1}) {
    if (common >= prompt().size()) continue;
    const std::vector<int32_t> other = other_after(common);
    const std::vector<float> expected_other = logits_after(other);
    TokenState s(*queue_);
    s.set(prompt());
    const int64_t known = s.set(other);
    EXPECT_LE(known, static_cast<int64_t>(common));
    if (keeps_all()) {
      EXPECT_EQ(known, static_cast<int64_t>(common));
    }
    EXPECT_LE(difference(s.logits(), expected_other), logit_tolerance) << "common prefix of " << common;
    s.set(prompt());
    EXPECT_LE(difference(s.logits(), expected), logit_tolerance) << "and back";
  }
}

TEST_P(TinyModels, BranchesAndReturnsCostAtMostAPage) {
  const std::vector<float> expected = logits_after(prompt());
  for (size_t common : {size_t{1}, size_t{63}, size_t{64}, size_t{70}, prompt().size() - 1}) {
    if (common >= prompt().size()) continue;
    const std::vector<int32_t> other = other_after(common);
    open(0);
    const std::vector<float> expected_other = logits_after(other);
    open(size_t{1} << 28);
    TokenState a(*queue_), b(*queue_);
    a.set(prompt());
    const int64_t known = b.set(other);  // another sequence knows what the first has fed
    EXPECT_GE(known, static_cast<int64_t>(common) - (recurrent() ? KvPlan::page_tokens - 1 : 0));
    EXPECT_LE(known, static_cast<int64_t>(common));
    EXPECT_LE(difference(b.logits(), expected_other), logit_tolerance) << "branch at " << common;
    // The last id is fed for its logits, from the last place where a state was saved.
    EXPECT_GE(b.set(prompt()), static_cast<int64_t>(prompt().size()) - (recurrent() ? KvPlan::page_tokens : 1));
    EXPECT_LE(difference(b.logits(), expected), logit_tolerance) << "return from " << common;
    EXPECT_LE(difference(a.logits(), expected), logit_tolerance) << "the first sequence is as it was";
  }
}

TEST_P(TinyModels, ABatchOfUnlikeSequencesGivesTheSameLogits) {
  std::vector<std::vector<int32_t>> texts;
  std::vector<std::vector<float>> expected;
  for (size_t i = 0; i < 5; ++i) {
    std::vector<int32_t> text = other_after(5 * i);
    text.resize(text.size() - text.size() * i / 7);
    std::rotate(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), text.end());
    expected.push_back(logits_after(text));
    texts.push_back(std::move(text));
  }
  // Rounds of batches in which each sequence has a part of another length.
  std::vector<std::unique_ptr<KvSequence>> sequences;
  for (size_t i = 0; i < texts.size(); ++i) {
    sequences.push_back(std::make_unique<KvSequence>(model_->cache(), model_->context()));
  }
  const int64_t vocabulary = model_->config().vocabulary;
  const auto buffer = backend_->allocate(texts.size() * static_cast<size_t>(vocabulary) * sizeof(float));
  Batch batch(model_->decoder().plan(), model_->max_rows());
  for (bool fed = true; fed;) {
    fed = false;
    batch.clear();
    std::vector<std::pair<size_t, std::span<const int32_t>>> parts;
    std::vector<size_t> ended;
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto rest = std::span<const int32_t>(texts[i]).subspan(static_cast<size_t>(sequences[i]->size()));
      if (rest.empty()) continue;
      const auto part = rest.first(std::min(rest.size(), 1 + 7 * i));
      const int64_t first = sequences[i]->size();
      sequences[i]->prepare(first + static_cast<int64_t>(part.size()), {});
      for (size_t j = 0; j < part.size(); ++j) {
        batch.add(*sequences[i],
                  {.id = part[j], .position = first + static_cast<int64_t>(j), .wants_logits = j + 1 == rest.size()});
      }
      if (part.size() == rest.size()) ended.push_back(i);
      parts.emplace_back(i, part);
    }
    if (parts.empty()) break;
    fed = true;
    const View logits{buffer->data(), DType::f32, static_cast<int64_t>(ended.size()), vocabulary};
    ASSERT_TRUE(model_->decoder().forward(batch, logits));
    for (const auto& [i, part] : parts) sequences[i]->advance(part);
    for (size_t row = 0; row < ended.size(); ++row) {
      const std::span<const float> got{logits.row(static_cast<int64_t>(row)), static_cast<size_t>(vocabulary)};
      EXPECT_LE(difference(got, expected[ended[row]]), logit_tolerance) << "sequence " << ended[row];
    }
  }
}

TEST_P(TinyModels, SequencesDoNotDisturbEachOtherAndPagesAreUsedAgain) {
  const std::vector<float> expected = logits_after(prompt());
  TokenState a(*queue_);
  a.set(prompt().first(10));
  size_t bytes = 0;
  for (int round = 0; round < 3; ++round) {
    TokenState b(*queue_);
    std::vector<int32_t> reversed(prompt().rbegin(), prompt().rend());
    b.set(reversed);
    if (round == 0) bytes = model_->cache().stats().bytes;
  }
  EXPECT_EQ(model_->cache().stats().bytes, bytes);
  EXPECT_EQ(a.set(prompt()), 10);
  EXPECT_LE(difference(a.logits(), expected), logit_tolerance);
}

TEST_P(TinyModels, StopsBetweenChunksAndKeepsWhatWasFed) {
  const std::vector<float> expected = logits_after(prompt());
  std::stop_source source;
  source.request_stop();
  ForwardQueue queue(*model_, *backend_, 7);
  TokenState s(queue);
  s.set(prompt().first(20));
  s.set(prompt(), {}, source.get_token());
  EXPECT_EQ(s.ids().size(), 20u);
  EXPECT_EQ(s.set(prompt()), 20);
  EXPECT_LE(difference(s.logits(), expected), logit_tolerance);
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
