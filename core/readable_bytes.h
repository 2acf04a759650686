#pragma once
// An amount of memory or disk for people.
//
//   readable_bytes(4'700'000'000)        // "4.70 GB"; "398 MB", "12 kB", "7 bytes"

#include <cstdint>
#include <string>

namespace deskhand {

std::string readable_bytes(uint64_t bytes);
/// Of an estimate: 0 or more, however much.
std::string readable_bytes(double bytes);

}  // namespace deskhand
