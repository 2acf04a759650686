#include "platform/fake_desktop.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

TEST(FakeDesktop, RecordsActionsAndLetsThemChangeThePicture) {
  FakeDesktop desktop(100, 80);
  EXPECT_EQ(desktop.take_changes(), std::vector<ScreenRect>{(ScreenRect{0, 0, 100, 80})});
  EXPECT_TRUE(desktop.take_changes().empty());
  desktop.on_action = [&](const DesktopAction& action) {
    if (action.kind == DesktopAction::Kind::click) desktop.paint({10, 20, 30, 25}, 0, 160, 0);
  };
  desktop.click({12, 13}, MouseButton::right, 2, parse_modifiers("ctrl+shift"));
  ASSERT_EQ(desktop.actions.size(), 1U);
  EXPECT_EQ(desktop.actions[0].at, (ScreenPoint{12, 13}));
  EXPECT_EQ(desktop.actions[0].count, 2);
  EXPECT_EQ(desktop.actions[0].held, 3);
  EXPECT_EQ(desktop.pointer(), (ScreenPoint{12, 13}));
  EXPECT_EQ(desktop.take_changes(), std::vector<ScreenRect>{(ScreenRect{10, 20, 30, 25})});
  EXPECT_EQ(desktop.capture().pixel(10, 20)[1], 160);
}

TEST(FakeDesktop, RefusesWhatARealOneRefuses) {
  FakeDesktop desktop(100, 80);
  EXPECT_THROW(desktop.click({100, 5}, MouseButton::left, 1, 0), std::invalid_argument);
  EXPECT_THROW(desktop.click({1, 5}, MouseButton::left, 0, 0), std::invalid_argument);
  EXPECT_THROW(desktop.key("ctrl+nosuchkey"), std::invalid_argument);
  EXPECT_THROW(desktop.type("\xff", {}), std::invalid_argument);
  EXPECT_TRUE(desktop.actions.empty());
  std::stop_source stop;
  stop.request_stop();
  desktop.type("late", stop.get_token());
  EXPECT_EQ(desktop.typed(), "");
  EXPECT_FALSE(desktop.wait_until_quiet({}, stop.get_token()));
}

TEST(FakeDesktop, RemembersWhatIsHeld) {
  FakeDesktop desktop(100, 80);
  desktop.press_key("Control_L");
  desktop.press_key("ctrl+shift");
  EXPECT_EQ(desktop.held_keys(), (std::vector<std::string>{"ctrl", "shift"}));
  desktop.click({1, 1}, MouseButton::left, 1, 0);
  EXPECT_EQ(desktop.actions.back().held, parse_modifiers("ctrl+shift"));
  EXPECT_THROW(desktop.type("w", {}), InputError);
  EXPECT_TRUE(desktop.release_key("ctrl"));
  EXPECT_FALSE(desktop.release_key("ctrl"));
  desktop.press_button(MouseButton::left);
  EXPECT_THROW(desktop.click({2, 2}, MouseButton::left, 1, 0), InputError);
  desktop.move_pointer({50, 50});
  desktop.release_all();
  EXPECT_EQ(desktop.pointer(), (ScreenPoint{1, 1})) << "where the button went down";
  EXPECT_FALSE(desktop.holds_button());
  EXPECT_TRUE(desktop.held_keys().empty());
  EXPECT_THROW(desktop.release_button(MouseButton::left), InputError);
}

TEST(FakeDesktop, WindowsComeGoAndTakeTheFocus) {
  FakeDesktop desktop;
  desktop.add_window({.id = 1, .title = "Editor"});
  desktop.add_window({.id = 2, .title = "Save as", .dialog = true});
  desktop.add_window({.id = 3, .popup = true});
  EXPECT_TRUE(desktop.windows()[1].active);
  EXPECT_TRUE(desktop.focus(1));
  EXPECT_EQ(desktop.windows()[0].id, 1U);
  EXPECT_TRUE(desktop.windows()[0].active);
  desktop.close_window(1);
  EXPECT_EQ(desktop.windows().size(), 2U);
  EXPECT_TRUE(desktop.windows()[1].active) << "the dialog, not the popup";
  EXPECT_FALSE(desktop.focus(99));
}

TEST(FakeDesktop, VanishesAtOnceOrAfterSomeActions) {
  FakeDesktop desktop;
  desktop.vanish(2);
  desktop.key("Return");
  desktop.type("a", {});
  EXPECT_THROW(desktop.key("Return"), DesktopError);
  EXPECT_THROW(desktop.capture(), DesktopError);
  EXPECT_THROW(desktop.windows(), DesktopError);
  EXPECT_EQ(desktop.actions.size(), 2U);
}

}  // namespace
}  // namespace deskhand
