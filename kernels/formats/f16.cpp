#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

void to_float(const std::byte* row, float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] = f16_to_f32(load_u16(row + 2 * i));
}

void from_float(const float* values, std::byte* row, int64_t count) {
  for (int64_t i = 0; i < count; ++i) store_u16(row + 2 * i, f32_to_f16(values[i]));
}

}  // namespace

extern const Format format_f16{DType::f16, to_float, from_float, nullptr};

}  // namespace deskhand
