// SentencePiece-style BPE: characters are merged into tokens by score, what is no token becomes byte tokens.

#include <fmt/format.h>

#include <array>
#include <queue>

#include "core/tokenizer/utf8.h"
#include "core/tokenizer/vocabulary_tokenizer.h"

namespace deskhand {
namespace {

constexpr std::string_view space_mark = "▁";

/// A stretch of the text, in a list of its neighbours.
struct Symbol {
  uint32_t begin = 0, length = 0;  ///< bytes; length 0: merged into its left neighbour
  int32_t previous = -1, next = -1;
};

struct Candidate {
  float score = 0;
  int32_t left = 0;
  uint32_t length = 0;  ///< of both together
  /// For a heap whose top is the highest score, then the leftmost.
  bool operator<(const Candidate& o) const { return score != o.score ? score < o.score : left > o.left; }
};

class SentencePieceTokenizer final : public VocabularyTokenizer {
 public:
  explicit SentencePieceTokenizer(const Metadata& metadata)
      : VocabularyTokenizer(Vocabulary(metadata, TokenSpelling::sentencepiece)) {
    adds_bos_ = bos() >= 0 && metadata.boolean_or("tokenizer.ggml.add_bos_token", true);
    adds_space_ = metadata.boolean_or("tokenizer.ggml.add_space_prefix", true);
    scores_ = metadata.array("tokenizer.ggml.scores").as_floats();
    if (scores_.size() != static_cast<size_t>(vocabulary_.size())) {
      throw ModelFileError(
          fmt::format("model metadata: tokenizer.ggml.scores has {} elements, expected one per token: {}",
                      scores_.size(), vocabulary_.size()));
    }
    for (const float score : scores_) {
      if (score != score) throw ModelFileError("model metadata: tokenizer.ggml.scores holds a value that is no number");
    }
    for (int byte = 0; byte < 256; ++byte) {
      const int32_t id = vocabulary_.find(fmt::format("<0x{:02X}>", byte));
      byte_ids_[static_cast<size_t>(byte)] = id >= 0 ? id : vocabulary_.unknown;
    }
  }

 protected:
  void encode_plain(std::string_view text, bool first, std::vector<int32_t>& ids) const override {
    if (text.empty()) return;
    std::string marked;
    marked.reserve(text.size() + text.size() / 4 + 3);
    if (adds_space_ && first) marked += space_mark;
    for (const char c : text) {
      if (c == ' ') {
        marked += space_mark;
      } else {
        marked.push_back(c);
      }
    }
    std::vector<Symbol> symbols = characters(marked);
    merge_all(marked, symbols);
    for (int32_t at = 0; at >= 0; at = symbols[static_cast<size_t>(at)].next) {
      const Symbol& symbol = symbols[static_cast<size_t>(at)];
      emit(std::string_view(marked).substr(symbol.begin, symbol.length), ids);
    }
  }

 private:
  static std::vector<Symbol> characters(std::string_view text) {
    std::vector<Symbol> symbols;
    for (size_t at = 0; at < text.size();) {
      const uint32_t length = next_utf8(text, at).length;
      const auto index = static_cast<int32_t>(symbols.size());
      symbols.push_back({static_cast<uint32_t>(at), length, index - 1, index + 1});
      at += length;
    }
    symbols.back().next = -1;
    return symbols;
  }

  /// The token that text may be merged into, or −1: never a control token, whatever the text spells, and no
  /// user-defined one but single characters and runs of spaces.
  int32_t plain_token(std::string_view text) const {
    if (text.size() > vocabulary_.longest_text()) return -1;
    const int32_t id = vocabulary_.find(text);
    if (id < 0) return -1;
    const TokenKind kind = vocabulary_.kind(id);
    if (kind == TokenKind::normal) return id;
    const bool simple = text.starts_with(space_mark) || next_utf8(text, 0).length == text.size();
    return kind == TokenKind::user_defined && simple ? id : -1;
  }

  void merge_all(std::string_view text, std::vector<Symbol>& symbols) const {
    std::priority_queue<Candidate> heap;
    const auto consider = [&](int32_t at) {
      if (at < 0 || symbols[static_cast<size_t>(at)].next < 0) return;
      const Symbol& left = symbols[static_cast<size_t>(at)];
      const uint32_t length = left.length + symbols[static_cast<size_t>(left.next)].length;
      const int32_t id = plain_token(text.substr(left.begin, length));
      if (id >= 0) heap.push({scores_[static_cast<size_t>(id)], at, length});
    };
    for (int32_t at = 0; at + 1 < static_cast<int32_t>(symbols.size()); ++at) consider(at);
    while (!heap.empty()) {
      const Candidate best = heap.top();
      heap.pop();
      Symbol& left = symbols[static_cast<size_t>(best.left)];
      if (left.length == 0 || left.next < 0) continue;
      Symbol& right = symbols[static_cast<size_t>(left.next)];
      if (left.length + right.length != best.length) continue;
      left.length = best.length;
      left.next = right.next;
      right.length = 0;
      if (right.next >= 0) symbols[static_cast<size_t>(right.next)].previous = best.left;
      consider(left.previous);
      consider(best.left);
    }
  }

  void emit(std::string_view text, std::vector<int32_t>& ids) const {
    const int32_t id = plain_token(text);
    if (id >= 0) {
      ids.push_back(id);
      return;
    }
    for (const char c : text) {
      const int32_t byte = byte_ids_[static_cast<uint8_t>(c)];
      if (byte >= 0) ids.push_back(byte);
    }
  }

  std::vector<float> scores_;
  std::array<int32_t, 256> byte_ids_{};
};

}  // namespace

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const Metadata& metadata) {
  return std::make_unique<SentencePieceTokenizer>(metadata);
}

}  // namespace deskhand
