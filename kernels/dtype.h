#pragma once
// Element types of tensors: one table, no switch.
//
//   dtype_info(DType::q4_k).block_bytes == 144;      row_bytes(DType::q4_k, 512) == 288
//
// The numbers are the public GGUF type ids. A type in the table has a known layout; that a kernel exists for it is
// another question (Backend::supports). Block layouts: kernels/formats/.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace deskhand {

enum class DType : uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q8_1 = 9,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  q8_k = 15,
  iq2_xxs = 16,
  iq2_xs = 17,
  iq3_xxs = 18,
  iq1_s = 19,
  iq4_nl = 20,
  iq3_s = 21,
  iq2_s = 22,
  iq4_xs = 23,
  i8 = 24,
  i16 = 25,
  i32 = 26,
  i64 = 27,
  f64 = 28,
  iq1_m = 29,
  bf16 = 30,
  tq1_0 = 34,
  tq2_0 = 35,
  mxfp4 = 39,
  unnamed_40 = 40,
  unnamed_41 = 41,
  unnamed_42 = 42,
};

struct DTypeInfo {
  DType type;
  std::string_view name;
  uint32_t block_elements;
  uint32_t block_bytes;
};

inline constexpr std::array dtype_table = {
    DTypeInfo{DType::f32, "F32", 1, 4},
    DTypeInfo{DType::f16, "F16", 1, 2},
    DTypeInfo{DType::q4_0, "Q4_0", 32, 18},
    DTypeInfo{DType::q4_1, "Q4_1", 32, 20},
    DTypeInfo{DType::q5_0, "Q5_0", 32, 22},
    DTypeInfo{DType::q5_1, "Q5_1", 32, 24},
    DTypeInfo{DType::q8_0, "Q8_0", 32, 34},
    DTypeInfo{DType::q8_1, "Q8_1", 32, 36},
    DTypeInfo{DType::q2_k, "Q2_K", 256, 84},
    DTypeInfo{DType::q3_k, "Q3_K", 256, 110},
    DTypeInfo{DType::q4_k, "Q4_K", 256, 144},
    DTypeInfo{DType::q5_k, "Q5_K", 256, 176},
    DTypeInfo{DType::q6_k, "Q6_K", 256, 210},
    DTypeInfo{DType::q8_k, "Q8_K", 256, 292},
    DTypeInfo{DType::iq2_xxs, "IQ2_XXS", 256, 66},
    DTypeInfo{DType::iq2_xs, "IQ2_XS", 256, 74},
    DTypeInfo{DType::iq3_xxs, "IQ3_XXS", 256, 98},
    DTypeInfo{DType::iq1_s, "IQ1_S", 256, 50},
    DTypeInfo{DType::iq4_nl, "IQ4_NL", 32, 18},
    DTypeInfo{DType::iq3_s, "IQ3_S", 256, 110},
    DTypeInfo{DType::iq2_s, "IQ2_S", 256, 82},
    DTypeInfo{DType::iq4_xs, "IQ4_XS", 256, 136},
    DTypeInfo{DType::i8, "I8", 1, 1},
    DTypeInfo{DType::i16, "I16", 1, 2},
    DTypeInfo{DType::i32, "I32", 1, 4},
    DTypeInfo{DType::i64, "I64", 1, 8},
    DTypeInfo{DType::f64, "F64", 1, 8},
    DTypeInfo{DType::iq1_m, "IQ1_M", 256, 56},
    DTypeInfo{DType::bf16, "BF16", 1, 2},
    DTypeInfo{DType::tq1_0, "TQ1_0", 256, 54},
    DTypeInfo{DType::tq2_0, "TQ2_0", 256, 66},
    DTypeInfo{DType::mxfp4, "MXFP4", 32, 17},
    DTypeInfo{DType::unnamed_40, "type 40", 64, 36},
    DTypeInfo{DType::unnamed_41, "type 41", 128, 18},
    DTypeInfo{DType::unnamed_42, "type 42", 64, 18},
};

/// The table's row for a GGUF type id, or nothing for an id whose layout is unknown.
constexpr std::optional<DTypeInfo> find_dtype(uint32_t id) {
  for (const DTypeInfo& info : dtype_table) {
    if (static_cast<uint32_t>(info.type) == id) return info;
  }
  return std::nullopt;
}

constexpr DTypeInfo dtype_info(DType type) {
  return find_dtype(static_cast<uint32_t>(type)).value();
}

/// Bytes of a row of `elements` values; elements must be a multiple of the block.
constexpr size_t row_bytes(DType type, int64_t elements) {
  const DTypeInfo info = dtype_info(type);
  return static_cast<size_t>(elements) / info.block_elements * info.block_bytes;
}

}  // namespace deskhand
