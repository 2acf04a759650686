#include "platform/private_display.h"

#include <gtest/gtest.h>
#include <fstream>
#include <iterator>

#include "tests/platform/x11_test_server.h"

namespace deskhand {
namespace {

using namespace deskhand::testing;

/// Processes whose environment or command line speaks of this folder.
int processes_of(const std::filesystem::path& folder) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "environ");
    const std::string environment{std::istreambuf_iterator<char>(in), {}};
    count += environment.find("XAUTHORITY=" + folder.string()) != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST(PrivateDisplay, ShowsProgramsToUsAndEndsWithEverythingInIt) {
  std::filesystem::path folder;
  {
    PrivateDisplay display({.width = 640, .height = 480, .private_home = true});
    folder = display.folder();
    auto desktop = open_x11_desktop(display.x11_options());
    EXPECT_EQ(desktop->bounds(), (ScreenRect{0, 0, 640, 480}));
    Process zenity({.argv = {"zenity", "--info", "--title", "hello", "--text", "hi"},
                    .environment = display.environment(),
                    .log = folder / "log"});
    const auto window = window_titled(*desktop, "hello");
    ASSERT_TRUE(window);
    EXPECT_EQ(window->pid, zenity.pid());
    EXPECT_TRUE(display.alive());
    EXPECT_GE(processes_of(folder), 4);
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_TRUE(eventually([&] { return processes_of(folder) == 0; })) << "left: " << processes_of(folder);
}

TEST(PrivateDisplay, AccessibilityIsSwitchedOnBeforeTheFirstProgram) {
  PrivateDisplay display({.width = 640, .height = 480});
  const ProcessResult asked =
      run_process({.argv = {"dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus", "/org/a11y/bus",
                            "org.freedesktop.DBus.Properties.Get", "string:org.a11y.Status", "string:IsEnabled"},
                   .environment = display.environment(),
                   .output = Stream::pipe},
                  {.timeout = 10s});
  EXPECT_NE(asked.output.find("boolean true"), std::string::npos) << asked.output;
  EXPECT_FALSE(display.session_bus().empty());
}

TEST(PrivateDisplay, OnlyTheCookieOpensIt) {
  PrivateDisplay display({.width = 640, .height = 480, .window_manager = false, .accessibility = false});
  EXPECT_NO_THROW(open_x11_desktop(display.x11_options()));
  EXPECT_THROW(open_x11_desktop({.display = display.name(), .authority = "/dev/null"}), DesktopError);
  const auto mode = std::filesystem::status(display.folder() / "Xauthority").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(PrivateDisplay, EndsOnExceptionsAndRefusesSillySizes) {
  std::filesystem::path folder;
  try {
    PrivateDisplay display({.width = 640, .height = 480, .accessibility = false});
    folder = display.folder();
    throw std::runtime_error("in mid-task");
  } catch (const std::runtime_error&) {
  }
  EXPECT_TRUE(eventually([&] { return processes_of(folder) == 0; }));
  EXPECT_THROW(PrivateDisplay({.width = 1, .height = 1}), DesktopError);
}

}  // namespace
}  // namespace deskhand
