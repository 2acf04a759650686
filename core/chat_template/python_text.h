#pragma once
// How Python writes values: str(), repr() and json.dumps().
//
//   python_str(Value(2.0), budget)             // "2.0"
//   python_repr(list_of_a, budget)             // "['a']"

#include <optional>
#include <string>
#include <string_view>

#include "core/chat_template/value.h"

namespace deskhand::jinja {

std::string python_str(const Value& value, Budget& budget);
std::string python_repr(const Value& value, Budget& budget);
/// repr() of a float: the shortest digits that give it back.
std::string python_float(double number);

/// The arguments of json.dumps that the filter tojson hands on.
struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  ///< one level
  std::string item_separator = ", ", key_separator = ": ";
};

/// Throws Failure for values that json.dumps refuses.
std::string python_json(const Value& value, const JsonStyle& style, Budget& budget);

}  // namespace deskhand::jinja
