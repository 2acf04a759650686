#pragma once
// What the eyes of all Qwen models share: patches in blocks that become one row, and rotation by row and column.
//
//   QwenGrid grid{.height = 68, .width = 120, .merge = 2};
//   grid.place(5);                                    // {0, 3}: the second patch of the second block
//   QwenRotation rotation(grid, 64);
//   backend.rope(q, 64, rotation.table(), rotation.positions());

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/backend.h"
#include "vision/encoder.h"
#include "vision/patch_embedding.h"

namespace deskhand {

/// Patches [height, width]: block by block, merge × merge in each, line by line.
struct QwenGrid {
  struct Place {
    int64_t row = 0, column = 0;
  };

  int64_t height = 0, width = 0, merge = 2;

  int64_t patches() const { return height * width; }
  Place place(int64_t patch) const;
};

/// The first half of a head's pairs turns by the row, the second by the column.
class QwenRotation {
 public:
  QwenRotation(const QwenGrid& grid, int64_t head_dim);
  RopeTable table() const { return {.inv_freq = frequencies_, .axis = axis_, .axes = 2}; }
  std::span<const int32_t> positions() const { return positions_; }

 private:
  std::vector<float> frequencies_;
  std::vector<int32_t> axis_, positions_;
};

/// One piece: the grid of blocks.
ImageLayout qwen_layout(const Preprocessor& preprocessor, int width, int height);

/// A still picture is one frame: the weights of all frames are added up instead.
Preprocessor one_frame(const Preprocessor& preprocessor);
PatchShape qwen_patches(const PictureSettings& settings, int64_t width, bool has_bias);

inline constexpr std::string_view qwen_eye_prefixes[] = {"model.visual.", "visual."};
/// The shape of the tower, from vision_config.
void write_qwen_eye_keys(const JsonFields& config, KeyWriter& writer);
/// 1 for the layers of the tower that a list of vision_config names.
std::vector<int64_t> flags_of_list(const JsonFields& eyes, const char* key);

}  // namespace deskhand
