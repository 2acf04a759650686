#include "core/constraint/regular_expression.h"

#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>

#include "core/constraint/json_schema.h"
#include "core/constraint/random_walk.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

CharacterAutomaton compiled(std::string_view pattern) {
  WorkLimit work;
  return regular_expression(pattern, work);
}

bool finds(std::string_view pattern, std::string_view text) {
  return compiled(pattern).matches(code_points(text));
}

TEST(RegularExpression, FindsAnywhereUnlessAnchored) {
  for (const char* text : {"b", "abc", "xxb", "b\n"}) EXPECT_TRUE(finds("b", text)) << text;
  EXPECT_FALSE(finds("b", "acd"));
  EXPECT_TRUE(finds("", ""));
  EXPECT_TRUE(finds("^a", "ab"));
  EXPECT_FALSE(finds("^a", "ba"));
  EXPECT_TRUE(finds("a$", "ba"));
  EXPECT_FALSE(finds("a$", "ab"));
  EXPECT_FALSE(finds("a$", "a\n"));  // the end of the text, not of a line
  EXPECT_TRUE(finds("^a|b$", "ax"));
  EXPECT_TRUE(finds("^a|b$", "xb"));
  EXPECT_FALSE(finds("^a|b$", "xax"));
  EXPECT_TRUE(finds("(^|,)x(,|$)", "a,x"));
  EXPECT_FALSE(finds("(^|,)x(,|$)", "ax"));
  EXPECT_TRUE(finds("^$", ""));
  EXPECT_TRUE(finds("$^", ""));
  EXPECT_FALSE(finds("a^b", "ab"));
  EXPECT_FALSE(finds("a$b", "ab"));
  EXPECT_TRUE(finds("(^a$|b)", "a"));
  EXPECT_FALSE(finds("^(a$|b)c", "ac"));
}

TEST(RegularExpression, CharactersAndClasses) {
  EXPECT_TRUE(finds("^\\d\\w\\s$", "7_\xC2\xA0"));
  EXPECT_FALSE(finds("^\\d$", "\xD9\xA3"));  // ASCII digits only
  EXPECT_FALSE(finds("^\\w$", "\xC3\xA9"));
  EXPECT_TRUE(finds("^\\D\\W\\S$", "a-b"));
  EXPECT_TRUE(finds("^.$", "\xF0\x9F\x98\x80"));
  for (const char* end : {"\n", "\r", "\xE2\x80\xA8", "\xE2\x80\xA9"}) EXPECT_FALSE(finds("^.$", end));
  EXPECT_TRUE(finds("^[^a-c\\d\\]-]$", "x"));
  for (const char* no : {"b", "5", "]", "-"}) EXPECT_FALSE(finds("^[^a-c\\d\\]-]$", no)) << no;
  EXPECT_TRUE(finds("^[\\b\\-x]$", "\b"));
  EXPECT_TRUE(finds("^\\x41\\u0042\\u{1F600}\\uD83D\\uDE00\\cJ\\0$",
                    std::string("AB\xF0\x9F\x98\x80\xF0\x9F\x98\x80\n\0", 12)));
  EXPECT_TRUE(finds("^\\p{Lu}\\p{L}\\P{L}\\p{gc=Nd}$", "\xC3\x89\xC3\xA9-\xD9\xA3"));
  EXPECT_TRUE(finds("^\\p{Letter}+$", "\xE4\xBF\x9D\xE5\xAD\x98"));
  EXPECT_TRUE(finds("^[\\p{N}x]+$", "x\xC2\xBD"));
  EXPECT_FALSE(finds("^[]$", "x"));
  EXPECT_TRUE(finds("^[^]$", "\n"));
  EXPECT_TRUE(finds("^\\$\\/\\-$", "$/-"));
}

