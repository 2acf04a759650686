#include "core/tokenizer/added_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "core/metadata.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

constexpr size_t most_normalized = size_t{64} << 20;  ///< bytes of all tokens of a file

std::string normalized(const AddedToken& token, const Normalizer& normalizer) {
  try {
    return normalizer.apply(token.text);
  } catch (const std::length_error& error) {
    throw ModelFileError(fmt::format("tokenizer.json: added token {}: {}", token.id, error.what()));
  }
}

/// Unicode's property White_Space.
bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

size_t white_space_at_start(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Char c = next_utf8(text, at);
    if (!c.valid || !is_white_space(c.code)) break;
    at += c.length;
  }
  return at;
}

/// Where the white space at the end begins.
size_t white_space_at_end(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    const Utf8Char c = next_utf8(text, begin);
    if (!c.valid || begin + c.length != end || !is_white_space(c.code)) break;
    end = begin;
  }
  return end;
}

}  // namespace

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer) : matcher_({}) {
  std::vector<SpecialMatcher::Entry> entries;
  size_t bytes = 0;
  for (const AddedToken& token : tokens) {
    const std::string& text = texts_.emplace_back(normalized(token, normalizer));
    bytes += text.size();
    if (bytes > most_normalized) {
      throw ModelFileError(
          fmt::format("tokenizer.json: the added tokens have more than {} bytes when normalized", most_normalized));
    }
    entries.push_back({text, token.id});
    if (token.strips_left || token.strips_right) stripping_[token.id] = token;
  }
  matcher_ = SpecialMatcher(std::move(entries));
}

void AddedTokens::cut(std::string_view text, const std::function<void(std::string_view, size_t)>& on_text,
                      const std::function<void(int32_t)>& on_token) const {
  size_t at = 0;  // what lies before is dealt with
  while (const std::optional<SpecialMatcher::Match> match = matcher_.find(text, at)) {
    size_t begin = match->at, end = match->at + match->length;
    const auto strips = stripping_.find(match->id);
    if (strips != stripping_.end()) {
      if (strips->second.strips_left) begin = at + white_space_at_end(text.substr(at, begin - at));
      if (strips->second.strips_right) end += white_space_at_start(text.substr(end));
    }
    if (begin > at) on_text(text.substr(at, begin - at), at);
    on_token(match->id);
    at = end;
  }
  if (at < text.size()) on_text(text.substr(at), at);
}

}  // namespace deskhand
