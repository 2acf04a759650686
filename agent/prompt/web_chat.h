#pragma once
// Runs as Fara reads them: pictures of web pages; old turns leave whole, but for the task and what the user said.

#include <array>
#include <string>
#include <vector>

#include "agent/dialect.h"

namespace deskhand {

/// The closing tag is the end of the reply and normally absent.
inline constexpr std::array<std::string_view, 1> web_stops = {"</tool_call>"};

/// Whether the model is told in words what came of its actions.
enum class WebObservations { untold, told };

std::vector<Message> web_messages(const DialectInput& input, std::string system, WebObservations observations);

}  // namespace deskhand
