#pragma once
// Replies of the UI-TARS family: a thought, then calls as `Action: verb(key='text', …)`.
//
//   parse_action_lines("Thought: Open it.\nAction: click(point='<point>966 546</point>')", sizes, absolute_points)
//
// A text may hold its own quotes and parentheses: it ends at the last ') before the next call.

#include <string_view>
#include <vector>

#include "agent/reply/points.h"
#include "agent/transcript.h"

namespace deskhand {

std::vector<Action> parse_action_lines(std::string_view reply, const ViewSizes& sizes, PointRule points);

}  // namespace deskhand
