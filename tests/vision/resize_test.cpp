#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/vision/checksum.h"
#include "tests/vision/made_up.h"
#include "vision/image_io.h"

namespace deskhand {
namespace {

TEST(Resize, EqualsPillow) {
  const std::map<std::string, ResizeFilter> filters{
      {"bilinear", ResizeFilter::bilinear}, {"bicubic", ResizeFilter::bicubic}, {"lanczos", ResizeFilter::lanczos}};
  std::ifstream file("tests/vision/fixtures/pillow_resize.txt");
  ASSERT_TRUE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream in(line);
    std::string mode, filter;
    int kind = 0, width = 0, height = 0, out_width = 0, out_height = 0;
    uint32_t crc = 0;
    in >> mode >> kind >> width >> height >> out_width >> out_height >> filter >> std::hex >> crc;
    ASSERT_FALSE(in.fail()) << line;
    const Image image = testing::made_up(kind, width, height, mode == "L" ? 1 : 3);
    const Image out = resize(image, out_width, out_height, filters.at(filter));
    EXPECT_EQ(out.width, out_width);
    EXPECT_EQ(out.height, out_height);
    EXPECT_EQ(testing::crc32(out.data), crc) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 600);
}

TEST(Resize, RefusesNothingness) {
  EXPECT_THROW(resize(Image(), 4, 4, ResizeFilter::bicubic), ImageError);
  EXPECT_THROW(resize(Image(4, 4), 0, 4, ResizeFilter::bicubic), ImageError);
  EXPECT_THROW(resize(Image(4, 4), 4, -1, ResizeFilter::bicubic), ImageError);
}

TEST(MakeFrame, KeepsItsShapeAndItsMap) {
  Image screen(1920, 1080);
  const Frame frame = make_frame(screen, screen.bounds(), 1024, 1024);
  EXPECT_EQ(frame.pixels.width, 1024);
  EXPECT_EQ(frame.pixels.height, 576);
  EXPECT_EQ(frame.map.screen, screen.bounds());
  EXPECT_EQ(frame.map.to_screen({1023, 575}), (ScreenPoint{1919, 1079}));
  EXPECT_THROW(frame.map.to_screen({1024, 0}), OutOfFrame);
}

TEST(MakeFrame, NeverEnlargesAndCuts) {
  Image screen(100, 80);
  screen.pixel(30, 20)[1] = 200;
  const Frame frame = make_frame(screen, {30, 20, 130, 60}, 1000, 1000);
  EXPECT_EQ(frame.pixels.width, 70);
  EXPECT_EQ(frame.pixels.height, 40);
  EXPECT_EQ(frame.pixels.pixel(0, 0)[1], 200);
  EXPECT_EQ(frame.map.to_screen({0, 0}), (ScreenPoint{30, 20}));
  EXPECT_THROW(make_frame(screen, {200, 0, 300, 10}, 100, 100), ImageError);
}

TEST(MakeFrame, AThinStripKeepsAPixel) {
  const Frame frame = make_frame(Image(4000, 2), {0, 0, 4000, 2}, 400, 400);
  EXPECT_EQ(frame.pixels.height, 1);
  EXPECT_EQ(frame.map.frame_width, 400);
}

}  // namespace
}  // namespace deskhand
