// MAI-UI finds one place: {"coordinate": [x,y]} in <answer> tags behind its reasoning, from 0 to 999.

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

namespace deskhand {
namespace {

using nlohmann::json;

constexpr PointRule points{999, 1000};
constexpr std::string_view thinks = "<grounding_think>", thought = "</grounding_think>";
constexpr std::string_view opener = "<answer>", closer = "</answer>";
constexpr std::array<std::string_view, 3> members = {"coordinate", "x", "y"};

/// Behind the reasoning, whose points do not count.
std::string_view behind_reasoning(std::string_view reply) {
  const size_t end = reply.rfind(thought, reply.find(opener));
  if (end != std::string_view::npos) return reply.substr(end + thought.size());
  if (reply.find(thinks) != std::string_view::npos)
    throw DialectError(ReplyFault::truncated, "the reply ends inside its reasoning, before any point");
  return reply;
}

std::vector<double> pair_in_object(std::string_view body) {
  size_t at = 0;
  Call call{.name = "the answer", .arguments = read_json(body, closer, at)};
  if (call.arguments.contains("x") || call.arguments.contains("y")) call.arguments = {{"coordinate", call.arguments}};
  return Arguments(call, members).numbers("coordinate", 2);
}

std::vector<double> bare_pair(std::string_view body, bool tagged) {
  const std::string_view inside = trimmed(body.substr(0, body.find(closer)));
  const std::vector<NumbersInText> found = points_in_text(inside);
  const bool alone = found.size() == 1 && found[0].begin == 0 && found[0].end == inside.size();
  if (alone && found[0].numbers.size() == 2) return found[0].numbers;
  if (alone) throw DialectError(ReplyFault::bad_args, "expected a point [x,y], got " + quoted_beginning(inside));
  if (!tagged) refuse_without_call(body);
  if (inside.empty() || closer.starts_with(inside))
    throw DialectError(ReplyFault::truncated, "the reply ends inside its answer");
  throw DialectError(ReplyFault::malformed, "expected {\"coordinate\": [x,y]}, got " + quoted_beginning(inside));
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = behind_reasoning(reply);
  const size_t tag = content.find(opener);
  const bool tagged = tag != std::string_view::npos;
  const std::string_view body = trimmed(tagged ? content.substr(tag + opener.size()) : content);
  const std::vector<double> pair = body.starts_with('{') ? pair_in_object(body) : bare_pair(body, tagged);
  return found_at(PointMap(sizes, points).point(pair[0], pair[1]), reply);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"maiui"})) return fits_name;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result = grounding_prompt(
      input, {.system = std::string(protocol_text("mai_ground_system")), .before = input.goal + "\n"}, 2'048);
  result.grammar = point_grammar(
      {.before = "<answer>\n{\"coordinate\": [", .between = ",", .after = "]}\n</answer>", .reasons = true},
      {999, 999});
  return result;
}

}  // namespace

extern const Dialect dialect_mai_ground = {
    .name = "mai_ground",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .grounds = true,
    .frame = {.factor = 32, .min_pixels = 65'536, .max_pixels = 16'777'216},
    .sampling = Sampling{.temperature = 0, .seed = 42},
};

}  // namespace deskhand
