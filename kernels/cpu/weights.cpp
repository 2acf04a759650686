#include "kernels/cpu/weights.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/check.h"

namespace deskhand::cpu {
namespace {

size_t round_up(size_t bytes, size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/// Zeroed; large pieces lie on huge pages where the system grants them.
std::byte* take_memory(size_t bytes) {
  constexpr size_t huge = size_t{2} << 20;
  const size_t alignment = bytes >= 4 * huge ? huge : 64;
  void* memory = std::aligned_alloc(alignment, round_up(bytes, alignment));
  if (!memory) throw std::bad_alloc();
  if (alignment == huge) madvise(memory, round_up(bytes, alignment), MADV_HUGEPAGE);
  return static_cast<std::byte*>(memory);
}

/// How the bits of codes lie in words: of the low bits and of the high ones, the count, how many quads share a word,
/// and a code's bits in each byte. No high bits: per_word is 0.
struct Bits {
  int count;
  int per_word;
  uint32_t mask;
};

constexpr Bits low_bits(int bits) {
  return bits < 4 ? Bits{2, 4, 0x03030303u} : Bits{4, 2, 0x0f0f0f0fu};
}

constexpr Bits high_bits(int bits) {
  const int rest = bits - low_bits(bits).count;
  return rest == 0 ? Bits{0, 0, 0} : rest == 1 ? Bits{1, 8, 0x01010101u} : Bits{2, 4, 0x03030303u};
}

/// The 32-bit words of 32 codes, in the order of a group's vectors; returns their number. A word of codes is a quad.
template <int bits>
int pack_codes(const uint8_t* codes, uint32_t* words) {
  uint32_t quads[8];
  std::memcpy(quads, codes, sizeof quads);
  if constexpr (bits == 8) {
    std::copy_n(quads, 8, words);
    return 8;
  }
  constexpr Bits low = low_bits(bits), high = high_bits(bits);
  std::fill_n(words, bits, 0u);
#pragma GCC unroll 8
  for (int q = 0; q < 8; ++q) {  // neighbours lie in different words
    words[q % low.count] |= (quads[q] & low.mask) << (low.count * (q / low.count));
    if constexpr (high.count != 0) {
      words[low.count + q / high.per_word] |= ((quads[q] >> low.count) & high.mask)
                                              << (high.count * (q % high.per_word));
    }
  }
  return bits;
}

using PackCodes = int (*)(const uint8_t* codes, uint32_t* words);

PackCodes pack_codes_of(int bits) {
  constexpr PackCodes table[] = {pack_codes<2>, pack_codes<3>, pack_codes<4>, pack_codes<5>, pack_codes<6>};
  CHECK(bits == 8 || (bits >= 2 && bits <= 6), "{} bits", bits);
  return bits == 8 ? pack_codes<8> : table[bits - 2];
}

void unpack_codes(const uint32_t* words, int bits, uint8_t* codes) {
  uint32_t quads[8];
  if (bits == 8) {
    std::copy_n(words, 8, quads);
  } else {
    const Bits low = low_bits(bits), high = high_bits(bits);
    for (int q = 0; q < 8; ++q) {
      quads[q] = (words[q % low.count] >> (low.count * (q / low.count))) & low.mask;
      if (high.count == 0) continue;
      const uint32_t word = words[low.count + q / high.per_word];
      quads[q] |= ((word >> (high.count * (q % high.per_word))) & high.mask) << low.count;
    }
  }
  std::memcpy(codes, quads, sizeof quads);
}

}  // namespace

InterleavedWeight::InterleavedWeight(ConstView view, const QuantisedLoops& loops, int64_t lanes)
    : view_(view),
      loops_(loops),
      coding_(*find_format(view.type)->coding),
      lanes_(lanes),
      groups_((view.rows + lanes - 1) / lanes),
      code_bytes_(round_up(static_cast<size_t>(view.cols / 32 * loops.vectors * 4 * lanes), 64)),
      scale_bytes_(round_up(static_cast<size_t>(view.cols / loops.unit * loops.scale_bytes * lanes), 64)),
      memory_(take_memory(std::max<size_t>(bytes(), 64)), [](std::byte* p) { std::free(p); }),
      base_(memory_.get()) {
  CHECK(coding_.scales + 2 * coding_.halves == loops.scale_bytes, "{}", dtype_info(view.type).name);
}

Group InterleavedWeight::group(int64_t g, int64_t u) const {
  const auto* codes = reinterpret_cast<const uint8_t*>(base_) + static_cast<size_t>(g) * group_bytes();
  return {codes + u * (loops_.unit / 32) * loops_.vectors * 4 * lanes_,
          codes + code_bytes_ + u * loops_.scale_bytes * lanes_};
}

void InterleavedWeight::fill(int64_t first_group, int64_t count) {
  for (int64_t g = first_group; g < first_group + count; ++g) {
    std::memset(base_ + static_cast<size_t>(g) * group_bytes(), 0, group_bytes());
    for (int64_t row = g * lanes_; row < std::min((g + 1) * lanes_, view_.rows); ++row) fill_row(row);
  }
}

void InterleavedWeight::fill_row(int64_t row) {
  const int64_t lane = row % lanes_;
  const Group at = group(row / lanes_);
  auto* codes = const_cast<uint8_t*>(at.codes);
  auto* scales = const_cast<uint8_t*>(at.scales);
  const std::byte* block = view_.row_data(row);
  const PackCodes pack_codes = pack_codes_of(coding_.bits);
  Pieces pieces;
  for (int64_t u = 0; u < units(); ++u, block += dtype_info(view_.type).block_bytes) {
    coding_.split(block, pieces);
    for (int b = 0; b < loops_.unit / 32; ++b) {
      uint32_t words[8];
      const int count = pack_codes(pieces.codes.data() + 32 * b, words);
      for (int v = 0; v < count; ++v, codes += 4 * lanes_) std::memcpy(codes + 4 * lane, words + v, 4);
    }
    for (int h = 0; h < coding_.halves; ++h, scales += 2 * lanes_) std::memcpy(scales + 2 * lane, &pieces.halves[h], 2);
    for (int s = 0; s < coding_.scales; ++s, scales += lanes_) scales[lane] = pieces.scales[s];
  }
}

void InterleavedWeight::row(int64_t row, float* values) const {
  const int64_t lane = row % lanes_;
  const Group at = group(row / lanes_);
  const uint8_t* codes = at.codes;
  const uint8_t* scales = at.scales;
  Pieces pieces;
  for (int64_t u = 0; u < units(); ++u, values += loops_.unit) {
    for (int b = 0; b < loops_.unit / 32; ++b) {
      uint32_t words[8] = {};
      for (int v = 0; v < loops_.vectors; ++v, codes += 4 * lanes_) std::memcpy(words + v, codes + 4 * lane, 4);
      unpack_codes(words, coding_.bits, pieces.codes.data() + 32 * b);
    }
    for (int h = 0; h < coding_.halves; ++h, scales += 2 * lanes_) std::memcpy(&pieces.halves[h], scales + 2 * lane, 2);
    for (int s = 0; s < coding_.scales; ++s, scales += lanes_) pieces.scales[s] = scales[lane];
    coding_.values(pieces, values);
  }
}

}  // namespace deskhand::cpu
