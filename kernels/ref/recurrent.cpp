#include "kernels/ref/recurrent.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/host_memory.h"

namespace deskhand::ref {
namespace {

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

double softplus(double x) {
  return x > 20 ? x : std::log1p(std::exp(x));
}

/// What a state holds as doubles; write puts it back, and into the run's copy.
class State {
 public:
  State(const RecurrentRun& run, size_t offset, size_t bytes) : run_(run), offset_(offset) {
    const auto* floats = reinterpret_cast<const float*>(run.state + offset);
    values_.assign(floats, floats + bytes / sizeof(float));
  }
  double* at(int64_t i) { return values_.data() + i; }
  void write() const {
    for (std::byte* blob : {run_.state, run_.saved}) {
      if (blob) std::copy(values_.begin(), values_.end(), reinterpret_cast<float*>(blob + offset_));
    }
  }

 private:
  const RecurrentRun& run_;
  size_t offset_;
  std::vector<double> values_;
};

/// One row of one head: S [key_dim, value_dim].
void delta_step(double* state, const DeltaShape& shape, const float* q, const float* k, const float* v, double g,
                double beta, float* out) {
  std::vector<double> result(static_cast<size_t>(shape.value_dim));
  for (int64_t j = 0; j < shape.value_dim; ++j) {
    double recalled = 0;
    for (int64_t i = 0; i < shape.key_dim; ++i) {
      double& s = state[i * shape.value_dim + j];
      s *= std::exp(g);
      recalled += s * k[i];
    }
    const double change = beta * (v[j] - recalled);
    for (int64_t i = 0; i < shape.key_dim; ++i) {
      double& s = state[i * shape.value_dim + j];
      s += k[i] * change;
      result[static_cast<size_t>(j)] += s * q[i];
    }
  }
  std::copy(result.begin(), result.end(), out);
}

}  // namespace

size_t conv_state_bytes(int64_t channels, int64_t kernel) {
  return whole_lines(static_cast<size_t>((kernel - 1) * channels) * sizeof(float));
}

size_t delta_state_bytes(const DeltaShape& shape) {
  return whole_lines(static_cast<size_t>(shape.value_heads * shape.key_dim * shape.value_dim) * sizeof(float));
}

void causal_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs) {
  check_conv(y, u, shape, runs);
  const int64_t channels = u.cols, past = shape.kernel - 1;
  for (const RecurrentRun& run : runs) {
    State state(run, shape.state_offset, conv_state_bytes(channels, shape.kernel));
    for (int64_t r = run.first; r < run.first + run.rows; ++r) {
      for (int64_t c = 0; c < channels; ++c) {
        const double newest = u.row(r)[c];
        double sum = shape.w[c * shape.kernel + past] * newest;
        for (int64_t j = 0; j < past; ++j) sum += shape.w[c * shape.kernel + j] * *state.at(j * channels + c);
        for (int64_t j = 0; j + 1 < past; ++j) *state.at(j * channels + c) = *state.at((j + 1) * channels + c);
        if (past > 0) *state.at((past - 1) * channels + c) = newest;
        y.row(r)[c] = static_cast<float>(sum * sigmoid(sum));
      }
    }
    state.write();
  }
}

void delta_rule(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs) {
  check_delta(out, x, shape, runs);
  for (const RecurrentRun& run : runs) {
    State state(run, shape.state_offset, delta_state_bytes(shape));
    for (int64_t r = run.first; r < run.first + run.rows; ++r) {
      for (int64_t h = 0; h < shape.value_heads; ++h) {
        const int64_t key = shape.tiled ? h % shape.key_heads : h / (shape.value_heads / shape.key_heads);
        const double g = shape.decay[h] * softplus(static_cast<double>(x.a.row(r)[h]) + shape.bias[h]);
        delta_step(state.at(h * shape.key_dim * shape.value_dim), shape, x.q.row(r) + key * shape.key_dim,
                   x.k.row(r) + key * shape.key_dim, x.v.row(r) + h * shape.value_dim, g, sigmoid(x.b.row(r)[h]),
                   out.row(r) + h * shape.value_dim);
      }
    }
    state.write();
  }
}

}  // namespace deskhand::ref
