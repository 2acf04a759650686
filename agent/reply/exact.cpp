#include "agent/reply/exact.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "kernels/check.h"

namespace deskhand {
namespace {

constexpr int digits_behind_the_point = 15;
constexpr int64_t unit = 2'000'000'000'000'000;  // 2·10^15

}  // namespace

Exact::Exact(double value) {
  CHECK(std::abs(value) <= largest);
  std::array<char, 400> buffer;  // a fixed form has at most 10 + 1 + 324 characters and a sign here
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value), std::chars_format::fixed);
  Wide scaled = 0;
  int behind = -1;  // digits behind the point so far
  for (const char c : std::string_view(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()))) {
    if (behind == digits_behind_the_point) break;
    if (c == '.') {
      behind = 0;
      continue;
    }
    scaled = scaled * 10 + (c - '0');
    if (behind >= 0) ++behind;
  }
  for (behind = std::max(behind, 0); behind < digits_behind_the_point; ++behind) scaled *= 10;
  halves_ = 2 * (value < 0 ? -scaled : scaled);
}

Exact Exact::midpoint(Exact other) const {
  Exact middle(0);
  middle.halves_ = (halves_ + other.halves_) / 2;
  return middle;
}

Exact::Wide Exact::floor_divided(Wide numerator, Wide denominator) {
  const Wide quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

int64_t Exact::scaled_down(int64_t multiply, int64_t divide) const {
  return static_cast<int64_t>(floor_divided(halves_ * multiply, Wide{unit} * divide));
}

int64_t Exact::scaled_near(int64_t multiply, int64_t divide) const {
  return static_cast<int64_t>(floor_divided(2 * halves_ * multiply + Wide{unit} * divide, 2 * Wide{unit} * divide));
}

}  // namespace deskhand
