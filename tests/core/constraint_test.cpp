#include "core/constraint/constraint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "core/constraint/automaton.h"
#include "core/constraint/grammar_constraint.h"
#include "core/constraint/program.h"
#include "core/constraint/random_walk.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using Vocabulary = std::vector<std::string>;

TokenTrie trie_of(const Vocabulary& vocabulary) {
  const std::vector<std::string_view> views(vocabulary.begin(), vocabulary.end());
  return TokenTrie(views);
}

/// All bytes, and some thousand pieces of one to six bytes out of an alphabet, with repetitions and an empty one.
Vocabulary random_vocabulary(std::string_view alphabet, size_t size, std::mt19937_64& random) {
  Vocabulary vocabulary{""};
  for (int b = 0; b < 256; ++b) vocabulary.emplace_back(1, static_cast<char>(b));
  while (vocabulary.size() < size) {
    std::string piece(1 + random() % 6, ' ');
    for (char& c : piece) c = alphabet[random() % alphabet.size()];
    vocabulary.push_back(piece);
  }
  return vocabulary;
}

/// An independent reading of a grammar: by sets of positions on its syntax, with none of the automaton's machinery.
class NaiveReader {
 public:
  NaiveReader(const Grammar& grammar, std::string text)
      : syntax_(grammar.program().syntax), text_(std::move(text)), start_(grammar.program().start_node) {}
  bool matches() { return ends(start_, 0).contains(text_.size()); }
  /// Whether some text of the grammar begins with the whole text. Right only for grammars without dead ends.
  bool matches_prefix() { return matches() || beyond_; }

 private:
  using Kind = GrammarSyntax::Kind;
  using Ends = std::set<size_t>;

  /// Where the node can end when it begins at `at`; notes when it could go on beyond the text.
  Ends ends(int32_t index, size_t at) {
    const GrammarSyntax::Node& node = syntax_.nodes[static_cast<size_t>(index)];
    const auto child = [&](uint32_t i) { return syntax_.children[node.begin + i]; };
    Ends result;
    switch (node.kind) {
      case Kind::literal:
        for (uint32_t i = 0; i < node.count; ++i) {
          if (at + i == text_.size()) beyond_ = true;
          if (at + i >= text_.size() || text_[at + i] != syntax_.bytes[node.begin + i]) return {};
        }
        return {at + node.count};
      case Kind::set:
        if (at == text_.size()) beyond_ = true;
        if (at < text_.size() && syntax_.sets[node.begin].test(static_cast<uint8_t>(text_[at]))) return {at + 1};
        return {};
      case Kind::sequence:
        result = {at};
        for (uint32_t i = 0; i < node.count; ++i) result = all_ends(child(i), result);
        return result;
      case Kind::choice:
        for (uint32_t i = 0; i < node.count; ++i) result.merge(ends(child(i), at));
        return result;
      case Kind::repeat: {
        Ends now{at};
        for (uint32_t round = 0; !now.empty(); ++round) {
          if (round >= node.min) result.insert(now.begin(), now.end());
          if (round == node.max) break;
          now = all_ends(child(0), now);
        }
        return result;
      }
      case Kind::use:
        return ends(syntax_.rules[node.begin].body, at);
    }
    return result;
  }
  Ends all_ends(int32_t node, const Ends& from) {
    Ends result;
    for (const size_t at : from) result.merge(ends(node, at));
    return result;
  }

  const GrammarSyntax& syntax_;
  std::string text_;
  int32_t start_;
  bool beyond_ = false;
};

std::string brute_force_forced(const Grammar& grammar, std::string text) {
  const size_t begin = text.size();
  while (!NaiveReader(grammar, text).matches()) {
    std::string candidates;
    for (int b = 0; b < 256; ++b) {
      if (NaiveReader(grammar, text + static_cast<char>(b)).matches_prefix())
        candidates.push_back(static_cast<char>(b));
    }
    if (candidates.size() != 1) break;
    text += candidates;
  }
  return text.substr(begin);
}

/// The calls of a small dialect over some names: literals, free strings with escapes, recursion and a count.
Grammar calls(const std::vector<std::string>& names) {
  GrammarBuilder b;
  const auto character =
      b.choice({b.text_character(U"\"\\"), b.sequence({b.literal("\\"), b.any_of(Vocabulary{"\"", "\\"})})});
  const auto text = b.sequence({b.literal("\""), b.repeat(character, 0, 9), b.literal("\"")});
  const auto name = b.sequence({b.literal("\""), b.any_of(names), b.literal("\"")});
  const auto call =
      b.choice({b.sequence({b.literal("click("), name, b.literal(")\n")}),
                b.sequence({b.literal("fill("), name, b.literal(", "), text, b.literal(")\n")}),
                b.sequence({b.literal("key("), b.any_of(Vocabulary{"Return", "ctrl+a"}), b.literal(")\n")})});
  const auto nest = b.declare("nest");
  b.define(nest, b.choice({b.literal("x"), b.sequence({b.literal("["), b.use(nest), b.literal("]")})}));
  const auto end = b.sequence({b.literal("done("), b.choice({text, b.use(nest)}), b.literal(")")});
  return b.build(b.sequence({b.repeat(call, 0, 3), end}));
}

