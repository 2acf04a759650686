// The definition of every op: plain float32 loops on one thread, products summed in double.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/check.h"
#include "kernels/host_memory.h"
#include "kernels/kv_page.h"
#include "kernels/ref/attention.h"
#include "kernels/ref/experts.h"
#include "kernels/ref/recurrent.h"

namespace deskhand {
namespace {

float activation_of(float x, Activation activation) {
  if (activation == Activation::silu) return x / (1.0f + std::exp(-x));
  if (activation == Activation::sigmoid) return 1.0f / (1.0f + std::exp(-x));
  if (activation == Activation::gelu_erf) return 0.5f * x * std::erfc(-0.7071067812f * x);  // erfc(−z) = 1 + erf(z)
  if (activation == Activation::gelu_quick) return x / (1.0f + std::exp(-1.702f * x));
  const float inner = 0.7978845608f * (x + 0.044715f * x * x * x);  // sqrt(2 / pi)
  return 0.5f * x * (1.0f + std::tanh(inner));
}

std::vector<float> weight_row(const Weight& weight, int64_t row) {
  const ConstView view = dynamic_cast<const BorrowedWeight&>(weight).view();
  std::vector<float> values(static_cast<size_t>(view.cols));
  find_format(view.type)->to_float(view.row_data(row), values.data(), view.cols);
  return values;
}

void multiply(const MatmulTerm& term, ConstView x) {
  for (int64_t o = 0; o < term.weight->rows(); ++o) {
    const std::vector<float> w = weight_row(*term.weight, o);
    for (int64_t r = 0; r < x.rows; ++r) {
      double sum = 0;
      for (int64_t i = 0; i < x.cols; ++i) sum += static_cast<double>(x.row(r)[i]) * w[i];
      float result = static_cast<float>(sum);
      if (term.bias) result += term.bias[o];
      term.y.row(r)[o] = term.accumulate ? term.y.row(r)[o] + result : result;
    }
  }
}

class ReferenceBackend final : public Backend {
 public:
  BackendInfo info() const override { return {"reference", "generic", 1}; }
  bool supports(DType type) const override { return find_format(type) != nullptr; }

  std::unique_ptr<Weight> pack(ConstView weight, std::shared_ptr<const void> owner) override {
    check_weight(weight);
    return std::make_unique<BorrowedWeight>(weight, std::move(owner));
  }

  std::unique_ptr<Buffer> allocate(size_t bytes) override { return std::make_unique<HostBuffer>(bytes); }
  void reserve(int64_t, int64_t) override {}

  void matmul(std::span<const MatmulTerm> terms, ConstView x) override {
    check_matmul(terms, x);
    for (const MatmulTerm& term : terms) multiply(term, x);
  }

  void matmul_experts(View y, const Weight& w, int64_t experts, ConstView x,
                      std::span<const int32_t> expert_of_row) override {
    check_matmul_experts(y, w, experts, x, expert_of_row);
    const ConstView all = dynamic_cast<const BorrowedWeight&>(w).view();
    for (int64_t r = 0; r < x.rows; ++r) {
      const BorrowedWeight expert(all.slice(expert_of_row[r] * y.cols, y.cols), nullptr);
      multiply({y.slice(r, 1), &expert, nullptr, false}, x.slice(r, 1));
    }
  }

  void top_k(std::span<int32_t> ids, std::span<float> weights, ConstView logits, int64_t k, bool renormalise) override {
    ref::top_k(ids, weights, logits, k, renormalise);
  }

  void embed(View y, const Weight& table, std::span<const int32_t> ids, float scale) override {
    check_embed(y, table, ids);
    for (int64_t r = 0; r < y.rows; ++r) {
      const std::vector<float> w = weight_row(table, ids[r]);
      for (int64_t i = 0; i < y.cols; ++i) y.row(r)[i] = w[i] * scale;
    }
  }

  void rms_norm(View y, ConstView x, std::span<const float> w, float eps) override {
    check_rms_norm(y, x, w);
    const auto width = static_cast<int64_t>(w.size());
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t group = 0; group < x.cols; group += width) {
        const float* in = x.row(r) + group;
        double squares = 0;
        for (int64_t i = 0; i < width; ++i) squares += static_cast<double>(in[i]) * in[i];
        const float inverse = 1.0f / std::sqrt(static_cast<float>(squares / static_cast<double>(width)) + eps);
        for (int64_t i = 0; i < width; ++i) y.row(r)[group + i] = in[i] * inverse * w[i];
      }
    }
  }

