// Clicks, wheel and chords as another X client receives them, and the picture that it draws.

#include <gtest/gtest.h>

#include <array>

#include "platform/x11/input.h"
#include "tests/platform/x11_event_window.h"
#include "tests/platform/x11_keyboard_state.h"
#include "tests/platform/x11_test_server.h"

namespace deskhand {
namespace {

using namespace deskhand::testing;

std::vector<ReceivedEvent> of_kind(const std::vector<ReceivedEvent>& all, int kind) {
  std::vector<ReceivedEvent> some;
  for (const ReceivedEvent& event : all) {
    if (event.kind == kind) some.push_back(event);
  }
  return some;
}

TEST(X11Input, ClicksHitTheExactPixel) {
  TestServer server;
  EventWindow window(server.display(), {100, 50, 500, 400});
  auto desktop = open_x11_desktop({.display = server.display()});
  const std::vector<ScreenPoint> points = {{100, 50}, {499, 399}, {101, 50}, {333, 222}};
  for (const ScreenPoint at : points) desktop->click(at, MouseButton::left, 1, 0);
  window.collect([&] { return window.count(ButtonRelease) == 4; });
  const auto presses = of_kind(window.events(), ButtonPress);
  ASSERT_EQ(presses.size(), 4U);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(presses[i].at, points[i]);
  EXPECT_EQ(desktop->pointer(), points.back());
  EXPECT_THROW(desktop->click({800, 10}, MouseButton::left, 1, 0), std::invalid_argument);
  EXPECT_THROW(desktop->click({-1, 10}, MouseButton::left, 1, 0), std::invalid_argument);
}

TEST(X11Input, DoubleClicksAreCloseTogetherAndCarryTheirModifiers) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  KeyboardState keyboard(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  desktop->click({200, 200}, MouseButton::left, 2, 0);
  desktop->click({200, 200}, MouseButton::right, 1, parse_modifiers("ctrl+shift"));
  desktop->click({200, 200}, MouseButton::middle, 1, parse_modifiers("alt+super"));
  window.collect([&] { return window.count(ButtonRelease) == 4; });
  const auto presses = of_kind(window.events(), ButtonPress);
  ASSERT_EQ(presses.size(), 4U);
  EXPECT_LT(presses[1].time - presses[0].time, 200U) << "toolkits take 250 to 400 ms as the limit of a double click";
  EXPECT_EQ(presses[1].detail, 1U);
  EXPECT_EQ(presses[2].detail, 3U);
  EXPECT_EQ(presses[2].state & 0xff, static_cast<unsigned>(ControlMask | ShiftMask));
  EXPECT_EQ(presses[3].detail, 2U);
  EXPECT_EQ(presses[3].state & 0xff, static_cast<unsigned>(Mod1Mask | Mod4Mask));
  EXPECT_EQ(keyboard.pressed_keys(), 0) << "modifiers are released";
}

TEST(X11Input, TheWheelTurnsBothWays) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  auto desktop = open_x11_desktop({.display = server.display()});
  desktop->scroll({10, 10}, ScrollDirection::down, 3, 0);
  desktop->scroll({10, 10}, ScrollDirection::up, 1, 0);
  desktop->scroll({10, 10}, ScrollDirection::left, 2, 0);
  desktop->scroll({10, 10}, ScrollDirection::right, 1, parse_modifiers("ctrl"));
  window.collect([&] { return window.count(ButtonRelease) == 7; });
  std::vector<unsigned> buttons;
  for (const ReceivedEvent& event : of_kind(window.events(), ButtonPress)) buttons.push_back(event.detail);
  EXPECT_EQ(buttons, (std::vector<unsigned>{5, 5, 5, 4, 6, 6, 7}));
}

TEST(X11Input, ChordsPressModifiersFirstAndReleaseAll) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  window.answer_pings();
  KeyboardState keyboard(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  desktop->key("ctrl+shift+t");
  desktop->key("ctrl+S");
  desktop->key("alt+F4");
  desktop->key("Return");
  desktop->key("plus");
  desktop->key("super");
  desktop->key("€");
  desktop->key("meta+x");
  window.collect([&] { return window.count(KeyRelease) == 14; });
  std::vector<std::string> names;
  for (const ReceivedEvent& event : of_kind(window.events(), KeyPress)) names.push_back(event.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Control_L", "Shift_L", "T", "Control_L", "s", "Alt_L", "F4", "Return",
                                             "Shift_L", "plus", "Super_L", "EuroSign", "Alt_L", "x"}));
  EXPECT_EQ(keyboard.pressed_keys(), 0);
  EXPECT_THROW(desktop->key("ctrl+nosuchkey"), std::invalid_argument);
  EXPECT_EQ(keyboard.pressed_keys(), 0);
}

