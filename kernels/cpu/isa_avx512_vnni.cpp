// AVX-512 with VNNI. Compiled with its own flags: see kernels/CMakeLists.txt.
#include <cstdint>

#include <immintrin.h>

#include "kernels/cpu/isa.h"

namespace deskhand::cpu {
namespace {

#include "kernels/cpu/vector_avx512.inl"

#include "kernels/cpu/sums_avx512_vnni.inl"

#include "kernels/cpu/quantised.inl"

#include "kernels/cpu/floats.inl"

#include "kernels/cpu/rows.inl"

#include "kernels/cpu/attention.inl"

#include "kernels/cpu/dense_attention.inl"

#include "kernels/cpu/recurrent.inl"

#include "kernels/cpu/peak.inl"

#include "kernels/cpu/table.inl"

bool supported() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

}  // namespace

extern const Isa isa_avx512_vnni = make_isa("avx512_vnni", supported);

}  // namespace deskhand::cpu
