#include "core/hugging_face/tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>

#include "kernels/formats/format.h"

namespace deskhand {
namespace {

/// Where models that also see keep their language model.
constexpr std::array<std::string_view, 3> text_prefixes = {"model.language_model.", "language_model.model.",
                                                           "model.text_model."};
/// And their eyes.
constexpr std::array<std::string_view, 10> eye_prefixes = {
    "vision_tower.",       "multi_modal_projector.",       "vision_model.", "visual.",
    "model.vision_tower.", "model.multi_modal_projector.", "model.visual.", "model.vision_model.",
    "model.connector.",    "model.embed_vision."};
/// And ears, which nothing here uses.
constexpr std::array<std::string_view, 2> ear_prefixes = {"model.audio_tower.", "model.embed_audio."};

bool begins_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return text.starts_with(p); });
}

std::string without_text_prefix(std::string_view stored) {
  for (const std::string_view prefix : text_prefixes) {
    if (stored.starts_with(prefix)) return fmt::format("model.{}", stored.substr(prefix.size()));
  }
  constexpr std::string_view head = "language_model.lm_head.";
  if (stored.starts_with(head)) return fmt::format("lm_head.{}", stored.substr(head.size()));
  return std::string(stored);
}

std::string_view without_model_prefix(std::string_view stored) {
  constexpr std::string_view prefix = "model.";
  return stored.starts_with(prefix) ? stored.substr(prefix.size()) : stored;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether a name of a layer's tensor is that of the alias, in which a * stands for a number.
bool matches(std::string_view alias, std::string_view name) {
  const size_t star = alias.find('*');
  if (star == std::string_view::npos) return alias == name;
  const std::string_view before = alias.substr(0, star), behind = alias.substr(star + 1);
  if (name.size() <= before.size() + behind.size() || !name.starts_with(before) || !name.ends_with(behind))
    return false;
  return is_number(name.substr(star, name.size() - before.size() - behind.size()));
}

/// The number of the expert that a tensor belongs to.
std::optional<int64_t> expert_of(std::string_view stored) {
  constexpr std::string_view mark = ".experts.";
  const size_t at = stored.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = stored.substr(at + mark.size());
  const std::string_view number = rest.substr(0, rest.find('.'));
  if (!is_number(number)) return std::nullopt;
  return std::stoll(std::string(number));
}

/// Values as GGUF keeps them: norms as they are applied, and the decay −exp(A_log) of a delta net.
void to_canonical(std::vector<float>& values, std::string_view name, bool norms_lack_one) {
  if (name.ends_with(".ssm_a")) {
    for (float& value : values) value = -std::exp(value);
  } else if (norms_lack_one && name.ends_with("norm.weight") && !name.ends_with(".ssm_norm.weight")) {
    for (float& value : values) value += 1.0f;
  }
}

}  // namespace

std::string canonical_name(std::string_view stored, const ConfigFacts& facts) {
  if (facts.has_eyes && begins_with_any(stored, eye_prefixes)) return {};
  if (begins_with_any(stored, ear_prefixes)) return {};
  if (stored.ends_with("rotary_emb.inv_freq")) return {};
  const std::string_view unused = facts.family->hugging_face.unused, bare = without_model_prefix(stored);
  if (!unused.empty() && bare.starts_with(unused)) return {};
  const std::string name = without_text_prefix(stored);
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name == "model.norm.weight") return "output_norm.weight";
  if (name == "lm_head.weight") return facts.tied.value_or(false) ? "" : "output.weight";
  for (const TensorAlias& alias : facts.family->hugging_face.global_tensors) {
    if (without_model_prefix(name) == alias.theirs) return std::string(alias.ours);
  }
  constexpr std::string_view layers = "model.layers.";
  if (!name.starts_with(layers)) return std::string(stored);
  const std::string_view rest = std::string_view(name).substr(layers.size());
  const size_t dot = rest.find('.');
  const std::string_view number = rest.substr(0, dot);
  if (dot == std::string_view::npos || !is_number(number)) return std::string(stored);
  for (const TensorAlias& alias : facts.family->hugging_face.layer_tensors) {
    if (matches(alias.theirs, rest.substr(dot + 1))) return fmt::format("blk.{}.{}", number, alias.ours);
  }
  return std::string(stored);
}

