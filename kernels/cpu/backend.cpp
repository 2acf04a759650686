// The CPU backend: arguments are checked here, rows are shared among threads, the loops are those of one Isa.
#include <algorithm>
#include <cstring>

#include "kernels/check.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/cores.h"
#include "kernels/cpu/dense_attention.h"
#include "kernels/cpu/experts.h"
#include "kernels/cpu/float_types.h"
#include "kernels/cpu/isas.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/recurrent.h"
#include "kernels/cpu/rope.h"
#include "kernels/cpu/threads.h"
#include "kernels/cpu/weights.h"
#include "kernels/host_memory.h"
#include "kernels/kv_page.h"

namespace deskhand {
namespace cpu {
namespace {

constexpr int64_t worth_sharing = 32768;  ///< values of an element-wise op from which waking threads pays

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const CpuOptions& options)
      : isa_(find_isa(options.isa)),
        exact_(options.exact),
        threads_(options.threads > 0 ? options.threads : usable_cores()),
        matmul_(isa_, threads_),
        attention_(isa_, threads_),
        dense_attention_(isa_, threads_),
        recurrent_(isa_, threads_) {}

  BackendInfo info() const override { return {"cpu", isa_.name, threads_.count()}; }
  bool supports(DType type) const override { return find_format(type) != nullptr; }

  std::unique_ptr<Weight> pack(ConstView weight, std::shared_ptr<const void> owner) override {
    check_weight(weight);
    const QuantisedLoops* loops = exact_ ? nullptr : find_loops(weight.type);
    if (!loops) return std::make_unique<BorrowedWeight>(weight, std::move(owner));
    auto packed = std::make_unique<InterleavedWeight>(weight, *loops, isa_.lanes);
    constexpr int64_t piece = 8;
    threads_.run((packed->groups() + piece - 1) / piece, [&](int64_t task, int) {
      packed->fill(task * piece, std::min(piece, packed->groups() - task * piece));
    });
    return packed;
  }

  std::unique_ptr<Buffer> allocate(size_t bytes) override { return std::make_unique<HostBuffer>(bytes); }
  void reserve(int64_t max_rows, int64_t max_width) override { matmul_.reserve(max_rows, max_width); }
  void matmul(std::span<const MatmulTerm> terms, ConstView x) override { matmul_.run(terms, x); }

  void matmul_experts(View y, const Weight& w, int64_t experts, ConstView x,
                      std::span<const int32_t> expert_of_row) override {
    matmul_.run_experts(y, w, experts, x, expert_of_row);
  }

  void top_k(std::span<int32_t> ids, std::span<float> weights, ConstView logits, int64_t k, bool renormalise) override {
    check_top_k(ids, weights, logits, k);
    const auto width = static_cast<size_t>(k);
    for_rows(logits, [&](int64_t r) {
      const auto at = static_cast<size_t>(r) * width;
      choose(ids.subspan(at, width), weights.subspan(at, width), {logits.row(r), static_cast<size_t>(logits.cols)},
             renormalise);
    });
  }

  void embed(View y, const Weight& table, std::span<const int32_t> ids, float scale) override {
    check_embed(y, table, ids);
    const auto* interleaved = dynamic_cast<const InterleavedWeight*>(&table);
    for_rows(y, [&](int64_t r) {
      float* values = y.row(r);
      if (interleaved) {
        interleaved->row(ids[r], values);
      } else {
        const ConstView view = dynamic_cast<const BorrowedWeight&>(table).view();
        find_format(view.type)->to_float(view.row_data(ids[r]), values, view.cols);
      }
      for (int64_t i = 0; i < y.cols; ++i) values[i] *= scale;
    });
  }

  void rms_norm(View y, ConstView x, std::span<const float> w, float eps) override {
    check_rms_norm(y, x, w);
    const auto width = static_cast<int64_t>(w.size());
    for_rows(y, [&](int64_t r) {
      for (int64_t at = 0; at < x.cols; at += width) isa_.rms_norm(x.row(r) + at, w.data(), width, eps, y.row(r) + at);
    });
  }

  void layer_norm(View y, ConstView x, std::span<const float> w, std::span<const float> b, float eps) override {
    check_layer_norm(y, x, w, b);
    const auto width = static_cast<int64_t>(w.size());
    for_rows(y, [&](int64_t r) {
      for (int64_t at = 0; at < x.cols; at += width) {
        isa_.layer_norm({x.row(r) + at, w.data(), b.data(), width, eps, y.row(r) + at});
      }
    });
  }

  void rope(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions) override {
    check_rope(x, head_dim, table, positions);
    for_rows(x, [&](int64_t r) { rope_rows(x, head_dim, table, positions, r, 1); });
  }

  void glu(View y, ConstView gate, ConstView up, Activation activation) override {
    check_same_shape(y, gate);
    check_same_shape(y, up);
    const auto row = isa_.glu[static_cast<size_t>(activation)];
    for_rows(y, [&](int64_t r) { row(gate.row(r), up.row(r), y.cols, y.row(r)); });
  }

