#include "agent/reply/tagged_calls.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/reply/error.h"
#include "agent/reply/literal.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr std::string_view call_opener = "<tool_call>", call_closer = "</tool_call>";
constexpr std::string_view function_opener = "<function=", function_closer = "</function>";
constexpr std::string_view parameter_opener = "<parameter=", parameter_closer = "</parameter>";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

constexpr size_t most_calls = 64;

[[noreturn]] void break_off(std::string_view where) {
  throw DialectError(ReplyFault::truncated, fmt::format("the reply ends inside {}", where));
}

class CallReader {
 public:
  CallReader(std::string_view text, const TaggedCallStyle& style) : text_(text), style_(style) {}

  std::vector<Call> read() {
    std::vector<Call> calls;
    while (!(style_.only_first && !calls.empty()) && find_call(calls.empty())) {
      if (calls.size() == most_calls)
        throw DialectError(ReplyFault::malformed, fmt::format("the reply has more than {} calls", most_calls));
      calls.push_back(call());
    }
    if (calls.empty() && ends_inside(trimmed(text_), tagged_openers)) break_off("the tag that opens a call");
    return calls;
  }

 private:
  bool next_is(std::string_view mark) const { return text_.substr(at_).starts_with(mark); }

  bool take(std::string_view mark) {
    if (!next_is(mark)) return false;
    at_ += mark.size();
    return true;
  }

  void skip() { skip_spaces(text_, at_); }

  /// Goes to the next call. Its opening tag may have been lost on the way: then the object begins with its name.
  bool find_call(bool first) {
    const size_t tag = first_of(text_, tagged_openers, at_);
    skip();
    const size_t object = first ? first_object() : (is_call_object(at_) ? at_ : std::string_view::npos);
    const bool closed_before_tag = object < tag && text_.find(call_closer, object) < tag;
    if (object != std::string_view::npos && (tag == std::string_view::npos || closed_before_tag)) {
      at_ = object;
      return true;
    }
    at_ = std::min(tag, text_.size());
    return tag != std::string_view::npos;
  }

  /// An object that begins with "name".
  bool is_call_object(size_t at) const {
    if (!text_.substr(at).starts_with('{')) return false;
    skip_spaces(text_, ++at);
    const std::string_view rest = text_.substr(at);
    return rest.starts_with("\"name\"") || rest.starts_with("'name'");
  }

  size_t first_object() const {
    size_t brace = text_.find('{', at_);
    while (brace != std::string_view::npos && !is_call_object(brace)) brace = text_.find('{', brace + 1);
    return brace;
  }

  Call call() {
    const size_t begin = at_;
    const bool tagged = next_is(call_opener);
    while (take(call_opener)) skip();
    Call call;
    if (next_is(function_opener)) {
      call = function();
    } else if (next_is("{")) {
      call = call_of_json(read_json(text_, call_closer, at_));
      skip();
      if (!take(call_closer) && !tagged && !only_a_fence(text_.substr(at_)))
        throw DialectError(ReplyFault::malformed, fmt::format("expected nothing behind the call, got {}",
                                                              quoted_beginning(text_.substr(at_))));
    } else if (at_ >= text_.size() || function_opener.starts_with(text_.substr(at_))) {
      break_off("a call");
    } else {
      throw DialectError(ReplyFault::malformed,
                         fmt::format("expected a call in the tags, got {}", quoted_beginning(text_.substr(at_))));
    }
    call.text = trimmed(text_.substr(begin, at_ - begin));
    return call;
  }

  static bool only_a_fence(std::string_view text) {
    return text.find_first_not_of("` \r\n\t") == std::string_view::npos;
  }

  /// The name behind an opening tag, up to ">".
  std::string name(std::string_view what) {
    const size_t end = text_.find('>', at_);
    const std::string_view name = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
    if (name.find_first_not_of(name_characters) != std::string_view::npos || (name.empty() && end == at_))
      throw DialectError(ReplyFault::malformed,
                         fmt::format("expected the name of a {}, got {}", what, quoted_beginning(text_.substr(at_))));
    if (end == std::string_view::npos) break_off(fmt::format("the name of a {}", what));
    at_ = end + 1;
    return std::string(name);
  }

