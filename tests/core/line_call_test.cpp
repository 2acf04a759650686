#include "core/constraint/line_call.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/constraint/automaton.h"
#include "core/constraint/random_walk.h"
#include "core/constraint/text_grammar.h"

namespace deskhand {
namespace {

std::vector<CallSignature> signatures() {
  const TextPattern point{"'<point>(0|[1-9]\\d{0,3}) (0|[1-9]\\d{0,3})</point>'"};
  return {
      {"click", {{"start_box", point}}},
      {"left_click", {{"x", IntegerRange{0, 1000}}, {"y", IntegerRange{-5, 20}}}},
      {"type", {{"content", QuotedText{}}}},
      {"say", {{"text", QuotedText{'"', 1, 3}}}},
      {"scroll",
       {{"point", point, false}, {"direction", Alternatives{{"'up'", "'down'"}}}, {"n", IntegerRange{1, 9}, false}}},
      {"wait", {}}};
}

TEST(LineCalls, TheLinesOfRealDialects) {
  const Grammar grammar = line_call_grammar(signatures(), {.max_calls = 2});
  for (const char* text :
       {"click(start_box='<point>10 20</point>')", "left_click(x=10, y=20)", "left_click(x=0, y=-5)",
        "type(content='')", "type(content='It\\'s \\\"ż\\\" (保存), b=c\\n\\t\\\\')", "say(text=\"a'b\")",
        "scroll(direction='up')", "scroll(point='<point>1 2</point>', direction='down', n=3)",
        "scroll(direction='down', n=9)", "wait()", "wait()\nwait()", "type(content='x')\nwait()"}) {
    EXPECT_TRUE(grammar.matches(text)) << text;
  }
  for (const char* text : {"",
                           "wait",
                           "wait()\n",
                           "wait()\nwait()\nwait()",
                           " wait()",
                           "wait( )",
                           "fly()",
                           "left_click(x=10)",
                           "left_click(y=10, x=10)",
                           "left_click(x=10,y=20)",
                           "left_click(x=1001, y=0)",
                           "left_click(x=01, y=0)",
                           "left_click(x=1, y=21)",
                           "left_click(x=1, y=1, )",
                           "type(content='it's')",
                           "type(content='a\nb')",
                           "type(content='\\x')",
                           "type(content='a\\')",
                           "type(content=\"a\")",
                           "say(text=\"\")",
                           "say(text=\"abcd\")",
                           "scroll(direction='left')",
                           "scroll(n=3)",
                           "scroll(, direction='up')",
                           "click(start_box='<point>10 20</point>\n')",
                           "click(start_box=' <point>10 20</point>')"}) {
    EXPECT_FALSE(grammar.matches(text)) << text;
  }
}

TEST(LineCalls, StylesAndExpressionsMakeTheOtherDialects) {
  GrammarBuilder b;  // pairs, lists of names, calls within a call
  const auto number = b.any_of(std::vector<std::string>{"0", "7", "999"});
  const auto pair = b.sequence({b.literal("("), number, b.literal(", "), number, b.literal(")")});
  const auto key = b.any_of(std::vector<std::string>{"'ctrl'", "'c'"});
  const auto keys =
      b.sequence({b.literal("["), key, b.repeat(b.sequence({b.literal(", "), key}), 0, 4), b.literal("]")});
  const std::vector<CallSignature> single{{"Click", {{"box", pair, false}}}, {"Hotkey", {{"keys", keys}}}};
  const auto inner = add_line_call(b, single);
  const auto list =
      b.sequence({b.literal("["), inner, b.repeat(b.sequence({b.literal(", "), inner}), 1, 31), b.literal("]")});
  std::vector<CallSignature> all = single;
  all.push_back({"Sequence", {{"actions", list}}});
  const Grammar venus = b.build(b.sequence({b.literal("<action>"), add_line_call(b, all), b.literal("</action>")}));
  EXPECT_TRUE(venus.matches("<action>Click(box=(7, 999))</action>"));
  EXPECT_TRUE(venus.matches("<action>Sequence(actions=[Click(), Hotkey(keys=['ctrl', 'c'])])</action>"));
  EXPECT_FALSE(venus.matches("<action>Sequence(actions=[Click()])</action>"));

  GrammarBuilder g;  // strings up to a mark
  const auto text = g.sequence({g.literal("<|\"|>"), add_text_until(g, "<|\"|>")});
  const LineCallStyle style{
      .before = "call:", .open = "{", .assign = ":", .separator = ",", .close = "}<end>", .between = ""};
  const std::vector<CallSignature> calls{{"type", {{"text", text}, {"x", IntegerRange{0, 1000}}}}};
  const Grammar gemma = g.build(add_line_calls(g, calls, style));
  EXPECT_TRUE(gemma.matches("call:type{text:<|\"|>a},\n{<|\"|>,x:5}<end>"));
  EXPECT_FALSE(gemma.matches("call:type{text:<|\"|>a<|\"|>b<|\"|>,x:5}<end>"));
}

/// What a quoted text says, or "?" when it does not end where the text ends.
std::string unquoted(const std::string& text) {
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text[0]) return i + 1 == text.size() ? out : "?";
    if (text[i] != '\\') {
      out += text[i];
    } else if (++i < text.size()) {
      out += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    }
  }
  return "?";
}

