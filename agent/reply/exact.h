#pragma once
// Decimal numbers as they were written, scaled without rounding errors.
//
//   Exact(500.4).scaled_down(1920, 1932)      // floor(500.4·1920/1932) = 497
//   Exact(100).midpoint(Exact(301))           // 200.5
//
// A double's shortest decimal form is what was written, up to 15 digits. Products are whole numbers of 128 bits.

#include <cstdint>

namespace deskhand {

class Exact {
 public:
  static constexpr double largest = 1e9;
  /// |value| ≤ largest; digits beyond the 15th behind the point are dropped.
  explicit Exact(double value);
  Exact midpoint(Exact other) const;
  /// floor(value·multiply/divide); both positive and below 2^20.
  int64_t scaled_down(int64_t multiply, int64_t divide) const;
  /// value·multiply/divide, a half is rounded up.
  int64_t scaled_near(int64_t multiply, int64_t divide) const;

 private:
  __extension__ using Wide = __int128;
  static Wide floor_divided(Wide numerator, Wide denominator);

  Wide halves_ = 0;  ///< in units of 1/(2·10^15)
};

}  // namespace deskhand
