// Byte-level BPE: text is cut into pieces, each piece into bytes, and bytes are merged by rank.
// The algorithm is that of the Hugging Face tokenizers: the pair of lowest rank first, the leftmost of equals.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <queue>

#include "core/tokenizer/compose.h"
#include "core/tokenizer/pretokenizer.h"
#include "core/tokenizer/utf8.h"
#include "core/tokenizer/vocabulary_tokenizer.h"

namespace deskhand {
namespace {

struct Merge {
  int32_t rank = -1;  ///< −1: the pair does not merge
  int32_t id = -1;    ///< the token that it becomes
};

/// Pairs of ids → merges, open addressing.
class MergeTable {
 public:
  void reserve(size_t count) { slots_.assign(std::bit_ceil(std::max<size_t>(count, 1) * 2), Slot{}); }

  void insert(int32_t left, int32_t right, Merge merge) {
    Slot& slot = slots_[place(key(left, right))];
    if (slot.merge.rank < 0) slot = {key(left, right), merge};
  }
  Merge find(int32_t left, int32_t right) const { return slots_[place(key(left, right))].merge; }

 private:
  struct Slot {
    uint64_t key = 0;
    Merge merge;
  };
  static uint64_t key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  size_t place(uint64_t wanted) const {
    const size_t mask = slots_.size() - 1;
    size_t at = (wanted * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (slots_[at].merge.rank >= 0 && slots_[at].key != wanted) at = (at + 1) & mask;
    return at;
  }
  std::vector<Slot> slots_;
};

/// A part of a piece, in a list of its neighbours.
struct Symbol {
  int32_t id = -1;  ///< −1: merged into its left neighbour
  int32_t previous = -1, next = -1;
};

struct Candidate {
  Merge merge;
  int32_t left = 0, left_id = 0, right_id = 0;
  /// For a heap whose top is the lowest rank, then the leftmost.
  bool operator<(const Candidate& o) const {
    return merge.rank != o.merge.rank ? merge.rank > o.merge.rank : left > o.left;
  }
};

class ByteLevelTokenizer final : public VocabularyTokenizer {
 public:
  explicit ByteLevelTokenizer(const Metadata& metadata)
      : VocabularyTokenizer(metadata, TokenSpelling::byte_level),
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
    merges_.reserve(merges.strings.size());
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
                        rank, merge.substr(0, 80)));
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
    std::vector<Symbol> symbols;
    symbols.reserve(piece.size());
    for (const char c : piece) {
      const int32_t id = byte_ids_[static_cast<uint8_t>(c)];
      const auto at = static_cast<int32_t>(symbols.size());
      if (id >= 0) symbols.push_back({id, at - 1, at + 1});
    }
    if (symbols.empty()) return;
    symbols.back().next = -1;
    merge_all(symbols);
    for (int32_t at = 0; at >= 0; at = symbols[static_cast<size_t>(at)].next) {
      ids.push_back(symbols[static_cast<size_t>(at)].id);
    }
  }

  void merge_all(std::vector<Symbol>& symbols) const {
    std::priority_queue<Candidate> heap;
    const auto consider = [&](int32_t left) {
      const int32_t right = left < 0 ? -1 : symbols[static_cast<size_t>(left)].next;
      if (right < 0) return;
      const int32_t left_id = symbols[static_cast<size_t>(left)].id, right_id = symbols[static_cast<size_t>(right)].id;
      const Merge merge = merges_.find(left_id, right_id);
      if (merge.rank >= 0) heap.push({merge, left, left_id, right_id});
    };
    for (int32_t at = 0; at + 1 < static_cast<int32_t>(symbols.size()); ++at) consider(at);
    while (!heap.empty()) {
      const Candidate best = heap.top();
      heap.pop();
      Symbol& left = symbols[static_cast<size_t>(best.left)];
      if (left.id != best.left_id || left.next < 0) continue;
      Symbol& right = symbols[static_cast<size_t>(left.next)];
      if (right.id != best.right_id) continue;
      left.id = best.merge.id;
      left.next = right.next;
      right.id = -1;
      if (right.next >= 0) symbols[static_cast<size_t>(right.next)].previous = best.left;
      consider(left.previous);
      consider(best.left);
    }
  }

  PreTokenizer cut_;
  std::array<int32_t, 256> byte_ids_{};
  MergeTable merges_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_byte_level_tokenizer(const Metadata& metadata) {
  return std::make_unique<ByteLevelTokenizer>(metadata);
}

}  // namespace deskhand
