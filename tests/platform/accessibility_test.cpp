#include "platform/accessibility.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "platform/private_display.h"
#include "tests/platform/x11_test_server.h"

namespace deskhand {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

/// A throwaway desktop whose applications are asked over its accessibility bus.
class AccessibilityOf : public ::testing::Test {
 protected:
  AccessibilityOf() : display_({.width = 1280, .height = 800, .private_home = true}) {
    ::setenv("DBUS_SESSION_BUS_ADDRESS", display_.session_bus().c_str(), 1);
    desktop_ = open_x11_desktop(display_.x11_options());
    bus_ = open_accessibility(&reason_);
  }
  void SetUp() override { ASSERT_NE(bus_, nullptr) << reason_; }

  Process start(std::vector<std::string> argv) {
    return Process(
        {.argv = std::move(argv), .environment = display_.environment(), .log = display_.folder() / "app.log"});
  }
  std::vector<AccessibleElement> look() { return seen_ = bus_->elements(desktop_->windows()); }

  /// The element of that role and name, waited for.
  std::optional<AccessibleElement> find(Role role, const std::string& name) {
    std::optional<AccessibleElement> found;
    eventually([&] {
      for (const AccessibleElement& e : look()) {
        if (e.role == role && e.name == name) found = e;
      }
      return found.has_value();
    });
    if (!found) ADD_FAILURE() << "no " << role_name(role) << " \"" << name << "\" in\n" << listing();
    return found;
  }
  int count(Role role, const std::string& name) {
    return static_cast<int>(
        std::ranges::count_if(seen_, [&](const AccessibleElement& e) { return e.role == role && e.name == name; }));
  }
  std::string listing() const {
    std::string text;
    for (const AccessibleElement& e : seen_)
      text += std::string(role_name(e.role)) + " '" + e.name + "' = '" + e.value + "'\n";
    return text;
  }
  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = display_.folder() / name;
    std::ofstream(path) << text;
    return path;
  }

  PrivateDisplay display_;
  std::unique_ptr<Desktop> desktop_;
  std::unique_ptr<Accessibility> bus_;
  std::string reason_;
  std::vector<AccessibleElement> seen_;
};

TEST_F(AccessibilityOf, ZenityFieldsTakeTheirLabels) {
  const Process app = start({"zenity", "--forms", "--title=Job", "--text=Apply here", "--add-entry=City",
                             "--add-password=Pin", "--add-combo=Level", "--combo-values=Low|High"});
  const auto city = find(Role::text_field, "City");
  ASSERT_TRUE(city);
  EXPECT_TRUE(city->editable);
  EXPECT_TRUE(city->enabled);
  EXPECT_EQ(city->value, "");
  desktop_->click(city->box.center(), MouseButton::left, 1, 0);
  desktop_->type("Rome", {});
  EXPECT_TRUE(eventually([&] { return find(Role::text_field, "City")->value == "Rome"; }));
  EXPECT_TRUE(find(Role::text_field, "City")->focused);
  EXPECT_TRUE(find(Role::password_field, "Pin"));
  EXPECT_TRUE(find(Role::combo_box, "Level"));
  EXPECT_TRUE(find(Role::button, "OK"));
  EXPECT_TRUE(find(Role::label, "Apply here"));
  EXPECT_EQ(count(Role::label, "City"), 0) << "the label became the field's name";
  EXPECT_EQ(count(Role::menu_item, "Low"), 0) << "the list is closed";
  EXPECT_EQ(desktop_->windows().at(0).id, city->window);
}

TEST_F(AccessibilityOf, PasswordsAreNotRead) {
  const Process app = start({"zenity", "--password", "--title=Secret"});
  ASSERT_TRUE(eventually([&] {
    return std::ranges::any_of(look(), [](const auto& e) { return e.role == Role::password_field; });
  })) << listing();
  desktop_->type("hunter2", {});
  desktop_->wait_until_quiet({.quiet = 200ms, .cap = 3s}, {});
  for (const AccessibleElement& e : look()) EXPECT_EQ(e.value, "") << listing();
}

