// Schemas that are refused, and those that mean harm.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "core/constraint/json_schema.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

std::string error_of(const Json& schema) {
  try {
    json_schema_grammar(schema);
  } catch (const SchemaError& error) {
    return error.what();
  }
  return "no error";
}

TEST(JsonSchema, RefusesByNameAndPlace) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"re({"properties": {"a": {"type": "string", "pattern": "x(?=y)"}}})re",
       "#/properties/a: expression \"x(?=y)\": lookahead"},
      {R"({"type": "integer", "multipleOf": 0.3})", "\"multipleOf\" 0.3 is not supported"},
      {R"({"type": "array", "uniqueItems": true})", "\"uniqueItems\" is not supported"},
      {R"({"items": {"not": {"minimum": 3}}})", "#/items: \"not\" of more than types"},
      {R"({"type": "objekt"})", "\"type\" \"objekt\" is unknown"},
      {R"({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/$defs/x", "minimum": 1, "$defs": {"x": {}}})",
       "\"minimum\" beside \"$ref\""},
      {R"({"$schema": "http://json-schema.org/draft-04/schema#"})", "\"$schema\""},
      {R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "items": [{}]})", "a list as \"items\""},
      {R"({"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [{}]})", "\"prefixItems\" is not"},
      {R"({"$ref": "#/$defs/x"})", "leads nowhere"},
      {R"({"$ref": "http://example.com/s"})", "leads nowhere"},
      {R"({"$ref": 7})", "\"$ref\" is not a string"},
      {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})", "branches 0 and 1 may both hold"},
      {R"({"type": "number", "maximum": 1e12})", "beyond ±10⁹"},
      {R"({"type": "integer", "minimum": 1000000000000000000})", "beyond 18 digits"},
      {R"({"type": "array", "minItems": -1})", "\"minItems\" is not a whole number"},
      {R"({"type": "string", "maxLength": 1e300})", "\"maxLength\" 1e+300 is too large"},
      {R"({"type": "object", "minProperties": 2})", "\"minProperties\""},
      {R"({"properties": {"a": {}}, "maxProperties": 1})", "\"maxProperties\""},
      {R"({"enum": 3})", "\"enum\" is not a list"},
      {R"({"anyOf": []})", "\"anyOf\" is not a list of schemas"},
      {R"({"properties": {"a": 3}})", "#/properties/a: is neither"},
      {R"([])", "is neither"},
      {R"(false)", "nothing matches"},
      {R"({"enum": []})", "nothing matches"},
      {R"({"type": "integer", "minimum": 5, "maximum": 3})", "nothing matches"},
      {R"({"type": "array", "minItems": 3, "maxItems": 2})", "nothing matches"},
      {R"({"type": "object", "properties": {"a": false}, "required": ["a"]})", "nothing matches"},
  };
  for (const auto& [schema, expected] : cases) {
    EXPECT_NE(error_of(Json::parse(schema)).find(expected), std::string::npos) << schema << "\n"
                                                                               << error_of(Json::parse(schema));
  }
  EXPECT_THROW(json_grammar({";", ":"}), SchemaError);
  EXPECT_THROW(json_grammar({",", ""}), SchemaError);
  EXPECT_NO_THROW(json_grammar({",\n  ", " : "}));
  EXPECT_NE(error_of({{"const", "\xFF"}}).find("invalid UTF-8"), std::string::npos);
}

