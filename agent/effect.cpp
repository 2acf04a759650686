#include "agent/effect.h"

#include <algorithm>
#include <cstring>

namespace deskhand {
namespace {

constexpr int caret_width = 3, caret_height = 64, margin = 4;

bool is_caret(const ScreenRect& box) {
  return box.width() <= caret_width && box.height() <= caret_height;
}

/// Calls found(x, y) for every pixel of the part that differs.
template <class Found>
void for_each_difference(const Image& a, const Image& b, ScreenRect part, Found found) {
  const size_t bytes = static_cast<size_t>(part.width()) * a.channels;
  for (int y = part.y0; y < part.y1; ++y) {
    if (std::memcmp(a.pixel(part.x0, y), b.pixel(part.x0, y), bytes) == 0) continue;
    for (int x = part.x0; x < part.x1; ++x)
      if (std::memcmp(a.pixel(x, y), b.pixel(x, y), static_cast<size_t>(a.channels)) != 0) found(x, y);
  }
}

bool same_shape(const Image& a, const Image& b) {
  return a.width == b.width && a.height == b.height && a.channels == b.channels;
}

}  // namespace

void ChangeMask::add(const Image& earlier, const Image& later) {
  if (!same_shape(earlier, later) || earlier.width != width_ || earlier.height != height_) return;
  ScreenRect all;
  std::vector<ScreenPoint> points;
  for_each_difference(earlier, later, earlier.bounds(), [&](int x, int y) {
    points.push_back({x, y});
    all = all.unite({x, y, x + 1, y + 1});
  });
  if (points.empty()) return;
  if (marked_.empty()) marked_.resize(static_cast<size_t>(width_) * height_);
  const int reach = is_caret(all) ? 0 : margin;
  for (const ScreenPoint p : points) {
    const ScreenRect box =
        ScreenRect{p.x - reach, p.y - reach, p.x + reach + 1, p.y + reach + 1}.intersect(earlier.bounds());
    for (int y = box.y0; y < box.y1; ++y)
      std::memset(marked_.data() + static_cast<size_t>(y) * width_ + box.x0, 1, static_cast<size_t>(box.width()));
  }
}

bool ChangeMask::changed_in(const Image& before, const Image& after, ScreenRect part) const {
  if (!same_shape(before, after)) return true;
  part = part.intersect(before.bounds());
  if (part.empty()) return false;
  ScreenRect all;
  for_each_difference(before, after, part, [&](int x, int y) {
    if (marked_.empty() || !marked_[static_cast<size_t>(y) * width_ + x]) all = all.unite({x, y, x + 1, y + 1});
  });
  return !all.empty() && !is_caret(all);
}

}  // namespace deskhand
