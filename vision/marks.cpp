#include "vision/marks.h"

#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>

namespace deskhand {
namespace {

/// The picture's own pixels as OpenCV sees them.
cv::Mat view(Image& image) {
  if (image.channels != 1 && image.channels != 3) throw std::invalid_argument("marks: expected 1 or 3 channels");
  return {image.height, image.width, CV_8UC(image.channels), image.data.data()};
}

cv::Scalar ink(const Image& image, Colour colour) {
  const auto [r, g, b] = colour;
  if (image.channels == 3) return {double(r), double(g), double(b)};
  return cv::Scalar(0.299 * r + 0.587 * g + 0.114 * b);
}

/// Black or white, whichever stands out.
Colour contrast(Colour colour) {
  const bool light = 299 * colour[0] + 587 * colour[1] + 114 * colour[2] > 140'000;
  return light ? Colour{0, 0, 0} : Colour{255, 255, 255};
}

cv::Rect to_rect(ScreenRect box) {
  return {box.x0, box.y0, box.width(), box.height()};
}

/// A filled tag above the box's left corner, moved inside the picture.
void draw_label(Image& image, ScreenRect box, Colour colour, std::string_view label) {
  constexpr int font = cv::FONT_HERSHEY_SIMPLEX, margin = 2;
  constexpr double scale = 0.4;
  const std::string text(label);
  int baseline = 0;
  const cv::Size size = cv::getTextSize(text, font, scale, 1, &baseline);
  const int width = size.width + 2 * margin, height = size.height + 2 * margin;
  const int x = std::clamp(box.x0, 0, std::max(0, image.width - width));
  const int y = std::clamp(box.y0 - height, 0, std::max(0, image.height - height));
  cv::Mat pixels = view(image);
  cv::rectangle(pixels, cv::Rect(x, y, width, height), ink(image, colour), cv::FILLED);
  cv::putText(pixels, text, {x + margin, y + margin + size.height}, font, scale, ink(image, contrast(colour)), 1,
              cv::LINE_AA);
}

}  // namespace

void draw_box(Image& image, ScreenRect box, Colour colour, std::string_view label) {
  if (box.intersect(image.bounds()).empty()) return;
  cv::Mat pixels = view(image);
  cv::rectangle(pixels, to_rect(box), ink(image, colour), 2);
  if (!label.empty()) draw_label(image, box, colour, label);
}

void draw_target(Image& image, ScreenPoint at, Colour colour) {
  constexpr int radius = 14, arm = 22;
  if (image.empty()) return;
  cv::Mat pixels = view(image);
  const cv::Point center(at.x, at.y);
  const auto draw = [&](const cv::Scalar& paint, int thickness) {
    cv::circle(pixels, center, radius, paint, thickness, cv::LINE_AA);
    for (const cv::Point& way : {cv::Point(1, 0), cv::Point(-1, 0), cv::Point(0, 1), cv::Point(0, -1)}) {
      cv::line(pixels, center + 4 * way, center + arm * way, paint, thickness, cv::LINE_AA);
    }
  };
  draw(ink(image, contrast(colour)), 4);  // a rim, to stand out on any ground
  draw(ink(image, colour), 2);
}

void black_out(Image& image, ScreenRect box) {
  const ScreenRect inside = box.intersect(image.bounds());
  if (inside.empty()) return;
  view(image)(to_rect(inside)).setTo(cv::Scalar::all(0));
}

}  // namespace deskhand
