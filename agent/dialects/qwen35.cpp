// Qwen3.5 and 3.6: calls of computer_use in XML, points of 1000×1000.

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
const ComputerUse tool{.actions = actions, .aliases = aliases, .points = {999, 1000}, .text_holds_keys = true};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_computer_use(reply, tool, sizes);
}

int matches(const ModelInfo& info) {
  if (info.architecture == "qwen35" || info.architecture == "qwen35moe") return fits_family;
  if (is_named(info, {"qwen3.5"}) || is_named(info, {"qwen3.6"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = qwen_messages(
      input, collapsing_chat(filled(protocol_text("qwen35_system"), {{"{DATE}", day_with_weekday(input.today)}})));
  static const std::shared_ptr<const Grammar> grammar = computer_use_grammar(tool, {}, CallNotation::xml);
  result.grammar = grammar;
  result.max_tokens = 32'768;
  return result;
}

}  // namespace

extern const Dialect dialect_qwen35 = {
    .name = "qwen35",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32, .max_pixels = 13'107'200},
    .sampling = Sampling{.temperature = 0, .top_p = 0.9f},
};

}  // namespace deskhand
