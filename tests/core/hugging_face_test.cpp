// Hugging Face directories: spellings of config.json and of tensor names, and what is refused. That they compute the
// same as GGUF files is shown in tiny_models_test.cpp.

#include "core/hugging_face/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/engine.h"
#include "core/hugging_face/config.h"
#include "core/language_model.h"
#include "core/prompt.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

const fs::path fixtures = "tests/core/fixtures";

/// A copy of a tiny checkpoint whose parts can be changed.
class Copy {
 public:
  explicit Copy(const std::string& name) {
    fs::copy(fixtures / name, folder_.path(), fs::copy_options::recursive);
    config = json::parse(testing::read_file(folder_.path() / "config.json"));
  }
  const fs::path& path() const { return folder_.path(); }

  /// Renames tensors of model.safetensors.
  void rename(const std::function<std::string(const std::string&)>& name) {
    const fs::path file = path() / "model.safetensors";
    const std::string bytes = testing::read_file(file);
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof(length));
    const json header = json::parse(bytes.substr(8, length));
    json changed;
    for (const auto& [key, value] : header.items()) changed[key == "__metadata__" ? key : name(key)] = value;
    testing::write_safetensors(file, changed.dump(), bytes.substr(8 + length));
  }

  std::shared_ptr<const ModelFile> open() const {
    std::ofstream(path() / "config.json") << config.dump();
    return ModelFile::open(path());
  }
  /// What opening and loading it says.
  std::string loading() const {
    const auto backend = make_reference_backend();
    try {
      const LanguageModel model(open(), *backend, {});
    } catch (const ModelFileError& error) {
      return error.what();
    }
    return "loaded";
  }

  json config;

 private:
  testing::TemporaryFolder folder_;
};

/// Everything that a network is built from.
void expect_same(const ModelFile& a, const ModelFile& b) {
  const ModelConfig x = model_config(a.metadata()), y = model_config(b.metadata());
  EXPECT_EQ(x.architecture, y.architecture);
  EXPECT_EQ(x.layers, y.layers);
  EXPECT_EQ(x.width, y.width);
  EXPECT_EQ(x.feed_forward, y.feed_forward);
  EXPECT_EQ(x.heads, y.heads);
  EXPECT_EQ(x.kv_heads, y.kv_heads);
  EXPECT_EQ(x.head_dim, y.head_dim);
  EXPECT_EQ(x.vocabulary, y.vocabulary);
  EXPECT_EQ(x.context, y.context);
  EXPECT_EQ(x.rms_eps, y.rms_eps);
  EXPECT_EQ(x.attention_scale, y.attention_scale);
  EXPECT_EQ(x.rope.width, y.rope.width);
  EXPECT_EQ(x.rope.window_base, y.rope.window_base);
  EXPECT_NEAR(x.rope.amplitude, y.rope.amplitude, 1e-6);
  EXPECT_EQ(x.rope.scaling, y.rope.scaling);
  EXPECT_EQ(x.turns, y.turns);
  for (const int64_t context : {int64_t{16}, x.context, 4 * x.context}) {
    EXPECT_EQ(rope_frequencies(x.rope, context), rope_frequencies(y.rope, context));
  }
  EXPECT_EQ(x.window, y.window);
  EXPECT_EQ(x.windowed, y.windowed);
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const TensorInfo& tensor : a.tensors()) {
    const TensorInfo* other = b.find_tensor(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    EXPECT_EQ(tensor.type, other->type) << tensor.name;
    EXPECT_EQ(tensor.shape, other->shape) << tensor.name;
  }
}

TEST(HuggingFace, DirectoriesSayWhatTheModelFilesSay) {
  for (const char* name : {"tiny_llama_tied_llama3", "tiny_llama_mqa_linear", "tiny_llama_yarn", "tiny_llama_longrope",
                           "tiny_llama_dynamic", "tiny_mistral", "tiny_qwen2", "tiny_qwen2_window", "tiny_qwen3",
                           "tiny_smollm3", "tiny_gemma3", "tiny_gemma3_capped"}) {
    SCOPED_TRACE(name);
    expect_same(*ModelFile::open(fixtures / name), *ModelFile::open(fixtures / (std::string(name) + ".gguf")));
  }
  EXPECT_EQ(ModelFile::open(fixtures / "tiny_qwen2/")->metadata().text("general.name"), "tiny_qwen2");
}

