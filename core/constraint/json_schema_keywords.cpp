#include "core/constraint/json_schema_keywords.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;
using Names = SchemaNames;

const Names& annotations() {
  static const Names names{"title",    "description", "default", "examples", "deprecated",
                           "readOnly", "writeOnly",   "$schema", "$comment", "discriminator",
                           "$id",      "definitions", "$defs"};
  return names;
}

const std::map<std::string, Names>& keywords_by_type() {
  static const Names bounds{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"};
  static const std::map<std::string, Names> keywords{{"object", {"properties", "required", "additionalProperties"}},
                                                     {"array", {"items", "prefixItems", "minItems", "maxItems"}},
                                                     {"string", {"minLength", "maxLength"}},
                                                     {"number", bounds},
                                                     {"integer", bounds},
                                                     {"boolean", {}},
                                                     {"null", {}}};
  return keywords;
}

const Json* number_at(const SchemaPlace& place, const std::string& key) {
  const Json* value = place.find(key);
  if (value != nullptr && !value->is_number()) place.refuse(fmt::format("\"{}\" is not a number", key));
  return value;
}

uint32_t count(const SchemaPlace& place, const std::string& key, uint32_t fallback) {
  const Json* value = place.find(key);
  if (value == nullptr) return fallback;
  const double number = value->is_number() ? value->get<double>() : -1;
  if (number < 0 || std::trunc(number) != number) {
    place.refuse(fmt::format("\"{}\" is not a whole number from 0 up", key));
  }
  if (number >= static_cast<double>(JsonParts::unbounded)) {
    place.refuse(fmt::format("\"{}\" {} is too large", key, number));
  }
  return static_cast<uint32_t>(number);
}

/// The whole number at or inside the bound, within twice the largest integer there can be.
int64_t integer_bound(const Json& value, bool lower, bool exclusive) {
  constexpr int64_t largest = 2 * JsonParts::largest_integer;
  int64_t edge = 0;
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    const double whole = lower ? std::ceil(number) : std::floor(number);
    edge = static_cast<int64_t>(std::clamp(whole, -2e18, 2e18));
    exclusive = exclusive && whole == number;
  } else if (value.is_number_unsigned()) {
    edge = static_cast<int64_t>(std::min(value.get<uint64_t>(), static_cast<uint64_t>(largest)));
  } else {
    edge = std::max(value.get<int64_t>(), -largest);
  }
  if (exclusive) edge += lower ? 1 : -1;
  return edge;
}

JsonParts::Bound number_bound(const SchemaPlace& place, const std::string& key, bool exclusive) {
  const auto value = place.find(key)->get<double>();
  if (std::trunc(value) != value) {
    place.refuse(fmt::format("\"{}\" {} of a number, which is not whole, is not supported", key, value));
  }
  if (std::abs(value) > static_cast<double>(JsonParts::largest_bounded_number)) {
    place.refuse(fmt::format("\"{}\" {} of a number, beyond ±10⁹, is not supported", key, value));
  }
  return {static_cast<int64_t>(value), exclusive};
}

}  // namespace

void SchemaPlace::refuse(const std::string& what) const {
  throw SchemaError(fmt::format("schema {}: {}", where, what));
}

const Json* SchemaPlace::find(const std::string& keyword) const {
  const auto found = schema.find(keyword);
  return found == schema.end() ? nullptr : &*found;
}

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool speaks_of(const std::string& keyword, const std::string& type) {
  return contains(keywords_by_type().at(type), keyword);
}

Names schema_keywords(const SchemaPlace& place) {
  Names keywords;
  for (const auto& member : place.schema.items()) {
    const std::string& key = member.key();
    if (contains(annotations(), key) || (key == "uniqueItems" && member.value() == Json(false))) continue;
    const bool known = contains({"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"}, key) ||
                       std::any_of(keywords_by_type().begin(), keywords_by_type().end(),
                                   [&](const auto& entry) { return contains(entry.second, key); });
    if (!known) place.refuse(fmt::format("\"{}\" is not supported", key));
    keywords.push_back(key);
  }
  return keywords;
}

Names schema_types(const SchemaPlace& place, const Names& keywords) {
  Names names;
  if (const Json* type = place.find("type")) {
    const auto add = [&](const Json& name) {
      if (!name.is_string() || !keywords_by_type().contains(name.get<std::string>())) {
        place.refuse(fmt::format("\"type\" {} is unknown", json_text(name)));
      }
      if (!contains(names, name.get<std::string>())) names.push_back(name.get<std::string>());
    };
    if (type->is_array()) {
      std::for_each(type->begin(), type->end(), add);
    } else {
      add(*type);
    }
    return names;
  }
  for (const char* name : {"object", "array", "string", "number"}) {
    const auto about = [&](const std::string& keyword) { return speaks_of(keyword, name); };
    if (std::any_of(keywords.begin(), keywords.end(), about)) names.emplace_back(name);
  }
  return names;
}

std::pair<uint32_t, uint32_t> counts(const SchemaPlace& place, const std::string& min, const std::string& max) {
  const std::pair range{count(place, min, 0), count(place, max, JsonParts::unbounded)};
  if (range.first > range.second) place.refuse(fmt::format("\"{}\" is larger than \"{}\"", min, max));
  return range;
}

std::pair<int64_t, int64_t> integer_bounds(const SchemaPlace& place) {
  constexpr int64_t largest = JsonParts::largest_integer;
  std::pair<int64_t, int64_t> bounds{-largest, largest};
  for (const bool exclusive : {false, true}) {
    const char* lower = exclusive ? "exclusiveMinimum" : "minimum";
    const char* upper = exclusive ? "exclusiveMaximum" : "maximum";
    if (const Json* v = number_at(place, lower))
      bounds.first = std::max(bounds.first, integer_bound(*v, true, exclusive));
    if (const Json* v = number_at(place, upper))
      bounds.second = std::min(bounds.second, integer_bound(*v, false, exclusive));
    if (bounds.first > largest) place.refuse(fmt::format("\"{}\" beyond 18 digits is not supported", lower));
    if (bounds.second < -largest) place.refuse(fmt::format("\"{}\" beyond 18 digits is not supported", upper));
  }
  return bounds;
}

std::optional<std::pair<JsonParts::Bound, JsonParts::Bound>> number_bounds(const SchemaPlace& place) {
  std::pair<JsonParts::Bound, JsonParts::Bound> bounds{{-JsonParts::largest_bounded_number},
                                                       {JsonParts::largest_bounded_number}};
  bool bounded = false;
  for (const bool exclusive : {false, true}) {
    const char* lower = exclusive ? "exclusiveMinimum" : "minimum";
    const char* upper = exclusive ? "exclusiveMaximum" : "maximum";
    if (number_at(place, lower) != nullptr) {
      const JsonParts::Bound bound = number_bound(place, lower, exclusive);
      if (bound.value >= bounds.first.value) bounds.first = bound;
      bounded = true;
    }
    if (number_at(place, upper) != nullptr) {
      const JsonParts::Bound bound = number_bound(place, upper, exclusive);
      if (bound.value <= bounds.second.value) bounds.second = bound;
      bounded = true;
    }
  }
  return bounded ? std::optional(bounds) : std::nullopt;
}

}  // namespace deskhand
