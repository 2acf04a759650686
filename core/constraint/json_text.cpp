// Writing one JSON value with chosen separators.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/constraint/json_schema.h"

namespace deskhand {
namespace {

void write(const nlohmann::ordered_json& value, const JsonStyle& style, int nesting, std::string& out) {
  if (nesting < 0) throw SchemaError(fmt::format("JSON value nested deeper than {}", style.max_nesting));
  if (value.is_object()) {
    out += '{';
    for (auto member = value.begin(); member != value.end(); ++member) {
      if (member != value.begin()) out += style.item_separator;
      write(member.key(), style, 0, out);
      out += style.key_separator;
      write(member.value(), style, nesting - 1, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (auto item = value.begin(); item != value.end(); ++item) {
      if (item != value.begin()) out += style.item_separator;
      write(*item, style, nesting - 1, out);
    }
    out += ']';
  } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    throw SchemaError("JSON number that is not finite");
  } else {
    try {
      out += value.dump();
    } catch (const nlohmann::json::exception&) {
      throw SchemaError("JSON string with invalid UTF-8");
    }
  }
}

}  // namespace

std::string json_text(const nlohmann::ordered_json& value, const JsonStyle& style) {
  std::string out;
  write(value, style, style.max_nesting, out);
  return out;
}

}  // namespace deskhand
