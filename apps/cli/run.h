#pragma once
// The program without its main: parses, runs, turns every error into one line and an exit code.
//
//   Interrupts interrupts;
//   int code = run_program({"see", "screen.png"}, {std::cout, std::cerr}, interrupts);

#include <ostream>
#include <string>
#include <vector>

#include "apps/cli/interrupts.h"

namespace deskhand {

struct ProgramStreams {
  std::ostream& out;
  std::ostream& err;
};

/// `arguments` without the program's name.
int run_program(std::vector<std::string> arguments, ProgramStreams streams, Interrupts& interrupts);

}  // namespace deskhand
