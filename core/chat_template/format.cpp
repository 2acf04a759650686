#include "core/chat_template/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/chat_template/python_text.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

struct Style {
  std::string fill = " ";
  char align = '\0';  ///< < > ^, or none
  bool sign = false, thousands = false;
  int64_t width = 0;
  int64_t precision = -1;
  char type = '\0';
};

std::string with_thousands(std::string_view digits) {
  const size_t begin = digits.find_first_of("0123456789");
  const size_t end = std::min(digits.find('.'), digits.size());
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > begin && i < end && (end - i) % 3 == 0) out.push_back(',');
    out.push_back(digits[i]);
  }
  return out;
}

std::string integer_text(const Value& value, const Style& style) {
  int64_t number = 0;
  double real = 0;
  if (!value.as_integer(number)) {
    if (!value.as_number(real) || !(std::abs(real) < 9e18)) {
      throw Failure(fmt::format("%{} format: a number is required, not {}", style.type, value.type_name()));
    }
    number = static_cast<int64_t>(real);
  }
  return style.type == 'x' ? fmt::format("{:x}", number) : fmt::format("{}", number);
}

std::string real_text(const Value& value, const Style& style) {
  double number = 0;
  if (!value.as_number(number)) throw Failure(fmt::format("must be real number, not {}", value.type_name()));
  const auto precision = static_cast<int>(std::clamp<int64_t>(style.precision < 0 ? 6 : style.precision, 0, 100));
  return style.type == '%' ? fmt::format("{:.{}f}%", number * 100, precision)
                           : fmt::format("{:.{}f}", number, precision);
}

std::string converted(const Value& value, const Style& style, Budget& budget) {
  value.present();
  std::string text;
  switch (style.type) {
    case 'd':
    case 'i':
    case 'x':
      text = integer_text(value, style);
      break;
    case 'f':
    case '%':
      text = real_text(value, style);
      break;
    case 'r':
      text = python_repr(value, budget);
      break;
    case '\0':
    case 's':
      text = python_str(value, budget);
      if (style.precision >= 0) {
        std::string cut;
        for (const std::string_view c : characters(text)) {
          if (static_cast<int64_t>(count_characters(cut)) >= style.precision) break;
          cut += c;
        }
        text = cut;
      }
      break;
    default:
      throw Failure(fmt::format("unsupported format character '{}'", style.type));
  }
  if (style.thousands) text = with_thousands(text);
  double number = 0;
  if (style.sign && value.as_number(number) && number >= 0) text = fmt::format("+{}", text);
  return text;
}

std::string padded(std::string text, const Style& style, bool right_by_default, Budget& budget) {
  const int64_t missing = style.width - static_cast<int64_t>(count_characters(text));
  if (missing <= 0) return text;
  budget.make_text(static_cast<size_t>(missing) * style.fill.size());
  const char align = style.align != '\0' ? style.align : right_by_default ? '>' : '<';
  const int64_t before = align == '>' ? missing : align == '^' ? missing / 2 : 0;
  std::string left, right;
  for (int64_t i = 0; i < missing; ++i) (i < before ? left : right) += style.fill;
  const bool sign_first = style.fill == "0" && style.align == '\0' && (text.starts_with('-') || text.starts_with('+'));
  const std::string_view all = text;
  return fmt::format("{}{}{}{}", all.substr(0, sign_first ? 1 : 0), left, all.substr(sign_first ? 1 : 0), right);
}

/// Digits at the front of `text`, which loses them; −1 when there are none.
int64_t take_number(std::string_view& text) {
  int64_t number = -1;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    number = std::max<int64_t>(number, 0) * 10 + (text.front() - '0');
    if (number > static_cast<int64_t>(Budget::max_text)) throw Failure("the template makes too much text");
    text.remove_prefix(1);
  }
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

Style style_of(std::string_view spec) {
  Style style;
  constexpr std::string_view aligns = "<>^";
  const std::vector<std::string_view> start = characters(spec.substr(0, 8));
  if (start.size() > 1 && start[1].size() == 1 && aligns.find(start[1]) != std::string_view::npos) {
    style.fill = std::string(start[0]);
    style.align = start[1][0];
    spec.remove_prefix(start[0].size() + 1);
  } else if (!spec.empty() && aligns.find(spec.front()) != std::string_view::npos) {
    style.align = spec.front();
    spec.remove_prefix(1);
  }
  style.sign = take(spec, '+');
  if (take(spec, '0')) style.fill.assign(1, '0');
  style.width = std::max<int64_t>(take_number(spec), 0);
  style.thousands = take(spec, ',');
  if (take(spec, '.')) style.precision = take_number(spec);
  if (!spec.empty()) {
    style.type = spec.front();
    spec.remove_prefix(1);
  }
  if (!spec.empty()) throw Failure("Invalid format specifier");
  return style;
}

