#pragma once
// What both kinds of tokenizer share: the vocabulary, special tokens, decoding. A kind adds how plain text is encoded.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/special_matcher.h"
#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/vocabulary.h"

namespace deskhand {

class VocabularyTokenizer : public Tokenizer {
 public:
  explicit VocabularyTokenizer(Vocabulary vocabulary);

  std::vector<int32_t> encode(std::string_view text, SpecialTokens specials) const override;
  std::string decode(std::span<const int32_t> ids, bool keep_special) const override;
  int32_t vocabulary_size() const override { return vocabulary_.size(); }
  std::string_view token_bytes(int32_t id) const override;
  std::string_view token_text(int32_t id) const override;
  bool is_control(int32_t id) const override;
  bool is_user_defined(int32_t id) const override;
  std::bitset<256> special_beginnings() const override { return beginnings_; }
  bool is_end(int32_t id) const override { return vocabulary_.contains(id) && vocabulary_.is_end(id); }
  int32_t find(std::string_view token_text) const override { return vocabulary_.find(token_text); }
  int32_t bos() const override { return vocabulary_.bos; }
  int32_t eos() const override { return vocabulary_.eos; }
  bool adds_bos() const override { return adds_bos_; }

 protected:
  /// Appends the ids of text between special tokens. `first`: nothing but special tokens came directly before it.
  virtual void encode_plain(std::string_view text, bool first, std::vector<int32_t>& ids) const = 0;

  /// Without U+FDD0, which breaks special tokens that untrusted text spells.
  static std::string without_breakers(std::string_view text);
  /// Throws std::length_error for text whose positions would not fit 32 bits.
  static void check_size(size_t bytes);
  static void check_size(std::string_view text) { check_size(text.size()); }

  Vocabulary vocabulary_;
  bool adds_bos_ = false;
  bool adds_space_ = false;  ///< a space is put in front of text, and taken off again by decode

 private:
  SpecialMatcher all_, user_defined_;
  std::bitset<256> beginnings_;
};

/// "tokenizer.json", in the key tokenizer.huggingface.json.
std::unique_ptr<Tokenizer> make_hugging_face_tokenizer(const Metadata& metadata);

/// These throw ModelFileError as Tokenizer::from_metadata says.
std::unique_ptr<Tokenizer> make_byte_level_tokenizer(const Metadata& metadata);
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const Metadata& metadata);

}  // namespace deskhand
