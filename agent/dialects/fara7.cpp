// Fara 7B, for the web: as fara, with points in pixels of the picture, typing that clicks and presses Enter, and an
// answer that stands before the last call.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/computer_use_grammar.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/web_chat.h"
#include "agent/reply/literal.h"
#include "agent/reply/thought.h"
#include "agent/reply/web_actions.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 11> actions = {"key",        "type",         "mouse_move",
                                                      "left_click", "scroll",       "visit_url",
                                                      "web_search", "history_back", "pause_and_memorize_fact",
                                                      "wait",       "terminate"};
constexpr std::array<std::string_view, 13> parameters = {
    "action", "keys", "text",   "press_enter", "delete_existing_text", "coordinate", "pixels", "url", "query",
    "fact",   "time", "status", "question"};

void type(const Arguments& arguments, const PointMap& map, ActionList& out) {
  const std::string text = arguments.text("text");
  const bool enter = arguments.flag("press_enter", true);
  if (const auto point = arguments.point("coordinate", map)) out.at("left_click", point);
  if (arguments.flag("delete_existing_text", false)) {
    out.keys({"ctrl", "a"});
    out.keys({"BackSpace"});
  }
  if (!text.empty() || !enter) out.type(text);
  if (enter) out.keys({"Return"});
}

bool special(std::string_view action, const Arguments& arguments, const PointMap& map, ActionList& out) {
  if (action == "type") {
    type(arguments, map, out);
  } else if (action == "scroll") {
    scroll_pixels(false, arguments, map.sizes().frame.height, map, out);
  } else {
    return web_action(action, arguments, out);
  }
  return true;
}

const ComputerUse tool{.actions = actions,
                       .aliases = web_aliases,
                       .parameters = parameters,
                       .points = absolute_points,
                       .only_first_call = true,
                       .special = special};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  std::vector<Action> acts = parse_computer_use(reply, tool, sizes);
  const std::string_view content = said(reply, qwen_turns, tagged_openers);
  if (acts.back().name == "done")
    acts.back().input["answer"] = trimmed(content.substr(0, content.find(acts.back().text)));
  return acts;
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"fara"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  const Image& frame = last_frame(input);
  DialectPrompt result;
  result.messages = web_messages(input,
                                 filled(protocol_text("fara7_system"),
                                        {{"{W}", std::to_string(frame.width)}, {"{H}", std::to_string(frame.height)}}),
                                 WebObservations::untold);
  result.grammar = computer_use_grammar(tool, {frame.width, frame.height}, CallNotation::json);
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_fara7 = {
    .name = "fara7",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 28, .filter = ResizeFilter::lanczos},
    .sampling = Sampling{.temperature = 0},
    .stop_texts = web_stops,
};

}  // namespace deskhand
