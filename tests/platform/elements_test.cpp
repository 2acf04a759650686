#include <gtest/gtest.h>

#include "platform/atspi/node.h"

namespace deskhand {
namespace {

constexpr int pid = 40;

/// A tree with one frame (node 1); `add` puts showing nodes below it.
struct Sketch {
  AccessibleTree tree{.pid = pid, .nodes = {}};

  explicit Sketch(ScreenRect frame = {100, 100, 500, 400}, std::string title = "Editor") {
    add({.kind = NodeKind::application, .parent = -1});
    add({.kind = NodeKind::top_level, .parent = 0, .name = std::move(title), .box = frame});
  }
  int add(AccessibleNode node) {
    node.showing = true;
    node.sensitive = true;
    tree.nodes.push_back(std::move(node));
    return static_cast<int>(tree.nodes.size()) - 1;
  }
  int add(Role role, std::string name, ScreenRect box, int parent = 1) {
    return add({.kind = NodeKind::element, .role = role, .parent = parent, .name = std::move(name), .box = box});
  }
  std::vector<AccessibleElement> elements(std::vector<Window> windows) const {
    return elements_of({&tree, 1}, windows);
  }
};

Window window(WindowId id, ScreenRect box, std::string title = "Editor") {
  return {.id = id, .title = std::move(title), .pid = pid, .box = box};
}

const Window editor = window(7, {100, 100, 500, 400});

std::vector<std::string> names(const std::vector<AccessibleElement>& elements) {
  std::vector<std::string> all;
  for (const AccessibleElement& e : elements) all.push_back(e.name);
  return all;
}

using Names = std::vector<std::string>;

TEST(Elements, AreSortedByRowAndKeptByWindow) {
  Sketch sketch;
  sketch.add(Role::button, "C", {300, 200, 340, 220});
  sketch.add(Role::button, "B", {200, 200, 240, 220});
  sketch.add(Role::button, "A", {400, 150, 440, 170});
  const auto elements = sketch.elements({editor});
  EXPECT_EQ(names(elements), (Names{"A", "B", "C"}));
  EXPECT_EQ(elements[0].window, 7U);
}

TEST(Elements, WithoutSizeOrOutsideTheirWindowAreLeftOut) {
  Sketch sketch;
  sketch.add(Role::button, "no size", {});
  sketch.add(Role::button, "a line", {200, 200, 300, 201});
  sketch.add(Role::button, "outside", {600, 200, 640, 220});
  const int hidden = sketch.add(Role::button, "hidden", {200, 200, 240, 220});
  sketch.tree.nodes[hidden].showing = false;
  sketch.add(Role::button, "in a hidden one", {200, 200, 240, 220}, hidden);
  EXPECT_TRUE(sketch.elements({editor}).empty());
}

TEST(Elements, ScrolledOutOfTheirPaneAreLeftOut) {
  Sketch sketch;
  const int pane = sketch.add({.kind = NodeKind::clipping, .parent = 1, .box = {100, 100, 300, 200}});
  sketch.add(Role::list_item, "seen", {110, 110, 290, 130}, pane);
  sketch.add(Role::list_item, "cut", {110, 190, 290, 210}, pane);
  sketch.add(Role::list_item, "below", {110, 220, 290, 240}, pane);
  const auto elements = sketch.elements({editor});
  EXPECT_EQ(names(elements), (Names{"seen", "cut"}));
  EXPECT_EQ(elements[1].box, (ScreenRect{110, 190, 290, 200}));
}

TEST(Elements, UnderAnotherWindowAreLeftOut) {
  Sketch sketch;
  sketch.add(Role::button, "covered", {200, 200, 240, 220});
  sketch.add(Role::button, "free", {110, 110, 140, 130});
  Window other = window(9, {180, 180, 400, 300}, "Other");
  other.pid = pid + 1;
  EXPECT_EQ(names(sketch.elements({other, editor})), Names{"free"});
}

TEST(Elements, OfAnOpenMenuBelongToItsPopup) {
  Sketch sketch;
  const int menu = sketch.add(
      {.kind = NodeKind::menu, .role = Role::menu, .parent = 1, .name = "File", .box = {100, 100, 140, 120}});
  sketch.add(Role::menu_item, "Quit", {100, 390, 200, 410}, menu);
  sketch.add(Role::button, "behind", {150, 385, 190, 399});
  Window popup = window(8, {100, 120, 200, 420}, "");
  popup.popup = true;
  const auto elements = sketch.elements({popup, editor});
  EXPECT_EQ(names(elements), (Names{"Quit", "File"}));
  EXPECT_EQ(elements[0].window, 8U);
  EXPECT_EQ(elements[1].window, 7U);
  EXPECT_EQ(names(sketch.elements({editor})), (Names{"File", "behind"})) << "the popup is not mapped yet";
}

TEST(Elements, OfAWindowUnderAModalDialogAreLeftOut) {
  Sketch sketch;
  sketch.add(Role::button, "main", {110, 110, 140, 130});
  const int dialog = sketch.add({.kind = NodeKind::top_level,
                                 .role = Role::dialog,
                                 .parent = 0,
                                 .name = "Save?",
                                 .box = {200, 200, 400, 300},
                                 .modal = true});
  sketch.add(Role::button, "Save", {210, 210, 250, 230}, dialog);
  EXPECT_EQ(names(sketch.elements({window(8, {200, 200, 400, 300}, "Save?"), editor})), Names{"Save"});
}

TEST(Elements, OnScaledScreensAreMovedToPixels) {
  Sketch sketch({0, 0, 400, 300});
  sketch.add(Role::button, "OK", {10, 20, 50, 40});
  const auto doubled = sketch.elements({window(7, {0, 0, 800, 600})});
  ASSERT_EQ(doubled.size(), 1U);
  EXPECT_EQ(doubled[0].box, (ScreenRect{20, 40, 100, 80}));
  const auto moved = sketch.elements({window(7, {500, 200, 900, 500})});
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].box, (ScreenRect{510, 220, 550, 240}));
}

