// Qwen3.7 and 3.8: as qwen35 with held keys and buttons, a question to the user, and a final answer in prose.

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/dialect.h"
#include "agent/grammar/computer_use_grammar.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/qwen_chat.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/literal.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 19> actions = {
    "key",        "key_down",        "key_up",      "left_mouse_down", "left_mouse_up", "type",         "mouse_move",
    "left_click", "left_click_drag", "right_click", "middle_click",    "double_click",  "triple_click", "scroll",
    "hscroll",    "screenshot",      "wait",        "terminate",       "call_user"};
constexpr std::array<ActionAlias, 1> aliases = {{{"click", "left_click"}}};
const ComputerUse tool{.actions = actions, .aliases = aliases, .points = {999, 1000}};

bool says_infeasible(std::string_view text) {
  constexpr std::string_view word = "infeasible";
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = said(reply, qwen_turns, tagged_openers);
  std::vector<Action> called = tagged_computer_use(content, tool, sizes);
  if (!called.empty()) return called;
  const std::string_view answer = trimmed(content);
  if (answer.empty() || first_of(answer, closing_tags) != std::string_view::npos) refuse_without_call(content);
  return {{.name = "done",
           .input = {{"answer", answer}, {"success", !says_infeasible(answer)}},
           .text = std::string(answer)}};
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"qwen3.7"}) || is_named(info, {"qwen3.8"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = qwen_messages(
      input, collapsing_chat(filled(protocol_text("qwen38_system"), {{"{DATE}", day_with_weekday(input.today)}})));
  static const std::shared_ptr<const Grammar> grammar = computer_use_grammar(tool, {}, CallNotation::xml);
  result.grammar = grammar;
  result.max_tokens = 32'768;
  return result;
}

}  // namespace

extern const Dialect dialect_qwen38 = {
    .name = "qwen38",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32, .max_pixels = 13'107'200},
    .sampling = Sampling{.temperature = 0, .top_p = 0.9f},
};

}  // namespace deskhand
