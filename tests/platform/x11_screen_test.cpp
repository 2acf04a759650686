// What is captured, what is reported as changed, and when the screen counts as quiet.

#include <gtest/gtest.h>

#include "tests/platform/x11_painter.h"
#include "tests/platform/x11_test_server.h"

namespace deskhand {
namespace {

using namespace deskhand::testing;

std::vector<int> rgb(const Image& image, int x, int y) {
  const uint8_t* p = image.pixel(x, y);
  return {p[0], p[1], p[2]};
}

TEST(X11Capture, IsPixelForPixelWhatWasDrawn) {
  TestServer server({.width = 803, .height = 601});  // no multiple of four
  Painter painter(server.display(), {10, 20, 790, 590});
  painter.fill({0, 0, 1, 1}, 0xff0000);
  painter.fill({1, 0, 2, 1}, 0x00ff00);
  painter.fill({2, 0, 3, 1}, 0x0000ff);
  painter.fill({100, 100, 200, 150}, 0x123456);
  auto desktop = open_x11_desktop({.display = server.display()});
  const Image image = desktop->capture();
  ASSERT_EQ(image.bounds(), (ScreenRect{0, 0, 803, 601}));
  EXPECT_EQ(rgb(image, 10, 20), (std::vector<int>{255, 0, 0}));
  EXPECT_EQ(rgb(image, 11, 20), (std::vector<int>{0, 255, 0}));
  EXPECT_EQ(rgb(image, 12, 20), (std::vector<int>{0, 0, 255}));
  EXPECT_EQ(rgb(image, 110, 120), (std::vector<int>{0x12, 0x34, 0x56}));
  EXPECT_EQ(rgb(image, 209, 169), (std::vector<int>{0x12, 0x34, 0x56}));
  EXPECT_EQ(rgb(image, 210, 169), (std::vector<int>{0x20, 0x40, 0x60}));
  EXPECT_EQ(rgb(image, 789, 589), (std::vector<int>{0x20, 0x40, 0x60}));
  EXPECT_EQ(rgb(image, 802, 600), (std::vector<int>{0, 0, 0}));
}

TEST(X11Capture, ThePointerIsDrawnOnRequestOnly) {
  TestServer server;
  Painter painter(server.display(), {0, 0, 800, 600});
  auto desktop = open_x11_desktop({.display = server.display()});
  desktop->move_pointer({300, 200});
  const Image without = desktop->capture(false);
  const Image with = desktop->capture(true);
  int changed = 0;
  ScreenRect where;
  for (int y = 0; y < 600; ++y) {
    for (int x = 0; x < 800; ++x) {
      EXPECT_EQ(rgb(without, x, y), (std::vector<int>{0x20, 0x40, 0x60}));
      if (rgb(with, x, y) != rgb(without, x, y)) {
        ++changed;
        where = where.unite({x, y, x + 1, y + 1});
      }
    }
  }
  EXPECT_GT(changed, 10);
  EXPECT_TRUE((ScreenRect{270, 170, 330, 230}.intersect(where) == where));
}

TEST(X11Capture, FollowsTheSizeOfTheScreen) {
  TestServer server({.width = 1024, .height = 768});
  auto desktop = open_x11_desktop({.display = server.display()});
  EXPECT_EQ(desktop->capture().width, 1024);
  desktop->take_changes();
  ASSERT_TRUE(resize_screen(server.display(), 800, 600));
  EXPECT_EQ(desktop->capture().bounds(), (ScreenRect{0, 0, 800, 600}));
  EXPECT_EQ(desktop->bounds(), (ScreenRect{0, 0, 800, 600}));
  EXPECT_EQ(desktop->monitors(), std::vector<ScreenRect>{(ScreenRect{0, 0, 800, 600})});
  EXPECT_EQ(desktop->take_changes(), std::vector<ScreenRect>{(ScreenRect{0, 0, 800, 600})});
}

TEST(X11Changes, AreTheRectanglesThatWereDrawn) {
  TestServer server;
  Painter painter(server.display(), {0, 0, 800, 600});
  auto desktop = open_x11_desktop({.display = server.display()});
  EXPECT_EQ(desktop->take_changes(), std::vector<ScreenRect>{(ScreenRect{0, 0, 800, 600})}) << "all, the first time";
  EXPECT_TRUE(desktop->take_changes().empty());
  painter.fill({100, 100, 140, 120}, 0xffffff);
  painter.fill({500, 400, 510, 405}, 0xffffff);
  std::vector<ScreenRect> changes = desktop->take_changes();
  std::ranges::sort(changes, {}, &ScreenRect::x0);
  EXPECT_EQ(changes, (std::vector<ScreenRect>{{100, 100, 140, 120}, {500, 400, 510, 405}}));
  desktop->move_pointer({700, 500});
  EXPECT_TRUE(desktop->take_changes().empty()) << "the pointer is no change";
  for (int i = 0; i < 200; ++i) painter.fill({(i % 20) * 40, (i / 20) * 60, (i % 20) * 40 + 5, (i / 20) * 60 + 5}, i);
  EXPECT_LE(desktop->take_changes().size(), 32U) << "many small ones become few";
}

TEST(X11Quiet, ComesAfterTheLastChange) {
  TestServer server;
  Painter painter(server.display(), {0, 0, 800, 600});
  auto desktop = open_x11_desktop({.display = server.display()});
  std::jthread busy([&] {
    for (int i = 0; i < 10; ++i) {
      painter.fill({0, 0, 10, 10}, i);
      std::this_thread::sleep_for(30ms);
    }
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(desktop->wait_until_quiet({.quiet = 250ms, .cap = 10s}, {}));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 500ms);
  EXPECT_FALSE(desktop->take_changes().empty()) << "waiting takes no changes away";
}

TEST(X11Quiet, ABlinkingThingMeetsTheCapAndAStopEndsTheWait) {
  TestServer server;
  Painter painter(server.display(), {0, 0, 800, 600});
  auto desktop = open_x11_desktop({.display = server.display()});
  std::jthread blinking([&](const std::stop_token& end) {
    for (int i = 0; !end.stop_requested(); ++i) {
      painter.fill({0, 0, 10, 10}, i);
      std::this_thread::sleep_for(20ms);
    }
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(desktop->wait_until_quiet({.quiet = 400ms, .cap = 600ms}, {}));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 590ms);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = std::chrono::steady_clock::now();
  EXPECT_FALSE(desktop->wait_until_quiet({.quiet = 400ms, .cap = 30s}, stop.get_token()));
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, 5s);
}

TEST(X11Lost, AServerThatIsKilledBecomesAnErrorAndWeLiveOn) {
  TestServer server;
  auto desktop = open_x11_desktop({.display = server.display()});
  desktop->capture();
  std::jthread killer([&] {
    std::this_thread::sleep_for(100ms);
    server.kill();
  });
  EXPECT_THROW(desktop->type(std::string(50'000, 'x') + "ż", {}), DesktopError);
  killer.join();
  EXPECT_THROW(desktop->capture(), DesktopError);
  EXPECT_THROW(desktop->bounds(), DesktopError);
  EXPECT_THROW(desktop->take_changes(), DesktopError);
  EXPECT_THROW(desktop->wait_until_quiet({}, {}), DesktopError);
  EXPECT_THROW(desktop->click({1, 1}, MouseButton::left, 1, 0), DesktopError);
  EXPECT_THROW(desktop->key("Return"), DesktopError);
  EXPECT_THROW(desktop->windows(), DesktopError);
  EXPECT_THROW(desktop->monitors(), DesktopError);
  EXPECT_NO_THROW(desktop->release_all());
  EXPECT_NO_THROW(desktop.reset());
}

TEST(X11Lost, WhatCannotBeOpenedSaysWhy) {
  EXPECT_THROW(open_x11_desktop({.display = ":98765"}), DesktopError);
  const char* before = std::getenv("DISPLAY");
  const std::string kept = before != nullptr ? before : "";
  ::unsetenv("DISPLAY");
  EXPECT_THROW(open_x11_desktop({}), DesktopError);
  ::setenv("WAYLAND_DISPLAY", "wayland-0", 1);
  try {
    open_x11_desktop({});
    ADD_FAILURE() << "there is no display";
  } catch (const DesktopError& error) {
    EXPECT_NE(std::string(error.what()).find("Wayland"), std::string::npos) << error.what();
  }
  TestServer server;  // an X server that is not Xwayland serves although the session is Wayland's
  EXPECT_NO_THROW(open_x11_desktop({.display = server.display()}));
  name_monitor(server.display(), "XWAYLAND0");
  EXPECT_THROW(open_x11_desktop({.display = server.display()}), DesktopError);
  ::unsetenv("WAYLAND_DISPLAY");
  if (before != nullptr) ::setenv("DISPLAY", kept.c_str(), 1);
}

}  // namespace
}  // namespace deskhand
