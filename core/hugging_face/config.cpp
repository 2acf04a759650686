#include "core/hugging_face/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/hugging_face/json_fields.h"

namespace deskhand {
namespace {

/// Writes "<architecture>.<key>".
class Writer {
 public:
  Writer(MetadataStore& metadata, std::string_view architecture) : metadata_(metadata), architecture_(architecture) {}

  template <typename T>
  void set(std::string_view key, T value) {
    metadata_.set(name(key), value);
  }
  template <typename T>
  void set_if(std::string_view key, const std::optional<T>& value) {
    if (value) set(key, *value);
  }
  void set_text(std::string_view key, std::string value) { metadata_.set_text(name(key), std::move(value)); }
  void set_flags(std::string_view key, std::vector<int64_t> values) {
    metadata_.set_integers(name(key), std::move(values));
  }

 private:
  std::string name(std::string_view key) const { return fmt::format("{}.{}", architecture_, key); }
  MetadataStore& metadata_;
  std::string architecture_;
};

const Family& family_of(const std::string& model_type, const JsonFields& fields) {
  std::string known;
  for (const Family* family : families()) {
    for (const std::string_view name : family->hugging_face.model_types) {
      if (name == model_type) return *family;
      known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    }
  }
  fields.fail(fmt::format("model_type is '{}', expected one of: {}", one_line(model_type), known));
}

void refuse_unknown(const JsonFields& root, const JsonFields& text, const Family& family) {
  for (const JsonFields* fields : {&root, &text}) {
    if (const auto quantised = fields->object("quantization_config")) {
      fields->fail(fmt::format("the weights are quantised by '{}', expected plain F32, F16 or BF16",
                               one_line(quantised->text_of({"quant_method"}, "?"))));
    }
  }
  // Gemma's older files say "gelu" and mean the other one; hidden_activation has the last word.
  const std::string_view expected = family.hugging_face.activation;
  const std::string activation = text.text_of({"hidden_activation", "hidden_act"}, std::string(expected));
  if (activation != expected) {
    text.fail(fmt::format("the activation is '{}', expected '{}' for this family", one_line(activation), expected));
  }
  if (text.boolean_if("use_bidirectional_attention").value_or(false)) {
    text.fail("use_bidirectional_attention is true, which no family here supports");
  }
}

void write_shape(const JsonFields& text, Writer& writer) {
  writer.set("block_count", text.integer("num_hidden_layers"));
  writer.set("embedding_length", text.integer("hidden_size"));
  writer.set("feed_forward_length", text.integer("intermediate_size"));
  writer.set("context_length", text.integer("max_position_embeddings"));
  writer.set("vocab_size", text.integer("vocab_size"));
  writer.set("attention.head_count", text.integer("num_attention_heads"));
  writer.set_if("attention.head_count_kv", text.integer_if("num_key_value_heads"));
  writer.set("attention.layer_norm_rms_epsilon", text.number("rms_norm_eps"));
  writer.set_if("attention.key_length", text.integer_if("head_dim"));
  writer.set_if("attention.value_length", text.integer_if("head_dim"));
  writer.set_if("final_logit_softcapping", text.number_if("final_logit_softcapping"));
  writer.set_if("attn_logit_softcapping", text.number_if("attn_logit_softcapping"));
  if (const auto scalar = text.number_if("query_pre_attn_scalar")) {
    if (!(*scalar > 0)) text.fail("'query_pre_attn_scalar' must be positive");
    writer.set("attention.scale", 1.0 / std::sqrt(*scalar));
  }
}

/// 1 for a layer that sees a window, 0 for one that sees all; empty when none has a window.
std::vector<int64_t> windowed_layers(const JsonFields& text, std::string_view model_type, int64_t layers) {
  std::vector<int64_t> flags;
  if (const nlohmann::json* types = text.find("layer_types")) {
    if (!types->is_array() || types->size() != static_cast<size_t>(layers)) {
      text.fail("'layer_types' must be a list with one entry per layer");
    }
    for (const auto& type : *types) {
      if (type != "full_attention" && type != "sliding_attention") {
        text.fail(fmt::format("'layer_types' holds {}, expected full_attention or sliding_attention",
                              one_line(type.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace))));
      }
      flags.push_back(type == "sliding_attention" ? 1 : 0);
    }
  } else if (model_type == "gemma3_text") {
    constexpr int64_t usual = 6;
    const int64_t pattern =
        text.integer_if("sliding_window_pattern").value_or(text.integer_if("_sliding_window_pattern").value_or(usual));
    if (pattern < 1) text.fail("'sliding_window_pattern' must be positive");
    for (int64_t i = 0; i < layers; ++i) flags.push_back((i + 1) % pattern != 0 ? 1 : 0);
  } else if (text.has("use_sliding_window")) {
    const bool slides = text.boolean_if("use_sliding_window").value();
    const int64_t first = text.integer_if("max_window_layers").value_or(0);
    for (int64_t i = 0; i < layers; ++i) flags.push_back(slides && i >= first ? 1 : 0);
  } else {
    flags.assign(static_cast<size_t>(layers), text.has("sliding_window") ? 1 : 0);
  }
  const bool none = std::find(flags.begin(), flags.end(), 1) == flags.end();
  return none && model_type != "gemma3_text" ? std::vector<int64_t>{} : flags;
}

void write_windows(const JsonFields& text, std::string_view model_type, Writer& writer) {
  constexpr int64_t most_layers = 4096;
  const int64_t layers = text.integer("num_hidden_layers");
  if (layers < 1 || layers > most_layers) text.fail(fmt::format("'num_hidden_layers' must lie in 1…{}", most_layers));
  std::vector<int64_t> flags = windowed_layers(text, model_type, layers);
  if (flags.empty()) return;
  writer.set("attention.sliding_window", text.integer("sliding_window"));
  writer.set_flags("attention.sliding_window_pattern", std::move(flags));
}

/// What llama3 scaling divides the frequency of each pair by.
std::vector<float> llama3_divisors(const JsonFields& rope, double theta, int64_t rotary_width) {
  const double factor = rope.number("factor"), low = rope.number("low_freq_factor"),
               high = rope.number("high_freq_factor"), original = rope.number("original_max_position_embeddings");
  if (!(factor > 0 && low > 0 && high > low && original > 0 && theta > 0)) rope.fail("the factors make no sense");
  std::vector<float> divisors;
  for (int64_t i = 0; i < rotary_width / 2; ++i) {
    const double frequency = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(rotary_width));
    const double wavelength = 2 * std::numbers::pi / frequency;
    double divisor = 1;
    if (wavelength > original / low) {
      divisor = factor;
    } else if (wavelength >= original / high) {
      const double smooth = (original / wavelength - low) / (high - low);
      divisor = 1 / ((1 - smooth) / factor + smooth);
    }
    divisors.push_back(static_cast<float>(divisor));
  }
  return divisors;
}

