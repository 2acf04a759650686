// Llama 3: a call of one of Deskhand's tools as a JSON object and nothing else, points in pixels of the picture. Small
// models also write [name(arg=value), …].

#include <fmt/format.h>

#include <array>

#include "agent/dialect.h"
#include "agent/grammar/tool_grammar.h"
#include "agent/prompt/canonical_tools.h"
#include "agent/prompt/grounding.h"
#include "agent/prompt/model_name.h"
#include "agent/reply/acting.h"
#include "agent/reply/canonical.h"
#include "agent/reply/computer_use.h"
#include "agent/reply/error.h"
#include "agent/reply/literal.h"
#include "agent/reply/python_calls.h"
#include "agent/reply/tagged_calls.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

constexpr std::string_view python_tag = "<|python_tag|>", fence = "```";
constexpr std::array<std::string_view, 2> ends = {"<|eom_id|>", "<|eot_id|>"};

/// Without the tag in front and a fence around.
std::string_view bare(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with(python_tag)) text = trimmed(text.substr(python_tag.size()));
  if (!text.starts_with(fence)) return text;
  text.remove_prefix(std::min(text.find('\n'), text.size()));
  return trimmed(text.substr(0, text.rfind(fence)));
}

[[noreturn]] void refuse(std::string_view expected, std::string_view got) {
  throw DialectError(ReplyFault::malformed, "expected " + std::string(expected) + ", got " + quoted_beginning(got));
}

std::vector<Call> calls_in_list(std::string_view text) {
  std::vector<Call> calls;
  size_t at = 1;
  for (;;) {
    PythonCall call = read_python_call(text, at);
    if (!call.nested.empty()) refuse("arguments that are values", call.call.text);
    calls.push_back(std::move(call.call));
    skip_spaces(text, at);
    if (at >= text.size()) throw DialectError(ReplyFault::truncated, "the reply ends inside a list of calls");
    const char next = text[at++];
    if (next == ']') break;
    if (next != ',') refuse("',' or ']'", text.substr(at - 1));
  }
  if (!trimmed(text.substr(at)).empty()) refuse("nothing behind the calls", text.substr(at));
  return calls;
}

std::vector<Call> calls_as_objects(std::string_view text) {
  std::vector<Call> calls;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    Call call = call_of_json(read_json(text, {}, at));
    call.text = text.substr(begin, at - begin);
    calls.push_back(std::move(call));
    skip_spaces(text, at);
    if (at < text.size() && text[at] == ';') skip_spaces(text, ++at);
    if (at < text.size() && text[at] != '{') refuse("nothing behind the call", text.substr(at));
  }
  return calls;
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view text = bare(before_invented_turns(reply, ends));
  size_t inside = 1;
  skip_spaces(text, inside);
  const bool list = text.starts_with('[') && !identifier_at(text, inside).empty();
  if (!list && !text.starts_with('{')) refuse_without_call(text);
  const PointMap map(sizes, absolute_points);
  std::vector<Action> actions;
  for (const Call& call : list ? calls_in_list(text) : calls_as_objects(text))
    append(actions, canonical_actions(call, map));
  return actions;
}

int matches(const ModelInfo& info) {
  if (info.architecture == "mllama") return fits_family;
  return 0;
}

DialectPrompt prompt(const DialectInput& input) {
  const Image& frame = last_frame(input);
  DialectPrompt result;
  const std::string points =
      fmt::format("Coordinates are pixels of the picture, which is {} wide and {} high.", frame.width, frame.height);
  result.messages = canonical_messages(input, {.system = canonical_instructions(points)});
  result.tools = canonical_tools({.width = frame.width, .height = frame.height});
  result.grammar = json_tool_grammar(canonical_tools({.width = frame.width - 1, .height = frame.height - 1}),
                                     {.arguments = "parameters", .thinks = false});
  result.max_tokens = 1'024;
  return result;
}

}  // namespace

extern const Dialect dialect_llama3 = {
    .name = "llama3",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .sampling = Sampling{.temperature = 0},
};

}  // namespace deskhand