const std::vector<std::string> names{"Save", "Save as…", "Größe", "保存", "保管", "a\\\"b", "🙂"};
constexpr std::string_view alphabet = "clikfdone(\", )\nSave\\[]x\xE4\xBF\x9D\xE5\xAD\x98\xF0\x9F\x99\x82";

TEST(GrammarConstraint, MasksAndForcedBytesEqualBruteForce) {
  std::mt19937_64 random(5);
  Vocabulary vocabulary = random_vocabulary(alphabet, 700, random);
  for (const char* piece :
       {"click(\"", "Save\")", "\")\n", "\xBF\x9D", "存\")\ndone(", "[[[", "]]", "\", \"", "e\")\nf"}) {
    vocabulary.push_back(piece);
  }
  const TokenTrie trie = trie_of(vocabulary);
  const Grammar grammar = calls(names);
  TokenMask mask(trie.vocabulary_size());
  int ends = 0;
  for (int walk = 0; walk < 6; ++walk) {
    GrammarConstraint constraint(grammar, trie);
    std::string text;
    for (int step = 0; step < 30 && !constraint.must_end(); ++step) {
      constraint.allowed(mask);
      std::vector<size_t> ids;
      for (size_t id = 0; id < vocabulary.size(); ++id) {
        const std::string& token = vocabulary[id];
        const bool expected = !token.empty() && NaiveReader(grammar, text + token).matches_prefix();
        ASSERT_EQ(mask.test(static_cast<int32_t>(id)), expected)
            << "after " << text << " token " << ::testing::PrintToString(token);
        if (expected) ids.push_back(id);
      }
      ASSERT_FALSE(ids.empty()) << text;
      ASSERT_EQ(constraint.forced(), brute_force_forced(grammar, text));
      ASSERT_EQ(constraint.may_end(), NaiveReader(grammar, text).matches());
      const std::string& token = vocabulary[ids[random() % ids.size()]];
      constraint.accept(token);
      text += token;
    }
    ends += constraint.must_end() ? 1 : 0;
  }
  EXPECT_GT(ends, 0);
}

/// Tokens around the border between short and long ones, at every count of two loops, one within the other.
TEST(GrammarConstraint, MasksOfCountedTextsEqualBruteForce) {
  Vocabulary vocabulary;
  for (const size_t length : {1, 2, 15, 16, 17, 18, 40}) {
    vocabulary.emplace_back(length, 'x');
    vocabulary.push_back(std::string(length, 'x') + ";");
    vocabulary.push_back(";" + std::string(length, 'x'));
    vocabulary.push_back(std::string(length, ';'));
  }
  const TokenTrie trie = trie_of(vocabulary);
  TokenMask mask(trie.vocabulary_size());
  using Bounds = std::pair<uint32_t, uint32_t>;
  for (const auto& [min, max] :
       {Bounds{0, 70}, {1, 70}, {20, 20}, {30, 70}, {40, 1000}, {50, GrammarBuilder::unbounded}}) {
    GrammarBuilder b;
    const auto texts = b.sequence({b.repeat(b.literal("x"), min, max), b.literal(";")});
    const Grammar grammar = b.build(b.repeat(texts, 2, 40));
    GrammarConstraint constraint(grammar, trie);
    Automaton automaton(grammar);
    auto expect_equal = [&, state = automaton.start()](std::string_view bytes) mutable {
      constraint.accept(bytes);
      state = automaton.run(state, bytes);
      constraint.allowed(mask);
      for (size_t id = 0; id < vocabulary.size(); ++id) {
        ASSERT_EQ(mask.test(static_cast<int32_t>(id)), automaton.run(state, vocabulary[id]) != Automaton::dead)
            << min << "…" << max << ": " << vocabulary[id];
      }
    };
    for (int text = 0; text < 3; ++text) {
      for (uint32_t count = 0; count < std::min(max, 90u); ++count) ASSERT_NO_FATAL_FAILURE(expect_equal("x"));
      ASSERT_NO_FATAL_FAILURE(expect_equal(";"));
    }
  }
}

