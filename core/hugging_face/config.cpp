#include "core/hugging_face/config.h"

#include <fmt/format.h>

#include <cmath>

#include "core/hugging_face/gemma4.h"
#include "core/hugging_face/json_fields.h"
#include "core/hugging_face/key_writer.h"
#include "core/hugging_face/layer_kinds.h"
#include "core/hugging_face/mllama.h"
#include "core/hugging_face/rotary.h"

namespace deskhand {
namespace {

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
  // Gemma 4 says "vision": that is for whoever feeds pictures to decide.
  const nlohmann::json* both_ways = text.find("use_bidirectional_attention");
  if (both_ways != nullptr && *both_ways != false && *both_ways != "vision") {
    text.fail("use_bidirectional_attention asks for what no family here supports");
  }
}

void write_shape(const JsonFields& text, KeyWriter& writer) {
  writer.set("block_count", text.integer("num_hidden_layers"));
  writer.set("embedding_length", text.integer("hidden_size"));
  if (!text.has("num_experts")) writer.set("feed_forward_length", text.integer("intermediate_size"));
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

void write_hybrid(const JsonFields& text, KeyWriter& writer) {
  constexpr std::pair<const char*, const char*> names[] = {
      {"num_experts", "expert_count"},
      {"num_experts_per_tok", "expert_used_count"},
      {"moe_intermediate_size", "expert_feed_forward_length"},
      {"shared_expert_intermediate_size", "expert_shared_feed_forward_length"},
      {"linear_conv_kernel_dim", "ssm.conv_kernel"},
      {"linear_key_head_dim", "ssm.state_size"},
      {"linear_num_key_heads", "ssm.group_count"},
      {"linear_num_value_heads", "ssm.time_step_rank"}};
  for (const auto& [theirs, ours] : names) writer.set_if(ours, text.integer_if(theirs));
  if (!text.has("linear_num_value_heads")) return;
  constexpr int64_t most = 1 << 20;
  const int64_t heads = text.integer("linear_num_value_heads"), width = text.integer("linear_value_head_dim");
  if (heads < 1 || heads > most || width < 1 || width > most) {
    text.fail(fmt::format("'linear_num_value_heads' and 'linear_value_head_dim' must lie in 1…{}", most));
  }
  writer.set("ssm.inner_size", heads * width);
  writer.set("ssm.tiled_value_heads", false);
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
  KeyWriter writer(metadata, facts.family->architecture);
  write_shape(text, writer);
  write_hybrid(text, writer);
  write_layer_kinds(text, model_type, writer);
  if (model_type == "gemma4_text") write_gemma4(text, writer);
  if (model_type == "mllama_text_model") write_mllama(root, text, writer);
  facts.made = write_rotary(text, writer);
  return facts;
}

}  // namespace deskhand
