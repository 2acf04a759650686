#pragma once
// Reads and checks the keywords of one schema: which there are, which types they speak of, the counts and bounds.
//
//   SchemaPlace place{schema, "#/properties/age", 2};
//   const auto [first, last] = integer_bounds(place);
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

/// One schema and where it stands.
struct SchemaPlace {
  const nlohmann::ordered_json& schema;
  std::string where;  ///< as a JSON pointer behind '#'
  int nesting;

  [[noreturn]] void refuse(const std::string& what) const;
  /// The keyword's value, or null.
  const nlohmann::ordered_json* find(const std::string& keyword) const;
  SchemaPlace below(const nlohmann::ordered_json& inner, const std::string& step) const {
    return {inner, where + "/" + step, nesting + 1};
  }
};

bool contains(const SchemaNames& names, const std::string& name);

/// The keywords but annotations; unknown ones are refused.
SchemaNames schema_keywords(const SchemaPlace& place);

/// Whether the keyword limits values of this type.
bool speaks_of(const std::string& keyword, const std::string& type);

/// The types of "type"; without it those that the keywords speak of.
SchemaNames schema_types(const SchemaPlace& place, const SchemaNames& keywords);

/// The values of a pair such as minItems and maxItems, absent: 0 and JsonParts::unbounded.
std::pair<uint32_t, uint32_t> counts(const SchemaPlace& place, const std::string& min, const std::string& max);

/// The first and the last integer; the first is larger when there is none.
std::pair<int64_t, int64_t> integer_bounds(const SchemaPlace& place);

/// Nothing when no bound is given.
std::optional<std::pair<JsonParts::Bound, JsonParts::Bound>> number_bounds(const SchemaPlace& place);

}  // namespace deskhand
