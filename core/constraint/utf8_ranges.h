#pragma once
// Ranges of code points as sequences of byte ranges, the way UTF-8 spells them.
//
//   utf8_ranges({{0x80, 0x7ff}});      // {C2–DF}{80–BF}
//
// The sequences are disjoint and together match exactly the well-formed UTF-8 of the code points; surrogates and what
// lies beyond U+10FFFF are left out.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/constraint/grammar.h"

namespace deskhand {

struct Utf8Sequence {
  struct Range {
    uint8_t first, last;
  };
  std::array<Range, 4> bytes{};
  int length = 0;
};

std::vector<Utf8Sequence> utf8_ranges(std::span<const CharacterRange> ranges);

/// All code points but these, as sorted disjoint ranges.
std::vector<CharacterRange> complement(std::vector<CharacterRange> excluded);

}  // namespace deskhand
