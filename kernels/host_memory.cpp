#include "kernels/host_memory.h"

#include "kernels/check.h"

namespace deskhand {

namespace {

void check_f32(ConstView x) {
  CHECK(x.type == DType::f32, "type {}", dtype_info(x.type).name);
  CHECK(x.rows >= 0 && x.cols >= 0, "[{}, {}]", x.rows, x.cols);
}

void check_indices(std::span<const int32_t> indices, int64_t count, int64_t limit) {
  CHECK(static_cast<int64_t>(indices.size()) == count, "{} indices, {} rows", indices.size(), count);
  for (const int32_t i : indices) CHECK(i >= 0 && i < limit, "index {} of {} rows", i, limit);
}

}  // namespace

void check_weight(ConstView weight) {
  const DTypeInfo info = dtype_info(weight.type);
  CHECK(find_format(weight.type) != nullptr, "no arithmetic for {}", info.name);
  CHECK(weight.cols % info.block_elements == 0, "{} columns of {}", weight.cols, info.name);
}

void check_matmul(std::span<const MatmulTerm> terms, ConstView x) {
  check_f32(x);
  for (const MatmulTerm& term : terms) {
    check_f32(term.y);
    CHECK(term.weight != nullptr);
    CHECK(term.weight->cols() == x.cols, "weight [{}, {}], x [{}, {}]", term.weight->rows(), term.weight->cols(),
          x.rows, x.cols);
    CHECK(term.y.rows == x.rows && term.y.cols == term.weight->rows(), "y [{}, {}], x rows {}, weight rows {}",
          term.y.rows, term.y.cols, x.rows, term.weight->rows());
  }
}

void check_embed(View y, const Weight& table, std::span<const int32_t> ids) {
  check_f32(y);
  CHECK(y.cols == table.cols(), "y width {}, table width {}", y.cols, table.cols());
  check_indices(ids, y.rows, table.rows());
}

void check_rms_norm(View y, ConstView x, std::span<const float> w) {
  check_same_shape(y, x);
  CHECK(!w.empty() && x.cols % static_cast<int64_t>(w.size()) == 0, "width {}, weight {}", x.cols, w.size());
}

void check_rope(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions) {
  check_f32(x);
  CHECK(head_dim > 0 && x.cols % head_dim == 0, "width {}, head {}", x.cols, head_dim);
  CHECK(2 * static_cast<int64_t>(table.inv_freq.size()) <= head_dim, "{} pairs, head {}", table.inv_freq.size(),
        head_dim);
  CHECK(static_cast<int64_t>(positions.size()) == x.rows, "{} positions, {} rows", positions.size(), x.rows);
}

void check_same_shape(ConstView y, ConstView x) {
  check_f32(y);
  check_f32(x);
  CHECK(y.rows == x.rows && y.cols == x.cols, "[{}, {}] and [{}, {}]", y.rows, y.cols, x.rows, x.cols);
}

void check_gather(View y, ConstView x, std::span<const int32_t> rows) {
  check_f32(y);
  check_f32(x);
  CHECK(y.cols == x.cols, "widths {} and {}", y.cols, x.cols);
  check_indices(rows, y.rows, x.rows);
}

void check_attention(const AttentionShape& shape, std::span<const AttentionRow> rows) {
  const KvLayout& kv = shape.kv;
  CHECK(kv.type == DType::f32 || kv.type == DType::f16 || kv.type == DType::bf16, "KV of type {}",
        dtype_info(kv.type).name);
  CHECK(kv.kv_heads > 0 && kv.head_dim > 0 && kv.page_tokens > 0, "{} heads of {}, pages of {}", kv.kv_heads,
        kv.head_dim, kv.page_tokens);
  for (const AttentionRow& row : rows) {
    CHECK(row.begin >= 0 && row.begin <= row.end, "keys [{}, {})", row.begin, row.end);
    CHECK(row.pages != nullptr || row.begin == row.end);
  }
}

void check_kv_write(const AttentionShape& shape, std::span<const AttentionRow> rows, ConstView k, ConstView v) {
  check_attention(shape, rows);
  check_same_shape(k, v);
  CHECK(k.cols == shape.kv.kv_heads * shape.kv.head_dim && k.rows == static_cast<int64_t>(rows.size()),
        "k [{}, {}], {} heads of {}, {} slots", k.rows, k.cols, shape.kv.kv_heads, shape.kv.head_dim, rows.size());
  for (const AttentionRow& row : rows) CHECK(row.end > 0);
}

void check_attention_views(View out, ConstView q, const AttentionShape& shape, std::span<const AttentionRow> rows) {
  check_attention(shape, rows);
  check_same_shape(out, q);
  CHECK(shape.heads % shape.kv.kv_heads == 0, "{} heads, {} kv heads", shape.heads, shape.kv.kv_heads);
  CHECK(q.cols == shape.heads * shape.kv.head_dim && q.rows == static_cast<int64_t>(rows.size()),
        "q [{}, {}], {} heads of {}, {} rows", q.rows, q.cols, shape.heads, shape.kv.head_dim, rows.size());
}

}  // namespace deskhand
