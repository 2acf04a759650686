#pragma once
// What the program's exit code promises to scripts.

namespace deskhand {

enum class ExitStatus {
  done = 0,
  failed = 1,       ///< the task failed or the answer was refused
  usage = 2,        ///< bad usage
  unreadable = 3,   ///< a model or file could not be read or written
  no_display = 4,   ///< no display or no permission
  interrupted = 5,  ///< stopped by the user
  limit = 6,        ///< steps, time, memory, disk
};

}  // namespace deskhand
