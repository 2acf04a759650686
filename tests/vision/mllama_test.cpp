// Llama 3.2 Vision, whose layers attend to pictures: what each row sees, what is kept of pictures and by whom it is
// shared, and hostile directories. Against transformers (tests/reference/tiny_vision.py).

#include <gmock/gmock.h>

#include <fstream>

#include "core/engine.h"
#include "core/metadata_store.h"
#include "tests/support/seeing_model.h"
#include "tests/vision/tiny_eyes.h"
#include "vision/multimodal.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using testing::PromptCase;

class Mllama : public testing::TinyEyes, public ::testing::Test {
 protected:
  void SetUp() override { open("mllama", false); }

  const PromptCase& named(const std::string& name) const {
    return *std::find_if(cases_.begin(), cases_.end(), [&](const PromptCase& c) { return c.name == name; });
  }

  /// A prompt with other pictures in the places of its own.
  PromptCase with_pictures(PromptCase c, std::initializer_list<size_t> numbers) const {
    PromptImages images;
    auto number = numbers.begin();
    for (ImageSpan span : c.images.spans()) {
      span.image = pictures_[*number];
      span.shown_tiles = pictures_[*number++]->layout().pieces.front().shown_tiles;
      c.ids[static_cast<size_t>(span.begin)] = span.id(span.begin);
      images.add(span);
    }
    c.images = images;
    return c;
  }

  int64_t set(TokenState& state, const PromptCase& c) const { return state.set(c.ids, {}, {}, c.images); }

  /// Feeds `rows` of a case and appends their logits.
  void feed_rows(Batch& batch, KvSequence& sequence, const PromptCase& c, int64_t rows) {
    const int64_t first = sequence.size();
    sequence.prepare(first + rows, {});
    for (int64_t i = first; i < first + rows; ++i) {
      batch.add(sequence,
                {.id = c.ids[static_cast<size_t>(i)], .position = i, .wants_logits = true, .images = &c.images});
    }
  }

  void remember(const KvSequence& sequence) {
    for (const VisualMemory::Sight& sight : sequence.visual().sights()) {
      ASSERT_TRUE(model_->decoder().remember(*sight.image->features({}), *sight.memory, {}));
    }
  }
};

TEST_F(Mllama, EveryRowSeesWhatItSeesInTransformers) {
  Batch batch(model_->decoder().plan(), 128);
  const int64_t vocabulary = model_->config().vocabulary;
  for (const PromptCase& c : cases_) {
    for (const int64_t chunk : {128, 4}) {
      KvSequence sequence(model_->cache(), 256);
      ASSERT_EQ(sequence.adopt({}, c.images), 0);
      remember(sequence);
      const auto expected = dumped(c.name + ".all_logits");
      const auto size = static_cast<int64_t>(c.ids.size());
      ASSERT_EQ(static_cast<int64_t>(expected.size()), size);
      while (sequence.size() < size) {
        const int64_t first = sequence.size(), rows = std::min(chunk, size - first);
        std::vector<float> logits(static_cast<size_t>(rows * vocabulary));
        batch.clear();
        feed_rows(batch, sequence, c, rows);
        ASSERT_TRUE(model_->decoder().forward(batch, {logits.data(), DType::f32, rows, vocabulary}));
        sequence.advance(std::span(c.ids).subspan(static_cast<size_t>(first), static_cast<size_t>(rows)));
        for (int64_t r = 0; r < rows; ++r) {
          expect_near(
              copy(std::span(logits).subspan(static_cast<size_t>(r * vocabulary), static_cast<size_t>(vocabulary))),
              expected[static_cast<size_t>(first + r)], c.name + " row " + std::to_string(first + r));
        }
      }
    }
  }
}

