#include "agent/reply/call.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/reply/error.h"
#include "agent/reply/literal.h"

namespace deskhand {
namespace {

using nlohmann::json;

std::optional<double> number_of(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return whole_number(value.get_ref<const std::string&>());
  return std::nullopt;
}

/// The numbers of a text that holds nothing but numbers, brackets and what parts them.
std::vector<double> numbers_in_text(std::string_view text) {
  constexpr std::string_view parting = " \t\r\n,()[]";
  std::vector<double> numbers;
  for (size_t at = text.find_first_not_of(parting); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(parting, at), text.size());
    const std::optional<double> number = whole_number(text.substr(at, end - at));
    if (!number) return {};
    numbers.push_back(*number);
    at = text.find_first_not_of(parting, end);
  }
  return numbers;
}

std::string_view without_quotes(std::string_view text) {
  text = trimmed(text);
  while (text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\''))
    text = trimmed(text.substr(1, text.size() - 2));
  return text;
}

}  // namespace

bool is_one_of(std::string_view name, NameList names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string listed(NameList names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

std::vector<double> numbers_in(const json& value) {
  if (value.is_array()) {
    std::vector<double> numbers;
    for (const json& item : value) {
      const std::optional<double> number = number_of(item);
      if (!number) return {};
      numbers.push_back(*number);
    }
    return numbers;
  }
  if (value.is_object()) {
    if (value.size() != 2 || !value.contains("x") || !value.contains("y")) return {};
    return numbers_in(json::array({value["x"], value["y"]}));
  }
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  if (trimmed(text).starts_with('{')) {
    const std::optional<json> object = whole_value(text);
    return object && object->is_object() ? numbers_in(*object) : std::vector<double>();
  }
  return numbers_in_text(without_quotes(text));
}

Arguments::Arguments(const Call& call, NameList declared) : call_(call) {
  for (const auto& [name, value] : call.arguments.items())
    if (!is_one_of(name, declared))
      throw DialectError(ReplyFault::bad_args, fmt::format("{} has no argument {}, expected some of {}", call.name,
                                                           quoted_beginning(name), listed(declared)));
}

const json* Arguments::find(std::string_view name) const {
  const auto found = call_.arguments.find(name);
  return found == call_.arguments.end() ? nullptr : &*found;
}

void Arguments::refuse(std::string_view name, std::string_view expected) const {
  const json* given = find(name);
  const std::string got =
      given ? "is " + quoted_beginning(given->dump(-1, ' ', false, json::error_handler_t::replace)) : "is missing";
  throw DialectError(ReplyFault::bad_args, fmt::format("{}: {} {}, expected {}", call_.name, name, got, expected));
}

bool Arguments::has(std::string_view name) const {
  const json* given = find(name);
  return given && !given->is_null();
}

std::string Arguments::text(std::string_view name) const {
  const json* given = find(name);
  if (given && given->is_string()) return given->get<std::string>();
  if (given && given->is_number_integer()) return given->dump();
  refuse(name, "a text");
}

std::string Arguments::text(std::string_view name, std::string_view fallback) const {
  return has(name) ? text(name) : std::string(fallback);
}

std::string Arguments::word(std::string_view name) const {
  const json* given = find(name);
  if (!given || !given->is_string()) refuse(name, "a word");
  return std::string(without_quotes(given->get_ref<const std::string&>()));
}

std::string Arguments::word(std::string_view name, std::string_view fallback) const {
  return has(name) ? word(name) : std::string(fallback);
}

double Arguments::number(std::string_view name) const {
  const json* given = find(name);
  const std::optional<double> number = given ? number_of(*given) : std::nullopt;
  if (!number) refuse(name, "a number");
  return *number;
}

double Arguments::number(std::string_view name, double fallback) const {
  return has(name) ? number(name) : fallback;
}

bool Arguments::flag(std::string_view name, bool fallback) const {
  if (!has(name)) return fallback;
  const json& given = *find(name);
  if (given.is_boolean()) return given.get<bool>();
  const std::string spelled = given.is_string() ? word(name) : "";
  if (spelled == "true" || spelled == "True") return true;
  if (spelled == "false" || spelled == "False") return false;
  refuse(name, "true or false");
}

std::vector<double> Arguments::numbers(std::string_view name, size_t count) const {
  const json* given = find(name);
  std::vector<double> numbers = given ? numbers_in(*given) : std::vector<double>();
  if (numbers.size() != count) refuse(name, fmt::format("{} numbers", count));
  return numbers;
}

std::optional<json> Arguments::point(std::string_view name, const PointMap& map) const {
  if (!find(name)) return std::nullopt;
  return required_point(name, map);
}

json Arguments::required_point(std::string_view name, const PointMap& map) const {
  const std::vector<double> pair = numbers(name, 2);
  return map.point(pair[0], pair[1]);
}

const json& Arguments::value(std::string_view name) const {
  if (!has(name)) refuse(name, "a value");
  return *find(name);
}

}  // namespace deskhand