// transformers 4: rope_theta beside rope_scaling, torch_dtype, windows by pattern.
TEST(HuggingFace, OlderSpellingsMeanTheSame) {
  for (const char* type_key : {"type", "rope_type"}) {
    Copy linear("tiny_llama_mqa_linear");
    linear.config.erase("rope_parameters");
    linear.config["rope_theta"] = 5000;
    linear.config["rope_scaling"] = {{type_key, "linear"}, {"factor", 2.5}};
    linear.config["head_dim"] = nullptr;
    expect_same(*linear.open(), *ModelFile::open(fixtures / "tiny_llama_mqa_linear"));
  }
  Copy llama3("tiny_llama_tied_llama3");
  llama3.config["rope_scaling"] = llama3.config["rope_parameters"];
  llama3.config["rope_scaling"].erase("rope_theta");
  llama3.config["rope_theta"] = 10000.0;
  llama3.config.erase("rope_parameters");
  expect_same(*llama3.open(), *ModelFile::open(fixtures / "tiny_llama_tied_llama3"));
  Copy qwen("tiny_qwen2");
  qwen.config.erase("rope_parameters");
  qwen.config.erase("layer_types");
  qwen.config.update({{"rope_theta", 1000000.0}, {"rope_scaling", nullptr}, {"sliding_window", 16}});
  expect_same(*qwen.open(), *ModelFile::open(fixtures / "tiny_qwen2"));
  Copy gemma("tiny_gemma3");
  gemma.config.erase("rope_parameters");
  gemma.config.erase("layer_types");
  gemma.config.update({{"rope_theta", 1000000.0},
                       {"rope_local_base_freq", 10000.0},
                       {"rope_scaling", {{"rope_type", "linear"}, {"factor", 4.0}}},
                       {"sliding_window_pattern", 6},
                       {"hidden_act", "gelu"}});
  expect_same(*gemma.open(), *ModelFile::open(fixtures / "tiny_gemma3"));
}

TEST(HuggingFace, LayersThatDoNotTurn) {
  Copy by_interval("tiny_smollm3");
  by_interval.config.erase("no_rope_layers");
  expect_same(*by_interval.open(), *ModelFile::open(fixtures / "tiny_smollm3"));
  Copy others("tiny_smollm3");
  others.config["no_rope_layers"] = {0, 1, 1, 0, 1};
  others.config.erase("layer_types");
  others.config.update({{"use_sliding_window", true}, {"sliding_window", 9}});
  const ModelConfig config = model_config(others.open()->metadata());
  EXPECT_EQ(config.turns, (std::vector<bool>{false, true, true, false, true}));
  EXPECT_EQ(config.windowed, (std::vector<bool>{true, false, false, true, false}));
}

// The text part of a model that sees: nested fields without the defaults, longer names, an encoder's tensors.
TEST(HuggingFace, TheLanguageModelOfAModelThatSees) {
  for (const char* prefix : {"language_model.model.", "model.language_model."}) {
    Copy copy("tiny_gemma3");
    json text = copy.config;
    for (const char* usual : {"hidden_activation", "rms_norm_eps", "tie_word_embeddings"}) text.erase(usual);
    copy.config = {{"model_type", "gemma3"}, {"text_config", text}, {"vision_config", json::object()}};
    copy.rename([&](const std::string& name) { return prefix + name.substr(std::string("model.").size()); });
    expect_same(*copy.open(), *ModelFile::open(fixtures / "tiny_gemma3"));
    EXPECT_EQ(copy.loading(), "loaded");
    copy.rename([&](const std::string& name) {
      return name.ends_with("layers.0.mlp.up_proj.weight") ? "vision_tower.x.weight" : name;
    });
    EXPECT_THAT(copy.loading(), HasSubstr("'blk.0.ffn_up.weight' is missing"));
  }
}

