// Gemma 4: call:NAME{key:value} between its own tokens, Deskhand's tools, points from 0 to 1000.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/canonical_tools.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/reply/acting.h"
#include "agent/reply/canonical.h"
#include "agent/reply/error.h"
#include "agent/reply/gemma_calls.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr PointRule points{1000, 1000};
constexpr std::array<std::string_view, 5> controls = {"<|tool_call>", "<tool_call|>", "<|\"|>", "<|channel>",
                                                      "<channel|>"};

/// The three notations of a point, as `coordinate`.
void unify_point(Call& call, const PointMap& map) {
  json& a = call.arguments;
  const int notations = a.contains("coordinate") + (a.contains("x") || a.contains("y")) + a.contains("box_2d");
  if (notations > 1) throw DialectError(ReplyFault::ambiguous, call.name + " has two points");
  static constexpr std::array<std::string_view, 6> pointed = {
      "x", "y", "box_2d", "text", "scroll_direction", "scroll_amount"};
  if (a.contains("x") || a.contains("y")) {
    const Arguments given(call, pointed);
    const double x = given.number("x"), y = given.number("y");
    a.erase("x");
    a.erase("y");
    a["coordinate"] = {x, y};
  } else if (a.contains("box_2d")) {
    const std::vector<double> box = Arguments(call, pointed).numbers("box_2d", 4);  // y first
    map.center(box[1], box[0], box[3], box[2]);                                     // within the picture
    a.erase("box_2d");
    a["coordinate"] = {(box[1] + box[3]) / 2, (box[0] + box[2]) / 2};
  }
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const PointMap map(sizes, points);
  std::vector<Action> actions;
  for (Call& call : gemma_calls(reply)) {
    unify_point(call, map);
    append(actions, canonical_actions(call, map));
  }
  return actions;
}

int matches(const ModelInfo& info) {
  if (info.architecture == "gemma4") return fits_family;
  return 0;
}

/// Its template keeps a thought only behind the last user turn.
std::string without_thought(std::string_view reply) {
  constexpr std::string_view channel_end = "<channel|>";
  const size_t end = reply.find(channel_end);
  return std::string(end == std::string_view::npos ? reply : reply.substr(end + channel_end.size()));
}

DialectPrompt prompt(const DialectInput& input) {
  DialectInput told = input;
  for (Turn& turn : told.turns) turn.reply = without_thought(turn.reply);
  DialectPrompt result;
  result.messages = canonical_messages(
      told, {.system = canonical_instructions("x and y are whole numbers from 0 to 1000, from the top left corner.")});
  result.tools = canonical_tools({.x_and_y = true});
  static const std::shared_ptr<const Grammar> grammar = gemma_tool_grammar(canonical_tools({.x_and_y = true}));
  result.grammar = grammar;
  result.max_tokens = 2'048;
  return result;
}

}  // namespace

extern const Dialect dialect_gemma4 = {
    .name = "gemma4",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 48, .max_pixels = 1'120 * 48 * 48},
    .sampling = Sampling{.temperature = 1, .top_k = 64, .top_p = 0.95f},
    .control_texts = controls,
};

}  // namespace deskhand
