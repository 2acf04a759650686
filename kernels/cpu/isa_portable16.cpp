// Plain C++ of 16 lanes: what the 512-bit instruction sets compute, on any machine.
#include <cstdint>

#include "kernels/cpu/isa.h"

namespace deskhand::cpu {
namespace {

constexpr int lanes = 16;
#include "kernels/cpu/vector_portable.inl"

#include "kernels/cpu/quantised.inl"

#include "kernels/cpu/floats.inl"

#include "kernels/cpu/rows.inl"

#include "kernels/cpu/attention.inl"

#include "kernels/cpu/dense_attention.inl"

#include "kernels/cpu/recurrent.inl"

#include "kernels/cpu/peak.inl"

#include "kernels/cpu/table.inl"

bool supported() {
  return true;
}

}  // namespace

extern const Isa isa_portable16 = make_isa("portable16", supported);

}  // namespace deskhand::cpu
