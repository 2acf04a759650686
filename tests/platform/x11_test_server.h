#pragma once
// A throwaway X server for a test, with a window manager on request, and patience for what happens in it.
//
//   TestServer server({.window_manager = true});
//   Process xterm = server.start({"xterm"});
//   auto desktop = open_x11_desktop({.display = server.display()});
//   ASSERT_TRUE(eventually([&] { return !desktop->windows().empty(); }));

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "platform/desktop.h"
#include "platform/process.h"
#include "platform/x11/properties.h"
#include "tests/support/test_data.h"

namespace deskhand::testing {

using namespace std::chrono_literals;

/// Polls: machines may be busy, so nothing sleeps for a fixed time.
inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience = 15s) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

struct TestServerOptions {
  int width = 800, height = 600;
  bool window_manager = false;
  std::string layout = "us";
};

class TestServer {
 public:
  explicit TestServer(const TestServerOptions& options = {}) {
    const std::string size = std::to_string(options.width) + "x" + std::to_string(options.height) + "x24";
    server_.emplace(
        ProcessOptions{.argv = {"Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp", "-noreset"},
                       .output = Stream::pipe,
                       .log = home_.path() / "log",
                       .die_with_parent = true});
    const auto number = server_->read_line(20s);
    if (!number) throw std::runtime_error("Xvfb does not start");
    display_ = fmt::format(":{}", *number);
    environment_ = current_environment();
    environment_["DISPLAY"] = display_;
    environment_["HOME"] = home_.path();
    environment_.insert_or_assign("LC_ALL", std::string("C.UTF-8"));
    environment_.insert_or_assign("NO_AT_BRIDGE", std::string("1"));
    environment_.erase("GTK_MODULES");
    for (const char* name : {"XAUTHORITY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "DBUS_SESSION_BUS_ADDRESS"}) {
      environment_.erase(name);
    }
    if (options.layout != "us") {
      run_process({.argv = {"setxkbmap", "-layout", options.layout}, .environment = environment_}, {});
    }
    if (options.window_manager) {
      manager_.emplace(start({"openbox"}));
      x11::Connection connection({.display = display_});
      if (!eventually([&] { return x11::has_window_manager(connection); })) throw std::runtime_error("no openbox");
    }
  }

  const std::string& display() const { return display_; }
  const std::filesystem::path& home() const { return home_.path(); }
  Environment& environment() { return environment_; }

  Process start(std::vector<std::string> argv, Stream output = Stream::null) {
    return Process({.argv = std::move(argv),
                    .environment = environment_,
                    .folder = home_.path(),
                    .output = output,
                    .log = home_.path() / "log",
                    .die_with_parent = true});
  }

  void kill() { server_->terminate(2s); }

 private:
  TemporaryFolder home_;
  Environment environment_;
  std::string display_;
  std::optional<Process> server_, manager_;
};

/// The first window whose title is this, once it is on screen.
inline std::optional<Window> window_titled(Desktop& desktop, const std::string& title) {
  std::optional<Window> found;
  eventually([&] {
    for (const Window& window : desktop.windows()) {
      if (window.title == title) found = window;
    }
    return found.has_value();
  });
  return found;
}

}  // namespace deskhand::testing
