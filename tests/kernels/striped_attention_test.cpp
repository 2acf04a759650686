// Attention over every other page against a dense mask, on the definition and on every instruction set.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tests/kernels/op_support.h"

namespace deskhand {
namespace {

using testing::Matrix;
using testing::nmse;

constexpr int64_t heads = 6, kv_heads = 2, head_dim = 20, page_tokens = 16, length = 150;

AttentionShape shape_of(int64_t stripe) {
  return {.kv = {.type = DType::f32, .kv_heads = kv_heads, .head_dim = head_dim, .page_tokens = page_tokens},
          .heads = heads,
          .scale = 0.3f,
          .stripe = stripe};
}

struct Range {
  int64_t begin, end;
};

/// Whether the row that ends at `end` sees key t: the formula of the model-file switch, written out.
bool visible(const Range& row, int64_t t, int64_t stripe) {
  if (t < row.begin || t >= row.end) return false;
  const int64_t q = (row.end - 1) / page_tokens, j = t / page_tokens;
  return stripe < 0 || j == q || (q - j) % 2 == stripe;
}

class StripedAttention : public ::testing::TestWithParam<std::string> {
 protected:
  StripedAttention() {
    for (int64_t at = 0; at < length; at += page_tokens) {
      buffers_.push_back(backend_->allocate(backend_->kv_page_bytes(shape_of(-1).kv)));
      pages_.push_back(buffers_.back()->data());
    }
    std::vector<AttentionRow> slots;
    for (int64_t p = 0; p < length; ++p) slots.push_back({pages_.data(), 0, p + 1});
    backend_->kv_write(shape_of(-1), slots, k_.view(), v_.view());
  }

  Matrix run(const std::vector<Range>& rows, int64_t stripe) {
    const auto count = static_cast<int64_t>(rows.size());
    Matrix q = Matrix::random(count, heads * head_dim, 30), out(count, q.cols());
    std::vector<AttentionRow> slots;
    for (const auto& [begin, end] : rows) slots.push_back({pages_.data(), begin, end});
    backend_->attention_paged(out.view(), q.view(), shape_of(stripe), slots);
    out.check_guards();
    return out;
  }

  Matrix dense(const std::vector<Range>& rows, int64_t stripe) {
    const auto count = static_cast<int64_t>(rows.size());
    Matrix q = Matrix::random(count, heads * head_dim, 30), out(count, q.cols());
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t h = 0; h < heads; ++h) {
        const int64_t kv = h / (heads / kv_heads) * head_dim;
        double sum = 0;
        std::vector<double> mixed(head_dim, 0.0);
        for (int64_t t = 0; t < length; ++t) {
          if (!visible(rows[static_cast<size_t>(r)], t, stripe)) continue;
          double dot = 0;
          for (int64_t i = 0; i < head_dim; ++i) dot += q.view().row(r)[h * head_dim + i] * k_.view().row(t)[kv + i];
          const double weight = std::exp(0.3 * dot);
          sum += weight;
          for (int64_t i = 0; i < head_dim; ++i) mixed[static_cast<size_t>(i)] += weight * v_.view().row(t)[kv + i];
        }
        for (int64_t i = 0; i < head_dim; ++i) {
          out.view().row(r)[h * head_dim + i] = static_cast<float>(mixed[static_cast<size_t>(i)] / sum);
        }
      }
    }
    return out;
  }

  std::unique_ptr<Backend> backend_ =
      GetParam() == "reference" ? make_reference_backend() : make_cpu_backend({.threads = 3, .isa = GetParam()});
  Matrix k_ = Matrix::random(length, kv_heads*head_dim, 10), v_ = Matrix::random(length, kv_heads*head_dim, 20);
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<std::byte*> pages_;
};

TEST_P(StripedAttention, IsADenseMask) {
  std::vector<Range> causal, windows;
  for (int64_t r = 0; r < length; ++r) {
    causal.push_back({0, r + 1});
    windows.push_back({std::max<int64_t>(0, r - 40), r + 1});
  }
  for (const int64_t stripe : {-1, 0, 1}) {
    Matrix all = run(causal, stripe), wanted = dense(causal, stripe);
    EXPECT_LE(nmse(all, wanted), 1e-7) << "stripe " << stripe;
    Matrix near = run(windows, stripe), near_wanted = dense(windows, stripe);
    EXPECT_LE(nmse(near, near_wanted), 1e-7) << "windows, stripe " << stripe;
    Matrix last = run({{0, length}}, stripe), last_wanted = dense({{0, length}}, stripe);
    EXPECT_LE(nmse(last, last_wanted), 1e-7) << "one row, stripe " << stripe;
  }
}

// Half of the keys are not read at all: what lies there may be anything.
TEST_P(StripedAttention, UnseenPagesAreNotRead) {
  const auto width = static_cast<size_t>(kv_heads * head_dim);
  const int64_t last_page = (length - 1) / page_tokens;
  Matrix poison(page_tokens, static_cast<int64_t>(width));
  for (int64_t r = 0; r < page_tokens; ++r) {
    std::fill_n(poison.view().row(r), width, std::numeric_limits<float>::quiet_NaN());
  }
  for (int64_t j = 0; j < last_page; ++j) {
    if ((last_page - j) % 2 == 1) continue;
    std::vector<AttentionRow> slots;
    for (int64_t t = 0; t < page_tokens; ++t) slots.push_back({pages_.data(), 0, j * page_tokens + t + 1});
    backend_->kv_write(shape_of(1), slots, poison.view(), poison.view());
  }
  Matrix out = run({{0, length - 1}, {0, length}}, 1), wanted = dense({{0, length - 1}, {0, length}}, 1);
  EXPECT_LE(nmse(out, wanted), 1e-7);
}

std::vector<std::string> backends() {
  std::vector<std::string> names(cpu_isas().begin(), cpu_isas().end());
  names.push_back("reference");
  return names;
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, StripedAttention, ::testing::ValuesIn(backends()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace deskhand
