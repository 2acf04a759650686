#include "core/tokenizer/tokenizer_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/hugging_face/json_fields.h"

namespace deskhand {
namespace {

constexpr int64_t most_tokens = 1 << 24;

/// Collects texts by id.
class TableReader {
 public:
  explicit TableReader(const JsonFields& fields) : fields_(fields) {}

  void add(int64_t id, const std::string& text) {
    // Ids may have gaps, but not so wide that the file makes a table that it could not fill.
    const auto limit = std::min<int64_t>(most_tokens, 2 * static_cast<int64_t>(ids_.size()) + (1 << 20));
    if (id < 0 || id >= limit) fields_.fail(fmt::format("token '{}' has the id {}", one_line(text), id));
    const auto at = static_cast<size_t>(id);
    if (at >= table_.texts.size()) {
      table_.texts.resize(at + 1);
      table_.kinds.resize(at + 1, TokenKind::unused);
    }
    const auto [known, fresh] = ids_.emplace(text, static_cast<int32_t>(id));
    const bool taken = table_.kinds[at] != TokenKind::unused;
    if ((!fresh && known->second != id) || (taken && table_.texts[at] != text)) {
      fields_.fail(fmt::format("token '{}' and id {} are given twice", one_line(text), id));
    }
    table_.texts[at] = text;
    if (!taken) table_.kinds[at] = TokenKind::normal;
  }
  void set_kind(int32_t id, TokenKind kind) { table_.kinds[static_cast<size_t>(id)] = kind; }
  int32_t find(const std::string& text) const {
    const auto found = ids_.find(text);
    return found == ids_.end() ? -1 : found->second;
  }
  VocabularyTable& table() { return table_; }

