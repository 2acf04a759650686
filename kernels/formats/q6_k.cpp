// 256 values: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales (one per 16 values), f16 d.
// y = d · scale · (q − 32).
#include "kernels/formats/block.h"

namespace deskhand {
namespace {

void split(const std::byte* b, Pieces& p) {
  p.halves[0] = load_u16(b + 208);
  std::memcpy(p.scales.data(), b + 192, 16);
  for (int k = 0; k < 8; ++k) {  // 32 values: half n = k / 4, bit pair j
    const int n = k / 4, j = k % 4;
    const std::byte* low = b + 64 * n + 32 * (j & 1);
    const std::byte* high = b + 128 + 32 * n;
    uint8_t* codes = p.codes.data() + 32 * k;
    for (int l = 0; l < 32; ++l) {
      const int nibble = (byte_at(low, l) >> (j < 2 ? 0 : 4)) & 15;
      codes[l] = static_cast<uint8_t>(nibble | ((byte_at(high, l) >> (2 * j)) & 3) << 4);
    }
  }
}

void values(const Pieces& p, float* y) {
  for (int i = 0; i < 256; ++i) {
    const float scale = half(p, 0) * static_cast<float>(static_cast<int8_t>(p.scales[i / 16]));
    y[i] = scale * static_cast<float>(p.codes[i] - 32);
  }
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t block = 0; block < count / 256; ++block, values += 256, row += 210) {
    const SignedBlock fitted = fit_signed_block(values);
    std::memset(row, 0, 192);
    for (size_t i = 0; i < 256; ++i) {
      const int code = fitted.codes[i] + 32;
      const size_t half = i / 128, pair = i % 128 / 32, at = i % 32;
      row[64 * half + 32 * (pair & 1) + at] |= static_cast<std::byte>((code & 15) << (pair < 2 ? 0 : 4));
      row[128 + 32 * half + at] |= static_cast<std::byte>((code >> 4) << (2 * pair));
    }
    std::memcpy(row + 192, fitted.scales.data(), 16);
    store_u16(row + 208, fitted.d);
  }
}

constexpr Coding coding{6, 1, 16, split, values};

}  // namespace

extern const Format format_q6_k{DType::q6_k, row_to_float<DType::q6_k, split, values>, from_float, &coding};

}  // namespace deskhand
