#include "tools/tool.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext&, const nlohmann::json&, const std::optional<Target>&) {
  return {.ok = true, .text = "noted"};
}

}  // namespace

extern const Tool tool_plan = {
    .name = "plan",
    .summary = "Write down the steps of the task and how far they are; nothing happens on the desktop.",
    .schema = R"({"type": "object", "required": ["goals"], "properties": {
        "goals": {"type": "array", "maxItems": 100, "items": {
            "type": "object", "required": ["title", "status"], "properties": {
                "title": {"type": "string", "maxLength": 1000},
                "status": {"type": "string", "enum": ["todo", "running", "done", "failed"]}}}}}})",
    .risk = Risk::looks,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
