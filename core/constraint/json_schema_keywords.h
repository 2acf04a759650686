#pragma once
// One schema and where it stands; the schemas that hold together; what they say together about counts and bounds.
//
//   SchemaPlace place{&schema, "#/properties/age", 2};
//   SchemaParts parts{place, other};                       // a value must satisfy all of them
//   const auto [first, last] = integer_bounds(parts);
//
// Every function throws SchemaError, naming the place, for what it does not understand.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/constraint/json_parts.h"

namespace deskhand {

using SchemaNames = std::vector<std::string>;

struct SchemaPlace {
  const nlohmann::ordered_json* schema;
  std::string where;  ///< as a JSON pointer behind '#', cut where it is long
  int nesting = 0;

  [[noreturn]] void refuse(const std::string& what) const;
  /// The keyword's value, or null.
  const nlohmann::ordered_json* find(const std::string& keyword) const;
  SchemaPlace below(const nlohmann::ordered_json& inner, const std::string& step) const;
};

using SchemaParts = std::vector<SchemaPlace>;

bool contains(const SchemaNames& names, const std::string& name);

/// The dialect that the document declares with "$schema", else the other. Refuses those that are unknown.
SchemaDialect dialect_of(const nlohmann::ordered_json& root, SchemaDialect otherwise);

/// The keywords of an object schema but annotations; unknown ones and those of other dialects are refused.
SchemaNames schema_keywords(const SchemaPlace& place, SchemaDialect dialect);

/// The JSON types that all parts admit; "integer" only where "number" is not among them.
SchemaNames common_types(const SchemaParts& parts);

/// The tightest of a pair such as minItems and maxItems; absent: 0 and JsonParts::unbounded.
std::pair<uint32_t, uint32_t> counts(const SchemaParts& parts, const std::string& min, const std::string& max);

/// The first and the last integer; the first is larger when there is none.
std::pair<int64_t, int64_t> integer_bounds(const SchemaParts& parts);

struct NumberLimits {
  JsonParts::Bound low, high;
  bool bounded = false;
  bool nothing = false;  ///< the bounds exclude each other
};
NumberLimits number_bounds(const SchemaParts& parts);

struct Multiples {
  int64_t of = 1;                           ///< whole numbers: multiples of this
  bool whole = false;                       ///< a number must be whole
  std::optional<uint32_t> fraction_digits;  ///< at most so many decimals
};
Multiples multiples(const SchemaParts& parts);

}  // namespace deskhand
