#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "platform/fake_desktop.h"
#include "tests/support/fake_clock.h"
#include "tools/locate.h"

namespace deskhand {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Kind = DesktopAction::Kind;

class Catalog : public testing::Test {
 protected:
  Catalog() {
    desktop_.add_window(window(1, "Order", {0, 0, 640, 480}));
    screen_.bounds = {0, 0, 640, 480};
    screen_.windows = desktop_.windows();
  }

  static Window window(WindowId id, std::string title, ScreenRect box) {
    Window w;
    w.id = id;
    w.title = std::move(title);
    w.box = box;
    return w;
  }

  ScreenElement& add(Role role, std::string text) {
    ScreenElement e;
    e.id = static_cast<int>(screen_.elements.size()) + 1;
    e.role = role;
    e.text = std::move(text);
    e.box = {10, 30 * e.id, 110, 30 * e.id + 20};
    e.window = 1;
    e.clickable = role == Role::button;
    e.checkable = role == Role::checkbox || role == Role::radio_button;
    e.editable = role == Role::text_field;
    screen_.elements.push_back(e);
    return screen_.elements.back();
  }

  ToolContext context() {
    return {.desktop = desktop_,
            .clock = clock_,
            .screen = screen_,
            .map = map_,
            .stop = stop_.get_token(),
            .ask = [this](const std::string&) { return answer_; }};
  }

  /// Locates and runs, as the loop does.
  ToolResult use(std::string_view name, const json& input) {
    const Tool* tool = find_tool(name);
    if (!tool) return {.ok = false, .text = "no such tool"};
    try {
      return run_tool(*tool, context(), input, locate_target(*tool, context(), input));
    } catch (const ToolError& error) {
      return {.ok = false, .text = error.what()};
    }
  }

  std::vector<DesktopAction> of(Kind kind) const {
    std::vector<DesktopAction> found;
    for (const DesktopAction& action : desktop_.actions)
      if (action.kind == kind) found.push_back(action);
    return found;
  }

