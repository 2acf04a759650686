#pragma once
// A second reading of JSON Schema, for tests of the first.
//
//   EXPECT_TRUE(SchemaValidator(schema).valid(value));          // the schema outlives it

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
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
    if (key == "enum") return std::find(k.begin(), k.end(), v) != k.end();
    if (key == "anyOf" || key == "oneOf" || key == "allOf") {
      const auto n = static_cast<size_t>(std::count_if(k.begin(), k.end(), [&](const Json& b) { return valid(b, v); }));
      return key == "anyOf" ? n > 0 : key == "oneOf" ? n == 1 : n == k.size();
    }
    if (key == "type") {
      return k.is_string() ? is_of_type(v, k)
                           : std::any_of(k.begin(), k.end(), [&](const Json& t) { return is_of_type(v, t); });
    }
    if (v.is_object()) return object_keyword(s, key, k, v);
    if (v.is_array()) return array_keyword(s, key, k, v);
    if (v.is_string()) {
      if (key == "minLength") return length(v) >= k.get<size_t>();
      if (key == "maxLength") return length(v) <= k.get<size_t>();
    }
    if (v.is_number()) {
      if (key == "minimum") return v.get<double>() >= k.get<double>();
      if (key == "maximum") return v.get<double>() <= k.get<double>();
      if (key == "exclusiveMinimum") return v.get<double>() > k.get<double>();
      if (key == "exclusiveMaximum") return v.get<double>() < k.get<double>();
    }
    return true;
  }
  bool object_keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "properties") {
      return std::all_of(k.items().begin(), k.items().end(),
                         [&](const auto& p) { return !v.contains(p.key()) || valid(p.value(), v.at(p.key())); });
    }
    if (key == "required")
      return std::all_of(k.begin(), k.end(), [&](const Json& name) { return v.contains(std::string(name)); });
    if (key == "additionalProperties") {
      for (const auto& [name, value] : v.items()) {
        const bool described = s.contains("properties") && s.at("properties").contains(name);
        if (!described && !valid(k, value)) return false;
      }
    }
    return true;
  }
  bool array_keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "minItems") return v.size() >= k.get<size_t>();
    if (key == "maxItems") return v.size() <= k.get<size_t>();
    const size_t fixed = s.contains("prefixItems") ? s.at("prefixItems").size() : 0;
    for (size_t i = 0; i < v.size(); ++i) {
      if (key == "prefixItems" && i < fixed && !valid(k[i], v[i])) return false;
      if (key == "items" && i >= fixed && !valid(k, v[i])) return false;
    }
    return true;
  }
  const Json& root_;
};

}  // namespace deskhand::testing
