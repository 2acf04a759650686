#include "core/memory.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace deskhand {
namespace {

std::optional<uint64_t> number_in(const char* path) {
  std::ifstream in(path);
  uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

size_t machine_memory() {
  std::ifstream in("/proc/meminfo");
  std::string name, unit;
  uint64_t kib = 0;
  while (in >> name >> kib) {
    if (name == "MemAvailable:") return kib * 1024;
    std::getline(in, unit);
  }
  return SIZE_MAX;
}

/// What a limit of the control group leaves. Its cache counts as used there but can be dropped: half of the limit at
/// least is taken as free of it.
size_t control_group_memory() {
  const auto limit = number_in("/sys/fs/cgroup/memory.max");
  const auto used = number_in("/sys/fs/cgroup/memory.current");
  if (!limit || !used) return SIZE_MAX;
  return std::max(*limit - std::min(*limit, *used), *limit / 2);
}

}  // namespace

size_t available_memory() {
  return std::min(machine_memory(), control_group_memory());
}

}  // namespace deskhand
