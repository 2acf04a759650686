#pragma once
// What config.json of Llama 3.2 Vision says beyond other families: which layers attend to pictures, and how many rows
// the eyes make of one.
//
//   if (model_type == "mllama_text_model") write_mllama(root, text, writer);    // mllama.attention.cross_layers, …

#include "core/hugging_face/json_fields.h"
#include "core/hugging_face/key_writer.h"

namespace deskhand {

/// `root` holds vision_config. Throws ModelFileError for numbers that make no sense.
void write_mllama(const JsonFields& root, const JsonFields& text, KeyWriter& writer);

}  // namespace deskhand
