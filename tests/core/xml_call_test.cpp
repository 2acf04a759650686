#include "core/constraint/xml_call.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <regex>

#include "core/chat_template/chat_template.h"
#include "core/constraint/automaton.h"
#include "core/constraint/random_walk.h"
#include "tests/support/schema_validator.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;
using testing::SchemaValidator;

/// Tools whose values have one spelling each.
std::vector<CallableTool> exact_tools() {
  return {{"computer_use", Json::parse(R"({"type": "object", "required": ["action"], "properties": {
              "action": {"type": "string", "enum": ["key", "type", "left_click", "wait"]},
              "text": {"type": "string", "description": "Text."},
              "coordinate": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1000},
                             "minItems": 2, "maxItems": 2},
              "pixels": {"type": "integer"},
              "keys": {"type": "array", "items": {"enum": ["ctrl", "s", "ż\"\n"]}},
              "status": {"enum": ["success", "failure", 7, null, {"a": [1, "é"]}]}}})")},
          {"edit", Json::parse(R"({"type": "object", "required": ["path", "new"], "properties": {
              "path": {"type": "string", "pattern": "^[a-z/\\n<]+$", "maxLength": 40}, "new": {"type": "string"},
              "title": {"type": ["string", "null"], "minLength": 2, "maxLength": 9},
              "all": {"type": "boolean"}, "flag": {"type": ["boolean", "string", "null"]}}})")},
          {"screenshot", Json::parse(R"({"type": "object", "properties": {}})")},
          {"wait.for-it", Json::parse(R"({"$ref": "#/$defs/p", "$defs": {"p": {"type": "object", "required": ["s"],
              "properties": {"s": {"type": ["integer", "null"], "maximum": 5}}}}})")}};
}

std::vector<CallableTool> free_tools() {
  return {{"free", Json::parse(R"({"properties": {"list": {"type": "array"}, "map": {"type": "object"},
              "number": {"type": "number"}, "either": {"type": ["number", "array", "null", "boolean"]}}})")}};
}

const Json& parameters_of(const std::vector<CallableTool>& tools, const std::string& name) {
  return std::find_if(tools.begin(), tools.end(), [&](const auto& tool) { return tool.name == name; })->parameters;
}

std::string call_text(const std::string& name, const std::string& parameters) {
  return fmt::format("<tool_call>\n<function={}>\n{}</function>\n</tool_call>", name, parameters);
}

std::string parameter_text(const std::string& name, const std::string& value) {
  return fmt::format("<parameter={}>\n{}\n</parameter>\n", name, value);
}

TEST(XmlCalls, ReadWhatTheyWrite) {
  const XmlCalls calls(exact_tools());
  const Grammar grammar = calls.grammar();
  const std::string text = call_text("computer_use", parameter_text("action", "left_click") +
                                                         parameter_text("text", "a\n</parameter\n</function>\n") +
                                                         parameter_text("coordinate", "[10, 1000]"));
  EXPECT_TRUE(grammar.matches(text));
  EXPECT_EQ(calls.parse(text), Json::parse(R"([{"name": "computer_use", "input": {"action": "left_click",
      "text": "a\n</parameter\n</function>\n", "coordinate": [10, 1000]}}])"));
  EXPECT_EQ(calls.parse(call_text("screenshot", "")), (Json{{{"name", "screenshot"}, {"input", Json::object()}}}));
  EXPECT_EQ(
      calls.parse(call_text("edit", parameter_text("path", "a") + parameter_text("new", "") +
                                        parameter_text("title", "null") + parameter_text("flag", "true")))[0]["input"],
      Json::parse(R"({"path": "a", "new": "", "title": null, "flag": true})"));
  EXPECT_EQ(calls.parse(call_text("edit", parameter_text("path", "a") + parameter_text("new", "null") +
                                              parameter_text("flag", "True")))[0]["input"],
            Json::parse(R"({"path": "a", "new": "null", "flag": "True"})"));
}

