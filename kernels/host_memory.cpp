#include "kernels/host_memory.h"

#include "kernels/check.h"

namespace deskhand {

namespace {

void check_f32(ConstView x) {
  CHECK(x.type == DType::f32, "type {}", dtype_info(x.type).name);
  CHECK(x.rows >= 0 && x.cols >= 0, "[{}, {}]", x.rows, x.cols);
}

void check_indices(std::span<const int32_t> indices, int64_t count, int64_t limit) {
  CHECK(static_cast<int64_t>(indices.size()) == count, "{} indices, expected {}", indices.size(), count);
  for (const int32_t i : indices) CHECK(i >= 0 && i < limit, "index {} of {}", i, limit);
}

void check_runs(std::span<const RecurrentRun> runs, int64_t rows, size_t state_offset) {
  CHECK(state_offset % 64 == 0, "state offset {}", state_offset);
  for (const RecurrentRun& run : runs) {
    CHECK(run.first >= 0 && run.rows >= 0 && run.first + run.rows <= rows, "rows [{}, +{}) of {}", run.first, run.rows,
          rows);
    CHECK(run.state != nullptr);
  }
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

void check_layer_norm(View y, ConstView x, std::span<const float> w, std::span<const float> b) {
  check_rms_norm(y, x, w);
  CHECK(b.size() == w.size(), "{} weights, {} biases", w.size(), b.size());
}

void check_rope(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions) {
  check_f32(x);
  CHECK(head_dim > 0 && x.cols % head_dim == 0, "width {}, head {}", x.cols, head_dim);
  CHECK(2 * static_cast<int64_t>(table.inv_freq.size()) <= head_dim, "{} pairs, head {}", table.inv_freq.size(),
        head_dim);
  CHECK(table.axes > 0 && static_cast<int64_t>(positions.size()) == x.rows * table.axes,
        "{} positions, {} rows, {} axes", positions.size(), x.rows, table.axes);
  if (!table.axis.empty()) check_indices(table.axis, static_cast<int64_t>(table.inv_freq.size()), table.axes);
}

void check_same_shape(ConstView y, ConstView x) {
  check_f32(y);
  check_f32(x);
  CHECK(y.rows == x.rows && y.cols == x.cols, "[{}, {}] and [{}, {}]", y.rows, y.cols, x.rows, x.cols);
}

void check_clamp(View x, float low, float high) {
  check_f32(x);
  CHECK(low <= high, "from {} to {}", low, high);
}

void check_gather(View y, ConstView x, std::span<const int32_t> rows) {
  check_f32(y);
  check_f32(x);
  CHECK(y.cols == x.cols, "widths {} and {}", y.cols, x.cols);
  check_indices(rows, y.rows, x.rows);
}

void check_attention(const AttentionShape& shape, std::span<const AttentionRow> rows) {
  const KvLayout& kv = shape.kv;
  const bool blocks = kv.type == DType::q8_0;
  CHECK(blocks || kv.type == DType::f32 || kv.type == DType::f16 || kv.type == DType::bf16, "KV of type {}",
        dtype_info(kv.type).name);
  CHECK(!blocks || kv.head_dim % dtype_info(kv.type).block_elements == 0, "Q8_0 heads of {}", kv.head_dim);
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

void check_attention_dense(View out, ConstView q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                           std::span<const DenseSegment> segments) {
  check_same_shape(out, q);
  check_same_shape(k, v);
  CHECK(shape.head_dim > 0 && shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0, "{} heads over {} of {}",
        shape.heads, shape.kv_heads, shape.head_dim);
  CHECK(q.cols == shape.heads * shape.head_dim && k.cols == shape.kv_heads * shape.head_dim,
        "q [{}, {}], k [{}, {}], {} heads over {} of {}", q.rows, q.cols, k.rows, k.cols, shape.heads, shape.kv_heads,
        shape.head_dim);
  int64_t at = 0;
  for (const DenseSegment& s : segments) {
    CHECK(at <= s.query_begin && s.query_begin <= s.query_end && s.query_end <= q.rows,
          "queries [{}, {}) of {} after {}", s.query_begin, s.query_end, q.rows, at);
    CHECK(0 <= s.key_begin && s.key_begin <= s.key_end && s.key_end <= k.rows, "keys [{}, {}) of {}", s.key_begin,
          s.key_end, k.rows);
    at = s.query_end;
  }
}

void check_matmul_experts(View y, const Weight& w, int64_t experts, ConstView x,
                          std::span<const int32_t> expert_of_row) {
  check_f32(y);
  check_f32(x);
  CHECK(experts > 0 && w.rows() % experts == 0, "{} rows, {} experts", w.rows(), experts);
  CHECK(w.cols() == x.cols && y.rows == x.rows && y.cols == w.rows() / experts,
        "weight [{}, {}] of {} experts, x [{}, {}], y [{}, {}]", w.rows(), w.cols(), experts, x.rows, x.cols, y.rows,
        y.cols);
  check_indices(expert_of_row, x.rows, experts);
}

void check_top_k(std::span<int32_t> ids, std::span<float> weights, ConstView logits, int64_t k) {
  check_f32(logits);
  CHECK(k > 0 && k <= logits.cols, "{} of {}", k, logits.cols);
  CHECK(static_cast<int64_t>(ids.size()) == logits.rows * k && weights.size() == ids.size(),
        "{} ids, {} weights, {} rows of {}", ids.size(), weights.size(), logits.rows, k);
}

void check_scatter(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights) {
  check_f32(y);
  check_f32(x);
  CHECK(y.cols == x.cols && rows.size() == weights.size(), "widths {} and {}, {} rows, {} weights", y.cols, x.cols,
        rows.size(), weights.size());
  check_indices(rows, x.rows, y.rows);
}

void check_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs) {
  check_same_shape(y, u);
  CHECK(shape.kernel >= 1 && shape.kernel <= max_conv_kernel, "kernel {}", shape.kernel);
  CHECK(static_cast<int64_t>(shape.w.size()) == u.cols * shape.kernel, "{} weights, {} channels, kernel {}",
        shape.w.size(), u.cols, shape.kernel);
  check_runs(runs, u.rows, shape.state_offset);
}

void check_delta(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs) {
  const auto check = [&](ConstView view, int64_t cols) {
    check_f32(view);
    CHECK(view.rows == out.rows && view.cols == cols, "[{}, {}], expected [{}, {}]", view.rows, view.cols, out.rows,
          cols);
  };
  CHECK(shape.key_dim > 0 && shape.value_dim > 0 && shape.key_heads > 0 && shape.value_heads % shape.key_heads == 0,
        "{} key heads of {}, {} value heads of {}", shape.key_heads, shape.key_dim, shape.value_heads, shape.value_dim);
  check(out, shape.value_heads * shape.value_dim);
  check(x.v, out.cols);
  check(x.q, shape.key_heads * shape.key_dim);
  check(x.k, x.q.cols);
  check(x.a, shape.value_heads);
  check(x.b, shape.value_heads);
  const auto heads = static_cast<size_t>(shape.value_heads);
  CHECK(shape.decay.size() == heads && shape.bias.size() == heads, "{} decays, {} biases, {} heads", shape.decay.size(),
        shape.bias.size(), heads);
  check_runs(runs, out.rows, shape.state_offset);
}

}  // namespace deskhand
