#include "core/experts.h"

#include <algorithm>
#include <span>

namespace deskhand {
namespace {

View columns(View x, int64_t first, int64_t count) {
  return {x.data + static_cast<size_t>(first) * sizeof(float), DType::f32, x.rows, count, x.stride};
}

}  // namespace

// The dimensions: n rows, of which each uses k of E experts of inner width F; D width.
void Experts::operator()(const Layer& layer, ConstView x, View h) {
  choose(layer, x);
  const int64_t pairs = x.rows * config_.used, inner = config_.feed_forward;
  const std::span expert = std::span(expert_).first(static_cast<size_t>(pairs));
  const std::span row = std::span(row_).first(static_cast<size_t>(pairs));
  const std::span weight = std::span(row_weight_).first(static_cast<size_t>(pairs));
  const View rows = x_.first(pairs), y = y_.first(pairs);                                                   // [n·k, D]
  const View both = inner_.first(pairs), gate = columns(both, 0, inner), up = columns(both, inner, inner);  // [n·k, F]

  // y = (silu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ with the weights of the expert;  h[row] += weight · y
  backend_.gather_rows(rows, x, row);
  if (layer.gate_up != nullptr) {
    backend_.matmul_experts(both, *layer.gate_up, config_.count, rows, expert);
  } else {
    backend_.matmul_experts(gate, *layer.gate, config_.count, rows, expert);
    backend_.matmul_experts(up, *layer.up, config_.count, rows, expert);
  }
  backend_.glu(gate, gate, up, Activation::silu);
  backend_.matmul_experts(y, *layer.down, config_.count, gate, expert);
  backend_.scatter_add(h, y, row, weight);
  add_shared(layer, x, h);
}

void Experts::choose(const Layer& layer, ConstView x) {
  const auto pairs = static_cast<size_t>(x.rows * config_.used);
  const View scores = scores_.first(x.rows);  // [n, E]

  // The k best of softmax(x·Wrouterᵀ), their weights divided by their sum.
  const MatmulTerm product{.y = scores, .weight = layer.router};
  backend_.matmul({&product, 1}, x);
  backend_.top_k(std::span(chosen_).first(pairs), std::span(weight_).first(pairs), scores, config_.used, true);

  // Rows of one expert together: counting sort.
  std::fill(first_.begin(), first_.end(), 0);
  for (size_t i = 0; i < pairs; ++i) ++first_[static_cast<size_t>(chosen_[i]) + 1];
  for (size_t e = 1; e < first_.size(); ++e) first_[e] += first_[e - 1];
  for (size_t i = 0; i < pairs; ++i) {
    const auto to = static_cast<size_t>(first_[static_cast<size_t>(chosen_[i])]++);
    expert_[to] = chosen_[i];
    row_[to] = static_cast<int32_t>(i / static_cast<size_t>(config_.used));
    row_weight_[to] = weight_[i];
  }
}

void Experts::add_shared(const Layer& layer, ConstView x, View h) {
  const auto n = static_cast<size_t>(x.rows);
  const View gate = shared_gate_.first(x.rows), up = shared_up_.first(x.rows);  // [n, F']
  const View y = shared_y_.first(x.rows);                                       // [n, D]
  const View scores = shared_score_.first(x.rows);                              // [n, 2]: x·s and 0

  // h += σ(x·s) · (silu(x·Wgateᵀ) ⊙ x·Wupᵀ)·Wdownᵀ
  const MatmulTerm in[] = {{.y = gate, .weight = layer.shared_gate},
                           {.y = up, .weight = layer.shared_up},
                           {.y = columns(scores, 0, 1), .weight = layer.shared_router}};
  backend_.matmul(in, x);
  backend_.glu(gate, gate, up, Activation::silu);
  const MatmulTerm down{.y = y, .weight = layer.shared_down};
  backend_.matmul({&down, 1}, gate);

  // σ(s) is the first part of softmax(s, 0).
  backend_.top_k(std::span(chosen_).first(2 * n), std::span(weight_).first(2 * n), scores, 2, true);
  for (size_t r = 0; r < n; ++r) {
    row_[r] = static_cast<int32_t>(r);
    row_weight_[r] = weight_[2 * r + (chosen_[2 * r] == 0 ? 0 : 1)];
  }
  backend_.scatter_add(h, y, std::span(row_).first(n), std::span(row_weight_).first(n));
}

Experts::Experts(const LoadContext& context)
    : backend_(context.backend),
      config_(context.config.experts),
      width_(context.config.width),
      scores_(backend_, context.max_rows, config_.count),
      x_(backend_, context.max_rows * config_.used, width_),
      inner_(backend_, context.max_rows * config_.used, 2 * config_.feed_forward),
      y_(backend_, context.max_rows * config_.used, width_),
      shared_gate_(backend_, context.max_rows, config_.shared_feed_forward),
      shared_up_(backend_, context.max_rows, config_.shared_feed_forward),
      shared_y_(backend_, context.max_rows, width_),
      shared_score_(backend_, context.max_rows, 2) {
  const auto pairs = static_cast<size_t>(context.max_rows * std::max<int64_t>(config_.used, 2));
  chosen_.resize(pairs);
  expert_.resize(pairs);
  row_.resize(pairs);
  weight_.resize(pairs);
  row_weight_.resize(pairs);
  first_.resize(static_cast<size_t>(config_.count) + 1);
}

Experts::Layer Experts::load(const LoadContext& context, int64_t layer) const {
  Weights& weights = context.weights;
  const int64_t inner = config_.feed_forward, shared = config_.shared_feed_forward;
  const auto matrix = [&](std::string_view name, int64_t rows, int64_t cols) {
    return &weights.matrix(layer_tensor(layer, name), {.rows = rows, .cols = cols});
  };
  const bool joined = weights.has(layer_tensor(layer, "ffn_gate_up_exps.weight"));
  const int64_t all = config_.count * inner;
  return {.router = matrix("ffn_gate_inp.weight", config_.count, width_),
          .gate_up = joined ? matrix("ffn_gate_up_exps.weight", 2 * all, width_) : nullptr,
          .gate = joined ? nullptr : matrix("ffn_gate_exps.weight", all, width_),
          .up = joined ? nullptr : matrix("ffn_up_exps.weight", all, width_),
          .down = matrix("ffn_down_exps.weight", config_.count * width_, inner),
          .shared_gate = matrix("ffn_gate_shexp.weight", shared, width_),
          .shared_up = matrix("ffn_up_shexp.weight", shared, width_),
          .shared_down = matrix("ffn_down_shexp.weight", width_, shared),
          .shared_router = matrix("ffn_gate_inp_shexp.weight", 1, width_)};
}

}  // namespace deskhand
