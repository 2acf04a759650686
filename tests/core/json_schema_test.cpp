#include "core/constraint/json_schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "core/constraint/grammar_constraint.h"
#include "core/constraint/random_walk.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

/// Code points of valid UTF-8.
size_t length(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

bool is_of_type(const Json& v, const std::string& type) {
  if (type == "integer") return v.is_number() && std::floor(v.get<double>()) == v.get<double>();
  if (type == "array") return v.is_array();
  if (type == "object") return v.is_object();
  if (type == "number") return v.is_number();
  if (type == "string") return v.is_string();
  return type == "null" ? v.is_null() : v.is_boolean();
}

/// An independent validator of the keywords that the front-end knows: it reads a schema as the specification says,
/// keyword by keyword.
class Validator {
 public:
  explicit Validator(const Json& root) : root_(root) {}
  bool valid(const Json& v) const { return valid(root_, v); }

 private:
  bool valid(const Json& s, const Json& v) const {
    if (s.is_boolean()) return s.get<bool>();
    for (const auto& [key, k] : s.items()) {
      if (!keyword(s, key, k, v)) return false;
    }
    return true;
  }
  bool keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "$ref") return valid(root_.at(Json::json_pointer(k.get<std::string>().substr(1))), v);
    if (key == "const") return v == k;
    if (key == "enum") return std::find(k.begin(), k.end(), v) != k.end();
    if (key == "anyOf" || key == "oneOf" || key == "allOf") {
      const auto n = static_cast<size_t>(std::count_if(k.begin(), k.end(), [&](const Json& b) { return valid(b, v); }));
      return key == "anyOf" ? n > 0 : key == "oneOf" ? n == 1 : n == k.size();
    }
    if (key == "type") {
      return k.is_string() ? is_of_type(v, k)
                           : std::any_of(k.begin(), k.end(), [&](const Json& t) { return is_of_type(v, t); });
    }
    if (v.is_object()) return object_keyword(s, key, k, v);
    if (v.is_array()) return array_keyword(s, key, k, v);
    if (v.is_string()) {
      if (key == "minLength") return length(v) >= k.get<size_t>();
      if (key == "maxLength") return length(v) <= k.get<size_t>();
    }
    if (v.is_number()) {
      if (key == "minimum") return v.get<double>() >= k.get<double>();
      if (key == "maximum") return v.get<double>() <= k.get<double>();
      if (key == "exclusiveMinimum") return v.get<double>() > k.get<double>();
      if (key == "exclusiveMaximum") return v.get<double>() < k.get<double>();
    }
    return true;
  }
  bool object_keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "properties") {
      return std::all_of(k.items().begin(), k.items().end(),
                         [&](const auto& p) { return !v.contains(p.key()) || valid(p.value(), v.at(p.key())); });
    }
    if (key == "required")
      return std::all_of(k.begin(), k.end(), [&](const Json& name) { return v.contains(std::string(name)); });
    if (key == "additionalProperties") {
      for (const auto& [name, value] : v.items()) {
        const bool described = s.contains("properties") && s.at("properties").contains(name);
        if (!described && !valid(k, value)) return false;
      }
    }
    return true;
  }
  bool array_keyword(const Json& s, const std::string& key, const Json& k, const Json& v) const {
    if (key == "minItems") return v.size() >= k.get<size_t>();
    if (key == "maxItems") return v.size() <= k.get<size_t>();
    const size_t fixed = s.contains("prefixItems") ? s.at("prefixItems").size() : 0;
    for (size_t i = 0; i < v.size(); ++i) {
      if (key == "prefixItems" && i < fixed && !valid(k[i], v[i])) return false;
      if (key == "items" && i >= fixed && !valid(k, v[i])) return false;
    }
    return true;
  }
  const Json& root_;
};

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
        ASSERT_TRUE(Validator(schema).valid(value)) << text << "\n" << sentence;
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
      ASSERT_TRUE(Validator(schema).valid(value)) << text << "\n" << *written;
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

