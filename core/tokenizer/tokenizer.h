#pragma once
// Text to token ids and back: byte-level BPE and SentencePiece-style models, as GGUF files carry them.
//
//   auto tokenizer = Tokenizer::from_metadata(file->metadata());
//   std::vector<int32_t> ids = tokenizer->encode("Hello <|im_end|>", SpecialTokens::literal);   // no control token
//   std::string text = tokenizer->decode(ids);
//
// Ids equal those of the Hugging Face tokenizers. An unknown pre-tokenizer name is an error, not a default.

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metadata.h"

namespace deskhand {

enum class SpecialTokens {
  parse,    ///< text that spells a control token becomes it, then U+FDD0 is dropped: for rendered templates
  literal,  ///< control tokens are never matched: for untrusted text
};

class Tokenizer {
 public:
  /// Throws ModelFileError for missing or inconsistent keys and for unknown models or pre-tokenizers.
  static std::unique_ptr<Tokenizer> from_metadata(const Metadata& metadata);
  virtual ~Tokenizer() = default;

  /// Ids of UTF-8 text (invalid bytes are tokenised as bytes). No bos or eos is added. User-defined tokens are matched
  /// either way.
  virtual std::vector<int32_t> encode(std::string_view text, SpecialTokens specials) const = 0;
  /// Text of ids, byte-exact; control tokens are left out unless keep_special.
  virtual std::string decode(std::span<const int32_t> ids, bool keep_special = false) const = 0;

  virtual int32_t vocabulary_size() const = 0;
  /// The bytes that a token adds to the text (a leading SentencePiece ▁ is a space); empty for control and unused
  /// tokens.
  virtual std::string_view token_bytes(int32_t id) const = 0;
  /// The token's name as the vocabulary spells it.
  virtual std::string_view token_text(int32_t id) const = 0;
  virtual bool is_control(int32_t id) const = 0;
  /// A token that is matched in text before anything else but is text itself: <tool_call>, <think>…
  virtual bool is_user_defined(int32_t) const { return false; }
  /// The bytes with which special tokens of several characters begin: control tokens, and user-defined ones that are
  /// not white space.
  virtual std::bitset<256> special_beginnings() const;
  /// Whether the model says with this id that it has ended (eos, eot, eom, <|im_end|>…).
  virtual bool is_end(int32_t id) const = 0;
  /// The id whose vocabulary text is exactly this, or −1.
  virtual int32_t find(std::string_view token_text) const = 0;

  virtual int32_t bos() const = 0;  ///< −1 when there is none
  virtual int32_t eos() const = 0;
  virtual bool adds_bos() const = 0;  ///< whether the model expects bos before raw text
};

/// Turns a stream of token bytes into whole UTF-8 characters: holds back an incomplete one (up to 3 bytes).
class Utf8Stream {
 public:
  /// The characters completed so far; invalid bytes become U+FFFD.
  std::string push(std::string_view bytes);
  /// The end: what is left becomes U+FFFD.
  std::string finish();

 private:
  std::string held_;
};

}  // namespace deskhand
