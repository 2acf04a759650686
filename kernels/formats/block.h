#pragma once
// Shared by the formats with blocks: walking blocks and picking nibbles.
//
//   for_blocks<32, 18>(row, values, count, [](const std::byte* b, float* y) { … });
//
// A block's low nibbles are its first half, the high nibbles its second half: they are not interleaved.

#include <cstddef>
#include <cstdint>

namespace deskhand {

template <int64_t elements, int64_t bytes, class Decode>
void for_blocks(const std::byte* row, float* values, int64_t count, Decode decode) {
  for (int64_t block = 0; block < count / elements; ++block) decode(row + block * bytes, values + block * elements);
}

/// Value i of 32 nibbles kept in 16 bytes.
inline int nibble(const std::byte* q, int i) {
  return i < 16 ? std::to_integer<int>(q[i] & std::byte{15}) : std::to_integer<int>(q[i - 16] >> 4);
}

/// The levels of IQ4_NL and IQ4_XS.
inline constexpr int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

struct ScaleAndMin {
  int scale;
  int min;
};

/// The 6-bit scale and minimum of sub-block k (0…7), from the 12 bytes of a Q4_K or Q5_K block.
inline ScaleAndMin scale_and_min(const std::byte* s, int k) {
  const auto at = [s](int i) { return std::to_integer<int>(s[i]); };
  if (k < 4) return {at(k) & 63, at(k + 4) & 63};
  return {(at(k + 4) & 15) | ((at(k - 4) >> 6) << 4), (at(k + 4) >> 4) | ((at(k) >> 6) << 4)};
}

}  // namespace deskhand
