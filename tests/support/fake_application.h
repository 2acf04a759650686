#pragma once
// A small application on a FakeDesktop, with elements that a screen reader would list and a log of what was pressed.
//
//   FakeApplication app;                                    // one window "Job"
//   app.add(Role::button, "Submit");
//   app.on_press = [&](const ScreenElement& e) { if (e.text == "Submit") app.close(); };
//   AgentParts parts{… .desktop = app, .read_screen = app.reader() …};
//
// A press changes the pixels of the element, unless it is listed in `dead`.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "platform/fake_desktop.h"
#include "tools/names.h"
#include "vision/screen_reader.h"

namespace deskhand {

class FakeApplication : public FakeDesktop {
 public:
  static constexpr WindowId main_window = 1;

  FakeApplication() : FakeDesktop(640, 480) {
    open(main_window, "Job", {0, 0, 640, 480}, false);
    on_action = [this](const DesktopAction& action) { react(action); };
  }

  void open(WindowId id, std::string title, ScreenRect box, bool dialog) {
    Window window;
    window.id = id;
    window.title = std::move(title);
    window.application = "demo";
    window.box = box;
    window.dialog = dialog;
    add_window(window);
    paint(box, static_cast<uint8_t>(40 * id), 90, 60);
  }
  void close(WindowId id = main_window) {
    for (const Window& window : window_list)
      if (window.id == id) paint(window.box, 0, 0, 0);
    close_window(id);
    std::erase_if(elements, [&](const ScreenElement& e) { return e.window == id; });
  }
  ScreenElement& add(Role role, std::string text, WindowId window = main_window) {
    ScreenElement e;
    e.role = role;
    e.text = std::move(text);
    const int place = static_cast<int>(elements.size());
    e.box = {20 + 200 * (place / 10), 20 + 40 * (place % 10), 180 + 200 * (place / 10), 44 + 40 * (place % 10)};
    e.window = window;
    e.clickable = role == Role::button || role == Role::menu || role == Role::menu_item;
    e.checkable = role == Role::checkbox || role == Role::radio_button;
    e.editable = role == Role::text_field || role == Role::password_field || role == Role::text_area;
    elements.push_back(e);
    return elements.back();
  }
  ScreenElement* find(const std::string& text) {
    for (ScreenElement& element : elements)
      if (element.text == text) return &element;
    return nullptr;
  }
  std::function<Screen(const Image&, std::span<const Window>)> reader() {
    return [this](const Image& image, std::span<const Window> windows) {
      ++reads;
      Screen screen;
      screen.bounds = image.bounds();
      screen.windows.assign(windows.begin(), windows.end());
      for (const ScreenElement& element : elements) {
        if (!find_window(screen, element.window)) continue;
        screen.elements.push_back(element);
        screen.elements.back().id = static_cast<int>(screen.elements.size());
      }
      return screen;
    };
  }
  std::vector<ScreenElement> elements_in(std::span<const Window> windows) const {
    std::vector<ScreenElement> found;
    for (const ScreenElement& element : elements)
      for (const Window& window : windows)
        if (element.window == window.id) found.push_back(element);
    return found;
  }
  void release_all() noexcept override {
    FakeDesktop::release_all();
    ++releases;
  }

  std::vector<ScreenElement> elements;
  std::set<std::string> dead;        ///< a press on these changes nothing
  std::vector<std::string> pressed;  ///< names, in order
  std::function<void(const ScreenElement&)> on_press;
  std::function<void(const DesktopAction&)> on_any;
  int releases = 0, reads = 0;

 private:
  void react(const DesktopAction& action) {
    if (action.kind == DesktopAction::Kind::click) press(action.at);
    if (action.kind == DesktopAction::Kind::type) type_into_focus(action.text);
    if (action.kind == DesktopAction::Kind::key && action.text != "ctrl+a") touch({600, 440, 620, 460});
    if (action.kind == DesktopAction::Kind::key && action.text == "ctrl+a") selected_all_ = true;
    if (on_any) on_any(action);
  }
  void press(ScreenPoint at) {
    for (size_t i = 0; i < elements.size(); ++i) {
      if (!elements[i].box.contains(at)) continue;
      pressed.push_back(elements[i].text);
      if (dead.contains(elements[i].text)) return;
      touch(elements[i].box);
      if (elements[i].checkable) elements[i].checked = !elements[i].checked;
      if (elements[i].editable)
        for (size_t j = 0; j < elements.size(); ++j) elements[j].focused = i == j;
      const ScreenElement copy = elements[i];
      if (on_press) on_press(copy);
      return;
    }
  }
  void type_into_focus(const std::string& text) {
    touch({600, 400, 630, 430});
    for (ScreenElement& element : elements) {
      if (!element.focused) continue;
      if (selected_all_) element.value.clear();
      element.value += text;
    }
    selected_all_ = false;
  }
  /// Pixels that were never like that before.
  void touch(ScreenRect box) {
    ++shade_;
    paint({box.x0 + 8, box.y0 + 4, box.x1 - 8, box.y1 - 4}, static_cast<uint8_t>(shade_ * 37),
          static_cast<uint8_t>(shade_), 200);
  }

  bool selected_all_ = false;
  int shade_ = 0;
};

}  // namespace deskhand
