#pragma once
// The checksum that the fixtures of tests/vision hold.
//
//   EXPECT_EQ(crc32("123456789"), 0xcbf43926u)

#include <array>
#include <cstdint>
#include <span>

namespace deskhand::testing {

/// CRC-32 as zlib and PNG compute it.
inline uint32_t crc32(std::span<const uint8_t> bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> made{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
      made[byte] = byte;
      for (int bit = 0; bit < 8; ++bit) made[byte] = (made[byte] >> 1) ^ ((made[byte] & 1) != 0 ? 0xedb88320U : 0U);
    }
    return made;
  }();
  uint32_t crc = ~0U;
  for (const uint8_t byte : bytes) crc = (crc >> 8) ^ table[(crc ^ byte) & 255];
  return ~crc;
}

}  // namespace deskhand::testing
