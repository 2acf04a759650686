#include "kernels/formats/format.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "kernels/half.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

TEST(Formats, TableHasEveryTypeOnce) {
  std::set<DType> seen;
  for (const Format* format : formats()) EXPECT_TRUE(seen.insert(format->type).second);
  for (const DType type :
       {DType::f32, DType::f16, DType::bf16, DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1, DType::q8_0,
        DType::q2_k, DType::q3_k, DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs}) {
    ASSERT_NE(find_format(type), nullptr) << dtype_info(type).name;
    EXPECT_EQ(find_format(type)->type, type);
  }
  EXPECT_EQ(find_format(DType::i64), nullptr);
}

// Blocks and values made by an independent implementation (fixtures/make_dequantise.py): equal to the last bit.
TEST(Formats, ValuesAreBitEqualToTheGoldenOnes) {
  const std::string file = testing::read_file("tests/kernels/fixtures/dequantise.bin");
  const auto* bytes = reinterpret_cast<const std::byte*>(file.data());
  std::set<DType> seen;
  for (size_t at = 0; at < file.size();) {
    const auto info = find_dtype(load_u32(bytes + at)).value();
    const uint32_t size = load_u32(bytes + at + 4), count = load_u32(bytes + at + 8);
    const std::byte* data = bytes + at + 12;
    std::vector<float> expected(count), actual(count);
    std::memcpy(expected.data(), data + size, count * sizeof(float));
    ASSERT_EQ(row_bytes(info.type, count), size) << info.name;
    const Format* format = find_format(info.type);
    ASSERT_NE(format, nullptr) << info.name;
    format->to_float(data, actual.data(), count);
    for (uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(std::bit_cast<uint32_t>(actual[i]), std::bit_cast<uint32_t>(expected[i]))
          << info.name << " value " << i << ": " << actual[i] << ", expected " << expected[i];
    }
    seen.insert(info.type);
    at += 12 + size + count * sizeof(float);
  }
  EXPECT_EQ(seen.size() + 1, formats().size()) << "a format has no golden values (f32 needs none)";
}

TEST(Half, EveryFiniteValueSurvivesARoundTrip) {
  for (uint32_t h = 0; h < 65536; ++h) {
    const auto half = static_cast<uint16_t>(h);
    const float f = f16_to_f32(half);
    if (std::isnan(f)) {
      EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(f))));
    } else {
      EXPECT_EQ(f32_to_f16(f), half);
      if (std::isfinite(f)) {  // halfway to the next value rounds to the even one
        const float next = f16_to_f32(static_cast<uint16_t>(half + 1));
        if (std::isfinite(next)) {
          EXPECT_EQ(f32_to_f16((f + next) / 2), static_cast<uint16_t>(half + (half & 1)));
        }
      }
    }
    const float b = bf16_to_f32(half);
    if (!std::isnan(b)) {
      EXPECT_EQ(f32_to_bf16(b), half);
    }
  }
}

TEST(Half, KnownValues) {
  EXPECT_EQ(f32_to_f16(1.0f), 0x3c00);
  EXPECT_EQ(f32_to_f16(-2.0f), 0xc000);
  EXPECT_EQ(f32_to_f16(65504.0f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65519.9f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(f32_to_f16(0x1p-24f), 0x0001);
  EXPECT_EQ(f32_to_f16(0x1p-25f), 0x0000);
  EXPECT_EQ(f32_to_f16(0x1.8p-25f), 0x0001);
  EXPECT_EQ(f16_to_f32(0x0400), 0x1p-14f);
  EXPECT_EQ(f32_to_bf16(1.00390625f), 0x3f80);  // halfway, to even
  EXPECT_EQ(f32_to_bf16(1.01171875f), 0x3f82);
}

TEST(Formats, QuantisersStayWithinHalfAStep) {
  std::vector<float> x(64);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i) * 0.7f) * (i < 32 ? 1.0f : 20.0f);
  for (const Format* format : formats()) {
    if (!format->from_float) continue;
    std::vector<std::byte> row(row_bytes(format->type, 64));
    std::vector<float> y(64);
    format->from_float(x.data(), row.data(), 64);
    format->to_float(row.data(), y.data(), 64);
    // The step of 32 values of size 1 or 20: 1/8 for Q4_0 (whose largest code may be clipped), 1/127 for Q8_0.
    const float step = format->type == DType::q4_0 ? 0.126f : 0.005f;
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(y[i], x[i], step * (i < 32 ? 1.0f : 20.0f)) << dtype_info(format->type).name << " value " << i;
    }
  }
}

}  // namespace
}  // namespace deskhand
