#pragma once
// How the value of one parameter may be written in an XML call: as text, as one of some words, as JSON.
//
//   const XmlParameter p = xml_parameter("mode", true, schemas.property(parts, "mode"), schemas, style);
//   p.words.at("fast");

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/constraint/character_automaton.h"
#include "core/constraint/json_schema_alternatives.h"
#include "core/constraint/xml_call.h"

namespace deskhand {

struct XmlParameter {
  std::string name;
  bool required = false;
  SchemaParts schemas;
  std::map<std::string, nlohmann::ordered_json> words;    ///< what is spelled in one way, by its spelling
  bool any_text = false;                                  ///< every string that is none of the words
  std::vector<CharacterAutomaton> texts;                  ///< those of them that a schema bounds
  std::vector<std::pair<SchemaParts, std::string>> json;  ///< plain schemas and the type that is written as JSON
};

/// What ends a value.
constexpr std::string_view xml_value_end = "\n</parameter>";

/// Throws SchemaError for values whose spelling would not tell what they are.
XmlParameter xml_parameter(std::string name, bool required, SchemaParts schemas, const SchemaAlternatives& resolver,
                           const XmlCallStyle& style);

}  // namespace deskhand
