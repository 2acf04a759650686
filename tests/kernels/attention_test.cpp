// Attention over pages on every instruction set against the definition: page boundaries, ranges, groupings, types.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>

#include "kernels/check.h"
#include "tests/kernels/op_support.h"

namespace deskhand {
namespace {

using testing::Matrix;
using testing::nmse;

struct Sequence {
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<std::byte*> pages;

  Sequence(Backend& device, const AttentionShape& shape, int64_t length) {
    for (int64_t at = 0; at < length; at += shape.kv.page_tokens) {
      buffers.push_back(device.allocate(shape.page_offset + device.kv_page_bytes(shape.kv)));
      pages.push_back(buffers.back()->data());
    }
  }
};

class Attention : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> backend = make_cpu_backend({.threads = 3, .isa = GetParam()});
  std::unique_ptr<Backend> reference = make_reference_backend();

  /// Writes `length` positions of random K and V of two sequences, then runs rows with the given key ranges.
  static Matrix run(Backend& device, const AttentionShape& shape, int64_t length,
                    const std::vector<std::array<int64_t, 3>>& rows) {
    Sequence sequences[2] = {{device, shape, length}, {device, shape, length}};
    const int64_t width = shape.kv.kv_heads * shape.kv.head_dim;
    for (uint32_t s = 0; s < 2; ++s) {
      std::vector<AttentionRow> slots;
      for (int64_t p = 0; p < length; ++p) slots.push_back({sequences[s].pages.data(), 0, p + 1});
      device.kv_write(shape, slots, Matrix::random(length, width, 10 + s).view(),
                      Matrix::random(length, width, 20 + s).view());
    }
    std::vector<AttentionRow> ranges;
    for (const auto& [sequence, begin, end] : rows) ranges.push_back({sequences[sequence].pages.data(), begin, end});
    const auto count = static_cast<int64_t>(rows.size());
    Matrix q = Matrix::random(count, shape.heads * shape.kv.head_dim, 30), out(count, q.cols());
    device.attention_paged(out.view(), q.view(), shape, ranges);
    out.check_guards();
    return out;
  }

