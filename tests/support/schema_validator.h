#pragma once
// A second reading of JSON Schema, for tests of the first.
//
//   EXPECT_TRUE(SchemaValidator(schema).valid(value));          // the schema outlives it
//
// Throws std::invalid_argument for a keyword that it does not know.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>

namespace deskhand::testing {

/// An independent validator of the keywords that the front-end knows: it reads a schema as the specification says,
/// keyword by keyword.
class SchemaValidator {
 public:
  explicit SchemaValidator(const nlohmann::ordered_json& root) : root_(root) {}
  bool valid(const nlohmann::ordered_json& v) const { return valid(root_, v); }

 private:
  using Json = nlohmann::ordered_json;
  /// Code points of valid UTF-8.
  static size_t length(const std::string& text) {
    size_t count = 0;
    for (const char c : text) count += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1 : 0;
    return count;
  }
  static bool is_of_type(const Json& v, const std::string& type) {
    if (type == "integer") return v.is_number() && std::floor(v.get<double>()) == v.get<double>();
    if (type == "array") return v.is_array();
    if (type == "object") return v.is_object();
    if (type == "number") return v.is_number();
    if (type == "string") return v.is_string();
    return type == "null" ? v.is_null() : v.is_boolean();
  }
  static bool matches(const std::string& text, const std::string& pattern) {
    return std::regex_search(text, std::regex(pattern));
  }
  static bool is_multiple(double number, double of) {
    const double times = number / of;
    return std::abs(times - std::round(times)) <= 1e-9 * std::max(1.0, std::abs(times));
  }
  static bool is_annotation(const std::string& key) {
    return key.starts_with("$") ||
           std::set<std::string>{"title", "description", "default", "examples", "format", "definitions", "deprecated"}
               .contains(key);
  }
  bool valid(const Json& s, const Json& v) const {
    if (s.is_boolean()) return s.get<bool>();
    for (const auto& [key, k] : s.items()) {
      if (!keyword(s, key, k, v)) return false;
    }
    return true;
  }
  bool keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "$ref") return valid(root_.at(Json::json_pointer(k.get<std::string>().substr(1))), v);
    if (key == "const") return v == k;
    if (key == "not") return !valid(k, v);
    if (key == "enum") return std::find(k.begin(), k.end(), v) != k.end();
    if (key == "anyOf" || key == "oneOf" || key == "allOf") {
      const auto n = static_cast<size_t>(std::count_if(k.begin(), k.end(), [&](const Json& b) { return valid(b, v); }));
      return key == "anyOf" ? n > 0 : key == "oneOf" ? n == 1 : n == k.size();
    }
    if (key == "type") {
      return k.is_string() ? is_of_type(v, k)
                           : std::any_of(k.begin(), k.end(), [&](const Json& t) { return is_of_type(v, t); });
    }
    if (key == "minLength") return !v.is_string() || length(v) >= k.get<size_t>();
    if (key == "maxLength") return !v.is_string() || length(v) <= k.get<size_t>();
    if (key == "pattern") return !v.is_string() || matches(v, k);
    if (key == "minimum") return !v.is_number() || v.get<double>() >= k.get<double>();
    if (key == "maximum") return !v.is_number() || v.get<double>() <= k.get<double>();
    if (key == "exclusiveMinimum") return !v.is_number() || v.get<double>() > k.get<double>();
    if (key == "exclusiveMaximum") return !v.is_number() || v.get<double>() < k.get<double>();
    if (key == "multipleOf") return !v.is_number() || is_multiple(v.get<double>(), k.get<double>());
    if (key.ends_with("Items") || key == "items") return !v.is_array() || array_keyword(s, key, k, v);
    if (key.ends_with("roperties") || key == "required" || key == "propertyNames") {
      return !v.is_object() || object_keyword(s, key, k, v);
    }
    if (is_annotation(key)) return true;
    throw std::invalid_argument("schema validator: keyword " + key + " is unknown");
  }
  bool object_keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "properties") {
      return std::all_of(k.items().begin(), k.items().end(),
                         [&](const auto& p) { return !v.contains(p.key()) || valid(p.value(), v.at(p.key())); });
    }
    if (key == "required")
      return std::all_of(k.begin(), k.end(), [&](const Json& name) { return v.contains(std::string(name)); });
    if (key == "minProperties") return v.size() >= k.get<size_t>();
    if (key == "maxProperties") return v.size() <= k.get<size_t>();
    for (const auto& [name, value] : v.items()) {
      if (key == "propertyNames" && !valid(k, Json(name))) return false;
      if (key == "additionalProperties" && !is_described(s, name) && !valid(k, value)) return false;
      if (key != "patternProperties") continue;
      for (const auto& [pattern, inner] : k.items()) {
        if (matches(name, pattern) && !valid(inner, value)) return false;
      }
    }
    return true;
  }
  static bool is_described(const Json& s, const std::string& name) {
    if (s.contains("properties") && s.at("properties").contains(name)) return true;
    if (!s.contains("patternProperties")) return false;
    const Json& patterns = s.at("patternProperties");
    return std::any_of(patterns.items().begin(), patterns.items().end(),
                       [&](const auto& member) { return matches(name, member.key()); });
  }
  bool array_keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "minItems") return v.size() >= k.get<size_t>();
    if (key == "maxItems") return v.size() <= k.get<size_t>();
    const bool tuple = s.contains("items") && s.at("items").is_array();
    const char* list = tuple ? "items" : "prefixItems";
    const size_t fixed = s.contains(list) ? s.at(list).size() : 0;
    for (size_t i = 0; i < v.size(); ++i) {
      if (key == list && i < fixed && !valid(k[i], v[i])) return false;
      if (key == (tuple ? "additionalItems" : "items") && i >= fixed && !valid(k, v[i])) return false;
    }
    return true;
  }
  const Json& root_;
};

}  // namespace deskhand::testing