/// Far from both ends of a loop the count makes no new state.
TEST(Automaton, BlurredStatesAreFew) {
  GrammarBuilder b;
  const Grammar grammar = b.build(b.repeat(b.character_except(U"\""), 20, 70));
  Automaton automaton(grammar);
  std::set<int32_t> blurred;
  int32_t state = automaton.start();
  for (int i = 0; i < 70; ++i, state = automaton.step(state, 'x')) {
    blurred.insert(automaton.blurred(state, 8));
    ASSERT_EQ(automaton.blurred(automaton.blurred(state, 8), 8), automaton.blurred(state, 8));
  }
  EXPECT_EQ(blurred.size(), 1 + 7 + 1 + 1 + 8);  // after 0…11, 12…18, 19, 20…61 (the text may end) and 62…69 rounds
}

TEST(GrammarConstraint, RefusedBytesChangeNothing) {
  const TokenTrie trie = trie_of({"a"});
  GrammarConstraint constraint(calls(names), trie);
  constraint.accept("click(\"Save");
  EXPECT_THROW(constraint.accept(" as?"), std::invalid_argument);
  EXPECT_NO_THROW(constraint.accept(" as…\")\n"));
  constraint.accept("");
  EXPECT_FALSE(constraint.may_end());
  constraint.accept("done(");
  EXPECT_EQ(constraint.forced(), "");
  constraint.accept("[[x");
  EXPECT_EQ(constraint.forced(), "]])");
  constraint.accept("]])");
  EXPECT_TRUE(constraint.must_end());
  EXPECT_EQ(constraint.forced(), "");
}

TEST(GrammarConstraint, ClonesGoTheirOwnWay) {
  const TokenTrie trie = trie_of({"[", "]", "x"});
  GrammarConstraint one(calls(names), trie);
  one.accept("done([");
  const std::unique_ptr<Constraint> two = one.clone();
  one.accept("[[x");
  two->accept("x");
  EXPECT_EQ(one.forced(), "]]])");
  EXPECT_EQ(two->forced(), "])");
}

TEST(GrammarConstraint, ForcedIsBounded) {
  GrammarBuilder b;
  const TokenTrie trie = trie_of({"a"});
  const Grammar grammar = b.build(b.repeat(b.literal("ab"), 1'000'000'000, 1'000'000'000));
  const GrammarConstraint constraint(grammar, trie);
  EXPECT_EQ(constraint.forced().size(), GrammarConstraint::max_forced);
  EXPECT_EQ(constraint.forced().substr(0, 4), "abab");
}

TEST(GrammarConstraint, EqualTokensAreAllAllowed) {
  const TokenTrie trie = trie_of({"x", "[", "x", "xx", "[", "x"});
  GrammarBuilder b;
  const GrammarConstraint constraint(b.build(b.literal("x")), trie);
  TokenMask mask(6);
  mask.set(1);
  constraint.allowed(mask);
  for (const int32_t id : {0, 2, 5}) EXPECT_TRUE(mask.test(id));
  for (const int32_t id : {1, 3, 4}) EXPECT_FALSE(mask.test(id));
}

/// A text of ever new states: the automaton is replaced on the way and the constraint goes on as before.
TEST(GrammarConstraint, LongTextsStayBounded) {
  const TokenTrie trie = trie_of({"[", "]", "x", ")"});
  GrammarConstraint constraint(calls(names), trie);
  const std::unique_ptr<Constraint> early = constraint.clone();
  constraint.accept("done(");
  const std::string open(1000, '[');
  for (int i = 0; i < 120; ++i) constraint.accept(open);
  constraint.accept("x");
  const std::string close(1000, ']');
  for (int i = 0; i < 120; ++i) constraint.accept(close);
  EXPECT_EQ(constraint.forced(), ")");
  early->accept("click(\"Sav");
  EXPECT_EQ(early->forced(), "e");
}

TEST(Automaton, AdoptsStatesOfAnother) {
  const Grammar grammar = calls(names);
  std::mt19937_64 random(3);
  for (int i = 0; i < 50; ++i) {
    const std::string text = random_sentence(grammar, random);
    Automaton one(grammar), two(grammar);
    const size_t cut = random() % text.size();
    const int32_t state = one.run(one.start(), text.substr(0, cut));
    const int32_t adopted = two.adopt(one, state);
    EXPECT_EQ(adopted, two.run(two.start(), text.substr(0, cut)));
    EXPECT_TRUE(two.accepting(two.run(adopted, text.substr(cut))));
  }
}

}  // namespace
}  // namespace deskhand
