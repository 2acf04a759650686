#pragma once
// Untrusted text on a terminal: control characters, escape sequences among them, are shown, never obeyed.
//
//   printable("Save\x1b[2J")  ==  "Save\\x1b[2J"

#include <string>
#include <string_view>

namespace deskhand {

/// Newlines and tabs are shown as well unless keep_lines.
std::string printable(std::string_view untrusted, bool keep_lines = false);

}  // namespace deskhand
