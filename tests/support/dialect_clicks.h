#pragma once
// A click, or a found place, as each dialect writes it.
//
//   click_reply("gta1", 10, 20)       // "(10,20)"
//   point_unit("qwen35", 1088)        // {999, 999}: what a side is divided by, and the largest number to be written

#include <string>
#include <string_view>

namespace deskhand::testing {

std::string click_reply(std::string_view dialect, int x, int y);

struct PointUnit {
  int divisor, largest;
};
PointUnit point_unit(std::string_view dialect, int frame_side);

}  // namespace deskhand::testing
