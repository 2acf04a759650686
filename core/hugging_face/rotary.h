#pragma once
// Rotary parameters of config.json in the keys of GGUF.
//
//   MadeTensors tensors = write_rotary(text, writer);      // llama.rope.freq_base, llama.rope.scaling.type, …
//
// What GGUF keeps in tensors comes back as such: the divisors of llama3 and longrope.

#include <string>
#include <utility>
#include <vector>

#include "core/hugging_face/json_fields.h"
#include "core/hugging_face/key_writer.h"

namespace deskhand {

/// Names and values of vectors that stand in config.json.
using MadeTensors = std::vector<std::pair<std::string, std::vector<float>>>;

/// Throws ModelFileError for fields that nothing here honours.
MadeTensors write_rotary(const JsonFields& text, KeyWriter& writer);

}  // namespace deskhand
