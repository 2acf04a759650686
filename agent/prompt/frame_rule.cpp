#include "agent/prompt/frame_rule.h"

#include "vision/preprocess/smart_resize.h"

namespace deskhand {

Extent model_frame(Extent screen, const FrameRule& rule) {
  const PictureSize size = smart_resize(
      {screen.width, screen.height},
      {.factor = rule.factor, .min_pixels = rule.min_pixels, .max_pixels = rule.max_pixels, .keeps_a_unit = true});
  return {size.width, size.height};
}

}  // namespace deskhand
