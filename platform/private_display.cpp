#include "platform/private_display.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "platform/x11/authority.h"
#include "platform/x11/properties.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto start_patience = 20s;  ///< for each server; a busy machine is slow

/// A folder for this display; removed at the end if we made it.
class Folder {
 public:
  explicit Folder(const fs::path& wanted) : path_(wanted), own_(wanted.empty()) {
    if (own_) {
      std::string pattern = (fs::temp_directory_path() / "deskhand-display-").string() + std::string(6, 'X');
      if (::mkdtemp(pattern.data()) == nullptr) throw DesktopError(fmt::format("cannot make a folder {}", pattern));
      path_ = pattern;
    } else {
      fs::create_directories(path_);
      path_ = fs::absolute(path_);
    }
    fs::permissions(path_, fs::perms::owner_all);
  }
  ~Folder() {
    std::error_code ignored;
    if (own_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool own_;
};

bool poll_until(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + start_patience;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

}  // namespace

/// Members end in the reverse order: programs before the buses, the X server after its clients, the folder last.
struct PrivateDisplay::State {
  explicit State(const PrivateDisplayOptions& options) : folder(options.folder) {}

  Process start(std::vector<std::string> argv, Stream output) {
    try {
      return Process({.argv = std::move(argv),
                      .environment = environment,
                      .folder = folder.path(),
                      .output = output,
                      .log = folder.path() / "log",
                      .die_with_parent = true});
    } catch (const ProcessError& error) {
      throw DesktopError(fmt::format("a private display needs xvfb, openbox, dbus and at-spi2-core: {}", error.what()));
    }
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw DesktopError(fmt::format("{} (its messages were in {})", what, (folder.path() / "log").string()));
  }

  void start_server(const PrivateDisplayOptions& options);
  void start_window_manager();
  void start_buses();
  void make_environment(const PrivateDisplayOptions& options);

  Folder folder;
  Environment environment;
  std::string name, bus_address;
  std::optional<Process> server, session_bus, accessibility_bus, window_manager;
};

void PrivateDisplay::State::make_environment(const PrivateDisplayOptions& options) {
  environment = current_environment();
  for (const char* foreign : {"DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_SESSION_ID", "SESSION_MANAGER",
                              "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS", "NO_AT_BRIDGE", "WINDOWID"}) {
    environment.erase(foreign);
  }
  const auto make = [&](const char* variable, const char* sub) {
    const fs::path path = folder.path() / sub;
    fs::create_directories(path);
    fs::permissions(path, fs::perms::owner_all);
    environment[variable] = path;
  };
  const auto set = [&](const char* variable, std::string value) {
    environment.insert_or_assign(variable, std::move(value));
  };
  environment["XAUTHORITY"] = folder.path() / "Xauthority";
  set("GDK_BACKEND", "x11");
  set("QT_QPA_PLATFORM", "xcb");
  make("XDG_RUNTIME_DIR", "run");  // the buses keep their sockets here
  if (options.accessibility) {
    set("GTK_MODULES", "gail:atk-bridge");
    set("NO_AT_BRIDGE", "0");
    set("QT_LINUX_ACCESSIBILITY_ALWAYS_ON", "1");
  } else {
    set("NO_AT_BRIDGE", "1");
  }
  if (!options.private_home) return;
  make("HOME", "home");
  make("XDG_CONFIG_HOME", "home/.config");
  make("XDG_CACHE_HOME", "home/.cache");
  make("XDG_DATA_HOME", "home/.local/share");
  set("GSETTINGS_BACKEND", "memory");
}

void PrivateDisplay::State::start_server(const PrivateDisplayOptions& options) {
  x11::write_authority(folder.path() / "Xauthority");
  const std::string size = fmt::format("{}x{}x24", options.width, options.height);
  server.emplace(start({"Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp", "-noreset", "-auth",
                        environment.at("XAUTHORITY")},
                       Stream::pipe));
  const std::optional<std::string> number = server->read_line(start_patience);
  if (!number || number->empty()) fail("Xvfb does not start");
  name = fmt::format(":{}", *number);
  environment["DISPLAY"] = name;
}

void PrivateDisplay::State::start_window_manager() {
  window_manager.emplace(start({"openbox"}, Stream::null));
  x11::Connection connection({.display = name, .authority = environment.at("XAUTHORITY")});
  // Windows that are mapped while it takes over may be lost: nobody starts before it is ready.
  if (!poll_until([&] { return x11::has_window_manager(connection) || !window_manager->running(); }) ||
      !window_manager->running()) {
    fail("the window manager openbox does not start");
  }
}

void PrivateDisplay::State::start_buses() {
  session_bus.emplace(start({"dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1",
                             "--address=unix:path=" + (folder.path() / "run" / "bus").string()},
                            Stream::pipe));
  const std::optional<std::string> address = session_bus->read_line(start_patience);
  if (!address || address->empty()) fail("the session bus dbus-daemon does not start");
  bus_address = *address;
  environment["DBUS_SESSION_BUS_ADDRESS"] = bus_address;

  for (const char* launcher : {"/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher"}) {
    if (!fs::exists(launcher)) continue;
    accessibility_bus.emplace(start({launcher, "--launch-immediately"}, Stream::null));
    break;
  }
  if (!accessibility_bus) fail("the accessibility bus at-spi-bus-launcher (package at-spi2-core) is not installed");
  // Programs ask IsEnabled when they start, so it must hold before the first of them.
  const ProcessOptions enable{.argv = {"dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus",
                                       "/org/a11y/bus", "org.freedesktop.DBus.Properties.Set", "string:org.a11y.Status",
                                       "string:IsEnabled", "variant:boolean:true"},
                              .environment = environment,
                              .output = Stream::pipe,
                              .error = Stream::pipe};
  if (!poll_until([&] { return run_process(enable, {.timeout = 5s}).code == 0; })) {
    fail("the accessibility bus does not answer");
  }
}

PrivateDisplay::PrivateDisplay(const PrivateDisplayOptions& options) : state_(std::make_unique<State>(options)) {
  if (options.width < 64 || options.height < 64 || options.width > 16'384 || options.height > 16'384) {
    throw DesktopError(
        fmt::format("a private display of {}×{}: expected 64 to 16384 pixels a side", options.width, options.height));
  }
  state_->make_environment(options);
  state_->start_server(options);
  if (options.accessibility) state_->start_buses();
  if (options.window_manager) state_->start_window_manager();
}

PrivateDisplay::~PrivateDisplay() = default;

const std::string& PrivateDisplay::name() const {
  return state_->name;
}
X11Options PrivateDisplay::x11_options() const {
  return {.display = state_->name, .authority = state_->environment.at("XAUTHORITY")};
}
const Environment& PrivateDisplay::environment() const {
  return state_->environment;
}
const fs::path& PrivateDisplay::folder() const {
  return state_->folder.path();
}
std::string PrivateDisplay::session_bus() const {
  return state_->bus_address;
}

bool PrivateDisplay::alive() {
  return state_->server->running() && (!state_->window_manager || state_->window_manager->running());
}

}  // namespace deskhand
