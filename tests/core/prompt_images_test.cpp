// Pictures among the tokens of a prompt: their positions, their ids, and rows that are fed in the place of embeddings.
// A picture whose rows are the embeddings of tokens must give what the tokens give.

#include "core/prompt_images.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <thread>

#include "core/token_state.h"
#include "core/weights.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;

/// Rows that are given.
class Given final : public PromptImage {
 public:
  Given(int32_t first, std::vector<float> values, int64_t width) : first_(first), values_(std::move(values)) {
    features_.rows = {values_.data(), DType::f32, static_cast<int64_t>(values_.size()) / width, width};
  }
  int32_t first_id() const override { return first_; }
  std::shared_ptr<const ImageFeatures> features(std::stop_token stop) override {
    ++asked;
    if (on_asked) on_asked(asked);
    if (stop.stop_requested()) return nullptr;
    return {std::shared_ptr<void>(), &features_};
  }

  int asked = 0;
  std::function<void(int)> on_asked;

 private:
  int32_t first_;
  std::vector<float> values_;
  ImageFeatures features_;
};

std::shared_ptr<Given> nothing(int32_t first) {
  return std::make_shared<Given>(first, std::vector<float>{0}, 1);
}

using Position = std::array<int32_t, PromptImages::axes>;

TEST(PromptImages, PositionsFollowTheGridAndThenTheGreatest) {
  PromptImages images;
  images.add({.begin = 2, .rows = 6, .image = nothing(-1), .height = 2, .width = 3});
  images.add({.begin = 9, .rows = 4, .image = nothing(-7), .height = 4, .width = 1});
  EXPECT_EQ(images.position(1), (Position{1, 1, 1}));
  EXPECT_EQ(images.position(2), (Position{2, 2, 2}));
  EXPECT_EQ(images.position(4), (Position{2, 2, 4}));
  EXPECT_EQ(images.position(7), (Position{2, 3, 4}));
  EXPECT_EQ(images.position(8), (Position{5, 5, 5}));   // behind column 4
  EXPECT_EQ(images.position(12), (Position{6, 9, 6}));  // the last row of the second picture
  EXPECT_EQ(images.position(13), (Position{10, 10, 10}));
  EXPECT_EQ(images.position(20), (Position{17, 17, 17}));
}

TEST(PromptImages, RowsWithoutAGridCountAsText) {
  PromptImages images;
  images.add({.begin = 1, .rows = 5, .image = nothing(-1)});
  for (int32_t i = 0; i < 9; ++i) EXPECT_EQ(images.position(i), (Position{i, i, i}));
}

TEST(PromptImages, KnowsWhatStandsWhere) {
  PromptImages images;
  const auto image = nothing(-10);
  images.add({.begin = 3, .rows = 2, .image = image});
  images.add({.begin = 6, .rows = 2, .image = image, .first = 2});
  EXPECT_EQ(images.at(2), nullptr);
  EXPECT_EQ(images.at(3)->id(4), -11);
  EXPECT_EQ(images.at(5), nullptr);
  EXPECT_EQ(images.at(7)->id(7), -13);
  EXPECT_EQ(images.at(8), nullptr);
  images.cut(6);
  EXPECT_EQ(images.at(7), nullptr);
  EXPECT_NE(images.at(4), nullptr);
}

TEST(ImageIds, AreThoseOfTheContent) {
  ImageIds ids;
  const int32_t a = ids.first_id("a", 100), b = ids.first_id("b", 7);
  EXPECT_LT(a, 0);
  EXPECT_LE(b, a - 100);
  EXPECT_EQ(ids.first_id("a", 100), a);
  EXPECT_THROW(ids.first_id("c", int64_t{1} << 31), std::length_error);
  EXPECT_EQ(ids.first_id("d", 1), b - 7);
}

