// UI-TARS 1.0: Thought and Action lines, points from 0 to 1000.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/line_grammar.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/prompt/thought_chat.h"
#include "agent/reply/action_lines.h"

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 2> controls = {"<|box_start|>", "<|box_end|>"};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  return parse_action_lines(reply, sizes, {1000, 1000});
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"uitars", "dpo"}) || is_named(info, {"uitars", "sft"})) return fits_variant;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = thought_messages(input, std::string(protocol_text("uitars1_computer")) + input.goal);
  static const std::shared_ptr<const Grammar> grammar = action_line_grammar(PointTags::box, {999, 999});
  result.grammar = grammar;
  result.max_tokens = 512;
  return result;
}

}  // namespace

extern const Dialect dialect_uitars1 = {
    .name = "uitars1",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 28, .min_pixels = 100 * 28 * 28, .max_pixels = 16'384 * 28 * 28},
    .sampling = Sampling{.temperature = 0},
    .control_texts = controls,
};

}  // namespace deskhand
