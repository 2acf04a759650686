#include "vision/marks.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

constexpr Colour red{255, 0, 0};

int count(const Image& image, Colour colour) {
  int pixels = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) pixels += std::equal(colour.begin(), colour.end(), image.pixel(x, y));
  }
  return pixels;
}

TEST(Marks, ABoxHasItsFrameAndItsLabel) {
  Image plain(200, 100), labelled(200, 100);
  draw_box(plain, {50, 40, 120, 80}, red, "");
  EXPECT_EQ(plain.pixel(50, 60)[0], 255);
  EXPECT_EQ(plain.pixel(80, 60)[0], 0);
  draw_box(labelled, {50, 40, 120, 80}, red, "12");
  EXPECT_GT(count(labelled, red), count(plain, red) + 50);
  int bright = 0;
  for (size_t i = 1; i < labelled.data.size(); i += 3) bright += labelled.data[i] > 128;
  EXPECT_GT(bright, 5) << "white digits on red";
}

TEST(Marks, BoxesAtAndBeyondTheEdgeStayInside) {
  Image image(60, 40);
  draw_box(image, {-10, -10, 200, 200}, red, "1");
  draw_box(image, {50, 0, 60, 8}, red, "123456789 123456789");
  draw_box(image, {500, 500, 600, 600}, red, "2");
  draw_target(image, {0, 39}, red);
  draw_target(image, {-100, 400}, red);
  EXPECT_GT(count(image, red), 10);
}

TEST(Marks, TheTargetLeavesItsMiddleFree) {
  Image image(100, 100);
  draw_target(image, {50, 50}, red);
  EXPECT_EQ(image.pixel(50, 50)[0], 0);
  EXPECT_EQ(image.pixel(50 + 14, 50)[0], 255);
  EXPECT_EQ(image.pixel(10, 10)[0], 0);
}

TEST(Marks, BlackOutCoversExactlyItsBox) {
  Image image(30, 20);
  std::fill(image.data.begin(), image.data.end(), 200);
  black_out(image, {5, 4, 25, 10});
  EXPECT_EQ(count(image, {0, 0, 0}), 20 * 6);
  black_out(image, {100, 100, 120, 120});
  EXPECT_EQ(count(image, {0, 0, 0}), 20 * 6);
}

TEST(Marks, DrawOnGreyToo) {
  Image image(60, 40, 1);
  draw_box(image, {10, 20, 50, 35}, {255, 255, 255}, "7");
  EXPECT_EQ(*image.pixel(10, 30), 255);
}

}  // namespace
}  // namespace deskhand
