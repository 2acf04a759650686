// GUI-Owl 1.5: as qwen3vl, with points of 0 to 1000 and a question to the user.

#include <array>
#include <string>

#include "agent/dialect.h"
#include "agent/grammar/computer_use_grammar.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/qwen_chat.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/error.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 15> actions = {
    "key",         "type",         "mouse_move",   "left_click",   "left_click_drag",
    "right_click", "middle_click", "double_click", "triple_click", "scroll",
    "hscroll",     "wait",         "terminate",    "answer",       "interact"};
constexpr std::array<ActionAlias, 9> aliases = {{{"click", "left_click"},
                                                 {"right click", "right_click"},
                                                 {"hotkey", "key"},
                                                 {"drag", "left_click_drag"},
                                                 {"computer_double_click", "double_click"},
                                                 {"stop", "terminate"},
                                                 {"done", "terminate"},
                                                 {"call_user", "interact"},
                                                 {"screenshot", "screenshot"}}};
const ComputerUse tool{.actions = actions, .aliases = aliases, .points = {1000, 1000}};

/// Its client puts the reasoning in front in tags of its own.
std::string without_thinking(std::string_view reply) {
  constexpr std::string_view opener = "<thinking>", closer = "</thinking>";
  const size_t begin = reply.find(opener);
  if (begin == std::string_view::npos) return std::string(reply);
  const size_t end = reply.find(closer, begin);
  if (end == std::string_view::npos)
    throw DialectError(ReplyFault::truncated, "the reply ends inside <thinking>, before any action");
  return std::string(reply.substr(0, begin)).append(reply.substr(end + closer.size()));
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_computer_use(without_thinking(reply), tool, sizes);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"guiowl"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  QwenChat chat = windowed_chat(std::string(protocol_text("guiowl_system")));
  chat.text_first = true;
  DialectPrompt result;
  result.messages = qwen_messages(input, chat);
  static const std::shared_ptr<const Grammar> grammar = computer_use_grammar(tool, {}, CallNotation::json);
  result.grammar = grammar;
  result.max_tokens = 8'192;
  return result;
}

}  // namespace

extern const Dialect dialect_guiowl = {
    .name = "guiowl",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 16, .max_pixels = 10'035'200},
};

}  // namespace deskhand
