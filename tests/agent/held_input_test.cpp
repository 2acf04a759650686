// Keys and buttons that stay down over several actions: what is asked about, what is released, and drags.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/repetition.h"
#include "tests/support/agent_harness.h"

namespace deskhand {
namespace {

using testing::HasSubstr;
using Kind = DesktopAction::Kind;
using Status = Outcome::Status;

class HeldInput : public testing::Test {
 protected:
  HeldInput() : h_({}) {
    h_.app.add(Role::list_item, "notes.txt");
    h_.app.add(Role::list_item, "Archive");
    h_.app.add(Role::list_item, "Trash");
    h_.policy = Policy::builtin();
    h_.app.on_any = [this](const DesktopAction& a) {
      if (a.kind == Kind::drag || a.kind == Kind::press_button) h_.app.paint({300, 300, 340, 340}, 9, 9, ++shade_);
    };
  }

  Outcome act(const std::vector<Action>& actions, const std::string& goal = "Tidy up") {
    Agent agent({.mind = h_.mind,
                 .dialect = *find_dialect("script"),
                 .desktop = h_.app,
                 .read_screen = h_.app.reader(),
                 .read_applications = [this](std::span<const Window> windows) { return h_.app.elements_in(windows); },
                 .policy = h_.policy,
                 .user = h_.user,
                 .approval = h_.approval,
                 .clock = h_.clock,
                 .on_step = [this](const Step& step) { h_.steps.push_back(step); }});
    return agent.replay(actions, goal, {}, h_.stop.get_token());
  }
  nlohmann::json at(const std::string& name) {
    const ScreenPoint p = h_.app.find(name)->box.center();
    return {p.x, p.y};
  }
  Action drag(const std::string& from, const std::string& to) {
    return {.name = "left_click_drag", .input = {{"start_coordinate", at(from)}, {"coordinate", at(to)}}};
  }
  int count(Kind kind) const {
    return static_cast<int>(
        std::ranges::count_if(h_.app.actions, [kind](const DesktopAction& a) { return a.kind == kind; }));
  }

