// Which values a schema admits, and whether there are any.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/constraint/json_schema_alternatives.h"

namespace deskhand {

using Json = nlohmann::ordered_json;

bool has_type(const Json& value, const std::string& type) {
  if (type == "integer") {
    return value.is_number_integer() ||
           (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
  }
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  return (type == "object" && value.is_object()) || (type == "array" && value.is_array());
}

namespace {

bool number_valid(const SchemaParts& parts, const Json& value) {
  const auto number = value.get<double>();
  for (const SchemaPlace& place : parts) {
    const auto bound = [&](const char* key) {
      const Json* at = place.find(key);
      if (at != nullptr && !at->is_number()) place.refuse(fmt::format("\"{}\" is not a number", key));
      return at;
    };
    const Json *low = bound("minimum"), *high = bound("maximum");
    const Json *above = bound("exclusiveMinimum"), *below = bound("exclusiveMaximum");
    if ((low != nullptr && value < *low) || (high != nullptr && value > *high) ||
        (above != nullptr && value <= *above) || (below != nullptr && value >= *below)) {
      return false;
    }
  }
  const Multiples rule = multiples(parts);
  if (rule.whole && std::fmod(number, static_cast<double>(rule.of)) != 0) return false;
  if (!rule.fraction_digits) return true;
  const std::string text = fmt::format("{}", std::abs(number));
  if (text.find('e') != std::string::npos) parts.front().refuse("\"multipleOf\" beside this value is not supported");
  const size_t point = text.find('.');
  return point == std::string::npos || text.size() - point - 1 <= *rule.fraction_digits ||
         text.find_first_not_of('0', point + 1) == std::string::npos;
}

}  // namespace

/// Objects are equal in any order.
bool SchemaAlternatives::equal(const SchemaPlace& place, const Json& a, const Json& b) const {
  spend(place, 1);
  if (a.is_object() && b.is_object()) {
    if (a.size() != b.size()) return false;
    return std::all_of(a.items().begin(), a.items().end(), [&](const auto& member) {
      spend(place, b.size() / 4);
      const auto other = b.find(member.key());
      return other != b.end() && equal(place, member.value(), *other);
    });
  }
  if (a.is_array() && b.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](const Json& x, const Json& y) { return equal(place, x, y); });
  }
  return a == b;
}

bool SchemaAlternatives::enumerated(const SchemaParts& parts) const {
  return std::any_of(parts.begin(), parts.end(), [](const SchemaPlace& place) {
    return place.find("const") != nullptr || place.find("enum") != nullptr;
  });
}

std::vector<const Json*> SchemaAlternatives::values(const SchemaParts& parts) const {
  std::vector<const Json*> found;
  for (const SchemaPlace& place : parts) {
    const Json *constant = place.find("const"), *list = place.find("enum");
    if (list != nullptr && !list->is_array()) place.refuse("\"enum\" is not a list");
    if (constant == nullptr && list == nullptr) continue;
    const auto add = [&](const Json& value) {
      try {
        work_.spend(json_text(value, style_).size());  // not too deep to be walked through
      } catch (const std::runtime_error& error) {
        place.refuse(error.what());
      }
      if (valid_plain(parts, value, constant == nullptr ? list : nullptr)) found.push_back(&value);
    };
    if (constant != nullptr) {
      add(*constant);
    } else {
      std::for_each(list->begin(), list->end(), add);
    }
    break;  // the others are checked as every keyword is
  }
  return found;
}

bool SchemaAlternatives::valid(const SchemaParts& schemas, const Json& value) const {
  if (schemas.empty()) return true;
  const std::vector<SchemaParts> ways = of(schemas);
  return std::any_of(ways.begin(), ways.end(), [&](const SchemaParts& parts) { return valid_plain(parts, value); });
}

