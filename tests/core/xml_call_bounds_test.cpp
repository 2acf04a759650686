// XML calls of hostile texts and large schemas: what is read is what the grammar admits, in time that grows with the
// text.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "core/constraint/xml_call.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::string call_text(const std::string& value) {
  return fmt::format("<tool_call>\n<function=f>\n<parameter=p>\n{}\n</parameter>\n</function>\n</tool_call>", value);
}

/// One tool with one parameter of the schema.
XmlCalls with_parameter(const std::string& schema, const std::string& definitions = "{}") {
  return XmlCalls(
      {{"f", Json::parse(fmt::format(R"({{"properties": {{"p": {}}}, "$defs": {}}})", schema, definitions))}});
}

/// The value that was read, or the error.
std::string read(const XmlCalls& calls, const std::string& value) {
  try {
    return calls.parse(call_text(value))[0]["input"]["p"].dump();
  } catch (const CallTextError& error) {
    return error.what();
  }
}

std::string repeated(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(XmlCallBounds, AlternativesWithinAlternatives) {
  const XmlCalls lists = with_parameter(R"({"$ref": "#/$defs/n"})", R"({"n": {"anyOf": [
      {"type": "array", "items": {"$ref": "#/$defs/n"}, "minItems": 1},
      {"type": "array", "items": {"$ref": "#/$defs/n"}, "maxItems": 5}, {"type": "object"}]}})");
  const std::string value = repeated("[", 60) + "{}" + repeated("]", 60);
  const double before = cpu_seconds();
  EXPECT_EQ(read(lists, value), value);
  EXPECT_NE(read(lists, repeated("[", 60) + "1" + repeated("]", 60)).find("not valid for its schema, from \"1]"),
            std::string::npos);
  const XmlCalls trees = with_parameter(R"({"$ref": "#/$defs/n"})", R"({"n": {"anyOf": [
      {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"type": "null"}}, "required": ["a"]},
      {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}, "c": {"type": "null"}}, "required": ["a"]},
      {"type": "integer"}]}})");
  const std::string tree = repeated(R"({"a": )", 60) + "7" + repeated("}", 60);
  EXPECT_EQ(Json::parse(read(trees, tree)), Json::parse(tree));
  EXPECT_NE(read(trees, repeated(R"({"a": )", 60) + "x" + repeated("}", 60)).find("no JSON"), std::string::npos);
  EXPECT_LT(cpu_seconds() - before, 5);
}

TEST(XmlCallBounds, ManyItems) {
  const XmlCalls words = with_parameter(
      R"({"type": "array", "items": {"type": "string", "pattern": "^[a-z]+( [a-z]+)*$", "maxLength": 1500}})");
  std::string branches;
  for (int i = 0; i < 16; ++i) {
    branches += fmt::format(
        R"({}{{"type": "object", "properties": {{"tag": {{"const": "t{}"}}, "v": {{"type": "integer"}}}},
            "required": ["tag"]}})",
        i > 0 ? "," : "", i);
  }
  const XmlCalls tagged = with_parameter(fmt::format(R"({{"type": "array", "items": {{"oneOf": [{}]}}}})", branches));
  const double before = cpu_seconds();
  const std::string some_words = "[\"ab cd\"" + repeated(", \"hello there\"", 6000) + "]";
  EXPECT_EQ(Json::parse(read(words, some_words)), Json::parse(some_words));
  const std::string objects = R"([{"tag": "t0", "v": 0})" + repeated(R"(, {"tag": "t15", "v": 15})", 5000) + "]";
  EXPECT_EQ(Json::parse(read(tagged, objects)), Json::parse(objects));
  EXPECT_LT(cpu_seconds() - before, 20);
}

