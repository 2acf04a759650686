#pragma once
// The style sheet of the replay page; light and dark.
//
//   html += fmt::format("<style>{}</style>", replay_style());

#include <string_view>

namespace deskhand {

std::string_view replay_style();

}  // namespace deskhand
