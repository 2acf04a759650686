#include "core/hugging_face/gemma4.h"

#include <fmt/format.h>

#include <optional>

namespace deskhand {
namespace {

/// Whether a layer sees all; the last does in any case.
bool sees_all(const JsonFields& text, int64_t layer, int64_t layers) {
  const nlohmann::json* types = text.find("layer_types");
  if (types == nullptr || !types->is_array() || types->size() != static_cast<size_t>(layers)) {
    text.fail("'layer_types' must be a list with one entry per layer");
  }
  return layer + 1 == layers || (*types)[static_cast<size_t>(layer)] == "full_attention";
}

/// A number of the layers that see all: of the last layer's own settings, which newer files have.
std::optional<int64_t> of_full_layers(const JsonFields& text, const char* key) {
  const auto layers = text.object("per_layer_config");
  const auto last =
      layers ? layers->object(std::to_string(text.integer("num_hidden_layers") - 1).c_str()) : std::nullopt;
  return last ? last->integer_if(key) : std::nullopt;
}

}  // namespace

int64_t gemma4_full_head_dim(const JsonFields& text) {
  if (const auto own = of_full_layers(text, "head_dim")) return *own;
  return text.integer_if("global_head_dim").value_or(text.integer("head_dim"));
}

void write_gemma4(const JsonFields& text, KeyWriter& writer) {
  constexpr int64_t most_layers = 4096;
  const int64_t layers = text.integer("num_hidden_layers");
  if (layers < 1 || layers > most_layers) text.fail(fmt::format("'num_hidden_layers' must lie in 1…{}", most_layers));
  if (text.boolean_if("enable_moe_block").value_or(false)) {
    text.fail("'enable_moe_block' is true: Gemma 4 with experts is not known here");
  }
  const int64_t narrow = text.integer("head_dim"), wide = gemma4_full_head_dim(text);
  writer.set("attention.key_length", wide);
  writer.set("attention.value_length", wide);
  writer.set("attention.key_length_swa", narrow);
  writer.set("rope.dimension_count", wide);
  writer.set("rope.dimension_count_swa", narrow);
  const int64_t shared = text.integer_if("num_kv_shared_layers").value_or(0);
  writer.set("attention.shared_kv_layers", shared);
  writer.set("embedding_length_per_layer_input", text.integer_if("hidden_size_per_layer_input").value_or(0));

  const int64_t heads = text.integer("num_attention_heads"),
                usual = text.integer_if("num_key_value_heads").value_or(heads),
                inner = text.integer("intermediate_size");
  constexpr int64_t most_inner = 1 << 24;
  if (inner < 1 || inner > most_inner) text.fail(fmt::format("'intermediate_size' must lie in 1…{}", most_inner));
  const bool one_product = text.boolean_if("attention_k_eq_v").value_or(false),
             doubles = text.boolean_if("use_double_wide_mlp").value_or(false);
  const int64_t older = one_product ? text.integer_if("num_global_key_value_heads").value_or(usual) : usual;
  const int64_t of_all = of_full_layers(text, "num_key_value_heads").value_or(older);
  std::vector<int64_t> kv_heads, inners;
  for (int64_t i = 0; i < layers; ++i) {
    kv_heads.push_back(sees_all(text, i, layers) ? of_all : usual);
    inners.push_back(doubles && i >= layers - shared ? 2 * inner : inner);
  }
  writer.set_integers("attention.head_count_kv", std::move(kv_heads));
  writer.set_integers("feed_forward_length", std::move(inners));
}

}  // namespace deskhand
