#pragma once
// The keyboard as another X client sees and changes it: the oracle of what typing leaves behind.
//
//   KeyboardState keyboard(server.display());
//   const std::string before = keyboard.keyboard_map();
//   desktop->type("ż", {});
//   EXPECT_EQ(keyboard.keyboard_map(), before);
//   EXPECT_EQ(keyboard.pressed_keys(), 0);

#include <X11/XKBlib.h>
#include <X11/Xlib.h>
#include <X11/extensions/XInput2.h>
#include <X11/extensions/XTest.h>

#include <bit>
#include <memory>
#include <stdexcept>
#include <string>

namespace deskhand::testing {

class KeyboardState {
 public:
  explicit KeyboardState(const std::string& display) : display_(XOpenDisplay(display.c_str())) {
    if (display_ == nullptr) throw std::runtime_error("cannot open " + display);
  }
  ~KeyboardState() { XCloseDisplay(display_); }
  KeyboardState(const KeyboardState&) = delete;
  KeyboardState& operator=(const KeyboardState&) = delete;

  /// Keys and buttons that the server holds to be down.
  int pressed_keys() {
    char down[32];
    XQueryKeymap(display_, down);
    int n = 0;
    for (const char byte : down) n += std::popcount(static_cast<unsigned char>(byte));
    ::Window root, child;
    int x, y;
    unsigned mask = 0;
    XQueryPointer(display_, DefaultRootWindow(display_), &root, &child, &x, &y, &x, &y, &mask);
    return n + std::popcount(mask & (Button1Mask | Button2Mask | Button3Mask | Button4Mask | Button5Mask));
  }

  bool caps_locked() {
    XkbStateRec state{};
    XkbGetState(display_, XkbUseCoreKbd, &state);
    return (state.locked_mods & LockMask) != 0;
  }

  /// Every keycode's keysyms, trailing empty columns left out, as text.
  std::string keyboard_map() {
    int low = 0, high = 0, width = 0;
    XDisplayKeycodes(display_, &low, &high);
    const std::unique_ptr<KeySym, decltype(&XFree)> symbols(
        XGetKeyboardMapping(display_, static_cast<KeyCode>(low), high - low + 1, &width), &XFree);
    std::string all;
    for (int key = 0; key <= high - low; ++key) {
      int used = width;
      while (used > 0 && symbols.get()[key * width + used - 1] == NoSymbol) --used;
      for (int i = 0; i < used; ++i) all += std::to_string(symbols.get()[key * width + i]) + " ";
      all += "\n";
    }
    return all;
  }

  void fill_spare_keycodes() {
    int low = 0, high = 0;
    XDisplayKeycodes(display_, &low, &high);
    for (int key = low; key <= high; ++key) {
      int width = 0;
      const std::unique_ptr<KeySym, decltype(&XFree)> symbols(
          XGetKeyboardMapping(display_, static_cast<KeyCode>(key), 1, &width), &XFree);
      bool used = false;
      for (int i = 0; i < width; ++i) used |= symbols.get()[i] != NoSymbol;
      KeySym symbol = XStringToKeysym("F30");
      if (!used) XChangeKeyboardMapping(display_, key, 1, &symbol, 1);
    }
    XSync(display_, 0);
  }

  void lock_group(unsigned group) {
    XkbLockGroup(display_, XkbUseCoreKbd, group);
    XSync(display_, 0);
  }

  /// The device number of the keyboard through which XTEST speaks.
  int xtest_keyboard() {
    int count = 0, found = 0;
    XIDeviceInfo* devices = XIQueryDevice(display_, XIAllDevices, &count);
    for (int i = 0; i < count; ++i) {
      if (std::string(devices[i].name) == "Virtual core XTEST keyboard") found = devices[i].deviceid;
    }
    XIFreeDeviceInfo(devices);
    return found;
  }

  /// The pointer is held inside the focused window until the end of the result's life.
  std::shared_ptr<void> confine_pointer() {
    ::Window window = 0;
    int revert = 0;
    XGetInputFocus(display_, &window, &revert);
    if (XGrabPointer(display_, window, 1, 0, GrabModeAsync, GrabModeAsync, window, 0, CurrentTime) != GrabSuccess)
      throw std::runtime_error("cannot grab the pointer");
    return {display_, [](::Display* display) {
              XUngrabPointer(display, CurrentTime);
              XSync(display, 0);
            }};
  }

  void leave_shift_pressed() {
    XTestFakeKeyEvent(display_, XKeysymToKeycode(display_, XStringToKeysym("Shift_L")), 1, CurrentTime);
    XSync(display_, 0);
  }

 private:
  ::Display* display_;
};

}  // namespace deskhand::testing
