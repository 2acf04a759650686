// Finding one place: the whole picture first, then the part around it.

#include "agent/grounder.h"

#include <gtest/gtest.h>

#include "tests/support/agent_harness.h"
#include "tests/support/dialect_clicks.h"

namespace deskhand {
namespace {

const Message& shown(const PreparedMind& mind, size_t look) {
  return mind.asked.at(look).back();
}

Extent size_of(const Message& message) {
  for (const Part& part : message.parts)
    if (part.image) return {part.image->width, part.image->height};
  return {};
}

std::optional<ScreenPoint> find(PreparedMind& mind, std::string_view dialect, const Image& picture) {
  return Grounder(mind, *find_dialect(dialect), nullptr).find(picture, "the OK button", {});
}

TEST(Grounder, LooksAgainAtAQuarterOfThePicture) {
  PreparedMind mind({"[500,250]", "[0,1000]"});
  const Image picture(1920, 1080);
  // First (960, 270); the part around it is 960×540 from (480, 0); its lower left corner is the last row.
  EXPECT_EQ(find(mind, "venus_ground", picture), (ScreenPoint{480, 539}));
  ASSERT_EQ(mind.asked.size(), 2u);
  EXPECT_EQ(size_of(shown(mind, 0)), (Extent{1920, 1088}));
  EXPECT_EQ(size_of(shown(mind, 1)), (Extent{960, 544}));
  EXPECT_NE(shown(mind, 1).text().find("the OK button"), std::string::npos);
}

TEST(Grounder, PointsInPixelsArePixelsOfThePart) {
  PreparedMind mind({"(1000,500)", "(10,20)"});
  const Image picture(1932, 1092);  // the frame has this size, the part half of it: 966×546 → 952×560 and back
  EXPECT_EQ(find(mind, "gta1", picture), (ScreenPoint{517 + 10 * 966 / 952, 227 + 20 * 546 / 560}));
}

TEST(Grounder, KeepsTheFirstPointWhereTheSecondLookFails) {
  for (const char* second : {"nothing that can be read", "[-1,-1]", "[5000,5000]"}) {
    PreparedMind mind({"[500,500]", second});
    EXPECT_EQ(find(mind, "venus_ground", Image(1920, 1080)), (ScreenPoint{960, 540})) << second;
  }
}

TEST(Grounder, LooksOnceAtSmallPicturesAndWhereNothingIsFound) {
  PreparedMind small({"[500,500]"});
  EXPECT_EQ(find(small, "venus_ground", Image(640, 480)), (ScreenPoint{320, 240}));
  EXPECT_EQ(small.asked.size(), 1u);
  PreparedMind nothing({"[-1,-1]"});
  EXPECT_EQ(find(nothing, "venus_ground", Image(1920, 1080)), std::nullopt);
  EXPECT_EQ(nothing.asked.size(), 1u);
  PreparedMind broken({"It is there."});
  EXPECT_THROW(find(broken, "venus_ground", Image(1920, 1080)), DialectError);
}

TEST(Grounder, WorksWithEveryDialectThatFindsPlaces) {
  for (const Dialect* dialect : all_dialects()) {
    if (!dialect->grounds) continue;
    PreparedMind mind({testing::click_reply(dialect->name, 20, 40)});
    const std::optional<ScreenPoint> point = find(mind, dialect->name, Image(560, 560));
    ASSERT_TRUE(point) << dialect->name;
    const testing::PointUnit unit = testing::point_unit(dialect->name, model_frame({560, 560}, dialect->frame).width);
    EXPECT_EQ(*point, (ScreenPoint{20 * 560 / unit.divisor, 40 * 560 / unit.divisor})) << dialect->name;
  }
}

}  // namespace
}  // namespace deskhand
