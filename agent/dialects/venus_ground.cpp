// UI-Venus finds one place: [x,y] or a box, from 0 to 1000, [-1,-1] for none.

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/error.h"
#include "agent/reply/literal.h"
#include "agent/reply/points_in_text.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

constexpr PointRule points{1000, 1000};

/// Two corners of one box: [x1,y1], [x2,y2].
bool are_corners(std::string_view text, const NumbersInText& first, const NumbersInText& second) {
  return first.numbers.size() == 2 && second.numbers.size() == 2 &&
         trimmed(text.substr(first.end, second.begin - first.end)) == ",";
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view text = trimmed(behind_thought(reply, {}));
  std::vector<NumbersInText> found = points_in_text(text);
  if (found.empty()) refuse_without_call(text);
  if (found.size() == 2 && are_corners(text, found[0], found[1])) {
    found[0].numbers.insert(found[0].numbers.end(), found[1].numbers.begin(), found[1].numbers.end());
    found.pop_back();
  }
  if (found.size() > 1) throw DialectError(ReplyFault::ambiguous, "expected one point [x,y], got several");
  const std::vector<double>& n = found[0].numbers;
  const PointMap map(sizes, points);
  if (n == std::vector<double>{-1, -1}) return not_found(text);
  if (n.size() == 2) return found_at(map.point(n[0], n[1]), text);
  if (n.size() == 4) return found_at(map.center(n[0], n[1], n[2], n[3]), text);
  throw DialectError(ReplyFault::bad_args, "expected a point [x,y], got " + quoted_beginning(text));
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"venus", "ground"}) || is_named(info, {"venus1.5"})) return fits_variant;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  std::string target = input.goal;
  if (target.ends_with('.')) target.pop_back();
  DialectPrompt result = grounding_prompt(
      input,
      {.after = "Output the center point of the position corresponding to the following instruction: \n" + target +
                ". \n\nThe output should just be the coordinates of a point, in the format [x,y]. Additionally, if the "
                "task is infeasible (e.g., the task is not related to the image), the output should be [-1,-1]."},
      128);
  result.grammar = point_grammar({.before = "[", .between = ",", .after = "]", .none = "[-1,-1]"}, {999, 999});
  return result;
}

}  // namespace

extern const Dialect dialect_venus_ground = {
    .name = "venus_ground",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .grounds = true,
    .frame = {.factor = 32},
    .sampling = Sampling{.temperature = 0},
    .thinking = false,
};

}  // namespace deskhand
