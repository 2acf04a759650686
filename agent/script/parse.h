#pragma once
// Reads the calls of the `script` dialect.
//
//   parse("fill(\"City\", \"Rome\")\ndone(\"ok\")")   // fill {name: City, text: Rome}, done {answer: ok}

#include <string_view>
#include <vector>

#include "agent/transcript.h"

namespace deskhand::script {

/// A last line that breaks off is left out. Throws DialectError for a line that is no call, and when there is no call.
std::vector<Action> parse(std::string_view reply);

/// One action in this dialect's words; empty for what it cannot say.
std::string write(const Action& action);

}  // namespace deskhand::script
