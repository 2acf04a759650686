#pragma once
// JSON under a schema, as a grammar: what is written is valid JSON and valid for the schema by construction.
//
//   Grammar g = json_schema_grammar(nlohmann::ordered_json::parse(R"({"type": "object",
//       "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0}},
//       "required": ["name"]})"));
//   g.matches(R"({"name": "Ada", "age": 36})");
//
// Drafts 6, 7, 2019-09 and 2020-12, as "$schema" says. Understood: true, false; type, enum, const; properties,
// required, additionalProperties, patternProperties, propertyNames, minProperties, maxProperties (the last three where
// they can be kept); items, prefixItems, additionalItems, minItems, maxItems; minLength, maxLength, pattern
// (core/constraint/regular_expression.h); minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf (whole
// numbers, 0.1, 0.01…); anyOf, allOf, $ref within the document (recursion included) and any of these beside each other;
// oneOf of branches that exclude each other provably; not of types. Annotations (title, description, default, format…)
// mean nothing: "format" is not asserted. Everything else is refused by name with a SchemaError that says where
// ("#/properties/a"), and so are schemas that nothing satisfies and those that are too much work to compile
// (core/constraint/work_limit.h).
//
// A grammar may allow less than its schema, never more:
//   - Properties come in the order of the schema ("properties" first, then what only "required" names, then others in
//     any order), the named ones at most once. Unless the schema says something of others (additionalProperties,
//     patternProperties) an object with "properties" has no others; JsonStyle::open_objects lets them in.
//   - Free numbers have at most 15 digits before the point, 15 behind it and 2 in the exponent; free integers at most
//     18 digits, no fraction. Numbers with bounds have no exponent and 15 significant digits at most, so that double
//     precision decides as the text does; a one-sided bound of a number gets ±10⁹ as the other.
//   - enum and const values are spelled in one way, and so are strings with a pattern and names of other properties:
//     escapes only where JSON demands them. Free strings may use every escape of JSON.
// Lengths count code points, as JSON Schema says.

#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>

#include "core/constraint/grammar.h"
#include "core/constraint/work_limit.h"

namespace deskhand {

class SchemaError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// In the order of their age. `any`: all keywords that do not contradict each other, for documents without "$schema".
enum class SchemaDialect { draft6, draft7, draft2019_09, any, draft2020_12 };

struct JsonStyle {
  std::string item_separator = ", ";  ///< the defaults are those of Python's json.dumps, which models have seen most
  std::string key_separator = ": ";
  /// Schemas within schemas, and values within const and enum.
  int max_nesting = 100;
  /// Of compiling, in steps of a WorkLimit.
  uint64_t max_work = WorkLimit::usual;
  /// Whether objects may have properties of which the schema says nothing.
  bool open_objects = false;
  /// Of documents that do not say theirs.
  SchemaDialect dialect = SchemaDialect::any;
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
