// Secrets: which fields are secret, and that nothing of them is written down.
#include "agent/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/agent_harness.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Secrets, AreKnownByTheWordsOfTheirLabels) {
  for (const char* label : {"PIN", "Your PIN:", "CVV", "Card number", "Security code", "One-time code", "Passwort *",
                            "Masterpassword", "Пароль", "Numéro de carte"})
    EXPECT_TRUE(names_secret(label)) << label;
  for (const char* label : {"Name", "Opinion", "Spinner", "Postal code", "Tangent", "Card holder", ""})
    EXPECT_FALSE(names_secret(label)) << label;
  ScreenElement e;
  e.text = "PIN";
  e.role = Role::text_field;
  EXPECT_TRUE(is_secret_field(e));
  e.role = Role::button;
  EXPECT_FALSE(is_secret_field(e)) << "it pins something";
  e.role = Role::password_field;
  e.text = "";
  EXPECT_TRUE(is_secret_field(e));
  ScreenElement terminal;
  terminal.role = Role::terminal;
  terminal.value = "$ sudo ls\n[sudo] password for ada: ";
  EXPECT_TRUE(takes_secret(terminal));
  terminal.value += "\n$ ";
  EXPECT_FALSE(takes_secret(terminal));
}

TEST(Secrets, AreFoundHoweverTheyAreWritten) {
  Secrets secrets;
  secrets.learn("4111111111111111");
  secrets.learn("a\"b\\c");
  secrets.learn("7");
  EXPECT_EQ(secrets.mask("pay with 4111 1111-1111 1111 now"), "pay with ••• now");
  EXPECT_EQ(secrets.mask(R"(fill("Key", "a\"b\\c"))"), R"(fill("Key", "•••"))");
  EXPECT_EQ(secrets.mask(R"(fill("PIN", "7") in 7 days)"), R"(fill("PIN", "•••") in 7 days)");
  EXPECT_EQ(secrets.mask("4111 1111"), "4111 1111");
}

/// All that a trace holds in words: without hashes and clocks, whose digits spell anything now and then.
std::string words_of(const std::filesystem::path& folder) {
  std::string words;
  for (nlohmann::ordered_json record : read_trace(folder)) {
    for (const char* key : {"hash", "prev", "time"}) record.erase(key);
    if (record.contains("pictures"))
      for (auto& picture : record["pictures"]) picture.erase("sha256");
    words += record.dump() + "\n";
  }
  return words;
}

struct Recorded {
  explicit Recorded(std::vector<std::string> replies) : h(std::move(replies)), trace(folder.path() / "t") {
    h.trace = &trace;
  }
  std::string run(const std::string& goal) {
    h.run(goal);
    return words_of(folder.path() / "t");
  }
  testing::TemporaryFolder folder;
  AgentHarness h;
  Trace trace;
};

TEST(Secrets, WhatIsFilledInIsNowhereInTheTrace) {
  Recorded r({"fill(\"PIN\", \"2468\")\nfill(\"City\", \"Rome\")\nclick(\"No such\")\ndone(\"with 2468\")",
              "click(\"Go\")\ndone(\"with 2468\")"});
  r.h.app.add(Role::text_field, "PIN");
  r.h.app.add(Role::text_field, "City");
  r.h.app.add(Role::button, "Go");
  const std::string words = r.run("Fill in the form");
  EXPECT_EQ(r.h.app.find("PIN")->value, "2468");
  EXPECT_THAT(words, Not(HasSubstr("2468")));
  EXPECT_THAT(words, HasSubstr("Rome")) << "what is no secret stays";
  for (const std::string& screen : r.h.mind.screens) EXPECT_THAT(screen, Not(HasSubstr("2468")));
}

TEST(Secrets, WhatAFieldShowsIsNowhereInTheTrace) {
  Recorded r({"click(\"Go\")\ndone(\"the code is 9753\")"});
  r.h.app.add(Role::text_field, "Security code").value = "9753";
  r.h.app.add(Role::label, "Sent: 97 53");
  r.h.app.add(Role::button, "Go");
  EXPECT_THAT(r.run("Press Go"), Not(HasSubstr("9753")));
}

TEST(Secrets, WhatIsTypedAfterAClickIsNowhereInTheTrace) {
  Recorded r({"click(\"CVV\")\ntype(\"135\")\nclick(\"Go\")\ndone(\"\")"});
  r.h.app.add(Role::text_field, "CVV");
  r.h.app.add(Role::button, "Go");
  EXPECT_THAT(r.run("Press Go"), Not(HasSubstr("\\\"135")));
}

TEST(Secrets, AnswersOfTheUserAreNotWrittenDown) {
  testing::TemporaryFolder folder;
  AgentHarness h({});
  h.app.add(Role::text_field, "Hint");
  Trace trace(folder.path() / "t");
  Agent agent({.mind = h.mind,
               .dialect = *find_dialect("script"),
               .desktop = h.app,
               .read_screen = h.app.reader(),
               .policy = h.policy,
               .user = h.user,
               .trace = &trace,
               .clock = h.clock});
  const Action ask{.name = "ask_user", .input = {{"question", "Which PIN?"}}, .text = "ask"};
  const Action fill{.name = "fill", .input = {{"name", "Hint"}, {"text", "blue"}}, .text = "fill(\"Hint\", \"blue\")"};
  EXPECT_EQ(agent.replay({ask, fill}, "Fill it in", {}, {}).status, Outcome::Status::done);
  EXPECT_EQ(h.app.find("Hint")->value, "blue");
  EXPECT_THAT(words_of(folder.path() / "t"), Not(HasSubstr("blue")));
}

TEST(Secrets, AReplyThatCannotBeReadIsLeftOut) {
  Secrets secrets;
  Screen screen;
  screen.elements.push_back({.role = Role::text_field, .text = "PIN"});
  EXPECT_EQ(secrets.mask_reply("fill(\"PIN\", \"24", false, {}, screen), "•••");
  EXPECT_EQ(secrets.mask_reply("click(\"Go", false, {}, Screen()), "click(\"Go");
}

TEST(Secrets, AreBlackInPictures) {
  FakeApplication app;
  const ScreenRect pin = app.add(Role::text_field, "PIN").box;
  const ScreenRect echo = app.add(Role::label, "You typed 24-68").box;
  const ScreenRect other = app.add(Role::text_field, "City").box;
  app.find("PIN")->value = "2468";
  app.paint(app.picture.bounds(), 255, 255, 255);
  Secrets secrets;
  const Image shown = secrets.without(app.picture, app.reader()(app.picture, app.window_list));
  const auto is_black = [&](const ScreenRect& box) { return shown.pixel(box.center().x, box.center().y)[0] == 0; };
  EXPECT_TRUE(is_black(pin));
  EXPECT_TRUE(is_black(echo));
  EXPECT_FALSE(is_black(other));
}

}  // namespace
}  // namespace deskhand
