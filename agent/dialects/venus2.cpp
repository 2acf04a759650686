// UI-Venus-2: one Python call in <action> tags, points from 0 to 999.

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "agent/dialect.h"
#include "agent/grammar/line_grammar.h"
#include "agent/prompt/history.h"
#include "agent/prompt/model_name.h"
#include "agent/prompt/protocol.h"
#include "agent/reply/acting.h"
#include "agent/reply/error.h"
#include "agent/reply/keys.h"
#include "agent/reply/literal.h"
#include "agent/reply/python_calls.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr PointRule points{999, 999};
constexpr std::string_view opener = "<action>", closer = "</action>";
constexpr std::array<std::string_view, 1> openers = {opener};
constexpr double wait_seconds = 1, most_repeats = 128;
constexpr size_t most_keys = 128, most_in_sequence = 32;

struct Venus {
  const Call& call;
  const PointMap& map;
  ActionList& out;

  template <class... Names>
  Arguments arguments(Names... names) const {
    const std::array<std::string_view, sizeof...(Names)> declared = {names...};
    return Arguments(call, declared);
  }

  std::vector<std::string> keys(const Arguments& a) const {
    std::vector<std::string> names = key_names(a.value("keys"), "keys");
    if (names.size() > most_keys) a.refuse("keys", fmt::format("at most {} keys", most_keys));
    return names;
  }

  void click(const char* name) const { out.at(name, arguments("box").point("box", map)); }
  void left() const { click("left_click"); }
  void twice() const { click("double_click"); }
  void thrice() const { click("triple_click"); }
  void right() const { click("right_click"); }
  void middle() const { click("middle_click"); }
  void hover() const { out.at("mouse_move", arguments("box").required_point("box", map)); }

  void drag() const {
    const Arguments a = arguments("end", "start");
    const json end = a.required_point("end", map);
    const std::optional<json> start = a.point("start", map);
    if (!start) return out.drag_from_pointer(end);
    out.add("left_click_drag", {{"start_coordinate", *start}, {"coordinate", end}});
  }

  void swipe() const {
    static constexpr std::array<std::string_view, 2> axes = {"vertical", "horizontal"};
    const Arguments a = arguments("amount", "axis");
    const std::string axis = a.word("axis", "vertical");
    if (!is_one_of(axis, axes)) a.refuse("axis", listed(axes));
    out.scroll(a.number("amount"), axis == "horizontal");
  }

  void type() const { out.type(arguments("content").text("content")); }

  void hotkey() const {
    const Arguments a = arguments("keys", "repeat");
    const double repeat = a.number("repeat", 1);
    if (repeat > most_repeats) a.refuse("repeat", fmt::format("1 to {}", most_repeats));
    out.keys(keys(a), repeat);
  }

  void key_down() const { out.hold(keys(arguments("keys"))); }
  void key_up() const {
    for (const std::string& name : keys(arguments("keys"))) out.add("key_up", {{"text", name}});
  }

  void button(const char* name) const {
    if (const auto point = arguments("box").point("box", map)) out.at("mouse_move", point);
    out.add(name);
  }
  void mouse_down() const { button("left_mouse_down"); }
  void mouse_up() const { button("left_mouse_up"); }

  void wait() const {
    Arguments(call, {});
    out.wait(wait_seconds);
  }
  void call_user() const { out.add("ask_user", {{"question", arguments("content").text("content", "")}}); }
  void finished() const { out.done(arguments("content").text("content", ""), true); }
};

struct Verb {
  std::string_view name;
  void (Venus::*act)() const;
  bool ends_turn = false;
};

constexpr Verb verbs[] = {{"Click", &Venus::left},
                          {"DoubleClick", &Venus::twice},
                          {"TripleClick", &Venus::thrice},
                          {"RightClick", &Venus::right},
                          {"MiddleClick", &Venus::middle},
                          {"Hover", &Venus::hover},
                          {"Drag", &Venus::drag},
                          {"Swipe", &Venus::swipe},
                          {"Type", &Venus::type},
                          {"Hotkey", &Venus::hotkey},
                          {"KeyDown", &Venus::key_down},
                          {"KeyUp", &Venus::key_up},
                          {"MouseDown", &Venus::mouse_down},
                          {"MouseUp", &Venus::mouse_up},
                          {"Wait", &Venus::wait},
                          {"CallUser", &Venus::call_user, true},
                          {"Finished", &Venus::finished, true}};

constexpr std::string_view sequence = "Sequence";

