#include "core/constraint/json_schema_keywords.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;
using Names = SchemaNames;

const Names& annotations() {
  static const Names names{"title",    "description", "default", "examples", "deprecated",
                           "readOnly", "writeOnly",   "$schema", "$comment", "discriminator",
                           "$defs",    "definitions", "format",  "$anchor",  "$vocabulary"};
  return names;
}

const Names& types() {
  static const Names names{"object", "array", "string", "number", "integer", "boolean", "null"};
  return names;
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

/// The decimal that the bound is written as.
JsonParts::Bound number_bound(const SchemaPlace& place, const std::string& key, bool exclusive) {
  const auto value = place.find(key)->get<double>();
  if (std::abs(value) > static_cast<double>(JsonParts::largest_bounded_number)) {
    place.refuse(fmt::format("\"{}\" {} of a number, beyond ±10⁹, is not supported", key, value));
  }
  JsonParts::Bound bound{value, value < 0, static_cast<int64_t>(std::abs(value)), {}, exclusive};
  const std::string text = fmt::format("{}", std::abs(value));
  const size_t point = text.find('.');
  if (point != std::string::npos) bound.fraction = text.substr(point + 1);
  while (bound.fraction.ends_with('0')) bound.fraction.pop_back();
  if (text.find('e') != std::string::npos || bound.fraction.size() > 9) {
    place.refuse(fmt::format("\"{}\" {} of a number, with more than 9 decimals, is not supported", key, value));
  }
  return bound;
}

bool admits(const SchemaPlace& place, const Names& listed, const std::string& type) {
  if (const Json* excluded = place.find("not")) {
    // What "not" can say here: nothing, or types by name (checked where alternatives are made).
    const Json* named = excluded->is_object() && excluded->contains("type") ? &excluded->at("type") : nullptr;
    const auto is = [&](const std::string& name) {
      return named != nullptr && (*named == Json(name) || (named->is_array() && std::find(named->begin(), named->end(),
                                                                                          Json(name)) != named->end()));
    };
    if (is(type) || (type == "integer" && is("number"))) return false;
    if (type == "number" && is("integer")) place.refuse("\"not\" of integers alone is not supported");
  }
  return listed.empty() || contains(listed, type) || (type == "integer" && contains(listed, "number"));
}

Names listed_types(const SchemaPlace& place) {
  Names names;
  const Json* type = place.find("type");
  if (type == nullptr) return names;
  const auto add = [&](const Json& name) {
    if (!name.is_string() || !contains(types(), name.get<std::string>())) {
      place.refuse(fmt::format("\"type\" {} is unknown", json_text(name)));
    }
    names.push_back(name.get<std::string>());
  };
  if (type->is_array()) {
    if (type->empty()) place.refuse("\"type\" is an empty list");
    std::for_each(type->begin(), type->end(), add);
    if (type->size() > types().size()) place.refuse("\"type\" names a type twice");
  } else {
    add(*type);
  }
  return names;
}

}  // namespace

void SchemaPlace::refuse(const std::string& what) const {
  throw SchemaError(fmt::format("schema {}: {}", where, what));
}

SchemaPlace SchemaPlace::below(const Json& inner, const std::string& step) const {
  constexpr size_t longest = 1000;
  return {&inner, where.size() < longest ? where + "/" + shortened(step) : where, nesting + 1};
}

const Json* SchemaPlace::find(const std::string& keyword) const {
  if (!schema->is_object()) return nullptr;
  const auto found = schema->find(keyword);
  return found == schema->end() ? nullptr : &*found;
}

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

SchemaDialect dialect_of(const Json& root, SchemaDialect otherwise) {
  const SchemaPlace place{&root, "#"};
  const Json* declared = place.find("$schema");
  if (declared == nullptr) return otherwise;
  std::string name = declared->is_string() ? declared->get<std::string>() : "";
  if (name.ends_with('#')) name.pop_back();
  for (const auto& [part, dialect] :
       {std::pair("draft-06/schema", SchemaDialect::draft6), std::pair("draft-07/schema", SchemaDialect::draft7),
        std::pair("draft/2019-09/schema", SchemaDialect::draft2019_09),
        std::pair("draft/2020-12/schema", SchemaDialect::draft2020_12)}) {
    if (name == fmt::format("http://json-schema.org/{}", part) ||
        name == fmt::format("https://json-schema.org/{}", part)) {
      return dialect;
    }
  }
  place.refuse(
      fmt::format("\"$schema\" {} is not supported (drafts 6, 7, 2019-09 and 2020-12 are)", json_text(*declared)));
}

