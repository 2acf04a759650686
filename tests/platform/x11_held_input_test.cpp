// Drags, and keys and buttons that stay down over several calls, as another X client receives them.

#include <gtest/gtest.h>

#include <cmath>

#include "tests/platform/x11_event_window.h"
#include "tests/platform/x11_keyboard_state.h"
#include "tests/platform/x11_test_server.h"

namespace deskhand {
namespace {

using namespace deskhand::testing;

class X11HeldInput : public ::testing::Test {
 protected:
  std::vector<ReceivedEvent> of(std::initializer_list<int> kinds) const {
    std::vector<ReceivedEvent> some;
    for (const ReceivedEvent& event : window_.events())
      if (std::find(kinds.begin(), kinds.end(), event.kind) != kinds.end()) some.push_back(event);
    return some;
  }
  void expect(int kind, int count) {
    window_.collect([&] { return window_.count(kind) >= count; });
    EXPECT_EQ(window_.count(kind), count);
  }

  TestServer server_;
  EventWindow window_{server_.display(), {0, 0, 700, 500}};
  KeyboardState keyboard_{server_.display()};
  std::unique_ptr<Desktop> desktop_ = open_x11_desktop({.display = server_.display()});
};

TEST_F(X11HeldInput, ADragPressesMovesInSmallStepsAndReleases) {
  const ScreenPoint from{100, 400}, to{600, 50};
  desktop_->drag(from, to, parse_modifiers("ctrl"));
  expect(ButtonRelease, 1);
  const auto events = of({ButtonPress, MotionNotify, ButtonRelease});
  ASSERT_GE(events.size(), 12U);
  EXPECT_EQ(events.front().kind, ButtonPress);
  EXPECT_EQ(events.front().at, from);
  EXPECT_EQ(events.front().detail, 1U);
  EXPECT_EQ(events.back().kind, ButtonRelease);
  EXPECT_EQ(events.back().at, to);
  for (size_t i = 1; i < events.size(); ++i) {
    EXPECT_LE(std::abs(events[i].at.x - events[i - 1].at.x), 40) << i;
    EXPECT_TRUE(events[i].state & Button1Mask) << i;
    EXPECT_TRUE(events[i].state & ControlMask) << i;
  }
  EXPECT_EQ(events[events.size() - 2].at, to) << "the end is seen before the button goes up";
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
}

TEST_F(X11HeldInput, AShortDragMovesToo) {
  desktop_->drag({100, 100}, {103, 100}, 0);
  expect(ButtonRelease, 1);
  EXPECT_GE(of({MotionNotify}).size(), 2U);
  EXPECT_THROW(desktop_->drag({100, 100}, {800, 100}, 0), std::invalid_argument);
  EXPECT_THROW(desktop_->drag({-1, 100}, {100, 100}, 0), std::invalid_argument);
  expect(ButtonPress, 1);
}

TEST_F(X11HeldInput, AButtonStaysDownUntilItIsReleased) {
  desktop_->move_pointer({50, 60});
  desktop_->press_button(MouseButton::left);
  EXPECT_TRUE(desktop_->holds_button());
  EXPECT_EQ(keyboard_.pressed_keys(), 1);
  EXPECT_THROW(desktop_->press_button(MouseButton::left), InputError);
  EXPECT_THROW(desktop_->click({10, 10}, MouseButton::left, 1, 0), InputError);
  EXPECT_THROW(desktop_->drag({10, 10}, {20, 20}, 0), InputError);
  desktop_->move_pointer({250, 300});
  desktop_->release_button(MouseButton::left);
  expect(ButtonRelease, 1);
  const auto events = of({ButtonPress, MotionNotify, ButtonRelease});
  EXPECT_EQ(events.front().at, (ScreenPoint{50, 60}));
  EXPECT_GE(events.size(), 8U);
  EXPECT_EQ(events.back().at, (ScreenPoint{250, 300}));
  EXPECT_FALSE(desktop_->holds_button());
  EXPECT_THROW(desktop_->release_button(MouseButton::left), InputError);
  desktop_->click({10, 10}, MouseButton::left, 1, 0);
  expect(ButtonRelease, 2);
}

TEST_F(X11HeldInput, AnAbandonedDragDropsNothingElsewhere) {
  desktop_->move_pointer({50, 60});
  desktop_->press_button(MouseButton::left);
  desktop_->move_pointer({250, 300});
  desktop_->release_all();
  expect(ButtonRelease, 1);
  EXPECT_EQ(of({ButtonRelease})[0].at, (ScreenPoint{50, 60})) << "where it was pressed";
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
}

TEST_F(X11HeldInput, ADragThatFailsReleasesEverything) {
  {
    EventWindow small(server_.display(), {0, 0, 100, 100});
    const auto confined = keyboard_.confine_pointer();
    EXPECT_THROW(desktop_->drag({50, 50}, {300, 300}, parse_modifiers("shift")), InputError);
  }
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
  EXPECT_FALSE(desktop_->holds_button());
}

TEST_F(X11HeldInput, AKeyIsHeldOverAClick) {
  desktop_->press_key("ctrl");
  EXPECT_EQ(desktop_->held_keys(), std::vector<std::string>{"ctrl"});
  desktop_->click({100, 100}, MouseButton::left, 1, 0);
  desktop_->click({100, 100}, MouseButton::left, 1, parse_modifiers("ctrl+shift"));
  EXPECT_EQ(keyboard_.pressed_keys(), 1) << "the click that held ctrl, too, leaves it down";
  EXPECT_TRUE(desktop_->release_key("Control_L"));
  EXPECT_FALSE(desktop_->release_key("ctrl"));
  desktop_->click({100, 100}, MouseButton::left, 1, 0);
  expect(ButtonRelease, 3);
  const auto presses = of({ButtonPress});
  EXPECT_EQ(presses[0].state & 0xff, static_cast<unsigned>(ControlMask));
  EXPECT_EQ(presses[1].state & 0xff, static_cast<unsigned>(ControlMask | ShiftMask));
  EXPECT_EQ(presses[2].state & 0xff, 0U);
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
}

TEST_F(X11HeldInput, AChordCombinesWithWhatIsHeld) {
  desktop_->press_key("shift");
  desktop_->press_key("shift+ctrl");
  EXPECT_EQ(desktop_->held_keys(), (std::vector<std::string>{"shift", "ctrl"}));
  desktop_->key("T");
  desktop_->key("plus");
  EXPECT_EQ(keyboard_.pressed_keys(), 2);
  desktop_->release_all();
  EXPECT_TRUE(desktop_->held_keys().empty());
  desktop_->key("t");
  expect(KeyRelease, 5);
  std::vector<std::string> names;
  for (const ReceivedEvent& event : of({KeyPress})) names.push_back(event.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Shift_L", "Control_L", "T", "plus", "t"}));
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
}

TEST_F(X11HeldInput, TextIsNotTypedWhileKeysAreHeld) {
  desktop_->press_key("ctrl");
  EXPECT_THROW(desktop_->type("w", {}), InputError);
  EXPECT_THROW(desktop_->key("ctrl"), InputError) << "it is down already";
  EXPECT_EQ(keyboard_.pressed_keys(), 1) << "as it was before";
  desktop_->release_all();
  desktop_->type("w", {});
  window_.collect([&] { return window_.text() == "w"; });
  EXPECT_EQ(window_.text(), "w");
}

TEST_F(X11HeldInput, AHeldKeyIsNoModifierOfSomebodyElse) {
  desktop_->press_key("ctrl");
  keyboard_.leave_shift_pressed();
  desktop_->click({100, 100}, MouseButton::left, 1, 0);
  expect(ButtonRelease, 1);
  EXPECT_EQ(of({ButtonPress})[0].state & 0xff, static_cast<unsigned>(ControlMask)) << "theirs is released, ours is not";
}

TEST_F(X11HeldInput, HoldingAKeyThatIsNotThereHoldsNothing) {
  EXPECT_THROW(desktop_->press_key("ctrl+zabovedot"), InputError);
  EXPECT_THROW(desktop_->press_key("nosuchkey"), std::invalid_argument);
  EXPECT_TRUE(desktop_->held_keys().empty());
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
  desktop_->press_key("A");
  EXPECT_EQ(keyboard_.pressed_keys(), 2) << "with its shift";
  EXPECT_TRUE(desktop_->release_key("a"));
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
}

TEST_F(X11HeldInput, TheEndOfTheDesktopReleasesWhatIsHeld) {
  desktop_->press_key("alt+Left");
  desktop_->press_button(MouseButton::middle);
  EXPECT_EQ(keyboard_.pressed_keys(), 3);
  desktop_.reset();
  EXPECT_EQ(keyboard_.pressed_keys(), 0);
}

}  // namespace
}  // namespace deskhand