const Verb* verb_named(std::string_view name) {
  for (const Verb& verb : verbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

[[noreturn]] void refuse(const std::string& what) {
  throw DialectError(ReplyFault::malformed, what);
}

std::vector<Action> acts(const PythonCall& call, const PointMap& map) {
  const Verb* verb = verb_named(call.call.name);
  if (!verb)
    throw DialectError(ReplyFault::unknown_action, fmt::format("{} is no action", quoted_beginning(call.call.name)));
  if (!call.nested.empty())
    throw DialectError(ReplyFault::bad_args, fmt::format("{} takes no actions", call.call.name));
  ActionList out(call.call);
  (Venus{call.call, map, out}.*verb->act)();
  return out.take();
}

std::vector<Action> acts_in_sequence(const PythonCall& call, const PointMap& map) {
  if (call.nested.size() != 1 || call.nested[0].first != "actions" || call.call.arguments.size() != 1)
    throw DialectError(ReplyFault::bad_args, "Sequence: expected actions=[…] and nothing else");
  const std::vector<PythonCall>& steps = call.nested[0].second;
  if (steps.size() > most_in_sequence) refuse(fmt::format("Sequence has {} actions, at most 32", steps.size()));
  std::vector<Action> all;
  for (const PythonCall& step : steps) {
    if (step.call.name == sequence) refuse("a Sequence stands in a Sequence");
    const Verb* verb = verb_named(step.call.name);
    if (verb && verb->ends_turn && &step != &steps.back())
      refuse(fmt::format("{} is not the last action of its Sequence", verb->name));
    std::vector<Action> more = acts(step, map);
    append(all, std::move(more));
  }
  return all;
}

/// Name(content='…') whose text holds the quotes that it stands in.
PythonCall lone_text(std::string_view block) {
  const std::string_view name = identifier_at(block, 0);
  constexpr std::string_view argument = "(content=";
  std::string_view rest = block.substr(name.size());
  if (!verb_named(name) || !rest.starts_with(argument)) refuse("expected one action, got " + quoted_beginning(block));
  rest.remove_prefix(argument.size());
  const char quote = rest.empty() ? '\0' : rest.front();
  const std::string end = {quote, ')'};
  if ((quote != '\'' && quote != '"') || rest.size() < 3 || !rest.ends_with(end))
    refuse("expected one action, got " + quoted_beginning(block));
  std::string literal(1, quote);
  for (size_t i = 1; i + 2 < rest.size(); ++i) {
    if (rest[i] == quote) literal += '\\';
    literal += rest[i];
    if (rest[i] == '\\' && i + 3 < rest.size()) literal += rest[++i];
  }
  literal += quote;
  size_t at = 0;
  PythonCall result;
  result.call = {
      .name = std::string(name), .arguments = {{"content", read_python(literal, at)}}, .text = std::string(block)};
  return result;
}

PythonCall call_in_block(std::string_view content, size_t begin) {
  size_t at = begin;
  const size_t end = content.rfind(closer);
  const bool closed = end != std::string_view::npos && end >= begin;
  try {
    PythonCall call = read_python_call(content, at);
    skip_spaces(content, at);
    const std::string_view rest = content.substr(at);
    if (!rest.empty() && !rest.starts_with(closer) && !closer.starts_with(rest))
      refuse("expected </action> behind the action, got " + quoted_beginning(rest));
    if (rest.find(opener) != std::string_view::npos)
      throw DialectError(ReplyFault::ambiguous, "expected one action, got two <action> blocks");
    return call;
  } catch (const DialectError& error) {
    if (error.fault() != ReplyFault::malformed || !closed) throw;
    return lone_text(trimmed(content.substr(begin, end - begin)));
  }
}

std::vector<Action> parse(std::string_view reply, const ViewSizes& sizes) {
  const std::string_view content = behind_thought(reply, openers);
  const size_t tag = content.find(opener);
  size_t begin = tag == std::string_view::npos ? 0 : tag + opener.size();
  skip_spaces(content, begin);
  const std::string_view name = identifier_at(content, begin);
  const bool is_call = content.substr(begin + name.size()).starts_with('(');
  if (tag == std::string_view::npos && (!is_call || !(verb_named(name) || name == sequence)))
    throw DialectError(ReplyFault::no_action, "expected an action in <action> tags, got " + quoted_beginning(content));
  const PythonCall call = call_in_block(content, begin);
  const PointMap map(sizes, points);
  return call.call.name == sequence ? acts_in_sequence(call, map) : acts(call, map);
}

int matches(const ModelInfo& info) {
  if (is_named(info, {"venus2"})) return fits_name;
  return 0;
}

/// Thought and action in the form that it was trained on.
std::string written_again(std::string_view reply) {
  const size_t thought_end = reply.find("</think>");
  std::string_view thought = thought_end == std::string_view::npos ? std::string_view() : reply.substr(0, thought_end);
  if (const size_t begin = thought.find("<think>"); begin != std::string_view::npos) thought.remove_prefix(begin + 7);
  const size_t tag = reply.find(opener, thought_end == std::string_view::npos ? 0 : thought_end);
  std::string_view action = reply.substr(tag == std::string_view::npos ? reply.size() : tag + opener.size());
  action = action.substr(0, action.rfind(closer));
  return fmt::format("<think>{}</think>\n<action>{}</action>", trimmed(thought), trimmed(action));
}

/// The newest picture is called by another name than the older ones, so the last message changes with every step.
/// Replies that could not be read leave no trace.
DialectPrompt prompt(const DialectInput& input) {
  constexpr HistoryRule pictures{.keep = 3, .block = 2};
  const std::string system =
      filled(protocol_text("venus2_system"), {{"{sudo_password}", "unknown"}, {"{user_task}", input.goal}});
  std::vector<const Turn*> turns;
  for (const Turn& turn : input.turns)
    if (turn.readable || &turn == &input.turns.back()) turns.push_back(&turn);
  const size_t shown_from = dropped(turns.size(), pictures);
  DialectPrompt result;
  result.messages = {{Message::Role::system, system}};
  for (size_t i = 0; i < turns.size(); ++i) {
    const bool last = i + 1 == turns.size();
    if (i < shown_from)
      result.messages.push_back({Message::Role::user, std::string()});
    else
      result.messages.push_back(
          user_turn(last ? "Current Screenshot:\n" : "History Screenshot:\n", turns[i]->frame, {}));
    if (!last) result.messages.push_back({Message::Role::assistant, written_again(turns[i]->reply)});
  }
  static const std::shared_ptr<const Grammar> grammar = action_tag_grammar();
  result.grammar = grammar;
  result.max_tokens = 4'096;
  return result;
}

}  // namespace

extern const Dialect dialect_venus2 = {
    .name = "venus2",
    .matches = matches,
    .prompt = prompt,
    .parse = parse,
    .sees = true,
    .frame = {.factor = 32},
    .sampling = Sampling{.temperature = 0, .top_p = 0.7f},
    .thinking = true,
};

}  // namespace deskhand