Names schema_keywords(const SchemaPlace& place, SchemaDialect dialect) {
  static const Names known{"type",
                           "enum",
                           "const",
                           "anyOf",
                           "oneOf",
                           "allOf",
                           "not",
                           "$ref",
                           "properties",
                           "required",
                           "additionalProperties",
                           "patternProperties",
                           "propertyNames",
                           "minProperties",
                           "maxProperties",
                           "items",
                           "minItems",
                           "maxItems",
                           "minLength",
                           "maxLength",
                           "pattern",
                           "minimum",
                           "maximum",
                           "exclusiveMinimum",
                           "exclusiveMaximum",
                           "multipleOf"};
  Names keywords;
  for (const auto& member : place.schema->items()) {
    const std::string& key = member.key();
    if (contains(annotations(), key) || (key == "uniqueItems" && member.value() == Json(false))) continue;
    if (key == "$id" && place.where == "#") continue;
    if (key.starts_with("content") && dialect > SchemaDialect::draft7 &&
        contains({"contentEncoding", "contentMediaType", "contentSchema"}, key)) {
      continue;  // annotations since 2019-09
    }
    const bool tuple_rest = key == "additionalItems" && dialect <= SchemaDialect::any;
    const bool tuple = key == "prefixItems" && dialect >= SchemaDialect::any;
    if (!contains(known, key) && !tuple_rest && !tuple) place.refuse(fmt::format("\"{}\" is not supported", key));
    keywords.push_back(key);
  }
  return keywords;
}

Names common_types(const SchemaParts& parts) {
  Names names = types();
  for (const SchemaPlace& place : parts) {
    const Names listed = listed_types(place);
    std::erase_if(names, [&](const std::string& type) { return !admits(place, listed, type); });
  }
  if (contains(names, "number")) std::erase(names, "integer");
  return names;
}

std::pair<uint32_t, uint32_t> counts(const SchemaParts& parts, const std::string& min, const std::string& max) {
  std::pair<uint32_t, uint32_t> range{0, JsonParts::unbounded};
  for (const SchemaPlace& place : parts) {
    range.first = std::max(range.first, count(place, min, 0));
    range.second = std::min(range.second, count(place, max, JsonParts::unbounded));
  }
  return range;
}

std::pair<int64_t, int64_t> integer_bounds(const SchemaParts& parts) {
  constexpr int64_t largest = JsonParts::largest_integer;
  std::pair<int64_t, int64_t> bounds{-largest, largest};
  for (const SchemaPlace& place : parts) {
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
  }
  return bounds;
}

NumberLimits number_bounds(const SchemaParts& parts) {
  const auto largest = JsonParts::largest_bounded_number;
  NumberLimits limits{{-static_cast<double>(largest), true, largest, {}},
                      {static_cast<double>(largest), false, largest, {}}};
  for (const SchemaPlace& place : parts) {
    for (const bool exclusive : {false, true}) {
      const char* lower = exclusive ? "exclusiveMinimum" : "minimum";
      const char* upper = exclusive ? "exclusiveMaximum" : "maximum";
      if (number_at(place, lower) != nullptr) {
        const JsonParts::Bound bound = number_bound(place, lower, exclusive);
        const bool tighter = bound.value > limits.low.value || (bound.value == limits.low.value && exclusive);
        if (tighter) limits.low = bound;
        limits.bounded = true;
      }
      if (number_at(place, upper) != nullptr) {
        const JsonParts::Bound bound = number_bound(place, upper, exclusive);
        const bool tighter = bound.value < limits.high.value || (bound.value == limits.high.value && exclusive);
        if (tighter) limits.high = bound;
        limits.bounded = true;
      }
    }
  }
  limits.nothing = limits.low.value > limits.high.value ||
                   (limits.low.value == limits.high.value && (limits.low.exclusive || limits.high.exclusive));
  return limits;
}

Multiples multiples(const SchemaParts& parts) {
  Multiples all;
  for (const SchemaPlace& place : parts) {
    const Json* value = number_at(place, "multipleOf");
    if (value == nullptr) continue;
    const auto number = value->get<double>();
    if (!(number > 0)) place.refuse("\"multipleOf\" is not a number above 0");
    uint32_t digits = 0;
    double power = 1;
    while (digits < 9 && power != number) power = std::pow(10.0, -static_cast<double>(++digits));
    if (std::trunc(number) == number && number <= 1000) {
      all.of = std::lcm(all.of, static_cast<int64_t>(number));
      all.whole = true;
      if (all.of > 1000) place.refuse("\"multipleOf\" beyond 1000 is not supported");
    } else if (power == number) {
      all.fraction_digits = std::min(all.fraction_digits.value_or(digits), digits);
    } else {
      place.refuse(
          fmt::format("\"multipleOf\" {} is not supported (whole numbers up to 1000, 0.1, 0.01… are)", number));
    }
  }
  return all;
}

}  // namespace deskhand
