// What the loop does for safety: the policy, the user, stale targets, own windows, terminals, stops, a lost display.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/agent_harness.h"

namespace deskhand {
namespace {

using testing::HasSubstr;
using Kind = DesktopAction::Kind;
using Status = Outcome::Status;

AgentHarness& with_buttons(AgentHarness& h) {
  h.app.add(Role::button, "Delete");
  h.app.add(Role::button, "Keep");
  h.policy = Policy::builtin();
  return h;
}

TEST(Safety, TheUserConfirmsWhatIsRisky) {
  AgentHarness h({"click(\"Delete\")\ndone(\"\")"});
  with_buttons(h);
  EXPECT_EQ(h.run("Press Delete").status, Status::done);
  EXPECT_EQ(h.pressed(), "Delete");
  ASSERT_EQ(h.user.asked.size(), 1u);
  EXPECT_THAT(h.user.asked[0].action, HasSubstr("button \"Delete\" in \"Job\""));
  EXPECT_EQ(h.steps[0].verdict, Verdict::ask);
}

TEST(Safety, ANoIsANo) {
  AgentHarness h({"click(\"Delete\")\ndone(\"\")"});
  with_buttons(h);
  h.user.yes = false;
  const Outcome outcome = h.run("Press Delete");
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_THAT(outcome.reason, HasSubstr("did not allow"));
  EXPECT_EQ(h.pressed(), "");
  EXPECT_FALSE(h.steps[0].executed);
}

TEST(Safety, AutomaticMeansThatQuestionsAreDenied) {
  AgentHarness h({"click(\"Delete\")\ndone(\"\")", "click(\"Keep\")\ndone(\"kept\")"});
  with_buttons(h);
  h.approval = Approval::automatic;
  const Outcome outcome = h.run("Press a button");
  EXPECT_EQ(outcome.status, Status::done) << "one refusal may be mended";
  EXPECT_EQ(h.pressed(), "Keep");
  EXPECT_TRUE(h.user.asked.empty());
  EXPECT_THAT(h.steps[0].result, HasSubstr("not allowed without the user"));
  EXPECT_THAT(h.mind.screens[1], HasSubstr("Note: click(\"Delete\")"));
}

TEST(Safety, NothingOverridesDeny) {
  for (const Approval approval : {Approval::ask, Approval::automatic}) {
    AgentHarness h({"click(\"Delete\")\ndone(\"\")"});
    with_buttons(h);
    h.approval = approval;
    h.policy = Policy::parse(
        R"({"applications": {"allow": ["*"]}, "rules": [{"verdict": "deny", "words": ["delete"]}]})", "t");
    EXPECT_EQ(h.run("Press Delete, I allow it").status, Status::failed);
    EXPECT_EQ(h.pressed(), "");
    EXPECT_TRUE(h.user.asked.empty());
  }
}

TEST(Safety, PasswordsAreTypedByTheUser) {
  AgentHarness h({"fill(\"Password\", \"hunter2\")\nclick(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  h.app.add(Role::password_field, "Password");
  EXPECT_EQ(h.run("Type my password and press Keep").status, Status::done);
  EXPECT_EQ(h.user.handed.size(), 1u);
  EXPECT_EQ(h.app.typed(), "");
  EXPECT_EQ(h.steps[0].action.input["text"], "•••") << "not even a guess is written down";
  EXPECT_EQ(h.pressed(), "Keep");
}

TEST(Safety, TypingIntoATerminalIsAskedAbout) {
  AgentHarness h({"type(\"rm -rf /\")\nkey(\"Return\")\ndone(\"\")"});
  h.policy = Policy::builtin();
  h.app.window_list[0].terminal = true;
  h.user.yes = false;
  EXPECT_EQ(h.run("Tidy up").status, Status::failed);
  EXPECT_EQ(h.app.typed(), "");
  EXPECT_THAT(h.user.asked.at(0).reason, HasSubstr("command"));
}

TEST(Safety, AStaleTargetIsLookedAtAgain) {
  AgentHarness h({"click(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  h.policy = Policy::parse(R"({"rules": [{"verdict": "ask", "words": ["keep"]}]})", "t");
  bool moved = false;
  h.user.on_question = [&] {  // while the user thinks, the button moves and another takes its place
    if (moved) return;
    moved = true;
    std::swap(h.app.find("Keep")->box, h.app.find("Delete")->box);
    h.app.paint({20, 20, 180, 130}, 250, 250, 0);
  };
  EXPECT_EQ(h.run("Press Keep").status, Status::done);
  EXPECT_EQ(h.pressed(), "Keep");
  EXPECT_EQ(h.user.asked.size(), 2u) << "what was judged is no longer what is there";
}

/// The terminal in which the user answers comes to the front and takes the keyboard.
void answer_in_a_terminal(AgentHarness& h) {
  std::erase_if(h.app.window_list, [](const Window& w) { return w.id == 50; });
  Window own;
  own.id = 50;
  own.title = "Terminal";
  own.box = {0, 0, 640, 480};
  own.ours = own.terminal = true;
  h.app.add_window(own);
}

AgentHarness& with_questions(AgentHarness& h) {
  with_buttons(h);
  ScreenElement& note = h.app.add(Role::text_area, "Note");
  note.focused = true;
  h.app.add(Role::text_area, "Diary");
  h.policy = Policy::parse(R"({"default": "ask"})", "t");
  h.user.on_question = [&h] { answer_in_a_terminal(h); };
  return h;
}

TEST(Safety, AnsweringInATerminalTakesNoFocusAway) {
  for (const char* script : {"type(\"hello\")", "key(\"ctrl+s\")", "click(\"Keep\")", "fill(\"Diary\", \"hello\")"}) {
    AgentHarness h({std::string(script) + "\ndone(\"\")"});
    with_questions(h);
    h.app.open(9, "Other", {0, 300, 300, 480}, false);  // between the two, when the terminal comes
    h.app.focus(FakeApplication::main_window);
    h.app.on_any = [&](const DesktopAction& a) {
      const bool sent = a.kind == Kind::type || a.kind == Kind::key || a.kind == Kind::click;
      const std::vector<Window> now = h.app.windows();
      if (sent) {
        EXPECT_EQ(now.at(0).id, FakeApplication::main_window) << script;
      }
    };
    h.run("Do it", {.max_steps = 1});
    ASSERT_FALSE(h.steps.empty());
    EXPECT_TRUE(h.steps[0].ok) << script << ": " << h.steps[0].result;
    EXPECT_EQ(h.user.asked.size(), 1u) << script;
  }
}

TEST(Safety, AYesIsForTheFocusedFieldAlone) {
  AgentHarness h({"type(\"hello\")\ndone(\"\")"});
  with_questions(h);
  h.user.on_question = [&] {
    answer_in_a_terminal(h);
    h.app.find("Note")->focused = false;
    h.app.find("Diary")->focused = true;  // the user clicked there on the way
  };
  h.run("Write hello", {.max_steps = 1});
  ASSERT_EQ(h.user.asked.size(), 2u);
  EXPECT_THAT(h.user.asked[0].action, HasSubstr("Note"));
  EXPECT_THAT(h.user.asked[1].action, HasSubstr("Diary"));
  EXPECT_EQ(h.app.find("Diary")->value, "hello");
  EXPECT_EQ(h.app.find("Note")->value, "");
}

TEST(Safety, AYesIsForThatRowAlone) {
  AgentHarness h({"click(\"Delete\")\ndone(\"\")"});
  with_buttons(h);
  h.app.add(Role::label, "old.txt").box = {200, 20, 300, 44};
  h.user.on_question = [&, asked = 0]() mutable {
    if (++asked == 1) h.app.find("old.txt")->text = "thesis.txt";  // the list moved under the button
    if (asked == 2) h.user.yes = false;
  };
  h.run("Press Delete", {.max_steps = 1});
  EXPECT_EQ(h.user.asked.size(), 2u);
  EXPECT_EQ(h.pressed(), "");
}

TEST(Safety, WhatKeepsChangingIsNotAskedAboutForEver) {
  AgentHarness h({"type(\"hello\")\ndone(\"\")"});
  with_questions(h);
  h.user.on_question = [&] { std::swap(h.app.find("Note")->box, h.app.find("Diary")->box); };
  h.run("Write hello", {.max_steps = 1});
  EXPECT_EQ(h.user.asked.size(), 3u);
  EXPECT_EQ(h.app.typed(), "");
}

TEST(Safety, AWindowThatMovesInBetweenIsNoticed) {
  AgentHarness h({"click(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  int sleeps = 0;
  h.clock.on_sleep = [&](Clock::Duration) {  // after the check, before the click, a window pops up above
    if (++sleeps == 1) h.app.open(7, "Ad", {0, 0, 300, 300}, false);
  };
  h.app.refuses_focus = true;
  EXPECT_NE(h.run("Press Keep").status, Status::done);
  EXPECT_EQ(h.pressed(), "");
}

TEST(Safety, AnotherElementUnderThePointerIsNotClicked) {
  AgentHarness h({"click(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  h.policy = Policy::parse("{}", "t");
  bool swapped = false;
  h.app.on_any = [&](const DesktopAction& a) {  // without a change of pixels, as soon as the pointer comes
    if (a.kind != Kind::move || swapped) return;
    swapped = true;
    std::swap(h.app.find("Keep")->box, h.app.find("Delete")->box);
  };
  EXPECT_EQ(h.run("Press Keep").status, Status::done);
  EXPECT_TRUE(swapped);
  EXPECT_EQ(h.pressed(), "Keep") << "looked at again";
}

TEST(Safety, AHighlightUnderThePointerIsNoOtherElement) {
  AgentHarness h({"click(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  h.app.on_any = [&](const DesktopAction& a) {
    if (a.kind == Kind::move) h.app.paint(h.app.find("Keep")->box, 250, 250, 250);
  };
  EXPECT_EQ(h.run("Press Keep").status, Status::done);
  EXPECT_EQ(h.pressed(), "Keep");
}

TEST(Safety, AFocusThatMovesBeforeTypingIsNoticed) {
  AgentHarness h({"type(\"hello\")\ndone(\"\")"});
  with_buttons(h);
  h.app.add(Role::text_area, "Note").focused = true;
  h.app.add(Role::password_field, "Password");
  int sleeps = 0;
  h.clock.on_sleep = [&](Clock::Duration) {
    if (++sleeps > 1) return;
    h.app.find("Note")->focused = false;
    h.app.find("Password")->focused = true;
  };
  h.run("Write hello", {.max_steps = 1});
  EXPECT_EQ(h.app.typed(), "");
  EXPECT_EQ(h.user.handed.size(), 1u) << "judged again";
}

TEST(Safety, AWindowThatIsStillOpeningIsWaitedFor) {
  AgentHarness h({"click(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  int shade = 0;
  bool at_rest = false;
  h.app.on_capture = [&] {
    if (!at_rest) h.app.paint({20, 60, 180, 84}, static_cast<uint8_t>(++shade * 50), 0, 0);
  };
  h.app.on_wait = [&] { at_rest = shade > 1; };
  h.run("Press Keep");
  EXPECT_EQ(h.pressed(), "Keep");
}

TEST(Safety, AScreenThatNeverRestsIsReported) {
  AgentHarness h({"click(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  int shade = 0;
  h.app.on_capture = [&] { h.app.paint({20, 60, 180, 84}, static_cast<uint8_t>(++shade * 50), 0, 0); };
  EXPECT_EQ(h.run("Press Keep").status, Status::failed);
  EXPECT_EQ(h.pressed(), "");
  EXPECT_THAT(h.steps.at(0).result, HasSubstr("keeps changing"));
}

TEST(Safety, ABlinkingCaretIsNoChange) {
  AgentHarness h({"click(\"Dead\")\nclick(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  h.app.add(Role::button, "Dead");
  h.app.dead = {"Dead"};
  int blink = 0;
  h.app.on_capture = [&] {
    const uint8_t shade = ++blink % 2 ? 255 : 0;
    h.app.paint({100, 70, 102, 84}, shade, shade, shade);                     // in "Keep"
    h.app.paint({500, 10, 540, 24}, static_cast<uint8_t>(blink * 11), 0, 0);  // a clock
  };
  EXPECT_EQ(h.run("Press Keep").status, Status::done);
  EXPECT_EQ(h.steps[0].changed, false);
  EXPECT_EQ(h.steps[1].changed, true);
}

TEST(Safety, OurOwnWindowIsNeverATarget) {
  AgentHarness h({"click(\"Keep\")\ndone(\"\")"});
  with_buttons(h);
  Window own;
  own.id = 50;
  own.title = "Terminal";
  own.box = {0, 0, 640, 480};
  own.ours = true;
  own.terminal = true;
  h.app.add_window(own);
  h.app.refuses_focus = true;
  EXPECT_EQ(h.run("Press Keep").status, Status::failed);
  EXPECT_EQ(h.pressed(), "") << "our terminal covers the button";
  h.app.refuses_focus = false;
  EXPECT_EQ(h.run("Press Keep").status, Status::done);
  EXPECT_EQ(h.pressed(), "Keep") << "brought to the front";
}

TEST(Safety, KeysGoToTheJudgedWindow) {
  AgentHarness h({"type(\"hello\")\ndone(\"\")"});
  with_buttons(h);
  Window own;
  own.id = 50;
  own.box = {0, 400, 640, 480};
  own.ours = true;
  h.app.add_window(own);  // has the keyboard
  EXPECT_EQ(h.run("Type hello").status, Status::done);
  ASSERT_FALSE(h.app.actions.empty());
  EXPECT_EQ(h.app.actions[0].kind, Kind::focus);
  EXPECT_EQ(h.app.actions[0].window, FakeApplication::main_window);
  EXPECT_EQ(h.app.typed(), "hello");
}

/// Where the user may press Ctrl-C.
enum class Phase { before, looking, thinking, asking, waiting, acting, settling };

class Stopping : public testing::TestWithParam<Phase> {};

TEST_P(Stopping, EndsAtOnceWithTheKeysReleased) {
  AgentHarness h({"click(\"Delete\")\nclick(\"Keep\")\ntype(\"x\")\ndone(\"\")"});
  with_buttons(h);
  const auto stop = [&] { h.stop.request_stop(); };
  switch (GetParam()) {
    case Phase::before:
      stop();
      break;
    case Phase::looking:
      h.app.on_capture = stop;
      break;
    case Phase::thinking:
      h.mind.on_reply = stop;
      break;
    case Phase::asking:
      h.user.on_question = stop;
      break;
    case Phase::waiting:
      h.clock.on_sleep = [&](Clock::Duration) { stop(); };
      break;
    case Phase::acting:
      h.app.on_any = [&](const DesktopAction& a) {
        if (a.kind == Kind::click) stop();
      };
      break;
    case Phase::settling:
      h.app.on_wait = stop;
      break;
  }
  const Outcome outcome = h.run("Press Delete, then Keep");
  EXPECT_EQ(outcome.status, Status::stopped);
  EXPECT_GE(h.app.releases, 1);
  const bool clicked = GetParam() == Phase::acting || GetParam() == Phase::settling;
  EXPECT_EQ(h.pressed(), clicked ? "Delete" : "");
}

INSTANTIATE_TEST_SUITE_P(EveryPhase, Stopping,
                         testing::Values(Phase::before, Phase::looking, Phase::thinking, Phase::asking, Phase::waiting,
                                         Phase::acting, Phase::settling));

TEST(Safety, ALostDisplayEndsItWithAReason) {
  for (int after = 0; after < 6; ++after) {
    AgentHarness h({"click(\"Keep\")\ntype(\"x\")\nclick(\"Delete\")\ndone(\"\")"});
    with_buttons(h);
    h.policy = Policy::parse("{}", "t");
    h.app.vanish(after);
    const Outcome outcome = h.run("Press Keep");
    EXPECT_EQ(outcome.status, Status::desktop_lost) << after;
    EXPECT_FALSE(outcome.reason.empty());
    EXPECT_GE(h.app.releases, 1);
  }
}

}  // namespace
}  // namespace deskhand
