#pragma once
// How much memory this process can still take.
//
//   if (needed > available_memory()) …

#include <cstddef>

namespace deskhand {

/// Bytes that can be allocated without swapping: the least of what the machine and the control group have left.
/// SIZE_MAX when the system does not say.
size_t available_memory();

}  // namespace deskhand