  FakeDesktop desktop_{640, 480};
  FakeClock clock_;
  Screen screen_;
  FrameMap map_{.screen = {0, 0, 640, 480}, .frame_width = 320, .frame_height = 240};
  std::stop_source stop_;
  std::string answer_ = "blue";
};

TEST_F(Catalog, HasTheTools) {
  std::set<std::string> names;
  for (const Tool* tool : all_tools()) {
    names.insert(std::string(tool->name));
    EXPECT_FALSE(tool->summary.empty()) << tool->name;
    EXPECT_TRUE(json::parse(tool->schema).is_object()) << tool->name;
    EXPECT_NE(tool->run, nullptr) << tool->name;
    EXPECT_EQ(find_tool(tool->name), tool);
  }
  EXPECT_EQ(names, (std::set<std::string>{"screenshot",
                                          "zoom",
                                          "cursor_position",
                                          "left_click",
                                          "double_click",
                                          "triple_click",
                                          "right_click",
                                          "middle_click",
                                          "mouse_move",
                                          "left_click_drag",
                                          "left_mouse_down",
                                          "left_mouse_up",
                                          "click_element",
                                          "check",
                                          "uncheck",
                                          "fill",
                                          "type",
                                          "key",
                                          "key_down",
                                          "key_up",
                                          "hold_key",
                                          "scroll",
                                          "wait",
                                          "note",
                                          "plan",
                                          "ask_user",
                                          "done"}));
  EXPECT_EQ(find_tool("format_disk"), nullptr);
}

TEST_F(Catalog, ClicksWhereThePictureSays) {
  EXPECT_TRUE(use("left_click", {{"coordinate", {100, 50}}, {"text", "ctrl+shift"}}).ok);
  ASSERT_EQ(of(Kind::click).size(), 1u);
  EXPECT_EQ(of(Kind::click)[0].at, (ScreenPoint{201, 101}));
  EXPECT_EQ(of(Kind::click)[0].held, static_cast<Modifiers>(Modifier::ctrl) | static_cast<Modifiers>(Modifier::shift));
  EXPECT_TRUE(use("double_click", {{"coordinate", {1, 1}}}).ok);
  EXPECT_EQ(of(Kind::click)[1].count, 2);
  EXPECT_TRUE(use("right_click", {{"coordinate", {1, 1}}}).ok);
  EXPECT_EQ(of(Kind::click)[2].button, MouseButton::right);
  EXPECT_EQ(use("triple_click", {{"coordinate", {1, 1}}}).text, "triple-clicked (3, 3)");
  EXPECT_EQ(of(Kind::click)[3].count, 3);
  EXPECT_EQ(of(Kind::click)[3].button, MouseButton::left);
  EXPECT_EQ(use("middle_click", {{"coordinate", {1, 1}}, {"text", "shift"}}).text, "middle-clicked (3, 3)");
  EXPECT_EQ(of(Kind::click)[4].button, MouseButton::middle);
  EXPECT_EQ(of(Kind::click)[4].count, 1);
}

TEST_F(Catalog, OutsideThePictureIsAnErrorAndNoClick) {
  for (const json& point : {json{320, 10}, json{10, 240}, json{-1, 5}, json{1e9, 5}})
    EXPECT_FALSE(use("left_click", {{"coordinate", point}}).ok) << point;
  EXPECT_TRUE(of(Kind::click).empty());
}

TEST_F(Catalog, WrongPlacesOfDragsAndZoomsDoNothing) {
  for (const json& point : {json{320, 10}, json{10, 240}, json{-1, 5}}) {
    EXPECT_FALSE(use("left_click_drag", {{"start_coordinate", {5, 5}}, {"coordinate", point}}).ok) << point;
    EXPECT_FALSE(use("left_click_drag", {{"start_coordinate", point}, {"coordinate", {5, 5}}}).ok) << point;
    EXPECT_FALSE(use("mouse_move", {{"coordinate", point}}).ok) << point;
  }
  for (const json& region : {json{0, 0, 321, 10}, json{5, 5, 5, 10}, json{9, 5, 5, 10}, json{-1, 0, 5, 5}})
    EXPECT_THAT(use("zoom", {{"region", region}}).text, HasSubstr("outside the picture")) << region;
  EXPECT_THAT(use("zoom", {{"region", {1, 2, 3}}}).text, HasSubstr("4 numbers"));
  EXPECT_THAT(use("left_click_drag", {{"coordinate", {5, 5}}}).text, HasSubstr("start_coordinate is missing"));
  EXPECT_THAT(use("mouse_move", json::object()).text, HasSubstr("coordinate is missing"));
  EXPECT_TRUE(desktop_.actions.empty());
  EXPECT_EQ(desktop_.captures, 0);
}

TEST_F(Catalog, ADragHasTwoPlaces) {
  add(Role::list_item, "notes.txt");
  add(Role::list_item, "Trash");
  const json input = {{"start_coordinate", {20, 20}}, {"coordinate", {20, 35}}, {"text", "ctrl"}};
  const std::optional<Target> target = locate_target(*find_tool("left_click_drag"), context(), input);
  ASSERT_TRUE(target && target->element && target->drop && target->drop->element);
  EXPECT_EQ(target->element->text, "notes.txt");
  EXPECT_EQ(target->drop->element->text, "Trash");
  EXPECT_EQ(use("left_click_drag", input).text, "dragged from list item \"notes.txt\" to list item \"Trash\"");
  ASSERT_EQ(desktop_.actions.size(), 1u);
  EXPECT_EQ(desktop_.actions[0].at, (ScreenPoint{41, 41}));
  EXPECT_EQ(desktop_.actions[0].to, (ScreenPoint{41, 71}));
  EXPECT_EQ(desktop_.actions[0].held, parse_modifiers("ctrl"));
}

TEST_F(Catalog, TheButtonIsHeldOverSeveralCalls) {
  EXPECT_TRUE(use("mouse_move", {{"coordinate", {10, 10}}}).nothing_to_do);
  EXPECT_TRUE(use("left_mouse_down", json::object()).ok);
  EXPECT_TRUE(desktop_.holds_button());
  EXPECT_THAT(use("left_click", {{"coordinate", {50, 50}}}).text, HasSubstr("held down"));
  EXPECT_TRUE(use("mouse_move", {{"coordinate", {30, 30}}}).ok);
  EXPECT_TRUE(use("left_mouse_up", json::object()).ok);
  EXPECT_FALSE(desktop_.holds_button());
  EXPECT_THAT(use("left_mouse_up", json::object()).text, HasSubstr("not held down"));
  EXPECT_EQ(of(Kind::press_button).at(0).at, (ScreenPoint{21, 21}));
  EXPECT_EQ(of(Kind::release_button).at(0).at, (ScreenPoint{61, 61}));
}

TEST_F(Catalog, KeysAreHeldForWhatFollows) {
  EXPECT_TRUE(use("key_down", {{"text", "ctrl"}}).ok);
  EXPECT_TRUE(use("left_click", {{"coordinate", {10, 10}}, {"text", "shift"}}).ok);
  EXPECT_EQ(of(Kind::click).at(0).held, parse_modifiers("ctrl+shift"));
  EXPECT_FALSE(use("type", {{"text", "w"}}).ok) << "it would close the window";
  add(Role::text_field, "City");
  EXPECT_THAT(use("fill", {{"name", "City"}, {"text", "Rome"}}).text, HasSubstr("key_up"));
  EXPECT_EQ(of(Kind::click).size(), 1u);
  EXPECT_EQ(use("key_up", {{"text", "Control_L"}}).text, "released Control_L");
  EXPECT_EQ(use("key_up", {{"text", "ctrl"}}).text, "ctrl was not held");
  EXPECT_TRUE(use("type", {{"text", "w"}}).ok);
  for (const char* tool : {"key_down", "key_up"})
    EXPECT_THAT(use(tool, {{"text", "Retrun"}}).text, HasSubstr("unknown key")) << tool;
  EXPECT_TRUE(desktop_.held_keys().empty());
}

TEST_F(Catalog, AKeyIsHeldForSomeTime) {
  using Names = std::vector<std::string>;
  desktop_.press_key("ctrl");
  clock_.on_sleep = [&](Clock::Duration) { EXPECT_EQ(desktop_.held_keys(), (Names{"ctrl", "Down"})); };
  EXPECT_EQ(use("hold_key", {{"text", "ctrl+Down"}, {"duration", 2.5}}).text, "held ctrl+Down for 2.5 s");
  EXPECT_EQ(clock_.now(), std::chrono::milliseconds(2500));
  EXPECT_EQ(desktop_.held_keys(), Names{"ctrl"}) << "what was held before still is";
  clock_.on_sleep = [&](Clock::Duration) { stop_.request_stop(); };
  EXPECT_TRUE(use("hold_key", {{"text", "Up"}, {"duration", 300}}).ok);
  EXPECT_EQ(desktop_.held_keys(), Names{"ctrl"});
  EXPECT_THAT(use("hold_key", {{"text", "Up"}, {"duration", 301}}).text, HasSubstr("at most 300"));
}

TEST_F(Catalog, ThePointerInThePicture) {
  desktop_.move_pointer({201, 101});
  EXPECT_EQ(use("cursor_position", json::object()).text, "the pointer is at (100, 50)");
  map_ = {.screen = {0, 0, 100, 100}, .frame_width = 100, .frame_height = 100};
  EXPECT_EQ(use("cursor_position", json::object()).text, "the pointer is outside the picture");
}

TEST_F(Catalog, AZoomIsTheScreenInFullResolution) {
  desktop_.paint({20, 40, 22, 42}, 200, 100, 50);
  desktop_.move_pointer({0, 0});
  const ToolResult zoom = use("zoom", {{"region", {10, 20, 12, 21}}});
  ASSERT_TRUE(zoom.image.has_value()) << zoom.text;
  EXPECT_EQ(zoom.image->width, 4);
  EXPECT_EQ(zoom.image->height, 2);
  EXPECT_EQ(zoom.image->pixel(1, 1)[0], 200);
  EXPECT_EQ(zoom.image->pixel(2, 0)[0], 0);
  EXPECT_EQ(use("zoom", {{"region", {0, 0, 320, 240}}}).image.value(), desktop_.capture(true));
  map_ = {.screen = {100, 100, 133, 133}, .frame_width = 10, .frame_height = 10};
  const ToolResult last = use("zoom", {{"region", {9, 9, 10, 10}}});
  EXPECT_EQ(last.image.value().bounds(), (ScreenRect{0, 0, 4, 4})) << "every pixel that the region touches";
}

TEST_F(Catalog, NotesAndPlansAreNoted) {
  EXPECT_EQ(use("note", {{"text", "order 12"}}).text, "noted");
  EXPECT_EQ(use("plan", {{"goals", json::array()}}).text, "noted");
  EXPECT_EQ(use("plan", {{"goals", {{{"title", "Open"}, {"status", "done"}}}}}).text, "noted");
  EXPECT_THAT(use("plan", {{"goals", {{{"title", "Open"}, {"status", "late"}}}}}).text,
              HasSubstr("goals.status must be"));
  EXPECT_THAT(use("plan", {{"goals", {{{"title", "Open"}}}}}).text, HasSubstr("goals: status is missing"));
  EXPECT_THAT(use("plan", {{"goals", {{{"title", "Open"}, {"x", 1}}}}}).text, HasSubstr("no argument \"x\""));
  EXPECT_THAT(use("plan", {{"goals", json(101, json{{"title", "a"}, {"status", "todo"}})}}).text,
              HasSubstr("0 to 100 entries"));
  std::string words;
  for (int i = 0; i < 10'000; ++i) words += "ż";
  EXPECT_EQ(use("note", {{"text", words}}).text, "noted");
  EXPECT_THAT(use("note", {{"text", words + "ż"}}).text, HasSubstr("at most 10000 characters"));
  EXPECT_THAT(use("note", {{"text", 7}}).text, HasSubstr("a string"));
  EXPECT_TRUE(desktop_.actions.empty());
  EXPECT_EQ(desktop_.captures, 0);
}

TEST_F(Catalog, WrongInputIsRefusedInWords) {
  EXPECT_THAT(use("left_click", {{"coordinate", "10,10"}}).text, HasSubstr("coordinate must be a"));
  EXPECT_THAT(use("left_click", {{"coordinate", {1, 2, 3}}}).text, HasSubstr("2 numbers"));
  EXPECT_THAT(use("left_click", {{"coordinate", {1, "2"}}}).text, HasSubstr("a number"));
  EXPECT_THAT(use("left_click", {{"point", {1, 2}}}).text, HasSubstr("no argument \"point\""));
  EXPECT_THAT(use("left_click", {{"coordinate", {1, 2}}, {"text", "hyper"}}).text, HasSubstr("left_click"));
  EXPECT_THAT(use("type", json::object()).text, HasSubstr("text is missing"));
  EXPECT_THAT(use("key", {{"text", "Return"}, {"repeat", 101}}).text, HasSubstr("at most 100"));
  EXPECT_THAT(use("key", {{"text", "Return"}, {"repeat", 1.5}}).text, HasSubstr("an integer"));
  EXPECT_THAT(use("scroll", {{"scroll_direction", "in"}, {"scroll_amount", 3}}).text, HasSubstr("one of"));
  EXPECT_THAT(use("wait", {{"duration", 301}}).text, HasSubstr("at most 300"));
  EXPECT_THAT(use("click_element", json::object()).text, HasSubstr("name is missing"));
  EXPECT_THAT(use("done", json::array()).text, HasSubstr("an object"));
  EXPECT_TRUE(desktop_.actions.empty());
}

TEST_F(Catalog, ElementsByNameAndId) {
  add(Role::label, "Welcome");
  add(Role::button, "Send");
  EXPECT_EQ(use("click_element", {{"name", "send"}}).text, "clicked button \"Send\"");
  EXPECT_EQ(use("click_element", {{"id", 2}}).text, "clicked button \"Send\"");
  EXPECT_EQ(of(Kind::click).size(), 2u);
  EXPECT_EQ(of(Kind::click)[0].at, screen_.elements[1].box.center());
  EXPECT_FALSE(use("click_element", {{"id", 7}}).ok);
  EXPECT_THAT(use("click_element", {{"name", "Welcome"}}).text, HasSubstr("cannot be clicked"));
  const Tool& tool = *find_tool("click_element");
  EXPECT_THROW(locate_target(tool, context(), {{"name", "Pay"}}), NoSuchTarget);
  screen_.elements[1].enabled = false;
  EXPECT_THAT(use("click_element", {{"name", "Send"}}).text, HasSubstr("disabled"));
  EXPECT_EQ(of(Kind::click).size(), 2u);
}

TEST_F(Catalog, TickingIsIdempotent) {
  add(Role::checkbox, "News");
  EXPECT_EQ(use("uncheck", {{"name", "News"}}).text, "checkbox \"News\" is already unticked");
  EXPECT_TRUE(use("uncheck", {{"name", "News"}}).nothing_to_do);
  EXPECT_TRUE(of(Kind::click).empty());
  EXPECT_EQ(use("check", {{"name", "News"}}).text, "ticked checkbox \"News\"");
  EXPECT_EQ(of(Kind::click).size(), 1u);
  screen_.elements[0].checked = true;
  EXPECT_TRUE(use("check", {{"name", "News"}}).nothing_to_do);
  EXPECT_TRUE(use("uncheck", {{"name", "News"}}).ok);
  EXPECT_EQ(of(Kind::click).size(), 2u);
  add(Role::radio_button, "Express").checked = true;
  EXPECT_THAT(use("uncheck", {{"name", "Express"}}).text, HasSubstr("choose another"));
}

TEST_F(Catalog, FillReplaces) {
  add(Role::text_field, "City").value = "Oslo";
  EXPECT_TRUE(use("fill", {{"name", "City"}, {"text", "Zażółć"}}).ok);
  ASSERT_EQ(desktop_.actions.size(), 3u);
  EXPECT_EQ(desktop_.actions[0].kind, Kind::click);
  EXPECT_EQ(desktop_.actions[1].text, "ctrl+a");
  EXPECT_EQ(desktop_.actions[2].text, "Zażółć");
  EXPECT_TRUE(use("fill", {{"name", "City"}, {"text", ""}}).ok);
  EXPECT_EQ(desktop_.actions.back().text, "BackSpace");
  add(Role::button, "Go");
  EXPECT_THAT(use("fill", {{"name", "Go"}, {"text", "x"}}).text, HasSubstr("cannot be filled"));
}

TEST_F(Catalog, TypingWithoutFocusGoesToTheFirstEmptyField) {
  add(Role::text_field, "Name").value = "Ada";
  add(Role::text_field, "City");
  EXPECT_EQ(use("type", {{"text", "Rome"}}).text, "typed into text field \"City\"");
  EXPECT_EQ(of(Kind::click).at(0).at, screen_.elements[1].box.center());
  screen_.elements[0].focused = true;
  EXPECT_EQ(use("type", {{"text", "!"}}).text, "typed");
  EXPECT_EQ(of(Kind::click).size(), 1u) << "with a focused field nothing is clicked";
  screen_.elements[0].focused = false;
  add(Role::button, "OK").focused = true;
  EXPECT_EQ(use("type", {{"text", "x"}}).text, "typed into text field \"City\"");
  screen_.windows[0].terminal = true;
  EXPECT_EQ(use("type", {{"text", "ls"}}).text, "typed") << "a terminal takes what is typed";
}

TEST_F(Catalog, KeysRepeatAndUnknownOnesAreExplained) {
  EXPECT_TRUE(use("key", {{"text", "Down"}, {"repeat", 3}}).ok);
  EXPECT_EQ(of(Kind::key).size(), 3u);
  desktop_.on_action = [](const DesktopAction&) { throw std::invalid_argument("key \"Retrun\" is unknown"); };
  const ToolResult result = use("key", {{"text", "Retrun"}});
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.text, HasSubstr("Retrun"));
}

TEST_F(Catalog, TheRest) {
  EXPECT_TRUE(use("scroll", {{"scroll_direction", "left"}, {"scroll_amount", 4}, {"coordinate", {5, 5}}}).ok);
  EXPECT_EQ(of(Kind::scroll).at(0).count, 4);
  EXPECT_EQ(of(Kind::scroll).at(0).direction, ScrollDirection::left);
  EXPECT_TRUE(use("wait", {{"duration", 2.5}}).ok);
  EXPECT_EQ(clock_.now(), std::chrono::milliseconds(2500));
  EXPECT_EQ(use("ask_user", {{"question", "Which colour?"}}).text, "blue");
  answer_.clear();
  EXPECT_FALSE(use("ask_user", {{"question", "Which colour?"}}).ok);
  const ToolResult done = use("done", {{"answer", "12 EUR"}, {"success", false}});
  EXPECT_TRUE(done.finished);
  EXPECT_FALSE(done.success);
  EXPECT_EQ(done.text, "12 EUR");
  const ToolResult shot = use("screenshot", json::object());
  ASSERT_TRUE(shot.image.has_value());
  EXPECT_EQ(shot.image->width, 320);
  EXPECT_EQ(shot.image->height, 240);
}

TEST_F(Catalog, InputThatDoesNotArriveIsAFailureTheModelReads) {
  add(Role::text_field, "City");
  desktop_.on_action = [](const DesktopAction& action) {
    if (action.kind == Kind::type) throw InputError("U+017C has no key");
  };
  const ToolResult result = use("fill", {{"name", "City"}, {"text", "ż"}});
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.text, HasSubstr("fill: U+017C has no key"));
}

TEST_F(Catalog, ALostDisplayIsNoToolResult) {
  add(Role::button, "OK");
  desktop_.vanish();
  EXPECT_THROW(use("click_element", {{"name", "OK"}}), DesktopError);
}

}  // namespace
}  // namespace deskhand
