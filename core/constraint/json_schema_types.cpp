#include "core/constraint/json_schema_types.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

const Json* member(const Json& schema, const char* key) {
  if (!schema.is_object()) return nullptr;
  const auto found = schema.find(key);
  return found == schema.end() ? nullptr : &*found;
}

/// The values of const or enum; empty when there are none.
std::vector<const Json*> values_of(const Json& schema) {
  if (const Json* value = member(schema, "const")) return {value};
  std::vector<const Json*> values;
  if (const Json* list = member(schema, "enum"); list != nullptr && list->is_array()) {
    for (const Json& value : *list) values.push_back(&value);
  }
  return values;
}

std::vector<std::string> types_of(const Json& schema) {
  const Json* type = member(schema, "type");
  if (type == nullptr) return {};
  if (type->is_string()) return {type->get<std::string>()};
  std::vector<std::string> types;
  if (type->is_array()) {
    for (const Json& name : *type) types.push_back(name.is_string() ? name.get<std::string>() : "");
  }
  return types;
}

bool overlap(const std::string& a, const std::string& b) {
  return a == b || (a == "integer" && b == "number") || (a == "number" && b == "integer");
}

bool types_disjoint(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return false;
  return std::none_of(a.begin(), a.end(), [&](const std::string& one) {
    return std::any_of(b.begin(), b.end(), [&](const std::string& other) { return overlap(one, other); });
  });
}

/// Values on the one side, values or types on the other.
bool values_apart(const std::vector<const Json*>& values, const Json& other) {
  if (values.empty()) return false;
  const std::vector<const Json*> others = values_of(other);
  const std::vector<std::string> types = types_of(other);
  if (others.empty() && types.empty()) return false;
  return std::none_of(values.begin(), values.end(), [&](const Json* value) {
    const auto equal = [&](const Json* o) { return *o == *value; };
    const auto typed = [&](const std::string& type) { return has_type(*value, type); };
    return others.empty() ? std::any_of(types.begin(), types.end(), typed)
                          : std::any_of(others.begin(), others.end(), equal);
  });
}

bool apart(const Json& a, const Json& b) {
  return types_disjoint(types_of(a), types_of(b)) || values_apart(values_of(a), b) || values_apart(values_of(b), a);
}

bool requires_property(const Json& schema, const std::string& key) {
  const Json* required = member(schema, "required");
  return required != nullptr && required->is_array() &&
         std::find(required->begin(), required->end(), Json(key)) != required->end();
}

}  // namespace

bool has_type(const Json& value, std::string_view type) {
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

bool disjoint(const Json& a, const Json& b, const SchemaResolver& resolve) {
  const Json *one = resolve(a), *other = resolve(b);
  if (one == nullptr || other == nullptr) return false;
  if (apart(*one, *other)) return true;
  const Json *mine = member(*one, "properties"), *theirs = member(*other, "properties");
  if (mine == nullptr || theirs == nullptr || !mine->is_object() || !theirs->is_object()) return false;
  if (types_of(*one) != std::vector<std::string>{"object"} || types_of(*other) != types_of(*one)) return false;
  for (const auto& [key, schema] : mine->items()) {
    const Json* same = member(*theirs, key.c_str());
    if (same == nullptr || !requires_property(*one, key) || !requires_property(*other, key)) continue;
    const Json *left = resolve(schema), *right = resolve(*same);
    if (left != nullptr && right != nullptr && apart(*left, *right)) return true;
  }
  return false;
}

}  // namespace deskhand
