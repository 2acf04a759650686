#include "core/constraint/json_schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "core/constraint/grammar_constraint.h"
#include "core/constraint/random_walk.h"
#include "tests/support/schema_validator.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

using testing::SchemaValidator;

const std::vector<const char*>& schemas() {
  static const std::vector<const char*> list{
      R"(true)",
      R"({})",
      R"({"type": "object"})",
      R"({"type": "array"})",
      R"({"type": "string", "minLength": 2, "maxLength": 5})",
      R"({"type": "integer"})",
      R"({"type": "number"})",
      R"({"type": ["boolean", "null"], "title": "t"})",
      R"({"type": "integer", "minimum": -17, "maximum": 2043})",
      R"({"type": "integer", "exclusiveMinimum": 8, "exclusiveMaximum": 11})",
      R"({"type": "integer", "minimum": 99.5})",
      R"({"type": "integer", "maximum": -1000})",
      R"({"type": "number", "minimum": 0, "maximum": 1})",
      R"({"type": "number", "exclusiveMinimum": -3, "maximum": 0})",
      R"({"type": "number", "minimum": -20, "exclusiveMaximum": 105})",
      R"({"type": "number", "exclusiveMinimum": 0})",
      R"({"type": "number", "maximum": -7})",
      R"({"type": ["integer", "string"], "minimum": 3, "maxLength": 2})",
      R"({"enum": ["a", 1, 2.5, null, {"x": [1, {}]}, "ż\n\"\u0001"]})",
      R"({"const": {"k": "v", "l": []}})",
      R"({"type": ["string", "integer"], "enum": ["a", 1, 2.5, null]})",
      R"({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 4})",
      R"({"type": "array", "items": {"enum": [1]}, "minItems": 1})",
      R"({"type": "array", "items": false})",
      R"({"type": "array", "items": {"const": 0}, "maxItems": 0})",
      R"({"type": "array", "maxItems": 1})",
      R"({"prefixItems": [{"const": 1}, {"type": "string"}, {"type": "null"}], "items": {"const": 4}, "minItems": 2, "maxItems": 5})",
      R"({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": false})",
      R"({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": {"const": 3}, "minItems": 4, "maxItems": 4})",
      R"({"type": "array", "prefixItems": [{"const": 1}, false, {"const": 3}], "maxItems": 1})",
      R"({"type": "object", "properties": {"b": {"const": 1}, "a": {"const": 2}, "c": {"const": 3}}, "additionalProperties": false})",
      R"({"type": "object", "properties": {"b": {"const": 1}, "a": {"const": 2}, "c": {"const": 3}}, "required": ["a"]})",
      R"({"type": "object", "properties": {"b": {"const": 1}, "a": {"const": 2}, "c": {"const": 3}}, "required": ["c", "b"]})",
      R"({"properties": {"never": false, "\"quo\\ted\"": {"type": "boolean"}}, "required": ["\"quo\\ted\""]})",
      R"({"type": "object", "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 3}})",
      R"({"type": "object", "additionalProperties": false})",
      R"({"anyOf": [{"type": "integer", "maximum": 3}, {"type": "string"}, {"type": "array", "items": {"type": "null"}}]})",
      R"({"oneOf": [{"type": "integer"}, {"type": "string"}, {"enum": [null, true]}]})",
      R"({"allOf": [{"$ref": "#/$defs/small one"}], "$defs": {"small one": {"type": "integer", "minimum": 1, "maximum": 9}}})",
      R"({"$defs": {"tree": {"type": "object", "properties": {"value": {"type": "integer"}, "left": {"$ref": "#/$defs/tree"},
          "right": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}, "required": ["right"]}}, "$ref": "#/$defs/tree"})",
      R"({"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}, "required": ["children"]})",
      R"({"type": "array", "items": {"oneOf": [
          {"type": "object", "properties": {"kind": {"const": "a"}, "x": {"type": "null"}}, "required": ["kind"]},
          {"$ref": "#/definitions/b"}]}, "definitions": {"b":
          {"type": "object", "properties": {"kind": {"enum": ["b", "c"]}, "y": {"type": "null"}}, "required": ["kind", "y"]}}})",
  };
  return list;
}

