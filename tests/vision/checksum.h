#pragma once
// The checksum that the fixtures of tests/vision hold.
//
//   EXPECT_EQ(crc32("123456789"), 0xcbf43926u)

#include <cstdint>
#include <span>

namespace deskhand::testing {

/// CRC-32 as zlib and PNG compute it.
inline uint32_t crc32(std::span<const uint8_t> bytes) {
  uint32_t crc = ~0U;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

}  // namespace deskhand::testing
