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

/// The 32-bit words of 32 codes, in the order of a group's vectors.
int pack_codes(const uint8_t* codes, int bits, uint32_t* words) {
  uint8_t bytes[32] = {};
  if (bits == 8) {
    std::memcpy(bytes, codes, 32);
  } else {
    for (int i = 0; i < 16; ++i) bytes[i] = static_cast<uint8_t>((codes[i] & 15) | (codes[i + 16] & 15) << 4);
    for (int i = 0; i < 32 && bits > 4; ++i) {  // byte i % 4 of the high vector holds the quads' bits side by side
      const int per_byte = bits == 5 ? 8 : 4;
      const int quad = i / 4;
      const int at = 16 + 4 * (quad / per_byte) + i % 4;
      bytes[at] = static_cast<uint8_t>(bytes[at] | (codes[i] >> 4) << (8 / per_byte * (quad % per_byte)));
    }
  }
  std::memcpy(words, bytes, 32);
  return bits == 8 ? 8 : bits;
}

void unpack_codes(const uint32_t* words, int bits, uint8_t* codes) {
  uint8_t bytes[32];
  std::memcpy(bytes, words, 32);
  for (int i = 0; i < 32; ++i) {
    if (bits == 8) {
      codes[i] = bytes[i];
      continue;
    }
    int high = 0;
    if (bits > 4) {
      const int per_byte = bits == 5 ? 8 : 4;
      const int quad = i / 4;
      const int shift = 8 / per_byte * (quad % per_byte);
      high = (bytes[16 + 4 * (quad / per_byte) + i % 4] >> shift) & (bits == 5 ? 1 : 3);
    }
    codes[i] = static_cast<uint8_t>((i < 16 ? bytes[i] & 15 : bytes[i - 16] >> 4) | high << 4);
  }
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
  Pieces pieces;
  for (int64_t u = 0; u < units(); ++u, block += dtype_info(view_.type).block_bytes) {
    coding_.split(block, pieces);
    for (int b = 0; b < loops_.unit / 32; ++b) {
      uint32_t words[8];
      const int count = pack_codes(pieces.codes.data() + 32 * b, coding_.bits, words);
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
      uint32_t words[8];
      for (int v = 0; v < loops_.vectors; ++v, codes += 4 * lanes_) std::memcpy(words + v, codes + 4 * lane, 4);
      unpack_codes(words, coding_.bits, pieces.codes.data() + 32 * b);
    }
    for (int h = 0; h < coding_.halves; ++h, scales += 2 * lanes_) std::memcpy(&pieces.halves[h], scales + 2 * lane, 2);
    for (int s = 0; s < coding_.scales; ++s, scales += lanes_) pieces.scales[s] = scales[lane];
    coding_.values(pieces, values);
  }
}

}  // namespace deskhand::cpu