  Call function() {
    at_ += function_opener.size();
    Call call{.name = name("function")};
    for (;;) {
      skip();
      if (take(function_closer)) {
        skip();
        take(call_closer);
        return call;
      }
      if (take(call_closer)) return call;
      if (take(parameter_opener)) {
        parameter(call);
        continue;
      }
      const std::string_view rest = text_.substr(at_);
      for (const std::string_view mark : {function_closer, call_closer, parameter_opener})
        if (mark.starts_with(rest)) break_off("a call");
      throw DialectError(ReplyFault::malformed,
                         fmt::format("expected <parameter=…> or </function>, got {}", quoted_beginning(rest)));
    }
  }

  void parameter(Call& call) {
    std::string key = name("parameter");
    size_t next = at_;
    skip_spaces(text_, next);
    if (!is_one_of(key, style_.parameters) && opens_declared(next)) {
      at_ = next;  // a stray opener before the real one
      return;
    }
    if (call.arguments.contains(key))
      throw DialectError(ReplyFault::ambiguous, fmt::format("{}: {} is given twice", call.name, key));
    call.arguments[key] = std::string(value());
  }

  bool opens_declared(size_t at) const {
    std::string_view rest = text_.substr(at);
    if (!rest.starts_with(parameter_opener)) return false;
    rest.remove_prefix(parameter_opener.size());
    return std::any_of(style_.parameters.begin(), style_.parameters.end(), [&](std::string_view known) {
      return rest.starts_with(known) && rest.substr(known.size()).starts_with('>');
    });
  }

  bool ends_value(size_t closer) const {
    size_t next = closer + parameter_closer.size();
    skip_spaces(text_, next);
    const std::string_view rest = text_.substr(next);
    return rest.empty() || rest.starts_with(function_closer) || rest.starts_with(call_closer) || opens_declared(next);
  }

  std::string_view value() {
    size_t end = text_.find(parameter_closer, at_);
    while (end != std::string_view::npos && !ends_value(end)) end = text_.find(parameter_closer, end + 1);
    const bool closed = end != std::string_view::npos;
    if (!closed) end = std::min(text_.find(function_closer, at_), text_.find(call_closer, at_));
    if (end == std::string_view::npos) break_off("a parameter");
    std::string_view value = text_.substr(at_, end - at_);
    at_ = closed ? end + parameter_closer.size() : end;
    if (value.starts_with('\n')) value.remove_prefix(1);
    if (value.ends_with('\n')) value.remove_suffix(1);
    return value;
  }

  std::string_view text_;
  const TaggedCallStyle& style_;
  size_t at_ = 0;
};

}  // namespace

std::vector<Call> tagged_calls(std::string_view content, const TaggedCallStyle& style) {
  return CallReader(content, style).read();
}

Call call_of_json(const json& value) {
  const auto name = value.is_object() ? value.find("name") : value.end();
  if (!value.is_object() || name == value.end() || !name->is_string())
    throw DialectError(ReplyFault::malformed,
                       "expected an object with \"name\" and \"arguments\", got " +
                           quoted_beginning(value.dump(-1, ' ', false, json::error_handler_t::replace)));
  Call call{.name = name->get<std::string>()};
  const bool both = value.contains("arguments") && value.contains("parameters");
  if (both) throw DialectError(ReplyFault::ambiguous, call.name + " has both arguments and parameters");
  for (const auto& [key, member] : value.items()) {
    if (key == "name") continue;
    if (key != "arguments" && key != "parameters") {
      if (!value.contains("arguments") && !value.contains("parameters")) call.arguments[key] = member;
      continue;
    }
    std::optional<json> arguments = member.is_string() ? whole_value(member.get_ref<const std::string&>()) : member;
    if (!arguments || !arguments->is_object())
      throw DialectError(ReplyFault::malformed, fmt::format("{}: expected an object as the {}", call.name, key));
    call.arguments = std::move(*arguments);
  }
  return call;
}

}  // namespace deskhand
