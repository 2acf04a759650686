// A needle in a long text, in a model that is constructed to find it: what stood behind the token that comes last now?
//
// Layer 0, with a window, brings each token the code of the one before it; layer 2, which sees all and does not turn,
// looks for the place whose code before is that of the last token, and says what stands there. Layers 1 and 3, with
// windows, add noise beside. Nothing is trained: the recall is that of attention over the whole text, pages and windows
// included.
//
// DESKHAND_NEEDLE_TOKENS=65536,262144,1024000 asks for other lengths than 16,384.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <numeric>
#include <random>
#include <sstream>

#include "core/metadata_store.h"
#include "core/token_state.h"

namespace deskhand {
namespace {

constexpr int64_t code = 32;  // values of a token's code, and of a head
constexpr int64_t own = 0, before = code, answer = 2 * code, noise = 3 * code, constant = 4 * code - 1;
constexpr int64_t width = 4 * code, vocabulary = 96, layers = 4, window = 500;
constexpr int32_t keys = 10;  // the first ids; text is made of the others
constexpr float constant_value = 8.0f, rope_base = 10.0f;

/// A model file in memory.
class Constructed final : public ModelFile {
 public:
  explicit Constructed(bool one_sees_all) : codes_(make_codes()) {
    metadata_.set_text("general.architecture", "smollm3");
    for (const auto& [key, value] : {std::pair{"block_count", layers},
                                     {"embedding_length", width},
                                     {"feed_forward_length", code},
                                     {"context_length", int64_t{1} << 21},
                                     {"vocab_size", vocabulary},
                                     {"attention.head_count", int64_t{1}},
                                     {"attention.head_count_kv", int64_t{1}},
                                     {"attention.key_length", code},
                                     {"attention.value_length", code},
                                     {"rope.dimension_count", code},
                                     {"attention.sliding_window", window}}) {
      metadata_.set(std::string("smollm3.") + key, value);
    }
    metadata_.set("smollm3.attention.layer_norm_rms_epsilon", 1e-6);
    metadata_.set("smollm3.attention.scale", 1.0);
    metadata_.set("smollm3.rope.freq_base", double{rope_base});
    metadata_.set_integers("smollm3.attention.sliding_window_pattern", {1, 1, one_sees_all ? 0 : 1, 1});
    metadata_.set_integers("smollm3.rope.layers", {1, 1, 0, 1});
    add_outer();
    for (int64_t i = 0; i < layers; ++i) add_layer(i);
  }
  const std::filesystem::path& path() const override { return path_; }
  const Metadata& metadata() const override { return metadata_; }
  std::span<const TensorInfo> tensors() const override { return tensors_; }
  const TensorInfo* find_tensor(std::string_view name) const override {
    const auto found = std::find_if(tensors_.begin(), tensors_.end(), [&](const auto& t) { return t.name == name; });
    return found == tensors_.end() ? nullptr : &*found;
  }

 private:
  using Codes = std::vector<std::vector<float>>;

  /// Rows of ±1 that agree with one another in few places more than chance.
  static Codes make_codes() {
    constexpr float most_alike = 12.0f;
    std::mt19937 random(7);
    Codes out;
    while (out.size() < vocabulary) {
      std::vector<float> row(code);
      for (float& value : row) value = random() % 2 == 0 ? 1.0f : -1.0f;
      const auto apart = [&](const std::vector<float>& other) {
        return std::inner_product(row.begin(), row.end(), other.begin(), 0.0f) <= most_alike;
      };
      if (std::all_of(out.begin(), out.end(), apart)) out.push_back(row);
    }
    return out;
  }

  float* add(std::string name, int64_t rows, int64_t cols, float value = 0.0f) {
    std::vector<float>& data = data_.emplace_back(static_cast<size_t>(rows * cols), value);
    tensors_.push_back({.name = names_.emplace_back(std::move(name)),
                        .type = DType::f32,
                        .dimensions = rows == 1 ? 1u : 2u,
                        .shape = {cols, rows, 1, 1},
                        .data = std::as_bytes(std::span(data)).data(),
                        .bytes = data.size() * sizeof(float)});
    return data.data();
  }

  void add_outer() {
    float* embedding = add("token_embd.weight", vocabulary, width);
    float* output = add("output.weight", vocabulary, width);
    for (int64_t id = 0; id < vocabulary; ++id) {
      for (int64_t i = 0; i < code; ++i) {
        const float value = codes_[static_cast<size_t>(id)][static_cast<size_t>(i)];
        embedding[id * width + own + i] = value;
        output[id * width + answer + i] = value;
      }
      embedding[id * width + constant] = constant_value;
    }
    add("output_norm.weight", 1, width, 1.0f);
  }

  void add_layer(int64_t layer) {
    const auto tensor = [&](const char* name, int64_t rows, int64_t cols, float value = 0.0f) {
      return add("blk." + std::to_string(layer) + "." + name + ".weight", rows, cols, value);
    };
    tensor("attn_norm", 1, width, 1.0f);
    tensor("ffn_norm", 1, width, 1.0f);
    float *q = tensor("attn_q", code, width), *k = tensor("attn_k", code, width), *v = tensor("attn_v", code, width);
    float* out = tensor("attn_output", width, code);
    tensor("ffn_gate", code, width);
    tensor("ffn_up", code, width);
    tensor("ffn_down", width, code);
    if (layer == 0) look_at_the_one_before(q, k);
    if (layer == 2) copy(q, own, sharpness), copy(k, before, sharpness);
    std::mt19937 random(static_cast<uint32_t>(layer));
    std::normal_distribution<float> some(0.0f, 0.05f);
    for (int64_t i = 0; i < code; ++i) {
      v[i * width + own + i] = 1.0f;
      if (layer == 0) out[(before + i) * code + i] = rms_at_first;
      if (layer == 2) out[(answer + i) * code + i] = 1.0f;
      if (layer % 2 == 1) {
        for (int64_t c = 0; c < width; ++c) q[i * width + c] = some(random), k[i * width + c] = some(random);
        if (noise + i < constant) out[(noise + i) * code + i] = some(random);
      }
    }
  }

