#pragma once
// Runs as UI-TARS reads them: everything is said in the first message; then replies and bare pictures.

#include <string>
#include <vector>

#include "agent/dialect.h"

namespace deskhand {

std::vector<Message> thought_messages(const DialectInput& input, std::string task);

}  // namespace deskhand
