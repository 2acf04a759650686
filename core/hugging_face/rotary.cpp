#include "core/hugging_face/rotary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

#include "core/hugging_face/gemma4.h"

namespace deskhand {
namespace {

/// Tokens that the model saw before its rotation was scaled.
int64_t original_context(const JsonFields& text, const JsonFields& rope) {
  if (const auto outside = text.integer_if("original_max_position_embeddings")) return *outside;
  const auto inside = rope.integer_if("original_max_position_embeddings");
  return inside ? *inside : text.integer("max_position_embeddings");
}

/// What llama3 scaling divides the frequency of each pair by.
std::vector<float> llama3_divisors(const JsonFields& rope, double theta, int64_t rotary_width, int64_t context) {
  const double factor = rope.number("factor"), low = rope.number("low_freq_factor"),
               high = rope.number("high_freq_factor"), original = static_cast<double>(context);
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

/// A list with one positive number per pair.
std::vector<float> pair_factors(const JsonFields& rope, const char* key, int64_t pairs) {
  const nlohmann::json* list = rope.find(key);
  if (list == nullptr || !list->is_array() || list->size() != static_cast<size_t>(pairs)) {
    rope.fail(fmt::format("'{}' must be a list of {} numbers", key, pairs));
  }
  std::vector<float> factors;
  for (const auto& entry : *list) {
    const double factor = entry.is_number() ? entry.get<double>() : 0.0;
    if (!(factor > 1e-6 && factor < 1e6)) rope.fail(fmt::format("'{}' must hold positive numbers", key));
    factors.push_back(static_cast<float>(factor));
  }
  return factors;
}

int64_t rotary_width(const JsonFields& text, const JsonFields& rope, KeyWriter& writer) {
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

void write_yarn(const JsonFields& rope, double factor, KeyWriter& writer) {
  const auto mscale = rope.number_if("mscale"), all = rope.number_if("mscale_all_dim");
  if (const auto given = rope.number_if("attention_factor")) {
    writer.set("rope.scaling.yarn_attn_factor", *given);
  } else if (mscale.value_or(0.0) != 0.0 && all.value_or(0.0) != 0.0 && factor > 0.0) {
    const double logarithm = std::max(0.0, 0.1 * std::log(factor));
    writer.set("rope.scaling.yarn_attn_factor", (*mscale * logarithm + 1.0) / (*all * logarithm + 1.0));
  }
  for (const auto& [theirs, ours] :
       {std::pair{"beta_fast", "rope.scaling.yarn_beta_fast"}, std::pair{"beta_slow", "rope.scaling.yarn_beta_slow"}}) {
    const auto beta = rope.number_if(theirs);
    if (beta.value_or(0.0) != 0.0) writer.set(ours, *beta);
  }
  writer.set_if("rope.scaling.yarn_truncate", rope.boolean_if("truncate"));
}

/// Fields of any kind of scaling that transformers reads.
constexpr std::array<std::string_view, 20> known_fields = {"rope_type",        "type",
                                                           "rope_theta",       "partial_rotary_factor",
                                                           "factor",           "original_max_position_embeddings",
                                                           "attention_factor", "beta_fast",
                                                           "beta_slow",        "mscale",
                                                           "mscale_all_dim",   "truncate",
                                                           "low_freq_factor",  "high_freq_factor",
                                                           "short_factor",     "long_factor",
                                                           "finetuned",        "sliding_attention",
                                                           "mrope_section",    "mrope_interleaved"};

/// How many pairs turn by time, height and width, where there are pictures.
void write_sections(const JsonFields& rope, KeyWriter& writer) {
  const nlohmann::json* list = rope.find("mrope_section");
  if (list == nullptr) return;
  constexpr size_t axes = 3;
  const bool sound = list->is_array() && list->size() == axes &&
                     std::all_of(list->begin(), list->end(), [](const auto& n) { return n.is_number_unsigned(); });
  if (!sound) rope.fail(fmt::format("'mrope_section' must be a list of {} counts", axes));
  writer.set_integers("rope.dimension_sections", list->get<std::vector<int64_t>>());
}

/// The first pairs turn as if all did, the others not at all.
MadeTensors proportional(const JsonFields& text, const JsonFields& rope) {
  constexpr int64_t most_head_dim = 4096;
  constexpr float never = 1e30f;
  const int64_t width = gemma4_full_head_dim(text);
  const double part = rope.number_if("partial_rotary_factor").value_or(1.0);
  const double factor = rope.number_if("factor").value_or(1.0);
  if (width < 2 || width > most_head_dim || !(part > 0 && part <= 1) || !(factor > 0 && factor < 1e6)) {
    rope.fail("'partial_rotary_factor' or 'factor' makes no sense");
  }
  const auto turning = static_cast<int64_t>(part * static_cast<double>(width)) / 2;
  std::vector<float> divisors(static_cast<size_t>(width / 2), never);
  std::fill_n(divisors.begin(), turning, static_cast<float>(factor));
  return {{"rope_freqs.weight", std::move(divisors)}};
}

/// One set of rotary parameters, of either generation.
MadeTensors write_scaling(const JsonFields& text, const JsonFields& rope, double theta, KeyWriter& writer) {
  const bool is_gemma4 = text.text_of({"model_type"}, "") == "gemma4_text";
  if (is_gemma4 && rope.text_of({"rope_type", "type"}, "") == "proportional") return proportional(text, rope);
  const int64_t width = rotary_width(text, rope, writer);
  write_sections(rope, writer);
  const std::string type = rope.text_of({"rope_type", "type"}, "default");
  if (type == "default" || type == "mrope") return {};
  for (const std::string& field : rope.names()) {
    if (std::find(known_fields.begin(), known_fields.end(), field) == known_fields.end()) {
      rope.fail(
          fmt::format("'{}' is unknown here, and it may change how '{}' scales", one_line(field), one_line(type)));
    }
  }
  if (type == "llama3") {
    return {{"rope_freqs.weight", llama3_divisors(rope, theta, width, original_context(text, rope))}};
  }
  writer.set_text("rope.scaling.type", type);
  writer.set_if("rope.scaling.factor", rope.number_if("factor"));
  if (type == "linear" || type == "dynamic") return {};
  const int64_t original = original_context(text, rope);
  writer.set("rope.scaling.original_context_length", original);
  if (type == "yarn") {
    const double ratio = static_cast<double>(text.integer("max_position_embeddings")) / static_cast<double>(original);
    write_yarn(rope, rope.number_if("factor").value_or(ratio), writer);
  }
  if (type != "longrope" && type != "su") return {};
  writer.set_if("rope.scaling.attn_factor", rope.number_if("attention_factor"));
  return {{"rope_factors_long.weight", pair_factors(rope, "long_factor", width / 2)},
          {"rope_factors_short.weight", pair_factors(rope, "short_factor", width / 2)}};
}

}  // namespace

MadeTensors write_rotary(const JsonFields& text, KeyWriter& writer) {
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
  return write_scaling(text, *rope, theta, writer);
}

}  // namespace deskhand
