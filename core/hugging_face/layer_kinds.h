#pragma once
// Which layers see a window, do not turn or are recurrent: layer_types, sliding windows and no_rope_layers of
// config.json in the keys of GGUF.
//
//   write_layer_kinds(text, "qwen2", writer);       // qwen2.attention.sliding_window, .sliding_window_pattern

#include <string_view>

#include "core/hugging_face/json_fields.h"
#include "core/hugging_face/key_writer.h"

namespace deskhand {

/// Throws ModelFileError for kinds that are unknown or contradict each other.
void write_layer_kinds(const JsonFields& text, std::string_view model_type, KeyWriter& writer);

}  // namespace deskhand
