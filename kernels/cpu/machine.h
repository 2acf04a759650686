#pragma once
// What this machine could do at best, measured: the yardstick of `deskhand bench`.
//
//   MachineSpeed speed = measure_machine(2);     // well under a second
//   speed.read_gb_s;                             // a decoded token cannot take less than weight bytes / this
//
// The peaks are those of the instruction set that the CPU backend would pick, on registers and the first-level cache:
// fused multiply-adds in float32 (2 operations each), and products of 8-bit integers with their sums.

#include <string_view>

namespace deskhand {

struct MachineSpeed {
  double read_gb_s = 0;   ///< 10⁹ bytes a second read from memory, all threads together
  double f32_flop_s = 0;  ///< all threads together
  double int8_op_s = 0;
};

/// Best of many short runs on `threads` threads, for instruction set `isa` (empty: the best).
MachineSpeed measure_machine(int threads, std::string_view isa = {});

}  // namespace deskhand
