#include "tools/tool.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>&) {
  const std::string chord = input["text"].get<std::string>();
  const bool was_down = context.desktop.release_key(chord);
  return {.ok = true, .text = was_down ? "released " + chord : chord + " was not held"};
}

}  // namespace

// Without a place: a key is released whatever has the keyboard by now.
extern const Tool tool_key_up = {
    .name = "key_up",
    .summary = "Release a key or a chord that key_down holds.",
    .schema = R"({"type": "object", "required": ["text"], "properties": {
        "text": {"type": "string", "description": "as it was given to key_down"}}})",
    .risk = Risk::looks,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
