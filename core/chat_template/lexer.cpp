#include "core/chat_template/lexer.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/chat_template/chat_template.h"
#include "core/chat_template/text_functions.h"
#include "core/tokenizer/utf8.h"

namespace deskhand::jinja {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// \r\n and \r become \n; one newline at the end goes.
std::string with_plain_newlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out.push_back('\n');
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out.push_back(source[i]);
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(with_plain_newlines(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const size_t begin = next_tag();
      if (begin == std::string::npos) {
        data(std::string_view(source_).substr(at_));
        move_to(source_.size());
        break;
      }
      tag(begin);
    }
    add(Token::Type::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw TemplateError(fmt::format("template line {}: {}", line_, message));
  }
  void add(Token::Type type, std::string text) { tokens_.push_back({type, std::move(text), line_}); }
  void data(std::string_view text) {
    if (!text.empty()) add(Token::Type::data, std::string(text));
  }
  std::string_view rest(size_t from) const { return std::string_view(source_).substr(std::min(from, source_.size())); }
  void move_to(size_t to) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
    at_ = to;
  }
  size_t after_space(size_t from) const {
    const std::string_view text = rest(from);
    return from + (text.size() - strip(text, {}, Side::left).size());
  }

  size_t next_tag() const {
    for (size_t at = source_.find('{', at_); at != std::string::npos; at = source_.find('{', at + 1)) {
      const char next = at + 1 < source_.size() ? source_[at + 1] : '\0';
      if (next == '%' || next == '{' || next == '#') return at;
    }
    return std::string::npos;
  }

  void tag(size_t begin) {
    const char kind = source_[begin + 1];
    const char sign = begin + 2 < source_.size() ? source_[begin + 2] : '\0';
    const bool has_sign = sign == '-' || sign == '+';
    data(before_tag(rest(at_).substr(0, begin - at_), sign, kind == '{'));
    move_to(begin);
    const size_t inside = begin + 2 + (has_sign ? 1 : 0);
    if (kind == '#') {
      comment(inside);
    } else if (kind == '{') {
      add(Token::Type::variable_begin, "");
      move_to(inside);
      expression(Token::Type::variable_end, "}}");
    } else if (const size_t body = raw_body(inside, "raw"); body != std::string::npos) {
      raw(body);
    } else {
      add(Token::Type::block_begin, "");
      move_to(inside);
      expression(Token::Type::block_end, "%}");
    }
    line_starts_ = at_ > 0 && source_[at_ - 1] == '\n';
  }

  /// The text before a tag, as its sign and lstrip_blocks want it.
  std::string_view before_tag(std::string_view text, char sign, bool is_variable) const {
    if (sign == '-') return strip(text, {}, Side::right);
    if (sign == '+' || is_variable) return text;
    const size_t newline = text.rfind('\n');
    const size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    if (start == 0 && !line_starts_) return text;
    return strip(text.substr(start), {}, Side::left).empty() ? text.substr(0, start) : text;
  }

  /// Where a tag ends that is closed at `close` (the position of "%}" or "#}"), its white space trimmed by `sign`.
  size_t after_close(size_t close, char sign) const {
    if (sign == '-') return after_space(close + 2);
    return sign != '+' && close + 2 < source_.size() && source_[close + 2] == '\n' ? close + 3 : close + 2;
  }

  void comment(size_t inside) {
    const size_t close = source_.find("#}", inside);
    if (close == std::string::npos) fail("Missing end of comment tag");
    move_to(after_close(close, close > inside ? source_[close - 1] : '\0'));
  }

  /// If `inside` begins the word and then closes the tag: where the text after it begins, else npos.
  size_t raw_body(size_t inside, std::string_view word) const {
    size_t at = after_space(inside);
    if (!rest(at).starts_with(word)) return std::string::npos;
    at = after_space(at + word.size());
    if (rest(at).starts_with("-%}")) return after_space(at + 3);
    return rest(at).starts_with("%}") ? at + 2 : std::string::npos;
  }

  void raw(size_t body) {
    move_to(body);
    for (size_t begin = source_.find("{%", at_); begin != std::string::npos; begin = source_.find("{%", begin + 1)) {
      const char sign = begin + 2 < source_.size() ? source_[begin + 2] : '\0';
      size_t at = after_space(begin + 2 + (sign == '-' || sign == '+' ? 1 : 0));
      if (!rest(at).starts_with("endraw")) continue;
      at = after_space(at + 6);
      const char end_sign = at < source_.size() ? source_[at] : '\0';
      const size_t close = end_sign == '-' || end_sign == '+' ? at + 1 : at;
      if (!rest(close).starts_with("%}")) continue;
      data(before_tag(rest(at_).substr(0, begin - at_), sign, false));
      move_to(after_close(close, end_sign));
      return;
    }
    fail("Missing end of raw directive");
  }

  void expression(Token::Type end_type, std::string_view close) {
    open_.clear();
    while (true) {
      move_to(after_space(at_));
      if (at_ >= source_.size()) fail("unexpected end of template");
      if (open_.empty() && ends_tag(end_type, close)) return;
      const char c = source_[at_];
      if (is_digit(c)) {
        number();
      } else if (begins_name(c)) {
        name();
      } else if (c == '\'' || c == '"') {
        text(c);
      } else {
        op();
      }
    }
  }

