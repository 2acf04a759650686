#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <thread>

#include "platform/private_display.h"
#include "vision/screen_reader.h"

namespace deskhand {
namespace {

using namespace std::chrono_literals;

/// Real applications on a throwaway desktop, seen by a reader.
class LiveScreen : public ::testing::Test {
 protected:
  LiveScreen() : display_({.width = 1000, .height = 700, .private_home = true}) {
    ::setenv("DBUS_SESSION_BUS_ADDRESS", display_.session_bus().c_str(), 1);
    desktop_ = open_x11_desktop(display_.x11_options());
    bus_ = open_accessibility(nullptr);
    ocr_ = open_ocr(nullptr);
  }
  void SetUp() override {
    if (ocr_ == nullptr || bus_ == nullptr) GTEST_SKIP() << "needs Tesseract and an accessibility bus";
  }
  Process start(std::vector<std::string> argv) {
    return Process(
        {.argv = std::move(argv), .environment = display_.environment(), .log = display_.folder() / "app.log"});
  }
  const ScreenElement* first(const std::function<bool(const ScreenElement&)>& wanted) const {
    const auto found = std::ranges::find_if(screen_.elements, wanted);
    return found == screen_.elements.end() ? nullptr : &*found;
  }
  /// Looks until there is such an element.
  const ScreenElement* wait_for(ScreenReader& reader, const std::function<bool(const ScreenElement&)>& wanted) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
      screen_ = reader.read(desktop_->capture(), desktop_->windows());
      if (first(wanted) != nullptr) break;
      std::this_thread::sleep_for(50ms);
    }
    return first(wanted);
  }

  PrivateDisplay display_;
  std::unique_ptr<Desktop> desktop_;
  std::unique_ptr<Accessibility> bus_;
  std::unique_ptr<Ocr> ocr_;
  Screen screen_;
};

TEST_F(LiveScreen, AnXtermIsReadAndADialogAsked) {
  ScreenReader reader(bus_.get(), ocr_.get());
  const Process terminal = start({"xterm", "-T", "Shell", "-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry",
                                  "60x12+20+20", "-e", "printf 'Total amount: 1234 EUR\\nready\\n'; sleep 60"});
  const ScreenElement* shell = wait_for(reader, [](const ScreenElement& e) {
    return e.role == Role::terminal && e.value.find("Total amount") != std::string::npos;
  });
  ASSERT_NE(shell, nullptr);
  EXPECT_EQ(shell->text, "Shell");
  EXPECT_NE(shell->value.find("1234 EUR"), std::string::npos) << shell->value;
  EXPECT_NE(shell->value.find("ready"), std::string::npos) << shell->value;
  EXPECT_TRUE(shell->editable);

  const Process dialog = start({"zenity", "--forms", "--title=Job", "--text=Apply here", "--add-entry=City"});
  const ScreenElement* city =
      wait_for(reader, [](const ScreenElement& e) { return e.role == Role::text_field && e.text == "City"; });
  ASSERT_NE(city, nullptr);
  EXPECT_EQ(city->source, ElementSource::accessibility);
  EXPECT_NE(first([](const ScreenElement& e) { return e.role == Role::terminal; }), nullptr);
  EXPECT_EQ(screen_.windows.size(), 2U);
  for (size_t i = 0; i < screen_.elements.size(); ++i) EXPECT_EQ(screen_.elements[i].id, static_cast<int>(i) + 1);
  EXPECT_EQ(find_elements(screen_, "city").at(0).id, city->id);
}

TEST_F(LiveScreen, OcrFindsTheButtonsWhereAccessibilitySaysTheyAre) {
  const Process dialog = start({"zenity", "--question", "--title=Ask", "--text=Delete all files now?",
                                "--ok-label=Delete files", "--cancel-label=Keep them"});
  ScreenReader told(bus_.get(), nullptr), read(nullptr, ocr_.get());
  for (const char* label : {"Delete files", "Keep them", "Delete all files now?"}) {
    const auto same_text = [&](const ScreenElement& e) { return e.text == label; };
    const ScreenElement* by_bus = wait_for(told, same_text);
    ASSERT_NE(by_bus, nullptr) << label;
    const ScreenElement bus = *by_bus;
    const ScreenElement* by_eye = wait_for(read, same_text);
    ASSERT_NE(by_eye, nullptr) << label;
    EXPECT_TRUE(bus.box.contains(by_eye->box.center())) << label << ": the box must hold its pixels";
    EXPECT_EQ(bus.window, by_eye->window);
  }
}

}  // namespace
}  // namespace deskhand
