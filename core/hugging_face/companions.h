#pragma once
// The files beside the weights: tokenizer, chat templates, what to generate with.
//
//   Companions companions(directory);
//   companions.write(metadata);                     // tokenizer.huggingface.json, tokenizer.chat_template, …
//
// A chat template is chat_template.jinja, else in chat_template.json, else in tokenizer_config.json; of a list of named
// ones "default" counts, and "tool_use" where tools are given. Each file may be absent.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/mapped_file.h"
#include "core/metadata_store.h"

namespace deskhand {

class Companions {
 public:
  explicit Companions(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// The tokenizer's text stays mapped as long as this lives. `config` is config.json.
  void write(const nlohmann::json& config, MetadataStore& metadata);

 private:
  void write_tokenizer(MetadataStore& metadata);
  void write_tokenizer_config(MetadataStore& metadata) const;
  void write_generation(const nlohmann::json& config, MetadataStore& metadata) const;
  bool has(const char* name) const;

  std::filesystem::path directory_;
  std::shared_ptr<const MappedFile> tokenizer_;
};

}  // namespace deskhand
