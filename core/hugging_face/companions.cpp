#include "core/hugging_face/companions.h"

#include <fmt/format.h>

#include <system_error>

#include "core/hugging_face/json_fields.h"
#include "core/strict_json.h"

namespace deskhand {
namespace {

constexpr size_t most_tokenizer_bytes = size_t{256} << 20, most_config_bytes = size_t{16} << 20;

std::shared_ptr<const MappedFile> map_text(const std::filesystem::path& path, size_t most_bytes) {
  try {
    auto file = MappedFile::open(path);
    if (file->bytes().size() > most_bytes) {
      throw ModelFileError(
          fmt::format("{}: has {} bytes, at most {} are read", path.string(), file->bytes().size(), most_bytes));
    }
    return file;
  } catch (const std::system_error& error) {
    throw ModelFileError(error.what());
  }
}

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

/// A string, or a list of {name, template}.
void write_template(const JsonFields& fields, MetadataStore& metadata) {
  constexpr const char* key = "chat_template";
  const nlohmann::json* given = fields.find(key);
  if (given == nullptr) return;
  if (!given->is_array()) {
    metadata.set_text("tokenizer.chat_template", fields.text_if(key).value());
    return;
  }
  for (const nlohmann::json& entry : *given) {
    const JsonFields one(entry, fmt::format("{}: {}", fields.what(), key));
    const std::string name = one.text_of({"name"}, ""), source = one.text_of({"template"}, "");
    metadata.set_text(name == "default" ? "tokenizer.chat_template" : fmt::format("tokenizer.chat_template.{}", name),
                      source);
  }
}

/// A token is a text or an object with its content.
void write_token(const JsonFields& fields, const char* key, MetadataStore& metadata) {
  const nlohmann::json* token = fields.find(key);
  if (token == nullptr) return;
  const std::string text =
      token->is_object() ? fields.object(key)->text_of({"content"}, "") : fields.text_of({key}, "");
  metadata.set_text(fmt::format("tokenizer.huggingface.{}", key), text);
}

/// One id or a list of them.
std::vector<int64_t> ids_of(const JsonFields& fields, const char* key) {
  const nlohmann::json* given = fields.find(key);
  if (given == nullptr) return {};
  std::vector<int64_t> ids;
  for (const nlohmann::json& id : given->is_array() ? *given : nlohmann::json::array({*given})) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > static_cast<uint64_t>(INT32_MAX)) {
      fields.fail(fmt::format("'{}' must be a token's id or a list of them", key));
    }
    ids.push_back(id.get<int64_t>());
  }
  return ids;
}

}  // namespace

bool Companions::has(const char* name) const {
  std::error_code ignored;
  return std::filesystem::exists(directory_ / name, ignored);
}

void Companions::write_tokenizer(MetadataStore& metadata) {
  if (!has("tokenizer.json")) return;
  tokenizer_ = map_text(directory_ / "tokenizer.json", most_tokenizer_bytes);
  metadata.set_view("tokenizer.huggingface.json", text_of(*tokenizer_));
}

void Companions::write_tokenizer_config(MetadataStore& metadata) const {
  // What is written later counts: the order is that of transformers, backwards.
  for (const char* name : {"tokenizer_config.json", "chat_template.json"}) {
    if (!has(name)) continue;
    const nlohmann::json json = read_json_file(directory_ / name, most_config_bytes);
    const JsonFields fields(json, (directory_ / name).string());
    write_template(fields, metadata);
    write_token(fields, "bos_token", metadata);
    write_token(fields, "eos_token", metadata);
    if (const auto adds = fields.boolean_if("add_bos_token")) metadata.set("tokenizer.ggml.add_bos_token", *adds);
  }
  if (has("chat_template.jinja")) {
    const auto file = map_text(directory_ / "chat_template.jinja", most_config_bytes);
    metadata.set_text("tokenizer.chat_template", std::string(text_of(*file)));
  }
}

void Companions::write_generation(const nlohmann::json& config, MetadataStore& metadata) const {
  const JsonFields model(config, (directory_ / "config.json").string());
  std::vector<int64_t> ends = ids_of(model, "eos_token_id");
  std::vector<int64_t> begins = ids_of(model, "bos_token_id");
  if (has("generation_config.json")) {
    const nlohmann::json json = read_json_file(directory_ / "generation_config.json", most_config_bytes);
    const JsonFields fields(json, (directory_ / "generation_config.json").string());
    for (const int64_t id : ids_of(fields, "eos_token_id")) ends.push_back(id);
    if (fields.boolean_if("do_sample").value_or(true)) {
      constexpr std::pair<const char*, const char*> keys[] = {{"temperature", "temp"},
                                                              {"top_k", "top_k"},
                                                              {"top_p", "top_p"},
                                                              {"min_p", "min_p"},
                                                              {"repetition_penalty", "penalty_repeat"}};
      for (const auto& [theirs, ours] : keys) {
        if (const auto value = fields.number_if(theirs)) metadata.set(fmt::format("general.sampling.{}", ours), *value);
      }
    }
  }
  if (!begins.empty()) metadata.set("tokenizer.ggml.bos_token_id", begins.front());
  if (!ends.empty()) {
    metadata.set("tokenizer.ggml.eos_token_id", ends.front());
    metadata.set_integers("tokenizer.huggingface.end_token_ids", ends);
  }
}

void Companions::write(const nlohmann::json& config, MetadataStore& metadata) {
  write_tokenizer(metadata);
  write_tokenizer_config(metadata);
  write_generation(config, metadata);
}

}  // namespace deskhand
