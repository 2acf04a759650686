#include "core/memory.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "kernels/control_group.h"

namespace deskhand {
namespace {

std::optional<uint64_t> number_in(const std::filesystem::path& path) {
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

/// What a group's limit leaves. Its cache counts as used but can be dropped: half of the limit at least is taken as
/// free of it.
size_t left_by(std::optional<uint64_t> limit, std::optional<uint64_t> used) {
  if (!limit || !used) return SIZE_MAX;
  return std::max(*limit - std::min(*limit, *used), *limit / 2);
}

size_t control_group_memory() {
  size_t least = SIZE_MAX;
  for (const std::filesystem::path& group : control_groups("memory")) {
    least = std::min({least, left_by(number_in(group / "memory.max"), number_in(group / "memory.current")),
                      left_by(number_in(group / "memory.limit_in_bytes"), number_in(group / "memory.usage_in_bytes"))});
  }
  return least;
}

}  // namespace

size_t available_memory() {
  return std::min(machine_memory(), control_group_memory());
}

}  // namespace deskhand
