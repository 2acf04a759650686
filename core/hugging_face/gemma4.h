#pragma once
// What config.json of a Gemma 4 model says beyond other families: heads that differ between layers, layers that share
// keys and values, wider networks, values of tokens for each layer.
//
//   if (model_type == "gemma4_text") write_gemma4(text, writer);      // after the shape that all families have

#include "core/hugging_face/json_fields.h"
#include "core/hugging_face/key_writer.h"

namespace deskhand {

void write_gemma4(const JsonFields& text, KeyWriter& writer);
/// Values of a head in the layers that see all.
int64_t gemma4_full_head_dim(const JsonFields& text);

}  // namespace deskhand
