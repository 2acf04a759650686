#pragma once
// The instruction sets of this build.
//
//   for (const Isa* isa : isas()) …            // those that this machine can run, best first

#include <span>
#include <string_view>

#include "kernels/cpu/isa.h"

namespace deskhand::cpu {

std::span<const Isa* const> isas();
/// By name; the best for an empty name. Throws std::runtime_error for one that this build lacks or that cannot run
/// here.
const Isa& find_isa(std::string_view name);

}  // namespace deskhand::cpu