TEST(XmlCalls, TheGrammarKeepsOrderRequirementAndSchema) {
  const XmlCalls calls(exact_tools());
  const Grammar grammar = calls.grammar();
  const std::string action = parameter_text("action", "wait"), text = parameter_text("text", "x");
  EXPECT_TRUE(grammar.matches(call_text("computer_use", action)));
  for (const std::string& wrong :
       {call_text("computer_use", ""), call_text("computer_use", text), call_text("computer_use", text + action),
        call_text("computer_use", action + action), call_text("computer_use", parameter_text("action", "fly")),
        call_text("computer_use", action + parameter_text("coordinate", "[1]")),
        call_text("computer_use", action + parameter_text("coordinate", "[1, 1001]")),
        call_text("computer_use", action + parameter_text("coordinate", "[1,1]")),
        call_text("computer_use", action + parameter_text("other", "1")), call_text("fly", ""),
        call_text("edit", parameter_text("path", "A") + parameter_text("new", "")),
        call_text("edit", parameter_text("path", std::string(41, 'a')) + parameter_text("new", "")),
        call_text("edit", parameter_text("path", "a") + parameter_text("new", "") + parameter_text("title", "x")),
        call_text("edit", parameter_text("path", "a") + parameter_text("new", "a\n</parameter>b")),
        call_text("screenshot", "") + "\n", fmt::format(" {}", call_text("screenshot", "")),
        call_text("screenshot", "") + "\n" + call_text("screenshot", "")}) {
    EXPECT_FALSE(grammar.matches(wrong)) << wrong;
  }
  const Grammar several = XmlCalls(exact_tools(), {.min_calls = 2, .max_calls = 3}).grammar();
  const std::string one = call_text("screenshot", "");
  EXPECT_FALSE(several.matches(one));
  EXPECT_TRUE(several.matches(one + "\n" + one));
  EXPECT_TRUE(several.matches(one + "\n" + one + "\n" + one));
  EXPECT_FALSE(several.matches(one + "\n" + one + "\n" + one + "\n" + one));
}

void expect_valid(const std::vector<CallableTool>& tools, const Json& parsed) {
  for (const Json& call : parsed) {
    const Json& schema = parameters_of(tools, call["name"]);
    EXPECT_TRUE(SchemaValidator(schema).valid(call["input"])) << call;
    for (const auto& [name, value] : call["input"].items()) {
      EXPECT_TRUE(call["name"] == "wait.for-it" || schema["properties"].contains(name)) << call;
    }
  }
}

/// The grammar lets an object of any members repeat a key, the reader does not.
bool read_if_keys_differ(const XmlCalls& calls, const std::string& text, Json& parsed) {
  try {
    parsed = calls.parse(text);
    return true;
  } catch (const CallTextError& error) {
    EXPECT_NE(std::string(error.what()).find("appears twice"), std::string::npos) << text << "\n" << error.what();
    return false;
  }
}

TEST(XmlCalls, RandomWalksAreReadAndValid) {
  std::mt19937_64 random(5);
  size_t read = 0;
  for (const auto& tools : {exact_tools(), free_tools()}) {
    for (const bool python_words : {false, true}) {
      const XmlCalls calls(tools, {.max_calls = 3, .python_words = python_words});
      const Grammar grammar = calls.grammar();
      for (int i = 0; i < 400; ++i) {
        const std::string text = random_sentence(grammar, random, {.more_rounds = 6, .budget = 400});
        ASSERT_TRUE(grammar.matches(text)) << text;
        Json parsed;
        if (!read_if_keys_differ(calls, text, parsed)) continue;
        ++read;
        expect_valid(tools, parsed);
      }
    }
  }
  EXPECT_GT(read, 1400u);
}

struct Rendering {
  const char* name;
  const char* opening;  ///< of the assistant's turn
};

/// The assistant's turn with these calls, rendered by a real template.
std::string rendered_turn(const std::filesystem::path& templates, const Rendering& rendering, const Json& parsed) {
  const ChatTemplate chat(testing::read_file(templates / rendering.name), {});
  Json turn = {{"role", "assistant"}, {"content", ""}, {"tool_calls", Json::array()}};
  for (const Json& call : parsed) {
    turn["tool_calls"].push_back(
        {{"type", "function"}, {"function", {{"name", call["name"]}, {"arguments", call["input"]}}}});
  }
  const std::string prompt =
      chat.render({{"messages", Json{{{"role", "user"}, {"content", "Go."}}, turn}}, {"add_generation_prompt", false}});
  const std::string before = "<|im_start|>user\nGo.<|im_end|>\n";
  const size_t at = prompt.find(before);
  EXPECT_NE(at, std::string::npos);
  return prompt.substr(at + before.size());
}

