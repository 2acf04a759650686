// GTA1 finds one place: (x,y) in pixels of the picture that the model saw.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/reply/call.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/error.h"
#include "agent/reply/literal.h"
#include "agent/reply/points_in_text.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

/// "x, y" and nothing else.
bool is_bare_pair(std::string_view text) {
  return text.find(',') != std::string_view::npos && text.find_first_of("[](){}") == std::string_view::npos &&
         numbers_in(nlohmann::json(std::string(text))).size() == 2;
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view text = trimmed(behind_thought(reply, {}));
  const PointMap map(sizes, absolute_points);
  std::vector<double> pair;
  if (is_bare_pair(text)) pair = numbers_in(nlohmann::json(std::string(text)));
  for (const NumbersInText& found : points_in_text(text)) {
    if (found.numbers.size() != 2)
      throw DialectError(ReplyFault::bad_args,
                         "expected a point (x,y), got " + quoted_beginning(text.substr(found.begin)));
    if (!pair.empty() && found.numbers != pair)
      throw DialectError(ReplyFault::ambiguous, "expected one point (x,y), got two");
    pair = found.numbers;
  }
  if (pair.empty()) refuse_without_call(text);
  return found_at(map.point(pair[0], pair[1]), text);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"gta1"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  const Image& frame = last_frame(input);
  DialectPrompt result = grounding_prompt(
      input,
      {.system = filled(protocol_text("gta1_system"),
                        {{"{height}", std::to_string(frame.height)}, {"{width}", std::to_string(frame.width)}}),
       .after = input.goal},
      32);
  result.grammar = point_grammar({.before = "(", .between = ",", .after = ")"}, {frame.width - 1, frame.height - 1});
  return result;
}

}  // namespace

extern const Dialect dialect_gta1 = {
    .name = "gta1",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .grounds = true,
    .frame = {.factor = 28, .max_pixels = 4'096 * 2'160},
    .sampling = Sampling{.temperature = 0},
};

}  // namespace deskhand
