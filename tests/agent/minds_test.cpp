#include <gtest/gtest.h>

#include <set>

#include "agent/dialect.h"
#include "agent/mind.h"
#include "agent/script/parse.h"
#include "core/constraint/grammar.h"
#include "tests/support/fake_application.h"

namespace deskhand {
namespace {

const TextSink no_sink = [](std::string_view) {};

TEST(ScriptedMind, SaysItsRepliesInOrder) {
  const std::unique_ptr<Mind> mind = make_scripted_mind({"a", "b"});
  EXPECT_EQ(mind->reply({}, no_sink, {}).text, "a");
  EXPECT_EQ(mind->reply({}, nullptr, {}).text, "b");
  EXPECT_THROW(mind->reply({}, no_sink, {}), std::out_of_range);
}

TEST(RandomMind, KeepsToTheGrammarAndToItsSeed) {
  FakeApplication app;
  app.add(Role::button, "Submit");
  app.add(Role::text_field, "City");
  const Screen screen = app.reader()(app.picture, app.window_list);
  const DialectPrompt prompt = find_dialect("script")->prompt({.goal = "Press Submit", .screen = &screen});
  const auto reply = [&](Mind& mind) { return mind.reply({.grammar = prompt.grammar.get()}, no_sink, {}).text; };
  const std::unique_ptr<Mind> a = make_random_mind(1), same = make_random_mind(1), other = make_random_mind(2);
  std::set<std::string> texts;
  for (int i = 0; i < 50; ++i) {
    const std::string text = reply(*a);
    EXPECT_TRUE(prompt.grammar->matches(text)) << text;
    EXPECT_EQ(text, reply(*same));
    EXPECT_FALSE(script::parse(text).empty()) << text;
    texts.insert(text);
    texts.insert(reply(*other));
  }
  EXPECT_GT(texts.size(), 60u);
  EXPECT_THROW(a->reply({}, no_sink, {}), std::invalid_argument);
}

TEST(Minds, AStoppedMindSaysNothing) {
  std::stop_source stop;
  stop.request_stop();
  for (const bool chance : {false, true}) {
    const std::unique_ptr<Mind> mind = chance ? make_random_mind(1) : make_scripted_mind({"a"});
    const MindReply reply = mind->reply({}, no_sink, stop.get_token());
    EXPECT_EQ(reply.text, "");
    EXPECT_FALSE(reply.complete);
  }
}

TEST(Dialects, EveryModelHasOne) {
  EXPECT_EQ(choose_dialect({}, false).name, "script");
  EXPECT_EQ(find_dialect("klingon"), nullptr);
  std::set<std::string_view> names;
  for (const Dialect* dialect : all_dialects()) EXPECT_TRUE(names.insert(dialect->name).second);
}

}  // namespace
}  // namespace deskhand