const std::vector<Rendering>& renderings() {
  static const std::vector<Rendering> list{{"Qwen3.5-4B.jinja", "<|im_start|>assistant\n<think>\n\n</think>\n\n"},
                                           {"Qwen3-Coder.jinja", "<|im_start|>assistant\n"}};
  return list;
}

TEST(XmlCalls, TemplatesRenderTheTextThatWasWritten) {
  REQUIRE_TEST_DATA(templates, "chat/templates");
  std::mt19937_64 random(6);
  const XmlCalls calls(exact_tools(), {.max_calls = 3, .python_words = true});
  const Grammar grammar = calls.grammar();
  for (int i = 0; i < 200; ++i) {
    const std::string text = random_sentence(grammar, random, {.more_rounds = 6, .budget = 400});
    const Json parsed = calls.parse(text);
    for (const Rendering& rendering : renderings()) {
      EXPECT_EQ(rendered_turn(templates, rendering, parsed), rendering.opening + text + "<|im_end|>\n");
    }
  }
}

/// What the parameters of the one call in the text say, each in JSON or one of Python's words.
Json values_in(const std::string& text) {
  Json values = Json::object();
  static const std::regex form("<parameter=([a-z]+)>\n([\\s\\S]*?)\n</parameter>");
  for (std::sregex_iterator match(text.begin(), text.end(), form), end; match != end; ++match) {
    const std::map<std::string, const char*> words{{"None", "null"}, {"True", "true"}, {"False", "false"}};
    const std::string value = (*match)[2];
    values[(*match)[1]] = Json::parse(words.contains(value) ? words.at(value) : value);
  }
  return values;
}

// What JSON can spell in several ways the templates spell in one: then the rendered text says the same.
TEST(XmlCalls, TemplatesRenderOtherSpellingsAsTheSameCall) {
  REQUIRE_TEST_DATA(templates, "chat/templates");
  std::mt19937_64 random(7);
  const XmlCalls calls(free_tools(), {.python_words = true});
  const Grammar grammar = calls.grammar();
  for (int i = 0; i < 200; ++i) {
    Json parsed;
    if (!read_if_keys_differ(calls, random_sentence(grammar, random, {.more_rounds = 4, .budget = 300}), parsed))
      continue;
    for (const Rendering& rendering : renderings()) {
      EXPECT_EQ(values_in(rendered_turn(templates, rendering, parsed)), parsed[0]["input"]);
    }
  }
  const auto respelled = [&](const std::string& name, const std::string& written) {
    const XmlCalls json_words(free_tools());
    const Json parsed = json_words.parse(call_text("free", parameter_text(name, written)));
    const std::string turn = rendered_turn(templates, renderings()[1], parsed);
    const std::string begin = fmt::format("<parameter={}>\n", name);
    const size_t at = turn.find(begin) + begin.size();
    return turn.substr(at, turn.find("\n</parameter>") - at);
  };
  EXPECT_EQ(respelled("number", "1.50"), "1.5");
  EXPECT_EQ(respelled("number", "1E2"), "100.0");
  EXPECT_EQ(respelled("list", "[\"\\u0041\", true]"), "[\"A\", true]");
  EXPECT_EQ(respelled("either", "true"), "True");
  EXPECT_EQ(respelled("either", "null"), "None");
}

std::string error_of(const XmlCalls& calls, const std::string& text) {
  try {
    return fmt::format("read: {}", calls.parse(text).dump());
  } catch (const CallTextError& error) {
    return error.what();
  }
}