  bool ends_tag(Token::Type end_type, std::string_view close) {
    const char sign = source_[at_];
    const bool may_sign = sign == '-' || (sign == '+' && end_type == Token::Type::block_end);
    const size_t at = may_sign ? at_ + 1 : at_;
    if (!rest(at).starts_with(close)) return false;
    add(end_type, "");
    if (end_type == Token::Type::block_end) {
      move_to(after_close(at, may_sign ? sign : '\0'));
    } else {
      move_to(may_sign ? after_space(at + 2) : at + 2);
    }
    return true;
  }

  size_t digits(size_t at) const {
    while (at < source_.size() &&
           (is_digit(source_[at]) || (source_[at] == '_' && at + 1 < source_.size() && is_digit(source_[at + 1])))) {
      ++at;
    }
    return at;
  }

  void number() {
    const auto at = [&](size_t i) { return i < source_.size() ? source_[i] : '\0'; };
    size_t end = digits(at_);
    bool floating = false;
    if (at_ == 0 || source_[at_ - 1] != '.') {
      if (at(end) == '.' && is_digit(at(end + 1))) {
        end = digits(end + 1);
        floating = true;
      }
      const size_t exponent = end + (at(end + 1) == '+' || at(end + 1) == '-' ? 2 : 1);
      if ((at(end) == 'e' || at(end) == 'E') && is_digit(at(exponent))) {
        end = digits(exponent);
        floating = true;
      }
    }
    std::string spelled(source_, at_, end - at_);
    std::erase(spelled, '_');
    add(floating ? Token::Type::floating : Token::Type::integer, std::move(spelled));
    move_to(end);
  }

  void name() {
    size_t end = at_;
    while (end < source_.size() && (begins_name(source_[end]) || is_digit(source_[end]))) ++end;
    add(Token::Type::name, source_.substr(at_, end - at_));
    move_to(end);
  }

  void text(char quote) {
    std::string value;
    size_t at = at_ + 1;
    while (at < source_.size() && source_[at] != quote) {
      if (source_[at] == '\\' && at + 1 < source_.size()) {
        at = escape(at + 1, value);
      } else {
        value.push_back(source_[at++]);
      }
    }
    if (at >= source_.size()) fail("a string is not closed");
    add(Token::Type::text, std::move(value));
    move_to(at + 1);
  }

  /// The escape whose character after the backslash is at `at`; returns where it ends.
  size_t escape(size_t at, std::string& value) const {
    constexpr std::string_view names = "ntr\\'\"abfv", values = "\n\t\r\\'\"\a\b\f\v";
    const char c = source_[at];
    if (const size_t place = names.find(c); place != std::string_view::npos) {
      value.push_back(values[place]);
      return at + 1;
    }
    if (c == '\n') return at + 1;
    const size_t hex = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (hex > 0) return coded(at + 1, hex, 16, value);
    if (c >= '0' && c <= '7') {
      size_t count = 1;
      while (count < 3 && at + count < source_.size() && source_[at + count] >= '0' && source_[at + count] <= '7')
        ++count;
      return coded(at, count, 8, value);
    }
    value.push_back('\\');
    value.push_back(c);
    return at + 1;
  }

  size_t coded(size_t at, size_t count, uint32_t base, std::string& value) const {
    uint32_t code = 0;
    for (size_t i = at; i < at + count; ++i) {
      const char c = i < source_.size() ? source_[i] : '\0';
      const uint32_t digit = is_digit(c)              ? static_cast<uint32_t>(c - '0')
                             : (c >= 'a' && c <= 'f') ? static_cast<uint32_t>(c - 'a') + 10
                             : (c >= 'A' && c <= 'F') ? static_cast<uint32_t>(c - 'A') + 10
                                                      : 16;
      if (digit >= base) fail("a string holds a bad escape");
      code = code * base + digit;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("a string escapes a character that does not exist");
    append_utf8(value, code);
    return at + count;
  }

  void op() {
    constexpr std::string_view two[] = {"//", "**", "==", "!=", ">=", "<="};
    constexpr std::string_view one = "+-/*%~[](){}><=.:|,;";
    size_t length = one.find(source_[at_]) != std::string_view::npos ? 1 : 0;
    for (const std::string_view candidate : two) {
      if (rest(at_).starts_with(candidate)) length = 2;
    }
    if (length == 0) fail(fmt::format("unexpected char '{}'", source_[at_]));
    const std::string spelled = source_.substr(at_, length);
    if (spelled == "(" || spelled == "[" || spelled == "{") {
      open_.push_back(spelled == "(" ? ')' : spelled == "[" ? ']' : '}');
    } else if (spelled == ")" || spelled == "]" || spelled == "}") {
      if (open_.empty()) fail(fmt::format("unexpected '{}'", spelled));
      if (open_.back() != spelled[0]) fail(fmt::format("unexpected '{}', expected '{}'", spelled, open_.back()));
      open_.pop_back();
    }
    add(Token::Type::op, spelled);
    move_to(at_ + length);
  }

  std::string source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_starts_ = true;  ///< at_ is the beginning of a line
  std::string open_;         ///< the brackets that have to be closed
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  return Lexer(source).run();
}

}  // namespace deskhand::jinja
