// Models trained on function calling as JSON in <tool_call> tags: Deskhand's own tools, points in pixels of the
// picture.

#include <fmt/format.h>

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/canonical_tools.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/qwen_chat.h"
#include "agent/reply/acting.h"
#include "agent/reply/canonical.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/tagged_calls.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = said(reply, qwen_turns, tagged_openers);
  const PointMap map(sizes, absolute_points);
  std::vector<Action> actions;
  for (const Call& call : tagged_calls(content, {.parameters = canonical_parameters()}))
    append(actions, canonical_actions(call, map));
  if (actions.empty()) refuse_without_call(content);
  return actions;
}

/// Only where it is asked for: models with this training alone do not see.
int matches(const ModelInfo&) {
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  const Image& frame = last_frame(input);
  DialectPrompt result;
  const std::string points =
      fmt::format("Coordinates are pixels of the picture, which is {} wide and {} high.", frame.width, frame.height);
  const std::string tools = lines_of(canonical_tools({.width = frame.width, .height = frame.height}));
  result.messages = canonical_messages(input, {.system = canonical_instructions(points) + "\n\n" + tools_block(tools)});
  result.grammar = json_tool_grammar(canonical_tools({.width = frame.width - 1, .height = frame.height - 1}),
                                     {.before = "<tool_call>\n", .after = "\n</tool_call>"});
  result.max_tokens = 1'024;
  return result;
}

}  // namespace

extern const Dialect dialect_hermes = {
    .name = "hermes",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .sampling = Sampling{.temperature = 0},
};

}  // namespace deskhand