TEST(X11Input, TypingStopsWhenAskedAndLeavesNothingPressed) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  window.answer_pings();
  KeyboardState keyboard(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  const std::string map_before = keyboard.keyboard_map();
  std::stop_source stop;
  std::jthread typist([&] { desktop->type(std::string(20'000, 'A') + "ż", stop.get_token()); });
  window.collect([&] { return window.count(KeyPress) > 10; });
  stop.request_stop();
  typist.join();
  window.collect([&] { return false; }, 200ms);
  EXPECT_LT(window.count(KeyPress), 30'000);
  EXPECT_EQ(keyboard.pressed_keys(), 0);
  EXPECT_EQ(keyboard.keyboard_map(), map_before) << "spare keycodes are restored";
}

TEST(X11Input, TheKeyboardMapIsRestoredAfterTyping) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  window.answer_pings();
  KeyboardState keyboard(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  const std::string map_before = keyboard.keyboard_map();
  std::string many;  // more distinct characters than there are spare keycodes
  for (char32_t c = 0x4e00; c < 0x4e00 + 150; ++c) {
    many += {static_cast<char>(0xe0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)),
             static_cast<char>(0x80 | (c & 0x3f))};
  }
  desktop->type(many, {});
  window.collect([&] { return window.count(KeyRelease) == 150; });
  EXPECT_EQ(window.text(), many);
  EXPECT_EQ(keyboard.keyboard_map(), map_before);
}

TEST(X11Input, WithoutASpareKeycodeNothingIsTypedAndItSaysSo) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  window.answer_pings();
  KeyboardState keyboard(server.display());
  keyboard.fill_spare_keycodes();
  auto desktop = open_x11_desktop({.display = server.display()});
  desktop->type("plain", {});
  EXPECT_THROW(desktop->type("plain ż", {}), InputError);
  window.collect([&] { return window.count(KeyRelease) == 5; });
  window.collect([&] { return false; }, 100ms);
  EXPECT_EQ(window.text(), "plain");
}

TEST(X11Input, CapsLockAndStuckModifiersDoNotSpoilTheText) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  window.answer_pings();
  KeyboardState keyboard(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  desktop->key("Caps_Lock");
  keyboard.leave_shift_pressed();
  desktop->type("aB ż", {});
  window.collect([&] { return window.text().size() >= 5; });
  EXPECT_EQ(window.text(), "aB ż");
  EXPECT_TRUE(keyboard.caps_locked()) << "as it was before";
  EXPECT_EQ(keyboard.pressed_keys(), 0);
}

TEST(X11Input, AConfinedPointerIsAnInputErrorAndTheDesktopGoesOn) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 100, 100});
  KeyboardState other(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  {
    const auto confined = other.confine_pointer();
    EXPECT_THROW(desktop->click({300, 300}, MouseButton::left, 1, 0), InputError);
  }
  desktop->click({50, 50}, MouseButton::left, 1, 0);
  window.collect([&] { return window.count(ButtonRelease) == 1; });
  EXPECT_EQ(window.count(ButtonRelease), 1);
}

TEST(X11Input, TheCurrentGroupOfSeveralLayoutsIsUsed) {
  TestServer server({.layout = "us,ru"});
  EventWindow window(server.display(), {0, 0, 400, 400});
  window.answer_pings();
  KeyboardState keyboard(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  keyboard.lock_group(1);
  const std::string text = "Привет, abc ż @ Ёж";
  desktop->type(text, {});
  window.collect([&] { return window.text().size() >= text.size(); });
  EXPECT_EQ(window.text(), text);
  const size_t before = window.events().size();
  desktop->key("ctrl+c");
  window.collect([&] { return window.events().size() == before + 4; });
  const ReceivedEvent press = window.events()[before + 1];
  EXPECT_EQ(press.detail, 54U) << "the key of c, whatever the group";
  EXPECT_EQ(press.state & 0xff, static_cast<unsigned>(ControlMask));
}

TEST(X11Input, TheLayoutOfXtestCountsNotThatOfTheLastStroke) {
  TestServer server({.layout = "de"});
  EventWindow window(server.display(), {0, 0, 400, 400});
  window.answer_pings();
  KeyboardState keyboard(server.display());
  const ProcessResult changed =
      run_process({.argv = {"setxkbmap", "-device", std::to_string(keyboard.xtest_keyboard()), "-layout", "fr"},
                   .environment = server.environment()},
                  {});
  ASSERT_EQ(changed.code, 0);
  auto desktop = open_x11_desktop({.display = server.display()});
  const std::string text = "azerty qwertz {@} ż";
  desktop->type(text, {});
  window.collect([&] { return window.text().size() >= text.size(); });
  EXPECT_EQ(window.text(), text);
}

TEST(X11Input, WhatIsHeldIsReleasedOnEveryWayOut) {
  TestServer server;
  KeyboardState keyboard(server.display());
  x11::Connection connection({.display = server.display()});
  constexpr std::array<KeyCode, 2> held = {37, 50};  // Control_L and Shift_L
  {
    x11::Input input(connection);
    try {
      const x11::Input::Hold hold(input, held);
      EXPECT_EQ(keyboard.pressed_keys(), 2);
      throw std::runtime_error("in the middle");
    } catch (const std::runtime_error&) {
      EXPECT_EQ(keyboard.pressed_keys(), 0);
    }
    input.press_key(held[0]);
    EXPECT_EQ(keyboard.pressed_keys(), 1);
    input.release_all();
    EXPECT_EQ(keyboard.pressed_keys(), 0);
    input.press_key(held[1]);
  }
  EXPECT_EQ(keyboard.pressed_keys(), 0) << "the end of the object releases too";
}

TEST(X11Input, ReleaseAllWorksFromAnotherThread) {
  TestServer server;
  EventWindow window(server.display(), {0, 0, 400, 400});
  KeyboardState keyboard(server.display());
  auto desktop = open_x11_desktop({.display = server.display()});
  std::jthread other([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) desktop->release_all();
  });
  for (int i = 0; i < 20; ++i) desktop->click({10, 10}, MouseButton::left, 1, parse_modifiers("shift"));
  other.request_stop();
  other.join();
  EXPECT_EQ(keyboard.pressed_keys(), 0);
}

}  // namespace
}  // namespace deskhand
