#pragma once
// JSON under a schema, as a grammar: what is written is valid JSON and valid for the schema by construction.
//
//   Grammar g = json_schema_grammar(nlohmann::ordered_json::parse(R"({"type": "object",
//       "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0}},
//       "required": ["name"]})"));
//   g.matches(R"({"name": "Ada", "age": 36})");
//
// Understood: true, false, {}; type (one or a list); properties, required, additionalProperties; items, prefixItems,
// minItems, maxItems; minLength, maxLength; minimum, maximum, exclusiveMinimum, exclusiveMaximum; enum, const; anyOf;
// oneOf of branches whose types or values differ; allOf of one schema; $ref within the document, recursion included.
// Annotations (title, description, default, examples, deprecated, readOnly, writeOnly, $comment, $schema, $id, $defs,
// definitions) mean nothing. Everything else is refused by name with a SchemaError that says where ("#/properties/a"),
// and so are keywords that have no effect where they stand, and schemas that nothing satisfies.
//
// A grammar may allow less than its schema, never more:
//   - Properties come in the order of the schema, none twice. An object with `properties` has no others; one with only
//     additionalProperties (or nothing) is a map with any keys. Required names without a schema are refused.
//   - Free numbers have at most 15 digits before the point, 15 behind it and 2 in the exponent; free integers at most
//     18 digits. Numbers with bounds have no exponent and 15 significant digits at most, so that double precision
//     decides as the text does; their bounds are whole numbers. A one-sided bound of a number gets ±10⁹ as the other.
//   - enum and const values are spelled in one way. Free strings may use every escape of JSON.
// Lengths count code points, as JSON Schema says.

#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>

#include "core/constraint/grammar.h"

namespace deskhand {

class SchemaError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct JsonStyle {
  std::string item_separator = ", ";  ///< the defaults are those of Python's json.dumps, which models have seen most
  std::string key_separator = ": ";
  /// Schemas within schemas, and values within const and enum.
  int max_nesting = 100;
};

/// Compiles a schema. Use ordered_json, so that properties keep their order.
Grammar json_schema_grammar(const nlohmann::ordered_json& schema, const JsonStyle& style = {});

/// The same as a part of a larger grammar, such as the arguments of a tool call.
GrammarBuilder::Expression add_json_schema(GrammarBuilder& builder, const nlohmann::ordered_json& schema,
                                           const JsonStyle& style = {});

/// Any JSON value.
Grammar json_grammar(const JsonStyle& style = {});

/// This value in the style's spelling; throws SchemaError for invalid UTF-8 and for nesting beyond the limit.
std::string json_text(const nlohmann::ordered_json& value, const JsonStyle& style = {});

}  // namespace deskhand