TEST_F(Mllama, TextsWithAndWithoutPicturesGoTogether) {
  Batch batch(model_->decoder().plan(), 128);
  const int64_t vocabulary = model_->config().vocabulary;
  const std::vector<std::string> names = {"two", "text", "one"};
  std::vector<std::unique_ptr<KvSequence>> sequences;
  int64_t rows = 0;
  for (const std::string& name : names) {
    const PromptCase& c = named(name);
    sequences.push_back(std::make_unique<KvSequence>(model_->cache(), 256));
    sequences.back()->adopt({}, c.images);
    remember(*sequences.back());
    feed_rows(batch, *sequences.back(), c, static_cast<int64_t>(c.ids.size()));
    rows += static_cast<int64_t>(c.ids.size());
  }
  std::vector<float> logits(static_cast<size_t>(rows * vocabulary));
  ASSERT_TRUE(model_->decoder().forward(batch, {logits.data(), DType::f32, rows, vocabulary}));
  size_t row = 0;
  for (const std::string& name : names) {
    for (const auto& expected : dumped(name + ".all_logits")) {
      const auto width = static_cast<size_t>(vocabulary);
      expect_near(copy(std::span(logits).subspan(row++ * width, width)), expected, name);
    }
  }
}

TEST_F(Mllama, PromptsThatDifferInThePictureShareNothing) {
  const PromptCase& one = named("one");
  const PromptCase other = with_pictures(one, {1});
  const auto size = static_cast<int64_t>(one.ids.size());
  TokenState first(*queue_), second(*queue_), third(*queue_);
  EXPECT_EQ(set(first, one), 0);
  const std::vector<float> seen = copy(first.logits());
  EXPECT_EQ(set(second, other), 0);  // what stands before a picture sees it too
  EXPECT_NE(copy(second.logits()), seen);
  const int asked = pictures_[0]->asked;
  EXPECT_EQ(set(third, one), size - 1);
  expect_near(copy(third.logits()), seen, "the same picture again");
  EXPECT_EQ(pictures_[0]->asked, asked) << "its keys and values are known";
  // And not with a prompt that has none.
  PromptCase text = one;
  text.images = {};
  text.ids[static_cast<size_t>(one.images.spans().front().begin)] = 30;
  EXPECT_EQ(set(third, text), 0);
  TokenState fourth(*queue_);
  EXPECT_EQ(set(fourth, named("text")), 1);
}

TEST_F(Mllama, TheSamePictureTwiceIsMadeOnce) {
  TokenState state(*queue_);
  set(state, named("same_twice"));
  expect_near(copy(state.logits()), dumped("same_twice.logits").back(), "same twice");
  const size_t bytes = model_->cache().stats().bytes;
  set(state, named("one"));
  EXPECT_EQ(model_->cache().stats().bytes, bytes + model_->decoder().plan().groups()[0].page_bytes) << "a page of text";
}

TEST_F(Mllama, AConversationGoesOn) {
  const PromptCase& one = named("one");
  TokenState state(*queue_);
  set(state, one);
  // With words alone: nothing is fed again.
  PromptCase words = one;
  for (int32_t i = 0; i < 5; ++i) words.ids.push_back(60 + i);
  EXPECT_EQ(set(state, words), static_cast<int64_t>(one.ids.size()));
  // With another picture: rows before the first see it as well.
  EXPECT_EQ(set(state, named("goes_on")), 0);
  expect_near(copy(state.logits()), dumped("goes_on.logits").back(), "goes on");
  // Back before the second picture.
  state.rewind(static_cast<int64_t>(one.ids.size()));
  expect_near(copy(state.logits()), dumped("one.logits").back(), "one");
  // Where nothing stands before the first picture, a second one changes nothing that was.
  PromptCase start = named("picture_first");
  const int64_t behind = start.images.spans().back().begin;
  start.ids.resize(static_cast<size_t>(behind));
  start.images.cut(behind);
  set(state, start);
  EXPECT_EQ(set(state, named("picture_first")), behind);
  expect_near(copy(state.logits()), dumped("picture_first.logits").back(), "picture first");
}

TEST_F(Mllama, AStopLosesNothing) {
  std::stop_source stop;
  stop.request_stop();
  const PromptCase& c = named("goes_on");
  TokenState state(*queue_);
  EXPECT_EQ(state.set(c.ids, {}, stop.get_token(), c.images), 0);
  EXPECT_TRUE(state.ids().empty());
  state.push(40);  // a text without pictures
  state.logits();
  set(state, c);
  expect_near(copy(state.logits()), dumped("goes_on.logits").back(), "goes on");
}