  static void copy(float* matrix, int64_t from, float factor) {
    for (int64_t i = 0; i < code; ++i) matrix[i * width + from + i] = factor;
  }

  /// Pair i of q and k makes cos(θ_i · (distance − 1)), which all pairs have at its largest for the token before.
  static void look_at_the_one_before(float* q, float* k) {
    constexpr float factor = 5.0f;
    for (int64_t i = 0; i < code / 2; ++i) {
      const float theta = std::pow(rope_base, -2.0f * static_cast<float>(i) / static_cast<float>(code));
      q[(2 * i) * width + constant] = factor * std::cos(theta);
      q[(2 * i + 1) * width + constant] = -factor * std::sin(theta);
      k[(2 * i) * width + constant] = factor / constant_value;
    }
  }

  static constexpr float sharpness = 1.5f;
  static constexpr float rms_at_first = 0.8660254f;  // √((32 + 8²) / 128)

  std::filesystem::path path_ = "constructed";
  Codes codes_;
  MetadataStore metadata_;
  std::deque<std::string> names_;
  std::deque<std::vector<float>> data_;
  std::vector<TensorInfo> tensors_;
};

/// A text with each key once, at depths from 5 to 95 per cent; what stands behind each is the answer.
struct Haystack {
  explicit Haystack(int64_t tokens) : ids(static_cast<size_t>(tokens)) {
    std::mt19937 random(11);
    for (int32_t& id : ids) id = keys + static_cast<int32_t>(random() % (vocabulary - keys));
    for (int32_t key = 0; key < keys; ++key) {
      const auto at = ids.size() * static_cast<size_t>(2 * key + 1) / (2 * keys);
      ids[at] = key;
      answers.push_back(ids[at + 1]);
    }
  }
  std::vector<int32_t> ids, answers;
};

class Reader {
 public:
  explicit Reader(bool one_sees_all, int64_t tokens)
      : backend_(make_cpu_backend({})),
        model_(std::make_shared<Constructed>(one_sees_all), *backend_, {.context = tokens + 1, .cache_bytes = 0}),
        queue_(model_, *backend_, 512),
        state_(queue_) {}

  struct Cost {
    double seconds = 0, cpu_seconds = 0;
  };
  Cost read(std::span<const int32_t> ids) {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    state_.set(ids);
    return {.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
            .cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
  }
  int found(const Haystack& hay) {
    int right = 0;
    const int64_t size = state_.fed();
    for (int32_t key = 0; key < keys; ++key) {
      state_.push(key);
      const std::span<const float> logits = state_.logits();
      right += std::max_element(logits.begin(), logits.end()) - logits.begin() == hay.answers[size_t(key)] ? 1 : 0;
      state_.rewind(size);
    }
    return right;
  }
  size_t bytes() const { return model_.cache().stats().bytes; }

 private:
  std::unique_ptr<Backend> backend_;
  LanguageModel model_;
  ForwardQueue queue_;
  TokenState state_;
};

std::vector<int64_t> lengths() {
  const char* asked = std::getenv("DESKHAND_NEEDLE_TOKENS");
  std::istringstream list(asked != nullptr ? asked : "16384");
  std::vector<int64_t> out;
  for (std::string number; std::getline(list, number, ',');) out.push_back(std::stoll(number));
  return out;
}

TEST(Needle, ALayerThatSeesAllFindsItAtEveryDepth) {
  for (const int64_t tokens : lengths()) {
    const Haystack hay(tokens);
    Reader reader(true, tokens);
    const double seconds = reader.read(hay.ids).seconds;
    const int found = reader.found(hay);
    EXPECT_EQ(found, keys) << tokens << " tokens";
    std::printf("%ld tokens: found %d of %d, %.1f s, %.2f us per token, %.1f MB of keys and values\n", tokens, found,
                keys, seconds, seconds / static_cast<double>(tokens) * 1e6, static_cast<double>(reader.bytes()) / 1e6);
  }
}

TEST(Needle, WindowsAloneDoNotReachIt) {
  const Haystack hay(16384);
  Reader reader(false, 16384);
  reader.read(hay.ids);
  EXPECT_LE(reader.found(hay), 1);  // by chance
}

TEST(Needle, WithWindowsAloneMemoryAndTimePerTokenAreFlat) {
  size_t bytes = 0;
  double each = 0;
  for (const int64_t tokens : {16384, 32768, 65536}) {
    const Haystack hay(tokens);
    Reader reader(false, tokens);
    const double us = reader.read(hay.ids).cpu_seconds / static_cast<double>(tokens) * 1e6;
    std::printf("%ld tokens, windows alone: %.2f us of CPU time per token, %.2f MB\n", tokens, us,
                static_cast<double>(reader.bytes()) / 1e6);
    if (bytes == 0) bytes = reader.bytes(), each = us;
    EXPECT_EQ(reader.bytes(), bytes) << tokens << " tokens";
    EXPECT_LT(us, 2.0 * each) << tokens << " tokens";  // with a layer that sees all it would be nearly four times
  }
}

}  // namespace
}  // namespace deskhand
