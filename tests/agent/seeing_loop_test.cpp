// The loop with a model that sees: what it is shown and told, and what becomes of its calls.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/turn_log.h"
#include "tests/support/agent_harness.h"

namespace deskhand {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string call(const std::string& arguments) {
  return "<tool_call>\n{\"name\": \"computer_use\", \"arguments\": {" + arguments + "}}\n</tool_call>";
}

/// In thousandths of the 640×480 screen.
std::string click(int x, int y) {
  return call(fmt::format(R"("action": "left_click", "coordinate": [{}, {}])", x, y));
}

int pictures_in(const std::vector<Message>& messages) {
  int count = 0;
  for (const Message& message : messages)
    for (const Part& part : message.parts) count += part.image ? 1 : 0;
  return count;
}

const std::string done = call(R"("action": "terminate", "status": "success")");

struct SeeingHarness : AgentHarness {
  explicit SeeingHarness(std::vector<std::string> replies) : AgentHarness(std::move(replies)) {
    dialect = "qwen35";
    app.add(Role::button, "One");  // the middle is (100, 32): 156, 67 of 999
    app.add(Role::button, "Two");  // (100, 72): 156, 150
    policy = Policy::parse(R"({"default": "allow", "unlabelled": "allow"})", "test");
  }
};

TEST(SeeingLoop, ShowsTheScreenAfterEveryChangeAndGrowsAtTheEnd) {
  SeeingHarness h({click(156, 67), click(156, 150), done});
  const Outcome outcome = h.run("Press both");
  EXPECT_EQ(outcome.status, Outcome::Status::done) << outcome.reason;
  EXPECT_EQ(h.pressed(), "One Two");
  ASSERT_EQ(h.mind.asked.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(pictures_in(h.mind.asked[i]), static_cast<int>(i) + 1);
  for (size_t i = 0; i + 1 < 3; ++i) {
    const auto& before = h.mind.asked[i];
    EXPECT_TRUE(std::equal(before.begin(), before.end(), h.mind.asked[i + 1].begin())) << i;
  }
}

TEST(SeeingLoop, AnUnchangedScreenIsToldInWords) {
  SeeingHarness h({click(156, 67), click(156, 150), done});
  h.app.dead = {"One"};
  h.run("Press both");
  ASSERT_EQ(h.mind.asked.size(), 3u);
  EXPECT_EQ(pictures_in(h.mind.asked[1]), 1);
  EXPECT_EQ(h.mind.asked[1].back().text(), "<tool_response>\nthe screen did not change\n</tool_response>");
  EXPECT_EQ(pictures_in(h.mind.asked[2]), 2);
}

TEST(SeeingLoop, AReplyThatCannotBeReadIsAnErrorThatTheModelReads) {
  SeeingHarness h({click(156, 1200), "I would press One.", click(156, 67), done});
  EXPECT_EQ(h.run("Press One").status, Outcome::Status::done);
  EXPECT_EQ(h.pressed(), "One");
  ASSERT_EQ(h.mind.asked.size(), 4u);
  EXPECT_THAT(h.mind.asked[1].back().text(), HasSubstr("y is 1200, expected a number from 0 to 1000"));
  EXPECT_THAT(h.mind.asked[2].back().text(), HasSubstr("expected an action"));
}

TEST(SeeingLoop, GivesUpOnAModelThatNeverActs) {
  SeeingHarness h({"Hm."});
  const Outcome outcome = h.run("Press One");
  EXPECT_EQ(outcome.status, Outcome::Status::failed);
  EXPECT_THAT(outcome.reason, HasSubstr("expected an action"));
  EXPECT_EQ(outcome.asked, 4);
}

TEST(SeeingLoop, NothingAfterAFailureIsTried) {
  SeeingHarness h({click(156, 67) + "\n" + click(156, 150) + "\n" + click(500, 500), done});
  h.policy = Policy::parse(R"({"default": "allow", "unlabelled": "allow",
                               "rules": [{"verdict": "deny", "labels": ["Two"], "reason": "not that"}]})",
                           "test");
  h.run("Press both");
  EXPECT_EQ(h.pressed(), "One");
  ASSERT_EQ(h.mind.asked.size(), 2u);
  const std::string told = h.mind.asked[1].back().text();
  EXPECT_THAT(told, HasSubstr("the policy forbids it: not that\n"
                              "Not executed: an earlier computer action in this turn failed.\n"));
}