TEST(XmlCallBounds, ManyKeys) {
  const XmlCalls calls = with_parameter(R"({"type": "object"})");
  const auto object = [](int keys) {
    std::string text = "{\"a\": 1";
    for (int i = 1; i < keys; ++i) text += fmt::format(", \"k{}\": {}", i, i);
    return text + "}";
  };
  const double before = cpu_seconds();
  EXPECT_EQ(Json::parse(read(calls, object(4096))).size(), 4096u);
  EXPECT_NE(read(calls, object(55'000)).find("parameter \"p\": an object has more than 4096 keys"), std::string::npos);
  EXPECT_NE(read(calls, object(4097)).find("more than 4096 keys"), std::string::npos);
  EXPECT_LT(cpu_seconds() - before, 10);
}

TEST(XmlCallBounds, LongTexts) {
  const size_t frame = call_text("").size();
  const XmlCalls plain = with_parameter(R"({"type": "string"})");
  EXPECT_EQ(read(plain, std::string(XmlCalls::max_text - frame, 'x')).size(), XmlCalls::max_text - frame + 2);
  EXPECT_NE(read(plain, std::string(XmlCalls::max_text - frame + 1, 'x')).find("longer than 1048576 bytes"),
            std::string::npos);
  // Every character of a counted text is a state of its own.
  const XmlCalls counted = with_parameter(R"({"type": "array", "items": {"type": "string", "maxLength": 2000000}})");
  const std::string long_text = "[\"" + std::string(500'000, 'x') + "\"]";
  const double before = cpu_seconds();
  EXPECT_TRUE(read(counted, long_text) == Json::parse(long_text).dump());
  EXPECT_LT(cpu_seconds() - before, 20);
}

TEST(XmlCallBounds, WhatTheGrammarAdmitsIsReadUpToTheReadersLimits) {
  const XmlCalls free = with_parameter(R"({"type": "array"})");
  const std::string deep = repeated("[", 64) + "1" + repeated("]", 64), deeper = "[" + deep + "]";
  EXPECT_EQ(read(free, deep), deep);
  EXPECT_TRUE(free.grammar().matches(call_text(deeper)));
  EXPECT_NE(read(free, deeper).find("nests deeper than 64 levels"), std::string::npos);
  const XmlCalls whole = with_parameter(R"({"type": "integer"})");
  for (const std::string text : {"0", "-7", "999999999999999999", "-999999999999999999"}) {
    EXPECT_TRUE(whole.grammar().matches(call_text(text)));
    const Json value = whole.parse(call_text(text))[0]["input"]["p"];
    EXPECT_TRUE(value.is_number_integer()) << text;
    EXPECT_EQ(std::to_string(value.get<int64_t>()), text);
  }
  for (const std::string text : {" 1", "1 ", "1.0", "1e2", "01", "-0", "+1", "1000000000000000000", "0x1"}) {
    EXPECT_FALSE(whole.grammar().matches(call_text(text)));
    EXPECT_TRUE(read(whole, text).starts_with("call, at byte ")) << text;
  }
}

CallableTool tool_of_length(const std::string& name, int length) {
  return {name,
          Json::parse(fmt::format(R"({{"properties": {{"p": {{"type": "string", "maxLength": {}}}}}}})", length))};
}

TEST(XmlCallBounds, EqualTextsAreKeptOnceAndTheToolThatIsTooMuchIsNamed) {
  std::vector<CallableTool> equal, different;
  for (int i = 0; i < 8; ++i) {
    equal.push_back(tool_of_length(fmt::format("tool{}", i), 1500));
    different.push_back(tool_of_length(fmt::format("tool{}", i), 1490 + i));
  }
  const XmlCalls calls(equal);
  EXPECT_TRUE(calls.grammar().matches(
      "<tool_call>\n<function=tool7>\n<parameter=p>\nx\n</parameter>\n</function>\n</tool_call>"));
  try {
    const XmlCalls too_much(different);
    FAIL() << "no SchemaError";
  } catch (const SchemaError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("tool \"tool"), std::string::npos) << what;
    EXPECT_EQ(what.find("tool \"tool0\""), std::string::npos) << what;
    EXPECT_NE(what.find("expressions"), std::string::npos) << what;
  }
}

/// Each tool is small, all together are not.
TEST(XmlCallBounds, WorkIsBoundedOverAllTools) {
  const auto error_of = [](const std::vector<CallableTool>& tools) {
    const std::clock_t begin = std::clock();
    std::string error = "no error";
    try {
      const XmlCalls calls(tools);
    } catch (const SchemaError& what) {
      error = what.what();
    }
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 20.0) << error;
    return error;
  };
  std::vector<CallableTool> tools;
  for (int i = 0; i < 1000; ++i) tools.push_back(tool_of_length(fmt::format("tool{}", i), 1000 + i));
  EXPECT_NE(error_of(tools).find("too much work to compile it"), std::string::npos) << error_of(tools);
  Json required;
  for (int i = 0; i < 300'000; ++i) required.push_back(fmt::format("parameter{}", i));
  const std::string error = error_of({{"f", {{"required", required}}}});
  EXPECT_NE(error, "no error");
}

}  // namespace
}  // namespace deskhand
