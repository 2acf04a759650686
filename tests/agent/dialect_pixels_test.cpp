// Recorded replies of every dialect that acts, a real X server, and another program that says where it was clicked.

#include <gtest/gtest.h>

#include "agent/agent.h"
#include "agent/dialect.h"
#include "tests/platform/x11_event_window.h"
#include "tests/platform/x11_test_server.h"
#include "tests/support/dialect_clicks.h"
#undef Status  // Xlib's

namespace deskhand {
namespace {

using namespace deskhand::testing;

class NoUser final : public User {
 public:
  bool confirm(const Confirmation&, std::stop_token) override { return false; }
  bool hand_off(const Confirmation&, std::stop_token) override { return false; }
  std::optional<std::string> ask(const std::string&, std::stop_token) override { return std::nullopt; }
};

Screen windows_alone(const Image& image, std::span<const Window> windows) {
  Screen screen;
  screen.bounds = image.bounds();
  screen.windows.assign(windows.begin(), windows.end());
  return screen;
}

/// In whole numbers, as DIALECTS has it: min(S − 1, floor(v·S / D)).
int expected_pixel(int value, int side, int divisor) {
  const int64_t scaled = int64_t{value} * side / divisor;
  return static_cast<int>(std::min<int64_t>(side - 1, scaled));
}

class DialectPixels : public ::testing::TestWithParam<Extent> {};

TEST_P(DialectPixels, AreThoseThatTheApplicationSees) {
  const Extent size = GetParam();
  TestServer server({.width = size.width, .height = size.height});
  EventWindow window(server.display(), {0, 0, size.width, size.height}, false);
  auto desktop = open_x11_desktop({.display = server.display()});
  const Policy policy = Policy::parse(R"({"default": "allow", "unlabelled": "allow"})", "test");
  NoUser user;
  int clicks = 0;
  for (const Dialect* dialect : all_dialects()) {
    if (!dialect->sees || dialect->grounds) continue;
    const Extent frame = model_frame(size, dialect->frame);
    const PointUnit across = point_unit(dialect->name, frame.width), down = point_unit(dialect->name, frame.height);
    const int x = across.divisor * 7 / 10 + clicks % 5, y = down.divisor * 3 / 10 + clicks % 7;
    const std::unique_ptr<Mind> mind = make_scripted_mind({click_reply(dialect->name, x, y)});
    Agent agent({.mind = *mind,
                 .dialect = *dialect,
                 .desktop = *desktop,
                 .read_screen = windows_alone,
                 .policy = policy,
                 .user = user});
    const Outcome outcome = agent.run("Press it", {.max_steps = 1}, {});
    EXPECT_EQ(outcome.status, Outcome::Status::limit) << dialect->name << ": " << outcome.reason;
    ++clicks;
    window.collect([&] { return window.count(ButtonRelease) == clicks; });
    ASSERT_EQ(window.count(ButtonRelease), clicks) << dialect->name;
    EXPECT_EQ(window.events().back().at, (ScreenPoint{expected_pixel(x, size.width, across.divisor),
                                                      expected_pixel(y, size.height, down.divisor)}))
        << dialect->name << " wrote " << x << ", " << y;
  }
  EXPECT_EQ(clicks, 19);
}

INSTANTIATE_TEST_SUITE_P(Screens, DialectPixels,
                         ::testing::Values(Extent{1024, 768}, Extent{1920, 1080}, Extent{2560, 1440},
                                           Extent{3840, 2160}),
                         [](const auto& screen) {
                           return std::to_string(screen.param.width) + "x" + std::to_string(screen.param.height);
                         });

}  // namespace
}  // namespace deskhand
