// AVX2, FMA and F16C. Compiled with its own flags: see kernels/CMakeLists.txt.
#include <cstdint>

#include <cpuid.h>
#include <immintrin.h>

#include "kernels/cpu/isa.h"

namespace deskhand::cpu {
namespace {

#include "kernels/cpu/vector_avx2.inl"

#include "kernels/cpu/quantised.inl"

#include "kernels/cpu/floats.inl"

#include "kernels/cpu/rows.inl"

#include "kernels/cpu/attention.inl"

#include "kernels/cpu/dense_attention.inl"

#include "kernels/cpu/recurrent.inl"

#include "kernels/cpu/peak.inl"

#include "kernels/cpu/table.inl"

bool supported() {
  unsigned a, b, c, d;  // clang 14 does not know "f16c" by name
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __get_cpuid(1, &a, &b, &c, &d) &&
         (c & bit_F16C);
}

}  // namespace

extern const Isa isa_avx2 = make_isa("avx2", supported);

}  // namespace deskhand::cpu
