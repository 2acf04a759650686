// Attention over rows of matrices on every instruction set against the definition: ragged segments, any head width,
// slices of a fused matrix, shared keys.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "kernels/check.h"
#include "tests/kernels/op_support.h"

namespace deskhand {
namespace {

using testing::Matrix;
using testing::nmse;

using Segments = std::vector<DenseSegment>;

/// Every row sees its own segment.
Segments windows(const std::vector<int64_t>& lengths) {
  Segments segments;
  int64_t at = 0;
  for (const int64_t length : lengths) {
    segments.push_back({at, at + length, at, at + length});
    at += length;
  }
  return segments;
}

View columns(Matrix& m, int64_t first, int64_t count) {
  const View all = m.view();
  return {all.row(0) + first, DType::f32, all.rows, count, all.stride};
}

class DenseAttention : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> backend = make_cpu_backend({.threads = 3, .isa = GetParam()});
  std::unique_ptr<Backend> reference = make_reference_backend();

  /// Self-attention over columns of a fused matrix [rows, q, k, v]; rows of no segment hold 7 before and after.
  Matrix run(Backend& device, const DenseAttentionShape& shape, Matrix& fused, const Segments& segments) {
    const int64_t width = shape.heads * shape.head_dim, kv_width = shape.kv_heads * shape.head_dim;
    Matrix out(fused.rows(), width);
    for (int64_t r = 0; r < out.rows(); ++r) std::fill_n(out.view().row(r), width, 7.0f);
    device.attention_dense(out.view(), columns(fused, 0, width), columns(fused, width, kv_width),
                           columns(fused, width + kv_width, kv_width), shape, segments);
    out.check_guards();
    return out;
  }

  void compare(const DenseAttentionShape& shape, int64_t rows, const Segments& segments, float size = 1.0f) {
    Matrix fused = Matrix::random(rows, (shape.heads + 2 * shape.kv_heads) * shape.head_dim, 5, size);
    Matrix actual = run(*backend, shape, fused, segments), expected = run(*reference, shape, fused, segments);
    EXPECT_LE(nmse(actual, expected), 1e-7)
        << fmt::format("{} rows, {} segments, {} heads over {} of {}", rows, segments.size(), shape.heads,
                       shape.kv_heads, shape.head_dim);
  }
};

TEST_P(DenseAttention, AnyHeadWidth) {
  for (const int64_t d : {1, 16, 17, 31, 64, 72, 80, 88, 96, 128, 200, 256}) {
    compare({.heads = 2, .kv_heads = 2, .head_dim = d, .scale = 1 / std::sqrt(static_cast<float>(d))}, 61,
            windows({61}));
  }
}

TEST_P(DenseAttention, AnyNumberOfRows) {
  for (const int64_t rows : {1, 2, 5, 15, 16, 17, 33, 47, 48, 49, 257, 600}) {
    compare({.heads = 2, .kv_heads = 1, .head_dim = 24, .scale = 0.2f}, rows, windows({rows}));
  }
}

TEST_P(DenseAttention, RaggedWindowsAndSharedKeyHeads) {
  for (const int64_t kv_heads : {1, 2, 6}) {
    compare({.heads = 6, .kv_heads = kv_heads, .head_dim = 20, .scale = 0.3f}, 187, windows({4, 64, 1, 0, 16, 100, 2}));
  }
}

// Growing scores: every block of keys moves the largest one.
TEST_P(DenseAttention, LargeScores) {
  compare({.heads = 2, .kv_heads = 2, .head_dim = 64, .scale = 1.0f}, 300, windows({300}), 4.0f);
  Matrix fused = Matrix::random(400, 3 * 16, 5);
  for (int64_t r = 0; r < fused.rows(); ++r) {
    fused.view().row(r)[0] = 5.0f;
    fused.view().row(r)[16] = 0.5f * static_cast<float>(r);
  }
  const DenseAttentionShape shape{.heads = 1, .kv_heads = 1, .head_dim = 16, .scale = 1.0f};
  Matrix actual = run(*backend, shape, fused, windows({400})), expected = run(*reference, shape, fused, windows({400}));
  EXPECT_LE(nmse(actual, expected), 1e-7);
}

// Queries with keys of their own: cross-attention, gaps between segments, keys seen twice, no keys at all.
TEST_P(DenseAttention, SegmentsWithKeysOfTheirOwn) {
  const DenseAttentionShape shape{.heads = 4, .kv_heads = 2, .head_dim = 36, .scale = 0.2f};
  const Segments segments = {{0, 3, 10, 150}, {5, 40, 0, 200}, {40, 42, 9, 9}, {42, 50, 199, 200}};
  Matrix q = Matrix::random(52, 4 * 36, 1), k = Matrix::random(200, 2 * 36, 2), v = Matrix::random(200, 2 * 36, 3);
  Matrix actual = Matrix::random(52, 4 * 36, 4), expected = actual;
  backend->attention_dense(actual.view(), q.view(), k.view(), v.view(), shape, segments);
  reference->attention_dense(expected.view(), q.view(), k.view(), v.view(), shape, segments);
  EXPECT_LE(nmse(actual, expected), 1e-7);
  actual.check_guards();
  EXPECT_EQ(actual.view().row(41)[5], 0.0f);
}

TEST_P(DenseAttention, ARowsResultDoesNotDependOnTheOthers) {
  const DenseAttentionShape shape{.heads = 2, .kv_heads = 2, .head_dim = 40, .scale = 0.2f};
  Matrix fused = Matrix::random(290, 6 * 40, 5);
  Matrix together = run(*backend, shape, fused, {{0, 290, 0, 290}});
  Matrix apart = run(*backend, shape, fused, {{0, 7, 0, 290}, {7, 8, 0, 290}, {8, 290, 0, 290}});
  EXPECT_EQ(nmse(together, apart), 0.0);
}

TEST_P(DenseAttention, WrongSegmentsAreRefused) {
  const DenseAttentionShape shape{.heads = 2, .kv_heads = 2, .head_dim = 8, .scale = 1.0f};
  Matrix fused = Matrix::random(20, 6 * 8, 5);
  for (const Segments& wrong : {Segments{{0, 21, 0, 20}},
                                {{0, 20, 0, 21}},
                                {{5, 4, 0, 20}},
                                {{0, 20, 5, 4}},
                                {{0, 9, 0, 20}, {8, 20, 0, 20}},
                                {{0, 1, -1, 20}}}) {
    EXPECT_THROW(run(*backend, shape, fused, wrong), InternalError);
    EXPECT_THROW(run(*reference, shape, fused, wrong), InternalError);
  }
  EXPECT_THROW(run(*backend, {.heads = 3, .kv_heads = 2, .head_dim = 8, .scale = 1.0f}, fused, {}), InternalError);
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, DenseAttention, ::testing::ValuesIn(cpu_isas().begin(), cpu_isas().end()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace deskhand
