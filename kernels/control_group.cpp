#include "kernels/control_group.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace deskhand {
namespace {

namespace fs = std::filesystem;

/// Whether a list "cpu,cpuacct" names it.
bool names(std::string_view list, std::string_view controller) {
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    if (list.substr(begin, end - begin) == controller) return true;
    begin = end + 1;
  }
  return false;
}

/// The mount of a version 1 controller: "cpu,cpuacct", or a link "cpu" to it.
fs::path mount_of(const fs::path& root, std::string_view list, std::string_view controller) {
  std::error_code error;
  return fs::is_directory(root / list, error) ? root / list : root / controller;
}

void add_with_parents(const fs::path& mount, fs::path group, std::vector<fs::path>& folders) {
  std::error_code error;
  for (;; group = group.parent_path()) {
    const fs::path folder = mount / group.relative_path();
    if (fs::is_directory(folder, error)) folders.push_back(group.has_relative_path() ? folder : mount);
    if (!group.has_relative_path()) return;
  }
}

}  // namespace

std::vector<fs::path> control_groups(std::string_view controller, const fs::path& membership, const fs::path& root) {
  std::vector<fs::path> folders;
  std::ifstream in(membership);
  for (std::string line; std::getline(in, line);) {  // "4:cpu,cpuacct:/group", "0::/group"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1), group = line.substr(second + 1);
    if (list.empty()) add_with_parents(root, group, folders);
    if (names(list, controller)) add_with_parents(mount_of(root, list, controller), group, folders);
  }
  return folders;
}

}  // namespace deskhand
