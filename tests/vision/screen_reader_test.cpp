#include "vision/screen_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "vision/image_io.h"

namespace deskhand {
namespace {

/// Says what it was told to.
struct FakeAccessibility : Accessibility {
  std::vector<AccessibleElement> said;
  std::vector<AccessibleElement> elements(std::span<const Window>) override { return said; }
  void set_budget(std::chrono::milliseconds) override {}
};

/// "Reads" every run of 255 in a row of the region's grey values as a text, and counts what it was asked.
struct FakeOcr : Ocr {
  std::vector<ScreenRect> regions;
  std::vector<OcrText> read(const Image& image, ScreenRect region) override {
    regions.push_back(region.intersect(image.bounds()));
    std::vector<OcrText> texts;
    const ScreenRect part = regions.back();
    for (int y = part.y0; y < part.y1; ++y) {
      for (int x = part.x0; x < part.x1; ++x) {
        if (image.pixel(x, y)[0] != 255) continue;
        const int start = x;
        while (x < part.x1 && image.pixel(x, y)[0] == 255) ++x;
        texts.push_back({std::to_string(x - start), {start, y, x, y + 1}, 1});
      }
    }
    return texts;
  }
};

void write(Image& image, int x, int y, int length) {
  for (int i = 0; i < length; ++i) image.pixel(x + i, y)[0] = 255;
}

Window window(WindowId id, ScreenRect box) {
  return {.id = id, .title = fmt::format("W{}", id), .box = box};
}

std::vector<std::string> texts_of(const Screen& screen) {
  std::vector<std::string> all;
  for (const ScreenElement& e : screen.elements) all.push_back(e.text);
  return all;
}

using Texts = std::vector<std::string>;

TEST(ScreenReader, ReadsOnlyWhereAccessibilitySaysNothing) {
  Image image(400, 300);
  write(image, 20, 20, 7);
  write(image, 220, 20, 9);
  FakeAccessibility bus;
  bus.said = {{.role = Role::button, .name = "OK", .box = {10, 10, 60, 30}, .window = 1, .clickable = true}};
  FakeOcr ocr;
  ScreenReader reader(&bus, &ocr);
  const Screen screen = reader.read(image, std::vector{window(1, {0, 0, 200, 300}), window(2, {200, 0, 400, 300})});
  EXPECT_EQ(texts_of(screen), (Texts{"OK", "9"}));
  EXPECT_EQ(screen.elements[0].id, 1);
  EXPECT_EQ(screen.elements[1].id, 2);
  EXPECT_EQ(screen.elements[1].box, (ScreenRect{220, 20, 229, 21}));
  EXPECT_EQ(screen.elements[1].source, ElementSource::ocr);
  EXPECT_EQ(ocr.regions.size(), 1U);
}

TEST(ScreenReader, ReadsOnlyTheRowsThatChanged) {
  Image image(400, 300);
  write(image, 20, 20, 7);
  write(image, 20, 100, 8);
  FakeOcr ocr;
  ScreenReader reader(nullptr, &ocr);
  const std::vector windows{window(1, {0, 0, 400, 300})};
  EXPECT_EQ(texts_of(reader.read(image, windows)), (Texts{"7", "8"}));
  EXPECT_EQ(texts_of(reader.read(image, windows)), (Texts{"7", "8"}));
  EXPECT_EQ(ocr.regions.size(), 1U) << "nothing changed";
  write(image, 20, 200, 5);
  EXPECT_EQ(texts_of(reader.read(image, windows)), (Texts{"7", "8", "5"}));
  ASSERT_EQ(ocr.regions.size(), 2U);
  EXPECT_LT(ocr.regions[1].height(), 20);
  write(image, 28, 100, 12);
  EXPECT_EQ(texts_of(reader.read(image, windows)), (Texts{"7", "20", "5"})) << "the old text of the row is gone";
  EXPECT_EQ(texts_of(reader.read(image, std::vector{window(1, {0, 0, 300, 300})})), (Texts{"7", "20", "5"}));
  EXPECT_EQ(ocr.regions.back().height(), 300) << "another size is read anew";
}

TEST(ScreenReader, AMovedWindowIsNotReadAgain) {
  Image image(400, 300), moved(400, 300);
  write(image, 20, 20, 7);
  write(moved, 70, 50, 7);
  FakeOcr ocr;
  ScreenReader reader(nullptr, &ocr);
  reader.read(image, std::vector{window(1, {0, 0, 200, 200})});
  const Screen screen = reader.read(moved, std::vector{window(1, {50, 30, 250, 230})});
  ASSERT_EQ(screen.elements.size(), 1U);
  EXPECT_EQ(screen.elements[0].box, (ScreenRect{70, 50, 77, 51}));
  EXPECT_EQ(ocr.regions.size(), 1U);
}

TEST(ScreenReader, ATerminalIsOneElement) {
  Image image(400, 300);
  write(image, 20, 20, 7);
  write(image, 60, 20, 3);
  write(image, 20, 40, 9);
  FakeOcr ocr;
  ScreenReader reader(nullptr, &ocr);
  Window terminal = window(5, {0, 0, 400, 300});
  terminal.terminal = true;
  terminal.active = true;
  const Screen screen = reader.read(image, std::vector{terminal});
  ASSERT_EQ(screen.elements.size(), 1U);
  EXPECT_EQ(screen.elements[0].role, Role::terminal);
  EXPECT_EQ(screen.elements[0].text, "W5");
  EXPECT_EQ(screen.elements[0].value, "7 3\n9");
  EXPECT_TRUE(screen.elements[0].focused && screen.elements[0].editable);
  ScreenReader blind(nullptr, nullptr);
  EXPECT_EQ(blind.read(image, std::vector{terminal}).elements.size(), 1U) << "it can be typed into without OCR too";
}

TEST(ScreenReader, OurOwnAndCoveredThingsAreLeftOut) {
  Image image(400, 300);
  write(image, 20, 20, 7);
  write(image, 20, 250, 4);
  FakeAccessibility bus;
  bus.said = {{.role = Role::button, .name = "ours", .box = {10, 10, 60, 30}, .window = 1}};
  FakeOcr ocr;
  ScreenReader reader(&bus, &ocr);
  Window ours = window(1, {0, 0, 400, 100});
  ours.ours = true;
  const Screen screen = reader.read(image, std::vector{ours, window(2, {0, 0, 400, 300})});
  EXPECT_EQ(texts_of(screen), Texts{"4"});
  ASSERT_EQ(screen.windows.size(), 1U);
  EXPECT_EQ(screen.windows[0].id, 2U);
}

TEST(ScreenReader, CanvasesAreReadWithoutRepeatingWhatIsKnown) {
  Image image(400, 300);
  write(image, 20, 20, 7);
  write(image, 120, 120, 9);
  FakeAccessibility bus;
  bus.said = {{.role = Role::button, .name = "Seven", .box = {10, 10, 60, 30}, .window = 1},
              {.role = Role::canvas, .box = {0, 0, 400, 200}, .window = 1}};
  FakeOcr ocr;
  ScreenReader reader(&bus, &ocr);
  EXPECT_EQ(texts_of(reader.read(image, std::vector{window(1, {0, 0, 400, 300})})), (Texts{"", "Seven", "9"}));
}

TEST(ScreenReader, RowsReadFromLeftToRight) {
  FakeAccessibility bus;
  bus.said = {{.role = Role::label, .name = "b", .box = {100, 10, 140, 30}, .window = 1},
              {.role = Role::label, .name = "a", .box = {10, 13, 50, 27}, .window = 1},
              {.role = Role::label, .name = "c", .box = {10, 40, 50, 60}, .window = 1}};
  ScreenReader reader(&bus, nullptr);
  EXPECT_EQ(texts_of(reader.read(Image(200, 100), std::vector{window(1, {0, 0, 200, 100})})), (Texts{"a", "b", "c"}));
}

TEST(Ocr, SplitsNeighboursAtTheGapBetweenThem) {
  std::string reason;
  const auto ocr = open_ocr(&reason);
  if (ocr == nullptr) GTEST_SKIP() << reason;
  const Image image = read_image("tests/vision/fixtures/two_buttons.png");
  ScreenReader reader(nullptr, ocr.get());
  const Screen screen = reader.read_image(image);
  ASSERT_EQ(texts_of(screen), (Texts{"Send order", "Reset"}));
  const ScreenRect box = screen.elements[0].box;
  const ScreenRect button{20, 15, 120, 45};
  EXPECT_EQ(box.intersect(button), box) << "inside the button drawn there";
  EXPECT_TRUE(box.contains({40, 30}) && box.contains({100, 30}));
  EXPECT_TRUE(screen.elements[0].clickable);
}

TEST(Ocr, OfNothingIsNothing) {
  const auto ocr = open_ocr(nullptr);
  if (ocr == nullptr) GTEST_SKIP() << "no Tesseract";
  EXPECT_TRUE(ocr->read(Image(300, 200), {0, 0, 300, 200}).empty());
  EXPECT_TRUE(ocr->read(Image(300, 200), {0, 0, 3, 3}).empty());
  EXPECT_TRUE(ocr->read(Image(300, 200), {400, 400, 500, 500}).empty());
  EXPECT_TRUE(ocr->read(Image(), {0, 0, 10, 10}).empty());
}

}  // namespace
}  // namespace deskhand
