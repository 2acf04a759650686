#pragma once
// A Hugging Face checkpoint as a ModelFile: a directory with config.json, safetensors and tokenizer.json.
//
//   std::shared_ptr<const ModelFile> file = open_hugging_face_directory("Qwen2.5-0.5B-Instruct");
//
// config.json is read in all its historical spellings; tensors get the names that their family's file says. Weights
// stay mapped; norms, biases and the few tensors that lie unaligned are copied. Throws ModelFileError for what is
// missing, hostile, quantised in a way of other libraries, or of a model type that no family here is.

#include <filesystem>
#include <memory>

#include "core/model_file.h"

namespace deskhand {

std::shared_ptr<const ModelFile> open_hugging_face_directory(const std::filesystem::path& directory);

}  // namespace deskhand