TEST_F(AccessibilityOf, CheckCellsAreNamedByTheirRow) {
  const Process app = start({"zenity", "--list", "--checklist", "--title=Pick", "--column=On", "--column=Fruit", "TRUE",
                             "Apple", "FALSE", "Pear"});
  const auto apple = find(Role::checkbox, "Apple"), pear = find(Role::checkbox, "Pear");
  ASSERT_TRUE(apple && pear);
  EXPECT_TRUE(apple->checked);
  EXPECT_TRUE(pear->checkable);
  EXPECT_FALSE(pear->checked);
  desktop_->click(pear->box.center(), MouseButton::left, 1, 0);
  EXPECT_TRUE(eventually([&] { return find(Role::checkbox, "Pear")->checked; }));
}

TEST_F(AccessibilityOf, YadShowsStatesAndValues) {
  const Process app = start({"yad", "--form", "--title=Order", "--field=Name", "Bob", "--field=Remote:CHK", "TRUE",
                             "--field=Size:CB", "S!M!L", "--field=Amount:NUM", "3", "--field=Notes:TXT", "hi"});
  ASSERT_TRUE(find(Role::text_field, "Name"));
  EXPECT_EQ(find(Role::text_field, "Name")->value, "Bob");
  EXPECT_TRUE(find(Role::checkbox, "Remote")->checked);
  EXPECT_EQ(find(Role::combo_box, "Size")->value, "S");
  EXPECT_EQ(find(Role::spin_button, "Amount")->value, "3");
  EXPECT_EQ(find(Role::text_area, "Notes")->value, "hi");
  int y = 0;
  for (const AccessibleElement& e : look()) {
    EXPECT_GE(e.box.y0, y) << "reading order";
    y = e.box.y0;
  }
}

TEST_F(AccessibilityOf, GalculatorKeysCompute) {
  const Process app = start({"galculator"});
  for (const char* key : {"7", "*", "6", "="}) {
    const auto button = find(Role::toggle_button, key);
    ASSERT_TRUE(button) << key;
    desktop_->click(button->box.center(), MouseButton::left, 1, 0);
  }
  EXPECT_TRUE(eventually([&] {
    return std::ranges::any_of(look(), [](const auto& e) { return e.role == Role::text_area && e.value == "42"; });
  })) << listing();
}

TEST_F(AccessibilityOf, MousepadMenusAndDialogs) {
  const auto file = write("note.txt", "hello\nworld\n");
  const Process app = start({"mousepad", "--disable-server", file.string()});
  const auto menu = find(Role::menu, "File");
  ASSERT_TRUE(menu);
  EXPECT_EQ(count(Role::menu_item, "Quit"), 0) << "the menu is closed";
  EXPECT_TRUE(eventually([&] {
    return std::ranges::any_of(look(),
                               [](const auto& e) { return e.role == Role::text_area && e.value == "hello\nworld"; });
  })) << listing();

  desktop_->click(menu->box.center(), MouseButton::left, 1, 0);
  const auto save_as = find(Role::menu_item, "Save As...");
  ASSERT_TRUE(save_as);
  const auto windows = desktop_->windows();
  const auto popup = std::ranges::find(windows, save_as->window, &Window::id);
  ASSERT_NE(popup, windows.end());
  EXPECT_TRUE(popup->popup);
  EXPECT_FALSE(find(Role::menu_item, "Save")->enabled);

  desktop_->click(save_as->box.center(), MouseButton::left, 1, 0);
  const auto name = find(Role::text_field, "Name");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->value, "note.txt");
  EXPECT_EQ(count(Role::menu, "File"), 0) << "only the dialog can be used";
  EXPECT_TRUE(find(Role::table_cell, "note.txt"));
  EXPECT_TRUE(find(Role::list_item, "Home"));
  EXPECT_TRUE(find(Role::button, "Save"));
}

