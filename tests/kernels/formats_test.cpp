#include "kernels/formats/format.h"

#include <gtest/gtest.h>

#include <algorithm>
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

/// 64 rows of 1024 numbers like those of a trained matrix: bell-shaped, of five sizes, with some that stand out.
std::vector<float> weights_like() {
  std::vector<float> out(size_t{64} * 1024);
  uint32_t state = 1;
  const auto unit = [&] {
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(state >> 8) * 0x1p-24f - 0.5f;
  };
  for (size_t i = 0; i < out.size(); ++i) {
    float x = unit();
    for (int more = 0; more < 3; ++more) x += unit();
    if (i % 1024 % 97 == 3) x *= 4;
    out[i] = x * (0.02f * static_cast<float>(1 + i / 1024 % 5));
  }
  return out;
}

struct Quantiser {
  DType type;
  double peer_rms;      // what llama.cpp's quantiser loses on weights_like, root of the mean square
  uint32_t peer_bytes;  // FNV-1a of what it writes; 0 where ours searches on its own
};

// The numbers are ggml_quantize_chunk's, without importances, of the version in docs/models.md.
constexpr Quantiser quantisers[] = {{DType::q4_0, 4.231596e-03, 0x0fa663cf}, {DType::q5_0, 2.095006e-03, 0x3a01c5f1},
                                    {DType::q5_1, 1.651265e-03, 0x71469c1f}, {DType::q8_0, 2.633793e-04, 0x203c9887},
                                    {DType::q4_k, 3.148362e-03, 0},          {DType::q5_k, 1.605916e-03, 0},
                                    {DType::q6_k, 8.357117e-04, 0}};

TEST(Formats, QuantisersLoseNoMoreThanThoseOfLlamaCpp) {
  const std::vector<float> x = weights_like();
  for (const Quantiser& quantiser : quantisers) {
    const Format* format = find_format(quantiser.type);
    const auto name = dtype_info(quantiser.type).name;
    ASSERT_NE(format->from_float, nullptr) << name;
    std::vector<std::byte> bytes(row_bytes(quantiser.type, static_cast<int64_t>(x.size())));
    std::vector<float> y(x.size());
    format->from_float(x.data(), bytes.data(), static_cast<int64_t>(x.size()));
    format->to_float(bytes.data(), y.data(), static_cast<int64_t>(x.size()));
    double squares = 0;
    for (size_t i = 0; i < x.size(); ++i) squares += (y[i] - x[i]) * (y[i] - x[i]);
    EXPECT_LE(std::sqrt(squares / static_cast<double>(x.size())), quantiser.peer_rms * 1.0005) << name;
    uint32_t hash = 2166136261u;
    for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<uint32_t>(byte)) * 16777619u;
    const bool same = quantiser.peer_bytes == 0 || hash == quantiser.peer_bytes;
    EXPECT_TRUE(same) << name;
  }
}

TEST(Formats, QuantisersTakeEveryBlock) {
  // Zeros, one number, equal numbers, all below zero, huge, tiny, and steps that a format holds exactly.
  std::vector<std::vector<float>> blocks(7, std::vector<float>(256, 0.0f));
  blocks[1][17] = -3.0f;
  for (size_t i = 0; i < 256; ++i) {
    blocks[2][i] = 0.75f;
    blocks[3][i] = -1.0f - static_cast<float>(i % 13);
    blocks[4][i] = static_cast<float>(i % 2 == 0 ? 1 : -1) * 1e4f;
    blocks[5][i] = static_cast<float>(i) * 1e-12f;
    blocks[6][i] = static_cast<float>(i % 16) - 8.0f;
  }
  for (const Format* format : formats()) {
    if (!format->from_float) continue;
    for (size_t n = 0; n < blocks.size(); ++n) {
      std::vector<std::byte> row(row_bytes(format->type, 256));
      std::vector<float> y(256);
      format->from_float(blocks[n].data(), row.data(), 256);
      format->to_float(row.data(), y.data(), 256);
      float largest = 0;
      for (const float value : blocks[n]) largest = std::max(largest, std::abs(value));
      // Half a step of sixteen codes, a clipped last code, and numbers below the smallest half.
      for (size_t i = 0; i < 256; ++i) {
        EXPECT_NEAR(y[i], blocks[n][i], largest / 7.9f + 1e-6f) << dtype_info(format->type).name << ", block " << n;
      }
    }
  }
}

}  // namespace
}  // namespace deskhand
