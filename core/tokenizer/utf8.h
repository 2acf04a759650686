#pragma once
// UTF-8, one character at a time, for text that may be broken anywhere.
//
//   for (size_t at = 0; at < text.size();) { Utf8Char c = next_utf8(text, at); at += c.length; }
//
// Strict: overlong forms, surrogates and values above U+10FFFF are invalid.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace deskhand {

struct Utf8Char {
  char32_t code = 0xFFFD;
  uint32_t length = 1;      ///< bytes to go on; of an invalid sequence, its longest well-begun part (at least 1)
  bool valid = false;       ///< a whole character
  bool incomplete = false;  ///< well begun, but the text ends inside it
};

/// The character that begins at byte `at` < text.size().
Utf8Char next_utf8(std::string_view text, size_t at);

void append_utf8(std::string& to, char32_t code);

/// Bytes of the longest valid prefix.
size_t valid_utf8_prefix(std::string_view text);

/// For error messages: the text, or its first characters within `bytes` and "…".
std::string shortened(std::string_view text, size_t bytes = 200);

}  // namespace deskhand
