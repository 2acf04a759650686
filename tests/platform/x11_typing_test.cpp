// Typing into real programs, whose own state is the oracle.

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "tests/platform/x11_test_server.h"

namespace deskhand {
namespace {

using namespace deskhand::testing;

constexpr char sample[] = "Zażółć gęślą jaźń — Привет 你好 🙂 ~^`´{}[]@€";

class Typing : public ::testing::TestWithParam<const char*> {};

TEST_P(Typing, ArrivesUnchangedInXterm) {
  TestServer server({.window_manager = true, .layout = GetParam()});
  Process xterm = server.start({"xterm", "-u8", "-T", "typing", "-e", "sh", "-c", "touch ready; cat > typed"});
  auto desktop = open_x11_desktop({.display = server.display()});
  const auto window = window_titled(*desktop, "typing");
  ASSERT_TRUE(window);
  ASSERT_TRUE(desktop->focus(window->id));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(server.home() / "ready"); }));
  desktop->type(std::string(sample) + "\n", {});
  desktop->key("ctrl+d");
  EXPECT_TRUE(eventually([&] { return !xterm.running(); }));
  EXPECT_EQ(read_file(server.home() / "typed"), std::string(sample) + "\n");
}

TEST_P(Typing, ArrivesUnchangedInGtk3Entry) {
  TestServer server({.window_manager = true, .layout = GetParam()});
  Process zenity = server.start({"zenity", "--entry", "--title", "typing"}, Stream::pipe);
  auto desktop = open_x11_desktop({.display = server.display()});
  const auto window = window_titled(*desktop, "typing");
  ASSERT_TRUE(window);
  ASSERT_TRUE(desktop->focus(window->id));
  desktop->wait_until_quiet({}, {});
  desktop->type(sample, {});
  desktop->key("Return");
  EXPECT_EQ(zenity.read_line(15s), sample);
}

TEST_P(Typing, ArrivesUnchangedInChromium) {
  TestServer server({.window_manager = true, .layout = GetParam()});
  const auto page = server.home() / "page.html";
  std::ofstream(page) << R"(<!doctype html><meta charset="utf-8"><title>start</title>
<input autofocus oninput="document.title = 'got ' + this.value" onfocus="document.title = 'focused'">
<script>document.querySelector('input').focus()</script>)";
  Process chromium = server.start({"chromium", "--no-sandbox", "--test-type", "--no-first-run", "--disable-gpu",
                                   "--password-store=basic", "--user-data-dir=" + (server.home() / "profile").string(),
                                   "--app=file://" + page.string()});
  auto desktop = open_x11_desktop({.display = server.display()});
  const auto window = window_titled(*desktop, "focused");
  ASSERT_TRUE(window);
  ASSERT_TRUE(desktop->focus(window->id));
  desktop->wait_until_quiet({}, {});  // the page is told of the focus some time after the window
  desktop->type(sample, {});
  EXPECT_TRUE(window_titled(*desktop, std::string("got ") + sample))
      << "the title is: " << desktop->windows().front().title;
}

TEST(TypingInto, AProgramThatHangsIsAnInputErrorAndTheDesktopGoesOn) {
  TestServer server({.window_manager = true});
  Process zenity = server.start({"zenity", "--entry", "--title", "typing"}, Stream::pipe);
  auto desktop = open_x11_desktop({.display = server.display()});
  const auto window = window_titled(*desktop, "typing");
  ASSERT_TRUE(window);
  ASSERT_TRUE(desktop->focus(window->id));
  desktop->wait_until_quiet({}, {});
  zenity.signal_group(SIGSTOP);
  EXPECT_THROW(desktop->type("ż", {}), InputError);  // not on the layout: the reader is waited for
  zenity.signal_group(SIGCONT);
  desktop->wait_until_quiet({}, {});
  desktop->key("ctrl+a");
  desktop->type(sample, {});
  desktop->key("Return");
  EXPECT_EQ(zenity.read_line(15s), sample);
}

INSTANTIATE_TEST_SUITE_P(Layouts, Typing, ::testing::Values("us", "de", "fr"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace deskhand