TEST(RegularExpression, EqualsTheStandardLibraryOnAscii) {
  // Anchored as a whole, so that std::regex_match means the same.
  const std::vector<std::string> patterns{
      "a*b+c?", "(ab|a)(c|bcd)", "(a|b)*abb", "a{2,4}",       "(a{0,2}b){2}",    "(?:ab)*?c",    "[ab]+[^b]",
      "(|a)b",  "((a?)*b)+",     "(a*)*",     "(a|ab)(c|bc)", "a{3}|b{0}|c{2,}", "(a|(b|(c)))*", "(a{2}){2,}"};
  std::mt19937 random(5);
  for (const std::string& pattern : patterns) {
    const CharacterAutomaton mine = compiled("^(?:" + pattern + ")$");
    const std::regex theirs(pattern);
    for (int i = 0; i < 400; ++i) {
      std::string text;
      for (size_t n = random() % 9; n > 0; --n) text.push_back(static_cast<char>('a' + random() % 4));
      ASSERT_EQ(mine.matches(code_points(text)), std::regex_match(text, theirs)) << pattern << " on " << text;
    }
  }
}

std::string refusal(std::string_view pattern) {
  const std::clock_t begin = std::clock();  // CPU time: other programs run too
  std::string message = "accepted";
  try {
    (void)compiled(pattern);
  } catch (const GrammarError& error) {
    message = error.what();
  }
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 5) << pattern.substr(0, 80);
  return message;
}

TEST(RegularExpression, RefusesByName) {
  const std::vector<std::pair<std::string, const char*>> cases{
      {"(?=a)", "lookahead"},
      {"(?!a)", "lookahead"},
      {"(?<=a)b", "lookbehind"},
      {"(?<!a)b", "lookbehind"},
      {"(a)\\1", "backreference"},
      {"(?<n>a)\\k<n>", "backreference"},
      {"\\bword", "word boundary"},
      {"\\p{Script=Greek}", "\\p{Script=Greek}"},
      {"\\a", "the escape \\a"},
      {"\\Z", "the escape \\Z"},
      {"(?i)a", "this kind of group"},
      {"(a", "a group without )"},
      {"a)", "an unpaired )"},
      {"[a", "a class without ]"},
      {"[b-a]", "out of order"},
      {"[\\d-z]", "a range between classes"},
      {"a**", "nothing to repeat"},
      {"*", "nothing to repeat"},
      {"a{2,1}", "out of order"},
      {"a{", "expected a number"},
      {"a\\", "a backslash at the end"},
      {"\\u{110000}", "beyond U+10FFFF"},
      {"(a{1000}){1000}", "unfolds to more than"},
      {"((a{100}){100}){100}", "unfolds to more than"},
      {"((((((){99}){99}){99}){99}){99})", "unfolds to more than"},
      {"a{99999999999}", "unfolds to more than"},
      {"[ab]*a[ab]{40}", "more than"},
      {std::string(5000, '('), "too deep"},
      {std::string(20'000, 'a'), "longer than"},
  };
  for (const auto& [pattern, expected] : cases) {
    EXPECT_NE(refusal(pattern).find(expected), std::string::npos) << pattern.substr(0, 80) << ": " << refusal(pattern);
  }
  std::string accents = "x";
  for (int i = 0; i < 150; ++i) accents += "é";
  const std::string said = refusal(accents + "(");  // byte 200 is inside a character
  EXPECT_EQ(valid_utf8_prefix(said), said.size()) << said;
  EXPECT_NE(said.find("é…\""), std::string::npos) << said;
  EXPECT_EQ(refusal("(a|b|ab)*c{0,500}"), "accepted");
  EXPECT_EQ(refusal("(x+x+)+y"), "accepted");
}

TEST(RegularExpression, WorkIsBounded) {
  std::string empties;
  for (int i = 0; i < 4000; ++i) empties += "()";
  for (const std::string& pattern :
       {std::string(".{19000}"), std::string("^(a|b|ab){900}$"), "(?:" + empties + "){49000}"}) {
    EXPECT_EQ(refusal(pattern), "too much work to compile it") << pattern.substr(0, 80);
  }
  for (const char* pattern : {"\\p{L}{3000}", "[\\P{L}]{9999}"}) {
    EXPECT_EQ(refusal(pattern), "expression: its automaton has too many edges") << pattern;
  }
  for (const char* pattern : {".{1000}", "[^a]{1,1000}", "\\w{1,1000}\\d{1,1000}", "\\p{L}{300}", "(a?){9999}",
                              "^\\p{L}{1,200}$", "^[^\\p{L}]{100}", "(^|$){999}"}) {
    EXPECT_EQ(refusal(pattern), "accepted") << pattern;
  }
  WorkLimit shared;
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) (void)regular_expression(".{1000}", shared);
      },
      GrammarError);
}

