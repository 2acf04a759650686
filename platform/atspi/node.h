#pragma once
// What one application says of itself, as a tree in memory, and the rules that make elements of it. Knows no bus.
//
//   AccessibleTree tree{.pid = 812};                       // nodes[0] is the application, its children are top levels
//   tree.nodes.push_back({.kind = NodeKind::application});
//   …
//   std::vector<AccessibleElement> elements = elements_of({&tree, 1}, windows);

#include <span>
#include <string>
#include <vector>

#include "platform/accessibility.h"

namespace deskhand {

/// What a node is for the tree; what it is for people is its Role.
enum class NodeKind {
  application,
  top_level,    ///< a frame or dialog
  popup_level,  ///< a top level of role "window": menus, tooltips
  clipping,     ///< shows only the part of its children inside its box
  document,     ///< a page: clips, and shows its menus inside itself
  menu,         ///< its items lie in a window of their own
  element,      ///< may become an element
  ignored,      ///< layout
};

struct AccessibleNode {
  NodeKind kind = NodeKind::ignored;
  Role role = Role::other;
  int parent = -1;              ///< index in the tree
  std::string name{}, value{};  ///< as the application gives them
  std::string description{};    ///< stands in for a name that is nowhere else
  std::string label{};          ///< text of the node that labels it, by the application's own relation
  int labelled_by = -1;         ///< that node, where it is in the tree
  ScreenRect box{};             ///< empty: unknown or without size
  bool showing = false, focused = false, sensitive = false, checkable = false, checked = false, selected = false,
       expanded = false, editable = false, modal = false, toggles = false, clickable = false;
};

struct AccessibleTree {
  int pid = 0;
  std::vector<AccessibleNode> nodes{};  ///< a parent stands before its children
};

/// Visible elements with size, named, inside the given windows and not covered by another, in reading order.
std::vector<AccessibleElement> elements_of(std::span<const AccessibleTree> trees, std::span<const Window> windows);

/// Fills empty names: of fields by their labels (to the left, above), of check cells by their row, of the rest by the
/// text inside or the description. Drops labels so used, nameless cells and text that repeats its parent's. `nodes` are
/// those of one tree that shall become elements.
std::vector<int> name_nodes(AccessibleTree& tree, std::vector<int> nodes);

}  // namespace deskhand
