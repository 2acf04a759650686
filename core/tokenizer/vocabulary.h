#pragma once
// The token table of a model file: texts, bytes, kinds, and text → id.
//
//   Vocabulary vocabulary(metadata, TokenSpelling::byte_level);
//   int32_t id = vocabulary.find("Ġhello");                         // −1 when there is none
//
// Everything is copied out of the file into two arenas. Throws ModelFileError for missing or inconsistent keys.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/metadata.h"

namespace deskhand {

/// How the vocabulary spells bytes.
enum class TokenSpelling {
  byte_level,     ///< GPT-2's alphabet: a printable character for each byte
  sentencepiece,  ///< UTF-8 with ▁ for a space, and <0xXX> tokens
};

enum class TokenKind : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/// A vocabulary that was read elsewhere. The ids must lie within it.
struct VocabularyTable {
  std::vector<std::string> texts;
  std::vector<TokenKind> kinds;  ///< as many
  int32_t bos = -1, eos = -1, unknown = -1;
  std::vector<int32_t> ends;
};

class Vocabulary {
 public:
  Vocabulary(VocabularyTable table, TokenSpelling spelling);
  Vocabulary(const Metadata& metadata, TokenSpelling spelling);

  int32_t size() const { return static_cast<int32_t>(kinds_.size()); }
  bool contains(int32_t id) const { return id >= 0 && id < size(); }
  TokenKind kind(int32_t id) const { return kinds_[static_cast<size_t>(id)]; }
  std::string_view text(int32_t id) const { return part(texts_, text_ends_, id); }
  std::string_view bytes(int32_t id) const { return part(bytes_, byte_ends_, id); }
  bool is_end(int32_t id) const { return ends_[static_cast<size_t>(id)]; }
  int32_t find(std::string_view text) const;
  /// The id of first + second without joining them.
  int32_t find_joined(std::string_view first, std::string_view second) const;
  size_t longest_text() const { return longest_text_; }

  int32_t bos = -1, eos = -1, unknown = -1;

 private:
  struct Slot {
    uint32_t hash = 0;
    int32_t id = -1;
  };
  static std::string_view part(const std::string& arena, const std::vector<uint32_t>& ends, int32_t id) {
    const auto i = static_cast<size_t>(id);
    const uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(arena).substr(begin, ends[i] - begin);
  }
  void copy_texts(const std::vector<std::string_view>& tokens);
  void finish(std::span<const int32_t> ends, TokenSpelling spelling);
  void read_kinds(const Metadata& metadata);
  std::vector<int32_t> read_special_ids(const Metadata& metadata);
  void index_texts();
  void spell_bytes(TokenSpelling spelling);
  void mark_end(int32_t id);

  std::string texts_, bytes_;
  std::vector<uint32_t> text_ends_, byte_ends_;
  std::vector<TokenKind> kinds_;
  std::vector<bool> ends_;
  std::vector<Slot> slots_;
  size_t longest_text_ = 0;
};

/// GPT-2's alphabet: the character that stands for a byte.
char32_t byte_level_character(uint8_t byte);

}  // namespace deskhand
