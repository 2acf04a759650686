#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/chat_template/filters.h"
#include "core/chat_template/format.h"
#include "core/chat_template/given.h"
#include "core/chat_template/interpreter.h"
#include "core/chat_template/operators.h"
#include "core/chat_template/python_text.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

Value made(Interpreter& in, std::string text, bool safe = false) {
  in.budget().make_text(text.size());
  return Value::text(std::move(text), safe);
}

Value to_json(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ensure_ascii = given.truth(0, false);
  style.sort_keys = given.truth(3, false);
  if (given.has(1)) {
    style.item_separator.assign(1, ',');
    const std::string* text = given.value(1).if_text();
    const int64_t spaces = text != nullptr ? 0 : std::clamp<int64_t>(given.integer(1, 0), 0, 1 << 20);
    style.indent = text != nullptr ? *text : std::string(static_cast<size_t>(spaces), ' ');
  }
  if (given.has(2)) {
    const Values separators = in.iterate(given.value(2));
    if (separators.size() != 2) throw Failure("tojson() takes two separators");
    style.item_separator = in.str(separators[0]);
    style.key_separator = in.str(separators[1]);
  }
  return Value::text(python_json(input, style, in.budget()));
}

Value trim(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("trim", arguments, {"chars"});
  std::optional<std::string_view> set;
  if (given.has(0)) set = given.text(0);
  return made(in, std::string(strip(in.str(input), set, Side::both)));
}

template <auto change>
Value changed(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("this filter", arguments, {});
  return made(in, change(in.str(input)));
}

std::string title_words(std::string_view text) {
  return title(text, Words::filter);
}

Value replaced(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("replace", arguments, {"old", "new", "count"}, 2);
  return Value::text(
      replace(in.str(input), in.str(given.value(0)), in.str(given.value(1)), given.integer(2, -1), in.budget()));
}

Value to_string(Interpreter& in, const Value& input, const Arguments&) {
  return input.if_text() != nullptr ? input : made(in, in.str(input));
}

Value safe(Interpreter& in, const Value& input, const Arguments&) {
  return made(in, in.str(input), true);
}

Value escaped(Interpreter& in, const Value& input, const Arguments&) {
  if (input.is_safe_text()) return input;
  return Value::text(escape_html(in.str(input), in.budget()), true);
}

Value otherwise(Interpreter&, const Value& input, const Arguments& arguments) {
  const Given given("default", arguments, {"default_value", "boolean"});
  const bool replaces = input.is_missing() || (given.truth(1, false) && !input.truth());
  if (!replaces) return input;
  return given.at(0) != nullptr ? given.value(0) : Value::text("");
}

