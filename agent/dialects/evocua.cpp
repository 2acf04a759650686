// EvoCUA S2: as qwen3vl, with held keys.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/computer_use_grammar.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/qwen_chat.h"
#include "agent/reply/computer_use.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 16> actions = {"key",          "key_down",     "key_up",          "type",
                                                      "mouse_move",   "left_click",   "left_click_drag", "right_click",
                                                      "middle_click", "double_click", "triple_click",    "scroll",
                                                      "hscroll",      "wait",         "terminate",       "answer"};
constexpr std::array<ActionAlias, 2> aliases = {{{"click", "left_click"}, {"screenshot", "screenshot"}}};
const ComputerUse tool{.actions = actions, .aliases = aliases, .points = {999, 1000}};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_computer_use(reply, tool, sizes);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"evocua"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  QwenChat chat = windowed_chat(std::string(protocol_text("evocua_s2_system")));
  chat.lead = "\n";
  DialectPrompt result;
  result.messages = qwen_messages(input, chat);
  static const std::shared_ptr<const Grammar> grammar = computer_use_grammar(tool, {}, CallNotation::json);
  result.grammar = grammar;
  result.max_tokens = 32'768;
  return result;
}

}  // namespace

extern const Dialect dialect_evocua = {
    .name = "evocua",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32, .max_pixels = 13'107'200},
    .sampling = Sampling{.temperature = 0.01f, .top_p = 0.9f},
};

}  // namespace deskhand
