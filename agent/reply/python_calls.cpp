#include "agent/reply/python_calls.h"

#include <fmt/format.h>

#include "agent/reply/error.h"
#include "agent/reply/literal.h"

namespace deskhand {
namespace {

constexpr int deepest = 4;

class PythonCallReader {
 public:
  PythonCallReader(std::string_view text, size_t at) : text_(text), at_(at) {}

  size_t at() const { return at_; }

  PythonCall call(int depth) {
    if (depth > deepest) refuse("calls are nested too deeply");
    skip_spaces(text_, at_);
    const size_t begin = at_;
    PythonCall result;
    result.call.name = identifier_at(text_, at_);
    if (result.call.name.empty()) refuse("the name of a call is missing");
    at_ += result.call.name.size();
    expect('(');
    for (bool first = true; !take(')'); first = false) {
      if (!first) expect(',');
      argument(result, depth);
    }
    result.call.text = text_.substr(begin, at_ - begin);
    return result;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    if (at_ >= text_.size())
      throw DialectError(ReplyFault::truncated, fmt::format("the reply ends inside a call: {}", what));
    throw DialectError(ReplyFault::malformed, fmt::format("{} at {}", what, quoted_beginning(text_.substr(at_))));
  }

  bool take(char c) {
    skip_spaces(text_, at_);
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!take(c)) refuse(fmt::format("'{}' is missing", c));
  }

  void argument(PythonCall& result, int depth) {
    skip_spaces(text_, at_);
    const std::string key(identifier_at(text_, at_));
    size_t behind = at_ + key.size();
    skip_spaces(text_, behind);
    if (behind >= text_.size()) {
      at_ = text_.size();
      refuse("an argument has no end");
    }
    if (key.empty() || text_[behind] != '=')
      throw DialectError(ReplyFault::bad_args, fmt::format("{}: expected arguments as name=value, got {}",
                                                           result.call.name, quoted_beginning(text_.substr(at_))));
    at_ = behind + 1;
    if (result.call.arguments.contains(key))
      throw DialectError(ReplyFault::ambiguous, fmt::format("{}: {} is given twice", result.call.name, key));
    if (!holds_calls()) {
      result.call.arguments[key] = read_python(text_, at_);
      return;
    }
    result.call.arguments[key] = nullptr;
    result.nested.emplace_back(key, calls(depth));
  }

  /// A list whose first item is a name with a parenthesis.
  bool holds_calls() const {
    size_t at = at_;
    skip_spaces(text_, at);
    if (at >= text_.size() || text_[at] != '[') return false;
    skip_spaces(text_, ++at);
    const std::string_view name = identifier_at(text_, at);
    return !name.empty() && text_.substr(at + name.size()).starts_with('(');
  }

  std::vector<PythonCall> calls(int depth) {
    std::vector<PythonCall> list;
    expect('[');
    for (bool first = true; !take(']'); first = false) {
      if (!first) expect(',');
      list.push_back(call(depth + 1));
    }
    return list;
  }

  std::string_view text_;
  size_t at_;
};

}  // namespace

std::string_view identifier_at(std::string_view text, size_t at) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  size_t end = at;
  while (end < text.size() && (letter(text[end]) || (end > at && text[end] >= '0' && text[end] <= '9'))) ++end;
  return text.substr(std::min(at, text.size()), end - at);
}

PythonCall read_python_call(std::string_view text, size_t& at) {
  PythonCallReader reader(text, at);
  PythonCall call = reader.call(0);
  at = reader.at();
  return call;
}

}  // namespace deskhand
