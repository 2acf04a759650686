#include "core/constraint/text_grammar.h"

#include <gtest/gtest.h>

#include <random>

#include "core/constraint/automaton.h"
#include "core/constraint/random_walk.h"
#include "core/constraint/regular_expression.h"

namespace deskhand {
namespace {

Grammar until(std::string_view delimiter) {
  GrammarBuilder b;
  return b.build(add_text_until(b, delimiter));
}

/// All texts of the letters up to a length.
std::vector<std::string> all_texts(const std::string& letters, size_t longest) {
  std::vector<std::string> texts{""};
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].size() == longest) continue;
    for (const char c : letters) texts.push_back(texts[i] + c);
  }
  return texts;
}

TEST(TextUntil, EndsAtTheFirstDelimiterAndOnlyThere) {
  for (const std::string delimiter : {"a", "ab", "aa", "aab", "aba", "aaa", "abab", "abaab", "\n<", "\n</\n"}) {
    Automaton automaton(until(delimiter));
    for (const std::string& text : all_texts("ab\n</", delimiter.size() < 4 ? 5 : 6)) {
      const size_t at = text.find(delimiter);
      const bool ends = at != std::string::npos && at + delimiter.size() == text.size();
      const int32_t state = automaton.run(automaton.start(), text);
      ASSERT_EQ(state != Automaton::dead, ends || at == std::string::npos) << ::testing::PrintToString(text);
      ASSERT_EQ(state != Automaton::dead && automaton.accepting(state), ends) << ::testing::PrintToString(text);
    }
  }
}

TEST(TextUntil, TakesAllOfUtf8AndNothingElse) {
  const Grammar grammar = until("\n</parameter>");
  for (const char* text :
       {"", "\n", "</parameter>", "\n</parameter", "\n</paramete\n</parameter", "ż保😀\xEF\xBF\xBF", "\x01\x7F"}) {
    EXPECT_TRUE(grammar.matches(std::string(text) + "\n</parameter>")) << text;
  }
  EXPECT_TRUE(grammar.matches(std::string("\0", 1) + "\n</parameter>"));
  for (const char* broken : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC5\n"}) {
    EXPECT_FALSE(grammar.matches_prefix(broken)) << ::testing::PrintToString(broken);
  }
  EXPECT_TRUE(until("終わり").matches("終わ終わり"));
  EXPECT_FALSE(until("終わり").matches_prefix("終わり "));
}

TEST(TextUntil, RandomTextsEndAtTheDelimiter) {
  std::mt19937_64 random(3);
  const std::string delimiter = "\n</parameter>";
  const Grammar grammar = until(delimiter);
  size_t with_a_beginning = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = random_sentence(grammar, random);
    ASSERT_EQ(text.find(delimiter) + delimiter.size(), text.size());
    with_a_beginning += text.find("\n</") + delimiter.size() < text.size() ? 1 : 0;
  }
  EXPECT_GT(with_a_beginning, 20u);
}

TEST(TextUntil, ALongTextNeedsAFewStates) {
  Automaton automaton(until("\n</parameter>"));
  std::string text;
  while (text.size() < 200'000) text += "x\n</para\n\n</parameter ż保😀 ";
  EXPECT_NE(automaton.run(automaton.start(), text), Automaton::dead);
  EXPECT_LT(automaton.states(), 120u);
}

TEST(TextUntil, RefusesDelimitersThatAreNone) {
  EXPECT_THROW(until(""), GrammarError);
  EXPECT_THROW(until("\xFF"), GrammarError);
  EXPECT_THROW(until(std::string(1001, 'x')), GrammarError);
}

TEST(TextGrammar, TextsOfAnAutomatonStandInUtf8) {
  GrammarBuilder b;
  WorkLimit work;
  const auto word = intersection(regular_expression("^[a-zż]+$", work), CharacterAutomaton::until(U"zz"), work);
  const Grammar grammar = b.build(add_texts(b, word));
  for (const char* text : {"a", "żż", "az", "zaz"}) EXPECT_EQ(grammar.matches(text), word.matches(code_points(text)));
  for (const char* text : {"", "azz", "A", "a b", "zza"}) EXPECT_FALSE(grammar.matches(text)) << text;
}

}  // namespace
}  // namespace deskhand