 private:
  const JsonFields& fields_;
  VocabularyTable table_;
  std::unordered_map<std::string, int32_t> ids_;
};

void read_vocabulary(const JsonFields& model, TableReader& reader) {
  const nlohmann::json* vocabulary = model.find("vocab");
  const std::string type = model.text_of({"type"}, model.has("merges") ? "BPE" : "?");
  if (type == "BPE" && vocabulary != nullptr && vocabulary->is_object() && !vocabulary->empty()) {
    std::vector<std::pair<int64_t, const std::string*>> entries;
    for (const auto& [text, id] : vocabulary->get_ref<const nlohmann::json::object_t&>()) {
      if (!id.is_number_unsigned() || id.get<uint64_t>() >= static_cast<uint64_t>(most_tokens)) {
        model.fail(fmt::format("token '{}' has no proper id", one_line(text)));
      }
      entries.emplace_back(id.get<int64_t>(), &text);
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& [id, text] : entries) reader.add(id, *text);
  } else if (type == "Unigram" && vocabulary != nullptr && vocabulary->is_array() && !vocabulary->empty()) {
    int64_t id = 0;
    for (const nlohmann::json& piece : *vocabulary) {
      if (!piece.is_array() || piece.size() != 2 || !piece[0].is_string() || !piece[1].is_number()) {
        model.fail(fmt::format("entry {} of 'vocab' must be a text and a number", id));
      }
      reader.add(id++, piece[0].get_ref<const std::string&>());
    }
  } else if (type == "BPE" || type == "Unigram") {
    model.fail("has no vocabulary");
  } else {
    model.fail(fmt::format("'{}' is not supported; known are BPE and Unigram", one_line(type)));
  }
}

std::vector<AddedToken> read_added(const JsonFields& root, TableReader& reader) {
  std::vector<AddedToken> out;
  const nlohmann::json* list = root.find("added_tokens");
  if (list == nullptr) return out;
  if (!list->is_array()) root.fail("'added_tokens' must be a list");
  for (const nlohmann::json& entry : *list) {
    const JsonFields fields(entry, "tokenizer.json: added_tokens");
    AddedToken token{.text = fields.text_of({"content"}, ""),
                     .special = fields.boolean_if("special").value_or(false),
                     .normalized = fields.boolean_if("normalized").value_or(false),
                     .strips_left = fields.boolean_if("lstrip").value_or(false),
                     .strips_right = fields.boolean_if("rstrip").value_or(false)};
    if (token.text.empty()) fields.fail("a token has no content");
    if (fields.boolean_if("single_word").value_or(false)) {
      fields.fail(fmt::format("'{}' is matched as a single word, which is not supported", one_line(token.text)));
    }
    const int64_t id = fields.integer("id");
    reader.add(id, token.text);
    token.id = static_cast<int32_t>(id);
    reader.set_kind(token.id, token.special ? TokenKind::control : TokenKind::user_defined);
    out.push_back(std::move(token));
  }
  return out;
}

/// The ids <0x00>…<0xFF>, where the decoder turns them into bytes.
void mark_bytes(TableReader& reader) {
  for (int byte = 0; byte < 256; ++byte) {
    const int32_t id = reader.find(fmt::format("<0x{:02X}>", byte));
    if (id >= 0) reader.set_kind(id, TokenKind::byte);
  }
}

/// The decoder must be the inverse of what the pieces are made of.
void read_decoder(const JsonFields& decoder, bool byte_level, TableReader& reader, TokenizerJson& out, int depth = 0) {
  constexpr int deepest = 8;
  const std::string type = decoder.text_of({"type"}, "?");
  if (type == "Sequence" && depth < deepest) {
    const nlohmann::json* parts = decoder.find("decoders");
    if (parts == nullptr || !parts->is_array()) decoder.fail("a Sequence needs a list of decoders");
    for (const auto& part : *parts) {
      read_decoder(JsonFields(part, decoder.what()), byte_level, reader, out, depth + 1);
    }
    return;
  }
  if (byte_level && type == "ByteLevel") return;
  if (!byte_level) {
    const auto pattern = decoder.has("pattern") ? decoder.object("pattern") : std::nullopt;
    const bool marks = type == "Replace" && pattern && pattern->text_of({"String"}, "") == "▁" &&
                       decoder.text_of({"content"}, "") == " ";
    if (marks || type == "Fuse") return;
    if (type == "ByteFallback") return mark_bytes(reader);
    const bool one_space = decoder.text_of({"content"}, "") == " " && decoder.integer_if("start").value_or(0) == 1 &&
                           decoder.integer_if("stop").value_or(0) == 0;
    if (type == "Strip" && one_space) {
      out.strips_space = true;
      return;
    }
    if (type == "Metaspace" && decoder.text_of({"replacement"}, "▁") == "▁") {
      const bool prefix = decoder.boolean_if("add_prefix_space").value_or(true);
      out.strips_space = decoder.text_of({"prepend_scheme"}, prefix ? "always" : "never") != "never";
      return;
    }
  }
  decoder.fail(fmt::format("'{}' is not supported here", one_line(type)));
}

/// bos in front of the text is all that a post-processor may add.
void read_post_processor(const JsonFields& fields, TokenizerJson& out, std::string& bos, int depth = 0) {
  constexpr int deepest = 8;
  const std::string type = fields.text_of({"type"}, "?");
  if (type == "ByteLevel") return;  // moves offsets only
  if (type == "Sequence" && depth < deepest) {
    const nlohmann::json* parts = fields.find("processors");
    if (parts == nullptr || !parts->is_array()) fields.fail("a Sequence needs a list of processors");
    for (const auto& part : *parts) read_post_processor(JsonFields(part, fields.what()), out, bos, depth + 1);
    return;
  }
  if (type != "TemplateProcessing") {
    fields.fail(
        fmt::format("'{}' is not supported; known are ByteLevel, Sequence, TemplateProcessing", one_line(type)));
  }
  const nlohmann::json* single = fields.find("single");
  if (single == nullptr || !single->is_array()) fields.fail("TemplateProcessing needs a list 'single'");
  bool text_seen = false;
  for (const nlohmann::json& item : *single) {
    const JsonFields part(item, fields.what());
    if (part.has("Sequence")) {
      text_seen = true;
    } else if (const auto token = part.object("SpecialToken"); token && !text_seen && bos.empty()) {
      bos = token->text_of({"id"}, "");
      out.adds_bos = true;
    } else {
      fields.fail("TemplateProcessing adds more than one token in front, which is not supported");
    }
  }
}

int32_t special_id(std::string_view name, const Metadata& metadata, const TableReader& reader) {
  const std::string text_key = fmt::format("tokenizer.huggingface.{}_token", name);
  if (metadata.has(text_key)) return reader.find(std::string(metadata.text(text_key)));
  const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
  return static_cast<int32_t>(std::clamp<int64_t>(metadata.integer_or(key, -1), -1, most_tokens));
}

}  // namespace

TokenizerJson read_tokenizer_json(const nlohmann::json& json, const Metadata& metadata, bool byte_level) {
  const JsonFields root(json, "tokenizer.json");
  const auto model = root.object("model");
  if (!model) root.fail("'model' is missing");
  TokenizerJson out;
  TableReader reader(root);
  read_vocabulary(*model, reader);
  if (const auto decoder = root.object("decoder")) {
    read_decoder(*decoder, byte_level, reader, out);
  } else {
    root.fail("'decoder' is missing");
  }
  out.added = read_added(root, reader);
  std::string bos_text;
  if (const auto processor = root.object("post_processor")) read_post_processor(*processor, out, bos_text);
  const auto size = static_cast<int64_t>(reader.table().texts.size());
  const auto checked = [&](int64_t id) { return id >= 0 && id < size ? static_cast<int32_t>(id) : -1; };
  VocabularyTable& table = reader.table();
  table.bos = bos_text.empty() ? checked(special_id("bos", metadata, reader)) : reader.find(bos_text);
  if (!bos_text.empty() && table.bos < 0) root.fail(fmt::format("bos is '{}', which is no token", one_line(bos_text)));
  table.eos = checked(special_id("eos", metadata, reader));
  if (const auto unknown = model->text_if("unk_token")) table.unknown = reader.find(*unknown);
  if (model->has("unk_id")) table.unknown = checked(model->integer("unk_id"));
  if (table.unknown >= 0) reader.set_kind(table.unknown, TokenKind::unknown);
  if (metadata.has("tokenizer.huggingface.end_token_ids")) {
    for (const int64_t id : metadata.array("tokenizer.huggingface.end_token_ids").as_integers()) {
      if (checked(id) >= 0) table.ends.push_back(checked(id));
    }
  }
  out.adds_bos = table.bos >= 0 && metadata.boolean_or("tokenizer.ggml.add_bos_token", out.adds_bos);
  out.table = std::move(table);
  return out;
}

}  // namespace deskhand
