#include "kernels/cpu/dense_attention.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/host_memory.h"

namespace deskhand::cpu {

namespace {

constexpr int64_t block_queries = 256;      ///< that share one passing of K and V
constexpr int64_t block_floats = 3072;      ///< of K, and of V: both together three quarters of a first-level cache
constexpr int64_t worth_a_task = 64 * 256;  ///< scores: some tens of microseconds

int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace

/// One head of a block of queries.
struct DenseAttention::Task {
  int64_t first, count;  ///< queries
  int64_t key_begin, key_end;
  int64_t column;     ///< of q and out
  int64_t kv_column;  ///< of k and v
};

/// What one thread works in. A panel is 2 · lanes queries.
struct DenseAttention::Room {
  int64_t width, head_dim, panels, block_keys;
  float *q, *acc;         ///< [panels][head_dim][width]
  float *largest, *sum;   ///< [panels][width]
  float *scores, *k, *v;  ///< of a block of keys

  Room(int64_t lanes, int64_t d, float* base)
      : width(2 * lanes),
        head_dim(d),
        panels(divide_up(block_queries, width)),
        block_keys(std::max<int64_t>(24, block_floats / d / 6 * 6)),
        q(base),
        acc(q + panels * d * width),
        largest(acc + panels * d * width),
        sum(largest + panels * width),
        scores(sum + panels * width),
        k(scores + block_keys * width),
        v(k + divide_up(block_keys * d, 16) * 16) {}

  int64_t floats() const { return v + divide_up(block_keys * head_dim, 16) * 16 - q; }
};

void DenseAttention::run(View out, const Input& in, std::span<const DenseSegment> segments) {
  check_attention_dense(out, in.q, in.k, in.v, in.shape, segments);
  float origin = 0;
  const auto bytes = static_cast<size_t>(Room(isa_.lanes, in.shape.head_dim, &origin).floats()) * sizeof(float);
  for (AlignedBytes& scratch : scratch_) {
    if (scratch.size() < bytes) scratch = AlignedBytes(bytes);
  }
  add_units(segments, in.shape);
  if (units_.empty()) return;
  threads_.run(units_.back().end, [&](int64_t task, int thread) { run_task(out, in, task, thread); });
}

void DenseAttention::add_units(std::span<const DenseSegment> segments, const DenseAttentionShape& shape) {
  units_.clear();
  int64_t end = 0;
  for (const DenseSegment& segment : segments) {
    const int64_t queries = segment.query_end - segment.query_begin, keys = segment.key_end - segment.key_begin;
    if (queries == 0) continue;
    const int64_t blocks = divide_up(queries, block_queries);
    const int64_t scores = std::max<int64_t>(1, divide_up(queries, blocks) * keys);
    const int64_t heads = std::clamp<int64_t>(worth_a_task / scores, 1, shape.heads);
    end += blocks * divide_up(shape.heads, heads);
    units_.push_back({&segment, blocks, heads, end});
  }
}

/// Tasks of one head follow one another, so that its K and V stay in the caches.
void DenseAttention::run_task(View out, const Input& in, int64_t index, int thread) const {
  const auto unit = std::upper_bound(units_.begin(), units_.end(), index,
                                     [](int64_t value, const Unit& candidate) { return value < candidate.end; });
  if (unit != units_.begin()) index -= (unit - 1)->end;
  const DenseSegment& segment = *unit->segment;
  const int64_t d = in.shape.head_dim, group = in.shape.heads / in.shape.kv_heads;
  const Room room(isa_.lanes, d, scratch_[static_cast<size_t>(thread)].as<float>());
  const int64_t first = segment.query_begin + index % unit->blocks * block_queries;
  const int64_t head = index / unit->blocks * unit->heads;
  for (int64_t h = head; h < std::min(head + unit->heads, in.shape.heads); ++h) {
    attend(out, in,
           {first, std::min(block_queries, segment.query_end - first), segment.key_begin, segment.key_end, h * d,
            h / group * d},
           room);
  }
}

void DenseAttention::attend(View out, const Input& in, const Task& task, const Room& room) const {
  const int64_t d = room.head_dim, width = room.width, panels = divide_up(task.count, width);
  std::fill_n(room.acc, panels * d * width, 0.0f);
  std::fill_n(room.largest, panels * width, -std::numeric_limits<float>::infinity());
  std::fill_n(room.sum, panels * width, 0.0f);
  std::fill_n(room.q + (panels - 1) * d * width, d * width, 0.0f);  // lanes without a query
  for (int64_t i = 0; i < task.count; ++i) {
    const float* from = in.q.row(task.first + i) + task.column;
    float* to = room.q + i / width * d * width + i % width;
    for (int64_t c = 0; c < d; ++c) to[c * width] = from[c] * in.shape.scale;
  }
  const size_t bytes = static_cast<size_t>(d) * sizeof(float);
  for (int64_t key = task.key_begin; key < task.key_end; key += room.block_keys) {
    const int64_t keys = std::min(room.block_keys, task.key_end - key);
    for (int64_t t = 0; t < keys; ++t) {
      std::memcpy(room.k + t * d, in.k.row(key + t) + task.kv_column, bytes);
      std::memcpy(room.v + t * d, in.v.row(key + t) + task.kv_column, bytes);
    }
    for (int64_t p = 0; p < panels; ++p) {
      isa_.attend_dense({room.q + p * d * width, room.k, room.v, keys, d, room.scores, room.acc + p * d * width,
                         room.largest + p * width, room.sum + p * width});
    }
  }
  for (int64_t i = 0; i < task.count; ++i) {
    const float sum = room.sum[i], inverse = sum > 0 ? 1.0f / sum : 0.0f;
    const float* from = room.acc + i / width * d * width + i % width;
    float* to = out.row(task.first + i) + task.column;
    for (int64_t c = 0; c < d; ++c) to[c] = from[c * width] * inverse;
  }
}

}  // namespace deskhand::cpu
