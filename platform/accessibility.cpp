#include "platform/accessibility.h"

#include <stdexcept>

namespace deskhand {

std::string_view role_name(Role role) {
  switch (role) {
    case Role::button:
      return "button";
    case Role::checkbox:
      return "checkbox";
    case Role::radio_button:
      return "radio button";
    case Role::toggle_button:
      return "toggle button";
    case Role::link:
      return "link";
    case Role::menu:
      return "menu";
    case Role::menu_item:
      return "menu item";
    case Role::tab:
      return "tab";
    case Role::text_field:
      return "text field";
    case Role::password_field:
      return "password field";
    case Role::text_area:
      return "text area";
    case Role::combo_box:
      return "combo box";
    case Role::list_item:
      return "list item";
    case Role::table_cell:
      return "table cell";
    case Role::tree_item:
      return "tree item";
    case Role::slider:
      return "slider";
    case Role::spin_button:
      return "spin button";
    case Role::image:
      return "image";
    case Role::label:
      return "text";
    case Role::heading:
      return "heading";
    case Role::canvas:
      return "canvas";
    case Role::terminal:
      return "terminal";
    case Role::window:
      return "window";
    case Role::dialog:
      return "dialog";
    case Role::other:
      return "element";
  }
  throw std::invalid_argument("role_name: not a role");
}

}  // namespace deskhand
