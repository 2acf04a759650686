#include "platform/process_info.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace deskhand {
namespace {

std::string read_proc(int pid, const char* file) {
  std::ifstream in(fmt::format("/proc/{}/{}", pid, file));
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Status {
  char state = '\0';
  int parent = 0;
};

/// From "pid (name) state parent …", where the name may hold spaces and brackets.
Status read_status(int pid) {
  const std::string line = read_proc(pid, "stat");
  const size_t bracket = line.rfind(')');
  Status status;
  if (bracket == std::string::npos) return status;
  std::istringstream(line.substr(bracket + 1)) >> status.state >> status.parent;
  return status;
}

}  // namespace

std::string process_name(int pid) {
  std::string name = read_proc(pid, "comm");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

char process_state(int pid) {
  return read_status(pid).state;
}

std::vector<int> process_ancestors(int pid) {
  std::vector<int> chain;
  constexpr size_t deepest = 64;
  while (pid > 0 && chain.size() < deepest) {
    chain.push_back(pid);
    pid = read_status(pid).parent;
  }
  return chain;
}

}  // namespace deskhand
