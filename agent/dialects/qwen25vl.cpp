// Qwen2.5-VL: calls of computer_use as JSON in tags, points in pixels of the picture that the model saw.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/computer_use_grammar.h"
#include "agent/prompt/canonical_tools.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/qwen_chat.h"
#include "agent/reply/computer_use.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 14> actions = {
    "key",          "type",   "mouse_move", "left_click", "left_click_drag", "right_click", "middle_click",
    "double_click", "scroll", "wait",       "terminate",  "triple_click",    "hscroll",     "answer"};
constexpr std::array<ActionAlias, 2> aliases = {{{"click", "left_click"}, {"screenshot", "screenshot"}}};
const ComputerUse tool{.actions = actions, .aliases = aliases, .points = absolute_points};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_computer_use(reply, tool, sizes);
}

int matches(const ModelInfo& info) {
  if (info.architecture == "qwen2vl" || info.architecture == "qwen2.5vl") return fits_family;
  if (is_named(info, {"qwen2.5vl"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  const Image& frame = last_frame(input);
  const std::string tools = filled(protocol_text("qwen25vl_tool"),
                                   {{"{W}", std::to_string(frame.width)}, {"{H}", std::to_string(frame.height)}});
  DialectPrompt result;
  result.messages = canonical_messages(input, {.system = "You are a helpful assistant.\n\n" + tools_block(tools)});
  result.grammar = computer_use_grammar(tool, {frame.width, frame.height}, CallNotation::json);
  result.max_tokens = 2'048;
  return result;
}

}  // namespace

extern const Dialect dialect_qwen25vl = {
    .name = "qwen25vl",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 28},
    .sampling = Sampling{.temperature = 0},
};

}  // namespace deskhand
