#include <algorithm>
#include <climits>
#include <cstdlib>

#include "platform/atspi/node.h"

namespace deskhand {
namespace {

constexpr size_t longest_label = 60;  ///< bytes; longer text is no caption

bool is_field(const AccessibleNode& node) {
  switch (node.role) {
    case Role::text_field:
    case Role::password_field:
    case Role::text_area:
    case Role::combo_box:
    case Role::spin_button:
    case Role::slider:
      return true;
    default:
      return false;
  }
}

int overlap(int a0, int a1, int b0, int b1) {
  return std::min(a1, b1) - std::max(a0, b0);
}

/// Distance from a label to the field it may name, INT_MAX if it stands elsewhere. Left wins over above.
int label_distance(const ScreenRect& label, const ScreenRect& field) {
  constexpr int slack = 4, farthest_left = 300, farthest_above = 24, farthest_aside = 40, penalty_above = 1000;
  const int rows = overlap(label.y0, label.y1, field.y0, field.y1);
  const int gap = field.x0 - label.x1;
  if (2 * rows >= std::min(label.height(), field.height()) && gap >= -slack && gap <= farthest_left) {
    return std::max(gap, 0);
  }
  const int columns = overlap(label.x0, label.x1, field.x0, field.x1);
  const int rise = field.y0 - label.y1;
  const bool aligned = std::abs(label.x0 - field.x0) <= farthest_aside;
  if (aligned && 2 * columns >= std::min(label.width(), field.width()) && rise >= -slack && rise <= farthest_above) {
    return penalty_above + std::max(rise, 0);
  }
  return INT_MAX;
}

/// "City:" names the field "City".
std::string caption(std::string text) {
  while (!text.empty() && (text.back() == ':' || text.back() == ' ')) text.pop_back();
  return text;
}

class Namer {
 public:
  Namer(AccessibleTree& tree, std::vector<int> nodes)
      : tree_(tree), nodes_(std::move(nodes)), dropped_(tree.nodes.size()) {}

  std::vector<int> run() {
    for (const int i : nodes_) name_field(i);
    for (const int i : nodes_) name_cell(i);
    for (const int i : nodes_) name_by_content(i);
    for (const int i : nodes_) drop_repetition(i);
    std::erase_if(nodes_, [this](int i) { return dropped_[i]; });
    return nodes_;
  }

 private:
  AccessibleNode& node(int i) { return tree_.nodes[static_cast<size_t>(i)]; }

  void name_field(int i) {
    AccessibleNode& field = node(i);
    if (!is_field(field)) return;
    if (!field.label.empty()) {
      if (field.role == Role::combo_box && field.value.empty() && field.name != field.label) field.value = field.name;
      field.name = caption(field.label);
      drop_label(field.labelled_by);
      return;
    }
    if (!field.name.empty()) {
      field.name = caption(field.name);
      return;
    }
    int best = -1, least = INT_MAX;
    for (const int k : nodes_) {
      const AccessibleNode& label = node(k);
      if (label.role != Role::label || label.name.empty() || label.name.size() > longest_label) continue;
      if (dropped_[k] || !same_top_level(i, k)) continue;
      const int distance = label_distance(label.box, field.box);
      if (distance < least && !separated(label.box, field.box, i)) {
        least = distance;
        best = k;
      }
    }
    if (best < 0) return;
    field.name = caption(node(best).name);
    dropped_[best] = true;
  }

  /// Another field stands on the way from the label to this one.
  bool separated(const ScreenRect& label, const ScreenRect& field, int self) {
    const ScreenPoint a = label.center(), b = field.center();
    return std::ranges::any_of(nodes_, [&](int k) {
      if (k == self || !is_field(node(k))) return false;
      const ScreenRect& other = node(k).box;
      if (other.contains(b)) return false;
      const ScreenRect way{std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x) + 1, std::max(a.y, b.y) + 1};
      const bool beside =
          other.y0 <= a.y && a.y < other.y1 && !other.intersect({way.x0, a.y, field.x0, a.y + 1}).empty();
      const bool between = label.y1 <= field.y0 && other.y0 >= label.y1 - 4 && other.y1 <= field.y0 + 4 &&
                           overlap(other.x0, other.x1, field.x0, field.x1) > 0;
      return beside || between;
    });
  }

  /// The label itself, or where it has none the text inside it.
  void drop_label(int label) {
    if (label < 0) return;
    for (const int k : nodes_) {
      const bool inside = k == label || node(k).parent == label;
      if (inside && (node(k).role == Role::label)) dropped_[k] = true;
    }
  }

  /// A nameless cell that toggles is a checkbox named by its row; other nameless cells are icons.
  void name_cell(int i) {
    AccessibleNode& cell = node(i);
    if (cell.role != Role::table_cell || !cell.name.empty()) return;
    if (!cell.toggles) {
      dropped_[i] = true;
      return;
    }
    cell.role = Role::checkbox;
    cell.checkable = true;
    int least = INT_MAX;
    for (const int k : nodes_) {
      const AccessibleNode& other = node(k);
      if (other.parent != cell.parent || other.name.empty() || other.role != Role::table_cell) continue;
      if (2 * overlap(other.box.y0, other.box.y1, cell.box.y0, cell.box.y1) < cell.box.height()) continue;
      const bool right = other.box.x0 >= cell.box.x0;
      const int distance = std::abs(other.box.x0 - cell.box.x0) + (right ? 0 : 10'000);
      if (distance >= least) continue;
      least = distance;
      cell.name = other.name;
    }
  }

  /// A list item is named by the text inside it, an icon button by its description.
  void name_by_content(int i) {
    AccessibleNode& outer = node(i);
    if (!outer.name.empty() || !outer.clickable || is_field(outer)) return;
    for (const int k : nodes_) {
      const AccessibleNode& inner = node(k);
      if (inner.role != Role::label || inner.name.empty() || !is_inside(k, i)) continue;
      outer.name += (outer.name.empty() ? "" : " ") + inner.name;
    }
    if (outer.name.empty()) outer.name = outer.description;
  }

  bool is_inside(int i, int outer) {
    while (i > outer) i = node(i).parent;  // a parent stands before its children
    return i == outer;
  }

  /// Text inside a button, link, heading or item that already says it.
  void drop_repetition(int i) {
    const AccessibleNode& text = node(i);
    if (text.role != Role::label && text.role != Role::image) return;
    if (text.name.empty()) {
      dropped_[i] = true;
      return;
    }
    for (int up = text.parent; up >= 0; up = node(up).parent) {
      const AccessibleNode& above = node(up);
      if (above.kind != NodeKind::element || above.role == Role::canvas) continue;
      if (above.name.find(text.name) != std::string::npos || above.value.find(text.name) != std::string::npos) {
        dropped_[i] = true;
      }
      return;
    }
  }

  int top_level_of(int i) {
    while (node(i).parent > 0) i = node(i).parent;
    return i;
  }
  bool same_top_level(int a, int b) { return top_level_of(a) == top_level_of(b); }

  AccessibleTree& tree_;
  std::vector<int> nodes_;
  std::vector<bool> dropped_;  ///< by node
};

}  // namespace

std::vector<int> name_nodes(AccessibleTree& tree, std::vector<int> nodes) {
  return Namer(tree, std::move(nodes)).run();
}

}  // namespace deskhand
