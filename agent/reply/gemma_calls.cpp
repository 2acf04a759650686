#include "agent/reply/gemma_calls.h"

#include <fmt/format.h>

#include <array>

#include "agent/reply/error.h"
#include "agent/reply/literal.h"
#include "agent/reply/python_calls.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr std::string_view opener = "<|tool_call>", closer = "<tool_call|>", quote = "<|\"|>", begins = "call:";
constexpr std::string_view channel_opener = "<|channel>", channel_closer = "<channel|>";
constexpr std::array<std::string_view, 2> turns = {"<|tool_response>", "<turn|>"};
constexpr int deepest = 64;

class GemmaReader {
 public:
  explicit GemmaReader(std::string_view text) : text_(text) {}

  std::vector<Call> calls() {
    std::vector<Call> calls;
    const bool tokens = text_.find(opener) != std::string_view::npos;
    if (!tokens) skip_spaces(text_, at_);
    while (tokens ? find_token() : at_ < text_.size() && next_is(begins)) {
      calls.push_back(call());
      take(closer);
      if (!tokens) skip_spaces(text_, at_);
    }
    if (tokens) return calls;
    if (at_ < text_.size() && (!calls.empty() || has_call_in_prose()))
      throw DialectError(ReplyFault::malformed,
                         fmt::format("expected calls and nothing else, got {}", quoted_beginning(text_.substr(at_))));
    if (calls.empty())
      throw DialectError(ReplyFault::no_action, fmt::format("expected a call, got {}", quoted_beginning(text_)));
    return calls;
  }

 private:
  bool next_is(std::string_view mark) const { return text_.substr(at_).starts_with(mark); }

  bool take(std::string_view mark) {
    if (!next_is(mark)) return false;
    at_ += mark.size();
    return true;
  }

  bool find_token() {
    const size_t token = text_.find(opener, at_);
    if (token == std::string_view::npos) return false;
    at_ = token + opener.size();
    return true;
  }

  bool has_call_in_prose() const {
    for (size_t at = text_.find(begins); at != std::string_view::npos; at = text_.find(begins, at + 1)) {
      const std::string_view name = identifier_at(text_, at + begins.size());
      if (!name.empty() && text_.substr(at + begins.size() + name.size()).starts_with('{')) return true;
    }
    return false;
  }

  [[noreturn]] void refuse(std::string_view expected) const {
    const std::string_view rest = text_.substr(std::min(at_, text_.size()));
    if (rest.empty() || quote.starts_with(rest))
      throw DialectError(ReplyFault::truncated, "the reply ends inside a call");
    throw DialectError(ReplyFault::malformed, fmt::format("expected {}, got {}", expected, quoted_beginning(rest)));
  }

  Call call() {
    const size_t begin = at_;
    if (!take(begins)) {
      if (begins.starts_with(text_.substr(at_))) at_ = text_.size();
      refuse("call:NAME{…}");
    }
    Call call{.name = std::string(identifier_at(text_, at_))};
    if (call.name.empty()) refuse("the name of a tool");
    at_ += call.name.size();
    if (!next_is("{")) refuse("'{'");
    call.arguments = map(0);
    call.text = text_.substr(begin, at_ - begin);
    return call;
  }

  json map(int depth) {
    json members = json::object();
    ++at_;
    for (bool first = true; !closes('}'); first = false) {
      if (!first && !take(",")) refuse("',' or '}'");
      skip_spaces(text_, at_);
      const std::string key = name();
      skip_spaces(text_, at_);
      if (!take(":")) refuse("':'");
      json member = value(depth + 1);
      if (members.contains(key)) throw DialectError(ReplyFault::ambiguous, fmt::format("{} is given twice", key));
      members.emplace(key, std::move(member));
    }
    return members;
  }

  std::string name() {
    if (next_is("\"") || next_is(quote)) return text();
    const std::string_view name = identifier_at(text_, at_);
    if (name.empty()) refuse("the name of an argument");
    at_ += name.size();
    return std::string(name);
  }

  json list(int depth) {
    json items = json::array();
    ++at_;
    for (bool first = true; !closes(']'); first = false) {
      if (!first && !take(",")) refuse("',' or ']'");
      items.push_back(value(depth + 1));
    }
    return items;
  }

  bool closes(char c) {
    skip_spaces(text_, at_);
    return take({&c, 1});
  }

  json value(int depth) {
    if (depth > deepest) refuse("fewer values within values");
    skip_spaces(text_, at_);
    if (next_is("{")) return map(depth);
    if (next_is("[")) return list(depth);
    if (next_is("\"") || next_is(quote)) return text();
    return bare();
  }

  std::string text() {
    if (next_is("\"")) return read_json(text_, {}, at_);
    at_ += quote.size();
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) {
      at_ = text_.size();
      refuse("the end of a string");
    }
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + quote.size();
    return std::string(inside);
  }

  /// A number, a word, or a text whose tokens were stripped.
  json bare() {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+=:/-";
    const size_t end = std::min(text_.find_first_not_of(plain, at_), text_.size());
    const std::string_view written = text_.substr(at_, end - at_);
    if (written.empty()) refuse("a value");
    at_ = end;
    if (written == "true" || written == "false") return written == "true";
    if (written == "null") return nullptr;
    const std::optional<json> number = whole_number(written) ? whole_value(written) : std::nullopt;
    return number ? *number : json(std::string(written));
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::vector<Call> gemma_calls(std::string_view reply) {
  std::string_view content = before_invented_turns(reply, turns);
  const size_t channel = content.find(channel_opener), end = content.find(channel_closer);
  if (end != std::string_view::npos)
    content.remove_prefix(end + channel_closer.size());
  else if (channel != std::string_view::npos)
    throw DialectError(ReplyFault::truncated, "the reply ends inside its thought, before any action");
  return GemmaReader(content).calls();
}

}  // namespace deskhand
