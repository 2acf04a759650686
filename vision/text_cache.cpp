#include "vision/text_cache.h"

#include <algorithm>

namespace deskhand {
namespace {

Image cut(const Image& image, ScreenRect part) {
  Image out(part.width(), part.height(), image.channels);
  const size_t row = static_cast<size_t>(part.width()) * image.channels;
  for (int y = 0; y < part.height(); ++y) std::copy_n(image.pixel(part.x0, part.y0 + y), row, out.pixel(0, y));
  return out;
}

/// One colour from end to end: no text crosses this row.
bool is_plain(const Image& image, int y) {
  const uint8_t* first = image.pixel(0, y);
  for (int x = 1; x < image.width; ++x) {
    if (!std::equal(first, first + image.channels, image.pixel(x, y))) return false;
  }
  return true;
}

bool same_row(const Image& a, const Image& b, int y) {
  return std::equal(a.pixel(0, y), a.pixel(0, y) + static_cast<size_t>(a.width) * a.channels, b.pixel(0, y));
}

/// Moves an edge outwards until the row beyond it is plain, to cut no line of text; at most a line's height.
int widen(const Image& image, int y, int step) {
  constexpr int farthest = 40;
  for (int moved = 0; moved < farthest; ++moved) {
    const int beyond = step < 0 ? y - 1 : y;
    if (beyond < 0 || beyond >= image.height || is_plain(image, beyond)) break;
    y += step;
  }
  return y;
}

}  // namespace

std::vector<OcrText> TextCache::read(const Image& image, Key key, ScreenRect region) {
  region = region.intersect(image.bounds());
  if (region.empty()) return {};
  Entry& entry = entries_[key];
  entry.used = true;
  Image now = cut(image, region);
  const bool comparable = entry.pixels.width == now.width && entry.pixels.height == now.height;
  int y0 = 0, y1 = now.height;
  if (comparable) {
    while (y0 < y1 && same_row(now, entry.pixels, y0)) ++y0;
    while (y1 > y0 && same_row(now, entry.pixels, y1 - 1)) --y1;
  }
  entry.pixels = std::move(now);
  if (!comparable) entry.texts.clear();
  if (y0 < y1) read_rows(entry, widen(entry.pixels, y0, -1), widen(entry.pixels, y1, +1));
  std::vector<OcrText> texts = entry.texts;
  for (OcrText& text : texts) {
    text.box = {text.box.x0 + region.x0, text.box.y0 + region.y0, text.box.x1 + region.x0, text.box.y1 + region.y0};
  }
  return texts;
}

void TextCache::read_rows(Entry& entry, int y0, int y1) {
  constexpr int margin = 4;  // the engine wants some air around a line
  const auto inside = [y0, y1](const OcrText& text) {
    const int middle = text.box.center().y;
    return middle >= y0 && middle < y1;
  };
  std::erase_if(entry.texts, inside);
  for (OcrText& text : ocr_.read(entry.pixels, {0, y0 - margin, entry.pixels.width, y1 + margin})) {
    if (inside(text)) entry.texts.push_back(std::move(text));
  }
  std::ranges::stable_sort(entry.texts, {}, [](const OcrText& t) { return t.box.y0; });
}

void TextCache::forget_unused() {
  std::erase_if(entries_, [](const auto& entry) { return !entry.second.used; });
  for (auto& [key, entry] : entries_) entry.used = false;
}

}  // namespace deskhand