  void compare(const AttentionShape& shape, int64_t length, const std::vector<std::array<int64_t, 3>>& rows) {
    Matrix actual = run(*backend, shape, length, rows), expected = run(*reference, shape, length, rows);
    EXPECT_LE(nmse(actual, expected), 1e-7)
        << fmt::format("{} {} heads over {} of {}, pages of {}, {} rows", dtype_info(shape.kv.type).name, shape.heads,
                       shape.kv.kv_heads, shape.kv.head_dim, shape.kv.page_tokens, rows.size());
  }
};

AttentionShape shape_of(DType type, int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t page_tokens) {
  return {.kv = {.type = type, .kv_heads = kv_heads, .head_dim = head_dim, .page_tokens = page_tokens},
          .page_offset = 192,
          .heads = heads,
          .scale = 1.0f / std::sqrt(static_cast<float>(head_dim))};
}

std::vector<std::array<int64_t, 3>> causal(int64_t first, int64_t count) {
  std::vector<std::array<int64_t, 3>> rows;
  for (int64_t r = first; r < first + count; ++r) rows.push_back({0, 0, r + 1});
  return rows;
}

TEST_P(Attention, TypesHeadsAndWidths) {
  for (const DType type : {DType::f32, DType::f16, DType::bf16}) {
    for (const auto& [heads, kv_heads, head_dim] :
         {std::array{4, 4, 64}, {6, 2, 128}, {5, 1, 48}, {9, 3, 80}, {2, 1, 256}, {3, 3, 10}, {40, 1, 16}}) {
      const AttentionShape shape = shape_of(type, heads, kv_heads, head_dim, 16);
      compare(shape, 50, {{0, 0, 50}});   // decode
      compare(shape, 50, causal(0, 50));  // prefill
      compare(shape, 50, {{0, 15, 16}, {0, 16, 17}, {1, 31, 33}, {1, 0, 1}, {0, 3, 48}, {0, 7, 7}});
    }
  }
}

TEST_P(Attention, WindowsAndTwoSequences) {
  const AttentionShape shape = shape_of(DType::f16, 6, 2, 64, 64);
  std::vector<std::array<int64_t, 3>> rows;
  for (int64_t r = 0; r < 150; ++r) rows.push_back({r / 75, std::max<int64_t>(0, r - 70), r + 1});
  compare(shape, 150, rows);
}

TEST_P(Attention, Blocks) {
  for (const auto& [heads, kv_heads, head_dim] : {std::array{4, 4, 64}, {6, 2, 128}, {5, 1, 32}, {2, 1, 256}}) {
    const AttentionShape shape = shape_of(DType::q8_0, heads, kv_heads, head_dim, 16);
    compare(shape, 50, {{0, 0, 50}});
    compare(shape, 50, causal(0, 50));
    AttentionShape exact = shape;
    exact.kv.type = DType::f32;
    Matrix blocks = run(*backend, shape, 50, causal(0, 50)), floats = run(*backend, exact, 50, causal(0, 50));
    EXPECT_LE(nmse(blocks, floats), 5e-4) << "what 8 bits cost";
  }
  const AttentionShape narrow = shape_of(DType::q8_0, 1, 1, 48, 16);
  EXPECT_THROW(run(*backend, narrow, 1, {{0, 0, 1}}), InternalError);
}

// Contexts of many segments: one row, drafts, windows, two sequences, and more segments than are at work at once.
TEST_P(Attention, LongContextsInSegments) {
  for (const auto& [heads, kv_heads, head_dim, page_tokens] :
       {std::array{4, 1, 32, 16}, {6, 2, 48, 64}, {3, 1, 20, 300}}) {
    const AttentionShape shape = shape_of(DType::f16, heads, kv_heads, head_dim, page_tokens);
    compare(shape, 1500, {{0, 0, 1500}});
    compare(shape, 1500, {{0, 0, 1498}, {0, 0, 1499}, {1, 0, 0}, {1, 0, 3}, {1, 700, 1300}, {1, 250, 257}});
  }
  compare(shape_of(DType::f32, 2, 1, 8, 64), 17500, {{0, 0, 17000}, {1, 0, 17500}, {1, 16000, 16001}});
}

// Decode over many threads, over one, and within a prefill: the same bits.
TEST_P(Attention, NumbersOfThreadsGiveTheSameBits) {
  const AttentionShape shape = shape_of(DType::f16, 6, 2, 48, 16);
  const std::vector<std::array<int64_t, 3>> rows = {{0, 0, 1499}, {0, 300, 1500}};
  Matrix expected = run(*make_cpu_backend({.threads = 1, .isa = GetParam()}), shape, 1500, rows);
  for (const int threads : {2, 3, 8}) {
    Matrix actual = run(*make_cpu_backend({.threads = threads, .isa = GetParam()}), shape, 1500, rows);
    EXPECT_EQ(nmse(actual, expected), 0.0) << threads << " threads";
  }
}

TEST_P(Attention, ARowsResultDoesNotDependOnTheOthers) {
  constexpr int64_t length = 600, first = 570;
  const AttentionShape shape = shape_of(DType::f16, 6, 2, 48, 16);
  const auto rows = causal(first, 30);
  Matrix together = run(*backend, shape, length, rows);
  Sequence sequence(*backend, shape, length);
  std::vector<AttentionRow> slots;
  for (int64_t p = 0; p < length; ++p) slots.push_back({sequence.pages.data(), 0, p + 1});
  backend->kv_write(shape, slots, Matrix::random(length, 96, 10).view(), Matrix::random(length, 96, 20).view());
  Matrix q = Matrix::random(30, 288, 30), alone(30, 288);
  for (int64_t r = 0; r < 30; ++r) {
    const std::array row = {AttentionRow{sequence.pages.data(), 0, first + 1 + r}};
    backend->attention_paged(alone.view().slice(r, 1), q.view().slice(r, 1), shape, row);
  }
  EXPECT_EQ(nmse(together, alone), 0.0);
}

TEST_P(Attention, ScoresOfAnySize) {
  AttentionShape shape = shape_of(DType::f32, 2, 1, 32, 16);
  shape.scale = 40.0f;
  compare(shape, 40, causal(0, 40));
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Attention, ::testing::ValuesIn(cpu_isas().begin(), cpu_isas().end()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace deskhand
