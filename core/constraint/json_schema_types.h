#pragma once
// What kinds of values a schema admits, and whether two schemas exclude each other.
//
//   SchemaTypes t = value_types(Json(3));        // integer: {"integer", "number"}
//   disjoint(a, b, resolve);                     // for oneOf: no value satisfies both
//
// Conservative: `disjoint` answers true only when types, enumerated values or a required property of enumerated values
// tell the schemas apart.

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace deskhand {

/// Whether the JSON Schema type name ("integer", "number", "null"…) describes the value.
bool has_type(const nlohmann::ordered_json& value, std::string_view type);

/// Follows $ref; null when it cannot.
using SchemaResolver = std::function<const nlohmann::ordered_json*(const nlohmann::ordered_json& schema)>;

bool disjoint(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b, const SchemaResolver& resolve);

}  // namespace deskhand
