#include "core/constraint/utf8_ranges.h"

#include <algorithm>

namespace deskhand {
namespace {

constexpr char32_t last_code_point = 0x10FFFF;

int encode(char32_t c, std::array<uint8_t, 4>& out) {
  const auto tail = [c](int shift) { return static_cast<uint8_t>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return out = {static_cast<uint8_t>(c)}, 1;
  if (c < 0x800) return out = {static_cast<uint8_t>(0xC0 | (c >> 6)), tail(0)}, 2;
  if (c < 0x10000) return out = {static_cast<uint8_t>(0xE0 | (c >> 12)), tail(6), tail(0)}, 3;
  return out = {static_cast<uint8_t>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)}, 4;
}

/// Splits a range until every byte position is a plain range: where the lengths differ, then where a leading part
/// changes while the trailing bits do not run over their whole span.
void split(char32_t first, char32_t last, std::vector<Utf8Sequence>& out) {
  for (const char32_t edge : {char32_t{0x7F}, char32_t{0x7FF}, char32_t{0xFFFF}}) {
    if (first <= edge && last > edge) {
      split(first, edge, out);
      split(edge + 1, last, out);
      return;
    }
  }
  if (first >= 0x80) {
    for (int i = 1; i < 4; ++i) {
      const char32_t mask = (char32_t{1} << (6 * i)) - 1;
      if ((first & ~mask) == (last & ~mask)) continue;
      if ((first & mask) != 0) {
        split(first, first | mask, out);
        split((first | mask) + 1, last, out);
        return;
      }
      if ((last & mask) != mask) {
        split(first, (last & ~mask) - 1, out);
        split(last & ~mask, last, out);
        return;
      }
    }
  }
  std::array<uint8_t, 4> a{}, b{};
  Utf8Sequence sequence;
  sequence.length = encode(first, a);
  encode(last, b);
  for (size_t i = 0; i < static_cast<size_t>(sequence.length); ++i) sequence.bytes[i] = {a[i], b[i]};
  out.push_back(sequence);
}

}  // namespace

std::vector<CharacterRange> complement(std::vector<CharacterRange> excluded) {
  std::sort(excluded.begin(), excluded.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<CharacterRange> rest;
  char32_t next = 0;
  for (const CharacterRange& range : excluded) {
    if (range.first > range.last) continue;
    if (range.first > last_code_point) break;
    if (range.first > next) rest.push_back({next, static_cast<char32_t>(range.first - 1)});
    if (range.last >= last_code_point) return rest;
    next = std::max(next, static_cast<char32_t>(range.last + 1));
  }
  rest.push_back({next, last_code_point});
  return rest;
}

std::vector<Utf8Sequence> utf8_ranges(std::span<const CharacterRange> ranges) {
  // The complement of the complement is sorted, disjoint and within Unicode.
  std::vector<CharacterRange> outside = complement({ranges.begin(), ranges.end()});
  outside.push_back({0xD800, 0xDFFF});
  std::vector<Utf8Sequence> sequences;
  for (const CharacterRange& range : complement(std::move(outside))) split(range.first, range.last, sequences);
  return sequences;
}

}  // namespace deskhand