/// Behind what was found everything is found, which keeps the automaton small.
TEST(RegularExpression, WhatIsFoundStaysFound) {
  EXPECT_EQ(compiled("\\d{1,1000}").states.size(), 3u);
  EXPECT_TRUE(finds("a[^b]{2}", "accb\n\n"));
  EXPECT_FALSE(finds("a[^b]{2}$", "accb"));
  EXPECT_TRUE(finds("a[^b]{2}$", "abacc"));
}

TEST(RegularExpression, SetsOfTexts) {
  WorkLimit work;
  const CharacterAutomaton word = regular_expression("^[a-z]+$", work);
  const CharacterAutomaton some = intersection(word, CharacterAutomaton::length(2, 3), work);
  const std::vector<std::u32string> taken{U"abc", U"zz"};
  const CharacterAutomaton rest = difference(some, CharacterAutomaton::words(taken), work);
  EXPECT_TRUE(rest.matches(U"ab"));
  EXPECT_TRUE(rest.matches(U"abd"));
  EXPECT_FALSE(rest.matches(U"abc"));
  EXPECT_FALSE(rest.matches(U"zz"));
  EXPECT_FALSE(rest.matches(U"a"));
  EXPECT_TRUE(difference(some, word, work).empty());
  EXPECT_TRUE(intersection(word, compiled("[0-9]"), work).empty());
}

/// What the grammar writes is what the expression finds in the text that JSON means, escapes and all.
TEST(RegularExpression, PatternsCountWhatIsMeantNotWhatIsWritten) {
  const auto grammar = [](const char* schema) { return json_schema_grammar(nlohmann::ordered_json::parse(schema)); };
  const Grammar three = grammar(R"re({"type": "string", "pattern": "^.{3}$"})re");
  for (const char* text : {R"("abc")", R"("\"\\\t")", R"("é\u0001🙂")"}) EXPECT_TRUE(three.matches(text)) << text;
  for (const char* text : {R"("ab")", R"("\"\\")", R"("\n12")", R"("abcd")", R"(""")"})
    EXPECT_FALSE(three.matches(text)) << text;
  const Grammar both = grammar(R"re({"type": "string", "pattern": "^a", "minLength": 2, "maxLength": 3})re");
  EXPECT_TRUE(both.matches(R"("a\"")"));
  EXPECT_FALSE(both.matches(R"("a")"));
  EXPECT_FALSE(both.matches(R"("abcd")"));
  std::mt19937_64 random(8);
  for (const char* pattern : {"^[^a-z]{2,5}$", "\\\\\"", "[\\u0000-\\u001f]x", "^\\p{L}+ \\d{1,3}$", "a|^b|c$"}) {
    const Grammar g = json_schema_grammar({{"type", "string"}, {"pattern", pattern}});
    const CharacterAutomaton meant = compiled(pattern);
    for (int i = 0; i < 200; ++i) {
      const std::string text = random_sentence(g, random, {.more_rounds = 4, .budget = 60});
      ASSERT_TRUE(g.matches(text)) << text;
      const auto value = nlohmann::json::parse(text).get<std::string>();
      ASSERT_TRUE(meant.matches(code_points(value))) << pattern << ": " << text;
    }
  }
}

}  // namespace
}  // namespace deskhand
