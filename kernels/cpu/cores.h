#pragma once
// How many threads are worth having here.
//
//   int threads = usable_cores();     // physical cores within the affinity mask and the CPU quota, at least 1

#include <optional>
#include <string_view>

namespace deskhand::cpu {

int usable_cores();

/// Cores that a control group's "quota period" in microseconds ("150000 100000", "max 100000", "-1 100000") allows,
/// rounded up; nothing when unlimited.
std::optional<int> quota_cores(std::string_view quota_and_period);

}  // namespace deskhand::cpu
