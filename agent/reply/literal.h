#pragma once
// JSON as models write it: strict first, then with the repairs that leave one reading.
//
//   size_t at = 0;
//   nlohmann::json value = read_json(R"({"a": 1}\n</tool_call>)", "</tool_call>", at);     // at: behind the value
//   read_python("{'a': (1, 2), 'b': None}", at = 0);
//
// Hostile text: depth and keys are bounded, an object with a key twice is `ambiguous`, text behind the value is the
// caller's. DialectError: truncated where the text ends inside the value, else malformed.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace deskhand {

/// The first value from `at` on. In this order: strict JSON; raw control characters in strings; missing brackets at the
/// end, if `closer` follows; a Python literal. An empty closer is none.
nlohmann::json read_json(std::string_view text, std::string_view closer, size_t& at);
/// A Python literal: strings in either quotes, numbers, True, False, None, lists, tuples (as lists), dictionaries.
nlohmann::json read_python(std::string_view text, size_t& at);
/// The whole text is one value of JSON or Python; nothing if it is none.
std::optional<nlohmann::json> whole_value(std::string_view text);
/// The whole text, but for white space around it, is one decimal number.
std::optional<double> whole_number(std::string_view text);

void skip_spaces(std::string_view text, size_t& at);
std::string_view trimmed(std::string_view text);

}  // namespace deskhand