  void activate(View x, Activation activation) override {
    check_same_shape(x, x);
    const auto row = isa_.activate[static_cast<size_t>(activation)];
    for_rows(x, [&](int64_t r) { row(x.row(r), x.cols); });
  }

  void add(View y, ConstView x) override {
    check_same_shape(y, x);
    for_rows(y, [&](int64_t r) {
      float* to = y.row(r);
      const float* from = x.row(r);
      for (int64_t i = 0; i < y.cols; ++i) to[i] += from[i];
    });
  }

  void scatter_add(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights) override {
    check_scatter(y, x, rows, weights);
    const int64_t tasks = x.rows * x.cols < worth_sharing ? 1 : threads_.count();
    const int64_t piece = (y.cols + tasks - 1) / tasks;
    threads_.run(tasks, [&](int64_t task, int) {
      const int64_t first = std::min(task * piece, y.cols);
      scatter_columns(y, x, rows, weights, first, std::min(piece, y.cols - first));
    });
  }

  void gather_rows(View y, ConstView x, std::span<const int32_t> rows) override {
    check_gather(y, x, rows);
    const size_t bytes = static_cast<size_t>(y.cols) * sizeof(float);
    for (int64_t r = 0; r < y.rows; ++r) std::memmove(y.row(r), x.row(rows[r]), bytes);
  }

  void soft_cap(View x, float cap) override {
    CHECK(cap > 0, "cap {}", cap);
    check_same_shape(x, x);
    for_rows(x, [&](int64_t r) { isa_.soft_cap(x.row(r), x.cols, cap); });
  }

  void scale(View x, float factor) override {
    CHECK(x.type == DType::f32, "{}", dtype_info(x.type).name);
    for_rows(x, [&](int64_t row) {
      float* values = x.row(row);
      for (int64_t i = 0; i < x.cols; ++i) values[i] *= factor;
    });
  }

  void clamp(View x, float low, float high) override {
    check_clamp(x, low, high);
    for_rows(x, [&](int64_t r) {
      float* values = x.row(r);
      for (int64_t i = 0; i < x.cols; ++i) values[i] = std::clamp(values[i], low, high);
    });
  }

  size_t kv_page_bytes(const KvLayout& layout) const override { return KvPage{layout}.bytes(); }

  void kv_write(const AttentionShape& shape, std::span<const AttentionRow> slots, ConstView k, ConstView v) override {
    check_kv_write(shape, slots, k, v);
    const KvPage layout{shape.kv};
    const int64_t d = shape.kv.head_dim, tokens = shape.kv.page_tokens;
    const auto from_float = find_format(shape.kv.type)->from_float;
    for_rows(k, [&](int64_t r) {
      const int64_t position = slots[r].end - 1;
      std::byte* page = slots[r].pages[position / tokens] + shape.page_offset;
      for (int64_t h = 0; h < shape.kv.kv_heads; ++h) {
        from_float(k.row(r) + h * d, page + layout.key(h, position % tokens), d);
        from_float(v.row(r) + h * d, page + layout.value(h, position % tokens), d);
      }
    });
  }

  void attention_paged(View out, ConstView q, const AttentionShape& shape,
                       std::span<const AttentionRow> rows) override {
    attention_.run(out, q, shape, rows);
  }

  void attention_dense(View out, ConstView q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                       std::span<const DenseSegment> segments) override {
    dense_attention_.run(out, {q, k, v, shape}, segments);
  }

  size_t conv_state_bytes(int64_t channels, int64_t kernel) const override {
    return Recurrent::conv_state_bytes(channels, kernel);
  }
  size_t delta_state_bytes(const DeltaShape& shape) const override { return Recurrent::delta_state_bytes(shape); }

  void causal_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs) override {
    recurrent_.causal_conv(y, u, shape, runs);
  }

  void delta_rule(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs) override {
    recurrent_.delta_rule(out, x, shape, runs);
  }

 private:
  const QuantisedLoops* find_loops(DType type) const {
    for (int32_t i = 0; i < isa_.quantised_count; ++i) {
      if (isa_.quantised[i].type == static_cast<uint32_t>(type)) return &isa_.quantised[i];
    }
    return nullptr;
  }

  /// Calls body(r) for every row, on all threads when that is worth it.
  template <class Body>
  void for_rows(ConstView x, const Body& body) {
    if (x.rows * x.cols < worth_sharing) {
      for (int64_t r = 0; r < x.rows; ++r) body(r);
      return;
    }
    const int64_t piece = std::max<int64_t>(1, x.rows / (8 * threads_.count()));
    threads_.run((x.rows + piece - 1) / piece, [&](int64_t task, int) {
      for (int64_t r = task * piece; r < std::min((task + 1) * piece, x.rows); ++r) body(r);
    });
  }

  const Isa& isa_;
  bool exact_;
  Threads threads_;
  Matmul matmul_;
  PagedAttention attention_;
  DenseAttention dense_attention_;
  Recurrent recurrent_;
};

}  // namespace
}  // namespace cpu

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  return std::make_unique<cpu::CpuBackend>(options);
}

}  // namespace deskhand
