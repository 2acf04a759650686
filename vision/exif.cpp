#include "vision/formats/format.h"

namespace deskhand {
namespace {

/// Reads numbers of a TIFF block in its own byte order; beyond the end everything is 0.
struct TiffReader {
  std::span<const uint8_t> bytes;
  bool big_endian;

  uint32_t number(size_t at, size_t size) const {
    if (at > bytes.size() || bytes.size() - at < size) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) value = (value << 8) | bytes[at + (big_endian ? i : size - 1 - i)];
    return value;
  }
};

}  // namespace

int exif_orientation(std::span<const uint8_t> tiff) {
  if (!starts_with(tiff, "MM") && !starts_with(tiff, "II")) return 1;
  const TiffReader reader{tiff, tiff[0] == 'M'};
  if (reader.number(2, 2) != 42) return 1;
  const size_t directory = reader.number(4, 4);
  const size_t count = reader.number(directory, 2);
  constexpr uint32_t orientation_tag = 0x0112, short_type = 3;
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) break;
    if (reader.number(entry, 2) != orientation_tag) continue;
    const uint32_t value = reader.number(entry + 8, 2);
    const bool valid = reader.number(entry + 2, 2) == short_type && value >= 1 && value <= 8;
    return valid ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace deskhand