TEST_F(AccessibilityOf, ChromiumPageWithoutItsInvisibleParts) {
  const auto page = write("page.html", R"(<title>Shop</title><h1>Order form</h1><p>Total: 12 EUR</p>
    <label for=n>Customer</label><input id=n value=Ann><label><input type=checkbox checked>Express</label>
    <label><input type=radio name=r>Red</label><label for=p>Secret</label><input id=p type=password value=hunter2>
    <label for=s>Size</label><select id=s><option>Small<option selected>Large</select>
    <textarea aria-label=Notes>first</textarea><a href=x>Terms of use</a>
    <button disabled>Never</button><button>Send order</button><input type=range aria-label=Volume value=30>)");
  const Process app =
      start({"chromium", "--no-sandbox", "--test-type", "--force-renderer-accessibility", "--no-first-run",
             "--disable-gpu", "--password-store=basic", "--user-data-dir=" + (display_.folder() / "chromium").string(),
             "--app=file://" + page.string()});
  ASSERT_TRUE(eventually([&] { return look(), count(Role::button, "Send order") == 1; }, 40s)) << listing();
  EXPECT_EQ(find(Role::text_field, "Customer")->value, "Ann");
  EXPECT_TRUE(find(Role::checkbox, "Express")->checked);
  EXPECT_FALSE(find(Role::radio_button, "Red")->checked);
  EXPECT_EQ(find(Role::password_field, "Secret")->value, "");
  EXPECT_EQ(find(Role::combo_box, "Size")->value, "Large");
  EXPECT_EQ(find(Role::text_area, "Notes")->value, "first");
  EXPECT_EQ(find(Role::slider, "Volume")->value, "30");
  EXPECT_FALSE(find(Role::button, "Never")->enabled);
  EXPECT_TRUE(find(Role::link, "Terms of use"));
  EXPECT_TRUE(find(Role::heading, "Order form"));
  EXPECT_EQ(count(Role::label, "Order form"), 0);
  EXPECT_EQ(count(Role::label, "Total: 12 EUR"), 1);
  EXPECT_LE(seen_.size(), 25U) << listing();
  for (const AccessibleElement& e : seen_) EXPECT_GE(std::min(e.box.width(), e.box.height()), 3) << e.name;
}

TEST_F(AccessibilityOf, AHangingApplicationCostsALittleTimeAndNothingElse) {
  Process hanging = start({"zenity", "--entry", "--title=Stuck", "--text=Hang"});
  ASSERT_TRUE(find(Role::text_field, "Hang"));
  const Process living = start({"yad", "--form", "--title=Fine", "--geometry=300x100+10+10", "--field=Alive"});
  ASSERT_TRUE(find(Role::text_field, "Alive"));
  hanging.signal_group(SIGSTOP);
  const auto start = std::chrono::steady_clock::now();
  look();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
  EXPECT_EQ(count(Role::text_field, "Alive"), 1) << listing();
  hanging.signal_group(SIGCONT);
  EXPECT_TRUE(find(Role::text_field, "Hang"));
}

TEST_F(AccessibilityOf, AKilledApplicationYieldsNothing) {
  Process app = start({"zenity", "--info", "--title=Gone", "--text=Soon"});
  ASSERT_TRUE(find(Role::label, "Soon"));
  const std::vector<Window> windows = desktop_->windows();
  app.terminate(1s);
  EXPECT_TRUE(bus_->elements(windows).empty());
  EXPECT_TRUE(bus_->elements({}).empty());
}

TEST(OpenAccessibility, WithoutABusSaysWhy) {
  ::setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", 1);
  std::string reason;
  EXPECT_EQ(open_accessibility(&reason), nullptr);
  EXPECT_NE(reason.find("/nonexistent"), std::string::npos) << reason;
  ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
  ::unsetenv("XDG_RUNTIME_DIR");
  EXPECT_EQ(open_accessibility(&reason), nullptr);
  EXPECT_NE(reason.find("DBUS_SESSION_BUS_ADDRESS"), std::string::npos) << reason;
}

}  // namespace
}  // namespace deskhand
