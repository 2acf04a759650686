#include "agent/reply/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "agent/reply/error.h"

namespace deskhand {

PointMap::PointMap(const ViewSizes& sizes, PointRule rule) : sizes_(sizes), rule_(rule) {
  constexpr int largest_side = 1 << 19;
  for (const int side : {sizes.frame.width, sizes.frame.height, sizes.screen.width, sizes.screen.height})
    if (side < 1 || side > largest_side)
      throw std::invalid_argument(fmt::format("a side of frame or screen is {}, expected 1 to {}", side, largest_side));
}

Exact PointMap::legal(double value, const Axis& axis) const {
  const int highest = rule_.highest == 0 ? axis.frame : rule_.highest;
  if (!(value >= 0 && value <= highest))
    throw DialectError(ReplyFault::out_of_range,
                       fmt::format("{} is {}, expected a number from 0 to {}", axis.name, value, highest));
  return Exact(value);
}

int64_t PointMap::scaled(Exact value, const Axis& axis) const {
  const int divisor = rule_.divisor == 0 ? axis.frame : rule_.divisor;
  return value.scaled_down(axis.screen, divisor);
}

int64_t PointMap::pixel(Exact value, const Axis& axis) const {
  return std::min<int64_t>(axis.screen - 1, scaled(value, axis));
}

nlohmann::json PointMap::point(double x, double y) const {
  return {pixel(legal(x, horizontal()), horizontal()), pixel(legal(y, vertical()), vertical())};
}

nlohmann::json PointMap::center(double x0, double y0, double x1, double y1) const {
  return {pixel(legal(x0, horizontal()).midpoint(legal(x1, horizontal())), horizontal()),
          pixel(legal(y0, vertical()).midpoint(legal(y1, vertical())), vertical())};
}

nlohmann::json PointMap::region(double x0, double y0, double x1, double y1) const {
  const auto edge = [&](double value, const Axis& axis) {
    return std::min<int64_t>(axis.screen, scaled(legal(value, axis), axis));
  };
  const int64_t left = edge(x0, horizontal()), top = edge(y0, vertical());
  const int64_t right = edge(x1, horizontal()), bottom = edge(y1, vertical());
  if (right <= left || bottom <= top)
    throw DialectError(ReplyFault::bad_args,
                       fmt::format("the region {}, {}, {}, {} is empty, expected x0 < x1 and y0 < y1", x0, y0, x1, y1));
  return {left, top, right, bottom};
}

}  // namespace deskhand
