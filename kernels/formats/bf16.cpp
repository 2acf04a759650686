#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] = bf16_to_f32(load_u16(row + 2 * i));
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t i = 0; i < count; ++i) store_u16(row + 2 * i, f32_to_bf16(values[i]));
}

}  // namespace

extern const Format format_bf16{DType::bf16, to_float, from_float, nullptr};

}  // namespace deskhand
