#pragma once
// Marks drawn on pictures, for people: boxes with numbers, a target cross.
//
//   draw_box(image, element.box, {255, 0, 0}, "4");
//   draw_target(image, {400, 300}, {255, 0, 0});

#include <array>
#include <cstdint>
#include <string_view>

#include "platform/image.h"

namespace deskhand {

using Colour = std::array<uint8_t, 3>;

void draw_box(Image& image, ScreenRect box, Colour colour, std::string_view label);
void draw_target(Image& image, ScreenPoint at, Colour colour);
/// Fills, for what must not be seen (password fields).
void black_out(Image& image, ScreenRect box);

}  // namespace deskhand
