// Qwen3-VL: calls of computer_use as JSON in tags, points of 1000×1000.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/computer_use_grammar.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/qwen_chat.h"
#include "agent/reply/computer_use.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 14> actions = {
    "key",         "type",         "mouse_move",   "left_click",   "left_click_drag",
    "right_click", "middle_click", "double_click", "triple_click", "scroll",
    "hscroll",     "wait",         "terminate",    "answer"};
constexpr std::array<ActionAlias, 2> aliases = {{{"click", "left_click"}, {"screenshot", "screenshot"}}};
const ComputerUse tool{.actions = actions, .aliases = aliases, .points = {999, 1000}};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_computer_use(reply, tool, sizes);
}

int matches(const ModelInfo& info) {
  if (info.architecture == "qwen3vl" || info.architecture == "qwen3vlmoe") return fits_family;
  if (is_named(info, {"qwen3vl"})) return fits_name;
  return 0;
}

std::string system_text() {
  const std::string tools = filled(protocol_text("qwen3vl_tool"), {{"{W}", "1000"}, {"{H}", "1000"}});
  return tools_block(tools) + "\n\n" + std::string(protocol_text("qwen3vl_tail"));
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = qwen_messages(input, windowed_chat(system_text()));
  static const std::shared_ptr<const Grammar> grammar = computer_use_grammar(tool, {}, CallNotation::json);
  result.grammar = grammar;
  result.max_tokens = 32'768;
  return result;
}

}  // namespace

extern const Dialect dialect_qwen3vl = {
    .name = "qwen3vl",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32, .max_pixels = 13'107'200},
    .sampling = Sampling{.temperature = 0, .top_p = 0.9f},
};

}  // namespace deskhand
