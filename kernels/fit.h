#pragma once
// Codes, scales and minima that lose least of a block of weights.
//
//   SuperBlock b = fit_super_block(x, 15);           // of 256 values, for Q4_K: x ≈ d · scale[k] · code − dmin ·
//   min[k] SignedBlock s = fit_signed_block(x);             // for Q6_K: x ≈ d · scale[k] · code
//
// "Least" is the sum of w · (x − x̂)² with w = rms + |x|: large weights matter a little more than their number. Scales
// are searched around the plain one, each candidate's codes rounded and its scale solved for; then the whole numbers
// that are stored are tried up and down, with the codes rounded again for each.

#include <array>
#include <cstdint>

namespace deskhand {

/// Eight runs of 32 values.
struct SuperBlock {
  uint16_t d = 0, dmin = 0;                 ///< f16
  std::array<uint8_t, 8> scales{}, mins{};  ///< 0…63
  std::array<uint8_t, 256> codes{};         ///< 0…top
};

SuperBlock fit_super_block(const float* x, int top);

/// Sixteen runs of 16 values.
struct SignedBlock {
  uint16_t d = 0;  ///< f16
  std::array<int8_t, 16> scales{};
  std::array<int8_t, 256> codes{};  ///< −32…31
};

SignedBlock fit_signed_block(const float* x);

}  // namespace deskhand