/// Each must be answered, one way or the other, within a second.
TEST(JsonSchema, HostileSchemasAreAnsweredQuickly) {
  const auto quickly = [](const Json& schema) {
    const std::clock_t begin = std::clock();  // CPU time: other programs run too
    std::string result = error_of(schema);
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 5.0) << result;
    return result;
  };
  const auto contains = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  EXPECT_PRED2(contains, quickly(Json::parse(R"({"$ref": "#"})")), "leads back to itself");
  EXPECT_PRED2(contains, quickly(Json::parse(R"({"anyOf": [{"$ref": "#"}, {"type": "null"}]})")),
               "leads back to itself");
  EXPECT_PRED2(contains,
               quickly(Json::parse(
                   R"({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})")),
               "leads back to itself");
  EXPECT_PRED2(contains,
               quickly(Json::parse(R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})")),
               "nothing matches");

  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += R"({"items": )";
  EXPECT_PRED2(contains, quickly(Json::parse(deep + "true" + std::string(50'000, '}'))), "nested deeper than 100");
  EXPECT_PRED2(contains, quickly({{"const", Json::parse(std::string(50'000, '[') + std::string(50'000, ']'))}}),
               "nested deeper than 100");
  std::string objects;  // each level twice in the grammar would be 2^90
  for (int i = 0; i < 90; ++i) objects += R"({"properties": {"a": {}, "b": )";
  EXPECT_EQ(quickly(Json::parse(objects + "true" +
                                [] {
                                  std::string s;
                                  for (int i = 0; i < 90; ++i) s += "}}";
                                  return s;
                                }())),
            "no error");

  EXPECT_EQ(quickly(Json::parse(
                R"({"type": "array", "items": {"type": "array", "maxItems": 4000000000}, "minItems": 4000000000})")),
            "no error");
  Json wide;
  for (int i = 0; i < 5000; ++i) wide["properties"][fmt::format("p{}", i)] = {{"type", "integer"}, {"minimum", i}};
  EXPECT_EQ(quickly(wide), "no error");
  EXPECT_PRED2(contains, quickly({{"$ref", "#" + std::string(1001, '/')}}), "longer than 1000 bytes");
  Json patterns;
  for (int i = 0; i < 2000; ++i) patterns["patternProperties"][fmt::format("p{}", i)] = true;
  EXPECT_PRED2(contains, quickly(patterns), "more than 4 expressions");
  Json names;
  for (int i = 0; i < 20'000; ++i) names["enum"].push_back(fmt::format("value {}", i));
  EXPECT_EQ(quickly(names), "no error");
}

/// Each part is small, all together are not.
TEST(JsonSchema, WorkIsBoundedOverTheWholeSchema) {
  const auto too_much = [](const Json& schema) {
    const std::clock_t begin = std::clock();
    EXPECT_NE(error_of(schema).find("too much work to compile it"), std::string::npos) << error_of(schema);
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 10.0);
  };
  Json patterns, lengths, choices, names, equal;
  for (int i = 0; i < 300; ++i) {
    patterns["properties"][fmt::format("p{}", i)] = {{"pattern", fmt::format(".{{{}}}", 1000 + i)}};
    lengths["allOf"].push_back({{"pattern", fmt::format("^.{{1,{}}}$", 9000 + i)}});
    names["required"].push_back(fmt::format("k{}", i));
  }
  too_much(patterns);
  too_much(lengths);
  names["type"] = "object";
  names["additionalProperties"] = {{"$ref", "#/$defs/a"}};
  too_much(
      {{"$defs", {{"a", names}}}, {"oneOf", {{{"$ref", "#/$defs/a"}}, {{"$ref", "#/$defs/a"}, {"minProperties", 1}}}}});
  for (int i = 0; i < 6000; ++i) choices["allOf"].push_back({{"minLength", i}});
  Json sixteen;
  for (int i = 0; i < 15; ++i) sixteen["anyOf"].push_back({{"maxLength", 9000 + i}});
  choices["allOf"].push_back(sixteen);
  choices["allOf"].push_back({{"anyOf", {{{"minLength", 1}}, {{"minLength", 2}}, {{"minLength", 3}}}}});
  choices["allOf"].push_back({{"anyOf", {{{"minLength", 4}}, {{"minLength", 5}}, {{"minLength", 6}}}}});
  too_much(choices);
  for (int list = 0; list < 2; ++list) {
    Json values;
    for (int i = 0; i < 6000; ++i) values.push_back(10'000 * list + i);
    equal["allOf"].push_back({{"enum", values}});
  }
  too_much(equal);
  EXPECT_NE(error_of({{"type", std::vector<std::string>(8, "string")}}).find("names a type twice"), std::string::npos);
}

TEST(JsonSchema, HugeCountsAreKept) {
  const Grammar grammar = json_schema_grammar(Json::parse(R"({"type": "string", "minLength": 3000000000})"));
  EXPECT_TRUE(grammar.matches_prefix('"' + std::string(5000, 'x')));
  EXPECT_FALSE(grammar.matches_prefix('"' + std::string(5000, 'x') + '"'));
}

}  // namespace
}  // namespace deskhand
