#pragma once
// What applications say of their own user interface (AT-SPI2).
//
//   std::unique_ptr<Accessibility> bus = open_accessibility();
//   for (const AccessibleElement& e : bus->elements(window_list)) …
//
// Trees may lie, hang or be absent: every call is bounded in time and in number of nodes, and a dead application
// yields nothing instead of an error. Text is untrusted.

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "platform/desktop.h"

namespace deskhand {

enum class Role {
  button,
  checkbox,
  radio_button,
  toggle_button,
  link,
  menu,
  menu_item,
  tab,
  text_field,
  password_field,
  text_area,
  combo_box,
  list_item,
  table_cell,
  tree_item,
  slider,
  spin_button,
  image,
  label,
  heading,
  canvas,
  terminal,
  window,
  dialog,
  other,
};

/// "text field", "checkbox"…: the word that people and models read.
std::string_view role_name(Role role);

struct AccessibleElement {
  Role role = Role::other;
  std::string name{};   ///< own name, else that of its labelling element; may be empty
  std::string value{};  ///< text of a field, number of a slider
  ScreenRect box{};
  WindowId window = 0;  ///< the listed window that contains it
  bool focused = false, enabled = true, checkable = false, checked = false, selected = false, expanded = false;
  bool editable = false, clickable = false;
};

class Accessibility {
 public:
  virtual ~Accessibility() = default;
  /// Visible elements of the given windows, in reading order (y, x) within a window.
  virtual std::vector<AccessibleElement> elements(std::span<const Window> windows) = 0;
  /// Milliseconds or so of work per call at most; nodes beyond are left out.
  virtual void set_budget(std::chrono::milliseconds budget) = 0;
};

/// Null when there is no accessibility bus (why: `reason`), or when built without AT-SPI2.
std::unique_ptr<Accessibility> open_accessibility(std::string* reason);

}  // namespace deskhand
