#include "kernels/cpu/cores.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "kernels/control_group.h"

namespace deskhand::cpu {
namespace {

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Physical cores of the affinity mask: hardware threads of one core list the same siblings.
int affinity_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return static_cast<int>(std::thread::hardware_concurrency());
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set)) continue;
    const std::string siblings =
        first_line(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
    cores.insert(siblings.empty() ? fmt::format("cpu {}", cpu) : siblings);
  }
  return static_cast<int>(cores.size());
}

std::optional<int> quota_of(const std::filesystem::path& group) {
  if (const std::string line = first_line(group / "cpu.max"); !line.empty()) return quota_cores(line);
  return quota_cores(first_line(group / "cpu.cfs_quota_us") + " " + first_line(group / "cpu.cfs_period_us"));
}

/// The tightest quota of this process's control group and those above it.
std::optional<int> control_group_cores() {
  std::optional<int> tightest;
  for (const std::filesystem::path& group : control_groups("cpu")) {
    const auto cores = quota_of(group);
    if (cores && (!tightest || *cores < *tightest)) tightest = cores;
  }
  return tightest;
}

}  // namespace

std::optional<int> quota_cores(std::string_view quota_and_period) {
  long quota = 0, period = 0;
  const char* end = quota_and_period.data() + quota_and_period.size();
  const auto first = std::from_chars(quota_and_period.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<int>(std::min(quota / period + (quota % period != 0 ? 1 : 0), 4096L));
}

int usable_cores() {
  return std::max(1, std::min(affinity_cores(), control_group_cores().value_or(4096)));
}

}  // namespace deskhand::cpu
