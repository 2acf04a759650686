#include "tools/names.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

ScreenElement element(int id, Role role, std::string text) {
  ScreenElement e;
  e.id = id;
  e.role = role;
  e.text = std::move(text);
  e.box = {10, 20 * id, 110, 20 * id + 18};
  e.window = 1;
  e.clickable = role == Role::button;
  e.editable = role == Role::text_field;
  e.checkable = role == Role::checkbox;
  return e;
}

Screen screen_of(std::vector<ScreenElement> elements) {
  Screen screen;
  screen.bounds = {0, 0, 640, 480};
  Window window;
  window.id = 1;
  window.box = {0, 0, 640, 480};
  window.active = true;
  screen.windows = {window};
  screen.elements = std::move(elements);
  return screen;
}

int resolved(const Screen& screen, std::string_view name, NameUse use) {
  const ScreenElement* found = resolve_name(screen, name, use);
  return found ? found->id : 0;
}

TEST(Names, TheNearestReadingWins) {
  const Screen screen = screen_of({element(1, Role::button, "Save as…"), element(2, Role::button, "save"),
                                   element(3, Role::button, "Save"), element(4, Role::button, "Do not save")});
  EXPECT_EQ(resolved(screen, "Save", NameUse::click), 3);      // exact
  EXPECT_EQ(resolved(screen, "SAVE!", NameUse::click), 2);     // without case and punctuation: the first
  EXPECT_EQ(resolved(screen, "save a", NameUse::click), 1);    // prefix
  EXPECT_EQ(resolved(screen, "not save", NameUse::click), 4);  // part
  EXPECT_EQ(resolved(screen, "print", NameUse::click), 0);
  EXPECT_EQ(resolved(screen, "…", NameUse::click), 0) << "punctuation alone is no part of a name";
}

TEST(Names, SymbolsAreExactOnly) {
  const Screen screen = screen_of({element(1, Role::button, "+"), element(2, Role::button, "-")});
  EXPECT_EQ(resolved(screen, "-", NameUse::click), 2);
  EXPECT_EQ(resolved(screen, "*", NameUse::click), 0);
}

TEST(Names, NumbersCountWhatCanBeClicked) {
  const Screen screen = screen_of({element(1, Role::label, "Remove"), element(2, Role::button, "Remove"),
                                   element(3, Role::button, "Remove"), element(4, Role::button, "Area #2")});
  EXPECT_EQ(resolved(screen, "Remove", NameUse::click), 2);
  EXPECT_EQ(resolved(screen, "Remove #1", NameUse::click), 2);
  EXPECT_EQ(resolved(screen, "Remove #2", NameUse::click), 3);
  EXPECT_EQ(resolved(screen, "Remove #3", NameUse::click), 0);
  EXPECT_EQ(resolved(screen, "Area #2", NameUse::click), 4) << "a name may end like that";
  EXPECT_EQ(resolved(screen, "Remove #99999999999999999999", NameUse::click), 0);
}

TEST(Names, TheUseDecidesBetweenLabelAndField) {
  const Screen screen = screen_of({element(1, Role::label, "City"), element(2, Role::text_field, "City"),
                                   element(3, Role::checkbox, "City guide")});
  EXPECT_EQ(resolved(screen, "City", NameUse::fill), 2);
  EXPECT_EQ(resolved(screen, "city", NameUse::check), 3);
  EXPECT_EQ(resolved(screen, "City guide", NameUse::fill), 3) << "for the caller to say that it is no field";
}

TEST(Names, UniqueNamesComeBack) {
  const Screen screen = screen_of({element(1, Role::button, "Name"), element(2, Role::text_field, "Name"),
                                   element(3, Role::text_field, "Name"), element(4, Role::label, "Name"),
                                   element(5, Role::button, "two\nlines \t of  it"), element(6, Role::button, "")});
  for (const NameUse use : {NameUse::click, NameUse::fill, NameUse::check})
    for (const NamedElement& named : unique_names(screen, use))
      EXPECT_EQ(resolve_name(screen, named.name, use), named.element) << named.name;
  std::vector<std::string> fills;
  for (const NamedElement& named : unique_names(screen, NameUse::fill)) fills.push_back(named.name);
  EXPECT_EQ(fills, (std::vector<std::string>{"Name #2", "Name #3"}));
  EXPECT_EQ(unique_names(screen, NameUse::click).back().name, "two lines of it");
}

TEST(Names, DisabledAndHiddenAllowNothing) {
  ScreenElement off = element(1, Role::button, "Off");
  off.enabled = false;
  ScreenElement flat = element(2, Role::button, "Flat");
  flat.box = {5, 5, 5, 5};
  const Screen screen = screen_of({off, flat});
  EXPECT_TRUE(unique_names(screen, NameUse::click).empty());
}

TEST(Names, TextReadFromPixelsMayBeAnything) {
  ScreenElement read = element(1, Role::label, "Country");
  read.source = ElementSource::ocr;
  EXPECT_TRUE(allows(screen_of({read}), read, NameUse::fill));
  EXPECT_TRUE(allows(screen_of({read}), read, NameUse::check));
  EXPECT_FALSE(allows(screen_of({read, element(2, Role::text_field, "Town")}), read, NameUse::fill));
  EXPECT_TRUE(allows(screen_of({read, element(2, Role::text_field, "Town")}), read, NameUse::click));
}

TEST(Names, DisplayNamesAreOneShortLine) {
  EXPECT_EQ(display_name("  a\n\tb   c "), "a b c");
  EXPECT_EQ(display_name("a\xff\xfe"
                         "b"),
            "a b");                                  // no UTF-8
  EXPECT_EQ(display_name("x\u202E\u200By"), "x y");  // direction overrides cannot hide anything
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "ż";
  EXPECT_EQ(display_name(wide).size(), 120u) << "60 characters of two bytes";
}

TEST(Names, WordsOfAnyScript) {
  EXPECT_EQ(plain_words("  LÖSCHEN — jetzt! "), "löschen jetzt");
  EXPECT_EQ(plain_words("Удалить?"), "удалить");
  EXPECT_EQ(plain_words("+"), "");
  EXPECT_TRUE(contains_words("send it now", "it"));
  EXPECT_FALSE(contains_words("resend items", "send"));
  EXPECT_FALSE(contains_words("anything", ""));
}

TEST(Names, PointsFindTheSmallestElementOfTheTopWindow) {
  Screen screen = screen_of({element(1, Role::other, "pane"), element(2, Role::button, "OK")});
  screen.elements[0].box = {0, 0, 300, 300};
  EXPECT_EQ(element_at(screen, {15, 45})->id, 2);
  EXPECT_EQ(element_at(screen, {250, 250})->id, 1);
  EXPECT_EQ(element_at(screen, {600, 400}), nullptr);
  Window top;
  top.id = 9;
  top.box = {0, 0, 100, 100};
  screen.windows.insert(screen.windows.begin(), top);
  EXPECT_EQ(window_at(screen, {15, 45})->id, 9u);
  EXPECT_EQ(element_at(screen, {15, 45}), nullptr) << "covered";
  EXPECT_EQ(active_window(screen)->id, 1u);
}

}  // namespace
}  // namespace deskhand
