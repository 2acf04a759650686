// What a dialect's grammar lets a model say is always read as actions.

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "agent/dialect.h"
#include "core/constraint/grammar.h"
#include "core/constraint/random_walk.h"
#include "tests/support/dialect_clicks.h"
#include "tests/support/dialect_run.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

constexpr int sentences = 300;

class DialectGrammar : public ::testing::TestWithParam<const Dialect*> {};

std::vector<const Dialect*> with_grammar() {
  std::vector<const Dialect*> list;
  for (const Dialect* dialect : all_dialects())
    if (dialect->sees && dialect->name != "anthropic" && dialect->name != "openai") list.push_back(dialect);
  return list;
}

TEST_P(DialectGrammar, ItsSentencesAreActions) {
  const Dialect& dialect = *GetParam();
  const testing::DialectRun run({1920, 1080}, dialect);
  const DialectPrompt prompt = dialect.prompt(run.input(1));
  ASSERT_NE(prompt.grammar, nullptr);
  std::mt19937_64 random(7);
  std::set<std::string> names;
  for (int i = 0; i < sentences; ++i) {
    const std::string sentence = random_sentence(*prompt.grammar, random, {.budget = 600});
    SCOPED_TRACE(sentence);
    try {
      const std::vector<Action> actions = parse_reply(dialect, sentence, run.sizes());
      ASSERT_FALSE(actions.empty());
      for (const Action& action : actions) names.insert(action.name);
    } catch (const DialectError& error) {
      FAIL() << fault_name(error.fault()) << ": " << error.what();
    }
  }
  const bool finds_places = dialect.name.ends_with("ground") || dialect.name == "gta1";
  EXPECT_GE(names.size(), finds_places ? 1u : 8u);
}

TEST_P(DialectGrammar, AClickIsASentence) {
  const Dialect& dialect = *GetParam();
  const testing::DialectRun run({1920, 1080}, dialect);
  const DialectPrompt prompt = dialect.prompt(run.input(1));
  std::string click = testing::click_reply(dialect.name, 512, 300);
  if (dialect.name == "holo") click.replace(click.find("\"click\""), 7, "\"click_desktop\"");
  if (dialect.name == "venus2") click = click.substr(click.find("<action>"));
  EXPECT_TRUE(prompt.grammar->matches(click)) << click;
}

INSTANTIATE_TEST_SUITE_P(All, DialectGrammar, ::testing::ValuesIn(with_grammar()),
                         [](const auto& dialect) { return std::string(dialect.param->name); });

}  // namespace
}  // namespace deskhand