int64_t rotary_width(const JsonFields& text, const JsonFields& rope, Writer& writer) {
  const int64_t heads = text.integer("num_attention_heads");
  if (heads < 1) text.fail("'num_attention_heads' must be positive");
  const int64_t head_dim = text.integer_if("head_dim").value_or(text.integer("hidden_size") / heads);
  constexpr int64_t most_head_dim = 4096;
  if (head_dim < 1 || head_dim > most_head_dim) text.fail(fmt::format("'head_dim' must lie in 1…{}", most_head_dim));
  auto part = rope.number_if("partial_rotary_factor");
  if (!part) part = text.number_if("partial_rotary_factor");
  if (!part) return head_dim;
  if (!(*part > 0 && *part <= 1)) text.fail("'partial_rotary_factor' must lie in 0…1");
  const auto width = static_cast<int64_t>(static_cast<double>(head_dim) * *part);
  writer.set("rope.dimension_count", width);
  return width;
}

/// One set of rotary parameters, of either generation.
void write_scaling(const JsonFields& text, const JsonFields& rope, double theta, Writer& writer, ConfigFacts& facts) {
  const int64_t width = rotary_width(text, rope, writer);
  const std::string type = rope.text_of({"rope_type", "type"}, "default");
  if (type == "default") return;
  if (type == "llama3") {
    facts.rope_divisors = llama3_divisors(rope, theta, width);
    return;
  }
  writer.set_text("rope.scaling.type", type);
  writer.set_if("rope.scaling.factor", rope.number_if("factor"));
}

void write_rope(const JsonFields& text, Writer& writer, ConfigFacts& facts) {
  constexpr double usual = 10000.0;
  static const nlohmann::json nothing = nlohmann::json::object();
  std::optional<JsonFields> rope = text.object("rope_parameters");
  if (!rope) rope = text.object("rope_scaling");
  if (!rope) rope = JsonFields(nothing, text.what());
  std::optional<double> window_theta = text.number_if("rope_local_base_freq");
  if (const auto window = rope->object("sliding_attention")) {
    const std::string type = window->text_of({"rope_type", "type"}, "default");
    if (type != "default") window->fail(fmt::format("rope_type is '{}', expected 'default'", one_line(type)));
    window_theta = window->number("rope_theta");
  }
  if (const auto full = rope->object("full_attention")) rope = full;
  writer.set_if("rope.freq_base_swa", window_theta);
  const double theta = rope->number_if("rope_theta").value_or(text.number_if("rope_theta").value_or(usual));
  writer.set("rope.freq_base", theta);
  writer.set("rope.adjacent_pairs", false);
  write_scaling(text, *rope, theta, writer, facts);
}

}  // namespace

ConfigFacts read_config(const nlohmann::json& config, const std::string& what, MetadataStore& metadata) {
  const JsonFields root(config, what);
  const JsonFields written = root.object("text_config").value_or(root);
  const std::string model_type = written.text_of({"model_type"}, "");
  ConfigFacts facts;
  facts.family = &family_of(model_type, written);
  nlohmann::json complete = nlohmann::json::parse(facts.family->hugging_face.defaults);
  written.write_to(complete);
  const JsonFields text(complete, written.what());
  facts.has_eyes = root.has("vision_config");
  facts.tied = text.boolean_if("tie_word_embeddings");
  if (!facts.tied) facts.tied = root.boolean_if("tie_word_embeddings");
  refuse_unknown(root, text, *facts.family);
  metadata.set_text("general.architecture", std::string(facts.family->architecture));
  Writer writer(metadata, facts.family->architecture);
  write_shape(text, writer);
  write_windows(text, model_type, writer);
  write_rope(text, writer, facts);
  return facts;
}

}  // namespace deskhand
