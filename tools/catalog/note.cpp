#include "tools/tool.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext&, const nlohmann::json&, const std::optional<Target>&) {
  return {.ok = true, .text = "noted"};
}

}  // namespace

extern const Tool tool_note = {
    .name = "note",
    .summary = "Write down something to remember; nothing happens on the desktop.",
    .schema = R"({"type": "object", "required": ["text"], "properties": {
        "text": {"type": "string", "maxLength": 10000}}})",
    .risk = Risk::looks,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
