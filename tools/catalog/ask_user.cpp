#include "tools/tool.h"

namespace deskhand {
namespace {

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>&) {
  if (!context.ask) throw ToolError("ask_user: nobody is there to answer");
  const std::string answer = context.ask(input["question"].get<std::string>());
  if (answer.empty()) throw ToolError("ask_user: nobody answered");
  return {.ok = true, .text = answer};
}

}  // namespace

extern const Tool tool_ask_user = {
    .name = "ask_user",
    .summary = "Ask the user, for a choice or for something only they know.",
    .schema = R"({"type": "object", "required": ["question"], "properties": {"question": {"type": "string"}}})",
    .risk = Risk::talks,
    .run = run,
};

}  // namespace deskhand
