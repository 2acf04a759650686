#include "kernels/ref/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/formats/format.h"
#include "kernels/host_memory.h"
#include "kernels/kv_page.h"

namespace deskhand::ref {
namespace {

struct Place {
  std::byte* page;
  int64_t token;
};

Place place(const AttentionShape& shape, const AttentionRow& row, int64_t position) {
  return {row.pages[position / shape.kv.page_tokens] + shape.page_offset, position % shape.kv.page_tokens};
}

/// out[head_dim] of one query head: softmax over its scores, then the weighted sum of values.
void attend(float* out, const float* q, const AttentionShape& shape, const AttentionRow& row, int64_t kv_head) {
  const KvPage layout{shape.kv};
  const int64_t d = shape.kv.head_dim;
  const Format& format = *find_format(shape.kv.type);
  std::vector<float> kv(static_cast<size_t>(d));
  std::vector<float> scores;
  const auto hidden = [&](int64_t t) { return !shape.sees_page(row.end, t / shape.kv.page_tokens); };
  for (int64_t t = row.begin; t < row.end; ++t) {
    scores.push_back(-std::numeric_limits<float>::infinity());
    if (hidden(t)) continue;
    const Place at = place(shape, row, t);
    format.to_float(at.page + layout.key(kv_head, at.token), kv.data(), d);
    float dot = 0;
    for (int64_t i = 0; i < d; ++i) dot += q[i] * kv[i];
    scores.back() = shape.scale * dot;
  }
  std::fill(out, out + d, 0.0f);
  if (scores.empty()) return;
  const float largest = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (float& s : scores) sum += s = std::exp(s - largest);
  for (int64_t t = row.begin; t < row.end; ++t) {
    if (hidden(t)) continue;
    const Place at = place(shape, row, t);
    format.to_float(at.page + layout.value(kv_head, at.token), kv.data(), d);
    for (int64_t i = 0; i < d; ++i) out[i] += scores[t - row.begin] / sum * kv[i];
  }
}

}  // namespace

void kv_write(const AttentionShape& shape, std::span<const AttentionRow> slots, ConstView k, ConstView v) {
  check_kv_write(shape, slots, k, v);
  const KvPage layout{shape.kv};
  const int64_t d = shape.kv.head_dim;
  const Format& format = *find_format(shape.kv.type);
  for (int64_t r = 0; r < k.rows; ++r) {
    const Place at = place(shape, slots[r], slots[r].end - 1);
    for (int64_t h = 0; h < shape.kv.kv_heads; ++h) {
      format.from_float(k.row(r) + h * d, at.page + layout.key(h, at.token), d);
      format.from_float(v.row(r) + h * d, at.page + layout.value(h, at.token), d);
    }
  }
}

void attention_paged(View out, ConstView q, const AttentionShape& shape, std::span<const AttentionRow> rows) {
  check_attention_views(out, q, shape, rows);
  const int64_t d = shape.kv.head_dim;
  const int64_t heads_per_kv = shape.heads / shape.kv.kv_heads;
  for (int64_t r = 0; r < q.rows; ++r) {
    for (int64_t h = 0; h < shape.heads; ++h) {
      attend(out.row(r) + h * d, q.row(r) + h * d, shape, rows[r], h / heads_per_kv);
    }
  }
}

}  // namespace deskhand::ref
