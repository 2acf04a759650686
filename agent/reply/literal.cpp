#include "agent/reply/literal.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <span>
#include <vector>

#include "agent/reply/error.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr int deepest = 64;
constexpr std::string_view spaces = " \t\r\n";

struct Leniency {
  bool python = false, raw_controls = false, missing_closers = false;
};

/// Thrown inside, where the text is not of the form that is tried.
struct NoLiteral {
  bool at_end = false;
  std::string what;
  size_t at = 0;
};

class LiteralReader {
 public:
  LiteralReader(std::string_view text, size_t at, Leniency leniency) : text_(text), at_(at), leniency_(leniency) {}

  json value(int depth = 0) {
    if (depth > deepest) fail("nested too deeply");
    skip_spaces(text_, at_);
    if (at_ >= text_.size()) fail("a value is missing");
    const char c = text_[at_];
    if (c == '{') return object(depth);
    if (c == '[') return list(depth, ']');
    if (c == '(' && leniency_.python) return list(depth, ')');
    if (c == '"' || (c == '\'' && leniency_.python)) return string();
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    return word();
  }

  size_t at() const { return at_; }

 private:
  [[noreturn]] void fail(std::string what) const { throw NoLiteral{at_ >= text_.size(), std::move(what), at_}; }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// The end of an object or a list, which may be missing at the end of the text.
  bool closes(char c) {
    skip_spaces(text_, at_);
    return take(c) || (leniency_.missing_closers && at_ >= text_.size());
  }

  json object(int depth) {
    json members = json::object();
    ++at_;
    for (bool first = true; !closes('}'); first = false) {
      if (!first) comma();
      skip_spaces(text_, at_);
      if (leniency_.python && !first && take('}')) break;
      if (at_ >= text_.size() || (text_[at_] != '"' && !(leniency_.python && text_[at_] == '\'')))
        fail("a name in quotes is missing");
      std::string name = string();
      skip_spaces(text_, at_);
      if (!take(':')) fail("a colon is missing");
      json member = value(depth + 1);
      if (members.contains(name))
        throw DialectError(ReplyFault::ambiguous, fmt::format("{} is given twice", quoted_beginning(name)));
      members.emplace(std::move(name), std::move(member));
    }
    return members;
  }

  json list(int depth, char closer) {
    json items = json::array();
    ++at_;
    for (bool first = true; !closes(closer); first = false) {
      if (!first) comma();
      if (leniency_.python && !first) {
        skip_spaces(text_, at_);
        if (take(closer)) break;
      }
      items.push_back(value(depth + 1));
    }
    return items;
  }

  void comma() {
    skip_spaces(text_, at_);
    if (!take(',')) fail("a comma is missing");
  }

  std::string string() {
    const char quote = text_[at_++];
    std::string out;
    while (!take(quote)) {
      if (at_ >= text_.size()) fail("a string has no end");
      const char c = text_[at_++];
      if (c == '\\')
        escape(out);
      else if (static_cast<unsigned char>(c) < ' ' && !leniency_.raw_controls)
        fail("a control character stands in a string");
      else
        out += c;
    }
    return out;
  }

  void escape(std::string& out) {
    if (at_ >= text_.size()) fail("a string has no end");
    const char c = text_[at_++];
    static constexpr std::string_view letters = "nrtbf\"\\/", meanings = "\n\r\t\b\f\"\\/";
    if (c == 'u') return append_utf8(out, unicode());
    if (leniency_.python && c == 'x') return append_utf8(out, hexadecimal(2));
    if (leniency_.python && c == 'U') return append_utf8(out, character(8));
    if (leniency_.python && (c == '\'' || c == '\n')) {
      if (c == '\'') out += c;
    } else if (const size_t letter = letters.find(c); letter != std::string_view::npos) {
      if (c == '/' && leniency_.python) out += '\\';
      out += meanings[letter];
    } else if (leniency_.python) {
      out += {'\\', c};
    } else {
      fail("an unknown escape stands in a string");
    }
  }

  uint32_t hexadecimal(size_t digits) {
    uint32_t code = 0;
    if (text_.size() - at_ < digits) {
      at_ = text_.size();
      fail("an escape has no end");
    }
    const char* end = text_.data() + at_ + digits;
    const auto read = std::from_chars(text_.data() + at_, end, code, 16);
    if (read.ptr != end) fail("an escape is not of hexadecimal digits");
    at_ += digits;
    return code;
  }

