#pragma once
// The desktop tools of H Company's models, points from 0 to 1000.
//
//   Call call{.name = "click_desktop", .arguments = {{"element", "OK"}, {"x", 932}, {"y", 880}}};
//   holo_actions(call, sizes)                                                     // left_click

#include <vector>

#include "agent/reply/acting.h"
#include "agent/reply/points.h"

namespace deskhand {

inline constexpr PointRule holo_points{1000, 1000};

/// All arguments of all tools.
NameList holo_parameters();
std::vector<Action> holo_actions(const Call& call, const ViewSizes& sizes);
/// Of calls whose values are all texts: an optional one that says null is absent.
std::vector<Action> holo_actions(std::vector<Call> calls, const ViewSizes& sizes);

}  // namespace deskhand
