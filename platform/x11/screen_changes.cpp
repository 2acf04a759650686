#include "platform/x11/screen_changes.h"

#include <X11/extensions/Xfixes.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace deskhand::x11 {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds longest_nap{50};  ///< how late a stop may be seen
constexpr size_t most_rectangles = 32;   ///< then one box around all
constexpr int joining_distance = 8;      ///< pixels between rectangles that become one

bool touch(const ScreenRect& a, const ScreenRect& b) {
  const int d = joining_distance;
  return !a.intersect({b.x0 - d, b.y0 - d, b.x1 + d, b.y1 + d}).empty();
}

}  // namespace

ScreenChanges::ScreenChanges(Connection& connection) : connection_(connection), last_change_(Clock::now()) {
  ::Display* display = connection_.get();
  int error = 0, major = 0, minor = 0, fixes_event = 0;
  if (XDamageQueryExtension(display, &event_base_, &error) == 0 ||
      XFixesQueryExtension(display, &fixes_event, &error) == 0) {
    throw DesktopError(fmt::format("the display \"{}\" lacks the DAMAGE or XFIXES extension", connection_.name()));
  }
  XDamageQueryVersion(display, &major, &minor);
  XFixesQueryVersion(display, &major, &minor);
  damage_ = XDamageCreate(display, connection_.root(), XDamageReportNonEmpty);
  region_ = XFixesCreateRegion(display, nullptr, 0);
  connection_.listen([this](const XEvent& event) { on_event(event); });
  connection_.sync();
}

ScreenChanges::~ScreenChanges() {
  if (connection_.lost()) return;
  XDamageDestroy(connection_.get(), damage_);
  XFixesDestroyRegion(connection_.get(), region_);
}

std::vector<ScreenRect> ScreenChanges::take() {
  connection_.sync();
  fetch();
  const ScreenRect now = connection_.bounds();
  std::vector<ScreenRect> result = std::exchange(changed_, {});
  if (now != std::exchange(known_bounds_, now)) return {now};
  std::vector<ScreenRect> visible;
  for (const ScreenRect& box : result) {
    if (const ScreenRect inside = box.intersect(now); !inside.empty()) visible.push_back(inside);
  }
  return visible;
}

bool ScreenChanges::wait_until_quiet(const QuietWait& wait, const std::stop_token& stop) {
  const Clock::time_point start = Clock::now();
  fetch();
  last_change_ = Clock::now();
  while (!stop.stop_requested()) {
    const Clock::time_point now = Clock::now();
    if (now - last_change_ >= wait.quiet) return true;
    if (now - start >= wait.cap) return false;
    const auto left = std::min<Clock::duration>(last_change_ + wait.quiet - now, start + wait.cap - now);
    connection_.pump(std::clamp(duration_cast<milliseconds>(left) + milliseconds(1), milliseconds(1), longest_nap));
    if (notified_) fetch();
  }
  return false;
}

void ScreenChanges::on_event(const XEvent& event) {
  if (event.type == event_base_ + XDamageNotify) notified_ = true;
}

/// Moves the server's damage into changed_. The server notifies again only after its damage was taken.
void ScreenChanges::fetch() {
  connection_.pump(milliseconds(0));
  if (!std::exchange(notified_, false)) return;
  ::Display* display = connection_.get();
  XDamageSubtract(display, damage_, 0, region_);
  int count = 0;
  const std::unique_ptr<XRectangle, decltype(&XFree)> boxes(XFixesFetchRegion(display, region_, &count), &XFree);
  connection_.get();
  for (int i = 0; boxes && i < count; ++i) {
    const XRectangle& r = boxes.get()[i];
    add({r.x, r.y, r.x + r.width, r.y + r.height});
  }
  if (count > 0) last_change_ = Clock::now();
}

void ScreenChanges::add(const ScreenRect& box) {
  ScreenRect merged = box;
  for (size_t i = 0; i < changed_.size();) {
    if (!touch(changed_[i], merged)) {
      ++i;
      continue;
    }
    merged = merged.unite(changed_[i]);
    changed_.erase(changed_.begin() + static_cast<std::ptrdiff_t>(i));
    i = 0;
  }
  changed_.push_back(merged);
  if (changed_.size() <= most_rectangles) return;
  ScreenRect all;
  for (const ScreenRect& one : changed_) all = all.unite(one);
  changed_ = {all};
}

}  // namespace deskhand::x11