TEST(HuggingFace, HeadsAreTiedAsTheConfigSays) {
  Copy tied("tiny_llama_tied_llama3");
  tied.config.erase("tie_word_embeddings");
  EXPECT_EQ(tied.loading(), "loaded");
  tied.config["tie_word_embeddings"] = false;
  EXPECT_THAT(tied.loading(), HasSubstr("'lm_head.weight' is missing"));
  Copy apart("tiny_llama_mqa_linear");
  EXPECT_NE(apart.open()->find_tensor("output.weight"), nullptr);
  apart.config["tie_word_embeddings"] = true;  // what the file still holds is not used
  EXPECT_EQ(apart.open()->find_tensor("output.weight"), nullptr);
  EXPECT_EQ(apart.loading(), "loaded");
}

TEST(HuggingFace, UnknownMissingAndStrayTensorsAreNamed) {
  const auto renamed = [](const std::string& from, const std::string& to) {
    Copy copy("tiny_llama_mqa_linear");
    copy.rename([&](const std::string& name) { return name == from ? to : name; });
    return copy.loading();
  };
  EXPECT_EQ(renamed("", ""), "loaded");
  EXPECT_THAT(renamed("model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.up.weight"),
              HasSubstr("'blk.1.ffn_up.weight' is missing"));
  EXPECT_THAT(renamed("model.layers.1.mlp.up_proj.weight", "model.layers.x.mlp.up_proj.weight"), HasSubstr("missing"));
  EXPECT_THAT(renamed("model.norm.weight", "blk.0.attn_q.weight"), HasSubstr("two tensors are called"));
  Copy extra("tiny_llama_mqa_linear");
  extra.config["num_hidden_layers"] = 1;
  EXPECT_THAT(extra.loading(), HasSubstr("tensors are not used by its family: 'blk.1."));
  Copy narrow("tiny_llama_mqa_linear");
  narrow.config["intermediate_size"] = 36;
  EXPECT_THAT(narrow.loading(), HasSubstr("must have 36"));
}

TEST(HuggingFace, WhatNoFamilyHonoursIsRefusedByName) {
  const auto with = [](const std::string& name, const json& changes) {
    Copy copy(name);
    copy.config.update(changes);
    return copy.loading();
  };
  const std::string llama = "tiny_llama_mqa_linear";
  EXPECT_THAT(with(llama, {{"model_type", "mamba"}}), HasSubstr("model_type is 'mamba', expected one of: "));
  EXPECT_THAT(with(llama, {{"model_type", 3}}), HasSubstr("'model_type' must be a string"));
  EXPECT_THAT(with(llama, {{"hidden_act", "relu"}}), HasSubstr("the activation is 'relu', expected 'silu'"));
  EXPECT_THAT(with("tiny_qwen2", {{"layer_types", {"full_attention", "sliding_attention"}}, {"sliding_window", 8}}),
              HasSubstr("use_sliding_window is false"));
  EXPECT_THAT(with("tiny_mistral", {{"sliding_window", -3}}), HasSubstr("'sliding_window' must be positive, not -3"));
  EXPECT_THAT(with(llama, {{"no_rope_layers", {0, 1}}}), HasSubstr("'no_rope_layers'"));
  EXPECT_THAT(with("tiny_smollm3", {{"no_rope_layers", {0, 1}}}), HasSubstr("one entry per layer"));
  EXPECT_THAT(with("tiny_smollm3", {{"no_rope_layers", {0, 1, 2, 1, 1}}}), HasSubstr("holds 2"));
  EXPECT_THAT(with("tiny_qwen2", {{"layer_types", {"full_attention", "linear_attention"}}}),
              HasSubstr("\"linear_attention\""));
  EXPECT_THAT(with("tiny_qwen2", {{"layer_types", {"full_attention"}}}), HasSubstr("one entry per layer"));
  EXPECT_THAT(with(llama, {{"quantization_config", {{"quant_method", "gptq"}}}}), HasSubstr("quantised by 'gptq'"));
  EXPECT_THAT(with(llama, {{"rope_parameters", {{"rope_type", "proportional"}, {"rope_theta", 1e4}}}}),
              HasSubstr("'proportional'"));
  EXPECT_THAT(with("tiny_gemma3", {{"use_bidirectional_attention", true}}), HasSubstr("use_bidirectional_attention"));
  EXPECT_THAT(with("tiny_gemma3", {{"attn_logit_softcapping", 50.0}}), HasSubstr("capped scores"));
}

