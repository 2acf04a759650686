#pragma once
// How much memory this process can still take.
//
//   if (needed > available_memory()) …

#include <cstddef>
#include <filesystem>
#include <stdexcept>

namespace deskhand {

/// What was asked for needs more memory than there is.
class NotEnoughMemory : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// As the size of a cache: an eighth of the memory that is free, at most 4 GiB.
inline constexpr size_t automatic_cache = static_cast<size_t>(-1);

/// Bytes that can be allocated without swapping: the least of what the machine and the control groups have left.
/// SIZE_MAX when the system does not say.
size_t available_memory();

/// Bytes that the limit of a control group, of version 1 or 2, leaves; SIZE_MAX when it has none. Cached files count as
/// free.
size_t memory_left(const std::filesystem::path& group);

}  // namespace deskhand
