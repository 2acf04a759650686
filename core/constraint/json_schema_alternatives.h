#pragma once
// A schema without applicators: $ref, allOf, anyOf and oneOf resolved into alternatives, each a list of plain schemas
// that hold together.
//
//   WorkLimit work;
//   SchemaAlternatives resolver(root, style, work);
//   for (const SchemaParts& parts : resolver.of({{&schema, "#"}})) …      // one of them is for every valid value
//   resolver.valid(parts, value);                                        // exact, for enum and const
//   resolver.never(parts);                                               // true: no value satisfies all of them
//
// Throws SchemaError for what is not supported, for references that lead nowhere or in a circle, and where the work of
// all calls together goes beyond the WorkLimit.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "core/constraint/character_automaton.h"
#include "core/constraint/json_schema.h"
#include "core/constraint/json_schema_keywords.h"

namespace deskhand {

class SchemaAlternatives {
 public:
  static constexpr size_t max_alternatives = 256;

  SchemaAlternatives(const nlohmann::ordered_json& root, const JsonStyle& style, WorkLimit& work);

  std::vector<SchemaParts> of(const SchemaParts& schemas) const;
  /// Sound, not complete: false may mean that it was not found out. Looks `depth` levels into objects and arrays.
  bool never(const SchemaParts& schemas, int depth = 3) const;
  bool valid(const SchemaParts& schemas, const nlohmann::ordered_json& value) const;

  /// What the parts, which are plain, say together.
  bool enumerated(const SchemaParts& parts) const;
  /// The values of const and enum that are valid for all parts.
  std::vector<const nlohmann::ordered_json*> values(const SchemaParts& parts) const;
  /// For pattern, with the lengths; null when there is no pattern. Lives as long as the resolver.
  const CharacterAutomaton* strings(const SchemaParts& parts) const;
  /// All texts that the schemas admit as a string; refuses what cannot be told.
  CharacterAutomaton names(const SchemaPlace& place) const;
  /// Schemas of the item at the index; `named`: how many have their own.
  SchemaParts item(const SchemaParts& parts, size_t index) const;
  size_t named_items(const SchemaParts& parts) const;
  /// Schemas of the property.
  SchemaParts property(const SchemaParts& parts, const std::string& key) const;
  /// Whether the name is let in by what says something of names (propertyNames).
  bool name_allowed(const SchemaParts& parts, const std::string& key) const;
  SchemaNames required(const SchemaParts& parts) const;
  /// An expression of the place, compiled once.
  const CharacterAutomaton& pattern(const SchemaPlace& place, const std::string& expression) const;
  /// Of everything that one schema asks for.
  WorkLimit& work() const { return work_; }

 private:
  struct Work;
  /// `check`: refuses branches of oneOf that may both hold. The oneOf of `apart` is passed over.
  std::vector<SchemaParts> alternatives(const SchemaParts& schemas, bool check,
                                        const nlohmann::ordered_json* apart = nullptr) const;
  bool never_any(const std::vector<SchemaParts>& ways, int depth) const;
  void expand(Work& work, std::vector<Work>& open) const;
  void choose(Work& work, const std::vector<const nlohmann::ordered_json*>& via, const SchemaPlace& place,
              std::vector<Work>& open) const;
  void check_exclusive(const SchemaPlace& place) const;
  SchemaPlace target(const SchemaPlace& place) const;
  bool never_of_type(const SchemaParts& parts, const std::string& type, int depth) const;
  /// `from`: an enum that the value is one of.
  bool valid_plain(const SchemaParts& parts, const nlohmann::ordered_json& value,
                   const nlohmann::ordered_json* from = nullptr) const;
  bool valid_object(const SchemaParts& parts, const nlohmann::ordered_json& value) const;
  bool equal(const SchemaPlace& place, const nlohmann::ordered_json& a, const nlohmann::ordered_json& b) const;
  void spend(const SchemaPlace& place, size_t steps) const;

  const nlohmann::ordered_json& root_;
  JsonStyle style_;
  SchemaDialect dialect_;
  WorkLimit& work_;
  mutable std::map<std::string, CharacterAutomaton> patterns_;  ///< compiled
  /// Lengths and expressions that hold together.
  using Together = std::tuple<uint32_t, uint32_t, std::vector<const CharacterAutomaton*>>;
  mutable std::map<Together, CharacterAutomaton> texts_;
};

/// Whether the JSON Schema type name ("integer", "number", "null"…) describes the value.
bool has_type(const nlohmann::ordered_json& value, const std::string& type);

}  // namespace deskhand
