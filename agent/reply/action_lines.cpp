#include "agent/reply/action_lines.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "agent/reply/acting.h"
#include "agent/reply/error.h"
#include "agent/reply/keys.h"
#include "agent/reply/literal.h"
#include "agent/reply/python_calls.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr std::string_view marker = "Action:";
constexpr std::array<std::string_view, 1> openers = {marker};
constexpr int64_t scroll_clicks = 5;
constexpr double wait_seconds = 5;

/// Spellings of arguments that mean the same.
constexpr std::pair<std::string_view, std::string_view> argument_names[] = {
    {"point", "start"},     {"start_point", "start"},  {"start_box", "start"}, {"box", "start"},
    {"end_point", "end"},   {"end_box", "end"},        {"key", "key"},         {"hotkey", "key"},
    {"content", "content"}, {"direction", "direction"}};
constexpr std::array<std::string_view, 5> declared = {"start", "end", "key", "content", "direction"};

// --- what a call does ---

/// Bytes of the tag that the text begins with, 0 for none.
size_t tag_at(std::string_view text) {
  for (const std::string_view tag : {"<point>", "</point>", "<|box_start|>", "<|box_end|>", "<bbox>", "</bbox>"})
    if (text.starts_with(tag)) return tag.size();
  return 0;
}

/// A point, or the middle of a box, in any of the notations.
std::optional<json> place(const Arguments& a, std::string_view name, const PointMap& map) {
  if (!a.has(name)) return std::nullopt;
  const std::string said = a.text(name);
  std::string text;
  for (size_t at = 0; at < said.size();) {
    const size_t tag = tag_at(std::string_view(said).substr(at));
    text += tag > 0 ? ' ' : said[at];
    at += std::max<size_t>(tag, 1);
  }
  const std::vector<double> n = numbers_in(json(std::move(text)));
  if (n.size() == 2) return map.point(n[0], n[1]);
  if (n.size() == 4) return map.center(n[0], n[1], n[2], n[3]);
  a.refuse(name, "a point of two numbers or a box of four");
}

json required_place(const Arguments& a, std::string_view name, const PointMap& map) {
  const std::optional<json> found = place(a, name, map);
  if (!found) a.refuse(name, "a point");
  return *found;
}

template <const char* action>
void point_at(const Arguments& a, const PointMap& map, ActionList& out) {
  out.at(action, required_place(a, "start", map));
}

void drag(const Arguments& a, const PointMap& map, ActionList& out) {
  const json start = required_place(a, "start", map);
  out.add("left_click_drag", {{"start_coordinate", start}, {"coordinate", required_place(a, "end", map)}});
}

std::vector<std::string> named_keys(const Arguments& a) {
  return key_names(a.value("key"), "key", KeySeparator::plus_or_space);
}

void hotkey(const Arguments& a, const PointMap&, ActionList& out) {
  out.keys(named_keys(a));
}

void press(const Arguments& a, const PointMap&, ActionList& out) {
  out.hold(named_keys(a));
}

void release(const Arguments& a, const PointMap&, ActionList& out) {
  out.release(named_keys(a));
}

void type(const Arguments& a, const PointMap&, ActionList& out) {
  out.type(a.text("content"));
}

void scroll(const Arguments& a, const PointMap& map, ActionList& out) {
  static constexpr std::array<std::string_view, 4> directions = {"up", "down", "left", "right"};
  const std::string direction = a.word("direction");
  if (!is_one_of(direction, directions)) a.refuse("direction", listed(directions));
  out.turn_wheel(direction, scroll_clicks, place(a, "start", map));
}

void wait(const Arguments&, const PointMap&, ActionList& out) {
  out.wait(wait_seconds);
}

void finished(const Arguments& a, const PointMap&, ActionList& out) {
  out.done(a.text("content", ""), true);
}

void call_user(const Arguments& a, const PointMap&, ActionList& out) {
  out.add("ask_user", {{"question", a.text("content", "")}});
}

constexpr char left[] = "left_click", right[] = "right_click", twice[] = "double_click", move[] = "mouse_move";

struct Verb {
  std::string_view name;
  void (*act)(const Arguments&, const PointMap&, ActionList&);
  bool holds_text = false;  ///< its content may hold anything
};

constexpr Verb verbs[] = {{"click", point_at<left>},
                          {"left_single", point_at<left>},
                          {"left_double", point_at<twice>},
                          {"right_single", point_at<right>},
                          {"hover", point_at<move>},
                          {"drag", drag},
                          {"select", drag},
                          {"hotkey", hotkey},
                          {"press", press},
                          {"keydown", press},
                          {"release", release},
                          {"keyup", release},
                          {"type", type, true},
                          {"scroll", scroll},
                          {"wait", wait},
                          {"finished", finished, true},
                          {"call_user", call_user, true}};

