// The small judges of the loop: what changed, when done is believed, what comes again.
#include <gtest/gtest.h>

#include "agent/effect.h"
#include "agent/gate.h"
#include "agent/observation.h"
#include "agent/repetition.h"

namespace deskhand {
namespace {

void fill(Image& image, ScreenRect box, uint8_t shade) {
  for (int y = box.y0; y < box.y1; ++y)
    for (int x = box.x0; x < box.x1; ++x) image.pixel(x, y)[0] = shade;
}

TEST(ChangeMask, SeesChangesOutsideTheMask) {
  Image a(100, 80), b = a, c = a;
  fill(b, {50, 50, 60, 60}, 9);  // a clock ticks
  ChangeMask mask(a);
  EXPECT_FALSE(mask.changed(a, a));
  EXPECT_TRUE(mask.changed(a, b));
  mask.add(a, b);
  fill(c, {48, 48, 62, 62}, 77);  // and ticks on, a bit larger
  EXPECT_FALSE(mask.changed(b, c));
  fill(c, {10, 10, 14, 11}, 1);
  EXPECT_TRUE(mask.changed(b, c));
  EXPECT_TRUE(mask.changed_in(b, c, {0, 0, 20, 20}));
  EXPECT_FALSE(mask.changed_in(b, c, {20, 20, 100, 80}));
  EXPECT_FALSE(mask.changed_in(b, c, {-50, -50, 5, 5}));
  EXPECT_TRUE(mask.changed(b, Image(100, 81)));
}

TEST(ChangeMask, CaretsAreNoChangeButCharactersAre) {
  Image a(100, 80), caret = a, letter = a;
  fill(caret, {30, 20, 32, 40}, 200);
  EXPECT_FALSE(ChangeMask(a).changed(a, caret));
  fill(letter, {30, 20, 36, 40}, 200);
  EXPECT_TRUE(ChangeMask(a).changed(a, letter));
  ChangeMask mask(a);
  mask.add(a, caret);  // it blinked: what is typed beside it must still be seen
  EXPECT_TRUE(mask.changed(caret, letter));
}

TEST(ChangeMask, WorksAtTheEdges) {
  Image a(20, 10), b = a;
  fill(b, {0, 0, 20, 1}, 5);
  fill(b, {19, 0, 20, 10}, 5);
  ChangeMask mask(a);
  mask.add(a, b);
  EXPECT_FALSE(mask.changed(a, b));
  mask.add(a, Image(30, 30));  // another size says nothing
  EXPECT_FALSE(mask.changed(a, b));
}

ScreenElement element(Role role, std::string text, WindowId window = 1) {
  ScreenElement e;
  e.role = role;
  e.text = std::move(text);
  e.window = window;
  return e;
}

Screen screen_of(std::vector<ScreenElement> elements) {
  Screen screen;
  Window window;
  window.id = 1;
  screen.windows = {window};
  screen.elements = std::move(elements);
  return screen;
}

TEST(Gate, NothingDoneIsNotDoneUnlessAsked) {
  const Screen screen = screen_of({});
  EXPECT_FALSE(Gate("Press the button", screen).open(screen, 0));
  EXPECT_TRUE(Gate("Press the button", screen).open(screen, 1));
  for (const char* question :
       {"What is the total?", "how many rows are there", "Tell me the total", "The total, please?"})
    EXPECT_TRUE(Gate(question, screen).open(screen, 0)) << question;
  EXPECT_FALSE(asks_question("Whatever you do, press Save"));
}

TEST(Gate, NamedControlsMustBeTouched) {
  const Screen screen =
      screen_of({element(Role::button, "Submit"), element(Role::checkbox, "Send me news"),
                 element(Role::menu_item, "View"), element(Role::label, "City"), element(Role::button, "7")});
  Gate gate("In the View menu choose 7, tick 'Send me news', then press SUBMIT.", screen);
  EXPECT_FALSE(gate.open(screen, 1));
  gate.touched(screen.elements[0]);
  EXPECT_FALSE(gate.open(screen, 2));
  EXPECT_NE(gate.reason().find("Send me news"), std::string::npos);
  gate.touched(screen.elements[1]);
  EXPECT_TRUE(gate.open(screen, 3)) << gate.reason() << ": menus and single digits do not count";
}

TEST(Gate, TheLongerNameIsMeant) {
  const Screen screen = screen_of({element(Role::button, "Save"), element(Role::button, "Save as")});
  Gate gate("Press Save as", screen);
  gate.touched(screen.elements[1]);
  EXPECT_TRUE(gate.open(screen, 1)) << gate.reason();
  EXPECT_FALSE(Gate("Press Save as", screen).open(screen, 1));
  EXPECT_TRUE(Gate("Press Saved", screen).open(screen, 1)) << "whole words";
}

TEST(Gate, ThingsAreDoneInTheOrderOfTheTask) {
  Screen screen = screen_of({element(Role::list_item, "Vienna"), element(Role::list_item, "Oslo"),
                             element(Role::button, "OK"), element(Role::button, "Cancel")});
  for (int i = 0; i < 4; ++i) screen.elements[static_cast<size_t>(i)].id = i + 1;
  Gate gate("Choose Vienna in the list and press OK.", screen);
  EXPECT_EQ(gate.waiting(screen), std::set<int>{3});
  gate.touched(screen.elements[0]);
  EXPECT_TRUE(gate.waiting(screen).empty());
  Gate tired("Choose Vienna in the list and press OK.", screen);
  tired.refuse();
  tired.refuse();
  EXPECT_TRUE(tired.waiting(screen).empty()) << "at most two refusals";
  EXPECT_TRUE(Gate("Press OK", screen).waiting(screen).empty());
}

TEST(Gate, BoxesThatTheTaskDoesNotSpeakOfAreForeign) {
  Screen screen = screen_of({element(Role::checkbox, "Sliced"), element(Role::checkbox, "Deliver to my door"),
                             element(Role::button, "Send")});
  for (int i = 0; i < 3; ++i) {
    screen.elements[static_cast<size_t>(i)].id = i + 1;
    screen.elements[static_cast<size_t>(i)].box = {0, 20 * i, 50, 20 * i + 15};
  }
  EXPECT_EQ(Gate("Order it sliced", screen).foreign(screen), std::set<int>{2});
  EXPECT_EQ(Gate("Have it brought to the door in slices", screen).foreign(screen), std::set<int>{1});
  EXPECT_TRUE(Gate("Tick everything", screen).foreign(screen).empty()) << "it speaks of none";
}

TEST(Gate, ANewDialogKeepsItClosed) {
  const Screen first = screen_of({});
  Screen later = first;
  Window dialog;
  dialog.id = 2;
  dialog.dialog = true;
  later.windows.push_back(dialog);
  Gate gate("Press it", first);
  EXPECT_FALSE(gate.open(later, 1));
  EXPECT_TRUE(gate.open(first, 1));
  EXPECT_TRUE(Gate("Press it", later).open(later, 1)) << "it was there at the start";
  gate.refuse();
  EXPECT_FALSE(gate.open(later, 1));
  gate.refuse();
  EXPECT_TRUE(gate.open(later, 1)) << "at most two refusals";
}

TEST(Repetition, TheSameActionOnTheSameScreenIsALoop) {
  const Action down{.name = "key", .input = {{"text", "Down"}}};
  const auto loops_after = [&](std::optional<bool> changed, bool other_screens) {
    Repetition repetition;
    for (int times = 1; times <= 20; ++times) {
      repetition.add(down, std::nullopt, other_screens ? std::to_string(times) : "screen", changed);
      if (repetition.is_loop()) return times;
    }
    return 0;
  };
  EXPECT_EQ(loops_after(false, false), 3);
  EXPECT_EQ(loops_after(std::nullopt, false), 3);
  EXPECT_EQ(loops_after(true, false), 6) << "a terminal changes in pixels only";
  EXPECT_EQ(loops_after(false, true), 0) << "a calculator's key may be pressed often";
}

TEST(Repetition, VainClicksCountOnlyOnTheSameScreen) {
  Screen screen = screen_of({element(Role::button, "Next"), element(Role::checkbox, "News")});
  screen.elements[0].id = 1;
  screen.elements[1].id = 2;
  Repetition repetition;
  const Action click{.name = "click_element", .input = {{"name", "Next"}}};
  repetition.add(click, screen.elements[0], fingerprint(screen), false);
  EXPECT_EQ(repetition.spent_ids(screen), (std::set<int>{1}));
  screen.elements[1].checked = true;
  EXPECT_TRUE(repetition.spent_ids(screen).empty()) << "something changed: it may work now";
  repetition.add({.name = "check", .input = {{"name", "News"}}}, screen.elements[1], fingerprint(screen), true);
  EXPECT_EQ(repetition.spent_ids(screen), (std::set<int>{2})) << "a box that was set";
}

}  // namespace
}  // namespace deskhand
