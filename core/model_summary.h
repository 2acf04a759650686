#pragma once
// What a model is, without loading it.
//
//   const auto file = ModelFile::open("model.gguf");
//   describe_types(*file)                                 // "Q4_K 169, Q6_K 29, F32 141"
//   model_info(*file, *backend, {}).parameters            // ModelFileError for metadata of no known family

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/model_file.h"
#include "core/sampler.h"

namespace deskhand {

class Backend;
struct LanguageModelOptions;

struct ModelInfo {
  std::string name, architecture, license;
  std::filesystem::path path;
  std::string types;             ///< "Q4_K 169, Q6_K 29, F32 141"
  int64_t parameters = 0;        ///< numbers in the file's tensors
  int64_t saved_parameters = 0;  ///< more there would be if no layers shared a feed-forward network
  int64_t layers = 0, width = 0, heads = 0, kv_heads = 0, head_dim = 0, vocabulary = 0;
  int64_t trained_context = 0;
  int64_t context = 0;            ///< that fits into the free memory; 0: not even the weights do
  size_t weight_bytes = 0;        ///< of the tensors that are loaded
  size_t bytes_per_token = 0;     ///< of the matrices that decoding one token reads
  size_t kv_bytes_per_token = 0;  ///< of keys and values
  size_t state_bytes = 0;         ///< of recurrent layers, for each sequence whatever its length
  bool has_chat_template = false;
  Sampling recommended = {.temperature = 0.7f};  ///< what the model's files say to sample with
};

/// The context, the type of keys and values and the rows of the options are those that the model would be loaded with.
ModelInfo model_info(const ModelFile& file, const Backend& backend, const LanguageModelOptions& options);

/// The tensors of each type, what takes the most bytes first.
std::string describe_types(const ModelFile& file);

}  // namespace deskhand
