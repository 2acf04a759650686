#pragma once
// What /proc says of other processes. A process that is gone, or a system without /proc, gives empty answers.
//
//   process_ancestors(getpid())      // {own, shell, terminal, …, 1}

#include <string>
#include <vector>

namespace deskhand {

/// The executable's short name.
std::string process_name(int pid);

/// 'R' running, 'S' asleep and waiting, …; '\0' when it is gone.
char process_state(int pid);

/// The process itself first, then its parents up to the first process.
std::vector<int> process_ancestors(int pid);

}  // namespace deskhand
