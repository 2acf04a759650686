#include "core/hugging_face/layer_kinds.h"

#include <fmt/format.h>

#include <algorithm>

namespace deskhand {
namespace {

using Flags = std::vector<int64_t>;  ///< 0 or 1 per layer

/// A list of at least one entry per layer.
const nlohmann::json& list_of_layers(const JsonFields& text, const char* key, const nlohmann::json& list,
                                     int64_t layers) {
  if (!list.is_array() || list.size() != static_cast<size_t>(layers)) {
    text.fail(fmt::format("'{}' must be a list with one entry per layer", key));
  }
  return list;
}

std::string shown(const nlohmann::json& value) {
  return one_line(value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

/// 1 for a layer that turns queries and keys; empty when all do.
Flags turning_layers(const JsonFields& text, std::string_view model_type, int64_t layers) {
  const nlohmann::json* given = text.find("no_rope_layers");
  if (model_type != "smollm3") {
    if (given != nullptr) text.fail("'no_rope_layers' asks for what this family does not do");
    return {};
  }
  Flags flags;
  if (given != nullptr) {
    for (const auto& entry : list_of_layers(text, "no_rope_layers", *given, layers)) {
      if (entry != 0 && entry != 1) text.fail(fmt::format("'no_rope_layers' holds {}, expected 0 or 1", shown(entry)));
      flags.push_back(entry == 1 ? 1 : 0);
    }
    return flags;
  }
  const int64_t interval = text.integer("no_rope_layer_interval");
  if (interval < 1) text.fail("'no_rope_layer_interval' must be positive");
  for (int64_t i = 0; i < layers; ++i) flags.push_back((i + 1) % interval != 0 ? 1 : 0);
  return flags;
}

/// 1 for a recurrent layer; empty when the family has none.
Flags recurrent_layers(const JsonFields& text, int64_t layers) {
  if (!text.has("linear_num_value_heads")) return {};
  Flags flags;
  const nlohmann::json* types = text.find("layer_types");
  if (types == nullptr) {
    const int64_t interval = text.integer_if("full_attention_interval").value_or(4);
    if (interval < 1) text.fail("'full_attention_interval' must be positive");
    for (int64_t i = 0; i < layers; ++i) flags.push_back((i + 1) % interval != 0 ? 1 : 0);
    return flags;
  }
  for (const auto& type : list_of_layers(text, "layer_types", *types, layers)) {
    if (type != "full_attention" && type != "linear_attention") {
      text.fail(fmt::format("'layer_types' holds {}, expected full_attention or linear_attention", shown(type)));
    }
    flags.push_back(type == "linear_attention" ? 1 : 0);
  }
  return flags;
}

Flags flags_of_types(const JsonFields& text, const nlohmann::json& types, int64_t layers) {
  Flags flags;
  for (const auto& type : list_of_layers(text, "layer_types", types, layers)) {
    if (type != "full_attention" && type != "sliding_attention") {
      text.fail(fmt::format("'layer_types' holds {}, expected full_attention or sliding_attention", shown(type)));
    }
    flags.push_back(type == "sliding_attention" ? 1 : 0);
  }
  if (text.boolean_if("use_sliding_window") == false && std::find(flags.begin(), flags.end(), 1) != flags.end()) {
    text.fail("'layer_types' asks for sliding_attention, but use_sliding_window is false");
  }
  return flags;
}

/// 1 for a layer that sees a window.
Flags windowed_layers(const JsonFields& text, std::string_view model_type, const Flags& turning, int64_t layers) {
  if (const nlohmann::json* types = text.find("layer_types")) return flags_of_types(text, *types, layers);
  Flags flags(static_cast<size_t>(layers), 0);
  const auto set_where = [&](auto sees_window) {
    for (int64_t i = 0; i < layers; ++i) flags[static_cast<size_t>(i)] = sees_window(i) ? 1 : 0;
  };
  if (model_type == "gemma3_text") {
    constexpr int64_t usual = 6;
    const int64_t pattern =
        text.integer_if("sliding_window_pattern").value_or(text.integer_if("_sliding_window_pattern").value_or(usual));
    if (pattern < 1) text.fail("'sliding_window_pattern' must be positive");
    set_where([&](int64_t i) { return (i + 1) % pattern != 0; });
  } else if (model_type == "mistral") {
    set_where([&](int64_t) { return text.has("sliding_window"); });
  } else if (text.boolean_if("use_sliding_window").value_or(false) && text.has("sliding_window")) {
    const int64_t first = text.integer_if("max_window_layers").value_or(0);
    set_where([&](int64_t i) { return turning.empty() ? i >= first : turning[static_cast<size_t>(i)] == 0; });
  }
  return flags;
}

}  // namespace

void write_layer_kinds(const JsonFields& text, std::string_view model_type, KeyWriter& writer) {
  constexpr int64_t most_layers = 4096;
  const int64_t layers = text.integer("num_hidden_layers");
  if (layers < 1 || layers > most_layers) text.fail(fmt::format("'num_hidden_layers' must lie in 1…{}", most_layers));
  if (Flags recurrent = recurrent_layers(text, layers); !recurrent.empty()) {
    writer.set_integers("attention.recurrent_layers", std::move(recurrent));
    return;
  }
  Flags turning = turning_layers(text, model_type, layers);
  Flags windowed = windowed_layers(text, model_type, turning, layers);
  if (!turning.empty()) writer.set_integers("rope.layers", std::move(turning));
  if (std::find(windowed.begin(), windowed.end(), 1) == windowed.end()) return;
  const int64_t window = text.integer("sliding_window");
  if (window < 1) text.fail(fmt::format("'sliding_window' must be positive, not {}", window));
  writer.set("attention.sliding_window", window);
  writer.set_integers("attention.sliding_window_pattern", std::move(windowed));
}

}  // namespace deskhand