TEST(Names, ComeFromTheLeftThenFromAbove) {
  Sketch sketch;
  sketch.add(Role::label, "Title of it all", {110, 102, 300, 118});
  sketch.add(Role::label, "City:", {110, 120, 150, 140});
  sketch.add(Role::text_field, "", {160, 120, 300, 140});
  sketch.add(Role::label, "Street", {110, 150, 150, 170});
  sketch.add(Role::text_field, "", {160, 150, 300, 170});
  sketch.add(Role::label, "Notes", {110, 200, 150, 216});
  sketch.add(Role::text_area, "", {110, 220, 300, 300});
  sketch.add(Role::label, "far below", {110, 350, 150, 370});
  EXPECT_EQ(names(sketch.elements({editor})), (Names{"Title of it all", "City", "Street", "Notes", "far below"}));
}

TEST(Names, OfFieldsInOneRowAreTheirOwn) {
  Sketch sketch;
  sketch.add(Role::label, "From", {110, 120, 140, 140});
  sketch.add(Role::text_field, "", {145, 120, 200, 140});
  sketch.add(Role::text_field, "", {205, 120, 260, 140});
  sketch.add(Role::label, "to", {270, 120, 290, 140});
  sketch.add(Role::text_field, "", {295, 120, 350, 140});
  EXPECT_EQ(names(sketch.elements({editor})), (Names{"From", "", "to"}));
}

TEST(Names, OfCheckCellsAreTheirRows) {
  Sketch sketch;
  const int table = sketch.add({.kind = NodeKind::ignored, .parent = 1});
  for (const auto& [name, y] : {std::pair{"Apple", 120}, {"Pear", 150}}) {
    const int check = sketch.add(Role::table_cell, "", {110, y, 130, y + 20}, table);
    sketch.tree.nodes[check].toggles = true;
    sketch.add(Role::table_cell, "", {131, y, 140, y + 20}, table);  // an icon
    sketch.add(Role::table_cell, name, {140, y, 240, y + 20}, table);
  }
  const auto elements = sketch.elements({editor});
  EXPECT_EQ(names(elements), (Names{"Apple", "Apple", "Pear", "Pear"}));
  EXPECT_EQ(elements[2].role, Role::checkbox);
  EXPECT_EQ(elements[3].role, Role::table_cell);
}

TEST(Names, AreNotSaidTwice) {
  Sketch sketch;
  const int link = sketch.add(Role::link, "Terms of use", {110, 120, 200, 140});
  sketch.add(Role::label, "Terms of use", {110, 120, 200, 140}, link);
  const int row = sketch.add({.kind = NodeKind::element,
                              .role = Role::list_item,
                              .parent = 1,
                              .description = "Open your personal folder",
                              .box = {110, 150, 200, 170},
                              .clickable = true});
  sketch.add(Role::label, "Home", {120, 150, 160, 170}, row);
  sketch.add({.kind = NodeKind::element,
              .role = Role::button,
              .parent = 1,
              .description = "Close",
              .box = {110, 180, 130, 200},
              .clickable = true});
  EXPECT_EQ(names(sketch.elements({editor})), (Names{"Terms of use", "Home", "Close"}));
}

}  // namespace
}  // namespace deskhand
