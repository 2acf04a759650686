#pragma once
// Calls that name canonical actions, for models that are told Deskhand's own tools.
//
//   Call call{.name = "scroll", .arguments = {{"scroll_direction", "up"}, {"scroll_amount", 4}}};
//   canonical_actions(call, PointMap(sizes, absolute_points))
//
// Names, types, ranges and points are checked as the tools would, before anything runs.

#include <vector>

#include "agent/reply/call.h"
#include "agent/reply/points.h"

namespace deskhand {

/// The actions that the platform layer offers, ask_user and done.
NameList canonical_names();
/// All arguments of all of them.
NameList canonical_parameters();
/// A drag without a start is made of three actions. Throws DialectError.
std::vector<Action> canonical_actions(const Call& call, const PointMap& map);

}  // namespace deskhand
