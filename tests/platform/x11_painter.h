#pragma once
// A window of another X client that paints rectangles: the oracle of capture and of changes.
//
//   Painter painter(server.display(), {10, 20, 790, 590});      // background #204060
//   painter.fill({0, 0, 1, 1}, 0xff0000);                       // within the window; done when it returns

#include <X11/Xlib.h>
#include <X11/extensions/Xrandr.h>

#include <stdexcept>
#include <string>

#include "platform/geometry.h"

namespace deskhand::testing {

class Painter {
 public:
  Painter(const std::string& display, const ScreenRect& box) : display_(XOpenDisplay(display.c_str())) {
    if (display_ == nullptr) throw std::runtime_error("cannot open " + display);
    XSetWindowAttributes attributes{};
    attributes.override_redirect = 1;
    attributes.background_pixel = 0x204060;
    attributes.event_mask = ExposureMask;
    window_ = XCreateWindow(display_, DefaultRootWindow(display_), box.x0, box.y0, box.width(), box.height(), 0,
                            CopyFromParent, InputOutput, CopyFromParent, CWOverrideRedirect | CWBackPixel | CWEventMask,
                            &attributes);
    XMapRaised(display_, window_);
    XEvent event;
    XWindowEvent(display_, window_, ExposureMask, &event);
    context_ = XCreateGC(display_, window_, 0, nullptr);
    XSync(display_, 0);
  }
  ~Painter() {
    XFreeGC(display_, context_);
    XCloseDisplay(display_);
  }
  Painter(const Painter&) = delete;
  Painter& operator=(const Painter&) = delete;

  void fill(const ScreenRect& box, unsigned long color) {
    XSetForeground(display_, context_, color);
    XFillRectangle(display_, window_, context_, box.x0, box.y0, box.width(), box.height());
    XSync(display_, 0);
  }

 private:
  ::Display* display_;
  ::Window window_ = 0;
  ::GC context_ = nullptr;
};

/// Gives the screen another size, as a user who changes the resolution does.
inline bool resize_screen(const std::string& display_name, int width, int height) {
  ::Display* display = XOpenDisplay(display_name.c_str());
  if (display == nullptr) return false;
  const ::Window root = DefaultRootWindow(display);
  XRRScreenResources* resources = XRRGetScreenResources(display, root);
  XRRModeInfo info{};
  std::string name = "small";
  info.width = info.hSyncStart = info.hSyncEnd = info.hTotal = width;
  info.height = info.vSyncStart = info.vSyncEnd = info.vTotal = height;
  info.dotClock = 60UL * width * height;
  info.name = name.data();
  info.nameLength = name.size();
  const RRMode mode = XRRCreateMode(display, root, &info);
  RROutput output = resources->outputs[0];
  const RRCrtc monitor = resources->crtcs[0];
  XRRAddOutputMode(display, output, mode);
  XRRSetCrtcConfig(display, resources, monitor, CurrentTime, 0, 0, 0, RR_Rotate_0, nullptr, 0);
  XRRSetScreenSize(display, root, width, height, width / 4, height / 4);
  const int status = XRRSetCrtcConfig(display, resources, monitor, CurrentTime, 0, 0, mode, RR_Rotate_0, &output, 1);
  XRRFreeScreenResources(resources);
  XCloseDisplay(display);
  return status == RRSetConfigSuccess;
}

/// Adds a monitor of this name.
inline void name_monitor(const std::string& display_name, const char* name) {
  ::Display* display = XOpenDisplay(display_name.c_str());
  XRRMonitorInfo* monitor = XRRAllocateMonitor(display, 0);
  monitor->name = XInternAtom(display, name, 0);
  monitor->width = monitor->height = 100;
  monitor->mwidth = monitor->mheight = 25;
  XRRSetMonitor(display, DefaultRootWindow(display), monitor);
  XRRFreeMonitors(monitor);
  XCloseDisplay(display);
}

}  // namespace deskhand::testing