TEST(HuggingFace, ExpertsAreCompleteAndAlike) {
  const auto renamed = [](const std::string& from, const std::string& to) {
    Copy copy("tiny_qwen35moe");
    copy.rename([&](const std::string& name) { return name == from ? to : name; });
    try {
      return copy.loading();
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
  };
  const std::string expert = "model.layers.2.mlp.experts.";
  EXPECT_EQ(renamed("", ""), "loaded");
  EXPECT_THAT(renamed(expert + "3.up_proj.weight", expert + "9.up_proj.weight"),
              HasSubstr("is not like those of the experts before it, of which there are 3"));
  EXPECT_THAT(renamed(expert + "4.up_proj.weight", expert + "x.up_proj.weight"),
              HasSubstr("'blk.2.ffn_up_exps.weight' must have 55 × 32 values, not 44 × 32"));
  EXPECT_THAT(renamed(expert + "0.up_proj.weight", expert + "5.down_proj.weight"), HasSubstr("experts"));
}

TEST(HuggingFace, HostileHybridsAreRefused) {
  const auto with = [](const json& changes) {
    Copy copy("tiny_qwen35moe");
    copy.config.update(changes);
    return copy.loading();
  };
  EXPECT_EQ(with(json::object()), "loaded");
  EXPECT_THAT(with({{"linear_num_value_heads", -4}}), HasSubstr("'linear_num_value_heads'"));
  EXPECT_THAT(with({{"linear_num_value_heads", 3}}), HasSubstr("no multiple of the 2 key heads"));
  EXPECT_THAT(with({{"linear_value_head_dim", int64_t{1} << 60}}), HasSubstr("'linear_value_head_dim'"));
  EXPECT_THAT(with({{"linear_conv_kernel_dim", 9}}), HasSubstr("ssm.conv_kernel must lie in 1…8"));
  EXPECT_THAT(with({{"num_experts", 0}}), HasSubstr("expert_count"));
  EXPECT_THAT(with({{"num_experts_per_tok", 6}}), HasSubstr("expert_used_count must lie in 1…5"));
  EXPECT_THAT(with({{"moe_intermediate_size", -1}}), HasSubstr("expert_feed_forward_length"));
  EXPECT_THAT(with({{"layer_types", {"linear_attention", "sliding_attention", "full_attention", "full_attention"}}}),
              HasSubstr("sliding_attention\", expected full_attention or linear_attention"));
  EXPECT_THAT(with({{"layer_types", nullptr}, {"full_attention_interval", 0}}), HasSubstr("full_attention_interval"));
}

TEST(HuggingFace, LlavaLeavesOutTheShapeOfItsText) {
  const json config = {
      {"model_type", "llava"},
      {"text_config",
       {{"model_type", "llama"}, {"max_position_embeddings", 4096}, {"rms_norm_eps", 1e-5}, {"vocab_size", 32064}}},
      {"vision_config", {{"model_type", "clip_vision_model"}}}};
  MetadataStore keys;
  read_config(config, "config.json", keys);
  EXPECT_EQ(keys.integer("llama.block_count"), 32);
  EXPECT_EQ(keys.integer("llama.embedding_length"), 4096);
  EXPECT_EQ(keys.integer("llama.feed_forward_length"), 11008);
  EXPECT_EQ(keys.integer("llama.attention.head_count"), 32);
  EXPECT_EQ(keys.integer("llama.vocab_size"), 32064);
  EXPECT_EQ(keys.integer("llama.context_length"), 4096);
}

TEST(HuggingFace, HostileConfigsAreRefused) {
  const auto with = [](const json& changes) {
    Copy copy("tiny_llama_tied_llama3");
    copy.config.update(changes);
    return copy.loading();
  };
  EXPECT_THAT(with({{"num_hidden_layers", -1}}), HasSubstr("num_hidden_layers"));
  EXPECT_THAT(with({{"num_hidden_layers", 1u << 31}}), HasSubstr("num_hidden_layers"));
  EXPECT_THAT(with({{"num_hidden_layers", 2.5}}), HasSubstr("must be an integer"));
  EXPECT_THAT(with({{"num_hidden_layers", 18446744073709551615u}}), HasSubstr("must be an integer"));
  EXPECT_THAT(with({{"num_hidden_layers", nullptr}}), HasSubstr("'blk.2.attn_norm.weight' is missing"));  // of 32
  EXPECT_THAT(with({{"num_attention_heads", 0}}), HasSubstr("num_attention_heads"));
  EXPECT_THAT(with({{"head_dim", 1u << 31}}), HasSubstr("head_dim"));
  EXPECT_THAT(with({{"partial_rotary_factor", 2.0}}), HasSubstr("partial_rotary_factor"));
  EXPECT_THAT(with({{"rms_norm_eps", "small"}}), HasSubstr("must be a number"));
  EXPECT_THAT(with({{"rope_parameters", {{"rope_type", "llama3"}}}}), HasSubstr("'factor' is missing"));
  EXPECT_THAT(with({{"rope_parameters", json::array()}}), HasSubstr("expected an object"));
  EXPECT_THAT(with({{"text_config", 3}}), HasSubstr("expected an object"));
  const testing::TemporaryFolder empty;
  EXPECT_THROW(ModelFile::open(empty.path()), ModelFileError);
  std::ofstream(empty.path() / "config.json") << R"({"model_type":"llama","model_type":"qwen2"})";
  EXPECT_THROW(ModelFile::open(empty.path()), ModelFileError);
  std::ofstream(empty.path() / "config.json") << R"({"model_type":"llama","rope_theta":1e999})";
  try {
    ModelFile::open(empty.path());
    ADD_FAILURE() << "opened";
  } catch (const ModelFileError& error) {
    EXPECT_THAT(error.what(), HasSubstr("config.json: a number is out of range"));
  }
}

// A header of any length: then the data lies on any byte.
TEST(HuggingFace, UnalignedTensorsAreCopied) {
  for (int shift = 0; shift < 4; ++shift) {
    Copy copy("tiny_llama_tied_llama3");
    copy.rename([&](const std::string& name) { return name; });
    const std::string bytes = testing::read_file(copy.path() / "model.safetensors");
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof(length));
    testing::write_safetensors(copy.path() / "model.safetensors",
                               bytes.substr(8, length) + std::string(static_cast<size_t>(shift), ' '),
                               bytes.substr(8 + length));
    EXPECT_EQ(copy.loading(), "loaded") << shift;
  }
}

