#pragma once
// Patches of a picture as rows of float values.
//
//   PatchWriter out(settings, values);
//   out.write(image, 28, 0);                   // the next row: [3, frames, patch, patch]
//
// A value is ((byte · scale) − mean) / deviation: scaled in double precision, then three roundings to float.

#include <array>
#include <cstdint>
#include <span>

#include "platform/image.h"
#include "vision/preprocess/preprocessor.h"

namespace deskhand {

enum class PatchLayout {
  planes,      ///< [channel, frame, y, x]
  interleaved  ///< [y, x, channel]
};

class PatchWriter {
 public:
  PatchWriter(const PictureSettings& settings, PatchLayout layout, std::span<float> out);

  /// The patch whose first pixel is (x, y) of an RGB picture.
  void write(const Image& picture, int x, int y);
  /// The rows × columns patches from (x, y) on, line by line.
  void write_grid(const Image& picture, int x, int y, int rows, int columns);
  /// Patches of zeros.
  void write_nothing(int64_t patches);
  bool is_full() const { return out_.empty(); }

 private:
  std::array<std::array<float, 256>, 3> levels_;  ///< [channel][byte]
  PatchLayout layout_;
  int side_, frames_;
  std::span<float> out_;
};

}  // namespace deskhand
