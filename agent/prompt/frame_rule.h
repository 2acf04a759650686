#pragma once
// The size of the picture that a model sees of a screen.
//
//   model_frame({1920, 1080}, {.factor = 32, .max_pixels = 13'107'200})      // 1920×1088
//   model_frame({1440, 900}, {.factor = 28})                                 // 1428×896
//
// The rule is Qwen's smart_resize (vision/preprocess/smart_resize.h), which throws ImageError for no screen. Deskhand
// makes the frame of exactly this size, so that no later resize moves a point.

#include <cstdint>

#include "agent/reply/points.h"
#include "vision/image_io.h"

namespace deskhand {

struct FrameRule {
  int factor = 28;
  int64_t min_pixels = 3'136, max_pixels = 12'845'056;
  ResizeFilter filter = ResizeFilter::bicubic;
};

Extent model_frame(Extent screen, const FrameRule& rule);

}  // namespace deskhand