TEST(MllamaMemory, IsKeptWithinTheBudget) {
  class Small : public testing::TinyEyes {
   public:
    explicit Small(size_t bytes) { open("mllama", false, bytes); }
    void check(int64_t kept) {
      {
        TokenState state(*queue_);
        for (const PromptCase& c : cases_) {
          state.set(c.ids, {}, {}, c.images);
          expect_near(copy(state.logits()), dumped(c.name + ".logits").back(), c.name);
        }
      }
      const KvCacheStats stats = model_->cache().stats();
      EXPECT_GE(stats.bytes, 2 * model_->decoder().plan().picture_bytes()) << "both pictures were seen at once";
      EXPECT_GE(stats.idle_bytes, static_cast<size_t>(kept) * model_->decoder().plan().picture_bytes());
      if (kept == 0) {
        EXPECT_EQ(stats.idle_bytes, 0u);
      }
    }
  };
  Small(0).check(0);
  Small(size_t{1} << 24).check(2);
}

TEST_F(Mllama, EyesOfAnotherModelAreRefused) {
  PromptCase c = named("one");
  std::vector<float> values(32);
  class Given final : public PromptImage {
   public:
    explicit Given(std::vector<float>& values) { features_.rows = {values.data(), DType::f32, 1, 32}; }
    int32_t first_id() const override { return -70000; }
    std::shared_ptr<const ImageFeatures> features(std::stop_token) override {
      return {std::shared_ptr<void>(), &features_};
    }

   private:
    ImageFeatures features_;
  };
  ImageSpan span = c.images.spans().front();
  span.image = std::make_shared<Given>(values);
  c.images = {};
  c.images.add(span);
  c.ids[static_cast<size_t>(span.begin)] = span.id(span.begin);
  TokenState state(*queue_);
  EXPECT_THROW(set(state, c), ModelFileError);
  c.images = {};
  span.shown_tiles = 5;
  c.images.add(span);
  EXPECT_THROW(set(state, c), ModelFileError);
}

TEST(MllamaDirectory, AnswersAboutPictures) {
  const testing::TemporaryFolder folder;
  testing::write_attending_model(folder.path());
  const auto engine = Engine::open(folder.path(), {.threads = 1});
  EXPECT_EQ(engine->info().architecture, "mllama");
  const auto backend = make_cpu_backend({.threads = 1});
  Multimodal eyes(engine->tokenizer(), open_encoder(folder.path(), *backend, engine->info().width));
  const nlohmann::ordered_json parts = {{{"type", "image"}}, {{"type", "text"}, {"text", "What?"}}};
  const std::string text =
      eyes.render(*engine->chat_template(),
                  {{"messages", {{{"role", "user"}, {"content", parts}}}}, {"add_generation_prompt", true}});
  EXPECT_EQ(text, "<|begin_of_text|>user\n<|image|>What?<|eot_id|>assistant\n");
  const auto session = engine->new_session();
  std::vector<std::vector<float>> seen;
  for (const char* name : {"image0.png", "image1.png", "image0.png"}) {
    const std::shared_ptr<const Image> image =
        std::make_shared<Image>(read_image(fs::path("tests/vision/fixtures/mllama") / name));
    ImagePrompt prompt = eyes.prompt(text, {&image, 1});
    EXPECT_EQ(prompt.image_rows, 1);
    session->set_prompt(prompt.ids, {}, 0, std::move(prompt.images));
    const auto logits = session->logits();
    seen.emplace_back(logits.begin(), logits.end());
    EXPECT_EQ(session->generate({.max_tokens = 3, .ignore_end = true}, nullptr, {}, {}).ids.size(), 3u);
  }
  EXPECT_NE(seen[0], seen[1]);
  for (size_t i = 0; i < seen[0].size(); ++i) ASSERT_NEAR(seen[0][i], seen[2][i], 1e-4f);
  EXPECT_EQ(eyes.encoded(), 2);
}

