// The rules of the loop, each with an application that answers back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/script/parse.h"
#include "tests/support/agent_harness.h"

namespace deskhand {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Status = Outcome::Status;

TEST(Loop, CarriesOutAScript) {
  AgentHarness h({R"(fill("City", "Rome")
check("Remote")
click("Submit")
done("Submitted"))"});
  h.app.add(Role::text_field, "City");
  h.app.add(Role::checkbox, "Remote");
  h.app.add(Role::button, "Submit");
  const Outcome outcome = h.run("Put Rome in the City field, tick Remote and press Submit.");
  EXPECT_EQ(outcome.status, Status::done) << outcome.reason;
  EXPECT_EQ(outcome.answer, "Submitted");
  EXPECT_EQ(outcome.asked, 1);
  EXPECT_EQ(outcome.steps, 4);
  EXPECT_EQ(outcome.prompt_tokens, 10);
  EXPECT_EQ(outcome.reused_tokens, 4);
  EXPECT_EQ(h.pressed(), "City Remote Submit");
  EXPECT_EQ(h.app.find("City")->value, "Rome");
  EXPECT_TRUE(h.app.find("Remote")->checked);
  EXPECT_GE(h.app.releases, 1);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(h.steps[i].changed, true) << i;
}

TEST(Loop, AsksAgainWhenAWindowOpens) {
  AgentHarness h(
      {"key(\"ctrl+s\")\nclick(\"Wrong\")\ndone(\"\")", "click(\"Save\")\ndone(\"saved\")", "done(\"saved\")"});
  h.app.add(Role::text_area, "Text");
  h.app.on_any = [&](const DesktopAction& a) {
    if (a.kind != DesktopAction::Kind::key) return;
    h.app.open(2, "Save as", {100, 300, 500, 470}, true);
    h.app.add(Role::button, "Save", 2).box = {120, 320, 200, 350};
  };
  h.app.on_press = [&](const ScreenElement& e) {
    if (e.text == "Save") h.app.close(2);
  };
  const Outcome outcome = h.run("Save the file.");
  EXPECT_EQ(outcome.status, Status::done) << outcome.reason;
  EXPECT_EQ(outcome.asked, 3);
  EXPECT_THAT(h.mind.continuations, ElementsAre("", "key(\"ctrl+s\")\n", "key(\"ctrl+s\")\nclick(\"Save\")\n"));
  EXPECT_THAT(h.mind.screens[1], HasSubstr("Window: Save as"));
  EXPECT_EQ(h.pressed(), "Save");
}

TEST(Loop, MenusAndTitlesDoNotInterrupt) {
  AgentHarness h({"click(\"View\")\nclick(\"Full screen\")\ndone(\"on\")"});
  h.app.add(Role::menu, "View");
  h.app.on_press = [&](const ScreenElement& e) {
    if (e.text != "View") return;
    Window menu;
    menu.id = 5;
    menu.box = {20, 60, 220, 200};
    menu.popup = true;
    h.app.add_window(menu);
    h.app.add(Role::menu_item, "Full screen", 5).box = {30, 70, 200, 90};
    h.app.window_list.back().title = "Job*";
  };
  EXPECT_EQ(h.run("Turn on the full screen view").status, Status::done);
  EXPECT_EQ(h.mind.screens.size(), 1u);
  EXPECT_EQ(h.pressed(), "View Full screen");
}

TEST(Loop, AsksAgainWhenANameIsMissing) {
  AgentHarness h({"click(\"One\")\nclick(\"Nowhere\")\ndone(\"\")", "click(\"Two\")\ndone(\"both\")"});
  h.app.add(Role::button, "One");
  h.app.add(Role::button, "Two");
  const Outcome outcome = h.run("Press One and Two");
  EXPECT_EQ(outcome.status, Status::done) << outcome.reason;
  EXPECT_EQ(h.pressed(), "One Two");
  EXPECT_THAT(h.mind.screens[1], HasSubstr("Note: click(\"Nowhere\"): nothing on the screen is called \"Nowhere\""));
  EXPECT_EQ(h.mind.continuations[1], "click(\"One\")\n");
}

TEST(Loop, WaitsForWhatIsAboutToAppear) {
  AgentHarness h({"click(\"Later\")\ndone(\"\")"});
  h.app.add(Role::button, "Now");
  int looks = 0;
  h.app.on_capture = [&] {
    if (++looks == 3) h.app.add(Role::button, "Later");
  };
  EXPECT_EQ(h.run("Press the button").status, Status::done);
  EXPECT_EQ(h.pressed(), "Later");
}

TEST(Loop, NoWindowLeftEndsIt) {
  for (const bool more : {false, true}) {
    AgentHarness h({more ? "click(\"OK\")\nclick(\"More\")\ndone(\"bye\")" : "click(\"OK\")\ndone(\"bye\")"});
    h.app.add(Role::button, "OK");
    h.app.on_press = [&](const ScreenElement&) { h.app.close(); };
    const Outcome outcome = h.run("Press OK");
    EXPECT_EQ(outcome.status, more ? Status::failed : Status::done) << outcome.reason;
    EXPECT_EQ(outcome.answer, more ? "" : "bye");
    EXPECT_EQ(h.mind.screens.size(), 1u);
  }
}

TEST(Loop, NoWindowAtAllFails) {
  AgentHarness h({"done(\"\")"});
  h.app.close();
  const Outcome outcome = h.run("What is on the screen?");
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_THAT(outcome.reason, HasSubstr("no window"));
  EXPECT_TRUE(h.mind.screens.empty());
}

TEST(Loop, StepLimit) {
  AgentHarness h({"click(\"A\")\nclick(\"B\")\nclick(\"A\")\ndone(\"\")"});
  h.app.add(Role::button, "A");
  h.app.add(Role::button, "B");
  const Outcome outcome = h.run("Press A", {.max_steps = 2});
  EXPECT_EQ(outcome.status, Status::limit);
  EXPECT_EQ(outcome.steps, 2);
  EXPECT_EQ(h.pressed(), "A B");
}

TEST(Loop, TimeLimitAlsoWhileTheModelThinks) {
  AgentHarness h({"click(\"A\")\ndone(\"\")"});
  h.app.add(Role::button, "A");
  h.mind.on_reply = [&] { h.clock.pass(std::chrono::seconds(61)); };
  const Outcome outcome = h.run("Press A", {.max_seconds = 60});
  EXPECT_EQ(outcome.status, Status::limit);
  EXPECT_THAT(outcome.reason, HasSubstr("time"));
  EXPECT_EQ(h.pressed(), "");
}

TEST(Loop, ReportsWhatHadNoEffectAndDoesNotRepeatIt) {
  AgentHarness h({"click(\"Dead\")\nclick(\"Dead\")\nclick(\"Live\")\ndone(\"\")"});
  h.app.add(Role::button, "Dead");
  h.app.add(Role::button, "Live");
  h.app.dead = {"Dead"};
  EXPECT_EQ(h.run("Press the button").status, Status::done);
  EXPECT_EQ(h.pressed(), "Dead Live");
  EXPECT_EQ(h.steps[0].changed, false);
  EXPECT_THAT(h.steps[0].result, HasSubstr("the screen did not change"));
}

TEST(Loop, WhatHadNoEffectIsNotOfferedAgain) {
  AgentHarness h({"click(\"Dead\")\nclick(\"Nowhere\")\ndone(\"\")", "click(\"Live\")\ndone(\"\")"});
  h.app.add(Role::button, "Dead");
  h.app.add(Role::button, "Live");
  h.app.dead = {"Dead"};
  h.run("Press the button");
  ASSERT_EQ(h.mind.grammars.size(), 2u);
  EXPECT_TRUE(h.mind.grammars[0]->matches_prefix("click(\"Dead\")"));
  EXPECT_FALSE(h.mind.grammars[1]->matches_prefix("click(\"Dead\")"));
  EXPECT_TRUE(h.mind.grammars[1]->matches_prefix("click(\"Live\")"));
}

TEST(Loop, ACheckboxIsNotClickedTwice) {
  AgentHarness h({"check(\"News\")\nclick(\"News\")\ncheck(\"News\")\ndone(\"\")"});
  h.app.add(Role::checkbox, "News");
  EXPECT_EQ(h.run("Tick News").status, Status::done);
  EXPECT_EQ(h.pressed(), "News");
  EXPECT_TRUE(h.app.find("News")->checked);
}

TEST(Loop, EndlessRepetitionEnds) {
  AgentHarness h({"key(\"Down\")\nclick(\"Nowhere\")\ndone(\"\")"});
  h.app.add(Role::button, "A");
  const Outcome outcome = h.run("Scroll");
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_LT(outcome.steps, 13);
  EXPECT_THAT(outcome.reason, HasSubstr("repeated"));
}

TEST(Loop, AMindThatDoesNotGetOnEnds) {
  AgentHarness h({"click(\"Nowhere\")\ndone(\"\")"});
  h.app.add(Role::button, "A");
  const Outcome outcome = h.run("Press B");
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_LE(outcome.asked, 5);
  AgentHarness silent({"I cannot do that."});
  silent.app.add(Role::button, "A");
  EXPECT_EQ(silent.run("Press A").status, Status::failed);
}

TEST(Loop, MustNotClaimSuccessTooEarly) {
  AgentHarness h({"click(\"Other\")\ndone(\"\")", "click(\"Submit\")\ndone(\"now\")"});
  h.app.add(Role::button, "Other");
  h.app.add(Role::button, "Submit");
  const Outcome outcome = h.run("Press Submit");
  EXPECT_EQ(outcome.answer, "now");
  EXPECT_EQ(h.pressed(), "Other Submit");
  EXPECT_FALSE(h.mind.grammars[0]->matches("done(\"\")")) << "before the first action";
  EXPECT_FALSE(h.mind.grammars[1]->matches("done(\"\")")) << "the named button is untouched";
}

TEST(Loop, IsBelievedAfterTwoRefusals) {
  AgentHarness h({"click(\"Other\")\ndone(\"\")", "click(\"More\")\ndone(\"\")", "done(\"I insist\")"});
  h.app.add(Role::button, "Other");
  h.app.add(Role::button, "More");
  h.app.add(Role::button, "Submit");
  const Outcome outcome = h.run("Press Submit");
  EXPECT_EQ(outcome.status, Status::done);
  EXPECT_EQ(outcome.answer, "I insist");
  EXPECT_TRUE(h.mind.grammars[2]->matches("done(\"\")"));
}

TEST(Loop, AnswersQuestionsAtOnce) {
  AgentHarness h({"done(\"12 EUR\")"});
  h.app.add(Role::label, "Total: 12 EUR");
  const Outcome outcome = h.run("What is the total?");
  EXPECT_EQ(outcome.status, Status::done);
  EXPECT_EQ(outcome.answer, "12 EUR");
  EXPECT_TRUE(h.app.actions.empty());
}

TEST(Loop, DryRunDoesNothing) {
  AgentHarness h({"click(\"A\")\nclick(\"B\")\ndone(\"\")"});
  h.app.add(Role::button, "A");
  h.app.add(Role::button, "B");
  const Outcome outcome = h.run("Press A", {.dry_run = true});
  EXPECT_EQ(outcome.status, Status::done);
  EXPECT_TRUE(h.app.actions.empty());
  ASSERT_GE(h.steps.size(), 2u);
  EXPECT_THAT(h.steps[0].result, HasSubstr("dry run"));
}

TEST(Loop, InputThatDoesNotArriveIsToldToTheMind) {
  AgentHarness h({"fill(\"City\", \"Rome\")\ndone(\"\")", "fill(\"City\", \"Rome\")\ndone(\"written\")"});
  h.app.add(Role::text_field, "City");
  bool held = true;
  h.app.on_any = [&](const DesktopAction& a) {
    if (a.kind == DesktopAction::Kind::type && std::exchange(held, false)) throw InputError("somebody holds Shift");
  };
  const Outcome outcome = h.run("Put Rome in the City field");
  EXPECT_EQ(outcome.status, Status::done) << outcome.reason;
  EXPECT_EQ(outcome.answer, "written");
  EXPECT_FALSE(h.steps.at(0).ok);
  EXPECT_THAT(h.mind.screens.at(1), HasSubstr("somebody holds Shift"));
}

TEST(Loop, AMovingMouseIsToldToTheMind) {
  AgentHarness h({"click(\"A\")\ndone(\"\")"});
  h.app.add(Role::button, "A");
  bool moving = true;
  h.app.on_any = [&](const DesktopAction& a) {
    if (a.kind == DesktopAction::Kind::move && std::exchange(moving, false)) throw InputError("somebody moves it");
  };
  EXPECT_EQ(h.run("Press A").status, Status::done);
  EXPECT_THAT(h.steps.at(0).result, HasSubstr("somebody moves it"));
  EXPECT_EQ(h.pressed(), "A");
}

TEST(Loop, AMindThatThrowsEndsInOrder) {
  AgentHarness h({"x"});
  h.app.add(Role::button, "A");
  h.mind.on_reply = [] { throw ContextFull("prompt of 9000 tokens, context of 4096"); };
  Outcome outcome = h.run("Press A");
  EXPECT_EQ(outcome.status, Status::limit);
  EXPECT_THAT(outcome.reason, HasSubstr("4096"));
  h.mind.on_reply = [] { throw std::runtime_error("out of luck"); };
  outcome = h.run("Press A");
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_EQ(outcome.reason, "out of luck");
  EXPECT_EQ(h.app.releases, 2);
}

TEST(Loop, ReplaysWithoutTheMind) {
  AgentHarness h({"never asked"});
  h.app.add(Role::button, "A");
  h.app.add(Role::button, "B");
  Agent agent({.mind = h.mind,
               .dialect = *find_dialect("script"),
               .desktop = h.app,
               .read_screen = h.app.reader(),
               .policy = h.policy,
               .user = h.user,
               .clock = h.clock});
  const std::vector<Action> actions = script::parse("click(\"A\")\nclick(\"B\")");
  EXPECT_EQ(agent.replay(actions, "again", {}, {}).status, Status::done);
  EXPECT_EQ(h.pressed(), "A B");
  EXPECT_TRUE(h.mind.screens.empty());
  h.app.close();
  h.app.open(3, "Other", {0, 0, 200, 200}, false);
  h.app.add(Role::button, "C", 3);
  EXPECT_EQ(agent.replay(actions, "again", {}, {}).status, Status::failed);
}

}  // namespace
}  // namespace deskhand
