#include "agent/prompt/frame_rule.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

TEST(FrameRule, IsSmartResize) {
  const FrameRule large{.factor = 32, .max_pixels = 13'107'200};
  EXPECT_EQ(model_frame({1920, 1080}, large), (Extent{1920, 1088}));
  EXPECT_EQ(model_frame({1920, 1080}, {.factor = 28}), (Extent{1932, 1092}));
  EXPECT_EQ(model_frame({1440, 900}, large), (Extent{1440, 896}));
  EXPECT_EQ(model_frame({1440, 900}, {.factor = 28}), (Extent{1428, 896}));
}

TEST(FrameRule, RoundsAHalfToTheEvenMultiple) {
  EXPECT_EQ(model_frame({80, 112}, {.factor = 32}), (Extent{64, 128})) << "2.5 and 3.5 factors";
}

TEST(FrameRule, KeepsToTheBand) {
  EXPECT_EQ(model_frame({3840, 2160}, {.factor = 28, .max_pixels = 1'000'000}), (Extent{1316, 728}));
  EXPECT_EQ(model_frame({20, 20}, {.factor = 28}), (Extent{56, 56}));
  EXPECT_EQ(model_frame({30, 30}, {.factor = 28, .min_pixels = 10'000}), (Extent{112, 112}));
}

TEST(FrameRule, RefusesWhatNoModelSees) {
  EXPECT_THROW(model_frame({0, 10}, {}), ImageError);
  EXPECT_THROW(model_frame({2010, 10}, {}), ImageError);
}

}  // namespace
}  // namespace deskhand
