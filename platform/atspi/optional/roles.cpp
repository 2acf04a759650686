#include "platform/atspi/optional/roles.h"

#include <atspi/atspi-constants.h>

#include <algorithm>

namespace deskhand {
namespace {

struct RoleEntry {
  int64_t number;
  NodeKind kind;
  Role role;
  bool clickable;
};

constexpr auto element = NodeKind::element;

constexpr RoleEntry table[] = {
    {ATSPI_ROLE_APPLICATION, NodeKind::application, Role::other, false},
    {ATSPI_ROLE_FRAME, NodeKind::top_level, Role::window, false},
    {ATSPI_ROLE_DIALOG, NodeKind::top_level, Role::dialog, false},
    {ATSPI_ROLE_ALERT, NodeKind::top_level, Role::dialog, false},
    {ATSPI_ROLE_FILE_CHOOSER, NodeKind::top_level, Role::dialog, false},
    {ATSPI_ROLE_COLOR_CHOOSER, NodeKind::top_level, Role::dialog, false},
    {ATSPI_ROLE_FONT_CHOOSER, NodeKind::top_level, Role::dialog, false},
    {ATSPI_ROLE_WINDOW, NodeKind::popup_level, Role::window, false},
    {ATSPI_ROLE_SCROLL_PANE, NodeKind::clipping, Role::other, false},
    {ATSPI_ROLE_VIEWPORT, NodeKind::clipping, Role::other, false},
    {ATSPI_ROLE_DOCUMENT_WEB, NodeKind::document, Role::other, false},
    {ATSPI_ROLE_DOCUMENT_FRAME, NodeKind::document, Role::other, false},
    {ATSPI_ROLE_MENU, NodeKind::menu, Role::menu, true},
    {ATSPI_ROLE_POPUP_MENU, NodeKind::menu, Role::menu, false},
    {ATSPI_ROLE_MENU_ITEM, element, Role::menu_item, true},
    {ATSPI_ROLE_CHECK_MENU_ITEM, element, Role::menu_item, true},
    {ATSPI_ROLE_RADIO_MENU_ITEM, element, Role::menu_item, true},
    {ATSPI_ROLE_PUSH_BUTTON, element, Role::button, true},
    {ATSPI_ROLE_PUSH_BUTTON_MENU, element, Role::button, true},
    {ATSPI_ROLE_TOGGLE_BUTTON, element, Role::toggle_button, true},
    {ATSPI_ROLE_CHECK_BOX, element, Role::checkbox, true},
    {ATSPI_ROLE_RADIO_BUTTON, element, Role::radio_button, true},
    {ATSPI_ROLE_LINK, element, Role::link, true},
    {ATSPI_ROLE_PAGE_TAB, element, Role::tab, true},
    {ATSPI_ROLE_TEXT, element, Role::text_field, true},
    {ATSPI_ROLE_ENTRY, element, Role::text_field, true},
    {ATSPI_ROLE_AUTOCOMPLETE, element, Role::text_field, true},
    {ATSPI_ROLE_PASSWORD_TEXT, element, Role::password_field, true},
    {ATSPI_ROLE_COMBO_BOX, element, Role::combo_box, true},
    {ATSPI_ROLE_SPIN_BUTTON, element, Role::spin_button, true},
    {ATSPI_ROLE_SLIDER, element, Role::slider, true},
    {ATSPI_ROLE_DIAL, element, Role::slider, true},
    {ATSPI_ROLE_LIST_ITEM, element, Role::list_item, true},
    {ATSPI_ROLE_TABLE_CELL, element, Role::table_cell, true},
    {ATSPI_ROLE_TREE_ITEM, element, Role::tree_item, true},
    {ATSPI_ROLE_DESKTOP_ICON, element, Role::list_item, true},
    {ATSPI_ROLE_TABLE_COLUMN_HEADER, element, Role::heading, true},
    {ATSPI_ROLE_COLUMN_HEADER, element, Role::heading, true},
    {ATSPI_ROLE_HEADING, element, Role::heading, false},
    {ATSPI_ROLE_ICON, element, Role::image, false},
    {ATSPI_ROLE_IMAGE, element, Role::image, false},
    {ATSPI_ROLE_LABEL, element, Role::label, false},
    {ATSPI_ROLE_STATIC, element, Role::label, false},
    {ATSPI_ROLE_CAPTION, element, Role::label, false},
    {ATSPI_ROLE_TOOL_TIP, element, Role::label, false},
    {ATSPI_ROLE_NOTIFICATION, element, Role::label, false},
    {ATSPI_ROLE_PROGRESS_BAR, element, Role::other, false},
    {ATSPI_ROLE_LEVEL_BAR, element, Role::other, false},
    {ATSPI_ROLE_CANVAS, element, Role::canvas, true},
    {ATSPI_ROLE_DRAWING_AREA, element, Role::canvas, true},
    {ATSPI_ROLE_TERMINAL, element, Role::terminal, true},
};

/// States that turn one role into another.
void refine(AccessibleNode& node, int64_t number, bool multi_line, bool selectable) {
  if (node.role == Role::text_field && multi_line) node.role = Role::text_area;
  if (node.role == Role::image && selectable) {  // an icon view's item
    node.role = Role::list_item;
    node.clickable = true;
  }
  const bool checks = node.role == Role::checkbox || node.role == Role::radio_button ||
                      number == ATSPI_ROLE_CHECK_MENU_ITEM || number == ATSPI_ROLE_RADIO_MENU_ITEM;
  node.checkable = node.checkable || checks;
}

}  // namespace

void apply_role(AccessibleNode& node, int64_t role, uint64_t states) {
  const auto has = [states](AtspiStateType state) { return ((states >> state) & 1) != 0; };
  const auto* entry = std::ranges::find(table, role, &RoleEntry::number);
  if (entry != std::end(table)) {
    node.kind = entry->kind;
    node.role = entry->role;
    node.clickable = entry->clickable;
  }
  node.showing = has(ATSPI_STATE_SHOWING) && !has(ATSPI_STATE_DEFUNCT) && !has(ATSPI_STATE_ICONIFIED);
  node.focused = has(ATSPI_STATE_FOCUSED);
  node.sensitive = has(ATSPI_STATE_SENSITIVE) || has(ATSPI_STATE_ENABLED);
  node.checkable = has(ATSPI_STATE_CHECKABLE);
  node.checked = has(ATSPI_STATE_CHECKED) || (node.role == Role::toggle_button && has(ATSPI_STATE_PRESSED));
  node.selected = has(ATSPI_STATE_SELECTED);
  node.expanded = has(ATSPI_STATE_EXPANDED);
  node.editable = has(ATSPI_STATE_EDITABLE) && !has(ATSPI_STATE_READ_ONLY);
  node.modal = has(ATSPI_STATE_MODAL);
  refine(node, role, has(ATSPI_STATE_MULTI_LINE), has(ATSPI_STATE_SELECTABLE));
}

}  // namespace deskhand