TEST(JsonSchema, RandomSentencesParseAndValidate) {
  std::mt19937_64 random(11);
  for (const JsonStyle& style : {JsonStyle{}, JsonStyle{",", ":"}}) {
    for (const char* text : schemas()) {
      const Json schema = Json::parse(text);
      const Grammar grammar = json_schema_grammar(schema, style);
      for (int i = 0; i < 120; ++i) {
        const std::string sentence = random_sentence(grammar, random, {.more_rounds = 4, .budget = 200});
        ASSERT_TRUE(grammar.matches(sentence)) << text << "\n" << sentence;
        Json value;
        ASSERT_NO_THROW(value = Json::parse(sentence)) << text << "\n" << sentence;
        ASSERT_TRUE(SchemaValidator(schema).valid(value)) << text << "\n" << sentence;
      }
    }
  }
}

/// A small byte vocabulary with pieces that models have for JSON.
std::vector<std::string_view> json_vocabulary(std::string& bytes) {
  bytes.resize(256);
  std::vector<std::string_view> vocabulary{"\": \"", "\", \"", "{\"", "\"}",   "}}",      "]]",     "[[",  "true",
                                           "12",     "null",   ", ",  "\": ",  "\xC5",    "\xBC\"", "\\u", "\\ud8",
                                           "00",     "[]",     "{}",  "value", "\": {\"", "e9",     ".5"};
  for (size_t b = 0; b < 256; ++b) bytes[b] = static_cast<char>(b);
  for (size_t b = 0; b < 256; ++b) vocabulary.push_back(std::string_view(bytes).substr(b, 1));
  return vocabulary;
}

/// Uniform among the allowed tokens for a while, then mostly closing what can be closed. Nothing when it did not end.
std::optional<std::string> walk_under_mask(const Grammar& grammar, const TokenTrie& trie,
                                           std::span<const std::string_view> vocabulary, std::mt19937_64& random) {
  GrammarConstraint constraint(grammar, trie);
  TokenMask mask(trie.vocabulary_size());
  std::string written;
  const size_t patience = random() % 40;
  for (size_t step = 0; step < 400 && !constraint.must_end(); ++step) {
    if (constraint.may_end() && (step > patience || random() % 4 == 0)) break;
    constraint.allowed(mask);
    std::vector<std::string_view> tokens;
    for (size_t id = 0; id < vocabulary.size(); ++id) {
      if (mask.test(static_cast<int32_t>(id))) tokens.push_back(vocabulary[id]);
    }
    if (tokens.empty()) throw std::logic_error("dead end after " + written);
    std::string_view token = tokens[random() % tokens.size()];
    const std::string_view closing = std::string_view("}]\"\"").substr(random() % 4, 1);
    if (step > patience && std::find(tokens.begin(), tokens.end(), closing) != tokens.end()) token = closing;
    constraint.accept(token);
    written += token;
  }
  return constraint.may_end() ? std::optional(written) : std::nullopt;
}

TEST(JsonSchema, RandomWalksUnderTheMaskParseAndValidate) {
  std::string bytes;
  const std::vector<std::string_view> vocabulary = json_vocabulary(bytes);
  const TokenTrie trie(vocabulary);
  std::mt19937_64 random(3);
  int walks = 0, ended = 0;
  for (const char* text : schemas()) {
    const Json schema = Json::parse(text);
    const Grammar grammar = json_schema_grammar(schema);
    for (int walk = 0; walk < 20; ++walk, ++walks) {
      const std::optional<std::string> written = walk_under_mask(grammar, trie, vocabulary, random);
      if (!written) continue;
      ++ended;
      Json value;
      ASSERT_NO_THROW(value = Json::parse(*written)) << text << "\n" << *written;
      ASSERT_TRUE(SchemaValidator(schema).valid(value)) << text << "\n" << *written;
    }
  }
  EXPECT_GT(ended, walks * 8 / 10);
}

std::vector<std::string> accepted(const char* schema, const std::vector<std::string>& candidates) {
  const Grammar grammar = json_schema_grammar(Json::parse(schema));
  std::vector<std::string> yes;
  for (const std::string& c : candidates) {
    if (grammar.matches(c)) yes.push_back(c);
  }
  return yes;
}

