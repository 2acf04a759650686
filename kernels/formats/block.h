#pragma once
// Shared by the formats with blocks: reading a block's parts, and rows from blocks.
//
//   constexpr Coding coding{4, 1, 0, split, values};
//   extern const Format format_q4_0{DType::q4_0, row_to_float<DType::q4_0, split, values>, nullptr, &coding};

#include <cstring>

#include "kernels/fit.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {

/// Format::to_float of a format with blocks.
template <DType type, void (*split)(const std::byte*, Pieces&), void (*values)(const Pieces&, float*)>
void row_to_float(const std::byte* row, float* y, int64_t count) {
  constexpr DTypeInfo info = dtype_info(type);
  Pieces pieces;
  for (int64_t i = 0; i < count; i += info.block_elements, row += info.block_bytes) {
    split(row, pieces);
    values(pieces, y + i);
  }
}

inline uint8_t byte_at(const std::byte* p, int i) {
  return std::to_integer<uint8_t>(p[i]);
}

/// The half-precision number `index` of the pieces.
inline float half(const Pieces& pieces, int index) {
  return f16_to_f32(pieces.halves[index]);
}

/// 32 codes from 16 bytes: the low nibbles are the first half, the high nibbles the second.
inline void split_nibbles(const std::byte* q, uint8_t* codes) {
  for (int i = 0; i < 16; ++i) {
    codes[i] = byte_at(q, i) & 15;
    codes[i + 16] = byte_at(q, i) >> 4;
  }
}

/// Adds the fifth bits of 32 codes, four at a time: the product puts bit i of a nibble into byte i.
inline void add_high_bits(uint32_t high, uint8_t* codes) {
  for (int i = 0; i < 8; ++i) {
    uint32_t four;
    std::memcpy(&four, codes + 4 * i, 4);
    four |= ((((high >> (4 * i)) & 15u) * 0x00204081u) & 0x01010101u) << 4;
    std::memcpy(codes + 4 * i, &four, 4);
  }
}

/// 256 codes from 128 bytes: sub-blocks 2c and 2c + 1 are the low and high nibbles of the same 32 bytes.
inline void split_nibbles_256(const std::byte* q, uint8_t* codes) {
  for (int c = 0; c < 4; ++c, q += 32, codes += 64) {
    for (int i = 0; i < 32; ++i) {
      codes[i] = byte_at(q, i) & 15;
      codes[i + 32] = byte_at(q, i) >> 4;
    }
  }
}

/// 256 codes from 64 bytes: bit pair j of 32 bytes is 32 values in a row.
inline void split_bit_pairs_256(const std::byte* q, uint8_t* codes) {
  for (int n = 0; n < 2; ++n, q += 32) {
    for (int j = 0; j < 4; ++j, codes += 32) {
      for (int l = 0; l < 32; ++l) codes[l] = (byte_at(q, l) >> (2 * j)) & 3;
    }
  }
}

/// Values of Q4_K and Q5_K: y = (d · scale) · q − (dmin · min), eight 6-bit scales and minima in 12 bytes.
inline void values_with_minima(const Pieces& p, float* y) {
  const float d = half(p, 0);
  const float dmin = half(p, 1);
  const auto& s = p.scales;
  for (int k = 0; k < 8; ++k) {
    const int scale = k < 4 ? s[k] & 63 : (s[k + 4] & 15) | ((s[k - 4] >> 6) << 4);
    const int min = k < 4 ? s[k + 4] & 63 : (s[k + 4] >> 4) | ((s[k] >> 6) << 4);
    const float a = d * static_cast<float>(scale);
    const float b = dmin * static_cast<float>(min);
    for (int i = 32 * k; i < 32 * k + 32; ++i) y[i] = a * static_cast<float>(p.codes[i]) - b;
  }
}

/// The reverse of split_nibbles and add_high_bits.
inline void join_nibbles(const uint8_t* codes, std::byte* q) {
  for (int i = 0; i < 16; ++i) q[i] = static_cast<std::byte>((codes[i] & 15) | ((codes[i + 16] & 15) << 4));
}

inline uint32_t fifth_bits(const uint8_t* codes) {
  uint32_t high = 0;
  for (int i = 0; i < 32; ++i) high |= static_cast<uint32_t>(codes[i] >> 4) << i;
  return high;
}

inline void join_nibbles_256(const uint8_t* codes, std::byte* q) {
  for (int c = 0; c < 4; ++c, q += 32, codes += 64) {
    for (int i = 0; i < 32; ++i) q[i] = static_cast<std::byte>((codes[i] & 15) | ((codes[i + 32] & 15) << 4));
  }
}

/// The head of Q4_K and Q5_K: d, dmin and the 12 bytes of scales and minima.
inline void join_scales_and_minima(const SuperBlock& block, std::byte* b) {
  store_u16(b, block.d);
  store_u16(b + 2, block.dmin);
  for (size_t k = 0; k < 4; ++k) {
    const int scale = block.scales[k], min = block.mins[k], scale4 = block.scales[k + 4], min4 = block.mins[k + 4];
    b[4 + k] = static_cast<std::byte>(scale | ((scale4 >> 4) << 6));
    b[8 + k] = static_cast<std::byte>(min | ((min4 >> 4) << 6));
    b[12 + k] = static_cast<std::byte>((scale4 & 15) | ((min4 & 15) << 4));
  }
}

/// The levels of IQ4_NL and IQ4_XS.
inline constexpr std::array<int8_t, 16> iq4_levels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                      1,    13,   25,  38,  53,  69,  89,  113};

}  // namespace deskhand
