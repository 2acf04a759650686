// Byte-level BPE: text is cut into pieces, each piece into bytes, and bytes are merged by rank.
// The algorithm is that of the Hugging Face tokenizers: the pair of lowest rank first, the leftmost of equals.

#include <fmt/format.h>

#include <array>
#include <memory>

#include "core/tokenizer/compose.h"
#include "core/tokenizer/merges.h"
#include "core/tokenizer/pretokenizer.h"
#include "core/tokenizer/utf8.h"
#include "core/tokenizer/vocabulary_tokenizer.h"

namespace deskhand {
namespace {

class ByteLevelTokenizer final : public VocabularyTokenizer {
 public:
  explicit ByteLevelTokenizer(const Metadata& metadata)
      : VocabularyTokenizer(Vocabulary(metadata, TokenSpelling::byte_level)),
        cut_(metadata.text_or("tokenizer.ggml.pre", "(missing)")) {
    adds_bos_ = bos() >= 0 && metadata.boolean_or("tokenizer.ggml.add_bos_token", cut_.adds_bos());
    for (int byte = 0; byte < 256; ++byte) {
      std::string text;
      append_utf8(text, byte_level_character(static_cast<uint8_t>(byte)));
      const int32_t id = vocabulary_.find(text);
      byte_ids_[static_cast<size_t>(byte)] = id >= 0 ? id : vocabulary_.unknown;
    }
    read_merges(metadata.array("tokenizer.ggml.merges"));
  }

 protected:
  void encode_plain(std::string_view text, bool, std::vector<int32_t>& ids) const override {
    std::vector<std::string_view> pieces;
    while (!text.empty()) {
      const std::string_view valid = text.substr(0, valid_utf8_prefix(text));
      text.remove_prefix(valid.size());
      pieces.clear();
      std::string composed;
      if (cut_.composes() && compose(valid, composed)) {
        cut_.split(composed, pieces);
      } else if (!valid.empty()) {
        cut_.split(valid, pieces);
      }
      size_t broken = 0;
      while (broken < text.size() && !next_utf8(text, broken).valid) broken += next_utf8(text, broken).length;
      if (broken > 0) pieces.push_back(text.substr(0, broken));
      text.remove_prefix(broken);
      for (const std::string_view piece : pieces) encode_piece(piece, ids);
    }
  }

 private:
  void read_merges(const MetadataArray& merges) {
    if (merges.count != merges.strings.size() || merges.count > (1u << 30)) {
      throw ModelFileError("model metadata: tokenizer.ggml.merges must be an array of at most 2^30 strings");
    }
    merges_ = MergeTable(merges.strings.size());
    int32_t rank = 0;
    for (const std::string_view merge : merges.strings) {
      const size_t space = merge.find(' ', 1);
      const std::string_view left = merge.substr(0, space);
      const std::string_view right = space == std::string_view::npos ? std::string_view{} : merge.substr(space + 1);
      const int32_t left_id = vocabulary_.find(left), right_id = vocabulary_.find(right);
      const int32_t joined = vocabulary_.find_joined(left, right);
      if (left.empty() || right.empty() || left_id < 0 || right_id < 0 || joined < 0) {
        throw ModelFileError(
            fmt::format("model metadata: tokenizer.ggml.merges[{}] is '{}', expected two tokens whose union is a token",
                        rank, shortened(merge, 80)));
      }
      merges_.insert(left_id, right_id, {rank++, joined});
    }
  }

  void encode_piece(std::string_view piece, std::vector<int32_t>& ids) const {
    if (cut_.ignores_merges()) {
      std::string spelled;
      for (const char c : piece) append_utf8(spelled, byte_level_character(static_cast<uint8_t>(c)));
      const int32_t whole = vocabulary_.find(spelled);
      if (whole >= 0 && vocabulary_.kind(whole) == TokenKind::normal) {
        ids.push_back(whole);
        return;
      }
    }
    std::vector<int32_t> merged;
    merged.reserve(piece.size());
    for (const char c : piece) {
      const int32_t id = byte_ids_[static_cast<uint8_t>(c)];
      if (id >= 0) merged.push_back(id);
    }
    merges_.apply(merged);
    ids.insert(ids.end(), merged.begin(), merged.end());
  }

  PreTokenizer cut_;
  std::array<int32_t, 256> byte_ids_{};
  MergeTable merges_{0};
};

}  // namespace

std::unique_ptr<Tokenizer> make_byte_level_tokenizer(const Metadata& metadata) {
  return std::make_unique<ByteLevelTokenizer>(metadata);
}

}  // namespace deskhand
