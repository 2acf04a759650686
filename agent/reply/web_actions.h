#pragma once
// What Fara's browser does, with the keys of any browser.
//
//   web_action("visit_url", arguments, out);     // ctrl+l, the address, Return
//
// The browser must have the focus.

#include <array>

#include "agent/reply/computer_use.h"

namespace deskhand {

inline constexpr std::array<ActionAlias, 6> web_aliases = {{{"click", "left_click"},
                                                            {"hover", "mouse_move"},
                                                            {"keypress", "key"},
                                                            {"input_text", "type"},
                                                            {"sleep", "wait"},
                                                            {"stop", "terminate"}}};

/// visit_url, web_search, history_back, notes and questions; false for others. DialectError unsupported for reading
/// the page.
bool web_action(std::string_view action, const Arguments& arguments, ActionList& out);
/// `pixels` of a picture whose sides are `divisor`, as wheel clicks of 100 screen pixels.
void scroll_pixels(bool horizontal, const Arguments& arguments, int divisor, const PointMap& map, ActionList& out);
/// With its scheme; words with a space between them are searched for.
std::string web_address(std::string_view said);

}  // namespace deskhand
