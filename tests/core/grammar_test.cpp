#include "core/constraint/grammar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "core/constraint/random_walk.h"

namespace deskhand {
namespace {

using Expression = GrammarBuilder::Expression;

TEST(Grammar, ExampleOfTheHeader) {
  GrammarBuilder b;
  const auto name = b.choice({b.literal("Save"), b.literal("Speichern…")});
  const auto text = b.repeat(b.text_character(U"\"\\"), 0, 70);
  const Grammar g = b.build(b.choice({b.sequence({b.literal("click(\""), name, b.literal("\")")}),
                                      b.sequence({b.literal("type(\""), text, b.literal("\")")})}));
  EXPECT_TRUE(g.matches("click(\"Save\")"));
  EXPECT_TRUE(g.matches("click(\"Speichern…\")"));
  EXPECT_TRUE(g.matches("type(\"Zażółć 你好 🙂\")"));
  EXPECT_TRUE(g.matches("type(\"" + std::string(70, 'x') + "\")"));
  EXPECT_FALSE(g.matches("type(\"" + std::string(71, 'x') + "\")"));
  EXPECT_FALSE(g.matches("type(\"a\nb\")"));
  EXPECT_FALSE(g.matches("click(\"Sa\")"));
  EXPECT_FALSE(g.matches("click(\"Save"));
  EXPECT_TRUE(g.matches_prefix("click(\"Save"));
  EXPECT_FALSE(g.matches_prefix("click(\"x"));
}

TEST(Grammar, CountsCharactersNotBytes) {
  GrammarBuilder b;
  const Grammar g = b.build(b.repeat(b.text_character(U""), 2, 3));
  EXPECT_FALSE(g.matches("ż"));
  EXPECT_TRUE(g.matches("żó"));
  EXPECT_TRUE(g.matches("🙂🙂🙂"));
  EXPECT_FALSE(g.matches("🙂🙂🙂🙂"));
  EXPECT_TRUE(g.matches_prefix("🙂🙂\xF0\x9F"));
}

/// The lengths n ≤ limit for which a's are accepted.
std::vector<int> accepted_counts(const Grammar& g, int limit) {
  std::vector<int> counts;
  for (int n = 0; n <= limit; ++n) {
    if (g.matches(std::string(static_cast<size_t>(n), 'a'))) counts.push_back(n);
  }
  return counts;
}

TEST(Grammar, RepeatsCount) {
  const auto counts = [](uint32_t min, uint32_t max) {
    GrammarBuilder b;
    return accepted_counts(b.build(b.repeat(b.literal("a"), min, max)), 6);
  };
  EXPECT_EQ(counts(0, 0), (std::vector{0}));
  EXPECT_EQ(counts(0, 1), (std::vector{0, 1}));
  EXPECT_EQ(counts(1, 1), (std::vector{1}));
  EXPECT_EQ(counts(2, 4), (std::vector{2, 3, 4}));
  EXPECT_EQ(counts(0, GrammarBuilder::unbounded), (std::vector{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(counts(1, GrammarBuilder::unbounded), (std::vector{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(counts(4, GrammarBuilder::unbounded), (std::vector{4, 5, 6}));
  EXPECT_EQ(counts(3, 3), (std::vector{3}));
}

TEST(Grammar, NestedAndAmbiguousRepeatsCount) {
  GrammarBuilder b;
  const auto one_or_two = b.choice({b.literal("a"), b.literal("aa")});
  EXPECT_EQ(accepted_counts(b.build(b.repeat(one_or_two, 2, 3)), 8), (std::vector{2, 3, 4, 5, 6}));
  const auto pairs = b.repeat(b.literal("a"), 2, 2);
  EXPECT_EQ(accepted_counts(b.build(b.repeat(pairs, 2, 3)), 8), (std::vector{4, 6}));
  EXPECT_EQ(accepted_counts(b.build(b.repeat(b.repeat(b.literal("a"), 3, 5), 0, 2)), 12),
            (std::vector{0, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(Grammar, HugeCountsCostNothing) {
  GrammarBuilder b;
  const Grammar g = b.build(b.repeat(b.literal("a"), 3, 4'000'000'000u));
  EXPECT_FALSE(g.matches("aa"));
  EXPECT_TRUE(g.matches(std::string(10'000, 'a')));
}

TEST(Grammar, RulesRecurse) {
  GrammarBuilder b;
  const auto nest = b.declare("nest");
  b.define(nest, b.choice({b.literal("x"), b.sequence({b.literal("("), b.use(nest), b.literal(")")})}));
  const Grammar g = b.build(b.use(nest));
  EXPECT_TRUE(g.matches("(((x)))"));
  EXPECT_FALSE(g.matches("(((x))"));
  EXPECT_FALSE(g.matches("((x)))"));
  const std::string deep(5000, '(');
  EXPECT_TRUE(g.matches(deep + "x" + std::string(5000, ')')));
}

TEST(Grammar, RightRecursionNeedsNoStack) {
  GrammarBuilder b;
  const auto list = b.declare("list");
  b.define(list, b.choice({b.empty(), b.sequence({b.literal("a"), b.use(list)})}));
  EXPECT_TRUE(b.build(b.use(list)).matches(std::string(100'000, 'a')));
}

TEST(Grammar, CutsWhatCannotEnd) {
  GrammarBuilder b;
  const auto endless = b.declare("endless");
  b.define(endless, b.sequence({b.literal("e"), b.use(endless)}));
  const Grammar g = b.build(b.choice({b.use(endless), b.literal("ok"), b.sequence({b.literal("x"), b.nothing()})}));
  EXPECT_TRUE(g.matches("ok"));
  EXPECT_FALSE(g.matches_prefix("e"));
  EXPECT_FALSE(g.matches_prefix("x"));
  EXPECT_TRUE(b.build(b.repeat(b.use(endless), 0)).matches(""));
}

template <class Build>
std::string error_of(const Build& build) {
  try {
    build();
  } catch (const GrammarError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Grammar, RefusesWithTheReason) {
  GrammarBuilder b;
  const auto undefined = b.declare("ghost");
  EXPECT_NE(error_of([&] { b.build(b.use(undefined)); }).find("ghost is used but not defined"), std::string::npos);

  const auto left = b.declare("left");
  b.define(left, b.choice({b.literal("x"), b.sequence({b.use(left), b.literal("y")})}));
  EXPECT_NE(error_of([&] { b.build(b.use(left)); }).find("left recursion through rule left"), std::string::npos);

  const auto hidden = b.declare("hidden");
  b.define(hidden, b.choice({b.literal("x"), b.sequence({b.optional(b.literal("-")), b.use(hidden), b.literal("y")})}));
  EXPECT_NE(error_of([&] {
              b.build(b.sequence({b.literal("["), b.use(hidden)}));
            }).find("left recursion"),
            std::string::npos);

  const auto endless = b.declare("endless");
  b.define(endless, b.sequence({b.literal("e"), b.use(endless)}));
  EXPECT_NE(error_of([&] { b.build(b.use(endless)); }).find("nothing matches"), std::string::npos);

  EXPECT_NE(error_of([&] { b.build(b.repeat(b.optional(b.literal("x")), 0)); }).find("may be empty"),
            std::string::npos);
  EXPECT_NE(error_of([&] { b.repeat(b.literal("x"), 3, 2); }).find("at least 3 and at most 2"), std::string::npos);
  EXPECT_NE(error_of([&] { b.define(left, b.empty()); }).find("left is defined twice"), std::string::npos);
}

TEST(Grammar, RefusesWhatIsTooLarge) {
  GrammarBuilder b;
  auto deep = b.literal("x");
  EXPECT_NE(error_of([&] {
              for (int i = 0; i < 2000; ++i) deep = b.optional(deep);
            }).find("nested deeper"),
            std::string::npos);
  auto doubling = b.literal("x"), nothing = b.empty();
  for (int i = 0; i < 60; ++i) {
    doubling = b.sequence({doubling, doubling});
    nothing = b.sequence({nothing, nothing});
  }
  EXPECT_NE(error_of([&] { b.build(doubling); }).find("larger than"), std::string::npos);
  EXPECT_NE(error_of([&] { b.build(nothing); }).find("unfold"), std::string::npos);
  std::vector<std::string> names;
  for (int i = 0; i < 300'000; ++i) names.push_back(fmt::format("n{}", i));
  GrammarBuilder wide;
  EXPECT_NE(error_of([&] { wide.build(wide.any_of(names)).matches("n1"); }).find("larger than"), std::string::npos);
  names.resize(100'000);
  EXPECT_TRUE(wide.build(wide.any_of(names)).matches("n99999"));
}

TEST(Grammar, AmbiguityStaysPolynomial) {
  GrammarBuilder b;
  // 2^60 readings of "x", decided only by what follows.
  auto rule = b.declare("r");
  b.define(rule, b.literal("x"));
  for (int i = 0; i < 60; ++i) {
    const auto next = b.declare("r");
    b.define(next, b.choice({b.sequence({b.use(rule), b.literal("y")}), b.sequence({b.use(rule), b.literal("z")})}));
    rule = next;
  }
  const Grammar g = b.build(b.use(rule));
  EXPECT_TRUE(g.matches("x" + std::string(30, 'y') + std::string(30, 'z')));
  EXPECT_FALSE(g.matches("x" + std::string(61, 'y')));
  // Two alternatives with the same beginning, nested: 4^500 readings of the open brackets.
  const auto tree = b.declare("tree");
  std::vector<Expression> ways{b.literal(".")};
  for (const char* end : {"a", "b", "c", "d"})
    ways.push_back(b.sequence({b.literal("("), b.use(tree), b.literal(end)}));
  b.define(tree, b.choice(ways));
  const Grammar nested = b.build(b.use(tree));
  EXPECT_TRUE(nested.matches(std::string(500, '(') + "." + std::string(250, 'a') + std::string(250, 'd')));
  EXPECT_FALSE(nested.matches(std::string(500, '(') + "." + std::string(501, 'a')));
}

TEST(Grammar, NullableRulesReturnToEveryCaller) {
  GrammarBuilder b;
  const auto maybe = b.declare("maybe"), twice = b.declare("twice");
  b.define(maybe, b.optional(b.literal("m")));
  b.define(twice, b.sequence({b.use(maybe), b.use(maybe), b.use(maybe), b.literal(".")}));
  const Grammar g = b.build(b.choice({b.use(twice), b.sequence({b.use(maybe), b.literal("!"), b.use(twice)})}));
  for (const char* yes : {".", "m.", "mm.", "mmm.", "!.", "m!.", "m!mmm."}) EXPECT_TRUE(g.matches(yes)) << yes;
  for (const char* no : {"", "m", "mmmm.", "mm!.", "!!."}) EXPECT_FALSE(g.matches(no)) << no;
}

std::string utf8(char32_t c) {
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

TEST(Grammar, CharacterClassesAreExactUtf8) {
  const std::vector<CharacterRange> ranges{
      {0x41, 0x5A}, {0x7E, 0x81}, {0x7F0, 0x1234}, {0xD000, 0xE010}, {0xFFF0, 0x10123}};
  GrammarBuilder b;
  const Grammar g = b.build(b.character(ranges));
  for (char32_t c = 0; c <= 0x10FFFF; c += c < 0x11000 ? 1 : 97) {
    bool expected = false;
    for (const CharacterRange& r : ranges) expected |= c >= r.first && c <= r.last;
    if (c >= 0xD800 && c <= 0xDFFF) expected = false;
    ASSERT_EQ(g.matches(utf8(c)), expected) << std::hex << static_cast<uint32_t>(c);
  }
  const Grammar any = b.build(b.character_except(U"\nż"));
  for (const char* bad : {"\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xE0\x80\x80", "ż", "\n"}) {
    EXPECT_FALSE(any.matches(bad)) << ::testing::PrintToString(bad);
  }
  EXPECT_TRUE(any.matches("ź"));
  EXPECT_TRUE(any.matches("\xF4\x8F\xBF\xBF"));
}

TEST(RandomWalk, StaysInTheGrammarAndEnds) {
  GrammarBuilder b;
  const auto tree = b.declare("tree");
  // Four in five ways recurse: without a budget such walks grow for ever.
  const auto branch = b.sequence({b.literal("("), b.use(tree), b.use(tree), b.literal(")")});
  b.define(tree, b.choice({branch, branch, branch, branch, b.repeat(b.text_character(U"()"), 1, 3)}));
  const Grammar g = b.build(b.use(tree));
  std::mt19937_64 random(7);
  size_t longest = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string text = random_sentence(g, random, {.more_rounds = 4, .budget = 300});
    ASSERT_TRUE(g.matches(text)) << text;
    longest = std::max(longest, text.size());
  }
  EXPECT_GT(longest, 100u);
  EXPECT_LT(longest, 3000u);
}

TEST(RandomWalk, AlternativesAreEquallyLikely) {
  GrammarBuilder b;
  const Grammar g = b.build(b.choice({b.literal("a"), b.literal("b"), b.literal("c"), b.literal("d")}));
  std::mt19937_64 random(1);
  std::array<int, 4> seen{};
  for (int i = 0; i < 4000; ++i) ++seen[static_cast<size_t>(random_sentence(g, random)[0] - 'a')];
  for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
}

TEST(RandomWalk, RefusesEndlessTexts) {
  GrammarBuilder b;
  const auto thousand = b.repeat(b.literal("x"), 100'000, 100'000);
  const Grammar g = b.build(b.repeat(thousand, 100'000, 100'000));
  std::mt19937_64 random(1);
  EXPECT_THROW(random_sentence(g, random), GrammarError);
}

}  // namespace
}  // namespace deskhand
