// Plain C++ of 8 lanes: any machine.
#include <cstdint>

#include "kernels/cpu/isa.h"

namespace deskhand::cpu {
namespace {

constexpr int lanes = 8;
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

extern const Isa isa_generic = make_isa("generic", supported);

}  // namespace deskhand::cpu