  AgentHarness h_;
  uint8_t shade_ = 0;
};

TEST_F(HeldInput, AKeyIsHeldOverClicks) {
  EXPECT_EQ(act({{.name = "key_down", .input = {{"text", "ctrl"}}},
                 {.name = "left_click", .input = {{"coordinate", at("notes.txt")}}},
                 {.name = "left_click", .input = {{"coordinate", at("Archive")}}},
                 {.name = "key_up", .input = {{"text", "ctrl"}}}})
                .status,
            Status::done);
  std::vector<Modifiers> held;
  for (const DesktopAction& a : h_.app.actions)
    if (a.kind == Kind::click) held.push_back(a.held);
  EXPECT_EQ(held, (std::vector<Modifiers>(2, parse_modifiers("ctrl"))));
  EXPECT_EQ(h_.steps.at(0).changed, std::nullopt) << "nothing is expected of a key that is held";
  EXPECT_TRUE(h_.app.held_keys().empty());
}

TEST_F(HeldInput, AFailureInBetweenReleasesAtTheEnd) {
  EXPECT_EQ(act({{.name = "mouse_move", .input = {{"coordinate", at("notes.txt")}}},
                 {.name = "key_down", .input = {{"text", "ctrl+shift"}}},
                 {.name = "left_mouse_down"},
                 {.name = "left_click", .input = {{"coordinate", {9000, 1}}}},
                 {.name = "key_up", .input = {{"text", "ctrl+shift"}}}})
                .status,
            Status::failed);
  EXPECT_EQ(count(Kind::press_key), 1);
  EXPECT_EQ(count(Kind::release_key), 0);
  EXPECT_TRUE(h_.app.held_keys().empty());
  EXPECT_FALSE(h_.app.holds_button());
}

TEST_F(HeldInput, TheUserAnswersWithoutTheKeys) {
  h_.user.on_question = [&] { EXPECT_TRUE(h_.app.held_keys().empty()); };
  EXPECT_EQ(act({{.name = "key_down", .input = {{"text", "ctrl"}}},
                 {.name = "left_click", .input = {{"coordinate", at("Trash")}}}})
                .status,
            Status::done);
  ASSERT_EQ(h_.user.asked.size(), 1u);
  EXPECT_THAT(h_.user.asked[0].action, HasSubstr("with ctrl held down"));
  EXPECT_EQ(h_.app.actions.back().kind, Kind::click);
  EXPECT_EQ(h_.app.actions.back().held, parse_modifiers("ctrl")) << "held again, as it was judged";
}

TEST_F(HeldInput, AHeldModifierMakesAnotherKey) {
  h_.user.yes = false;
  EXPECT_EQ(act({{.name = "key_down", .input = {{"text", "ctrl"}}}, {.name = "key", .input = {{"text", "q"}}}}).status,
            Status::failed);
  EXPECT_EQ(h_.user.asked.size(), 1u);
  EXPECT_EQ(count(Kind::key), 0);
}

TEST_F(HeldInput, ADragIsJudgedAtBothEnds) {
  EXPECT_EQ(act({drag("notes.txt", "Archive")}).status, Status::done);
  EXPECT_TRUE(h_.user.asked.empty());
  EXPECT_EQ(count(Kind::drag), 1);
  EXPECT_THAT(h_.steps.at(0).target, HasSubstr("\"notes.txt\" in \"Job\" to list item \"Archive\" in \"Job\""));
  h_.user.yes = false;
  EXPECT_EQ(act({drag("notes.txt", "Trash")}).status, Status::failed);
  EXPECT_EQ(h_.user.asked.size(), 1u);
  EXPECT_EQ(count(Kind::drag), 1);
}

TEST_F(HeldInput, AYesToADragIsForThatEndAlone) {
  h_.user.on_question = [&, asked = 0]() mutable {
    if (++asked == 1) h_.app.find("Trash")->text = "Trash of Ada";
    if (asked == 2) h_.user.yes = false;
  };
  EXPECT_EQ(act({drag("notes.txt", "Trash")}).status, Status::failed);
  EXPECT_EQ(h_.user.asked.size(), 2u);
  EXPECT_EQ(count(Kind::drag), 0);
}

TEST_F(HeldInput, ADragNeverEndsInOurOwnWindow) {
  Window own;
  own.id = 50;
  own.box = {0, 100, 640, 480};
  own.ours = true;
  h_.app.window_list.insert(h_.app.window_list.begin(), own);
  EXPECT_EQ(act({drag("notes.txt", "Trash")}).status, Status::failed);
  EXPECT_THAT(h_.steps.at(0).result, HasSubstr("own window"));
  EXPECT_EQ(count(Kind::drag), 0);
}

TEST_F(HeldInput, AnEndThatChangesIsLookedAtAgain) {
  bool swapped = false;
  auto paint = std::move(h_.app.on_any);
  h_.app.on_any = [&](const DesktopAction& a) {  // as soon as the pointer comes to the start
    paint(a);
    if (a.kind == Kind::move && !swapped) std::swap(h_.app.find("Archive")->box, h_.app.find("Trash")->box);
    swapped |= a.kind == Kind::move;
  };
  h_.user.yes = false;
  EXPECT_EQ(act({drag("notes.txt", "Archive")}).status, Status::failed);
  EXPECT_TRUE(swapped);
  EXPECT_EQ(h_.user.asked.size(), 1u) << "it is the trash now";
  EXPECT_EQ(count(Kind::drag), 0);
}

TEST_F(HeldInput, ADragByHandThatMustBeAskedAboutIsGivenUp) {
  EXPECT_EQ(act({{.name = "mouse_move", .input = {{"coordinate", at("notes.txt")}}},
                 {.name = "left_mouse_down"},
                 {.name = "mouse_move", .input = {{"coordinate", at("Trash")}}},
                 {.name = "left_mouse_up"}})
                .status,
            Status::failed);
  EXPECT_THAT(h_.steps.back().result, HasSubstr("mouse button"));
  EXPECT_TRUE(h_.user.asked.empty());
  EXPECT_EQ(count(Kind::release_button), 0);
  EXPECT_FALSE(h_.app.holds_button());
  EXPECT_EQ(h_.app.pointer(), h_.app.find("notes.txt")->box.center()) << "nothing is dropped on the trash";
}

TEST(Repetition, HoldingAndLettingGoIsNoLoop) {
  Repetition repetition;
  for (int i = 0; i < 10; ++i)
    for (const char* name : {"key_down", "key_up", "left_mouse_down", "left_mouse_up"})
      repetition.add({.name = name}, std::nullopt, "screen", std::nullopt);
  EXPECT_FALSE(repetition.is_loop());
  for (int i = 0; i < 3; ++i) repetition.add({.name = "mouse_move"}, std::nullopt, "screen", std::nullopt);
  EXPECT_TRUE(repetition.is_loop());
}

}  // namespace
}  // namespace deskhand