TEST(JsonSchema, IntegerBoundsAreExact) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 60; ++i) {
    const auto span = static_cast<int64_t>(random() % 3000);
    const int64_t low = static_cast<int64_t>(random() % 4000) - 2000, high = low + span;
    const Grammar grammar = json_schema_grammar({{"type", "integer"}, {"minimum", low}, {"maximum", high}});
    for (int64_t v = low - 30; v <= high + 30; v += v < low + 30 || v > high - 30 ? 1 : 7) {
      ASSERT_EQ(grammar.matches(std::to_string(v)), low <= v && v <= high) << low << " " << v << " " << high;
    }
    EXPECT_FALSE(grammar.matches("-0"));
    EXPECT_FALSE(grammar.matches("00"));
    EXPECT_FALSE(grammar.matches(fmt::format("0{}", low)));
  }
  using Strings = std::vector<std::string>;
  EXPECT_EQ(accepted(R"({"type": "integer", "minimum": 999999999999999998})",
                     {"999999999999999997", "999999999999999998", "999999999999999999", "1000000000000000000"}),
            (Strings{"999999999999999998", "999999999999999999"}));
  EXPECT_EQ(accepted(R"({"type": "integer", "minimum": -9223372036854775808, "maximum": 18446744073709551615})",
                     {"0", "-5", "7"}),
            (Strings{"0", "-5", "7"}));
}

TEST(JsonSchema, NumberBoundsAreExact) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 40; ++i) {
    const int low = static_cast<int>(random() % 40) - 20, high = low + static_cast<int>(random() % 15);
    const bool open_low = random() % 2 == 0, open_high = random() % 2 == 0;
    const Json schema{{"type", "number"},
                      {open_low ? "exclusiveMinimum" : "minimum", low},
                      {open_high ? "exclusiveMaximum" : "maximum", high}};
    if (low == high && (open_low || open_high)) {
      EXPECT_THROW(json_schema_grammar(schema), SchemaError) << schema;
      continue;
    }
    const Grammar grammar = json_schema_grammar(schema);
    for (int tenths = low * 10 - 15; tenths <= high * 10 + 15; ++tenths) {
      const double v = tenths / 10.0;
      const bool inside = (open_low ? v > low : v >= low) && (open_high ? v < high : v <= high);
      ASSERT_EQ(grammar.matches(fmt::format("{:.1f}", v)), inside) << schema << " " << v;
      ASSERT_EQ(grammar.matches(fmt::format("{:.4f}", v)), inside) << schema << " " << v;
      if (tenths % 10 != 0) continue;
      ASSERT_EQ(grammar.matches(fmt::format("{}", tenths / 10)), inside) << schema << " " << v;
    }
  }
}

TEST(JsonSchema, ObjectsKeepTheOrderOfTheSchema) {
  const char* schema =
      R"({"type": "object", "properties": {"z": {"const": 1}, "a": {"const": 2}, "m": {"const": 3}}, "required": ["a"]})";
  const std::vector<std::string> good{R"({"a": 2})", R"({"z": 1, "a": 2})", R"({"a": 2, "m": 3})",
                                      R"({"z": 1, "a": 2, "m": 3})"};
  std::vector<std::string> all = good;
  for (const char* bad : {R"({})", R"({"z": 1})", R"({"a": 2, "z": 1})", R"({"a": 2, "a": 2})", R"({"a": 2,})",
                          R"({, "a": 2})", R"({"a":2})", R"({"a": 2, "x": 0})"}) {
    all.emplace_back(bad);
  }
  EXPECT_EQ(accepted(schema, all), good);
}

