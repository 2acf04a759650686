#include "core/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "core/constraint/token_trie.h"
#include "core/log_probabilities.h"
#include "core/model_summary.h"
#include "core/prompt.h"
#include "core/session.h"

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

ModelInfo describe(const ModelFile& file, LanguageModel& model) {
  const Metadata& metadata = file.metadata();
  const ModelConfig& config = model.config();
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
  info.context = model.context();
  info.weight_bytes = model.weight_bytes();
  // A token reads one row of the embedding unless it is the output head too.
  const TensorInfo* embedding = file.find_tensor("token_embd.weight");
  const bool tied = file.find_tensor("output.weight") == nullptr;
  info.bytes_per_token =
      info.weight_bytes - (tied || embedding == nullptr ? 0 : embedding->bytes) - idle_expert_bytes(file, config);
  info.kv_bytes_per_token = model.decoder().plan().bytes_per_token();
  info.state_bytes = model.decoder().plan().state_bytes();
  info.has_chat_template = metadata.has("tokenizer.chat_template");
  info.recommended = recommended_sampling(metadata);
  return info;
}

/// What the numbers in a prefix depend on.
std::string prefix_key(const ModelFile& file, const LanguageModel& model, const Backend& backend,
                       const EngineOptions& options) {
  namespace fs = std::filesystem;
  std::error_code none;
  std::string key = fs::weakly_canonical(file.path(), none).string();
  const auto add = [&](const fs::path& path) {
    key += fmt::format(" {} {} {}", path.filename().string(), fs::file_size(path, none),
                       fs::last_write_time(path, none).time_since_epoch().count());
  };
  add("/proc/self/exe");  // another version may lay pages out otherwise
  if (fs::is_directory(file.path(), none)) {
    std::vector<fs::path> parts;
    for (const auto& entry : fs::directory_iterator(file.path(), none)) parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    for (const fs::path& part : parts) add(part);
  } else {
    add(file.path());
  }
  key += fmt::format(" {} {} {}", dtype_info(options.kv_type).name, backend.info().isa, options.exact);
  // These turn by the length of the context.
  const RopeScaling scaling = model.config().rope.scaling;
  if (scaling == RopeScaling::dynamic || scaling == RopeScaling::longrope) key += fmt::format(" {}", model.context());
  return key;
}

class ModelEngine final : public Engine {
 public:
  ModelEngine(const std::filesystem::path& path, const EngineOptions& options)
      : file_(ModelFile::open(path)),
        backend_(make_cpu_backend({.threads = options.threads, .isa = options.isa, .exact = options.exact})),
        tokenizer_(Tokenizer::from_metadata(file_->metadata())),
        model_(file_, *backend_,
               {.context = options.context,
                .kv_type = options.kv_type,
                .cache_bytes = options.cache_bytes,
                .max_rows = std::max<int64_t>(1, options.prefill_chunk),
                .stop = options.stop}),
        info_(describe(*file_, model_)),
        queue_(model_, *backend_, options.prefill_chunk) {
    if (tokenizer_->vocabulary_size() > model_.config().vocabulary) {
      throw ModelFileError(fmt::format("{}: {} tokens in the vocabulary, but embeddings for {}", path.string(),
                                       tokenizer_->vocabulary_size(), model_.config().vocabulary));
    }
    if (!options.prefix_folder.empty()) {
      prefixes_ = std::make_unique<PrefixStore>(options.prefix_folder, prefix_key(*file_, model_, *backend_, options),
                                                model_.cache());
    }
    chat_template_ = chat_template_of(file_->metadata(), *tokenizer_);
  }

  const ModelInfo& info() const override { return info_; }
  const Tokenizer& tokenizer() const override { return *tokenizer_; }
  const ChatTemplate* chat_template() const override { return chat_template_.get(); }
  const Backend& backend() const override { return *backend_; }

  std::unique_ptr<Session> new_session() override { return make_session(queue_, *tokenizer_, prefixes_.get()); }

  std::vector<double> log_probabilities(std::span<const int32_t> ids, int64_t from, std::stop_token stop) override {
    if (static_cast<int64_t>(ids.size()) > model_.context()) {
      throw ContextFull(fmt::format("the text has {} tokens, the context holds {}", ids.size(), model_.context()));
    }
    return deskhand::log_probabilities(model_, *backend_, ids, from, stop);
  }

  KvCacheStats cache_stats() const override { return model_.cache().stats(); }

  const TokenTrie& token_trie() const override {
    std::call_once(trie_once_, [this] { trie_ = std::make_unique<TokenTrie>(*tokenizer_); });
    return *trie_;
  }

 private:
  std::shared_ptr<const ModelFile> file_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Tokenizer> tokenizer_;
  LanguageModel model_;
  ModelInfo info_;
  ForwardQueue queue_;
  std::unique_ptr<PrefixStore> prefixes_;
  std::unique_ptr<ChatTemplate> chat_template_;
  mutable std::once_flag trie_once_;
  mutable std::unique_ptr<TokenTrie> trie_;
};

}  // namespace

std::unique_ptr<Engine> Engine::open(const std::filesystem::path& model, const EngineOptions& options) {
  return std::make_unique<ModelEngine>(model, options);
}

}  // namespace deskhand
