#pragma once
// The eyes of Qwen2-VL and Qwen2.5-VL: patches of 14 pixels in blocks of 2 × 2, rotation by row and column, and a
// merger of each block to one row of the language model. Most layers of Qwen2.5-VL see windows of the picture only.
//
//   return std::make_unique<Qwen2Encoder>(context, Qwen2Encoder::Variant{.has_windows = true});

#include "core/config_keys.h"
#include "vision/qwen_grid.h"

namespace deskhand {

/// Which layers see windows, as the file's keys say.
struct QwenWindowing {
  int64_t side = 0;               ///< of a window, in blocks
  std::vector<int64_t> sees_all;  ///< per layer, 0 where it sees windows
};
/// Throws ModelFileError for keys that make no sense.
QwenWindowing qwen_windowing(const ConfigKeys& keys, const PictureSettings& settings, int64_t layers);

class Qwen2Encoder final : public ImageEncoder {
 public:
  struct Variant {
    bool has_windows = false;  ///< Qwen2.5-VL, which also has RMS norms and gated networks
  };

  Qwen2Encoder(const EncoderContext& context, Variant variant);
  std::string_view placeholder() const override { return "<|image_pad|>"; }
  ImageLayout layout(int width, int height) const override { return qwen_layout(preprocessor_, width, height); }
  ImageFeatures encode(const Image& image, std::stop_token stop) override;

 private:
  Backend& backend_;
  Weights weights_;
  Preprocessor preprocessor_;
  TowerShape shape_;
  int64_t out_width_, merged_;  // merged_: patches of a block
  QwenWindowing windowing_;     // side 0: every layer sees the whole picture
  PatchEmbedding patches_;
  Tower tower_;
  TowerNorm norm_;
  TowerLinear up_, down_;
  GrowingMatrix h_, ordered_, inner_;
};

/// Blocks [height, width] window by window, each line by line; the windows at the right and the bottom may be smaller.
struct QwenWindows {
  QwenWindows(int64_t height, int64_t width, int64_t side);

  std::vector<int32_t> order;  ///< number of the block that comes at each place
  std::vector<int64_t> ends;   ///< places behind each window
};

}  // namespace deskhand
