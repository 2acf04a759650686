#pragma once
// Which files of a repository make the model that a reference means.
//
//   const HubChoice choice = choose_files(paths, HubReference::parse("hf:org/name:Q4_K_M"));
//   choice.model       // "name-q4_k_m.gguf", or empty: the folder of the snapshot is the model
//   choice.files       // all that is needed
//
// With GGUF files: the one named, the one of that quant, the only one, else the first of Q4_K_M, Q8_0, Q4_0, Q6_K,
// Q5_K_M, F16, BF16; a projector for pictures ("mmproj") comes with it. Without: config.json, the weights in
// safetensors, tokenizer, templates, generation settings. Model card and licence come along. Throws HubError saying
// what there is when nothing, or more than one, fits, and for GGUF models in several files.

#include <span>
#include <string>
#include <vector>

#include "core/hub/reference.h"

namespace deskhand {

struct HubChoice {
  std::string model;
  std::vector<std::string> files;
};

HubChoice choose_files(std::span<const std::string> paths, const HubReference& reference);

/// Whether the file's name says that it is of this quant: "a-q4_k_m.gguf" is of "Q4_K_M", not of "Q4_K".
bool is_of_quant(std::string_view path, std::string_view quant);
bool is_projector(std::string_view path);
/// "name-00001-of-00003.gguf".
bool is_shard(std::string_view path);

}  // namespace deskhand