  void layer_norm(View y, ConstView x, std::span<const float> w, std::span<const float> b, float eps) override {
    check_layer_norm(y, x, w, b);
    const auto width = static_cast<int64_t>(w.size());
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t group = 0; group < x.cols; group += width) {
        const float* in = x.row(r) + group;
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < width; ++i) sum += in[i];
        const double mean = sum / static_cast<double>(width);
        for (int64_t i = 0; i < width; ++i) squares += (in[i] - mean) * (in[i] - mean);
        const double inverse = 1.0 / std::sqrt(squares / static_cast<double>(width) + eps);
        for (int64_t i = 0; i < width; ++i) {
          y.row(r)[group + i] = static_cast<float>((in[i] - mean) * inverse) * w[i] + b[i];
        }
      }
    }
  }

  void rope(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions) override {
    check_rope(x, head_dim, table, positions);
    const auto pairs = static_cast<int64_t>(table.inv_freq.size());
    const bool adjacent = table.pairing == RopePairing::adjacent;
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t i = 0; i < pairs; ++i) {
        const int64_t axis = table.axis.empty() ? 0 : table.axis[i];
        const float angle = static_cast<float>(positions[r * table.axes + axis]) * table.inv_freq[i];
        const float c = std::cos(angle) * table.scale;
        const float s = std::sin(angle) * table.scale;
        for (int64_t head = 0; head < x.cols; head += head_dim) {
          float& first = x.row(r)[head + (adjacent ? 2 * i : i)];
          float& second = x.row(r)[head + (adjacent ? 2 * i + 1 : i + pairs)];
          const float a = first, b = second;
          first = a * c - b * s;
          second = b * c + a * s;
        }
      }
    }
  }

  void glu(View y, ConstView gate, ConstView up, Activation activation) override {
    check_same_shape(y, gate);
    check_same_shape(y, up);
    for (int64_t r = 0; r < y.rows; ++r) {
      for (int64_t i = 0; i < y.cols; ++i) {
        y.row(r)[i] = activation_of(gate.row(r)[i], activation) * up.row(r)[i];
      }
    }
  }

  void activate(View x, Activation activation) override {
    check_same_shape(x, x);
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t i = 0; i < x.cols; ++i) x.row(r)[i] = activation_of(x.row(r)[i], activation);
    }
  }

  void add(View y, ConstView x) override {
    check_same_shape(y, x);
    for (int64_t r = 0; r < y.rows; ++r) {
      for (int64_t i = 0; i < y.cols; ++i) y.row(r)[i] += x.row(r)[i];
    }
  }

  void scatter_add(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights) override {
    ref::scatter_add(y, x, rows, weights);
  }

  void gather_rows(View y, ConstView x, std::span<const int32_t> rows) override {
    check_gather(y, x, rows);
    for (int64_t r = 0; r < y.rows; ++r) {
      for (int64_t i = 0; i < y.cols; ++i) y.row(r)[i] = x.row(rows[r])[i];
    }
  }

  void soft_cap(View x, float cap) override {
    CHECK(cap > 0, "cap {}", cap);
    check_same_shape(x, x);
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t i = 0; i < x.cols; ++i) x.row(r)[i] = cap * std::tanh(x.row(r)[i] / cap);
    }
  }

  void scale(View x, float factor) override {
    CHECK(x.type == DType::f32, "{}", dtype_info(x.type).name);
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t i = 0; i < x.cols; ++i) x.row(r)[i] *= factor;
    }
  }

  void clamp(View x, float low, float high) override {
    check_clamp(x, low, high);
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t i = 0; i < x.cols; ++i) x.row(r)[i] = std::clamp(x.row(r)[i], low, high);
    }
  }

  size_t kv_page_bytes(const KvLayout& layout) const override { return KvPage{layout}.bytes(); }

  void kv_write(const AttentionShape& shape, std::span<const AttentionRow> slots, ConstView k, ConstView v) override {
    ref::kv_write(shape, slots, k, v);
  }

  void attention_paged(View out, ConstView q, const AttentionShape& shape,
                       std::span<const AttentionRow> rows) override {
    ref::attention_paged(out, q, shape, rows);
  }

  void attention_dense(View out, ConstView q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                       std::span<const DenseSegment> segments) override {
    ref::attention_dense(out, q, k, v, shape, segments);
  }

  size_t conv_state_bytes(int64_t channels, int64_t kernel) const override {
    return ref::conv_state_bytes(channels, kernel);
  }
  size_t delta_state_bytes(const DeltaShape& shape) const override { return ref::delta_state_bytes(shape); }

  void causal_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs) override {
    ref::causal_conv(y, u, shape, runs);
  }

  void delta_rule(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs) override {
    ref::delta_rule(out, x, shape, runs);
  }
};

}  // namespace

std::unique_ptr<Backend> make_reference_backend() {
  return std::make_unique<ReferenceBackend>();
}

}  // namespace deskhand
