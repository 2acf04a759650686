#include "tools/tool.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext&, const nlohmann::json& input, const std::optional<Target>&) {
  ToolResult result{.ok = true, .text = input.value("answer", std::string())};
  result.finished = true;
  result.success = input.value("success", true);
  return result;
}

}  // namespace

extern const Tool tool_done = {
    .name = "done",
    .summary = "The task is finished, or cannot be: say the answer.",
    .schema = R"({"type": "object", "properties": {
        "answer": {"type": "string", "description": "what the user wanted to know, or what was done"},
        "success": {"type": "boolean", "description": "false when the task could not be done"}}})",
    .risk = Risk::ends,
    .idempotent = true,
    .run = run,
};

}  // namespace deskhand