/// A tokenizer of single characters with room in the tiny vocabularies: <s> is 1, </s> is 2.
std::string tiny_tokenizer() {
  json vocab = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}, {"▁", 3}};
  for (char c = '!'; c <= '~'; ++c) vocab[std::string(1, c)] = vocab.size();
  return json{
      {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", json::array()}, {"unk_token", "<unk>"}}},
      {"normalizer", {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}},
      {"decoder", {{"type", "Replace"}, {"pattern", {{"String", "▁"}}}, {"content", " "}}},
      {"added_tokens",
       {{{"id", 1}, {"content", "<s>"}, {"special", true}}, {{"id", 2}, {"content", "</s>"}, {"special", true}}}}}
      .dump();
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// In each of the three places, the later of which count more.
TEST(HuggingFace, ChatTemplatesAreFoundWhereverTheyLie) {
  Copy copy("tiny_qwen2");
  write(copy.path() / "tokenizer.json", tiny_tokenizer());
  EXPECT_FALSE(copy.open()->metadata().has("tokenizer.chat_template"));
  const auto rendered = [&](bool with_tools) {
    const auto file = copy.open();
    const auto tokenizer = Tokenizer::from_metadata(file->metadata());
    nlohmann::ordered_json variables;
    if (with_tools) variables["tools"] = {1};
    return chat_template_of(file->metadata(), *tokenizer)->render(variables);
  };
  write(
      copy.path() / "tokenizer_config.json",
      R"({"bos_token":{"content":"<s>","special":true},"eos_token":"</s>","chat_template":"config {{ bos_token }}"})");
  EXPECT_EQ(rendered(false), "config <s>");
  write(copy.path() / "tokenizer_config.json",
        R"({"bos_token":"<s>","chat_template":[{"name":"tool_use","template":"tools"},
            {"name":"default","template":"plain {{ eos_token }}"},{"name":"rag","template":"documents"}]})");
  EXPECT_EQ(rendered(false), "plain </s>");
  EXPECT_EQ(rendered(true), "tools");
  write(copy.path() / "chat_template.json", R"({"chat_template":"json"})");
  EXPECT_EQ(rendered(false), "json");
  write(copy.path() / "chat_template.jinja", "jinja {{ 1 + 1 }}");
  EXPECT_EQ(rendered(false), "jinja 2");
  write(copy.path() / "chat_template.json", R"({"chat_template":3})");
  EXPECT_THROW(copy.open(), ModelFileError);
}

