#pragma once
// The device: the only interface that knows where numbers live and which instructions work on them.
//
//   auto backend = make_cpu_backend({.threads = 2});
//   std::unique_ptr<Weight> w = backend->pack(view, file);          // borrows the mapped file, or repacks
//   backend->matmul({{.y = y, .weight = w.get(), .bias = nullptr}}, x);   // y = x · Wᵀ, x quantised once for all terms
//
// Ops are shaped by the mathematics, never by a model. Activations are f32 matrices [rows, width] whose rows may lie
// far apart: heads of a wider matrix are the rows of a narrow view. Every op may assume shapes that fit (CHECK); none
// allocates again after `reserve` and one call of its largest shape. `kernels/ref` is the definition of each op.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/attention.h"
#include "kernels/recurrent.h"
#include "kernels/view.h"

namespace deskhand {

/// A weight matrix [rows = outputs, cols = inputs] as the device keeps it.
class Weight {
 public:
  virtual ~Weight() = default;
  virtual DType type() const = 0;
  virtual int64_t rows() const = 0;
  virtual int64_t cols() const = 0;
  virtual size_t bytes() const = 0;  ///< what a full read of it costs
};

/// One product y = x · Wᵀ (+ bias) (+ y) of a fused group that shares x.
struct MatmulTerm {
  View y;  ///< f32 [x.rows, weight.rows]
  const Weight* weight = nullptr;
  const float* bias = nullptr;  ///< [weight.rows] or none
  bool accumulate = false;      ///< add to what y holds (residual)
};

enum class Activation { silu, gelu_tanh, sigmoid, gelu_erf, gelu_quick };  ///< gelu_quick: x · sigmoid(1.702 x)
enum class RopePairing { adjacent, halves };                               ///< (2i, 2i+1) or (i, i + d/2)

/// Every RoPE is data: pair i of a head turns by position · inv_freq[i]; cos and sin are multiplied by `scale`. A row
/// has a position on each of `axes` axes, and pair i turns by the one on axis[i].
struct RopeTable {
  std::span<const float> inv_freq;  ///< [rotary width / 2]; dimensions beyond pass through
  float scale = 1.0f;
  RopePairing pairing = RopePairing::halves;
  std::span<const int32_t> axis{};  ///< [pairs]; empty: all on axis 0
  int64_t axes = 1;
};

/// Memory of the device. Frees itself.
class Buffer {
 public:
  virtual ~Buffer() = default;
  virtual std::byte* data() = 0;
  virtual size_t size() const = 0;
};

struct BackendInfo {
  std::string name;  ///< "cpu"
  std::string isa;   ///< "generic", "avx2", "avx512"
  int threads = 1;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual BackendInfo info() const = 0;

  /// Whether a weight of this type can be packed.
  virtual bool supports(DType type) const = 0;
  /// Takes a weight [outputs, inputs]. `owner` keeps the viewed bytes alive for as long as the weight borrows them.
  virtual std::unique_ptr<Weight> pack(ConstView weight, std::shared_ptr<const void> owner) = 0;
  /// Zero-filled, aligned to 64 bytes.
  virtual std::unique_ptr<Buffer> allocate(size_t bytes) = 0;
  /// Makes room so that ops on up to `max_rows` rows of up to `max_width` values allocate nothing.
  virtual void reserve(int64_t max_rows, int64_t max_width) = 0;