  uint32_t character(size_t digits) {
    const uint32_t code = hexadecimal(digits);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) fail("an escape is no character");
    return code;
  }

  uint32_t unicode() {
    const uint32_t first = hexadecimal(4);
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first > 0xdbff || !take('\\') || !take('u')) fail("half a surrogate pair stands in a string");
    const uint32_t second = hexadecimal(4);
    if (second < 0xdc00 || second > 0xdfff) fail("half a surrogate pair stands in a string");
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  json number() {
    const size_t begin = at_;
    while (at_ < text_.size() && std::string_view("+-.eE0123456789").find(text_[at_]) != std::string_view::npos) ++at_;
    const std::string_view written = text_.substr(begin, at_ - begin);
    const std::string_view digits = written.substr(written.starts_with('-') ? 1 : 0);
    if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') fail("a number begins with 0");
    int64_t whole = 0;
    const auto read = std::from_chars(written.data(), written.data() + written.size(), whole);
    if (read.ec == std::errc() && read.ptr == written.data() + written.size()) return whole;
    const std::optional<double> fraction = whole_number(written);
    if (!fraction) fail("not a number");
    return *fraction;
  }

  json word() {
    struct Word {
      std::string_view spelled;
      json value;
    };
    static const Word of_json[] = {{"true", true}, {"false", false}, {"null", nullptr}};
    static const Word of_python[] = {{"True", true}, {"False", false}, {"None", nullptr}};
    const std::string_view rest = text_.substr(at_);
    for (const Word& known : leniency_.python ? of_python : of_json) {
      if (!rest.starts_with(known.spelled.substr(0, rest.size()))) continue;
      at_ += std::min(known.spelled.size(), rest.size());
      if (rest.size() < known.spelled.size()) fail("a word has no end");
      return known.value;
    }
    fail("neither a string, a number, a list nor an object");
  }

  std::string_view text_;
  size_t at_;
  Leniency leniency_;
};

struct Attempt {
  std::string_view text;
  Leniency leniency;
};

[[noreturn]] void refuse(const NoLiteral& why, std::string_view text, size_t begin) {
  const std::string_view near = text.substr(std::min(std::max(begin, why.at), text.size()));
  if (why.at_end) throw DialectError(ReplyFault::truncated, fmt::format("the reply ends inside a call: {}", why.what));
  throw DialectError(ReplyFault::malformed,
                     fmt::format("the arguments are not JSON: {} at {}", why.what, quoted_beginning(near)));
}

json first_that_reads(std::span<const Attempt> attempts, bool end_was_seen, size_t& at) {
  std::optional<NoLiteral> first;
  bool at_end = false;
  for (const Attempt& attempt : attempts) {
    try {
      LiteralReader reader(attempt.text, at, attempt.leniency);
      json value = reader.value();
      at = reader.at();
      return value;
    } catch (const NoLiteral& why) {
      at_end = at_end || why.at_end;
      if (!first) first = why;
    }
  }
  first->at_end = at_end && !end_was_seen;
  refuse(*first, attempts.front().text, at);
}

}  // namespace

json read_json(std::string_view text, std::string_view closer, size_t& at) {
  const size_t end = closer.empty() ? std::string_view::npos : text.find(closer, at);
  const bool end_was_seen = end != std::string_view::npos;
  std::vector<Attempt> attempts = {{text, {}}, {text, {.raw_controls = true}}};
  if (end_was_seen) attempts.push_back({text.substr(0, end), {.raw_controls = true, .missing_closers = true}});
  attempts.push_back({text, {.python = true, .raw_controls = true}});
  return first_that_reads(attempts, end_was_seen, at);
}

json read_python(std::string_view text, size_t& at) {
  const Attempt attempt{text, {.python = true, .raw_controls = true}};
  return first_that_reads({&attempt, 1}, false, at);
}

std::optional<json> whole_value(std::string_view text) {
  const std::string_view inside = trimmed(text);
  for (const bool python : {false, true}) {
    try {
      LiteralReader reader(inside, 0, {.python = python, .raw_controls = true});
      json value = reader.value();
      if (reader.at() == inside.size()) return value;
    } catch (const NoLiteral&) {
      continue;
    }
  }
  return std::nullopt;
}

std::optional<double> whole_number(std::string_view text) {
  const std::string_view inside = trimmed(text);
  const size_t digit = inside.starts_with('-') ? 1 : 0;
  if (digit >= inside.size() || inside[digit] < '0' || inside[digit] > '9') return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(inside.data(), inside.data() + inside.size(), value);
  if (read.ec != std::errc() || read.ptr != inside.data() + inside.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

void skip_spaces(std::string_view text, size_t& at) {
  at = std::min(text.find_first_not_of(spaces, at), text.size());
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

}  // namespace deskhand
