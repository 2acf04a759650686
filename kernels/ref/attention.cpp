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

/// out[head_dim] of one query head over the keys of a segment, whose head begins at the given column.
void attend_keys(float* out, const float* q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                 const DenseSegment& keys, int64_t column) {
  std::vector<double> weights, sums(static_cast<size_t>(shape.head_dim));
  for (int64_t t = keys.key_begin; t < keys.key_end; ++t) {
    double dot = 0;
    for (int64_t i = 0; i < shape.head_dim; ++i) dot += static_cast<double>(q[i]) * k.row(t)[column + i];
    weights.push_back(shape.scale * dot);
  }
  std::fill(out, out + shape.head_dim, 0.0f);
  if (weights.empty()) return;
  const double largest = *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& w : weights) sum += w = std::exp(w - largest);
  for (size_t t = 0; t < weights.size(); ++t) {
    const float* value = v.row(keys.key_begin + static_cast<int64_t>(t)) + column;
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += weights[t] * value[i];
  }
  for (size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<float>(sums[i] / sum);
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

void attention_dense(View out, ConstView q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                     std::span<const DenseSegment> segments) {
  check_attention_dense(out, q, k, v, shape, segments);
  const int64_t d = shape.head_dim, heads_per_kv = shape.heads / shape.kv_heads;
  for (const DenseSegment& segment : segments) {
    for (int64_t r = segment.query_begin; r < segment.query_end; ++r) {
      for (int64_t h = 0; h < shape.heads; ++h) {
        attend_keys(out.row(r) + h * d, q.row(r) + h * d, k, v, shape, segment, h / heads_per_kv * d);
      }
    }
  }
}

}  // namespace deskhand::ref