TEST(XmlCalls, HostileTextIsOneError) {
  const XmlCalls calls(exact_tools(), {.max_calls = 2});
  const auto expect_error = [&](const std::string& text, const std::string& part) {
    const std::string error = error_of(calls, text);
    EXPECT_TRUE(error.starts_with("call, at byte ")) << error;
    EXPECT_NE(error.find(part), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    EXPECT_LT(error.size(), 400u) << error;
  };
  const std::string action = parameter_text("action", "wait");
  expect_error("", "expected \"<tool_call>?<function=\", got \"\"");
  expect_error("<tool_call>", "expected");
  expect_error("\xFF", "not UTF-8");
  expect_error(call_text("fly", ""), "there is no tool \"fly\"");
  expect_error(call_text(std::string(5000, 'a'), ""), "there is no tool");
  expect_error("<tool_call>\n<function=" + std::string(100'000, 'a'), "expected");
  expect_error(call_text("computer_use", ""), "there is no parameter \"action\", which is required");
  expect_error(call_text("computer_use", action + action), "\"action\" twice");
  expect_error(call_text("computer_use", parameter_text("action", "fly")), "not valid for its schema, from \"fly");
  expect_error(call_text("computer_use", action + parameter_text("x\x01\n", "1")), "");
  expect_error(call_text("computer_use", action + parameter_text("other", "1")), "there is no parameter \"other\"");
  expect_error(call_text("computer_use", action + "<parameter=text>\nabc"), "without an end");
  expect_error(call_text("computer_use", action + parameter_text("text", "a\n</parameter>b")), "expected");
  expect_error(call_text("computer_use", action + parameter_text("pixels", "1.5")), "not valid for its schema");
  expect_error(call_text("computer_use", action + parameter_text("pixels", "\"1\"")), "not valid for its schema");
  expect_error(call_text("computer_use", action + parameter_text("pixels", "")), "no JSON");
  expect_error(call_text("computer_use", action + parameter_text("pixels", "1e999")), "out of range");
  expect_error(call_text("computer_use", action + parameter_text("pixels", " 1")), "from \" 1");
  expect_error(call_text("computer_use", action + parameter_text("pixels", "1.0")), "from \".0");
  expect_error(call_text("computer_use", action + parameter_text("pixels", std::string(30, '1'))), "not valid");
  expect_error(call_text("computer_use", action + parameter_text("coordinate", "[1, 2, 3]")), "from \", 3]");
  expect_error(call_text("computer_use", action + parameter_text("coordinate", "[1]")), "from \"]");
  expect_error(call_text("computer_use", action + parameter_text("keys", std::string(100'000, '['))), "nests deeper");
  expect_error(call_text("edit", parameter_text("path", "A") + parameter_text("new", "")), "not valid");
  expect_error(
      call_text("edit", parameter_text("path", "a") + parameter_text("new", "") + parameter_text("title", "x")),
      "not valid");
  const std::string one = call_text("screenshot", "");
  expect_error(one + "\n" + one + "\n" + one, "more than 2 calls");
  expect_error(one + "\n", "expected");
  expect_error(one + " ", "expected the end");
  const std::string twice = error_of(XmlCalls(exact_tools(), {.min_calls = 2, .max_calls = 2}), one);
  EXPECT_NE(twice.find("fewer than 2 calls"), std::string::npos) << twice;
  EXPECT_NE(
      error_of(XmlCalls(free_tools()), call_text("free", parameter_text("map", R"({"a": 1, "a": 2})"))).find("twice"),
      std::string::npos);
}

TEST(XmlCalls, EveryPrefixAndEditOfACallIsReadOrRefused) {
  std::mt19937_64 random(8);
  const XmlCalls calls(exact_tools(), {.max_calls = 3});
  const Grammar grammar = calls.grammar();
  for (int i = 0; i < 20; ++i) {
    const std::string text = random_sentence(grammar, random, {.more_rounds = 4, .budget = 200});
    for (size_t end = 0; end < text.size(); ++end) {
      if (!text.substr(0, end).ends_with("</tool_call>")) {
        EXPECT_THROW(calls.parse(text.substr(0, end)), CallTextError) << text.substr(0, end);
      }
    }
    for (int edit = 0; edit < 100; ++edit) {
      std::string edited = text;
      edited[random() % edited.size()] = static_cast<char>(random());
      (void)error_of(calls, edited);  // no other exception
    }
  }
}

std::string refusal(const std::string& name, const std::string& parameters) {
  try {
    const XmlCalls calls({{name, Json::parse(parameters)}});
    return "";
  } catch (const SchemaError& error) {
    return error.what();
  }
}

TEST(XmlCalls, WhatCannotBeKeptIsRefusedByName) {
  const auto expect_refusal = [](const std::string& parameters, const std::string& where, const std::string& what) {
    const std::string error = refusal("do", parameters);
    EXPECT_NE(error.find("tool \"do\""), std::string::npos) << parameters << "\n" << error;
    EXPECT_NE(error.find(where), std::string::npos) << parameters << "\n" << error;
    EXPECT_NE(error.find(what), std::string::npos) << parameters << "\n" << error;
  };
  EXPECT_EQ(refusal("do", R"({"type": "object"})"), "");
  for (const char* name : {"", "a b", "a>", "a=b", "ż", "<x>", "a\n"}) {
    EXPECT_NE(refusal(name, "{}").find("expected a name"), std::string::npos) << name;
    const Json parameters = {{"properties", {{name, {{"type", "string"}}}}}};
    expect_refusal(parameters.dump(), "parameter \"", "expected a name");
  }
  const std::string p = "#/properties/p";
  expect_refusal(R"({"properties": {"p": {}}})", p, "a string beside");
  expect_refusal(R"({"required": ["p"]})", p, "a string beside");
  expect_refusal(R"({"properties": {"p": {"type": ["string", "integer"]}}})", p, "a string beside \"integer\"");
  expect_refusal(R"({"properties": {"p": {"anyOf": [{"type": "string"}, {"type": "array"}]}}})", p, "\"array\"");
  expect_refusal(R"({"properties": {"p": {"anyOf": [{"enum": ["5"]}, {"type": "integer"}]}}})", p, "\"5\"");
  expect_refusal(R"({"properties": {"p": {"enum": ["true", true]}}})", p, "both written true");
  expect_refusal(R"({"properties": {"p": {"enum": ["a\n</parameter>"]}}})", p, "the end of a parameter");
  expect_refusal(R"({"properties": {"p": {"type": "string", "maxLength": 5000}}})", p, "states");
  expect_refusal(R"x({"properties": {"p": {"type": "string", "pattern": "(?=a)"}}})x", p, "lookahead");
  expect_refusal(R"({"properties": {"p": {"type": "string", "not": {"minLength": 3}}}})", p, "not");
  expect_refusal(R"({"properties": {"p": {"type": "object", "minProperties": 5}}})", p, "minProperties");
  expect_refusal(R"({"properties": {"p": {"type": "array", "uniqueItems": true}}})", p, "uniqueItems");
  expect_refusal(R"({"type": "array"})", "#", "no object");
  expect_refusal(R"({"anyOf": [{"properties": {}}, {"required": []}]})", "#", "alternatives");
  expect_refusal(R"({"const": {}})", "#", "const");
  expect_refusal(R"({"properties": {"p": {"type": "null"}}, "minProperties": 1})", "#", "minProperties");
  expect_refusal(R"({"properties": {"p": {"type": "null"}}, "required": ["p"], "propertyNames": {"maxLength": 0}})",
                 "#", "propertyNames");
  expect_refusal(R"({"properties": {"p": false}, "required": ["p"]})", "", "nothing");
  expect_refusal(R"({"properties": 7})", "#", "not an object");
  expect_refusal("7", "#", "");
  EXPECT_THROW(XmlCalls({}), SchemaError);
  EXPECT_THROW(XmlCalls({{"a", Json::object()}, {"a", Json::object()}}), SchemaError);
  EXPECT_THROW(XmlCalls(free_tools(), {.min_calls = 0}), SchemaError);
  EXPECT_THROW(XmlCalls(free_tools(), {.min_calls = 3, .max_calls = 2}), SchemaError);
}

TEST(XmlCalls, StatesStayFew) {
  const XmlCalls calls(exact_tools(), {.max_calls = GrammarBuilder::unbounded});
  Automaton automaton(calls.grammar());
  std::string text;
  for (int i = 0; i < 300; ++i) {
    std::string value;
    while (value.size() < 1000) value += "x ż\n</para\n</parameter\n";
    if (i > 0) text += "\n";
    text += call_text("edit", parameter_text("path", "a") + parameter_text("new", value));
  }
  EXPECT_NE(automaton.run(automaton.start(), text), Automaton::dead);
  EXPECT_LT(automaton.states(), 600u);
}

}  // namespace
}  // namespace deskhand
