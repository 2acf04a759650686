#include <algorithm>

#include "platform/atspi/node.h"

namespace deskhand {
namespace {

int64_t area(const ScreenRect& box) {
  return box.empty() ? 0 : int64_t{box.width()} * box.height();
}

/// 0…1: the same place, plus a half for the same title.
double likeness(const AccessibleNode& top, const Window& window) {
  const int64_t shared = area(top.box.intersect(window.box));
  const int64_t all = area(top.box) + area(window.box) - shared;
  const double place = all > 0 ? static_cast<double>(shared) / static_cast<double>(all) : 0;
  return place + (!top.name.empty() && top.name == window.title ? 0.5 : 0);
}

bool same_process(int pid, const Window& window) {
  return pid == 0 || window.pid == 0 || pid == window.pid;
}

/// GTK 3 gives logical pixels on scaled screens, GTK 4 places its windows at 0, 0: the real window tells.
struct Placement {
  int from_x = 0, from_y = 0, scale = 1, to_x = 0, to_y = 0;

  static Placement of(const ScreenRect& said, const ScreenRect& real) {
    if (said.empty() || real.empty()) return {};
    for (int scale = 1; scale <= 3; ++scale) {
      const bool same_size =
          std::abs(said.width() * scale - real.width()) <= 64 && std::abs(said.height() * scale - real.height()) <= 64;
      if (!same_size) continue;
      if (scale > 1) return {0, 0, scale, 0, 0};
      if (said.x0 == 0 && said.y0 == 0 && (real.x0 > 64 || real.y0 > 64)) return {0, 0, 1, real.x0, real.y0};
    }
    return {};
  }
  ScreenRect apply(const ScreenRect& box) const {
    const auto x = [this](int v) { return (v - from_x) * scale + to_x; };
    const auto y = [this](int v) { return (v - from_y) * scale + to_y; };
    return {x(box.x0), y(box.y0), x(box.x1), y(box.y1)};
  }
};

class ElementMaker {
 public:
  ElementMaker(AccessibleTree tree, std::span<const Window> windows)
      : tree_(std::move(tree)), windows_(windows), places_(tree_.nodes.size()) {}

  void add_to(std::vector<AccessibleElement>& out) {
    choose_top_levels();
    std::vector<int> shown;
    for (size_t i = 1; i < tree_.nodes.size(); ++i) {
      if (place(static_cast<int>(i))) shown.push_back(static_cast<int>(i));
    }
    for (const int i : name_nodes(tree_, shown)) out.push_back(element(i));
  }

 private:
  /// What a node inherits from those above it.
  struct Place {
    bool shown = false;     ///< it and all above it are showing
    bool in_popup = false;  ///< below a menu or a popup window
    bool in_document = false;
    WindowId own = 0;  ///< window of its top level, 0 if that is none of the listed
    ScreenRect clip;   ///< what the nodes above let through
    Placement placement{};
    WindowId window = 0;  ///< where it was found
  };

  /// Matches frames and dialogs to windows; an open modal dialog silences the application's others.
  void choose_top_levels() {
    bool modal = false;
    for (const AccessibleNode& node : tree_.nodes) {
      modal = modal || (node.parent == 0 && node.kind == NodeKind::top_level && node.showing && node.modal);
    }
    for (size_t i = 1; i < tree_.nodes.size(); ++i) {
      AccessibleNode& node = tree_.nodes[i];
      if (node.parent != 0) continue;
      Place& top = places_[i];
      top.shown = node.showing;
      top.in_popup = node.kind == NodeKind::popup_level;
      top.clip = {0, 0, INT16_MAX, INT16_MAX};
      const Window* best = nullptr;
      double score = 0.3;
      for (const Window& window : windows_) {
        if (!same_process(tree_.pid, window) && node.name != window.title) continue;
        if (likeness(node, window) <= score) continue;
        score = likeness(node, window);
        best = &window;
      }
      if (best != nullptr) {
        top.own = best->id;
        top.placement = Placement::of(node.box, best->box);
      }
      const bool silenced = node.kind == NodeKind::top_level && !node.modal &&
                            (modal || (active_dialog() != nullptr && best != active_dialog()));
      if (silenced) top.shown = false;
    }
  }

  /// The active window when it is a dialog of this application.
  const Window* active_dialog() const {
    for (const Window& window : windows_) {
      if (window.active && window.dialog && tree_.pid != 0 && window.pid == tree_.pid) return &window;
    }
    return nullptr;
  }

  /// Decides whether the node is to be an element; its parent was placed before.
  bool place(int i) {
    AccessibleNode& node = tree_.nodes[i];
    Place& own = places_[i];
    if (node.parent > 0) {
      const Place& above = places_[node.parent];
      own = above;
      own.shown = above.shown && node.showing;
      own.in_popup = above.in_popup || tree_.nodes[node.parent].kind == NodeKind::menu;
    }
    node.box = own.placement.apply(node.box);
    if (!own.shown) return false;
    own.in_document = own.in_document || node.kind == NodeKind::document;
    if (node.kind == NodeKind::clipping || node.kind == NodeKind::document) own.clip = own.clip.intersect(node.box);
    if (node.kind != NodeKind::element && node.kind != NodeKind::menu) return false;
    if (own.in_popup || tree_.nodes[node.parent].kind == NodeKind::menu) {
      own.clip = {0, 0, INT16_MAX, INT16_MAX};  // a menu hangs out of its window
    }
    constexpr int least_side = 3;
    node.box = node.box.intersect(own.clip);
    if (node.box.width() < least_side || node.box.height() < least_side) return false;
    const Window* on_top = window_at(node.box.center());
    if (on_top == nullptr || !visible_in(own, *on_top)) return false;
    own.window = on_top->id;
    node.box = node.box.intersect(on_top->box);
    return !node.box.empty();
  }

  const Window* window_at(ScreenPoint p) const {
    for (const Window& window : windows_) {
      if (window.box.contains(p)) return &window;
    }
    return nullptr;
  }

  bool visible_in(const Place& place, const Window& on_top) const {
    if (place.in_popup && on_top.popup && same_process(tree_.pid, on_top)) return true;
    if (place.in_popup && !place.in_document) return false;  // its window is not there yet
    if (on_top.id == place.own) return true;
    return place.own == 0 && !on_top.popup && same_process(tree_.pid, on_top);
  }

  AccessibleElement element(int i) const {
    const AccessibleNode& node = tree_.nodes[i];
    return {.role = node.role,
            .name = node.name,
            .value = node.role == Role::password_field ? std::string() : node.value,
            .box = node.box,
            .window = places_[i].window,
            .focused = node.focused,
            .enabled = node.sensitive,
            .checkable = node.checkable,
            .checked = node.checked,
            .selected = node.selected,
            .expanded = node.expanded,
            .editable = node.editable,
            .clickable = node.clickable};
  }

  AccessibleTree tree_;
  std::span<const Window> windows_;
  std::vector<Place> places_;  ///< by node
};

}  // namespace

std::vector<AccessibleElement> elements_of(std::span<const AccessibleTree> trees, std::span<const Window> windows) {
  std::vector<AccessibleElement> found, sorted;
  for (const AccessibleTree& tree : trees) ElementMaker(tree, windows).add_to(found);
  std::ranges::stable_sort(found, {}, [](const AccessibleElement& e) { return std::pair(e.box.y0, e.box.x0); });
  for (const Window& window : windows) {
    for (AccessibleElement& e : found) {
      if (e.window == window.id) sorted.push_back(std::move(e));
    }
  }
  return sorted;
}

}  // namespace deskhand