  virtual void matmul(std::span<const MatmulTerm> terms, ConstView x) = 0;
  /// y[r] = x[r] · W[expert_of_row[r]]ᵀ, w being [experts · outputs, inputs]. Rows of one expert come together.
  virtual void matmul_experts(View y, const Weight& w, int64_t experts, ConstView x,
                              std::span<const int32_t> expert_of_row) = 0;
  /// Per row of logits the k largest, largest first, of equal ones the lower index first; weights are their softmax
  /// over all, divided by their sum when `renormalise`. ids, weights: [rows · k].
  virtual void top_k(std::span<int32_t> ids, std::span<float> weights, ConstView logits, int64_t k,
                     bool renormalise) = 0;
  /// y[r] = scale · row ids[r] of the table (any weight type).
  virtual void embed(View y, const Weight& table, std::span<const int32_t> ids, float scale) = 0;
  /// y = x / sqrt(mean(x²) + eps) · w, over groups of w's length: x's width may be several groups (heads). y may be x.
  virtual void rms_norm(View y, ConstView x, std::span<const float> w, float eps) = 0;
  /// y = (x − mean) / sqrt(variance + eps) · w + b, over groups as rms_norm. y may be x.
  virtual void layer_norm(View y, ConstView x, std::span<const float> w, std::span<const float> b, float eps) = 0;
  /// x[r] holds heads of width head_dim, turned in place by positions[r · axes …].
  virtual void rope(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions) = 0;
  /// y = activation(gate) ⊙ up. y may be gate or up.
  virtual void glu(View y, ConstView gate, ConstView up, Activation activation) = 0;
  virtual void activate(View x, Activation activation) = 0;  ///< in place
  /// y += x.
  virtual void add(View y, ConstView x) = 0;
  /// y[rows[i]] += weights[i] · x[i], in the order of i. A row of y may be named many times.
  virtual void scatter_add(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights) = 0;
  /// y[r] = x[rows[r]].
  virtual void gather_rows(View y, ConstView x, std::span<const int32_t> rows) = 0;
  /// x = cap · tanh(x / cap).
  virtual void soft_cap(View x, float cap) = 0;
  virtual void clamp(View x, float low, float high) = 0;  ///< x = min(max(x, low), high)
  virtual void scale(View x, float factor) = 0;           ///< x = factor · x

  /// Bytes of one layer's part of a page.
  virtual size_t kv_page_bytes(const KvLayout& layout) const = 0;
  /// Writes k[r], v[r] ([rows, kv_heads · head_dim]) at position slots[r].end − 1 of the row's pages.
  virtual void kv_write(const AttentionShape& shape, std::span<const AttentionRow> slots, ConstView k, ConstView v) = 0;
  /// out[r] = softmax(scale · q[r] · Kᵀ) · V over the row's range; q, out: [rows, heads · head_dim]. Online softmax.
  virtual void attention_paged(View out, ConstView q, const AttentionShape& shape,
                               std::span<const AttentionRow> rows) = 0;

  /// out[r] = softmax(scale · q[r] · Kᵀ) · V over the keys of the row's segment; segments in the order of their
  /// queries. Rows of no segment keep what they hold, rows that see no key become 0. out must be apart from q, k and v.
  virtual void attention_dense(View out, ConstView q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                               std::span<const DenseSegment> segments) = 0;

  /// Bytes of an op's part of a sequence's state, a multiple of 64: parts may follow one another.
  virtual size_t conv_state_bytes(int64_t channels, int64_t kernel) const = 0;
  virtual size_t delta_state_bytes(const DeltaShape& shape) const = 0;
  /// y[r][c] = silu(Σ_j w[c · kernel + j] · u[r − kernel + 1 + j][c]). y may be u.
  virtual void causal_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs) = 0;
  /// Gated delta rule, per value head and row: S ← e^g S; S ← S + k ⊗ β(v − Sᵀk); out = Sᵀq, with
  /// g = decay · softplus(a + bias), β = sigmoid(b). out: [rows, value_heads · value_dim]; it may be v.
  virtual void delta_rule(View out, const DeltaRows& x, const DeltaShape& shape,
                          std::span<const RecurrentRun> runs) = 0;
};

struct CpuOptions {
  int threads = 0;     ///< 0: the real cores that this process may use
  std::string isa{};   ///< empty: the best that this machine has; else one of cpu_isas()
  bool exact = false;  ///< float activations in quantised products (for comparisons; slower)
};

/// The CPU backend; throws std::runtime_error when options.isa cannot run here.
std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options);
/// Slow plain float32 loops, one thread: the definition of every op.
std::unique_ptr<Backend> make_reference_backend();
/// Instruction sets that this build has and this machine can run, best first.
std::span<const std::string> cpu_isas();

}  // namespace deskhand