/// Python's int(text) and float(text): false for what they refuse.
bool parse_integer(std::string_view text, int base, int64_t& out) {
  text = strip(text, {}, Side::both);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool parse_real(std::string_view text, double& out) {
  text = strip(text, {}, Side::both);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

Value to_integer(Interpreter&, const Value& input, const Arguments& arguments) {
  const Given given("int", arguments, {"default", "base"});
  const int64_t base = given.integer(1, 10);
  if (base < 2 || base > 36) throw Failure("int() base must be >= 2 and <= 36, or 0");
  int64_t number = 0;
  double real = 0;
  input.present();
  if (input.as_integer(number)) return number;
  const std::string* text = input.if_text();
  if (text != nullptr && parse_integer(*text, static_cast<int>(base), number)) return number;
  const bool is_real = text != nullptr ? parse_real(*text, real) : input.as_number(real);
  if (is_real && std::abs(real) < 9.2e18) return static_cast<int64_t>(real);
  return given.at(0) != nullptr ? given.value(0) : Value(int64_t{0});
}

Value to_float(Interpreter&, const Value& input, const Arguments& arguments) {
  const Given given("float", arguments, {"default"});
  double number = 0;
  input.present();
  if (input.as_number(number)) return number;
  if (input.if_text() != nullptr && parse_real(*input.if_text(), number)) return number;
  return given.at(0) != nullptr ? given.value(0) : Value(0.0);
}

Value rounded(Interpreter&, const Value& input, const Arguments& arguments) {
  const Given given("round", arguments, {"precision", "method"});
  const int64_t precision = std::clamp<int64_t>(given.integer(0, 0), -300, 300);
  const std::string method = given.text(1, "common");
  double number = 0;
  if (!input.present().as_number(number)) {
    throw Failure(fmt::format("type {} doesn't define __round__ method", input.type_name()));
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return std::ceil(number * scale) / scale;
  if (method == "floor") return std::floor(number * scale) / scale;
  if (method != "common") throw Failure("method must be common, ceil or floor");
  if (input.if_float() == nullptr && precision >= 0) return input;
  // Correctly rounded, halves of the exact binary value to even, as Python.
  if (precision >= 0) return std::strtod(fmt::format("{:.{}f}", number, precision).c_str(), nullptr);
  return std::nearbyint(number * scale) / scale;
}

Value absolute(Interpreter& in, const Value& input, const Arguments&) {
  double number = 0;
  if (!input.present().as_number(number)) {
    throw Failure(fmt::format("bad operand type for abs(): '{}'", input.type_name()));
  }
  if (input.if_float() != nullptr) return std::abs(number);
  return arithmetic(number < 0 ? "-" : "+", Value(int64_t{0}), input, in.budget());
}

Value indented(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("indent", arguments, {"width", "first", "blank"});
  const bool named = given.has(0) && given.value(0).if_text() != nullptr;
  const int64_t width = named ? 0 : std::clamp<int64_t>(given.integer(0, 4), 0, 1 << 20);
  const std::string indent = named ? given.text(0) : std::string(static_cast<size_t>(width), ' ');
  const std::string text = in.str(input) + "\n";
  std::string out = given.truth(1, false) ? indent : "";
  bool first = true;
  for (const std::string_view line : split_lines(text, false)) {
    if (!first) out += "\n";
    if (!first && (given.truth(2, false) || !line.empty())) out += indent;
    first = false;
    out += line;
    if (out.size() > Budget::max_text) throw Failure("the template makes too much text");
  }
  return made(in, std::move(out));
}

Value formatted(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value values = Value::sequence(arguments.positional, Sequence::Kind::tuple);
  return Value::text(format_percent(in.str(input), values, in.budget()));
}

Value centered(Interpreter& in, const Value& input, const Arguments& arguments) {
  const int64_t width = Given("center", arguments, {"width"}).integer(0, 80);
  const std::string text = in.str(input);
  const int64_t missing = width - static_cast<int64_t>(count_characters(text));
  if (missing <= 0) return Value::text(text);
  in.budget().make_text(static_cast<size_t>(missing) + text.size());
  const int64_t left = missing / 2 + (missing & width & 1);
  return Value::text(std::string(static_cast<size_t>(left), ' ') + text +
                     std::string(static_cast<size_t>(missing - left), ' '));
}

Value word_count(Interpreter& in, const Value& input, const Arguments&) {
  return static_cast<int64_t>(split(in.str(input), {}, -1).size());
}

constexpr Filter table[] = {
    {"tojson", to_json},
    {"trim", trim},
    {"upper", changed<upper>},
    {"lower", changed<lower>},
    {"capitalize", changed<capitalize>},
    {"title", changed<title_words>},
    {"replace", replaced},
    {"string", to_string},
    {"safe", safe},
    {"e", escaped},
    {"escape", escaped},
    {"default", otherwise},
    {"d", otherwise},
    {"int", to_integer},
    {"float", to_float},
    {"round", rounded},
    {"abs", absolute},
    {"indent", indented},
    {"format", formatted},
    {"center", centered},
    {"wordcount", word_count},
};

}  // namespace

std::span<const Filter> text_filters() {
  return table;
}

}  // namespace deskhand::jinja
