#include "platform/x11/connection.h"

#include <X11/Xutil.h>
#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "platform/x11/authority.h"

namespace deskhand::x11 {
namespace {

/// Marks our entry in a display's extension data; Xlib calls it when it frees the entry, which owns nothing.
int keep_private(XExtData*) {
  return 0;
}

}  // namespace

Connection::Connection(const X11Options& options) : name_(options.display) {
  if (name_.empty()) {
    const char* value = std::getenv("DISPLAY");
    name_ = value != nullptr ? value : "";
  }
  if (name_.empty()) {
    const char* wayland = std::getenv("WAYLAND_DISPLAY");
    throw DesktopError(wayland != nullptr && *wayland != '\0'
                           ? "this is a Wayland session without an X display: log in to an X11 session, or use "
                             "--new-display for a private one"
                           : "no display: DISPLAY is not set");
  }
  XInitThreads();
  XSetErrorHandler(on_error);
  XSetIOErrorHandler(on_io_error);
  display_ = open_with_authority(name_, options.authority);
  if (display_ == nullptr) {
    throw DesktopError(
        fmt::format("cannot open the display \"{}\": no X server answers there, or it refuses us", name_));
  }
  XSetIOErrorExitHandler(display_, on_io_exit, this);
  if (const XExtCodes* codes = XAddExtension(display_)) {
    auto* entry = static_cast<XExtData*>(std::calloc(1, sizeof(XExtData)));  // Xlib frees it
    entry->number = codes->extension;
    entry->private_data = reinterpret_cast<XPointer>(this);
    entry->free_private = keep_private;
    XEDataObject object;
    object.display = display_;
    XAddToExtensionList(XEHeadOfExtensionList(object), entry);
  }
  screen_ = DefaultScreen(display_);
  root_ = RootWindow(display_, screen_);
}

Connection::~Connection() {
  XCloseDisplay(display_);
}

::Display* Connection::get() const {
  if (lost_) throw DesktopError(fmt::format("the display \"{}\" went away", name_));
  return display_;
}

Atom Connection::atom(const std::string& name) {
  const auto found = atoms_.find(name);
  if (found != atoms_.end()) return found->second;
  const Atom atom = XInternAtom(get(), name.c_str(), 0);
  get();
  return atoms_[name] = atom;
}

ScreenRect Connection::bounds() const {
  ::Window root = 0;
  int x = 0, y = 0;
  unsigned width = 0, height = 0, border = 0, depth = 0;
  XGetGeometry(get(), root_, &root, &x, &y, &width, &height, &border, &depth);
  get();
  return {0, 0, static_cast<int>(width), static_cast<int>(height)};
}

void Connection::sync() const {
  XSync(get(), 0);
  get();
}

std::string Connection::error_of(const std::function<void()>& requests) {
  sync();
  {
    const std::lock_guard lock(error_mutex_);
    first_error_.clear();
  }
  requests();
  sync();
  const std::lock_guard lock(error_mutex_);
  return std::exchange(first_error_, {});
}

void Connection::pump(std::chrono::milliseconds patience) {
  if (XPending(get()) == 0 && patience.count() > 0) {
    pollfd waiting{.fd = ConnectionNumber(display_), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(patience.count()));
  }
  dispatch_pending();
}

void Connection::dispatch_pending() {
  while (XPending(get()) > 0) {
    XEvent event;
    XNextEvent(display_, &event);
    get();
    for (const auto& listener : listeners_) listener(event);
  }
  get();
}

Connection* Connection::find(::Display* display) {
  XEDataObject object;
  object.display = display;
  for (const XExtData* entry = *XEHeadOfExtensionList(object); entry != nullptr; entry = entry->next) {
    if (entry->free_private == keep_private) return reinterpret_cast<Connection*>(entry->private_data);
  }
  return nullptr;
}

int Connection::on_error(::Display* display, XErrorEvent* event) {
  Connection* self = find(display);
  if (self == nullptr) return 0;
  char text[128] = "";
  XGetErrorText(display, event->error_code, text, sizeof text);
  const std::lock_guard lock(self->error_mutex_);
  if (self->first_error_.empty()) {
    self->first_error_ = fmt::format("{} (request {}.{}, resource 0x{:x})", text, event->request_code,
                                     event->minor_code, event->resourceid);
  }
  return 0;
}

int Connection::on_io_error(::Display*) {
  return 0;
}

void Connection::on_io_exit(::Display*, void* self) {
  static_cast<Connection*>(self)->lost_ = true;
}

}  // namespace deskhand::x11
