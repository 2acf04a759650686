#pragma once
// The tokens <0x00>…<0xFF>, which spell what no other token does.
//
//   std::array<int32_t, 256> ids = byte_tokens(vocabulary);           // −1 where there is none
//   append_byte_tokens("é", ids, out);                                // <0xC3>, <0xA9>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/tokenizer/vocabulary.h"

namespace deskhand {

std::array<int32_t, 256> byte_tokens(const Vocabulary& vocabulary);

/// False, and nothing appended, unless every byte has a token.
bool append_byte_tokens(std::string_view text, const std::array<int32_t, 256>& tokens, std::vector<int32_t>& ids);

}  // namespace deskhand
