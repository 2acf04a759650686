#include "core/model_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "core/blocks.h"
#include "core/language_model.h"

namespace deskhand {
namespace {

/// general.sampling.*: of a GGUF file or of generation_config.json.
Sampling recommended_sampling(const Metadata& metadata) {
  const auto read = [&](std::string_view name, double fallback, double least, double most) {
    const std::string key = fmt::format("general.sampling.{}", name);
    const double value = metadata.number_or(key, fallback);
    if (!(value >= least && value <= most)) {
      throw ModelFileError(fmt::format("model metadata: {} must lie in {}…{}, not {}", key, least, most, value));
    }
    return static_cast<float>(value);
  };
  Sampling out;
  out.temperature = read("temp", 0.7, 0, 100);
  out.top_k = static_cast<int32_t>(read("top_k", 0, 0, 1 << 24));
  out.top_p = read("top_p", 1, 0, 1);
  out.min_p = read("min_p", 0, 0, 1);
  out.repeat_penalty = read("penalty_repeat", 1, 0.1, 10);
  return out;
}

/// Bytes of the experts that a token does not use.
size_t idle_expert_bytes(const ModelFile& file, const ModelConfig& config) {
  size_t sum = 0;
  for (int64_t layer = 0; config.experts.count > 0 && layer < config.layers; ++layer) {
    for (const std::string_view part : {"gate", "up", "gate_up", "down"}) {
      const TensorInfo* tensor = file.find_tensor(fmt::format("blk.{}.ffn_{}_exps.weight", layer, part));
      if (tensor == nullptr) continue;
      const auto count = static_cast<size_t>(config.experts.count), used = static_cast<size_t>(config.experts.used);
      sum += tensor->bytes / count * (count - used);
    }
  }
  return sum;
}

}  // namespace

std::string describe_types(const ModelFile& file) {
  struct Sum {
    int64_t tensors = 0;
    size_t bytes = 0;
  };
  std::map<std::string_view, Sum> sums;
  for (const TensorInfo& tensor : file.tensors()) {
    Sum& sum = sums[dtype_info(tensor.type).name];
    ++sum.tensors;
    sum.bytes += tensor.bytes;
  }
  std::vector<std::pair<std::string_view, Sum>> sorted(sums.begin(), sums.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.bytes > b.second.bytes; });
  std::string out;
  for (const auto& [name, sum] : sorted) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, sum.tensors);
  return out;
}

ModelInfo model_info(const ModelFile& file, const Backend& backend, const LanguageModelOptions& options) {
  const Metadata& metadata = file.metadata();
  const ModelConfig config = model_config(metadata);
  (void)find_family(config.architecture);
  const KvPlan plan = kv_plan(config, options.kv_type, backend);
  ModelInfo info;
  info.name = metadata.text_or("general.name", file.path().stem().string());
  info.architecture = config.architecture;
  info.license = metadata.text_or("general.license", "");
  info.path = file.path();
  info.types = describe_types(file);
  for (const TensorInfo& tensor : file.tensors()) info.parameters += tensor.view().rows * tensor.view().cols;
  info.saved_parameters = config.saved_parameters();
  info.layers = config.layers;
  info.width = config.width;
  info.heads = config.heads;
  info.kv_heads = config.kv_heads;
  info.head_dim = config.head_dim;
  info.vocabulary = config.vocabulary;
  info.trained_context = config.context;
  info.context = fitting_context(file, config, backend, options);
  info.weight_bytes = stored_weight_bytes(file, config);
  // A token reads one row of the embedding unless it is the output head too.
  const TensorInfo* embedding = file.find_tensor("token_embd.weight");
  const bool tied = file.find_tensor("output.weight") == nullptr;
  info.bytes_per_token =
      info.weight_bytes - (tied || embedding == nullptr ? 0 : embedding->bytes) - idle_expert_bytes(file, config);
  info.kv_bytes_per_token = plan.bytes_per_token();
  info.state_bytes = plan.state_bytes();
  info.has_chat_template = metadata.has("tokenizer.chat_template");
  info.recommended = recommended_sampling(metadata);
  return info;
}

}  // namespace deskhand
