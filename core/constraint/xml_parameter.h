#pragma once
// How the value of one parameter may be written in an XML call: as text, as one of some words, as JSON.
//
//   XmlTexts known;
//   const XmlParameter p = xml_parameter("mode", schemas.property(parts, "mode"), schemas, style, known);
//   p.words.at("fast");

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/constraint/character_automaton.h"
#include "core/constraint/json_schema_alternatives.h"
#include "core/constraint/xml_call.h"

namespace deskhand {

/// Each set of texts once, however many parameters have it.
using XmlTexts = std::vector<std::shared_ptr<const CharacterAutomaton>>;

struct XmlParameter {
  std::string name;
  bool required = false;
  std::map<std::string, nlohmann::ordered_json> words;    ///< what is spelled in one way, by its spelling
  bool any_text = false;                                  ///< every string that is none of the words
  XmlTexts texts;                                         ///< those of them that a schema bounds
  std::vector<std::pair<SchemaParts, std::string>> json;  ///< plain schemas and the type that is written as JSON
};

/// What ends a value.
constexpr std::string_view xml_value_end = "\n</parameter>";

/// An optional one. Its sets of texts are those of `known` or added there. Throws SchemaError for values whose spelling
/// would not tell what they are.
XmlParameter xml_parameter(std::string name, const SchemaParts& schemas, const SchemaAlternatives& resolver,
                           const XmlCallStyle& style, XmlTexts& known);

}  // namespace deskhand
