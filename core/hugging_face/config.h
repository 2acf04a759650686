#pragma once
// config.json in the keys of GGUF.
//
//   ConfigFacts facts = read_config(json, "Qwen2.5-0.5B/config.json", metadata);
//   facts.family->hugging_face.layer_tensors;
//
// Source of the spellings: transformers 4 and 5. `rope_theta` + `rope_scaling` or `rope_parameters`; `type` or
// `rope_type`; fields at the root or under `text_config`; null means absent.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/decoder.h"
#include "core/hugging_face/rotary.h"
#include "core/metadata_store.h"

namespace deskhand {

/// What the tensors' names and values depend on.
struct ConfigFacts {
  const Family* family = nullptr;
  std::optional<bool> tied;  ///< tie_word_embeddings; none: as the tensors say
  bool has_eyes = false;     ///< a part of the tensors belongs to a vision encoder
  MadeTensors made;          ///< vectors that stand in config.json itself
};

/// `what` names the file in errors (ModelFileError).
ConfigFacts read_config(const nlohmann::json& config, const std::string& what, MetadataStore& metadata);

}  // namespace deskhand
