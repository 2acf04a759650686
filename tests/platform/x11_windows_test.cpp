// Windows, popups and focus under a real window manager.

#include <gtest/gtest.h>

#include "tests/platform/x11_event_window.h"
#include "tests/platform/x11_test_server.h"

namespace deskhand {
namespace {

using namespace deskhand::testing;

std::vector<std::string> titles(Desktop& desktop) {
  std::vector<std::string> all;
  for (const Window& window : desktop.windows()) all.push_back(window.title);
  return all;
}

TEST(X11Windows, SayWhatTheyAre) {
  TestServer server({.window_manager = true});
  auto desktop = open_x11_desktop({.display = server.display()});
  EXPECT_TRUE(desktop->windows().empty());
  Process dialog = server.start({"zenity", "--question", "--title", "Löschen?", "--text", "Really?"});
  const auto question = window_titled(*desktop, "Löschen?");
  ASSERT_TRUE(question);
  EXPECT_EQ(question->application, "Zenity");
  EXPECT_EQ(question->pid, dialog.pid());
  EXPECT_TRUE(question->dialog);
  EXPECT_FALSE(question->terminal || question->popup || question->ours);

  Process xterm = server.start({"xterm", "-T", "shell", "-geometry", "40x10+100+200", "-e", "cat"});
  const auto shell = window_titled(*desktop, "shell");
  ASSERT_TRUE(shell);
  EXPECT_EQ(shell->application, "XTerm");
  EXPECT_TRUE(shell->terminal);
  EXPECT_FALSE(shell->dialog || shell->popup);
  EXPECT_TRUE(desktop->bounds().intersect(shell->box) == shell->box);
  EXPECT_EQ(desktop->windows().size(), 2U);
  EXPECT_NE(question->id, shell->id);
}

TEST(X11Windows, BoxesAreThoseOfTheClientArea) {
  TestServer server({.window_manager = true});
  Process xterm = server.start({"xterm", "-T", "white", "-bg", "#ff0000", "-b", "0", "-e", "cat"});
  auto desktop = open_x11_desktop({.display = server.display()});
  const auto window = window_titled(*desktop, "white");
  ASSERT_TRUE(window);
  const auto red = [](const Image& image, int x, int y) {
    return image.pixel(x, y)[0] == 255 && image.pixel(x, y)[1] == 0;
  };
  ASSERT_TRUE(eventually([&] { return red(desktop->capture(), window->box.x1 - 30, window->box.y1 - 30); }));
  desktop->wait_until_quiet({}, {});
  const Image image = desktop->capture();
  const int x = window->box.center().x;
  EXPECT_TRUE(red(image, x, window->box.y1 - 1));
  EXPECT_FALSE(red(image, x, window->box.y0 - 1)) << "the title bar is the window manager's";
}

TEST(X11Windows, FocusRaisesAndTheListShowsIt) {
  TestServer server({.window_manager = true});
  Process first = server.start({"xterm", "-T", "first", "-e", "cat"});
  auto desktop = open_x11_desktop({.display = server.display()});
  ASSERT_TRUE(window_titled(*desktop, "first"));
  Process second = server.start({"xterm", "-T", "second", "-e", "cat"});
  const auto other = window_titled(*desktop, "second");
  ASSERT_TRUE(other);
  const auto window = window_titled(*desktop, "first");
  ASSERT_TRUE(desktop->focus(window->id));
  EXPECT_EQ(titles(*desktop), (std::vector<std::string>{"first", "second"}));
  EXPECT_TRUE(desktop->windows()[0].active);
  ASSERT_TRUE(desktop->focus(other->id));
  EXPECT_EQ(titles(*desktop), (std::vector<std::string>{"second", "first"}));
  EXPECT_TRUE(desktop->windows()[0].active);
  EXPECT_FALSE(desktop->windows()[1].active);
  EXPECT_FALSE(desktop->focus(12345)) << "no such window";
  second.terminate(2s);
  EXPECT_TRUE(eventually([&] { return desktop->windows().size() == 1; }));
  EXPECT_FALSE(desktop->focus(other->id));
}

TEST(X11Windows, MenusAreListedAsPopupsOnTop) {
  TestServer server({.window_manager = true});
  Process zenity = server.start({"zenity", "--entry", "--title", "entry"});
  auto desktop = open_x11_desktop({.display = server.display()});
  auto window = window_titled(*desktop, "entry");
  ASSERT_TRUE(window);
  ASSERT_TRUE(desktop->focus(window->id));
  desktop->wait_until_quiet({}, {});
  window = window_titled(*desktop, "entry");
  for (const Window& w : desktop->windows()) EXPECT_FALSE(w.popup) << "frames are no popups";
  desktop->key("shift+F10");  // the context menu of the entry
  ASSERT_TRUE(eventually([&] { return desktop->windows().front().popup; }));
  const Window menu = desktop->windows().front();
  EXPECT_EQ(menu.pid, zenity.pid());
  EXPECT_GT(menu.box.height(), 60);
  EXPECT_EQ(desktop->windows().size(), 2U);
  desktop->key("Escape");
  EXPECT_TRUE(eventually([&] { return desktop->windows().size() == 1; }));
}

TEST(X11Windows, AProgramAboveUsIsOurs) {
  TestServer server;  // this process draws the window itself, as a terminal above us would
  EventWindow window(server.display(), {0, 0, 100, 100});
  window.name_owner(::getpid());
  auto desktop = open_x11_desktop({.display = server.display()});
  ASSERT_EQ(desktop->windows().size(), 1U);
  EXPECT_TRUE(desktop->windows()[0].ours);
  window.name_owner(1);
  EXPECT_FALSE(desktop->windows()[0].ours);
}

TEST(X11Windows, WithoutAWindowManagerTheyAreStillListedAndFocused) {
  TestServer server;
  Process xterm = server.start({"xterm", "-T", "alone", "-e", "cat"});
  auto desktop = open_x11_desktop({.display = server.display()});
  const auto window = window_titled(*desktop, "alone");
  ASSERT_TRUE(window);
  EXPECT_FALSE(window->popup);
  EXPECT_TRUE(desktop->focus(window->id));
}

}  // namespace
}  // namespace deskhand