bool is_numeric(const Value& value) {
  double number = 0;
  return value.as_number(number);
}

const Value& field_value(std::string_view field, const Arguments& arguments, size_t& next) {
  std::string_view digits = field;
  const int64_t index = field.empty() ? static_cast<int64_t>(next++) : take_number(digits);
  if (index >= 0 && digits.empty()) {
    if (static_cast<size_t>(index) >= arguments.positional.size()) {
      throw Failure(fmt::format("Replacement index {} out of range for positional args tuple", index));
    }
    return arguments.positional[static_cast<size_t>(index)];
  }
  for (const auto& [name, value] : arguments.named) {
    if (name == field) return value;
  }
  throw Failure(fmt::format("no value is given for the field '{}'", field));
}

std::string field_text(std::string_view field, const Arguments& arguments, size_t& next, Budget& budget) {
  const size_t colon = std::min(field.find(':'), field.size());
  const std::string_view spec = field.substr(std::min(colon + 1, field.size()));
  std::string_view name = field.substr(0, colon);
  const size_t bang = name.find('!');
  const std::string_view conversion = bang == std::string_view::npos ? std::string_view{} : name.substr(bang + 1);
  name = name.substr(0, bang);
  const Value& value = field_value(name, arguments, next);
  Style style = style_of(spec);
  if (conversion == "r") style.type = 'r';
  if (spec.empty() && conversion != "r") return python_str(value.present(), budget);
  if (style.precision >= 0 && style.type == '\0' && value.if_float() != nullptr) style.type = 'f';
  return padded(converted(value, style, budget), style, is_numeric(value), budget);
}

}  // namespace

std::string format_percent(std::string_view format, const Value& values, Budget& budget) {
  const Sequence* tuple = values.if_sequence();
  const bool many = tuple != nullptr && tuple->kind == Sequence::Kind::tuple;
  size_t used = 0;
  const auto next = [&]() -> const Value& {
    const size_t given = many ? tuple->items.size() : 1;
    if (used >= given) throw Failure("not enough arguments for format string");
    return many ? tuple->items[used++] : (++used, values);
  };
  std::string out;
  while (!format.empty()) {
    const size_t percent = std::min(format.find('%'), format.size());
    out += format.substr(0, percent);
    format.remove_prefix(percent);
    if (!take(format, '%')) break;
    if (take(format, '%')) {
      out += '%';
      continue;
    }
    Style style;
    while (!format.empty() && std::string_view("-+0 #").find(format.front()) != std::string_view::npos) {
      if (format.front() == '-') style.align = '<';
      if (format.front() == '+') style.sign = true;
      if (format.front() == '0') style.fill.assign(1, '0');
      format.remove_prefix(1);
    }
    style.width = std::max<int64_t>(take_number(format), 0);
    if (take(format, '.')) style.precision = std::max<int64_t>(take_number(format), 0);
    if (format.empty()) throw Failure("incomplete format");
    style.type = format.front();
    format.remove_prefix(1);
    if (style.type == '%') throw Failure("unsupported format character '%'");
    out += padded(converted(next(), style, budget), style, true, budget);
  }
  if (many ? used < tuple->items.size() : used == 0 && values.if_mapping() == nullptr) {
    throw Failure("not all arguments converted during string formatting");
  }
  budget.make_text(out.size());
  return out;
}

std::string format_braces(std::string_view format, const Arguments& arguments, Budget& budget) {
  std::string out;
  size_t next = 0;
  while (!format.empty()) {
    const size_t brace = std::min(format.find_first_of("{}"), format.size());
    out += format.substr(0, brace);
    format.remove_prefix(brace);
    if (format.empty()) break;
    if (format.starts_with("{{") || format.starts_with("}}")) {
      out += format.front();
      format.remove_prefix(2);
      continue;
    }
    const size_t close = format.find('}');
    if (format.front() == '}' || close == std::string_view::npos) throw Failure("a brace in the format has no partner");
    out += field_text(format.substr(1, close - 1), arguments, next, budget);
    format.remove_prefix(close + 1);
  }
  budget.make_text(out.size());
  return out;
}

}  // namespace deskhand::jinja
