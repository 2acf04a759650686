#pragma once
// A network ready to run: the tensors of a model file on a backend, and the memory that its sequences share.
//
//   LanguageModel model(ModelFile::open("model.gguf"), *backend, {.context = 4096});
//   KvSequence sequence(model.cache(), model.context());
//
// Throws ModelFileError for a file that is no complete model of its family; NotEnoughMemory, before anything is loaded,
// when the weights and the context asked for do not fit into the memory that is free.

#include <cstdint>
#include <memory>

#include "core/decoder.h"
#include "core/memory.h"

namespace deskhand {

struct LanguageModelOptions {
  int64_t context = 0;                   ///< tokens; 0: what the model was trained for, up to what memory allows
  DType kv_type = DType::f16;            ///< f32, f16, bf16, or q8_0 where the heads' sizes are multiples of 32
  size_t cache_bytes = automatic_cache;  ///< for known prefixes and saved states that no sequence needs at the moment
  int64_t max_rows = 512;                ///< of a forward pass
  size_t reserved_bytes = 0;             ///< of the free memory: what others of this program will take
  std::stop_token stop = {};             ///< of the loading
};

/// Bytes of the tensors that are loaded, as they are stored; a backend's own layout takes about the same.
size_t stored_weight_bytes(const ModelFile& file, const ModelConfig& config);

/// Tokens of context, at most those asked for or trained, that fit into the free memory beside the weights.
int64_t fitting_context(const ModelFile& file, const ModelConfig& config, const Backend& backend,
                        const LanguageModelOptions& options);

class LanguageModel {
 public:
  LanguageModel(std::shared_ptr<const ModelFile> file, Backend& backend, const LanguageModelOptions& options);

  const ModelConfig& config() const { return config_; }
  Decoder& decoder() { return *decoder_; }
  KvCache& cache() { return *cache_; }
  const KvCache& cache() const { return *cache_; }
  int64_t context() const { return context_; }
  int64_t max_rows() const { return max_rows_; }

 private:
  ModelConfig config_;
  const Family& family_;
  int64_t max_rows_, context_;
  Weights weights_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<KvCache> cache_;
};

}  // namespace deskhand
