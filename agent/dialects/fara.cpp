// Fara 1.5, for the web: as qwen3vl with points of 0 to 1000, scrolling in pixels, and macros for the browser.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/computer_use_grammar.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/web_chat.h"
#include "agent/reply/web_actions.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 18> actions = {"key",
                                                      "type",
                                                      "mouse_move",
                                                      "left_click",
                                                      "double_click",
                                                      "right_click",
                                                      "triple_click",
                                                      "left_click_drag",
                                                      "scroll",
                                                      "hscroll",
                                                      "visit_url",
                                                      "history_back",
                                                      "web_search",
                                                      "read_page_answer_question",
                                                      "pause_and_memorize_fact",
                                                      "ask_user_question",
                                                      "wait",
                                                      "terminate"};
constexpr std::array<std::string_view, 12> parameters = {
    "action", "keys", "text", "coordinate", "pixels", "url", "query", "fact", "question", "time", "answer", "status"};
constexpr PointRule points{1000, 1000};

bool special(std::string_view action, const Arguments& arguments, const PointMap& map, ActionList& out) {
  if (action == "terminate") {
    out.done(arguments.text("answer"), true);
  } else if (action == "scroll" || action == "hscroll") {
    scroll_pixels(action == "hscroll", arguments, points.divisor, map, out);
  } else {
    return web_action(action, arguments, out);
  }
  return true;
}

const ComputerUse tool{.actions = actions,
                       .aliases = web_aliases,
                       .parameters = parameters,
                       .points = points,
                       .only_first_call = true,
                       .special = special};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_computer_use(reply, tool, sizes);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"fara", "1.5"})) return fits_variant;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = web_messages(input, filled(protocol_text("fara15_system"), {{"{DATE}", day_in_words(input.today)}}),
                                 WebObservations::told);
  static const std::shared_ptr<const Grammar> grammar = computer_use_grammar(tool, {}, CallNotation::json);
  result.grammar = grammar;
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_fara = {
    .name = "fara",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32, .filter = ResizeFilter::lanczos},
    .sampling = Sampling{.temperature = 0},
    .stop_texts = web_stops,
    .thinking = false,
};

}  // namespace deskhand
