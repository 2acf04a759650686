#include <fmt/format.h>

#include "tools/tool.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext& context, const nlohmann::json&, const std::optional<Target>&) {
  const FrameMap& map = context.map;
  Frame frame = make_frame(context.desktop.capture(true), map.screen, map.frame_width, map.frame_height);
  ToolResult result{.ok = true, .text = fmt::format("the screen, {}×{}", frame.pixels.width, frame.pixels.height)};
  result.image = std::move(frame.pixels);
  return result;
}

}  // namespace

extern const Tool tool_screenshot = {
    .name = "screenshot",
    .summary = "Look at the screen.",
    .schema = R"({"type": "object", "properties": {}})",
    .risk = Risk::looks,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
