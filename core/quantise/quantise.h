#pragma once
// A model file in another type.
//
//   const QuantiseResult r = quantise(*ModelFile::open("model-f16.gguf"), "model-q8_0.gguf", *find_recipe("Q8_0"), {});
//
// Keys and values of a GGUF file are kept byte for byte, but for general.file_type and general.quantization_version.
// Of a Hugging Face directory they are written as Deskhand reads them: tokenizer.json goes in whole, under the key
// tokenizer.huggingface.json. The file gets its name when it is whole. Throws ModelFileError (a weight that is no
// number, too), NotEnoughDisk, std::system_error, LoadStopped.

#include <cstdint>
#include <functional>
#include <stop_token>

#include "core/quantise/recipe.h"

namespace deskhand {

struct QuantiseOptions {
  int threads = 1;
  std::stop_token stop = {};
  /// After every slab of rows: bytes of the input so far, and of all of it.
  std::function<void(uint64_t, uint64_t)> on_progress = {};
};

struct QuantiseResult {
  uint64_t bytes_before = 0, bytes_after = 0;  ///< of tensors
  int64_t changed = 0;                         ///< tensors
  std::vector<DType> types;                    ///< of each tensor
};

QuantiseResult quantise(const ModelFile& in, const std::filesystem::path& out, const Recipe& recipe,
                        const QuantiseOptions& options);

}  // namespace deskhand
