#include "core/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/tokenizer/vocabulary_tokenizer.h"

namespace deskhand {
namespace {

/// U+FDD0, a noncharacter: it breaks special tokens that untrusted text spells, and is not text itself.
constexpr std::string_view breaker = "\xEF\xB7\x90";

/// Positions are 32 bits wide, and marked spaces take three bytes.
constexpr size_t max_text = size_t{1} << 29;

SpecialMatcher matcher(const Vocabulary& vocabulary, bool control) {
  std::vector<SpecialMatcher::Entry> entries;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const TokenKind kind = vocabulary.kind(id);
    const bool special = kind == TokenKind::control || kind == TokenKind::unknown;
    if (kind == TokenKind::user_defined || (control && special)) entries.push_back({vocabulary.text(id), id});
  }
  return SpecialMatcher(std::move(entries));
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::from_metadata(const Metadata& metadata) {
  if (metadata.has("tokenizer.huggingface.json")) return make_hugging_face_tokenizer(metadata);
  const std::string_view model = metadata.text("tokenizer.ggml.model");
  if (model == "gpt2") return make_byte_level_tokenizer(metadata);
  if (model == "llama") return make_sentencepiece_tokenizer(metadata);
  throw ModelFileError(fmt::format("model metadata: tokenizer.ggml.model is '{}', expected 'gpt2' or 'llama'", model));
}

std::bitset<256> Tokenizer::special_beginnings() const {
  std::bitset<256> beginnings;
  for (int32_t id = 0; id < vocabulary_size(); ++id) {
    if (!is_control(id) && !is_user_defined(id)) continue;
    const std::string_view text = token_text(id);
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (text.size() < 2 || (is_user_defined(id) && (blank || text.starts_with("▁")))) continue;
    beginnings.set(static_cast<unsigned char>(text.front()));
  }
  return beginnings;
}

VocabularyTokenizer::VocabularyTokenizer(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), all_(matcher(vocabulary_, true)), user_defined_(matcher(vocabulary_, false)) {
  beginnings_ = Tokenizer::special_beginnings();
}

std::string VocabularyTokenizer::without_breakers(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t next = std::min(text.find(breaker, at), text.size());
    out.append(text.substr(at, next - at));
    at = next + breaker.size();
  }
  return out;
}

void VocabularyTokenizer::check_size(size_t bytes) {
  if (bytes > max_text) {
    throw std::length_error(fmt::format("text for the tokenizer has {} bytes, at most {} are taken", bytes, max_text));
  }
}

std::vector<int32_t> VocabularyTokenizer::encode(std::string_view text, SpecialTokens specials) const {
  check_size(text);
  const bool parse = specials == SpecialTokens::parse;
  const SpecialMatcher& match_specials = parse ? all_ : user_defined_;
  std::vector<int32_t> ids;
  bool first = true;
  const auto plain = [&](std::string_view part) {
    if (parse && part.find(breaker) != std::string_view::npos) {
      encode_plain(without_breakers(part), first, ids);
    } else if (!part.empty()) {
      encode_plain(part, first, ids);
    }
    first = false;
  };
  size_t at = 0;
  while (const std::optional<SpecialMatcher::Match> match = match_specials.find(text, at)) {
    if (match->at > at) plain(text.substr(at, match->at - at));
    ids.push_back(match->id);
    first = true;
    at = match->at + match->length;
  }
  if (at < text.size()) plain(text.substr(at));
  return ids;
}

std::string VocabularyTokenizer::decode(std::span<const int32_t> ids, bool keep_special) const {
  std::string out;
  bool first = adds_space_;
  for (const int32_t id : ids) {
    if (!vocabulary_.contains(id)) continue;
    const TokenKind kind = vocabulary_.kind(id);
    if (kind == TokenKind::control || kind == TokenKind::unknown) {
      if (keep_special) out += vocabulary_.text(id);
      continue;
    }
    std::string_view bytes = vocabulary_.bytes(id);
    if (first && bytes.starts_with(' ')) bytes.remove_prefix(1);
    first = false;
    out += bytes;
  }
  return out;
}

std::string_view VocabularyTokenizer::token_bytes(int32_t id) const {
  return vocabulary_.contains(id) ? vocabulary_.bytes(id) : std::string_view{};
}

std::string_view VocabularyTokenizer::token_text(int32_t id) const {
  return vocabulary_.contains(id) ? vocabulary_.text(id) : std::string_view{};
}

bool VocabularyTokenizer::is_control(int32_t id) const {
  return vocabulary_.contains(id) &&
         (vocabulary_.kind(id) == TokenKind::control || vocabulary_.kind(id) == TokenKind::unknown);
}

bool VocabularyTokenizer::is_user_defined(int32_t id) const {
  return vocabulary_.contains(id) && vocabulary_.kind(id) == TokenKind::user_defined;
}

}  // namespace deskhand
