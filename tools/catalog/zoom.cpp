#include <fmt/format.h>

#include <cmath>

#include "tools/tool.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {

/// The pixels of the screen that the region of the frame touches.
ScreenRect part_of_screen(const FrameMap& map, const nlohmann::json& region) {
  const double x0 = region[0].get<double>(), y0 = region[1].get<double>();
  const double x1 = region[2].get<double>(), y1 = region[3].get<double>();
  if (!(x0 >= 0 && x0 < x1 && x1 <= map.frame_width && y0 >= 0 && y0 < y1 && y1 <= map.frame_height))
    throw ToolError(
        fmt::format("zoom: the region ({}, {})–({}, {}) is empty or outside the picture: expected x0 < x1 "
                    "within {} and y0 < y1 within {}",
                    x0, y0, x1, y1, map.frame_width, map.frame_height));
  const double scale_x = static_cast<double>(map.screen.width()) / map.frame_width;
  const double scale_y = static_cast<double>(map.screen.height()) / map.frame_height;
  const ScreenRect part{map.screen.x0 + static_cast<int>(std::floor(x0 * scale_x)),
                        map.screen.y0 + static_cast<int>(std::floor(y0 * scale_y)),
                        map.screen.x0 + static_cast<int>(std::ceil(x1 * scale_x)),
                        map.screen.y0 + static_cast<int>(std::ceil(y1 * scale_y))};
  return part.intersect(map.screen);
}

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>&) {
  const ScreenRect part = part_of_screen(context.map, input["region"]);
  const Image screen = context.desktop.capture(true);
  if (part.intersect(screen.bounds()).empty()) throw ToolError("zoom: the screen has become smaller: look again");
  Frame frame = make_frame(screen, part, part.width(), part.height());
  ToolResult result{.ok = true,
                    .text = fmt::format("a part of the screen in full resolution, {}×{}; coordinates stay those of the "
                                        "whole picture",
                                        frame.pixels.width, frame.pixels.height)};
  result.image = std::move(frame.pixels);
  return result;
}

}  // namespace

extern const Tool tool_zoom = {
    .name = "zoom",
    .summary = "Look at a part of the screen in full resolution.",
    .schema = R"({"type": "object", "required": ["region"], "properties": {
        "region": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4,
                   "description": "x0, y0, x1, y1 in the picture; x1 and y1 are the first beyond it"}}})",
    .risk = Risk::looks,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