/// What is said of a copy of the directory in which something in a file is another.
std::string refusal(const std::string& file, const std::string& pointer, const nlohmann::json& value) {
  const testing::TemporaryFolder copy;
  for (const auto& entry : fs::directory_iterator("tests/vision/fixtures/mllama")) {
    fs::copy(entry.path(), copy.path() / entry.path().filename());
  }
  auto json = nlohmann::json::parse(testing::read_file(copy.path() / file));
  json[nlohmann::json::json_pointer(pointer)] = value;
  std::ofstream(copy.path() / file) << json.dump();
  const auto backend = make_cpu_backend({.threads = 1});
  try {
    LanguageModel model(ModelFile::open(copy.path()), *backend, {.context = 64});
    const auto encoder = open_encoder(copy.path(), *backend, model.config().width);
    // What opens must do its work, or say why not.
    const ImageFeatures features = encoder->encode(Image(40, 30), {});
    PictureMemory memory;
    if (features.rows.rows != model.config().cross.tiles * model.config().cross.tile_rows) {
      (void)model.decoder().remember(features, memory, {});
    }
    return "opened";
  } catch (const std::exception& error) {
    const std::string said = error.what();
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
    return said;
  }
}

TEST(HostileMllama, IsRefusedInWords) {
  using nlohmann::json;
  const json::array_t wrong_layers = {json::array(),
                                      json::array({-1}),
                                      json::array({5}),
                                      json::array({0, 2}),
                                      json::array({1}),
                                      json::array({1, 3, 4}),
                                      json::array({"1"}),
                                      "1",
                                      3,
                                      json::array({int64_t{1} << 62})};
  for (const json& layers : wrong_layers) {
    EXPECT_NE(refusal("config.json", "/text_config/cross_attention_layers", layers), "opened") << layers;
  }
  const json::array_t wrong_kept = {json::array({-1}),
                                    json::array({4}),
                                    json::array({2, 0}),
                                    json::array({0, 0}),
                                    json::array({0}),
                                    json::array(),
                                    "0",
                                    json::array({0.5})};
  for (const json& kept : wrong_kept) {
    EXPECT_NE(refusal("config.json", "/vision_config/intermediate_layers_indices", kept), "opened") << kept;
  }
  for (const int64_t number : {int64_t{-1}, int64_t{0}, int64_t{3}, int64_t{17}, int64_t{1} << 31, int64_t{1} << 62}) {
    for (const char* key : {"hidden_size", "attention_heads", "num_hidden_layers", "num_global_layers", "max_num_tiles",
                            "image_size", "patch_size"}) {
      EXPECT_NE(refusal("config.json", std::string("/vision_config/") + key, number), "opened") << key << " " << number;
    }
    for (const char* key : {"vocab_size", "hidden_size", "num_attention_heads", "num_hidden_layers"}) {
      EXPECT_NE(refusal("config.json", std::string("/text_config/") + key, number), "opened") << key << " " << number;
    }
    EXPECT_NE(refusal("preprocessor_config.json", "/max_image_tiles", number), "opened") << number;
    EXPECT_NE(refusal("preprocessor_config.json", "/size/height", number), "opened") << number;
  }
  EXPECT_NE(refusal("config.json", "/vision_config/supported_aspect_ratios/1", json::array({2, 1})), "opened");
  EXPECT_NE(refusal("config.json", "/vision_config/hidden_act", "quick_gelu"), "opened");
  EXPECT_NE(refusal("config.json", "/vision_config", nullptr), "opened");
}

TEST(HostileMllama, AGgufFileOfItIsRefusedInALine) {
  MetadataStore metadata;
  metadata.set_text("general.architecture", "mllama");
  for (const char* key : {"block_count", "embedding_length", "feed_forward_length", "context_length", "vocab_size"}) {
    metadata.set(std::string("mllama.") + key, int64_t{16});
  }
  metadata.set("mllama.attention.head_count", int64_t{4});
  metadata.set("mllama.attention.layer_norm_rms_epsilon", 1e-5);
  try {
    model_config(metadata);
    FAIL();
  } catch (const ModelFileError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("from its Hugging Face directory alone"));
  }
}

}  // namespace
}  // namespace deskhand