const Verb* verb_at(std::string_view text, size_t at) {
  const std::string_view name = identifier_at(text, at);
  if (!text.substr(std::min(text.size(), at + name.size())).starts_with('(')) return nullptr;
  for (const Verb& verb : verbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

// --- reading ---

struct ReadCall {
  const Verb* verb;
  Call call;
};

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  std::vector<ReadCall> calls() {
    find_first();
    std::vector<ReadCall> calls;
    do {
      calls.push_back(call());
    } while (find_next());
    return calls;
  }

 private:
  /// Behind "Action:" and spaces, if it stands at `at`.
  size_t behind_marker(size_t at) const {
    if (text_.substr(at).starts_with(marker)) at += marker.size();
    skip_spaces(text_, at);
    return at;
  }

  void find_first() {
    std::string unknown;
    size_t bare = std::string_view::npos;
    for (size_t begin = 0; begin < text_.size(); begin = std::min(text_.find('\n', begin), text_.size())) {
      skip_spaces(text_, begin);
      if (begin >= text_.size()) break;
      const size_t verb = behind_marker(begin);
      const bool marked = verb > begin;
      if (verb_at(text_, verb) && (marked || bare == std::string_view::npos)) {
        at_ = verb;
        if (marked) return;
        bare = verb;
      } else if (marked && unknown.empty()) {
        const std::string_view name = identifier_at(text_, verb);
        if (!name.empty() && verb + name.size() >= text_.size())
          throw DialectError(ReplyFault::truncated, "the reply ends inside the name of an action");
        if (text_.substr(verb + name.size()).starts_with('(')) unknown = name;
      }
    }
    if (bare != std::string_view::npos) return;
    if (!unknown.empty())
      throw DialectError(ReplyFault::unknown_action, fmt::format("{} is no action", quoted_beginning(unknown)));
    throw DialectError(ReplyFault::no_action,
                       fmt::format("expected a line such as \"Action: wait()\", got {}", quoted_beginning(text_)));
  }

  bool find_next() {
    skip_spaces(text_, at_);
    const size_t verb = behind_marker(at_);
    if (!verb_at(text_, verb)) {
      const std::string_view name = identifier_at(text_, verb);
      if (!name.empty() && text_.substr(verb + name.size()).starts_with('('))
        throw DialectError(ReplyFault::unknown_action, fmt::format("{} is no action", quoted_beginning(name)));
      return false;
    }
    at_ = verb;
    return true;
  }

  [[noreturn]] void refuse(std::string_view expected) const {
    if (at_ >= text_.size()) throw DialectError(ReplyFault::truncated, "the reply ends inside an action");
    throw DialectError(ReplyFault::malformed,
                       fmt::format("expected {}, got {}", expected, quoted_beginning(text_.substr(at_))));
  }

  bool take(char c) {
    skip_spaces(text_, at_);
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  ReadCall call() {
    const size_t begin = at_;
    ReadCall read{.verb = verb_at(text_, at_), .call = {}};
    read.call.name = read.verb->name;
    at_ += read.verb->name.size() + 1;
    for (bool first = true; !take(')'); first = false) {
      skip_spaces(text_, at_);
      if (!first && at_ >= text_.size() && !read.verb->holds_text) break;  // only the last parenthesis is missing
      if (!first && !take(',')) refuse("',' or ')'");
      argument(read);
    }
    read.call.text = text_.substr(begin, at_ - begin);
    return read;
  }

  void argument(ReadCall& read) {
    skip_spaces(text_, at_);
    const std::string_view key = identifier_at(text_, at_);
    at_ += key.size();
    if (!take('=')) refuse("an argument as name='value'");
    skip_spaces(text_, at_);
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) refuse("a value in quotes");
    std::string name(key);
    for (const auto& [said, meant] : argument_names)
      if (said == key) name = meant;
    if (read.call.arguments.contains(name))
      throw DialectError(ReplyFault::ambiguous, fmt::format("{}: {} is given twice", read.call.name, name));
    read.call.arguments[name] = read.verb->holds_text && name == "content" ? long_text() : short_text();
  }

  bool is_escaped(size_t at) const {
    size_t backslashes = 0;
    while (backslashes < at && text_[at - backslashes - 1] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  std::string short_text() {
    const char quote = text_[at_++];
    size_t end = text_.find(quote, at_);
    while (end != std::string_view::npos && is_escaped(end)) end = text_.find(quote, end + 1);
    return taken(end);
  }

  /// Up to the quote and parenthesis before the next call or the end, else up to the last ones.
  std::string long_text() {
    const char quote = text_[at_++];
    size_t last = std::string_view::npos;
    for (size_t end = text_.find(quote, at_); end != std::string_view::npos; end = text_.find(quote, end + 1)) {
      size_t next = end + 1;
      skip_spaces(text_, next);
      if (is_escaped(end) || next >= text_.size() || text_[next] != ')') continue;
      last = end;
      skip_spaces(text_, ++next);
      if (next >= text_.size() || verb_at(text_, behind_marker(next))) break;
    }
    return taken(last);
  }

  std::string taken(size_t end) {
    if (end == std::string_view::npos) at_ = text_.size();
    if (at_ >= text_.size()) refuse("the end of a text");
    const std::string_view written = text_.substr(at_, end - at_);
    at_ = end + 1;
    static constexpr std::string_view letters = "nt'\"\\", meanings = "\n\t'\"\\";
    std::string text;
    for (size_t i = 0; i < written.size(); ++i) {
      const size_t letter = written[i] == '\\' && i + 1 < written.size() ? letters.find(written[i + 1]) : letters.npos;
      text += letter == letters.npos ? written[i] : meanings[letter];
      if (letter != letters.npos) ++i;
    }
    return text;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::vector<Action> parse_action_lines(std::string_view reply, const ViewSizes& sizes, PointRule points) {
  const PointMap map(sizes, points);
  std::vector<Action> actions;
  for (const ReadCall& read : LineReader(behind_thought(reply, openers)).calls()) {
    ActionList more(read.call);
    read.verb->act(Arguments(read.call, declared), map, more);
    append(actions, more.take());
  }
  return actions;
}

}  // namespace deskhand
