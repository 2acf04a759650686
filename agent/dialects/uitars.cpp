// UI-TARS 1.5: Thought and Action lines, points in pixels of the picture that the model saw.

#include "agent/dialect.h"
#include "agent/grammar/line_grammar.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/thought_chat.h"
#include "agent/reply/action_lines.h"

namespace deskhand {
namespace {

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_action_lines(reply, sizes, absolute_points);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"uitars"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = thought_messages(
      input, filled(protocol_text("uitars15_computer"), {{"{language}", "English"}, {"{instruction}", input.goal}}));
  const Image& frame = last_frame(input);
  result.grammar = action_line_grammar(PointTags::point, {frame.width - 1, frame.height - 1});
  result.max_tokens = 1'024;
  return result;
}

}  // namespace

extern const Dialect dialect_uitars = {
    .name = "uitars",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 28, .min_pixels = 100 * 28 * 28, .max_pixels = 16'384 * 28 * 28},
    .sampling = Sampling{.temperature = 0},
};

}  // namespace deskhand
