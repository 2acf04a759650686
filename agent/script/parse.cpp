#include "agent/script/parse.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "agent/dialect.h"
#include "agent/script/text.h"
#include "core/tokenizer/utf8.h"

namespace deskhand::script {
namespace {

struct Call {
  std::string_view word;
  std::string_view tool;
  std::array<std::string_view, 2> arguments;  ///< empty: none
};

constexpr std::array<Call, 7> calls = {{
    {"click", "click_element", {"name", ""}},
    {"check", "check", {"name", ""}},
    {"uncheck", "uncheck", {"name", ""}},
    {"fill", "fill", {"name", "text"}},
    {"type", "type", {"text", ""}},
    {"key", "key", {"text", ""}},
    {"done", "done", {"answer", ""}},
}};

/// Reads one line from left to right; every step says whether it succeeded.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view word() {
    skip_blanks();
    size_t size = 0;
    while (size < rest_.size() && (rest_[size] == '_' || (rest_[size] >= 'a' && rest_[size] <= 'z'))) ++size;
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string text;
    for (size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) {
        const char next = rest_[++i];
        text += next == 'n' ? '\n' : next == 't' ? '\t' : next;
      } else {
        text += rest_[i];
      }
    }
    return std::nullopt;
  }
  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\r'))
      rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

std::optional<Action> parse_line(std::string_view line) {
  LineReader reader(line);
  const std::string_view word = reader.word();
  for (const Call& call : calls) {
    if (call.word != word) continue;
    if (!reader.take('(')) return std::nullopt;
    Action action;
    action.name = call.tool;
    for (size_t i = 0; i < call.arguments.size() && !call.arguments[i].empty(); ++i) {
      if (i > 0 && !reader.take(',')) return std::nullopt;
      std::optional<std::string> value = reader.string();
      if (!value) return std::nullopt;
      action.input[std::string(call.arguments[i])] = std::move(*value);
    }
    if (!reader.take(')') || !reader.at_end()) return std::nullopt;
    action.text = write(action);
    return action;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Action> parse(std::string_view reply) {
  std::vector<Action> actions;
  for (size_t begin = 0; begin < reply.size();) {
    const size_t end = std::min(reply.find('\n', begin), reply.size());
    const std::string_view line = reply.substr(begin, end - begin);
    begin = end + 1;
    if (LineReader(line).at_end()) continue;
    std::optional<Action> action = parse_line(line);
    if (!action && end == reply.size() && !actions.empty()) break;  // it breaks off
    if (!action)
      throw DialectError(ReplyFault::malformed,
                         fmt::format("expected a call such as click(\"NAME\"), got: {}", shortened(line, 80)));
    actions.push_back(std::move(*action));
    if (actions.back().name == "done") break;
  }
  if (actions.empty())
    throw DialectError(ReplyFault::no_action, "expected a call such as click(\"NAME\"), got nothing");
  return actions;
}

std::string write(const Action& action) {
  for (const Call& call : calls) {
    if (call.tool != action.name) continue;
    std::string text = std::string(call.word) + "(";
    for (size_t i = 0; i < call.arguments.size() && !call.arguments[i].empty(); ++i) {
      const auto found = action.input.find(std::string(call.arguments[i]));
      const bool given = found != action.input.end() && found->is_string();
      text += (i > 0 ? ", " : "") + quote(given ? found->get_ref<const std::string&>() : std::string());
    }
    return text + ")";
  }
  return {};
}

}  // namespace deskhand::script