TEST(JsonSchema, ReferencesAreUriFragments) {
  const std::vector<std::string> candidates{"1", "2", "3"};
  EXPECT_EQ(accepted(R"({"$ref": "#/$defs/a%20b~1c", "$defs": {"a b/c": {"const": 2}}})", candidates),
            (std::vector<std::string>{"2"}));
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
      {R"({"properties": {"a": {"type": "string", "pattern": "x"}}})", "#/properties/a: \"pattern\" is not supported"},
      {R"({"type": "string", "format": "date"})", "\"format\" is not supported"},
      {R"({"type": "integer", "multipleOf": 3})", "\"multipleOf\" is not supported"},
      {R"({"type": "array", "uniqueItems": true})", "\"uniqueItems\" is not supported"},
      {R"({"items": {"not": {}}})", "#/items: \"not\" is not supported"},
      {R"({"type": "objekt"})", "\"type\" \"objekt\" is unknown"},
      {R"({"type": "string", "minimum": 3})", "\"minimum\" has no effect on type string"},
      {R"({"anyOf": [{}], "type": "string"})", "\"type\" beside \"anyOf\""},
      {R"({"$ref": "#/$defs/x", "minimum": 1, "$defs": {"x": {}}})", "\"minimum\" beside \"$ref\""},
      {R"({"$ref": "#/$defs/x"})", "leads nowhere"},
      {R"({"$ref": "http://example.com/s"})", "leads nowhere"},
      {R"({"$ref": 7})", "\"$ref\" is not a string"},
      {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})", "branches 0 and 1 are not told apart"},
      {R"({"allOf": [{}, {}]})", "\"allOf\" of several"},
      {R"({"type": "number", "minimum": 0.5})", "\"minimum\" 0.5 of a number"},
      {R"({"type": "number", "maximum": 1e12})", "beyond ±10⁹"},
      {R"({"type": "integer", "minimum": 1000000000000000000})", "beyond 18 digits"},
      {R"({"type": "array", "minItems": 3, "maxItems": 2})", "\"minItems\" is larger than \"maxItems\""},
      {R"({"type": "array", "minItems": -1})", "\"minItems\" is not a whole number"},
      {R"({"type": "string", "maxLength": 1e300})", "\"maxLength\" 1e+300 is too large"},
      {R"({"type": "array", "items": [{}]})", "a list as \"items\""},
      {R"({"required": ["x"]})", "\"required\" names \"x\""},
      {R"({"properties": {"a": {}}, "additionalProperties": {"type": "string"}})", "beside \"properties\""},
      {R"({"enum": [1], "minimum": 0})", "\"minimum\" beside values"},
      {R"({"enum": 3})", "\"enum\" is not a list"},
      {R"({"anyOf": []})", "\"anyOf\" is not a list of schemas"},
      {R"({"properties": {"a": 3}})", "#/properties/a: is neither"},
      {R"([])", "is neither"},
      {R"(false)", "nothing matches"},
      {R"({"enum": []})", "nothing matches"},
      {R"({"type": "integer", "minimum": 5, "maximum": 3})", "nothing matches"},
      {R"({"properties": {"a": false}, "required": ["a"]})", "nothing matches"},
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
    const auto begin = std::chrono::steady_clock::now();
    std::string result = error_of(schema);
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 5.0) << result;
    return result;
  };
  const auto contains = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  EXPECT_PRED2(contains, quickly(Json::parse(R"({"$ref": "#"})")), "nothing matches");
  EXPECT_PRED2(contains, quickly(Json::parse(R"({"anyOf": [{"$ref": "#"}, {"type": "null"}]})")),
               "left recursion through rule #");
  EXPECT_PRED2(contains,
               quickly(Json::parse(
                   R"({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})")),
               "nothing matches");
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
  Json names;
  for (int i = 0; i < 20'000; ++i) names["enum"].push_back(fmt::format("value {}", i));
  EXPECT_EQ(quickly(names), "no error");
}

TEST(JsonSchema, HugeCountsAreKept) {
  const Grammar grammar = json_schema_grammar(Json::parse(R"({"type": "string", "minLength": 3000000000})"));
  EXPECT_TRUE(grammar.matches_prefix('"' + std::string(5000, 'x')));
  EXPECT_FALSE(grammar.matches_prefix('"' + std::string(5000, 'x') + '"'));
}

}  // namespace
}  // namespace deskhand
