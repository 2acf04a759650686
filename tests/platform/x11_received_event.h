#pragma once
// What an X client makes of the input it receives.
//
//   if (auto received = received_event(event)) names.push_back(received->name);

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <xkbcommon/xkbcommon.h>

#include <optional>
#include <string>

#include "platform/geometry.h"

namespace deskhand::testing {

struct ReceivedEvent {
  int kind = 0;         ///< ButtonPress, KeyPress, MotionNotify…
  ScreenPoint at{};     ///< on the screen
  unsigned detail = 0;  ///< button or keycode
  unsigned state = 0;   ///< modifiers before it
  unsigned long time = 0;
  std::string name;  ///< keysym of a key, as the client decodes it
  std::string text;  ///< characters of a key
};

/// A button, motion or key event as the client decodes it; nothing for other events.
inline std::optional<ReceivedEvent> received_event(XEvent& event) {
  ReceivedEvent received{.kind = event.type, .name = {}, .text = {}};
  if (event.type == ButtonPress || event.type == ButtonRelease) {
    received.at = {event.xbutton.x_root, event.xbutton.y_root};
    received.detail = event.xbutton.button;
    received.state = event.xbutton.state;
    received.time = event.xbutton.time;
    return received;
  }
  if (event.type == MotionNotify) {
    received.at = {event.xmotion.x_root, event.xmotion.y_root};
    received.state = event.xmotion.state;
    received.time = event.xmotion.time;
    return received;
  }
  if (event.type != KeyPress && event.type != KeyRelease) return std::nullopt;
  received.detail = event.xkey.keycode;
  received.state = event.xkey.state;
  char text[32] = "";
  KeySym symbol = 0;
  XLookupString(&event.xkey, text, sizeof text, &symbol, nullptr);
  xkb_keysym_get_name(static_cast<xkb_keysym_t>(symbol), text, sizeof text);
  received.name = text;
  text[0] = 0;
  xkb_keysym_to_utf8(static_cast<xkb_keysym_t>(symbol), text, sizeof text);
  if (event.type == KeyPress) received.text = text;
  return received;
}

}  // namespace deskhand::testing
