#pragma once
// The Linux control groups that limit this process, of version 1 and 2.
//
//   for (const std::filesystem::path& folder : control_groups("memory")) …     // folder / "memory.max"
//
// A container often sees its own group as the root: folders that are not there are left out.

#include <filesystem>
#include <string_view>
#include <vector>

namespace deskhand {

/// Folders of the group that limits this process by `controller` ("cpu", "memory") and of those above it, the nearest
/// first, the mounted root last. `membership` and `root` are where the system says so.
std::vector<std::filesystem::path> control_groups(std::string_view controller,
                                                  const std::filesystem::path& membership = "/proc/self/cgroup",
                                                  const std::filesystem::path& root = "/sys/fs/cgroup");

}  // namespace deskhand
