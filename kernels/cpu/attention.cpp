#include "kernels/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/float_types.h"
#include "kernels/host_memory.h"
#include "kernels/kv_page.h"

namespace deskhand::cpu {

namespace {

constexpr int64_t unit_queries = 32;
constexpr int64_t segment_tokens = 256;  ///< enough work to hand over, few enough to share
constexpr int64_t few_queries = 8;
constexpr int64_t max_pieces = 64;  ///< segments at work before the next merge

int64_t round_up(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

/// The online softmax of some queries over some keys: acc [queries][width], largest and sum [queries].
struct PagedAttention::Partial {
  float* acc;
  float* largest;
  float* sum;

  /// Appends what a later segment gave to a query.
  void merge(const Partial& later, int64_t query, int64_t width) const {
    if (later.sum[query] == 0) return;
    const float top = std::max(largest[query], later.largest[query]);
    const float mine = std::exp(largest[query] - top), its = std::exp(later.largest[query] - top);
    float* to = acc + query * width;
    const float* from = later.acc + query * width;
    for (int64_t i = 0; i < width; ++i) to[i] = to[i] * mine + from[i] * its;
    sum[query] = sum[query] * mine + later.sum[query] * its;
    largest[query] = top;
  }
};

struct PagedAttention::Job {
  View out;
  ConstView q;
  const AttentionShape& shape;
  std::span<const AttentionRow> rows;
  int64_t group;          ///< query heads of a kv head
  int64_t unit_rows;      ///< most rows of a unit
  int64_t width;          ///< head_dim, padded to whole vectors
  int64_t segment_pages;  ///< pages of a segment

  Job(View o, ConstView x, const AttentionShape& s, std::span<const AttentionRow> r, int64_t lanes)
      : out(o),
        q(x),
        shape(s),
        rows(r),
        group(s.heads / s.kv.kv_heads),
        unit_rows(std::max<int64_t>(1, unit_queries / group)),
        width(round_up(s.kv.head_dim, lanes)),
        segment_pages(std::max<int64_t>(1, segment_tokens / s.kv.page_tokens)) {}

  int64_t queries() const { return unit_rows * group; }
  int64_t partial_floats() const { return round_up(queries() * width, 16) + 2 * round_up(queries(), 16); }
  Partial partial(float* at) const {
    float* largest = at + round_up(queries() * width, 16);
    return {at, largest, largest + round_up(queries(), 16)};
  }
  /// Few queries read K and V as they are in the page; many read them often enough to want floats.
  bool converts(const Unit& unit) const {
    return width != shape.kv.head_dim || float_index(shape.kv.type) < 0 || unit.count * group > few_queries;
  }
  /// Places the arrays of a unit: a partial, K and V as floats, then the others; returns the floats they take.
  int64_t place(AttentionPage& page, float* base) const {
    const int64_t keys = shape.kv.page_tokens, n = queries();
    float* at = base + partial_floats();
    const auto take = [&at](int64_t count) {
      float* taken = at;
      at += round_up(count, 16);
      return taken;
    };
    point(page, partial(base));
    page.q = take(n * width);
    page.k = reinterpret_cast<uint8_t*>(take(keys * width));
    page.v = reinterpret_cast<uint8_t*>(take(keys * width));
    page.scores = take(n * keys);
    page.first = reinterpret_cast<int32_t*>(take(n));
    page.last = reinterpret_cast<int32_t*>(take(n));
    page.width = width;
    return at - base;
  }
  int64_t page_floats() const {
    AttentionPage page{};
    float origin = 0;
    return place(page, &origin);
  }
  static void point(AttentionPage& page, const Partial& to) {
    page.acc = to.acc;
    page.largest = to.largest;
    page.sum = to.sum;
  }
  /// out of one query of a unit.
  void finish(const Unit& unit, int64_t kv_head, int64_t query, const Partial& total) const {
    const int64_t d = shape.kv.head_dim;
    float* to = out.row(unit.first + query / group) + (kv_head * group + query % group) * d;
    const float inverse = total.sum[query] > 0 ? 1.0f / total.sum[query] : 0.0f;
    for (int64_t k = 0; k < d; ++k) to[k] = total.acc[query * width + k] * inverse;
  }
};

/// One segment of a unit's keys for one kv head.
struct PagedAttention::Piece {
  const Unit* unit;
  int64_t kv_head;
  int64_t segment;

  bool joins(const Piece& other) const { return unit == other.unit && kv_head == other.kv_head; }
  bool is_first() const { return segment == unit->begin; }
  bool is_last() const { return segment + 1 == unit->end; }
};

void PagedAttention::run(View out, ConstView q, const AttentionShape& shape, std::span<const AttentionRow> rows) {
  check_attention_views(out, q, shape, rows);
  if (rows.empty()) return;
  const Job job(out, q, shape, rows, isa_.lanes);
  reserve(job);
  const int64_t longest = find_units(job), kv_heads = shape.kv.kv_heads;
  const auto tasks = static_cast<int64_t>(units_.size()) * kv_heads;
  if (threads_.count() > 1 && tasks < 2 * threads_.count() && longest > 1) {
    split(job);
    return;
  }
  threads_.run(tasks, [&](int64_t task, int thread) {
    // Late rows see most keys: begin with them, so that no thread is left with a long task at the end.
    const Unit& unit = units_[units_.size() - 1 - static_cast<size_t>(task / kv_heads)];
    run_unit(job, unit, task % kv_heads, scratch_[static_cast<size_t>(thread)].data());
  });
}

void PagedAttention::reserve(const Job& job) {
  const auto floats = static_cast<size_t>(job.page_floats() + job.partial_floats());
  for (AlignedBytes& scratch : scratch_) {
    if (scratch.size() < floats * sizeof(float)) scratch = AlignedBytes(floats * sizeof(float));
  }
  if (threads_.count() == 1) return;
  const size_t bytes = static_cast<size_t>((max_pieces + 1) * job.partial_floats()) * sizeof(float);
  if (partials_.size() < bytes) partials_ = AlignedBytes(bytes);
}

/// Fills units_; returns the segments of the longest.
int64_t PagedAttention::find_units(const Job& job) {
  const int64_t segment = job.segment_pages * job.shape.kv.page_tokens;
  int64_t longest = 0;
  units_.clear();
  for (size_t first = 0; first < job.rows.size();) {
    Unit unit{static_cast<int64_t>(first), 0, std::numeric_limits<int64_t>::max(), 0};
    for (size_t r = first; r < job.rows.size() && unit.count < job.unit_rows; ++r, ++unit.count) {
      const AttentionRow& row = job.rows[r];
      if (row.pages != job.rows[first].pages) break;
      if (row.begin == row.end) continue;
      unit.begin = std::min(unit.begin, row.begin / segment);
      unit.end = std::max(unit.end, (row.end + segment - 1) / segment);
    }
    unit.begin = std::min(unit.begin, unit.end);
    longest = std::max(longest, unit.end - unit.begin);
    first += static_cast<size_t>(unit.count);
    units_.push_back(unit);
  }
  return longest;
}

/// A page with the unit's queries in it.
AttentionPage PagedAttention::start(const Job& job, const Unit& unit, int64_t kv_head, std::byte* scratch) const {
  const int64_t d = job.shape.kv.head_dim, width = job.width;
  AttentionPage page{};
  auto* base = reinterpret_cast<float*>(scratch);
  const int64_t size = job.place(page, base);
  page.queries = unit.count * job.group;
  if (width != d) std::fill_n(base, size, 0.0f);  // the padding of q, K and V
  for (int64_t i = 0; i < page.queries; ++i) {
    const float* from = job.q.row(unit.first + i / job.group) + (kv_head * job.group + i % job.group) * d;
    for (int64_t k = 0; k < d; ++k) page.q[i * width + k] = from[k] * job.shape.scale;
  }
  return page;
}

/// Sets the page's acc, largest and sum to what a segment gives.
void PagedAttention::attend(const Job& job, const Unit& unit, int64_t kv_head, int64_t segment,
                            AttentionPage& page) const {
  const auto rows = job.rows.subspan(static_cast<size_t>(unit.first), static_cast<size_t>(unit.count));
  std::fill_n(page.largest, page.queries, -std::numeric_limits<float>::infinity());
  std::fill_n(page.sum, page.queries, 0.0f);
  std::fill_n(page.acc, page.queries * page.width, 0.0f);
  int64_t end = 0;
  for (const AttentionRow& row : rows) end = std::max(end, row.end);
  for (int64_t p = segment * job.segment_pages; p < (segment + 1) * job.segment_pages; ++p) {
    if (p * job.shape.kv.page_tokens >= end) break;
    const int64_t low = find_keys(job, rows, p, page);
    if (low < 0) continue;
    attend_page(job, unit, kv_head, rows[0].pages[p] + job.shape.page_offset, low, page);
  }
}

void PagedAttention::run_unit(const Job& job, const Unit& unit, int64_t kv_head, std::byte* scratch) const {
  AttentionPage page = start(job, unit, kv_head, scratch);
  const Partial later{page.acc, page.largest, page.sum};
  const Partial total = job.partial(reinterpret_cast<float*>(scratch) + job.page_floats());
  Job::point(page, total);
  attend(job, unit, kv_head, unit.begin, page);
  Job::point(page, later);
  for (int64_t segment = unit.begin + 1; segment < unit.end; ++segment) {
    attend(job, unit, kv_head, segment, page);
    for (int64_t i = 0; i < page.queries; ++i) total.merge(later, i, job.width);
  }
  for (int64_t i = 0; i < page.queries; ++i) job.finish(unit, kv_head, i, total);
}

/// Slots 1… are those of a wave's pieces; slot 0 carries a unit from one wave to the next.
PagedAttention::Partial PagedAttention::slot(const Job& job, int64_t index) const {
  return job.partial(partials_.as<float>() + index * job.partial_floats());
}

void PagedAttention::split(const Job& job) {
  Piece pieces[max_pieces];
  size_t count = 0;
  for (const Unit& unit : units_) {
    for (int64_t kv_head = 0; kv_head < job.shape.kv.kv_heads; ++kv_head) {
      for (int64_t segment = unit.begin; segment == unit.begin || segment < unit.end; ++segment) {
        pieces[count++] = {&unit, kv_head, segment};
        if (count < max_pieces) continue;
        run_pieces(job, {pieces, count});
        count = 0;
      }
    }
  }
  run_pieces(job, {pieces, count});
}

void PagedAttention::run_pieces(const Job& job, std::span<const Piece> pieces) {
  if (pieces.empty()) return;
  threads_.run(static_cast<int64_t>(pieces.size()), [&](int64_t i, int thread) {
    const Piece& piece = pieces[static_cast<size_t>(i)];
    AttentionPage page = start(job, *piece.unit, piece.kv_head, scratch_[static_cast<size_t>(thread)].data());
    Job::point(page, slot(job, i + 1));
    attend(job, *piece.unit, piece.kv_head, piece.segment, page);
  });
  int64_t firsts[max_pieces], groups = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i == 0 || !pieces[i].joins(pieces[i - 1])) firsts[groups++] = static_cast<int64_t>(i);
  }
  const int64_t queries = job.queries();
  threads_.run(groups * queries,
               [&](int64_t task, int) { merge_pieces(job, pieces, firsts[task / queries], task % queries); });
  const int64_t last = firsts[groups - 1];
  if (!pieces.back().is_last() && pieces[static_cast<size_t>(last)].is_first()) {
    std::copy_n(slot(job, last + 1).acc, job.partial_floats(), slot(job, 0).acc);
  }
}

/// Merges one query of the pieces that join the first, and finishes it after the unit's last.
void PagedAttention::merge_pieces(const Job& job, std::span<const Piece> pieces, int64_t first, int64_t query) {
  const Piece& head = pieces[static_cast<size_t>(first)];
  if (query >= head.unit->count * job.group) return;
  const Partial total = slot(job, head.is_first() ? first + 1 : 0);
  int64_t i = head.is_first() ? first + 1 : first;
  for (; i < static_cast<int64_t>(pieces.size()) && pieces[static_cast<size_t>(i)].joins(head); ++i) {
    total.merge(slot(job, i + 1), query, job.width);
  }
  const Piece& last = pieces[static_cast<size_t>(i - 1)];
  if (last.is_last() || last.unit->begin == last.unit->end) job.finish(*head.unit, head.kv_head, query, total);
}

/// Sets which keys of a page every query sees, counted from the first that any of them does; returns that one's place
/// in the page, or −1 when there is none.
int64_t PagedAttention::find_keys(const Job& job, std::span<const AttentionRow> rows, int64_t page, AttentionPage& to) {
  const int64_t tokens = job.shape.kv.page_tokens, start = page * tokens;
  int64_t low = tokens, high = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    const bool hidden = !job.shape.sees_page(rows[r].end, page);
    const auto first = static_cast<int32_t>(std::clamp<int64_t>(rows[r].begin - start, 0, tokens));
    const auto last = static_cast<int32_t>(hidden ? first : std::clamp<int64_t>(rows[r].end - start, first, tokens));
    if (first < last) {
      low = std::min<int64_t>(low, first);
      high = std::max<int64_t>(high, last);
    }
    for (int64_t h = 0; h < job.group; ++h) {
      to.first[static_cast<int64_t>(r) * job.group + h] = first;
      to.last[static_cast<int64_t>(r) * job.group + h] = last;
    }
  }
  if (low >= high) return -1;
  for (int64_t i = 0; i < static_cast<int64_t>(rows.size()) * job.group; ++i) {
    to.first[i] = static_cast<int32_t>(std::clamp<int64_t>(to.first[i], low, high) - low);
    to.last[i] = static_cast<int32_t>(std::clamp<int64_t>(to.last[i], low, high) - low);
  }
  to.keys = high - low;
  return low;
}

