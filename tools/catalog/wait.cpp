#include "tools/tool.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>&) {
  const std::chrono::duration<double> seconds(input["duration"].get<double>());
  context.clock.sleep(std::chrono::duration_cast<Clock::Duration>(seconds), context.stop);
  return {.ok = true, .text = "waited"};
}

}  // namespace

extern const Tool tool_wait = {
    .name = "wait",
    .summary = "Wait, for something that takes time.",
    .schema = R"({"type": "object", "required": ["duration"], "properties": {
        "duration": {"type": "number", "minimum": 0, "maximum": 300, "description": "seconds"}}})",
    .risk = Risk::looks,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
