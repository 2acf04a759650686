#pragma once
// The man page deskhand(1), written from the description of the command line.
//
//   out << man_page(describe(root), "0.1.0");   // roff, ASCII only

#include <string>

#include "apps/cli/description.h"

namespace deskhand {

std::string man_page(const CommandView& program, const std::string& version);

}  // namespace deskhand
