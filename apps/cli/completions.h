#pragma once
// Completion scripts, written from the description of the command line.
//
//   out << bash_completions(describe(root));   // source it, or put it where bash looks for completions

#include <string>

#include "apps/cli/description.h"

namespace deskhand {

std::string bash_completions(const CommandView& program);
std::string zsh_completions(const CommandView& program);
std::string fish_completions(const CommandView& program);

}  // namespace deskhand
