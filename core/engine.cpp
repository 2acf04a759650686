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

LanguageModelOptions model_options(const EngineOptions& options) {
  return {.context = options.context,
          .kv_type = options.kv_type,
          .cache_bytes = options.cache_bytes,
          .max_rows = std::max<int64_t>(1, options.prefill_chunk),
          .stop = options.stop};
}

std::unique_ptr<Tokenizer> tokenizer_of(const ModelFile& file) {
  const Metadata& metadata = file.metadata();
  if (!metadata.has("tokenizer.ggml.model") && !metadata.has("tokenizer.huggingface.json")) {
    throw ModelFileError(
        fmt::format("{}: there is no tokenizer: {} is missing", file.path().string(),
                    std::filesystem::is_directory(file.path()) ? "tokenizer.json" : "the key tokenizer.ggml.model"));
  }
  return Tokenizer::from_metadata(metadata);
}

/// A part of the model's files, whose errors shall say of which.
template <class Part>
auto of_model(const std::filesystem::path& path, const Part& part) {
  try {
    return part();
  } catch (const ModelFileError& error) {
    const std::string what = error.what(), where = path.string();
    throw ModelFileError(what.find(where) == std::string::npos ? where + ": " + what : what);
  } catch (const TemplateError& error) {
    throw ModelFileError(path.string() + ": " + error.what());
  }
}

class ModelEngine final : public Engine {
 public:
  ModelEngine(const std::filesystem::path& path, const EngineOptions& options)
      : file_(ModelFile::open(path)),
        backend_(make_cpu_backend({.threads = options.threads, .isa = options.isa, .exact = options.exact})),
        tokenizer_(tokenizer_of(*file_)),
        model_(file_, *backend_, model_options(options)),
        info_(model_info(*file_, *backend_, model_options(options))),
        queue_(model_, *backend_, options.prefill_chunk) {
    info_.context = model_.context();
    if (tokenizer_->vocabulary_size() > model_.config().embeddings) {
      throw ModelFileError(fmt::format("{}: {} tokens in the vocabulary, but embeddings for {}", path.string(),
                                       tokenizer_->vocabulary_size(), model_.config().embeddings));
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
  return of_model(model, [&] { return std::make_unique<ModelEngine>(model, options); });
}

ModelInfo Engine::describe(const std::filesystem::path& model, const EngineOptions& options) {
  return of_model(model, [&] {
    const auto backend = make_cpu_backend({.threads = 1, .isa = options.isa, .exact = options.exact});
    return model_info(*ModelFile::open(model), *backend, model_options(options));
  });
}

}  // namespace deskhand