TEST(LineCalls, RandomWalksAreOneCallALine) {
  std::mt19937_64 random(4);
  const Grammar grammar = line_call_grammar(signatures(), {.min_calls = 3, .max_calls = 3});
  const Grammar one = line_call_grammar(signatures());
  for (int i = 0; i < 500; ++i) {
    const std::string text = random_sentence(grammar, random);
    ASSERT_TRUE(grammar.matches(text));
    ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
    for (size_t at = 0; at <= text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const std::string line = text.substr(at, end - at);
      ASSERT_TRUE(one.matches(line)) << line;
      if (line.starts_with("type(content=")) {
        ASSERT_NE(unquoted(line.substr(13, line.size() - 14)), "?") << line;
      }
      at = end + 1;
    }
  }
}

TEST(LineCalls, WhatIsWrongIsRefusedByName) {
  const auto refusal = [](const CallSignature& call) {
    try {
      line_call_grammar(std::vector{call});
    } catch (const GrammarError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto argument = [&](CallArgument a) { return refusal({"click", {std::move(a)}}); };
  for (const char* name : {"", "a b", "a(", "ż", "a=", "a\n"}) {
    EXPECT_NE(refusal({name, {}}).find("expected a name"), std::string::npos) << name;
    EXPECT_NE(argument({name, IntegerRange{0, 1}}).find("call \"click\", argument \""), std::string::npos) << name;
  }
  const std::string where = "call \"click\", argument \"a\": ";
  EXPECT_EQ(argument({"a", IntegerRange{2, 1}}).find(where + "the range 2…1"), 0u);
  EXPECT_EQ(argument({"a", IntegerRange{0, INT64_MAX}}).find(where), 0u);
  EXPECT_EQ(argument({"a", IntegerRange{INT64_MIN, 0}}).find(where), 0u);
  EXPECT_EQ(argument({"a", QuotedText{'`'}}).find(where), 0u);
  EXPECT_EQ(argument({"a", QuotedText{'\'', 3, 2}}).find(where), 0u);
  EXPECT_EQ(argument({"a", Alternatives{}}).find(where), 0u);
  EXPECT_EQ(argument({"a", Alternatives{{"x\ny"}}}).find(where), 0u);
  EXPECT_EQ(argument({"a", Alternatives{{"x\u0085y"}}}).find(where), 0u);
  EXPECT_EQ(argument({"a", Alternatives{{"x\u2028"}}}).find(where), 0u);
  EXPECT_EQ(argument({"a", Alternatives{{""}}}).find(where), 0u);
  EXPECT_EQ(argument({"a", TextPattern{"a(?=b)"}}).find(where), 0u);
  EXPECT_EQ(argument({"a", TextPattern{"\\n"}}).find(where + "the pattern"), 0u);
  EXPECT_EQ(argument({"a", TextPattern{"[a-z]{16}b[a-z]{16}"}}), "");  // found anywhere, it would need 2¹⁶ states
  EXPECT_EQ(argument({"a", TextPattern{"x)|(?:y"}}).find(where + "expression"), 0u);
  EXPECT_NE(refusal({"click", {{"a", IntegerRange{0, 1}}, {"a", IntegerRange{0, 1}}}}).find("twice"),
            std::string::npos);
  EXPECT_THROW(line_call_grammar({}), GrammarError);
  EXPECT_THROW(line_call_grammar(std::vector<CallSignature>{{"a", {}}, {"a", {}}}), GrammarError);
  EXPECT_THROW(line_call_grammar(signatures(), {.min_calls = 0}), GrammarError);
}

TEST(LineCalls, StatesStayFew) {
  Automaton automaton(line_call_grammar(signatures(), {.max_calls = GrammarBuilder::unbounded}));
  std::string text = "wait()";
  for (int i = 0; i < 2000; ++i) text += "\ntype(content='(ab\\'c)=ż保, \\n')\nleft_click(x=999, y=3)";
  EXPECT_NE(automaton.run(automaton.start(), text), Automaton::dead);
  EXPECT_LT(automaton.states(), 200u);
}

}  // namespace
}  // namespace deskhand
