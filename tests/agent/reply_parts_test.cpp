// What the dialects share: numbers, JSON, keys, calls in tags.

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "agent/reply/acting.h"
#include "agent/reply/error.h"
#include "agent/reply/keys.h"
#include "agent/reply/literal.h"
#include "agent/reply/points.h"
#include "agent/reply/tagged_calls.h"
#include "agent/reply/thought.h"
#include "agent/reply/web_actions.h"

namespace deskhand {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

template <class Body>
std::string_view fault_of(Body body) {
  try {
    body();
  } catch (const DialectError& error) {
    return fault_name(error.fault());
  }
  return "none";
}

TEST(Exact, ScalesWithoutRounding) {
  EXPECT_EQ(Exact(333).scaled_down(1080, 999), 360) << "doubles give 359";
  EXPECT_EQ(Exact(500.4).scaled_down(1920, 1932), 497);
  EXPECT_EQ(Exact(0.1).scaled_down(10, 1), 1);
  EXPECT_EQ(Exact(-0.5).scaled_down(1, 1), -1);
  EXPECT_EQ(Exact(1e-300).scaled_down(1000, 1), 0);
  EXPECT_EQ(Exact(100).midpoint(Exact(301)).scaled_down(1920, 1000), 384);
  EXPECT_EQ(Exact(4.5).scaled_near(1, 1), 5);
  EXPECT_EQ(Exact(450).scaled_near(1, 100), 5);
  EXPECT_EQ(notches_of(-5), 5);
  EXPECT_EQ(notches_of(99.4), 99);
  EXPECT_EQ(notches_of(100), 1);
  EXPECT_EQ(notches_of(1e12), 100);
}

TEST(PointMap, RegionsHaveTheirEnds) {
  const PointMap map({.frame = {1280, 720}, .screen = {1920, 1080}}, absolute_points);
  EXPECT_EQ(map.region(0, 0, 1280, 720), json({0, 0, 1920, 1080}));
  EXPECT_EQ(fault_of([&] { map.region(10, 10, 10, 20); }), "bad_args");
  EXPECT_EQ(fault_of([&] { map.point(-1, 0); }), "out_of_range");
  EXPECT_EQ(fault_of([&] { map.point(std::nan(""), 0); }), "out_of_range");
  EXPECT_THROW(PointMap({}, absolute_points), std::invalid_argument);
}

json read(std::string_view text, std::string_view closer = "</tool_call>") {
  size_t at = 0;
  return read_json(text, closer, at);
}

TEST(LenientJson, IsRepairedWhereOneReadingIsLeft) {
  EXPECT_EQ(read(R"({"a": [1, 2.5, "x\u00e9\ud83d\ude00", null, true]} behind)"),
            json({{"a", {1, 2.5, "xé😀", nullptr, true}}}));
  EXPECT_EQ(read("{\"a\": \"b\nc\"}"), json({{"a", "b\nc"}}));
  EXPECT_EQ(read("{\"a\": {\"b\": 1}\n</tool_call>"), json({{"a", {{"b", 1}}}}));
  EXPECT_EQ(read("{'a': (1, 'it\\'s'), 'b': None,}"), json({{"a", {1, "it's"}}, {"b", nullptr}}));
}

TEST(LenientJson, IsRefusedOtherwise) {
  const auto fault = [](std::string_view text) { return fault_of([&] { read(text); }); };
  EXPECT_EQ(fault(R"({"a": 1)"), "truncated");
  EXPECT_EQ(fault(R"({"a": "b)"), "truncated");
  EXPECT_EQ(fault("{\"a\": \"b\n</tool_call>"), "malformed") << "a string is not closed by guessing";
  EXPECT_EQ(fault("{\"a\": \n</tool_call>"), "malformed");
  EXPECT_EQ(fault(R"({"a": 1, "a": 2})"), "ambiguous");
  EXPECT_EQ(fault(R"({"a": 007})"), "malformed");
  EXPECT_EQ(fault(R"({"a": "\ud800"})"), "malformed");
  EXPECT_EQ(fault("click"), "malformed");
}

TEST(Keys, AreCleanedAndNamed) {
  const auto names = [](const json& value) { return key_names(value, "keys"); };
  EXPECT_EQ(names({"['ctrl", "a']"}), (Names{"ctrl", "a"}));
  EXPECT_EQ(names("[\"ctrl\",\"a\"]"), (Names{"ctrl", "a"}));
  EXPECT_EQ(names({"keys=['ctrl", "c']"}), (Names{"ctrl", "c"}));
  EXPECT_EQ(names("ctrl++"), (Names{"ctrl", "plus"}));
  EXPECT_EQ(names("ctrl+["), (Names{"ctrl", "bracketleft"}));
  EXPECT_EQ(names("+"), (Names{"plus"}));
  EXPECT_EQ(names("CMD+Shift+P"), (Names{"super", "shift", "p"}));
  EXPECT_EQ(names("f11"), (Names{"F11"}));
  EXPECT_EQ(names("pgup"), (Names{"Page_Up"}));
  EXPECT_EQ(names("é"), (Names{"é"}));
  EXPECT_EQ(names({" "}), (Names{"space"}));
  EXPECT_EQ(key_names("v ctrl", "key", KeySeparator::plus_or_space), (Names{"v", "ctrl"}));
  for (const json& wrong : {json("hello"), json("ctrl+"), json(""), json::array(), json({"ctrl", 5.5}), json(7),
                            json("f25"), json({nullptr}), json("ctrl a")})
    EXPECT_EQ(fault_of([&] { names(wrong); }), "bad_args") << wrong;
}

TEST(Keys, BecomeChords) {
  EXPECT_EQ(chords_of({"v", "ctrl"}), (Names{"ctrl+v"}));
  EXPECT_EQ(chords_of({"Tab", "Tab"}), (Names{"Tab", "Tab"}));
  EXPECT_EQ(modifiers_of("ctrl+shift", "text"), "ctrl+shift");
  EXPECT_EQ(fault_of([] { modifiers_of("ctrl+a", "text"); }), "bad_args");
  const Call call{.name = "key"};
  ActionList actions(call);
  actions.keys({"Down"}, 250);
  const std::vector<Action> split = actions.take();
  ASSERT_EQ(split.size(), 3u);
  EXPECT_EQ(split[2].input, json({{"text", "Down"}, {"repeat", 50}}));
}

TEST(Thoughts, NeverAct) {
  const auto left = [](std::string_view reply) { return std::string(said(reply, qwen_turns, tagged_openers)); };
  EXPECT_EQ(left("a <tool_call> b</think>c</think>d<tool_call>e</think>"), "d<tool_call>e</think>");
  EXPECT_EQ(left("a<tool_call>b<tool_response>c<tool_call>"), "a<tool_call>b");
  EXPECT_EQ(fault_of([&] { left("<think>never ends <tool_call>"); }), "truncated");
}

TEST(TaggedCalls, TextMayHoldTheTags) {
  static constexpr std::array<std::string_view, 2> parameters = {"action", "text"};
  const std::vector<Call> calls = tagged_calls(
      "<tool_call>\n<function=computer_use>\n<parameter=action>\ntype\n</parameter>\n<parameter=text>\na </parameter> "
      "b\n</parameter>\n</function>\n</tool_call>",
      {.parameters = parameters});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].arguments, json({{"action", "type"}, {"text", "a </parameter> b"}}));
}

TEST(TaggedCalls, AreNotEndless) {
  std::string many;
  for (int i = 0; i < 65; ++i) many += "<tool_call>{\"name\": \"wait\", \"arguments\": {}}</tool_call>";
  EXPECT_EQ(fault_of([&] { tagged_calls(many, {}); }), "malformed");
}

TEST(TaggedCalls, OneThatLostItsTagIsNotPassedOver) {
  const std::string call = "{\"name\": \"wait\", \"arguments\": {}}\n</tool_call>\n";
  EXPECT_EQ(tagged_calls(call + "<tool_call>\n" + call, {}).size(), 2u);
  EXPECT_EQ(tagged_calls("Action: x\n" + call + call, {}).size(), 2u);
}

TEST(WebAddress, KeepsItsScheme) {
  EXPECT_EQ(web_address("http://a.org/b"), "http://a.org/b");
  EXPECT_EQ(web_address("a.org"), "https://a.org");
  EXPECT_EQ(web_address("cheap flights & more"), "https://www.bing.com/search?q=cheap+flights+%26+more&FORM=QBLH");
}

}  // namespace
}  // namespace deskhand
