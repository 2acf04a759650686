// Holo finds one place: {"x": …, "y": …} from 0 to 1000, null for none.

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/reply/call.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/error.h"
#include "agent/reply/literal.h"
#include "agent/reply/points_in_text.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

constexpr PointRule points{1000, 1000};
constexpr std::array<std::string_view, 1> object_opener = {"{"};
constexpr std::array<std::string_view, 2> members = {"x", "y"};

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = behind_thought(reply, object_opener);
  size_t at = content.find('{');
  if (at == std::string_view::npos) refuse_without_call(content);
  const Call call{.name = "the point", .arguments = read_json(content, {}, at)};
  const Arguments place(call, members);
  const auto is_null = [&](std::string_view name) {
    return call.arguments.contains(name) && call.arguments[name].is_null();
  };
  if (is_null("x") && is_null("y")) return not_found(content);
  return found_at(PointMap(sizes, points).point(place.number("x"), place.number("y")), content);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"holo2"})) return fits_name;
  return 0;
}

constexpr std::string_view schema =
    R"({"properties": {"x": {"description": "The x coordinate, normalized between 0 and 1000.", "ge": 0, "le": 1000, )"
    R"("title": "X", "type": "integer"}, "y": {"description": "The y coordinate, normalized between 0 and 1000.", )"
    R"("ge": 0, "le": 1000, "title": "Y", "type": "integer"}}, "required": ["x", "y"], "title": "ClickCoordinates", )"
    R"("type": "object"})";

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result = grounding_prompt(
      input,
      {.after = "Localize an element on the GUI image according to the provided target and output a click position.\n"
                " * You must output a valid JSON following the format: " +
                std::string(schema) + "\n Your target is:\n" + input.goal},
      128);
  result.grammar = point_grammar({.before = "{\"x\": ", .between = ", \"y\": ", .after = "}"}, {999, 999});
  return result;
}

}  // namespace

extern const Dialect dialect_holo_ground = {
    .name = "holo_ground",
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
