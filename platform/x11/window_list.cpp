#include "platform/x11/window_list.h"

#include <X11/Xatom.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>

#include "platform/process_info.h"
#include "platform/x11/properties.h"

namespace deskhand::x11 {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds focus_patience{2000};
constexpr size_t most_windows = 512;

/// WM_CLASS of terminal emulators, in lower case: either its instance or its class.
constexpr std::array<std::string_view, 38> terminals = {
    "xterm",
    "uxterm",
    "koi8rxterm",
    "urxvt",
    "rxvt",
    "gnome-terminal",
    "konsole",
    "xfce4-terminal",
    "lxterminal",
    "mate-terminal",
    "terminator",
    "tilix",
    "alacritty",
    "kitty",
    "st",
    "st-256color",
    "wezterm",
    "foot",
    "qterminal",
    "terminology",
    "guake",
    "tilda",
    "yakuake",
    "sakura",
    "eterm",
    "hyper",
    "ghostty",
    "ptyxis",
    "kgx",
    "blackbox",
    "contour",
    "gnome-console",
    "org.gnome.console",
    "deepin-terminal",
    "cool-retro-term",
    "rio",
    "warp",
    "zutty",
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_terminal(const std::string& class_name) {
  std::string name = lower(class_name);
  if (std::find(terminals.begin(), terminals.end(), name) != terminals.end()) return true;
  if (name.ends_with("-server")) name.resize(name.size() - 7);  // gnome-terminal-server
  return std::any_of(terminals.begin(), terminals.end(), [&](std::string_view known) {
    return name == known || (name.size() > known.size() && name.ends_with(known) &&
                             name[name.size() - known.size() - 1] == '.');  // org.wezfurlong.wezterm
  });
}

}  // namespace

WindowList::WindowList(Connection& connection)
    : connection_(connection), own_processes_(process_ancestors(::getpid())) {
  std::erase(own_processes_, 1);  // the first process is everybody's ancestor
  if (const char* id = std::getenv("WINDOWID")) own_terminal_ = std::strtoul(id, nullptr, 10);
}

std::vector<Window> WindowList::read() {
  const ::Window active_window = active();
  const std::vector<Child> children = visible_children();  // topmost first
  std::vector<::Window> managed_tops;
  std::vector<std::pair<size_t, Window>> found;  // with the place in the stack
  const auto place_of = [&](::Window top) {
    return static_cast<size_t>(std::ranges::find(children, top, &Child::id) - children.begin());
  };
  for (const ::Window client : clients()) {
    const ::Window top = top_level_of(client);
    managed_tops.push_back(top);
    ScreenRect box;
    if (!viewable(client, &box)) continue;  // minimised, or on another desktop
    Window window = describe(client, box);
    window.active = client == active_window;
    found.emplace_back(place_of(top), std::move(window));
  }
  const ScreenRect screen = connection_.bounds();
  for (const Child& child : children) {
    if (!child.override_redirect || std::ranges::find(managed_tops, child.id) != managed_tops.end()) continue;
    if (child.box.width() <= 1 || child.box.height() <= 1 || child.box.intersect(screen).empty()) continue;
    if (is_tooltip(child.id)) continue;
    Window window = describe(child.id, child.box);
    window.popup = true;
    found.emplace_back(place_of(child.id), std::move(window));
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Window> result;
  for (auto& [place, window] : found) result.push_back(std::move(window));
  return result;
}

/// A tooltip goes as soon as the pointer moves: no target, and nothing is hidden by it for long.
bool WindowList::is_tooltip(::Window window) {
  const auto types = property_values(connection_, window, "_NET_WM_WINDOW_TYPE");
  return std::ranges::find(types, connection_.atom("_NET_WM_WINDOW_TYPE_TOOLTIP")) != types.end();
}

/// Viewable children of the root, topmost first, input-only ones left out.
std::vector<WindowList::Child> WindowList::visible_children() {
  ::Window root = 0, parent = 0, *ids = nullptr;
  unsigned count = 0;
  XQueryTree(connection_.get(), connection_.root(), &root, &parent, &ids, &count);
  const std::unique_ptr<::Window, decltype(&XFree)> owner(ids, &XFree);
  connection_.get();
  std::vector<Child> children;
  for (unsigned i = count; i-- > 0;) {
    XWindowAttributes a{};
    if (XGetWindowAttributes(connection_.get(), ids[i], &a) == 0) continue;
    if (a.map_state != IsViewable || a.c_class != InputOutput) continue;
    children.push_back({.id = ids[i],
                        .override_redirect = a.override_redirect != 0,
                        .box = {a.x, a.y, a.x + a.width + 2 * a.border_width, a.y + a.height + 2 * a.border_width}});
  }
  connection_.get();
  return children;
}

/// Managed windows; without a window manager, the ordinary children of the root.
std::vector<::Window> WindowList::clients() {
  std::vector<::Window> list = property_values(connection_, connection_.root(), "_NET_CLIENT_LIST_STACKING");
  if (list.empty()) list = property_values(connection_, connection_.root(), "_NET_CLIENT_LIST");
  if (list.empty() && !has_window_manager(connection_)) {
    for (const Child& child : visible_children()) {
      if (!child.override_redirect) list.push_back(child.id);
    }
  }
  if (list.size() > most_windows) list.resize(most_windows);
  return list;
}

::Window WindowList::top_level_of(::Window window) {
  for (int depth = 0; depth < 16; ++depth) {
    ::Window root = 0, parent = 0, *children = nullptr;
    unsigned count = 0;
    if (XQueryTree(connection_.get(), window, &root, &parent, &children, &count) == 0) break;
    if (children != nullptr) XFree(children);
    if (parent == connection_.root() || parent == 0) break;
    window = parent;
  }
  connection_.get();
  return window;
}

::Window WindowList::active() {
  const auto window = property_value(connection_, connection_.root(), "_NET_ACTIVE_WINDOW");
  return window ? static_cast<::Window>(*window) : focused_client(connection_);
}

/// Whether it is on screen, and where its visible client area lies (without the shadow that GTK draws into it).
bool WindowList::viewable(::Window id, ScreenRect* box) {
  XWindowAttributes a{};
  if (XGetWindowAttributes(connection_.get(), id, &a) == 0 || a.map_state != IsViewable) return false;
  int x = 0, y = 0;
  ::Window child = 0;
  if (XTranslateCoordinates(connection_.get(), id, connection_.root(), 0, 0, &x, &y, &child) == 0) return false;
  connection_.get();
  *box = {x, y, x + a.width, y + a.height};
  const auto shadow = property_values(connection_, id, "_GTK_FRAME_EXTENTS");  // left, right, top, bottom
  if (shadow.size() == 4 && std::ranges::all_of(shadow, [](unsigned long side) { return side < 256; })) {
    const ScreenRect inner{box->x0 + static_cast<int>(shadow[0]), box->y0 + static_cast<int>(shadow[2]),
                           box->x1 - static_cast<int>(shadow[1]), box->y1 - static_cast<int>(shadow[3])};
    if (!inner.empty()) *box = inner;
  }
  return true;
}

Window WindowList::describe(::Window id, const ScreenRect& box) {
  Window window{.id = id, .box = box};
  window.title = property_text(connection_, id, "_NET_WM_NAME");
  if (window.title.empty()) window.title = property_text(connection_, id, "WM_NAME");
  window.pid = static_cast<int>(property_value(connection_, id, "_NET_WM_PID").value_or(0));
  const std::string classes = property_text(connection_, id, "WM_CLASS", true);  // "instance\0class\0"
  const std::string instance = classes.substr(0, classes.find('\0'));
  const std::string class_name = classes.size() > instance.size() ? classes.substr(instance.size() + 1).c_str() : "";
  window.application = !class_name.empty() ? class_name : window.pid > 0 ? process_name(window.pid) : instance;
  window.terminal = is_terminal(class_name) || is_terminal(instance);
  const auto types = property_values(connection_, id, "_NET_WM_WINDOW_TYPE");
  window.dialog = property_value(connection_, id, "WM_TRANSIENT_FOR").has_value() ||
                  std::ranges::find(types, connection_.atom("_NET_WM_WINDOW_TYPE_DIALOG")) != types.end();
  window.ours = id == own_terminal_ ||
                std::find(own_processes_.begin(), own_processes_.end(), window.pid) != own_processes_.end();
  return window;
}

bool WindowList::focus(WindowId id) {
  const auto window = static_cast<::Window>(id);
  const auto managed = clients();
  if (std::find(managed.begin(), managed.end(), window) == managed.end()) return false;
  const auto deadline = Clock::now() + focus_patience;
  for (int attempt = 0; Clock::now() < deadline; ++attempt) {
    if (active() == window && focused_client(connection_) == window) return true;
    if (attempt % 25 == 0) ask_window_manager(window);
    connection_.pump(milliseconds(0));
    ::usleep(20'000);
  }
  return false;
}

void WindowList::ask_window_manager(::Window window) {
  const auto supported = property_values(connection_, connection_.root(), "_NET_SUPPORTED");
  if (std::ranges::find(supported, connection_.atom("_NET_ACTIVE_WINDOW")) == supported.end()) {
    connection_.error_of([&] {
      XRaiseWindow(connection_.get(), window);
      XSetInputFocus(connection_.get(), window, RevertToPointerRoot, CurrentTime);
    });
    return;
  }
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = window;
  event.xclient.message_type = connection_.atom("_NET_ACTIVE_WINDOW");
  event.xclient.format = 32;
  event.xclient.data.l[0] = 2;  // source: a pager, which speaks for the user
  event.xclient.data.l[1] = CurrentTime;
  XSendEvent(connection_.get(), connection_.root(), False, SubstructureRedirectMask | SubstructureNotifyMask, &event);
  connection_.sync();
}

}  // namespace deskhand::x11