TEST(SeeingLoop, NothingIsTriedOnWindowsThatTheModelHasNotSeen) {
  SeeingHarness h({click(156, 67) + "\n" + click(156, 150), done});
  h.app.on_press = [&](const ScreenElement& e) {
    if (e.text == "One") h.app.open(2, "Sure?", {300, 200, 600, 400}, true);
  };
  h.run("Press both");
  EXPECT_EQ(h.pressed(), "One");
  ASSERT_EQ(h.mind.asked.size(), 2u);
  EXPECT_THAT(h.mind.asked[1].back().text(), HasSubstr("Not executed: a window opened or closed"));
  EXPECT_GT(h.app.releases, 1) << "what the turn held down is let go before the model looks again";
}

TEST(SeeingLoop, EndsAsTheModelSays) {
  SeeingHarness failed({call(R"("action": "terminate", "status": "failure")")});
  EXPECT_EQ(failed.run("Press it").status, Outcome::Status::failed);
  SeeingHarness answered({call(R"("action": "answer", "text": "42")")});
  const Outcome outcome = answered.run("What does it say?");
  EXPECT_EQ(outcome.status, Outcome::Status::done);
  EXPECT_EQ(outcome.answer, "42");
}

TEST(SeeingLoop, TheUsersAnswerIsInTheNextTurn) {
  SeeingHarness h({call(R"("action": "call_user", "text": "Which colour?")"), done});
  h.dialect = "qwen38";
  EXPECT_EQ(h.run("Paint it").status, Outcome::Status::done);
  ASSERT_EQ(h.mind.asked.size(), 2u);
  EXPECT_THAT(h.mind.asked[1].back().text(), HasSubstr("blue"));
}

// --- what is told of a turn ---

TEST(TurnLog, ACaretIsNoChange) {
  Image screen(640, 480);
  TurnLog log({.factor = 32}, nullptr);
  log.look(screen, screen.bounds());
  log.said("a", true);
  for (int y = 100; y < 116; ++y) screen.pixel(50, y)[0] = 255;
  log.look(screen, screen.bounds());
  ASSERT_EQ(log.turns().size(), 2u);
  EXPECT_TRUE(log.turns()[1].same_screen);
  EXPECT_EQ(log.turns()[1].frame, log.turns()[0].frame);
  log.said("b", true);
  for (int x = 50; x < 90; ++x) screen.pixel(x, 100)[0] = 255;
  log.look(screen, screen.bounds());
  EXPECT_FALSE(log.turns()[2].same_screen);
}

TEST(TurnLog, ACallOfSeveralActionsHasOneResult) {
  const Image screen(64, 64);
  TurnLog log({.factor = 32}, nullptr);
  log.look(screen, screen.bounds());
  log.said("drag", true);
  const Action down{.name = "left_mouse_down", .call = "drag"};
  const Action move{.name = "mouse_move", .call = "drag", .continues_call = true};
  log.came_of(down, {.action = down, .ok = true, .changed = false}, nullptr);
  log.came_of(move, {.action = move, .ok = true, .changed = true}, nullptr);
  ASSERT_EQ(log.turns()[0].results.size(), 1u);
  EXPECT_EQ(log.turns()[0].results[0].call, "drag");
  EXPECT_EQ(log.turns()[0].results[0].text, "");
  log.came_of(down, {.action = down, .ok = false, .result = "no"}, nullptr);
  EXPECT_EQ(log.turns()[0].results.size(), 2u);
}

TEST(TurnLog, APartOfTheScreenIsTheFrame) {
  Image screen(300, 100);
  screen.pixel(200, 0)[1] = 200;
  TurnLog log({.factor = 4, .min_pixels = 16}, nullptr);
  log.look(screen, {200, 0, 300, 100});
  EXPECT_EQ(log.sizes().screen, (Extent{100, 100}));
  EXPECT_EQ(log.sizes().frame, (Extent{100, 100}));
  EXPECT_EQ(log.turns()[0].frame->pixel(0, 0)[1], 200);
}

TEST(TurnLog, LetsOldPicturesGo) {
  Image screen(64, 64);
  TurnLog log({.factor = 32}, nullptr);
  for (int i = 0; i < 100; ++i) {
    for (int x = 0; x < 64; ++x) screen.pixel(x, x)[0] = static_cast<uint8_t>(i + 1);
    log.look(screen, screen.bounds());
    log.said("r", true);
  }
  EXPECT_EQ(log.turns().front().frame, nullptr);
  EXPECT_NE(log.turns()[70].frame, nullptr);
}

}  // namespace
}  // namespace deskhand
