#pragma once
// Schemas as expressions of one builder, for front-ends that write JSON within something else.
//
//   WorkLimit work;                                           // one for all that are compiled together
//   SchemaCompiler compiler(builder, root, style, work);      // root outlives it
//   auto age = compiler.value({{&root["properties"]["age"], "#/properties/age"}});
//   compiler.finish();                                        // before the builder builds
//
// Every list of schemas that hold together is one rule of the grammar, so recursion ends. Throws SchemaError.

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/constraint/character_automaton.h"
#include "core/constraint/json_parts.h"
#include "core/constraint/json_schema_alternatives.h"

namespace deskhand {

class SchemaCompiler {
 public:
  using Expression = GrammarBuilder::Expression;

  SchemaCompiler(GrammarBuilder& builder, const nlohmann::ordered_json& root, const JsonStyle& style, WorkLimit& work);

  /// A value that satisfies all of them.
  Expression value(const SchemaParts& schemas);
  /// The same for one JSON type; the parts are plain and have no enum or const.
  Expression of_type(const SchemaParts& parts, const std::string& type);
  /// Defines the rules that values have used.
  void finish();

 private:
  Expression compile(const SchemaParts& schemas);
  Expression plain(const SchemaParts& parts);
  Expression number(const SchemaParts& parts, bool whole);
  Expression object(const SchemaParts& parts);
  std::optional<MoreMembers> others(const SchemaParts& parts, const SchemaNames& named, size_t needed);
  std::vector<std::pair<CharacterAutomaton, SchemaParts>> kinds_of_others(const SchemaParts& parts,
                                                                          const SchemaNames& named);
  Expression array(const SchemaParts& parts);

  GrammarBuilder& builder_;
  JsonStyle style_;
  JsonParts json_;
  SchemaAlternatives schemas_;
  std::map<std::vector<const nlohmann::ordered_json*>, GrammarBuilder::Rule> rules_;
  std::vector<std::pair<GrammarBuilder::Rule, SchemaParts>> pending_;
};

/// How a value of enum or const is spelled: whole numbers without fraction.
std::string constant_text(const nlohmann::ordered_json& constant, const JsonStyle& style);

}  // namespace deskhand