bool SchemaAlternatives::valid_plain(const SchemaParts& parts, const Json& value, const Json* from) const {
  if (parts.empty()) return true;
  spend(parts.front(), 50 * parts.size());
  const SchemaNames types = common_types(parts);
  if (std::none_of(types.begin(), types.end(), [&](const std::string& type) { return has_type(value, type); })) {
    return false;
  }
  for (const SchemaPlace& place : parts) {
    const Json *constant = place.find("const"), *list = place.find("enum");
    if (constant != nullptr && !equal(place, *constant, value)) return false;
    if (list == nullptr || list == from) continue;
    if (std::none_of(list->begin(), list->end(), [&](const Json& v) { return equal(place, v, value); })) {
      return false;
    }
  }
  if (value.is_number()) return number_valid(parts, value);
  if (value.is_string()) {
    const std::u32string text = code_points(value.get<std::string>());
    const auto [min, max] = counts(parts, "minLength", "maxLength");
    if (text.size() < min || text.size() > max) return false;
    const CharacterAutomaton* texts = strings(parts);
    spend(parts.front(), text.size());
    return texts == nullptr || texts->matches(text);
  }
  if (value.is_array()) {
    const auto [min, max] = counts(parts, "minItems", "maxItems");
    if (value.size() < min || value.size() > max) return false;
    for (size_t i = 0; i < value.size(); ++i) {
      if (!valid(item(parts, i), value[i])) return false;
    }
  }
  return !value.is_object() || valid_object(parts, value);
}

bool SchemaAlternatives::valid_object(const SchemaParts& parts, const Json& value) const {
  const auto [min, max] = counts(parts, "minProperties", "maxProperties");
  if (value.size() < min || value.size() > max) return false;
  for (const std::string& name : required(parts)) {
    spend(parts.front(), 10 + value.size() / 4);
    if (!value.contains(name)) return false;
  }
  return std::all_of(value.items().begin(), value.items().end(), [&](const auto& member) {
    return name_allowed(parts, member.key()) && valid(property(parts, member.key()), member.value());
  });
}

bool SchemaAlternatives::name_allowed(const SchemaParts& parts, const std::string& key) const {
  return std::all_of(parts.begin(), parts.end(), [&](const SchemaPlace& place) {
    const Json* names = place.find("propertyNames");
    return names == nullptr || valid({place.below(*names, "propertyNames")}, Json(key));
  });
}

bool SchemaAlternatives::never(const SchemaParts& schemas, int depth) const {
  return !schemas.empty() && never_any(alternatives(schemas, false), depth);
}

bool SchemaAlternatives::never_any(const std::vector<SchemaParts>& ways, int depth) const {
  return std::all_of(ways.begin(), ways.end(), [&](const SchemaParts& parts) {
    if (enumerated(parts)) return values(parts).empty();
    const SchemaNames types = common_types(parts);
    return std::all_of(types.begin(), types.end(),
                       [&](const std::string& type) { return never_of_type(parts, type, depth); });
  });
}

bool SchemaAlternatives::never_of_type(const SchemaParts& parts, const std::string& type, int depth) const {
  if (type == "integer") {
    const auto [first, last] = integer_bounds(parts);
    return first > last;
  }
  if (type == "number") return number_bounds(parts).nothing;
  if (type == "string") {
    const auto [min, max] = counts(parts, "minLength", "maxLength");
    if (min > max) return true;
    const CharacterAutomaton* texts = strings(parts);
    if (texts != nullptr) spend(parts.front(), texts->states.size());
    return texts != nullptr && texts->empty();
  }
  if (type == "array") {
    const auto [min, max] = counts(parts, "minItems", "maxItems");
    if (min > max) return true;
    const size_t named = std::min<size_t>({named_items(parts) + 1, min, 64});
    for (size_t i = 0; depth > 0 && i < named; ++i) {
      if (never(item(parts, i), depth - 1)) return true;
    }
  }
  if (type == "object") {
    const auto [min, max] = counts(parts, "minProperties", "maxProperties");
    const SchemaNames needed = required(parts);
    if (min > max || needed.size() > max) return true;
    return depth > 0 && std::any_of(needed.begin(), needed.end(), [&](const std::string& name) {
             return !name_allowed(parts, name) || never(property(parts, name), depth - 1);
           });
  }
  return false;
}

}  // namespace deskhand