const std::byte* aligned_data(const TensorInfo& stored, std::deque<std::vector<float>>& copies) {
  if (reinterpret_cast<uintptr_t>(stored.data) % alignof(float) == 0) return stored.data;
  std::vector<float>& copy = copies.emplace_back((stored.bytes + sizeof(float) - 1) / sizeof(float));
  std::memcpy(copy.data(), stored.data, stored.bytes);
  return reinterpret_cast<const std::byte*>(copy.data());
}

void CanonicalTensors::add_floats(const std::string& name, std::vector<float> values, int64_t rows) {
  const std::vector<float>& kept = floats_.emplace_back(std::move(values));
  TensorInfo tensor;
  tensor.name = names_.emplace_back(name);
  tensor.dimensions = rows == 1 ? 1 : 2;
  tensor.shape[0] = static_cast<int64_t>(kept.size()) / rows;
  tensor.shape[1] = rows;
  tensor.data = reinterpret_cast<const std::byte*>(kept.data());
  tensor.bytes = kept.size() * sizeof(float);
  tensors_.push_back(tensor);
}

void CanonicalTensors::add(const TensorInfo& stored, std::string name, const ConfigFacts& facts) {
  constexpr int64_t most_vector = 1 << 24;
  const Format* format = find_format(stored.type);
  const ConstView view = stored.view();
  const bool is_table = stored.dimensions == 1 || name.ends_with(".ssm_conv1d.weight");
  if (is_table && format != nullptr && view.rows <= most_vector / std::max<int64_t>(view.cols, 1)) {
    std::vector<float> values(static_cast<size_t>(view.rows * view.cols));
    format->to_float(stored.data, values.data(), view.rows * view.cols);
    to_canonical(values, name, facts.family->hugging_face.norms_lack_one);
    add_floats(name, std::move(values), view.rows);
    return;
  }
  TensorInfo tensor = stored;
  tensor.name = names_.emplace_back(std::move(name));
  tensor.data = aligned_data(stored, floats_);
  tensors_.push_back(tensor);
}

void CanonicalTensors::join(const std::string& name, const std::map<int64_t, const TensorInfo*>& parts) {
  const TensorInfo& first = *parts.begin()->second;
  int64_t expected = 0;
  for (const auto& [expert, part] : parts) {
    if (expert == expected++ && part->type == first.type && part->shape == first.shape && part->dimensions == 2)
      continue;
    throw ModelFileError(fmt::format("'{}' is not like those of the experts before it, of which there are {}",
                                     part->name, expected - 1));
  }
  std::vector<float>& joined = floats_.emplace_back((first.bytes * parts.size() + sizeof(float) - 1) / sizeof(float));
  auto* to = reinterpret_cast<std::byte*>(joined.data());
  TensorInfo tensor = first;
  tensor.name = names_.emplace_back(name);
  tensor.dimensions = 3;
  tensor.shape[2] = expected;
  tensor.data = to;
  tensor.bytes = first.bytes * parts.size();
  for (const auto& [expert, part] : parts) {
    std::memcpy(to, part->data, part->bytes);
    to += part->bytes;
  }
  tensors_.push_back(tensor);
}

CanonicalTensors::CanonicalTensors(Safetensors file, const ConfigFacts& facts, const std::string& what)
    : file_(std::move(file)) {
  bool has_head = false;
  std::map<std::string, std::map<int64_t, const TensorInfo*>> experts;
  for (const TensorInfo& stored : file_.tensors()) {
    std::string name = canonical_name(stored.name, facts);
    has_head = has_head || name == "output.weight";
    const auto expert = name != stored.name ? expert_of(stored.name) : std::nullopt;
    if (expert && !name.empty()) {
      experts[name][*expert] = &stored;
    } else if (!name.empty()) {
      add(stored, std::move(name), facts);
    }
  }
  for (const auto& [name, parts] : experts) join(name, parts);
  if (!has_head && facts.tied == false) {
    throw ModelFileError(
        fmt::format("{}: tensor 'lm_head.weight' is missing, but config.json says that it is not tied", what));
  }
  for (const auto& [name, values] : facts.made) add_floats(name, values);
}

}  // namespace deskhand
