#include "kernels/cpu/attention.h"

#include <algorithm>
#include <limits>

#include "kernels/cpu/float_types.h"
#include "kernels/host_memory.h"
#include "kernels/kv_page.h"

namespace deskhand::cpu {

namespace {

constexpr int64_t tile_queries = 32;

int64_t round_up(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

struct PagedAttention::Job {
  View out;
  ConstView q;
  const AttentionShape& shape;
  std::span<const AttentionRow> rows;
  int64_t group;      ///< query heads of a kv head
  int64_t tile_rows;  ///< rows of a tile
  int64_t width;      ///< head_dim, padded to whole vectors

  Job(View o, ConstView x, const AttentionShape& s, std::span<const AttentionRow> r, int64_t lanes)
      : out(o),
        q(x),
        shape(s),
        rows(r),
        group(s.heads / s.kv.kv_heads),
        tile_rows(std::max<int64_t>(1, tile_queries / group)),
        width(round_up(s.kv.head_dim, lanes)) {}

  int64_t queries() const { return tile_rows * group; }
  /// Places the arrays of a tile; returns the floats they take.
  size_t place(AttentionPage& page, float* base) const {
    const int64_t keys = shape.kv.page_tokens, n = queries();
    float* at = base;
    const auto take = [&at](int64_t count) {
      float* taken = at;
      at += round_up(count, 16);
      return taken;
    };
    page.q = take(n * width);
    page.acc = take(n * width);
    page.k = take(keys * width);
    page.v = take(keys * width);
    page.scores = take(n * keys);
    page.largest = take(n);
    page.sum = take(n);
    page.first = reinterpret_cast<int32_t*>(take(n));
    page.last = reinterpret_cast<int32_t*>(take(n));
    page.width = width;
    return static_cast<size_t>(at - base);
  }
};

void PagedAttention::run(View out, ConstView q, const AttentionShape& shape, std::span<const AttentionRow> rows) {
  check_attention_views(out, q, shape, rows);
  if (rows.empty()) return;
  const Job job(out, q, shape, rows, isa_.lanes);
  AttentionPage page{};
  float origin = 0;
  const size_t bytes = sizeof(float) * job.place(page, &origin);
  for (AlignedBytes& scratch : scratch_) {
    if (scratch.size() < bytes) scratch = AlignedBytes(bytes);
  }
  const auto row_count = static_cast<int64_t>(rows.size());
  const int64_t tiles = (row_count + job.tile_rows - 1) / job.tile_rows;
  threads_.run(tiles * shape.kv.kv_heads, [&](int64_t task, int thread) {
    // Late rows see most keys: begin with them, so that no thread is left with a long task at the end.
    const int64_t tile = tiles - 1 - task / shape.kv.kv_heads, kv_head = task % shape.kv.kv_heads;
    const int64_t end = std::min((tile + 1) * job.tile_rows, row_count);
    for (int64_t first = tile * job.tile_rows; first < end;) {  // rows of one sequence together
      int64_t next = first + 1;
      while (next < end && rows[next].pages == rows[first].pages) ++next;
      run_tile(job, first, next - first, kv_head, scratch_[static_cast<size_t>(thread)].as<float>());
      first = next;
    }
  });
}

/// Converts the keys of a page that some row sees; false when there are none.
bool PagedAttention::load_page(const Job& job, std::span<const AttentionRow> rows, int64_t kv_head, int64_t page,
                               AttentionPage& to) const {
  const KvPage layout{job.shape.kv};
  const int64_t tokens = job.shape.kv.page_tokens, d = job.shape.kv.head_dim, start = page * tokens;
  int64_t low = tokens, high = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto first = static_cast<int32_t>(std::clamp<int64_t>(rows[r].begin - start, 0, tokens));
    const auto last = static_cast<int32_t>(std::clamp<int64_t>(rows[r].end - start, first, tokens));
    if (first < last) {
      low = std::min<int64_t>(low, first);
      high = std::max<int64_t>(high, last);
    }
    for (int64_t h = 0; h < job.group; ++h) {
      to.first[static_cast<int64_t>(r) * job.group + h] = first;
      to.last[static_cast<int64_t>(r) * job.group + h] = last;
    }
  }
  if (low >= high) return false;
  const std::byte* blob = rows[0].pages[page] + job.shape.page_offset;
  const auto convert = isa_.convert[float_index(job.shape.kv.type)];
  for (int64_t token = low; token < high; ++token) {
    convert(reinterpret_cast<const uint8_t*>(blob + layout.key(kv_head, token)), d, to.k + (token - low) * job.width);
    convert(reinterpret_cast<const uint8_t*>(blob + layout.value(kv_head, token)), d, to.v + (token - low) * job.width);
  }
  for (int64_t i = 0; i < static_cast<int64_t>(rows.size()) * job.group; ++i) {
    to.first[i] = static_cast<int32_t>(std::max<int64_t>(to.first[i] - low, 0));
    to.last[i] = static_cast<int32_t>(std::max<int64_t>(to.last[i] - low, 0));
  }
  to.keys = high - low;
  return true;
}

void PagedAttention::run_tile(const Job& job, int64_t first, int64_t count, int64_t kv_head, float* scratch) const {
  const int64_t d = job.shape.kv.head_dim, width = job.width, tokens = job.shape.kv.page_tokens;
  const auto rows = job.rows.subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  AttentionPage page{};
  const size_t size = job.place(page, scratch);
  page.queries = count * job.group;
  if (width != d) std::fill_n(scratch, size, 0.0f);  // the padding of q, K and V
  int64_t begin = std::numeric_limits<int64_t>::max(), end = 0;
  for (const AttentionRow& row : rows) {
    if (row.begin == row.end) continue;
    begin = std::min(begin, row.begin);
    end = std::max(end, row.end);
  }
  for (int64_t i = 0; i < page.queries; ++i) {
    const float* from = job.q.row(first + i / job.group) + (kv_head * job.group + i % job.group) * d;
    for (int64_t k = 0; k < d; ++k) page.q[i * width + k] = from[k] * job.shape.scale;
    page.largest[i] = -std::numeric_limits<float>::infinity();
    page.sum[i] = 0;
  }
  std::fill_n(page.acc, page.queries * width, 0.0f);
  for (int64_t p = begin / tokens; p * tokens < end; ++p) {
    if (load_page(job, rows, kv_head, p, page)) isa_.attend(page);
  }
  for (int64_t i = 0; i < page.queries; ++i) {
    float* to = job.out.row(first + i / job.group) + (kv_head * job.group + i % job.group) * d;
    const float inverse = page.sum[i] > 0 ? 1.0f / page.sum[i] : 0.0f;
    for (int64_t k = 0; k < d; ++k) to[k] = page.acc[i * width + k] * inverse;
  }
}

}  // namespace deskhand::cpu
