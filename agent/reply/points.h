#pragma once
// Points of a reply to pixels of the screen.
//
//   const PointMap map({.frame = {1920, 1088}, .screen = {1920, 1080}}, {.divisor = 999, .highest = 1000});
//   map.point(491, 91)      // [943, 98]: per axis min(S - 1, floor(v·S/divisor)), S the side of the screen
//   map.point(1001, 5)      // DialectError, out_of_range
//
// Everything is exact; nothing is clamped beyond `highest`, which lands on the last pixel.

#include <nlohmann/json.hpp>
#include <string_view>

#include "agent/reply/exact.h"

namespace deskhand {

struct Extent {
  int width = 0, height = 0;
  bool operator==(const Extent&) const = default;
};

/// What the model saw, and the monitor that it shows.
struct ViewSizes {
  Extent frame{}, screen{};
};

struct PointRule {
  int divisor = 0;  ///< 0: the side of the frame
  int highest = 0;  ///< the largest legal value; 0: the side of the frame
};
constexpr PointRule absolute_points{};

class PointMap {
 public:
  /// Throws std::invalid_argument unless all sides are 1…2^19.
  PointMap(const ViewSizes& sizes, PointRule rule);
  /// [x, y] of a pixel. Throws DialectError out_of_range.
  nlohmann::json point(double x, double y) const;
  /// The pixel in the middle of a box.
  nlohmann::json center(double x0, double y0, double x1, double y1) const;
  /// [x0, y0, x1, y1] of a part of the screen, the end not included. bad_args for an empty one.
  nlohmann::json region(double x0, double y0, double x1, double y1) const;
  const ViewSizes& sizes() const { return sizes_; }

 private:
  struct Axis {
    std::string_view name;
    int frame, screen;
  };
  Axis horizontal() const { return {"x", sizes_.frame.width, sizes_.screen.width}; }
  Axis vertical() const { return {"y", sizes_.frame.height, sizes_.screen.height}; }
  Exact legal(double value, const Axis& axis) const;
  int64_t scaled(Exact value, const Axis& axis) const;
  int64_t pixel(Exact value, const Axis& axis) const;

  ViewSizes sizes_;
  PointRule rule_;
};

}  // namespace deskhand
