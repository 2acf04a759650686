#pragma once
// An error as the user gets it: one line and an exit code.
//
//   try { … } catch (...) { const Failure failure = current_failure(); }

#include <ostream>
#include <string>
#include <string_view>

#include "apps/cli/exit_status.h"

namespace deskhand {

struct Failure {
  std::string text;
  ExitStatus status = ExitStatus::failed;
};

/// Of the exception that is being handled, which must derive from std::exception.
Failure current_failure();

/// "deskhand: TEXT" in one line, without control characters.
void print_failure(std::ostream& err, std::string_view text);

}  // namespace deskhand