/// The page's keys from `low` on: where they lie, or as floats in the page's own room.
void PagedAttention::attend_page(const Job& job, const Unit& unit, int64_t kv_head, const std::byte* blob, int64_t low,
                                 AttentionPage page) const {
  const KvPage layout{job.shape.kv};
  const auto* k = reinterpret_cast<const uint8_t*>(blob + layout.key(kv_head, low));
  const auto* v = reinterpret_cast<const uint8_t*>(blob + layout.value(kv_head, low));
  const auto stride = static_cast<int64_t>(layout.row());
  const int type = float_index(job.shape.kv.type);
  if (!job.converts(unit)) {
    page.k = k;
    page.v = v;
    page.stride = stride;
    isa_.attend[type](page);
    return;
  }
  const auto convert = type < 0 ? isa_.convert_q8 : isa_.convert[type];
  auto* key = reinterpret_cast<float*>(const_cast<uint8_t*>(page.k));
  auto* value = reinterpret_cast<float*>(const_cast<uint8_t*>(page.v));
  for (int64_t token = 0; token < page.keys; ++token) {
    convert(k + token * stride, job.shape.kv.head_dim, key + token * job.width);
    convert(v + token * stride, job.shape.kv.head_dim, value + token * job.width);
  }
  page.stride = job.width * static_cast<int64_t>(sizeof(float));
  isa_.attend[float_index(DType::f32)](page);
}

}  // namespace deskhand::cpu
