#include "core/memory.h"

#include <fmt/format.h>

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

/// Bytes of files in memory, which the system drops when others need the room.
uint64_t file_cache(const std::filesystem::path& group, std::string_view prefix) {
  std::ifstream in(group / "memory.stat");
  std::string name;
  uint64_t bytes = 0, sum = 0;
  while (in >> name >> bytes) {
    if (name == fmt::format("{}active_file", prefix) || name == fmt::format("{}inactive_file", prefix)) sum += bytes;
  }
  return sum;
}

/// One version's spelling of a group's limit, use and file cache.
struct Spelling {
  const char *limit, *used;
  std::string_view prefix;
};

size_t left_by(const std::filesystem::path& group, const Spelling& spelling) {
  const auto limit = number_in(group / spelling.limit), used = number_in(group / spelling.used);
  if (!limit || !used) return SIZE_MAX;
  const uint64_t held = *used - std::min(*used, file_cache(group, spelling.prefix));
  return *limit - std::min(*limit, held);
}

}  // namespace

size_t memory_left(const std::filesystem::path& group) {
  return std::min(left_by(group, {"memory.max", "memory.current", ""}),
                  left_by(group, {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_"}));
}

size_t available_memory() {
  size_t least = machine_memory();
  for (const std::filesystem::path& group : control_groups("memory")) least = std::min(least, memory_left(group));
  return least;
}

}  // namespace deskhand