class ImageRows : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    backend_ = make_cpu_backend({.threads = 1});
    const auto file = ModelFile::open(fs::path("tests/core/fixtures") / GetParam());
    model_ = std::make_unique<LanguageModel>(
        file, *backend_,
        LanguageModelOptions{.context = 400, .kv_type = DType::f32, .cache_bytes = 1 << 24, .max_rows = 64});
    queue_ = std::make_unique<ForwardQueue>(*model_, *backend_, 32);
    Weights weights(file, *backend_);
    const int64_t vocabulary = model_->config().vocabulary;
    const auto table = weights.numbers("token_embd.weight", vocabulary * model_->config().width);
    table_.assign(table.begin(), table.end());
    for (int32_t i = 0; i < 180; ++i) ids_.push_back((i * 37 + 5) % static_cast<int32_t>(vocabulary));
  }
  /// A picture with the embeddings of tokens.
  std::shared_ptr<Given> picture_of(int64_t begin, int64_t rows, int32_t first) const {
    const auto width = static_cast<size_t>(model_->config().width);
    const float factor = model_->config().architecture == "gemma3" ? std::sqrt(static_cast<float>(width)) : 1.0f;
    std::vector<float> values;
    for (int64_t i = begin; i < begin + rows; ++i) {
      const float* row = table_.data() + static_cast<size_t>(ids_[static_cast<size_t>(i)]) * width;
      for (size_t k = 0; k < width; ++k) values.push_back(row[k] * factor);
    }
    return std::make_shared<Given>(first, std::move(values), model_->config().width);
  }
  /// The ids with a span's in the place of those that stand there.
  std::vector<int32_t> with(const ImageSpan& span, std::vector<int32_t> ids) const {
    for (int64_t i = span.begin; i < span.end(); ++i) ids[static_cast<size_t>(i)] = span.id(i);
    return ids;
  }
  std::vector<float> logits_of(TokenState& state) const {
    const auto logits = state.logits();
    return {logits.begin(), logits.end()};
  }
  static void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-5f) << i;
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<ForwardQueue> queue_;
  std::vector<float> table_;
  std::vector<int32_t> ids_;
};

TEST_P(ImageRows, GiveWhatTheTokensGive) {
  TokenState text(*queue_);
  text.set(ids_);
  const std::vector<float> expected = logits_of(text);
  for (const auto& [begin, rows] : {std::pair<int64_t, int64_t>{0, 3}, {20, 70}, {177, 3}}) {
    const ImageSpan span{
        .begin = begin, .rows = rows, .image = picture_of(begin, rows, -1000 - 200 * static_cast<int32_t>(begin))};
    PromptImages images;
    images.add(span);
    TokenState state(*queue_);
    state.set(with(span, ids_), {}, {}, images);
    expect_near(logits_of(state), expected);
    state.push(7);
    text.push(7);
    expect_near(logits_of(state), logits_of(text));
    text.rewind(180);
  }
}

TEST_P(ImageRows, AreEncodedAndFedOnce) {
  const auto image = picture_of(40, 30, -500);
  const ImageSpan span{.begin = 40, .rows = 30, .image = image};
  PromptImages images;
  images.add(span);
  const std::vector<int32_t> ids = with(span, ids_);
  const std::vector<int64_t> marks = {40, 70};
  TokenState first(*queue_);
  EXPECT_EQ(first.set(ids, marks, {}, images), 0);
  const std::vector<float> expected = logits_of(first);
  const int asked = image->asked;

  // The same picture with other words behind it: nothing up to the picture's end is fed again.
  std::vector<int32_t> other(ids.begin(), ids.begin() + 70);
  for (int32_t i = 0; i < 20; ++i) other.push_back(i + 1);
  TokenState second(*queue_);
  EXPECT_EQ(second.set(other, {}, {}, images), 70);
  EXPECT_EQ(image->asked, asked);

  // Another picture at the same place is another prompt.
  const ImageSpan unlike{.begin = 40, .rows = 30, .image = picture_of(90, 30, -900)};
  PromptImages others;
  others.add(unlike);
  TokenState third(*queue_);
  EXPECT_EQ(third.set(with(unlike, ids_), {}, {}, others), 40);
  bool same = true;
  const std::vector<float> now = logits_of(third);
  for (size_t i = 0; i < now.size(); ++i) same = same && std::abs(now[i] - expected[i]) < 1e-4f;
  EXPECT_FALSE(same);
}

