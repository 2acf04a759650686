// Byte pair encoding of a tokenizer.json, over bytes or over characters.

#include <fmt/format.h>

#include <array>

#include "core/hugging_face/json_fields.h"
#include "core/tokenizer/byte_tokens.h"
#include "core/tokenizer/merges.h"
#include "core/tokenizer/token_model.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

class BpeModel final : public TokenModel {
 public:
  BpeModel(const JsonFields& fields, const Vocabulary& vocabulary, bool byte_level)
      : vocabulary_(vocabulary),
        byte_level_(byte_level),
        ignores_merges_(fields.boolean_if("ignore_merges").value_or(false)),
        fuses_unknown_(fields.boolean_if("fuse_unk").value_or(false)),
        falls_back_(fields.boolean_if("byte_fallback").value_or(false)) {
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!fields.text_of({key}, "").empty()) fields.fail(fmt::format("'{}' is not supported", key));
    }
    if (fields.number_if("dropout").value_or(0.0) != 0.0) fields.fail("'dropout' is not supported");
    if (byte_level_) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text;
        append_utf8(text, byte_level_character(static_cast<uint8_t>(byte)));
        const int32_t id = vocabulary.find(text);
        const bool control = id >= 0 && vocabulary.kind(id) == TokenKind::control;
        byte_ids_[static_cast<size_t>(byte)] = control ? -1 : id;
      }
    } else {
      byte_ids_ = byte_tokens(vocabulary);
    }
    read_merges(fields);
  }

  void encode(std::string_view piece, std::vector<int32_t>& ids) const override {
    if (ignores_merges_) {
      const int32_t whole = vocabulary_.find(byte_level_ ? spelled(piece) : std::string(piece));
      if (whole >= 0 && vocabulary_.kind(whole) == TokenKind::normal) {
        ids.push_back(whole);
        return;
      }
    }
    std::vector<int32_t> symbols;
    symbols.reserve(piece.size());
    byte_level_ ? add_bytes(piece, symbols) : add_characters(piece, symbols);
    merges_.apply(symbols);
    ids.insert(ids.end(), symbols.begin(), symbols.end());
  }

 private:
  void read_merges(const JsonFields& fields) {
    const nlohmann::json* merges = fields.find("merges");
    if (merges == nullptr || !merges->is_array() || merges->size() > (1u << 28)) fields.fail("needs a list of merges");
    merges_ = MergeTable(merges->size());
    int32_t rank = 0;
    for (const nlohmann::json& merge : *merges) {
      std::string left, right;
      if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
        left = merge[0].get<std::string>();
        right = merge[1].get<std::string>();
      } else if (merge.is_string()) {
        const auto& text = merge.get_ref<const std::string&>();
        const size_t space = text.find(' ');
        left = text.substr(0, space);
        if (space != std::string::npos) right = text.substr(space + 1);
      }
      const int32_t left_id = vocabulary_.find(left), right_id = vocabulary_.find(right);
      const int32_t joined = vocabulary_.find_joined(left, right);
      if (left.empty() || right.empty() || left_id < 0 || right_id < 0 || joined < 0) {
        fields.fail(fmt::format("merge {} is '{}' and '{}', expected two tokens whose union is a token", rank,
                                one_line(left), one_line(right)));
      }
      const TokenKind kind = vocabulary_.kind(joined);
      if (kind != TokenKind::control && kind != TokenKind::unknown) merges_.insert(left_id, right_id, {rank, joined});
      ++rank;
    }
  }

  static std::string spelled(std::string_view piece) {
    std::string out;
    for (const char c : piece) append_utf8(out, byte_level_character(static_cast<uint8_t>(c)));
    return out;
  }

  void add_bytes(std::string_view piece, std::vector<int32_t>& symbols) const {
    bool after_unknown = false;
    for (const char c : piece) add(byte_ids_[static_cast<uint8_t>(c)], symbols, after_unknown);
  }

  void add_characters(std::string_view piece, std::vector<int32_t>& symbols) const {
    bool after_unknown = false;
    for (size_t at = 0; at < piece.size();) {
      const std::string_view character = piece.substr(at, next_utf8(piece, at).length);
      at += character.size();
      int32_t id = vocabulary_.find(character);
      if (id >= 0 && vocabulary_.kind(id) == TokenKind::control) id = -1;
      if (id < 0 && falls_back_ && append_byte_tokens(character, byte_ids_, symbols)) {
        after_unknown = false;
      } else {
        add(id, symbols, after_unknown);
      }
    }
  }

  void add(int32_t id, std::vector<int32_t>& symbols, bool& after_unknown) const {
    const bool unknown = id < 0;
    if (!unknown) symbols.push_back(id);
    if (unknown && vocabulary_.unknown >= 0 && !(fuses_unknown_ && after_unknown))
      symbols.push_back(vocabulary_.unknown);
    after_unknown = unknown;
  }

  const Vocabulary& vocabulary_;
  bool byte_level_, ignores_merges_, fuses_unknown_, falls_back_;
  std::array<int32_t, 256> byte_ids_{};
  MergeTable merges_{0};
};

}  // namespace

std::unique_ptr<TokenModel> make_bpe_model(const nlohmann::json& model, const Vocabulary& vocabulary, bool byte_level) {
  return std::make_unique<BpeModel>(JsonFields(model, "tokenizer.json: BPE model"), vocabulary, byte_level);
}

}  // namespace deskhand
