#include <fmt/format.h>

#include <cmath>

#include "tools/tool.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext& context, const nlohmann::json&, const std::optional<Target>&) {
  const ScreenPoint pointer = context.desktop.pointer();
  if (!context.map.screen.contains(pointer)) return {.ok = true, .text = "the pointer is outside the picture"};
  const FramePoint at = context.map.to_frame(pointer);
  return {.ok = true, .text = fmt::format("the pointer is at ({}, {})", std::floor(at.x), std::floor(at.y))};
}

}  // namespace

extern const Tool tool_cursor_position = {
    .name = "cursor_position",
    .summary = "Say where the pointer is in the picture.",
    .schema = R"({"type": "object", "properties": {}})",
    .risk = Risk::looks,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