TEST_P(ImageRows, AStopBeforeTheyAreEncodedLosesNothing) {
  const ImageSpan span{.begin = 50, .rows = 10, .image = picture_of(50, 10, -500)};
  PromptImages images;
  images.add(span);
  std::stop_source stop;
  stop.request_stop();
  TokenState state(*queue_);
  state.set(with(span, ids_), {}, stop.get_token(), images);
  EXPECT_EQ(state.fed(), 0);
  state.set(with(span, ids_), {}, {}, images);
  EXPECT_EQ(state.fed(), 180);
}

TEST_P(ImageRows, APictureIsForgottenAsAWhole) {
  const ImageSpan span{.begin = 20, .rows = 70, .image = picture_of(20, 70, -500)};
  PromptImages images;
  images.add(span);
  TokenState plain(*queue_);
  plain.set(std::span(ids_).first(20));
  plain.push(7);
  const std::vector<float> expected = logits_of(plain);

  TokenState state(*queue_);
  state.set(with(span, ids_), {}, {}, images);
  state.rewind(60);
  EXPECT_EQ(state.ids().size(), 20u);
  state.push(7);
  expect_near(logits_of(state), expected);

  // Stopped between two batches, inside the picture.
  const auto image = picture_of(20, 70, -1500);
  std::stop_source stop;
  image->on_asked = [&](int asked) {
    if (asked == 40) stop.request_stop();
  };
  ImageSpan other = span;
  other.image = image;
  PromptImages others;
  others.add(other);
  TokenState stopped(*queue_);
  stopped.set(with(other, ids_), {}, stop.get_token(), others);
  EXPECT_EQ(stopped.ids().size(), 20u);
  stopped.push(7);
  expect_near(logits_of(stopped), expected);
}

TEST_P(ImageRows, OneThatFailsHalfWayHarmsNobody) {
  std::atomic<bool> done = false;
  std::jthread beside([&] {
    for (int32_t i = 0; !done; i = (i + 1) % 50) {
      std::vector<int32_t> ids(390, i);
      TokenState(*queue_).set(ids);
    }
  });
  for (int32_t i = 0; i < 5; ++i) {
    const auto image = picture_of(4, 20, -500 - 100 * i);
    const ImageSpan span{.begin = 4, .rows = 20, .image = image};
    PromptImages images;
    images.add(span);
    std::vector<int32_t> ids = with(span, ids_);
    ids[0] = i;  // a text that nobody has fed
    std::vector<int32_t> words = ids_;
    words[0] = i;
    image->on_asked = [](int asked) {
      if (asked == 8) throw std::runtime_error("no room for the row");
    };
    TokenState state(*queue_);
    EXPECT_THROW(state.set(ids, {}, {}, images), std::runtime_error);
    image->on_asked = nullptr;
    state.set(ids, {}, {}, images);
    const std::vector<float> got = logits_of(state);
    TokenState plain(*queue_);
    plain.set(words);
    expect_near(got, logits_of(plain));
  }
  done = true;
}

TEST_P(ImageRows, APictureAsLongAsABatchIsFedBesideAReply) {
  TokenState replying(*queue_);
  replying.set(std::span(ids_).first(5));
  std::atomic<bool> done = false;
  std::jthread beside([&] {
    const ForwardQueue::Turn turn(*queue_);
    for (int i = 0; i < 300 && !done; ++i) {
      replying.push(7);
      replying.logits();
    }
    done = true;
  });
  while (queue_->batches() < 4) std::this_thread::yield();
  const ImageSpan span{.begin = 10, .rows = 32, .image = picture_of(10, 32, -500), .sees = RowSees::picture};
  PromptImages images;
  images.add(span);
  TokenState state(*queue_);
  const std::vector<int32_t> ids = with(span, ids_);
  state.set(std::span(ids).first(50), {}, {}, images);
  EXPECT_FALSE(done) << "only when nobody else had anything to say";
  done = true;
}

INSTANTIATE_TEST_SUITE_P(Models, ImageRows,
                         ::testing::Values("tiny_qwen2.gguf", "tiny_gemma3.gguf", "tiny_qwen35.gguf"),
                         [](const auto& model) {
                           std::string name = model.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace deskhand
