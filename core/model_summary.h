#pragma once
// What a model file is, in a few words, without loading it.
//
//   describe_types(*ModelFile::open("model.gguf"))        // "Q4_K 169, Q6_K 29, F32 141"

#include <string>

#include "core/model_file.h"

namespace deskhand {

/// The tensors of each type, what takes the most bytes first.
std::string describe_types(const ModelFile& file);

}  // namespace deskhand
