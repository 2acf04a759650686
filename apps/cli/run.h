#pragma once
// The program without its main: parses, runs, turns every error into one line and an exit code.
//
//   int code = run_program({"see", "screen.png"}, std::cout, std::cerr, stop);

#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

namespace deskhand {

struct ProgramStreams {
  std::ostream& out;
  std::ostream& err;
};

/// `arguments` without the program's name.
int run_program(std::vector<std::string> arguments, ProgramStreams streams, std::stop_token stop);

}  // namespace deskhand