TEST(JsonSchema, StringsAreThoseOfJson) {
  const char* schema = R"({"type": "string", "minLength": 1, "maxLength": 1})";
  const std::vector<std::string> good{
      R"("a")", R"("ż")", R"("🙂")", R"("\n")", R"("\u00e9")", R"("\ud83d\ude42")", R"("\uFFFF")", "\"\x7F\""};
  std::vector<std::string> all = good;
  for (const char* bad : {R"("")", R"("ab")", R"("\ud83d")", R"("\ude42")", R"("\ud83d\u0041")", R"("\x")", "\"\n\"",
                          "\"\xFF\"", R"(")", R"(""")"}) {
    all.emplace_back(bad);
  }
  EXPECT_EQ(accepted(schema, all), good);
}

using Texts = std::vector<std::string>;

TEST(JsonSchema, KeywordsBesideEachOtherHoldTogether) {
  // A reference with more beside it, and branches within what holds for all.
  const char* merged = R"({"$ref": "#/$defs/point", "properties": {"x": {"maximum": 9}}, "required": ["y"],
      "$defs": {"point": {"type": "object", "properties": {"x": {"type": "integer", "minimum": 3}, "y": {"type": "null"}},
      "required": ["x"]}}})";
  EXPECT_EQ(accepted(merged, {R"({"x": 3, "y": null})", R"({"x": 2, "y": null})", R"({"x": 10, "y": null})",
                              R"({"x": 5})", R"({"y": null})"}),
            (Texts{R"({"x": 3, "y": null})"}));
  const char* branches = R"({"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"],
      "oneOf": [{"properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}, "required": ["x"]},
                {"properties": {"kind": {"const": "b"}}}]})";
  EXPECT_EQ(
      accepted(branches, {R"({"kind": "a", "x": 1})", R"({"kind": "a"})", R"({"kind": "b"})", R"({"kind": "c"})"}),
      (Texts{R"({"kind": "a", "x": 1})", R"({"kind": "b"})"}));
  EXPECT_EQ(
      accepted(R"({"enum": [1, "a", "abc", null, 7], "type": ["integer", "string"], "maxLength": 2, "maximum": 3})",
               {"1", "\"a\"", "\"abc\"", "null", "7"}),
      (Texts{"1", "\"a\""}));
  EXPECT_EQ(accepted(R"({"const": 5, "enum": [1, 5]})", {"1", "5"}), (Texts{"5"}));
  EXPECT_THROW(json_schema_grammar(Json::parse(R"({"const": 5, "enum": [1, 2]})")), SchemaError);
  EXPECT_THROW(json_schema_grammar(Json::parse(R"({"const": "x", "enum": ["y"], "pattern": "^x$"})")), SchemaError);
  EXPECT_EQ(
      accepted(R"({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 7}], "minimum": 2})",
               {"1", "2", "6", "9"}),
      (Texts{"2", "6", "9"}));
}

TEST(JsonSchema, OtherProperties) {
  const char* closed = R"({"type": "object", "properties": {"a": {"const": 1}}})";
  EXPECT_EQ(accepted(closed, {R"({"a": 1})", R"({"b": 1})", "{}"}), (Texts{R"({"a": 1})", "{}"}));
  const char* schema =
      R"({"type": "object", "properties": {"a": {"const": 1}}, "patternProperties": {"^x-": {"type": "null"},
      "y$": {"enum": [null, 2]}}, "additionalProperties": {"const": 3}, "required": ["z"]})";
  EXPECT_EQ(accepted(schema, {R"({"a": 1, "z": 3})", R"({"z": 3, "x-b": null})", R"({"z": 3, "x-y": null})",
                              R"({"z": 3, "x-y": 2})", R"({"z": 3, "y": 2, "b": 3})", R"({"z": 3, "b": 2})",
                              R"({"a": 1})", R"({"z": 3, "a": 3})", R"({"z": 3, "\u0061": 3})", R"({"z": 3, "z": 3})"}),
            (Texts{R"({"a": 1, "z": 3})", R"({"z": 3, "x-b": null})", R"({"z": 3, "x-y": null})",
                   R"({"z": 3, "y": 2, "b": 3})"}));
  EXPECT_EQ(
      accepted(R"({"type": "object", "propertyNames": {"pattern": "^[a-c]$"}, "minProperties": 1, "maxProperties": 2})",
               {"{}", R"({"a": 1})", R"({"a": 1, "c": 2})", R"({"a": 1, "b": 2, "c": 3})", R"({"d": 1})"}),
      (Texts{R"({"a": 1})", R"({"a": 1, "c": 2})"}));
}

TEST(JsonSchema, DecimalBoundsAndMultiples) {
  EXPECT_EQ(
      accepted(R"({"type": "number", "minimum": 0.25, "exclusiveMaximum": 1.5})",
               {"0.249", "0.25", "0.2500", "0.26", "0.3", "0", "1", "1.0", "1.49999", "1.5", "1.50", "2", "-0.3"}),
      (Texts{"0.25", "0.2500", "0.26", "0.3", "1", "1.0", "1.49999"}));
  EXPECT_EQ(accepted(R"({"type": "number", "exclusiveMinimum": -0.5, "maximum": -0.05})",
                     {"-0.5", "-0.50", "-0.49", "-0.05", "-0.049", "-0.06", "0", "-0", "0.2"}),
            (Texts{"-0.49", "-0.05", "-0.06"}));
  EXPECT_EQ(accepted(R"({"type": "integer", "multipleOf": 6, "minimum": -7, "maximum": 20})",
                     {"-7", "-6", "0", "6", "8", "18", "24"}),
            (Texts{"-6", "0", "6", "18"}));
  EXPECT_EQ(accepted(R"({"type": "integer", "multipleOf": 7})", {"0", "7", "-14", "1001", "1000", "70", "-1", "07"}),
            (Texts{"0", "7", "-14", "1001", "70"}));
  EXPECT_EQ(accepted(R"({"type": "number", "multipleOf": 0.01})", {"1.25", "3", "0.001", "-0.5", "1e2"}),
            (Texts{"1.25", "3", "-0.5"}));
}

TEST(JsonSchema, TheDialectDecidesWhatAListOfItemsIs) {
  const char* old_list = R"({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array",
      "items": [{"const": 1}, {"const": 2}], "additionalItems": {"const": 3}})";
  const char* new_list = R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array",
      "prefixItems": [{"const": 1}, {"const": 2}], "items": {"const": 3}})";
  const char* undeclared =
      R"({"type": "array", "items": [{"const": 1}, {"const": 2}], "additionalItems": {"const": 3}})";
  for (const char* schema : {old_list, new_list, undeclared}) {
    EXPECT_EQ(accepted(schema, {"[]", "[1]", "[1, 2, 3, 3]", "[2]", "[1, 2, 1]"}),
              (Texts{"[]", "[1]", "[1, 2, 3, 3]"}));
  }
}

TEST(JsonSchema, ReferencesAreUriFragments) {
  const std::vector<std::string> candidates{"1", "2", "3"};
  EXPECT_EQ(accepted(R"({"$ref": "#/$defs/a%20b~1c", "$defs": {"a b/c": {"const": 2}}})", candidates),
            (std::vector<std::string>{"2"}));
  for (const char* text : {"%+2", "% 2", "%2", "%2g", "%"}) {  // no two digits: as it stands
    const std::string schema =
        Json{{"$ref", fmt::format("#/$defs/{}", text)}, {"$defs", {{text, {{"const", 2}}}}}}.dump();
    EXPECT_EQ(accepted(schema.c_str(), candidates), (std::vector<std::string>{"2"})) << text;
  }
}

TEST(JsonSchema, AnyJsonValue) {
  const Grammar grammar = json_grammar({",", ":"});
  for (const char* good : {R"([{"a":[1,-0.5e+7,null]},"x\"",true,{}])", "0", "\"\"", "[]"})
    EXPECT_TRUE(grammar.matches(good)) << good;
  for (const char* bad : {"[1,]", "{\"a\"}", "01", "+1", ".5", "1.", "'x'", "[1, 2]", "nul", "", "1e", "{1:2}"}) {
    EXPECT_FALSE(grammar.matches(bad)) << bad;
  }
}

TEST(JsonSchema, IsPartOfALargerGrammar) {
  GrammarBuilder b;
  const auto arguments =
      add_json_schema(b, Json::parse(R"({"type": "object", "properties": {"x": {"type": "integer"}}})"));
  const Grammar g = b.build(b.sequence(
      {b.literal("<tool_call>\n{\"name\": \"move\", \"arguments\": "), arguments, b.literal("}\n</tool_call>")}));
  EXPECT_TRUE(g.matches("<tool_call>\n{\"name\": \"move\", \"arguments\": {\"x\": -3}}\n</tool_call>"));
}

}  // namespace
}  // namespace deskhand