TEST(HuggingFace, ADirectoryIsAWholeModel) {
  Copy copy("tiny_qwen2");
  copy.open();
  EXPECT_THROW(Engine::open(copy.path(), {.threads = 1}), ModelFileError);  // no tokenizer
  write(copy.path() / "tokenizer.json", tiny_tokenizer());
  write(copy.path() / "generation_config.json",
        R"({"eos_token_id":[2,50],"temperature":0.6,"top_k":20,"top_p":0.95,"repetition_penalty":1.05})");
  const auto engine = Engine::open(copy.path(), {.threads = 1});
  EXPECT_EQ(engine->info().architecture, "qwen2");
  EXPECT_EQ(engine->info().path, copy.path());
  EXPECT_FLOAT_EQ(engine->info().recommended.temperature, 0.6f);
  EXPECT_EQ(engine->info().recommended.top_k, 20);
  EXPECT_FLOAT_EQ(engine->info().recommended.top_p, 0.95f);
  EXPECT_FLOAT_EQ(engine->info().recommended.repeat_penalty, 1.05f);
  EXPECT_EQ(engine->tokenizer().bos(), 1);
  EXPECT_EQ(engine->tokenizer().eos(), 2);
  EXPECT_TRUE(engine->tokenizer().is_end(50));
  EXPECT_FALSE(engine->tokenizer().is_end(51));
  const std::vector<int32_t> ids = raw_prompt_ids(engine->tokenizer(), "Hi you");
  EXPECT_EQ(engine->tokenizer().decode(ids), "Hi you");
  const auto session = engine->new_session();
  session->set_prompt(ids);
  GenerateOptions options;
  options.max_tokens = 5;
  options.ignore_end = true;
  EXPECT_EQ(session->generate(options, nullptr, {}, {}).ids.size(), 5u);
  write(copy.path() / "generation_config.json", R"({"do_sample":false,"temperature":0.1})");
  EXPECT_FLOAT_EQ(Engine::open(copy.path(), {.threads = 1})->info().recommended.temperature, 0.7f);
  for (const char* wrong : {R"({"eos_token_id":"x"})", R"({"eos_token_id":[-1]})", R"({"temperature":"warm"})", "[]"}) {
    write(copy.path() / "generation_config.json", wrong);
    EXPECT_THROW(copy.open(), ModelFileError) << wrong;
  }
}

}  // namespace
}  // namespace deskhand
