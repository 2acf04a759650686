// Holo3.1 with function calling: one XML call of a desktop tool per step, points from 0 to 1000.

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/holo_chat.h"
#include "agent/prompt/model_name.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/holo_tools.h"
#include "agent/reply/literal.h"
#include "agent/reply/tagged_calls.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = said(reply, qwen_turns, tagged_openers);
  std::vector<Action> actions = holo_actions(tagged_calls(content, {.parameters = holo_parameters()}), sizes);
  if (actions.empty()) refuse_without_call(content);
  return actions;
}

/// Only where it is asked for: Holo3.1 is made for both.
int matches(const ModelInfo&) {
  return 0;
}

std::string without_thought(std::string_view reply, bool) {
  const size_t end = reply.find("</think>");
  return std::string(end == std::string_view::npos ? reply : trimmed(reply.substr(end + 8)));
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages =
      holo_messages(input, {.system = holo_instructions(""), .tool_turns = true, .said = without_thought});
  result.tools = holo_functions();
  static const std::shared_ptr<const Grammar> grammar = xml_tool_grammar(result.tools, 1);
  result.grammar = grammar;
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_holo_fc = {
    .name = "holo_fc",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32},
    .sampling = Sampling{.temperature = 0.8f},
};

}  // namespace deskhand
