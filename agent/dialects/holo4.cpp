// Holo4: a message and several XML calls of desktop tools per step, points from 0 to 1000.

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

/// A text that would read as a number or a word of JSON is written in quotes.
void unquote(nlohmann::json& value) {
  if (!value.is_string()) return;
  const std::string text = value;
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return;
  const std::string inside = text.substr(1, text.size() - 2);
  if (whole_number(inside) || inside == "true" || inside == "false" || inside == "null") value = inside;
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = said(reply, qwen_turns, tagged_openers);
  std::vector<Call> calls = tagged_calls(content, {.parameters = holo_parameters()});
  for (Call& call : calls)
    for (nlohmann::json& value : call.arguments) unquote(value);
  std::vector<Action> actions = holo_actions(std::move(calls), sizes);
  if (actions.empty()) refuse_without_call(content);
  return actions;
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"holo4"})) return fits_name;
  return 0;
}

/// Without reasoning; of old turns only what was said to be kept, the words before the calls.
std::string kept(std::string_view reply, bool fresh) {
  const size_t end = reply.find("</think>");
  if (end != std::string_view::npos) reply.remove_prefix(end + 8);
  return std::string(trimmed(fresh ? reply : reply.substr(0, first_of(reply, tagged_openers))));
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = holo_messages(
      input, {.system = holo_instructions("You are Holo, a computer-use agent designed by H Company. ") +
                        " You may call several tools in one step; they run in order, and if one fails, the calls after "
                        "it are skipped. Your messages survive verbatim. If the task cannot be done, the last line of "
                        "the answer is exactly [TASK=INFEASIBLE].",
              .pictures = {.keep = 4, .block = 2},
              .tool_turns = true,
              .said = kept});
  result.tools = holo_functions();
  static const std::shared_ptr<const Grammar> grammar = xml_tool_grammar(result.tools, 8);
  result.grammar = grammar;
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_holo4 = {
    .name = "holo4",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32},
    .sampling = Sampling{.temperature = 0.8f},
};

}  // namespace deskhand
